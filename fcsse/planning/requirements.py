"""What one pair needs: nothing, a statement in the key policy, a grant; or why it cannot be linked. Pure.

The reasons are AWS's, from the S3, KMS and File Cache user guides; each error says what would make the link possible.
"""

from __future__ import annotations

from typing import NamedTuple

from fcsse.advice import BUCKET_KEYS, BY_GRANT, BY_POLICY, NARROW, NO_BUCKET_KEYS, VIA, Parameter, advice
from fcsse.arn import Arn, alias_arn, bucket_arn
from fcsse.encryption_algorithms import DOCUMENTED, algorithm_of
from fcsse.errors import ImpossibleError, NotFoundError, PolicyFormatError, UsageError
from fcsse.evaluator.pair_access import key_rows
from fcsse.evaluator.request import Verdict
from fcsse.link_options import Context, Operation, Options, Via
from fcsse.model import Bucket, Facts, Key
from fcsse.planning.wanted_grant import OPERATIONS_OF, WantedGrant, grant_name
from fcsse.policy.document import parsed
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access

CUSTOMER_KEY = "Set the bucket's default encryption to SSE-KMS with a customer managed key (aws s3api put-bucket-encryption), and link again."


class NotNeeded(NamedTuple):
    """Nothing of a key is to be changed: the pair works, or is unlinked, as it is. ``certain``: does it work, as far as the key
    goes? Not known where the key is an AWS managed one whose policy was not read.
    """

    reason: str
    certain: bool = True


class Requirement(NamedTuple):
    """What a pair needs: a statement (``access``), a grant, or for unlinking whichever of both is there. ``in_doubt``: whether
    a link then works depends on what is not known; ``warnings`` say on what.
    """

    key: Key
    access: Access | None = None
    grant: WantedGrant | None = None
    warnings: tuple[str, ...] = ()
    in_doubt: bool = False


def requirement_of(facts: Facts, options: Options) -> Requirement | NotNeeded:
    """What the pair needs for the wish. Raises ``ImpossibleError``, ``UsageError`` where it cannot be had."""
    bucket = facts.bucket
    if not bucket.encryption.is_kms and facts.key is None:
        return _without_kms(facts, options)
    if facts.key is None:
        return _default_key(facts, options)
    key = facts.key
    if key.manager == "AWS":
        return _managed_key(facts, key, options)
    if options.operation is Operation.LINK:
        refuse_unusable(key, bucket)
    if options.narrow_grant and options.via is Via.POLICY:
        message = advice(NARROW, " is about grants, and ", BY_POLICY, " makes none")
        raise UsageError(message, "Leave one of them out.")
    foreign = key.arn.account != facts.account
    if options.operation is not Operation.LINK:
        return Requirement(key, None if foreign else _access(facts, options), _grant(facts, key, options))
    by_grant = options.via is Via.GRANT or (options.via is Via.AUTO and foreign)
    warnings = _warnings(facts, foreign=foreign)
    if by_grant:
        if facts.role is None:
            raise ImpossibleError(
                f"a grant is made to one role, and key {key.arn} "
                + (
                    "belongs to another account, where a key policy alone gives nothing"
                    if foreign
                    else "was to get one"
                ),
                advice("Link the caches one by one with ", Parameter("cache"), "."),
                doing=f"linking every cache to bucket {bucket.name}",
            )
        return Requirement(key, grant=_grant(facts, key, options), warnings=warnings)
    if foreign:
        raise ImpossibleError(
            f"key {key.arn} belongs to account {key.arn.account}, and across "
            "accounts a key policy gives the role nothing, because nobody can give it the IAM permission that KMS then "
            "asks for as well",
            advice("Leave ", VIA, " out, or pass ", BY_GRANT, "."),
            doing=f"linking {facts.pair} through the key policy",
        )
    if options.narrow_grant:
        which = " is about grants, and a key of the cache's own account gets a statement"
        message = advice(f"linking {facts.pair}: ", NARROW, which)
        raise UsageError(
            message, advice("Pass ", BY_GRANT, " as well, or leave it out: a statement is narrow already.")
        )
    return Requirement(key, access=_access(facts, options), warnings=warnings)


def serves_bucket(key: Key, bucket: Bucket) -> bool:
    """Can S3 use such a key for the bucket at all, whatever state it is in: of the right kind and Region?"""
    return key.usable_by_s3 and bucket.region in (None, key.arn.region)


