"""``fcsse.check`` and ``fcsse.check_policy``: does a cache have access to the key?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.api import validation
from fcsse.api.settings import Settings, for_reading, pipeline_of, settings_of
from fcsse.api.validation import Buckets, Names, OperationsWord
from fcsse.api.wording_of_errors import in_words_of_the_api, reworded_check
from fcsse.clock import SystemClock
from fcsse.commands.check import CheckResult, check_pair
from fcsse.commands.key_policy_check import Stated, check_key_policy
from fcsse.commands.observed import check_observed
from fcsse.link_options import AccessLevel, Operation, Options

if TYPE_CHECKING:
    import boto3


@in_words_of_the_api
def check(
    cache: Names,
    bucket: Buckets = None,
    *,
    key: str | None = None,
    bucket_region: str | None = None,
    bucket_keys: bool | None = None,
    operations: OperationsWord = "full",
    org_id: str | None = None,
    observed: bool = False,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> tuple[CheckResult, ...]:
    """Tells, for each pair, whether the cache can read and write, and what decides. Changes nothing.

    Without ``bucket``, a cache's own buckets are meant; an empty list is a ``UsageError``. A pair about which too little could be read has ``error`` set, and
    verdicts that are unknown. ``operations="read"``: only reading is asked about, and missing writing is no fault.
    ``org_id`` is the id of the organization that the cache's account is in, for conditions on
    it; by default it is asked for where a verdict hangs on it. ``observed``: each pair's ``observed`` holds what CloudTrail
    recorded of the cache's calls; what could not be read of the record is noted to the settings' ``progress``. Raises
    ``UsageError`` only, and ``CredentialsError`` where there are none.

    >>> import fcsse
    >>> for pair in fcsse.check("fc-0123", "data-sse-s3"):
    ...     print(pair.read.value, pair.headline)  # doctest: +ELLIPSIS
    allowed fc-0123 can read and write s3://data-sse-s3 (...)
    """
    options = Options(
        Operation.CHECK,
        key=validation.named_key(key),
        bucket_region=validation.one(validation.regions, bucket_region),
        bucket_keys=validation.bucket_keys(bucket_keys),
        organization=validation.organization(org_id),
        level=validation.word(AccessLevel, operations, "operations"),
    )
    target = validation.target("check", cache, bucket)
    pipeline = pipeline_of(for_reading(settings_of(session, settings)))
    if observed:
        return tuple(reworded_check(one) for one in check_observed(pipeline, target, options))
    found = pipeline.discover(target, options, ask_prefixes=True)
    return tuple(reworded_check(check_pair(facts, level=options.level)) for facts in found)


@in_words_of_the_api
def check_policy(
    text: str,
    cache: Names,
    bucket: Names,
    *,
    account: str,
    region: str,
    bucket_keys: bool | None = None,
    partition: str | None = None,
    key: str | None = None,
    operations: OperationsWord = "full",
    org_id: str | None = None,
) -> tuple[CheckResult, ...]:
    """Judges a key policy that is not in AWS yet: for each pair, whether the cache can read and write by it. Offline.

    ``text`` is the document; ``account`` the cache's, ``region`` the bucket's; ``bucket_keys`` None: not known, so that
    the document has to allow both forms of encryption context. ``key`` is the ARN or id of the key it is meant for, by
    default one of the account. ``operations`` as for ``check``. Grants, the bucket policy and the key's state are not judged. Raises ``UsageError``,
    ``PolicyFormatError`` for what is no key policy, and ``PolicyFullError`` for what is too long for one.

    >>> import fcsse
    >>> (pair,) = fcsse.check_policy(
    ...     '{"Statement": []}', "fc-0123", "data", account="111122223333", region="eu-west-1"
    ... )
    >>> pair.read.value, pair.exit_code
    ('denied', 3)
    """
    validation.require(isinstance(text, str), "the key policy is not a text", "Give it as a str of JSON.")
    target = validation.target("check_policy", cache, bucket)
    validation.require(target.buckets, "checking a document: no bucket is named", "Name one with bucket.")
    stated = Stated(
        validation.accounts(account)[0],
        validation.regions(region)[0],
        validation.bucket_keys(bucket_keys),
        validation.partition(partition),
        validation.named_key(key),
        validation.organization(org_id),
        SystemClock().now(),
        validation.word(AccessLevel, operations, "operations"),
    )
    return check_key_policy(text, target.pairs, stated)
