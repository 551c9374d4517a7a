"""The policy that a put was made from, where the record does not hold it: rebuilt from the versions that it does. Pure.

The record is too short where the policy was older than 90 days, and no copy has it where the Lambda function wrote. But what
two writers made of one policy still holds it: each statement of it is in one of their versions, or in both. So the sums of
what both have and of some of what either has alone are tried, and one is taken only where its digest is that which our put
stated in its user agent. Nothing is guessed: another policy of this digest does not turn up by chance.

Source: KMS developer guide, "Default key policy" (the policy of a key that was created through the API without one).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fcsse import arn as arns
from fcsse.errors import FcsseError
from fcsse.event_history.policy_parts import parts_of
from fcsse.policy.document import JsonValue, PolicyDocument
from fcsse.policy.edit import unlink
from fcsse.policy.equivalence import CanonicalForm, canonical_document, canonical_statement, digest_of_form
from fcsse.policy.statement_edits import with_statements

MOST_SINGLE = 10
"""Statements that only one of two versions has; of more than that, no sums are tried."""


def default_policy(key: arns.Arn) -> PolicyDocument:
    """The policy that KMS gives to a key created without one."""
    root = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": arns.root_arn(key.partition, key.account)},
        "Action": "kms:*",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [root]}
    return PolicyDocument.parse(json.dumps(document))


def rebuilt_base(
    put: PolicyDocument, others: Iterable[PolicyDocument], digest: str, partition: str
) -> PolicyDocument | None:
    """The policy with this digest (its first digits) that ``put`` and one of the ``others`` were made from; None if none is."""
    for other in others:
        for one in _without_own_links(put, other, partition):
            for second in _without_own_links(other, put, partition):
                found = _sum(one, second, digest, partition)
                if found is not None:
                    return found
    return None


def _without_own_links(document: PolicyDocument, other: PolicyDocument, partition: str) -> Iterator[PolicyDocument]:
    """The document, and the same without the links that only it has: several share a statement, so that neither version has it
    as it was.
    """
    yield document
    known = parts_of(other, partition)
    own = [access for part in parts_of(document, partition) if part not in known for access in part.accesses]
    if own:
        try:
            yield unlink(document, own, exact=False).document
        except FcsseError:
            return


def _sum(one: PolicyDocument, other: PolicyDocument, digest: str, partition: str) -> PolicyDocument | None:
    forms = [_forms(document, partition) for document in (one, other)]
    counts = [Counter(some) for some in forms]
    common = list((counts[0] & counts[1]).elements())
    single = [*(counts[0] - counts[1]).elements(), *(counts[1] - counts[0]).elements()]
    if len(single) > MOST_SINGLE:
        return None
    for document in (one, other):
        head = canonical_document(document, partition)[1]
        for number in range(len(single) + 1):
            for some in itertools.combinations(single, number):
                wanted = [*common, *some]
                form = ("document", head, tuple(sorted(wanted, key=repr)))
                if digest_of_form(form).startswith(digest):
                    return _written(document, wanted, [one, other], partition)
    return None


def _forms(document: PolicyDocument, partition: str) -> list[CanonicalForm]:
    return [canonical_statement(one.value, partition) for one in document.statements]


def _written(
    document: PolicyDocument, wanted: Sequence[CanonicalForm], sources: Sequence[PolicyDocument], partition: str
) -> PolicyDocument:
    """The document with just these statements, which the sources have."""
    left = Counter(wanted)
    gone = set()
    for statement, form in zip(document.statements, _forms(document, partition), strict=True):
        if left[form]:
            left[form] -= 1
        else:
            gone.add(statement.index)
    values: dict[CanonicalForm, dict[str, JsonValue]] = {}
    for source in sources:
        for statement, form in zip(source.statements, _forms(source, partition), strict=True):
            values.setdefault(form, statement.value)
    return with_statements(document, gone, [values[form] for form in left.elements()])