def is_linkable(facts: Facts) -> bool:
    """Would a link of the pair need a statement or grant, and can it be had? As ``requirement_of`` for plain options, but quick.

    Raises the ``ImpossibleError`` of a key that cannot be used.
    """
    if not facts.bucket.encryption.is_kms or facts.key is None or facts.key.manager == "AWS":
        return False
    refuse_unusable(facts.key, facts.bucket)
    return facts.role is not None or facts.key.arn.account == facts.account


def _without_kms(facts: Facts, options: Options) -> NotNeeded:
    bucket = facts.bucket
    algorithm = algorithm_of(bucket.encryption.algorithm)
    if algorithm.documented:
        again = _earlier_key(options) or " for new objects; older ones may be encrypted with a key all the same"
        return NotNeeded(f"the bucket is encrypted with {algorithm.name}, so no KMS key is involved{again}")
    if options.operation is Operation.UNLINK:
        if not algorithm.known:
            # Perhaps no answer of S3's: not a reason to leave the access where it is and call that done.
            raise ImpossibleError(
                f"its default encryption is {algorithm.code!r}, which fcsse does not know, so which key it uses is not known",
                advice("Name the key to take the access from with ", Parameter("key"), "."),
                doing=f"unlinking {facts.pair}",
            )
        return NotNeeded(f"the bucket is encrypted with {algorithm.name}{_earlier_key(options)}")
    what = (
        f"it is encrypted with {algorithm.name}" if algorithm.known else f"its default encryption is {algorithm.code!r}"
    )
    raise ImpossibleError(
        f"{what}, and File Cache documents {DOCUMENTED} only",
        CUSTOMER_KEY,
        doing=f"linking bucket {bucket.name}",
    )


def _earlier_key(options: Options) -> str:
    """What follows a reason why there is nothing to unlink by the bucket's setting of now."""
    return "; for an earlier key name it with --key" if options.operation is Operation.UNLINK else ""


def _default_key(facts: Facts, options: Options) -> NotNeeded:
    arn = alias_arn(facts.bucket.encryption.key or "")
    # The alias of the cache's own aws/s3 in a bucket of another account is that key for the cache.
    own = arn is not None and arn.account == facts.account
    if facts.bucket.foreign and not own and options.operation is not Operation.UNLINK:
        raise ImpossibleError(
            "it belongs to another account and is encrypted with that account's AWS "
            "managed key aws/s3, which nobody can share",
            f"In the bucket's account: {CUSTOMER_KEY}",
            doing=f"linking bucket {facts.bucket.name}",
        )
    return _with_managed_key("the AWS managed key aws/s3", arn, facts, options)


def _managed_key(facts: Facts, key: Key, options: Options) -> NotNeeded:
    own = key.arn.account == facts.account
    if own and options.operation is not Operation.UNLINK and _serves_another_service(facts):
        raise ImpossibleError(
            f"its key {key.arn} is the AWS managed key of another service, which S3 cannot use",
            CUSTOMER_KEY,
            doing=f"linking bucket {facts.bucket.name}",
        )
    if own or options.operation is Operation.UNLINK:
        return _with_managed_key(f"the AWS managed key {key.id}", key.arn, facts, options)
    raise ImpossibleError(
        f"its key {key.arn} is an AWS managed key of account {key.arn.account}, which nobody can share",
        f"In the bucket's account: {CUSTOMER_KEY}",
        doing=f"linking bucket {facts.bucket.name}",
    )


def _with_managed_key(named: str, arn: Arn | None, facts: Facts, options: Options) -> NotNeeded:
    """Nothing to link, as ``aws/s3`` serves its whole account; nothing to unlink from the managed key of any service.

    ``arn`` is how the bucket names it, where that has a Region. That it is the one of S3 is not known where its policy is not.
    """
    if options.operation is Operation.UNLINK:
        return NotNeeded(f"the bucket is encrypted with {named}, whose policy cannot be changed{_earlier_key(options)}")
    _refuse_another_region(arn, facts.bucket)
    known = facts.key is None or facts.policy is not None
    doubt = "" if known else " if it is that of S3; its policy was not read"
    return NotNeeded(f"the bucket is encrypted with {named}, which serves every role of its account{doubt}", known)


def _serves_another_service(facts: Facts) -> bool:
    """Does the policy of an AWS managed key, as far as it was read, give the cache nothing? That of ``aws/s3`` gives it everything.

    S3 takes the ARN of any key as a bucket's default. One that names S3 in any way is taken for ``aws/s3``. Source: KMS
    developer guide, "AWS managed keys".
    """
    if facts.policy is None or '"s3.' in facts.policy:
        return False
    try:
        rows = key_rows(facts, parsed(facts.policy), explain=False, only_needed=True)
    except PolicyFormatError:
        return False
    return {row.verdict for row in rows or ()} == {Verdict.DENIED}


