"""Options that several commands have together: a command takes them as one value, the command line as options of their own.

A group is a ``NamedTuple`` whose fields are options. An option that is added to it is one of every command that takes the
group; whoever uses its value finds it there. In the help, options stand in the order of the fields.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Any, get_type_hints


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The command as Typer takes it: with the options of its groups in place of the groups."""
    groups: dict[str, tuple[type, tuple[str, ...]]] = {}
    options: list[Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        group = parameter.annotation
        names: tuple[str, ...] | None = getattr(group, "_fields", None) if isinstance(group, type) else None
        if names is None:
            options.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))
            continue
        groups[parameter.name] = (group, names)
        hints, defaults = get_type_hints(group, include_extras=True), group._field_defaults
        options += [
            Parameter(name, Parameter.KEYWORD_ONLY, default=defaults.get(name, Parameter.empty), annotation=hints[name])
            for name in names
        ]

    def run(**given: Any) -> None:
        values = {name: group(*(given.pop(one) for one in fields)) for name, (group, fields) in groups.items()}
        command(**given, **values)

    run.__doc__, run.__name__, run.__module__ = command.__doc__, command.__name__, command.__module__
    run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in options}
    return run
