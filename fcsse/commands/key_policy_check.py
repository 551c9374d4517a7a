"""The answer of ``check`` for a key policy that is not in AWS yet, such as a template's. Pure: nothing is asked of AWS.

In: the document's text and what is stated of the pair. Out: the same ``CheckResult`` as for a key in AWS. Only the document is
judged: a grant may give access besides, and the bucket policy, the key's state and whether the principals exist are not
looked at, which the notes say. Sources: KMS API reference, PutKeyPolicy (size, characters); KMS developer guide,
"Creating a key policy".
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.advice import KEY, advice
from fcsse.arn import Arn
from fcsse.commands.check import CheckResult, check_document
from fcsse.encryption_algorithms import SSE_KMS
from fcsse.errors import PolicyFormatError, PolicyFullError, UsageError
from fcsse.link_options import AccessLevel
from fcsse.model import Bucket, Encryption, Facts, Key, Pair, RequestFacts, Role
from fcsse.named_by_arn import refuse_elsewhere
from fcsse.policy.document import MAX_POLICY_BYTES, PolicyDocument, printable, refused_statements
from fcsse.policy.unique_ids import unique_ids

ANY_KEY = "key/*"
"""Stands for a key whose id is not known."""

VERSIONS = ("2008-10-17", "2012-10-17")
"""Source: IAM user guide, "IAM JSON policy elements: Version" and "Grammar of the IAM JSON policy language"."""

_MEMBERS = ("Version", "Id", "Statement")
"""What a document may hold, by the same grammar."""

# Source: KMS API reference, PutKeyPolicy, Policy: tab, line feed, carriage return, and U+0020 to U+00FF.
_FOREIGN = re.compile("[^\t\n\r\u0020-\u00ff]")
_HINT = "Correct the document: KMS would refuse it."


class Stated(NamedTuple):
    """What the caller states. ``account`` is the cache's, ``region`` the bucket's; ``bucket_keys`` None = not known.

    ``key`` is the ARN of the key whose policy it is to be; None: some key of the account. ``level`` is what is asked about.
    """

    account: str
    region: str
    bucket_keys: bool | None = None
    partition: str | None = None
    key: Arn | None = None
    organization: str | None = None
    now: datetime | None = None
    level: AccessLevel = AccessLevel.FULL


def check_key_policy(text: str, pairs: Sequence[Pair], stated: Stated) -> tuple[CheckResult, ...]:
    """The verdict on each pair, by this document as the policy of its bucket's key.

    Raises ``PolicyFormatError`` for what is no key policy, ``PolicyFullError`` for one that is too long,
    ``UsageError`` where what is stated does not fit together.
    """
    document = _document(text)
    key = _key(stated)
    notes = (*_refused(document), *_scope(stated))
    return tuple(
        check_document(facts, document, notes, remedy(facts, stated), stated.level)
        for facts in (_facts(pair, text, key, stated) for pair in pairs)
    )


def remedy(facts: Facts, stated: Stated) -> str:
    """The command that prints the statement which the document lacks."""
    keys = {True: ["--bucket-keys"], False: ["--no-bucket-keys"], None: ["--context", "both"]}[stated.bucket_keys]
    words = ["--cache", facts.pair.cache or "", "--bucket", facts.pair.bucket, "--account", stated.account]
    partition = ["--partition", stated.partition] if stated.partition else []
    reading = ["--operations", "read"] if stated.level is AccessLevel.READ else []
    return shlex.join(["fcsse", "statement", *words, "--region", stated.region, *keys, *partition, *reading])


def _document(text: str) -> PolicyDocument:
    foreign = _FOREIGN.search(text)
    if foreign:
        line = text.count("\n", 0, foreign.start()) + 1
        message = (
            f"reading the key policy: line {line} holds the character U+{ord(foreign[0]):04X}, which KMS does not take"
        )
        raise PolicyFormatError(message, "KMS takes tab, line feed, carriage return and U+0020 to U+00FF.")
    try:
        document = PolicyDocument.parse(text)
    except PolicyFormatError as error:
        raise PolicyFormatError(error.message, "Correct the document.") from error
    version = document.value.get("Version", VERSIONS[0])
    if version not in VERSIONS:
        message = (
            f"reading the key policy: its Version is {json.dumps(version)}, and AWS knows {' and '.join(VERSIONS)} only"
        )
        raise PolicyFormatError(message, _HINT)
    least = document.compact().size
    if least > MAX_POLICY_BYTES:
        message = (
            f"reading the key policy: it takes {least:,} bytes without white space, and a key policy may have "
            f"{MAX_POLICY_BYTES:,}"
        )
        raise PolicyFullError(message, _HINT)
    return document


def _key(stated: Stated) -> Key:
    named = stated.key.partition if stated.key else ""
    partition = stated.partition or named or arns.partition_of(stated.region)
    key = stated.key and arns.own_key(stated.key, partition, stated.region, stated.account)
    if stated.key is not None and key is None:
        message = f"checking a document: nothing is asked of AWS, so {stated.key.resource} cannot be resolved"
        raise UsageError(message, advice("Name the key by its ARN or id with ", KEY, ", or leave it out."))
    if key is not None and (key.region, key.partition) != (stated.region, partition):
        message = f"key {key} is not of Region {stated.region} in partition {partition}"
        raise UsageError(message, "S3 takes only keys of the bucket's own Region.")
    arn = key or arns.Arn(partition, "kms", stated.region, stated.account, ANY_KEY)
    return Key(arn, "Enabled", "CUSTOMER", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")


def _facts(pair: Pair, text: str, key: Key, stated: Stated) -> Facts:
    encryption = Encryption(SSE_KMS.code, str(key.arn), bool(stated.bucket_keys))
    known = stated.bucket_keys is not None
    refuse_elsewhere(pair.bucket, key.arn.partition)
    role = Role.computed(key.arn.partition, stated.account, pair.cache) if pair.cache else None
    return Facts(
        pair,
        stated.account,
        key.arn.partition,
        role,
        Bucket(pair.bucket, encryption, stated.region, foreign=False, given=True, bucket_keys_known=known),
        key,
        text,
        request=RequestFacts(stated.now, stated.organization),
    )


def _refused(document: PolicyDocument) -> list[str]:
    """Why KMS would refuse the document as it stands, or may."""
    found = [f"KMS may refuse this document because of {label}: {why}." for label, why in refused_statements(document)]
    found += [
        f"KMS may refuse this document because of {printable(name)}, which AWS does not document."
        for name in document.value
        if name not in _MEMBERS
    ]
    found += [
        f"KMS refuses a document that names a principal which does not exist, as an id in place of an ARN often does: {dead.id} "
        f"in {dead.element} of {dead.label}."
        for dead in unique_ids(document)
    ]
    if document.size > MAX_POLICY_BYTES:
        found.append(
            f"The document takes {document.size:,} bytes with its white space, and a key policy may have "
            f"{MAX_POLICY_BYTES:,}: send it without."
        )
    return found


def _scope(stated: Stated) -> list[str]:
    found = ["Judged by this document alone: grants, the bucket policy and the key's state were not looked at."]
    if stated.bucket_keys is None:
        found.append("Whether the bucket uses Bucket Keys was not stated, so the document has to allow both forms.")
    return found
