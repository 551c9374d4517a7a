"""Options given on the command line (not through FCSSE_ variables); suggested commands repeat only these."""

from __future__ import annotations

import shlex
from enum import Enum
from typing import Any

from fcsse.cli.runtime import Runtime
from fcsse.masking import mask_url

SETTINGS = ("profile", "region", "endpoint_url", "backup_dir")
"""What every next command needs again, as far as it takes it."""

OF_LINKS = ("bucket_profile", "bucket_role", "grant_profile", "grant_role")
"""What it takes besides to link, or unlink, the same bucket."""

OF_BUCKET = ("key", "bucket_region", "bucket_keys")
"""What is stated of the bucket in place of reading it."""


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


NOT_REPEATED = ("dry_run", "exit_code", "expect", "yes", "verbose", "quiet", "output", "html")
"""Options of a dry run that are not part of the command that applies its plan."""


def again(command: str, *more: str) -> str:
    """The running command again, with other options for how it runs: ``--expect DIGEST`` or ``--dry-run``."""
    context = _Running.context
    found = ["fcsse", command]
    for parameter in context.command.params if context is not None else ():
        value = context.params.get(parameter.name)
        if parameter.name in NOT_REPEATED or not is_typed(context, parameter.name) or value in (None, (), []):
            continue
        if isinstance(value, bool):
            found.append((parameter.opts if value else parameter.secondary_opts)[0])
            continue
        for one in value if getattr(parameter, "multiple", False) else [value]:
            text = _as_typed(parameter.name, one)
            found += [text] if parameter.param_type_name == "argument" else [parameter.opts[0], text]
    by_variable = context is not None and context.params.get("dry_run") and not is_typed(context, "dry_run")
    unset = "env -u FCSSE_DRY_RUN " if by_variable and "--dry-run" not in more else ""
    return unset + shlex.join([*found, *more])


def _as_typed(name: str, value: Any) -> str:
    """A value as an option takes it. Durations are parsed to seconds; a URL may hold a password."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return f"{value:g}s"
    return mask_url(str(value)) if name == "endpoint_url" else str(value)


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