def refuse_unusable(key: Key, bucket: Bucket) -> None:
    """Raises why S3 cannot use the key for the bucket, in its state or at all."""
    match key.state:
        case None | "Enabled" | "Updating":
            pass
        case "Disabled":
            raise ImpossibleError(
                f"its key {key.arn} is disabled, so nobody can read or write with it",
                f"Enable it, then link again: aws kms enable-key --key-id {key.arn} --region {key.arn.region}",
                doing=f"linking bucket {bucket.name}",
            )
        case "PendingDeletion":
            raise ImpossibleError(
                f"its key {key.arn} is pending deletion; what is encrypted with it will be lost",
                "Cancel the deletion, then link again:\n"
                f"aws kms cancel-key-deletion --key-id {key.arn} --region {key.arn.region}\n"
                f"aws kms enable-key --key-id {key.arn} --region {key.arn.region}",
                doing=f"linking bucket {bucket.name}",
            )
        case "NotFound":
            message = f"its key {key.arn} does not exist"
            raise NotFoundError(message, CUSTOMER_KEY, doing=f"linking bucket {bucket.name}")
        case state:
            raise ImpossibleError(
                f"its key {key.arn} is in state {state}, in which it cannot be used",
                f"See what it waits for: aws kms describe-key --key-id {key.arn} --region {key.arn.region}",
                doing=f"linking bucket {bucket.name}",
            )
    if not key.usable_by_s3:
        raise ImpossibleError(
            f"its key {key.arn} is {key.spec} for {key.usage}, and S3 takes only symmetric encryption keys",
            CUSTOMER_KEY,
            doing=f"linking bucket {bucket.name}",
        )
    _refuse_another_region(key.arn, bucket)


def _refuse_another_region(key: Arn | None, bucket: Bucket) -> None:
    if key and bucket.region not in (None, key.region):
        raise ImpossibleError(
            f"it is in {bucket.region} and its key {key} is not, and S3 takes only keys of the bucket's own Region",
            CUSTOMER_KEY,
            doing=f"linking bucket {bucket.name}",
        )


def _access(facts: Facts, options: Options) -> Access:
    both = options.context is Context.BOTH or options.operation is Operation.UNLINK
    one = ContextForm.BUCKET if facts.bucket.encryption.bucket_keys else ContextForm.OBJECT
    return Access(
        role=str(facts.role.arn) if facts.role else None,
        account=facts.account,
        partition=facts.partition,
        region=facts.bucket.region or (facts.key.arn.region if facts.key else ""),
        bucket=facts.bucket.name,
        forms=frozenset(ContextForm) if both else frozenset({one}),
        level=options.level,
    )


def _grant(facts: Facts, key: Key, options: Options) -> WantedGrant | None:
    if facts.role is None or facts.pair.cache is None:
        return None
    subset: tuple[tuple[str, str], ...] = ()
    if options.narrow_grant:
        if not facts.bucket.bucket_keys_known:
            message = f"narrowing the grant for bucket {facts.bucket.name}: whether it uses Bucket Keys is not known"
            raise UsageError(message, advice("Pass ", BUCKET_KEYS, " or ", NO_BUCKET_KEYS, "."))
        if not facts.bucket.encryption.bucket_keys:
            raise ImpossibleError(
                f"narrowing the grant for bucket {facts.bucket.name}: without Bucket Keys each object has an encryption "
                "context of its own, and a grant's constraint takes no wildcards",
                advice("Leave ", NARROW, " out, or turn Bucket Keys on for the bucket."),
            )
        subset = (("aws:s3:arn", bucket_arn(facts.partition, facts.bucket.name)),)
    name = grant_name(facts.pair.cache, facts.bucket.name, narrow=bool(subset), level=options.level)
    return WantedGrant(key.arn, str(facts.role.arn), name, OPERATIONS_OF[options.level], subset)


def _warnings(facts: Facts, *, foreign: bool) -> tuple[str, ...]:
    said = list(facts.unreadable)
    if facts.role is None:
        said.append(
            "The statement for every cache applies to any role session named FSx in the account, not to FSx's roles alone."
        )
    if foreign and facts.key:
        said.append(
            f"The key belongs to account {facts.key.arn.account}. If bucket {facts.bucket.name} does too, its bucket policy "
            "must name the role as well."
        )
    elif facts.bucket.foreign:
        said.append(owner_warning(facts.bucket.name))
    return tuple(said)


def owner_warning(bucket: str) -> str:
    """The warning for a bucket of another account than the cache's. Source: File Cache user guide."""
    return f"Bucket {bucket} belongs to another account: its bucket policy must name the role as well."
