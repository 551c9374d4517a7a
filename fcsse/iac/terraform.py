"""Additions as Terraform: a policy document to merge into the key's, and grants. Pure.

Sources: documentation of the Terraform AWS provider, data source ``aws_iam_policy_document`` (statement, principals,
condition) and resource ``aws_kms_grant``; Terraform language, "Strings and Templates" for the escapes. The layout is
that of ``terraform fmt``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fcsse.iac.parts import Addition, NewGrant, NewStatements
from fcsse.policy.json_text import JsonValue

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}

SPACES_IN_SID = "# AWS provider 5.82 and 5.83 refuse spaces in a sid; every other version takes them.\n"
"""Source: terraform-provider-aws issue 40639, fixed in 5.84.0."""

SAME_SID = "# Of two statements with one sid in all that is merged, Terraform keeps the later one only: change a sid that is taken.\n"
"""A statement block replaces one of ``source_policy_documents``. Source: terraform-provider-aws, ``IAMPolicyDoc.Merge``."""


def quoted(text: str) -> str:
    """The text as a quoted HCL string that stands for exactly this text: no template in it is evaluated."""
    out = "".join(_ESCAPES.get(c) or (c if c.isprintable() else f"\\u{ord(c):04x}") for c in text)
    return '"' + re.sub(r"([$%])\{", r"\1\1{", out) + '"'


def hcl(parts: Sequence[Addition]) -> str:
    """All parts as one file, ending in a newline."""
    names: set[str] = set()
    blocks = []
    for part in parts:
        if isinstance(part, NewStatements):
            blocks.append(_document(part, _name("_".join(("fcsse", *part.buckets)), names)))
        else:
            blocks.append(_grant(part, _name(f"fcsse_{part.cache}_{part.bucket}", names)))
    return "\n".join(blocks)


def _name(wanted: str, taken: set[str]) -> str:
    """A name for a block that no other has. Terraform: letters, digits, underscores and hyphens."""
    base = re.sub(r"[^a-z0-9_]", "_", wanted)[:100]
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name


def _document(part: NewStatements, name: str) -> str:
    out = (
        f"# For the policy of {part.whose}.\n"
        "# Merge it into the document that the policy of aws_kms_key or aws_kms_key_policy is made from:\n"
        f"#   source_policy_documents = [data.aws_iam_policy_document.{name}.json]\n"
        + part.caution
        + SAME_SID
        + SPACES_IN_SID
    )
    body = "\n".join(_statement(statement) for statement in part.statements)
    return out + f'data "aws_iam_policy_document" {quoted(name)} {{\n{body}}}\n'


def _statement(statement: Mapping[str, JsonValue]) -> str:
    blocks = [
        _pairs(
            [("sid", _text(statement["Sid"])), ("effect", _text(statement["Effect"]))],
            4,
        )
        + _list("actions", _texts(statement["Action"]), 4)
        + f"    resources = [{', '.join(map(quoted, _texts(statement['Resource'])))}]\n"
    ]
    principal, conditions = statement["Principal"], statement["Condition"]
    for kind, who in principal.items() if isinstance(principal, dict) else ():
        blocks.append(_block("principals", [("type", quoted(kind))], "identifiers", _texts(who)))
    for test, keys in conditions.items() if isinstance(conditions, dict) else ():
        for variable, values in keys.items() if isinstance(keys, dict) else ():
            heads = [("test", quoted(test)), ("variable", quoted(variable))]
            blocks.append(_block("condition", heads, "values", _texts(values)))
    return "  statement {\n" + "\n".join(blocks) + "  }\n"


def _block(name: str, heads: list[tuple[str, str]], last: str, values: Sequence[str]) -> str:
    one = [(last, f"[{quoted(values[0])}]")] if len(values) == 1 else []
    body = _pairs([*heads, *one], 6) + ("" if one else _list(last, values, 6))
    return f"    {name} {{\n{body}    }}\n"


def _pairs(pairs: Sequence[tuple[str, str]], indent: int) -> str:
    width = max(len(name) for name, _ in pairs)
    return "".join(f"{' ' * indent}{name:<{width}} = {value}\n" for name, value in pairs)


def _list(name: str, values: Sequence[str], indent: int) -> str:
    pad = " " * indent
    return f"{pad}{name} = [\n" + "".join(f"{pad}  {quoted(value)},\n" for value in values) + f"{pad}]\n"


def _text(value: JsonValue) -> str:
    return quoted(str(value))


def _texts(value: JsonValue) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _grant(part: NewGrant, name: str) -> str:
    wanted = part.grant
    out = (
        f"# Lets {part.cache} use the key of bucket {part.bucket}. The provider must be of the cache's account, in\n"
        f"# Region {wanted.key.region}. Where fcsse link made the same grant already, KMS answers that one, and Terraform takes\n"
        "# it over; destroying this resource revokes it.\n"
        f'resource "aws_kms_grant" {quoted(name)} {{\n'
    )
    heads = [("name", wanted.name), ("key_id", str(wanted.key)), ("grantee_principal", wanted.grantee)]
    out += _pairs([(head, quoted(value)) for head, value in heads], 2) + _list("operations", wanted.operations, 2)
    if wanted.subset:
        pairs = "".join(f"      {quoted(key)} = {quoted(value)}\n" for key, value in wanted.subset)
        out += "\n  constraints {\n    encryption_context_subset = {\n" + pairs + "    }\n  }\n"
    return out + "}\n"
