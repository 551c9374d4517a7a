"""Which buckets the statements of ours in a key policy give a role. Pure."""

from __future__ import annotations

from collections.abc import Collection

from fcsse.policy.document import PolicyDocument
from fcsse.policy.statement import read_statement


def buckets_given(document: PolicyDocument, role: str, dead: Collection[str] = ()) -> tuple[str, ...]:
    """The names of the buckets of all statements of ours that name a role (its ARN), or an id of ``dead``.

    ``dead`` are unique ids that belong to nobody: such statements are of deleted caches, of which no id is left.
    """
    found: dict[str, None] = {}
    for statement in document.statements:
        ours = read_statement(statement.value)
        if ours and any(one == role or one in dead for one in ours.roles):
            found |= dict.fromkeys(sorted(arn.rsplit(":", 1)[-1] for arn in ours.buckets))
    return tuple(found)
