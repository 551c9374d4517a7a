"""Additions as AWS CLI commands, for a POSIX shell. Pure.

Sources: AWS CLI command reference, ``kms get-key-policy``, ``kms put-key-policy``, ``kms create-grant``; the File Cache
user guide for the grant's command, which it makes in the key's Region.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Mapping, Sequence

from fcsse.arn import Arn
from fcsse.iac.parts import Addition, NewGrant, NewStatements

APPEND = (
    '.Statement |= (if type == "array" then . else [.] end) | '
    "if any(.Statement[]; .Sid != null and (.Sid as $sid | any($add[]; .Sid == $sid))) "
    'then error("a statement of this Sid is there already") else .Statement += $add end'
)
"""jq program: appends ``$add``, and fails where one of its Sids is taken."""


def commands(parts: Sequence[Addition]) -> str:
    """All parts as commands to paste, ending in a newline."""
    names: dict[tuple[str, ...], str] = {}
    for part in parts:
        if isinstance(part, NewStatements) and part.key is None:
            names[part.buckets] = _variable(part.buckets, set(names.values()))
    texts = [_policy(part, names) if isinstance(part, NewStatements) else create_grant(part) for part in parts]
    # One chain, so that whoever runs it sees the first failure as its exit code.
    return " &&\n\n".join(text.removesuffix("\n") for text in texts) + "\n"


def _variable(buckets: tuple[str, ...], taken: set[str]) -> str:
    """The name of the variable for a key: of its buckets, so that none counts that was set for another key."""
    base = re.sub("[^A-Z0-9]", "_", "_".join(("key_of", *buckets)).upper())[:100]
    names = (f"{base}_{number}" if number > 1 else base for number in itertools.count(1))
    return next(name for name in names if name not in taken)


def create_grant(part: NewGrant) -> str:
    """The documented command, with the name that keeps a repetition from adding a second grant."""
    wanted, role = part.grant, Arn.parse(part.grant.grantee)
    whose = f" To be run in account {role.account}, the one of the cache." if role else ""
    lines = [
        f"aws kms create-grant --region {shlex.quote(wanted.key.region)}",
        f"--key-id {shlex.quote(str(wanted.key))}",
        f"--grantee-principal {shlex.quote(wanted.grantee)}",
        f"--operations {shlex.join(wanted.operations)}",
        f"--name {shlex.quote(wanted.name)}",
    ]
    if wanted.subset:
        constraints = json.dumps({"EncryptionContextSubset": dict(wanted.subset)}, separators=(",", ":"))
        lines.append(f"--constraints {shlex.quote(constraints)}")
    return f"# Lets {part.cache} use the key of bucket {part.bucket}.{whose}\n" + " \\\n    ".join(lines) + "\n"


def _policy(part: NewStatements, names: Mapping[tuple[str, ...], str]) -> str:
    """``names``: the variables for keys that were not told, by their buckets."""
    if part.key:
        key = shlex.quote(str(part.key))
    else:
        name = names[part.buckets]
        key = f'"${{{name}:?set {name} to the ARN of {part.whose}}}"'
    where = f"--region {shlex.quote(part.region)} --key-id {key} --policy-name default"
    # With the Region: replicas of a multi-Region key have one id, and a policy each.
    name = f"{part.region}-{part.key.resource.rpartition('/')[2][-8:]}" if part.key else part.buckets[0]
    after = f"key-policy-{name}.after.json"
    add = shlex.quote(json.dumps(list(part.statements), indent=2))
    return (
        f"# Adds to the policy of {part.whose}. Needs jq.\n"
        "# KMS replaces the whole policy: what others write between the first command and the last is lost.\n"
        f'# fcsse link avoids that. To look first, leave the last command out: diff "$before" {after}\n'
        f"before=key-policy-{name}.before-$(date +%Y%m%dT%H%M%S).json &&\n"  # a second run keeps the first one's copy
        f'aws kms get-key-policy {where} \\\n    --query Policy --output text > "$before" &&\n'
        f'jq --argjson add {add} \\\n    {shlex.quote(APPEND)} \\\n    "$before" > {after} &&\n'
        f"aws kms put-key-policy {where} \\\n    --policy file://{after}\n"
    )
