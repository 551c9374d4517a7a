"""Additions for the inputs of the module terraform-aws-modules/kms/aws, and as arguments of jsonencode. Pure.

Sources: that module's ``variables.tf``, version 4 (``key_statements`` is a list of objects, ``grants`` a map of objects), and
``UPGRADE-4.0.md``; Terraform language, "Type Constraints" (attributes that an object type lacks are discarded) and function
``jsonencode``. The layout is that of ``terraform fmt``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fcsse.iac.parts import Addition, NewGrant, NewStatements
from fcsse.iac.terraform import SAME_SID, SPACES_IN_SID, hcl, quoted
from fcsse.policy.json_text import JsonValue

BOTH_NAMES = (
    "# The module terraform-aws-modules/kms/aws reads condition since version 4 and conditions before. Keep both: a version that\n"
    "# finds its own one missing allows all of this without any condition.\n"
)
LISTED_CONSTRAINTS = (
    "# For version 4 of the module terraform-aws-modules/kms/aws. Versions before it take constraints that are no list, and of a list\n"
    "# make the grant without any limit.\n"
)
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def module_inputs(parts: Sequence[Addition]) -> str:
    """Arguments for a block ``module`` that makes the key: ``key_statements``, ``grants``. Ends in a newline."""
    blocks = [_key_statements(part) for part in parts if isinstance(part, NewStatements)]
    grants = [part for part in parts if isinstance(part, NewGrant)]
    if grants:
        blocks.append(_grants(grants))
    return "\n".join(blocks)


def encoded(parts: Sequence[Addition]) -> str:
    """Statements as values for ``policy = jsonencode({ Statement = [...] })``; grants are resources, as in HCL otherwise."""
    return "\n".join(_encoded(part) if isinstance(part, NewStatements) else hcl([part]) for part in parts)


def _encoded(part: NewStatements) -> str:
    head = (
        f"# For the policy of {part.whose}.\n"
        '# Put into the list Statement of its jsonencode({ Version = "2012-10-17", Statement = [...] }):\n'
    )
    return head + part.caution + "".join(f"{_value(one, 0)},\n" for one in part.statements)


def _key_statements(part: NewStatements) -> str:
    listed: list[JsonValue] = [_module_statement(statement) for statement in part.statements]
    head = f"# For the policy of {part.whose}. Append to key_statements if the module has some.\n"
    return f"{head}{BOTH_NAMES}{part.caution}{SAME_SID}{SPACES_IN_SID}key_statements = {_value(listed, 0)}\n"


def _module_statement(statement: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    principal, conditions = statement["Principal"], statement["Condition"]
    principals: list[JsonValue] = [
        {"type": kind, "identifiers": _listed(who)}
        for kind, who in (principal.items() if isinstance(principal, dict) else ())
    ]
    tests: list[JsonValue] = [
        {"test": test, "variable": variable, "values": _listed(values)}
        for test, keys in (conditions.items() if isinstance(conditions, dict) else ())
        for variable, values in (keys.items() if isinstance(keys, dict) else ())
    ]
    return {
        "sid": statement["Sid"],
        "effect": statement["Effect"],
        "actions": _listed(statement["Action"]),
        "resources": _listed(statement["Resource"]),
        "principals": principals,
        "condition": tests,
        "conditions": tests,
    }


def _grants(parts: Sequence[NewGrant]) -> str:
    made: dict[str, JsonValue] = {}
    for part in parts:
        wanted = part.grant
        entry: dict[str, JsonValue] = {
            "grantee_principal": wanted.grantee,
            "operations": list(wanted.operations),
        }
        if wanted.subset:
            entry["constraints"] = [{"encryption_context_subset": dict(wanted.subset)}]
        made[wanted.name] = entry
    buckets = ", ".join(dict.fromkeys(part.bucket for part in parts))
    head = (
        f"# Grants on the key behind {buckets}. Append to grants if the module has some. The module must make that key, and\n"
        "# its provider must be of the caches' account.\n"
    )
    limits = LISTED_CONSTRAINTS if any(part.grant.subset for part in parts) else ""
    return f"{head}{limits}grants = {_value(made, 0)}\n"


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _value(value: JsonValue, indent: int) -> str:
    """An HCL expression, laid out over lines from ``indent``."""
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        names = {key: key if _PLAIN_NAME.fullmatch(key) else quoted(key) for key in value}
        rows: list[str] = []
        for run in _runs(value):
            width = max(len(names[key]) for key in run)
            rows += [f"{pad}{names[key]:<{width}} = {_value(value[key], indent + 2)}\n" for key in run]
        return "{\n" + "".join(rows) + " " * indent + "}"
    if isinstance(value, list):
        if len(value) == 1 and not isinstance(value[0], dict | list):
            return f"[{_value(value[0], indent)}]"
        return "[\n" + "".join(f"{pad}{_value(one, indent + 2)},\n" for one in value) + " " * indent + "]"
    return quoted(str(value))


def _runs(value: Mapping[str, JsonValue]) -> list[list[str]]:
    """The names in groups that ``terraform fmt`` aligns: neighbours whose values stand on one line."""
    runs: list[list[str]] = []
    before = False
    for key, item in value.items():
        short = not (
            isinstance(item, dict) or (isinstance(item, list) and (len(item) != 1 or isinstance(item[0], dict)))
        )
        if short and before:
            runs[-1].append(key)
        else:
            runs.append([key])
        before = short
    return runs
