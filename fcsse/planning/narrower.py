"""Statements of others for a part of a bucket only, where the cache may need no more than that part. Pure.

A link of a named bucket means the whole bucket. Where somebody limited a statement to the prefix that the cache is linked
to, the prefixes are asked for, so that such a statement is found to be enough.
"""

from __future__ import annotations

from fcsse import arn as arns
from fcsse.errors import FcsseError
from fcsse.model import Facts
from fcsse.policy.difference import contexts
from fcsse.policy.document import parsed
from fcsse.policy.statement_edits import named_principals


def narrower(facts: Facts) -> tuple[str, ...]:
    """The labels of the Allow statements that name the role, or everybody, for objects under a prefix of the bucket."""
    if facts.policy is None or facts.role is None:
        return ()
    try:
        document = parsed(facts.policy)
    except FcsseError:
        return ()
    bucket = arns.bucket_arn(facts.partition, facts.bucket.name)
    return tuple(
        one.label
        for one in document.statements
        if one.value.get("Effect") == "Allow"
        and {str(facts.role.arn), "*"} & {*named_principals(one), *(["*"] if one.value.get("Principal") == "*" else [])}
        and any(text.startswith(f"{bucket}/") and text != f"{bucket}/*" for text in contexts(one.value))
    )


def whole_bucket(facts: Facts, labels: tuple[str, ...], why: str) -> str:
    """The warning where the prefixes could not be asked for, as a sentence."""
    return (
        f"Statement {' and '.join(labels)} is for a part of bucket {facts.bucket.name} only. Which prefixes "
        f"{facts.pair.cache} is linked to is not known ({why}), so the access is for the whole bucket."
    )
