"""Which options of the running command were typed, rather than found in the environment, where the next command finds
them as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fcsse.cli.runtime import Runtime

SETTINGS = ("profile", "region", "endpoint_url", "backup_dir")
"""What every next command needs again, as far as it takes it."""

OF_LINKS = (
    "key",
    "bucket_region",
    "bucket_keys",
    "bucket_profile",
    "bucket_role",
    "grant_profile",
    "grant_role",
)
"""What it takes besides to link, or unlink, the same bucket."""


class _Running:
    """The context of the command that runs."""

    context: Any = None


def remember(context: Any) -> None:
    """Takes note of the command that is about to run."""
    _Running.context = context


def runtime() -> Runtime | None:
    """What the running command was given from outside, if anything."""
    found: Runtime | None = _Running.context.obj if _Running.context is not None else None
    return found


def is_typed(context: Any, name: str) -> bool:
    """Was the option typed?"""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def setting(name: str) -> str | None:
    """The value of a setting that was typed; of one that may be given many times, none."""
    context = _Running.context
    value = context.params.get(name) if context is not None and is_typed(context, name) else None
    return str(value) if value and not isinstance(value, (list, tuple)) else None


def words(names: tuple[str, ...] = OF_LINKS) -> tuple[str, ...]:
    """Options that were typed, with their values, as they are to be typed again."""
    context, found = _Running.context, list[str]()
    for parameter in context.command.params if context is not None else ():
        value = context.params.get(parameter.name)
        if parameter.name not in names or not is_typed(context, parameter.name):
            continue
        if isinstance(value, bool):
            found.append((parameter.opts if value else parameter.secondary_opts)[0])
            continue
        # Not by the value's kind: a single value may be a record, which is a tuple as well.
        for one in value if parameter.multiple else [value]:
            found += [parameter.opts[0], str(one)]
    return tuple(found)
