"""Additions as CloudFormation YAML, to be put into a template; CDK takes the same statements as JSON. Pure.

Sources: CloudFormation template reference, ``AWS::KMS::Key`` (KeyPolicy), which has no resource for grants; CDK API
reference, ``IKey.addToResourcePolicy`` (an imported key takes no statement, and nobody is told).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from fcsse.iac.parts import Addition, NewStatements
from fcsse.iac.shell import create_grant
from fcsse.policy.json_text import JsonValue

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}

NO_GRANTS = (
    "# CloudFormation has no resource for KMS grants. Make this one beside the stack, where it does not drift:\n"
)


def yaml(parts: Sequence[Addition]) -> str:
    """All parts, ending in a newline: list items for ``KeyPolicy.Statement``, and commands for grants."""
    return "\n".join(
        _statements(part) if isinstance(part, NewStatements) else NO_GRANTS + create_grant(part) for part in parts
    )


def _statements(part: NewStatements) -> str:
    what = "the output of --format json" if len(part.statements) == 1 else "each statement that --format json lists"
    head = (
        "# For Properties.KeyPolicy.Statement of the AWS::KMS::Key resource of\n"
        f"# {part.whose}.\n"
        f"# CDK: key.addToResourcePolicy(iam.PolicyStatement.fromJson(...)) with {what},\n"
        "# on a key that the app itself makes: CDK adds nothing to an imported one.\n" + part.caution
    )
    return head + "".join(_node(list(part.statements), 0))


def _node(value: JsonValue, indent: int) -> list[str]:
    """The lines of a list or mapping in block style."""
    pad = " " * indent
    out: list[str] = []
    if isinstance(value, list):
        for item in value:
            if isinstance(item, list | dict):
                lines = _node(item, indent + 2)
                out += [f"{pad}- {lines[0][indent + 2 :]}", *lines[1:]]
            else:
                out.append(f"{pad}- {_scalar(item)}\n")
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, list | dict):
                out += [f"{pad}{_scalar(key)}:\n", *_node(item, indent + 2)]
            else:
                out.append(f"{pad}{_scalar(key)}: {_scalar(item)}\n")
    return out


def _scalar(value: JsonValue) -> str:
    """A single word as it is; everything else in double quotes, in which YAML reads JSON's escapes."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value)
