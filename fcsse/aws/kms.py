"""Keys, key policies and grants. Policies are always the one named ``default``, the only one KMS knows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.arn import key_arn
from fcsse.aws.errors import Call, error_code, translated
from fcsse.errors import FcsseError, UnexpectedError
from fcsse.model import Grant, Key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import GrantListEntryTypeDef

BOTH_SIDES = "the caller's IAM policy and, unless it delegates to IAM, the key policy"
STACK_TAG = "aws:cloudformation:stack-name"
"""The tag that CloudFormation puts on the resources of a stack. Source: CloudFormation user guide, "Resource tags"."""

OTHER_ACCOUNT = "the caller's IAM policy and the policy of the key, by its owner"


def describe_key(kms: KMSClient, reference: str) -> Key:
    """The key that an ARN, alias or id names. Raises ``NotFoundError``, ``DeniedError``.

    Source: KMS API reference, DescribeKey; works across accounts with an ARN.
    """
    with translated(Call("kms:DescribeKey", f"key {reference}", f"describing key {reference}", BOTH_SIDES)):
        metadata = kms.describe_key(KeyId=reference)["KeyMetadata"]
    arn = key_arn(metadata.get("Arn", ""))
    if arn is None:
        message = f"describing key {reference}: KMS answered without a key ARN"
        raise UnexpectedError(message)
    return Key(
        arn,
        metadata.get("KeyState"),
        metadata.get("KeyManager"),
        metadata.get("KeySpec"),
        metadata.get("KeyUsage"),
        metadata.get("Origin"),
        metadata.get("MultiRegion"),
    )


def get_policy(kms: KMSClient, key: str) -> str:
    """The text of the key policy. ``key`` is an ARN or id of the caller's own account (KMS refuses others)."""
    with translated(Call("kms:GetKeyPolicy", f"key {key}", f"reading the policy of key {key}", BOTH_SIDES)):
        return kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]


def put_policy(kms: KMSClient, key: str, text: str) -> None:
    """Replaces the whole key policy, in one try. The lockout check is never bypassed.

    A repetition by botocore would send a document that others may have changed meanwhile, and undo what they did.
    Raises ``BusyError`` or ``UnexpectedError`` where a look has to tell whether it happened, ``NotVisibleError`` (a
    principal KMS does not see), ``PolicyRefusedError``, ``PolicyFullError`` and others.
    Source: KMS API reference, PutKeyPolicy.
    """
    kms.meta.events.register("needs-retry.kms.PutKeyPolicy", _no_second_try, unique_id="fcsse-no-second-try")
    with translated(Call("kms:PutKeyPolicy", f"key {key}", f"updating the policy of key {key}", BOTH_SIDES)):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)


def stack_of(kms: KMSClient, key: str) -> str | None:
    """The CloudFormation stack that manages a key; None where none does, or where the tags cannot be read.

    It is good to know and nothing depends on it, so no refusal is raised. ``key`` is of the caller's own account.
    Source: KMS API reference, ListResourceTags.
    """
    try:
        with translated(Call("kms:ListResourceTags", f"key {key}", f"reading the tags of key {key}", BOTH_SIDES)):
            pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key)
            tags = {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
    except FcsseError:
        return None
    return tags.get(STACK_TAG)


def _no_second_try(
    response: tuple[Any, dict[str, Any]] | None = None, caught_exception: Exception | None = None, **_: object
) -> None:
    """Hears of each answer before botocore's retries do, and ends the call where they might repeat it."""
    if caught_exception is not None:
        raise caught_exception
    if response is not None and response[0].status_code >= 300:
        raise ClientError(response[1], "PutKeyPolicy")  # type: ignore[arg-type]


def list_grants(kms: KMSClient, key: str) -> tuple[Grant, ...]:
    """Every grant on a key. Not filtered by grantee: a filter by ARN would miss those whose role is gone.

    Source: KMS API reference, ListGrants; works across accounts with an ARN.
    """
    with translated(Call("kms:ListGrants", f"key {key}", f"listing the grants on key {key}", BOTH_SIDES)):
        pages = kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 100})
        return tuple(_grant(entry) for page in pages for entry in page["Grants"])


def create_grant(
    kms: KMSClient,
    key: str,
    grantee: str,
    operations: Sequence[str],
    name: str,
    subset: Mapping[str, str] | None = None,
    *,
    dry_run: bool = False,
) -> str:
    """Creates a grant and returns its id; with ``dry_run`` KMS only says whether it would, and the id is empty.

    The name makes a repetition with the same parameters answer the same id instead of adding a duplicate.
    Raises ``NotVisibleError`` while KMS does not see the grantee. Source: KMS API reference, CreateGrant.
    """
    extra: dict[str, Any] = {"Constraints": {"EncryptionContextSubset": dict(subset)}} if subset else {}
    if dry_run:
        extra["DryRun"] = True
    call = Call("kms:CreateGrant", f"key {key}", f"creating grant {name} on key {key}", OTHER_ACCOUNT)
    grant_id = ""
    with translated(call), _passes(dry_run):
        grant_id = kms.create_grant(
            KeyId=key,
            GranteePrincipal=grantee,
            Operations=list(operations),  # type: ignore[arg-type]
            Name=name,
            **extra,
        )["GrantId"]
    return grant_id  # noqa: RET504 - stays empty when the dry run was answered


def revoke_grant(kms: KMSClient, key: str, grant_id: str, *, dry_run: bool = False) -> None:
    """Ends a grant with the key side's permission. Source: KMS API reference, RevokeGrant."""
    extra: dict[str, Any] = {"DryRun": True} if dry_run else {}
    call = Call("kms:RevokeGrant", f"key {key}", f"revoking grant {grant_id} on key {key}", OTHER_ACCOUNT)
    with translated(call), _passes(dry_run), _ended_before():
        kms.revoke_grant(KeyId=key, GrantId=grant_id, **extra)


def retire_grant(kms: KMSClient, key: str, grant_id: str, *, dry_run: bool = False) -> None:
    """Ends a grant as its retiring principal or its issuing account. Source: KMS API reference, RetireGrant."""
    extra: dict[str, Any] = {"DryRun": True} if dry_run else {}
    call = Call(
        "kms:RetireGrant", f"key {key}", f"retiring grant {grant_id} on key {key}", "the grant or " + OTHER_ACCOUNT
    )
    with translated(call), _passes(dry_run), _ended_before():
        kms.retire_grant(KeyId=key, GrantId=grant_id, **extra)


@contextmanager
def _passes(dry_run: bool) -> Iterator[None]:
    """Lets ``DryRunOperationException`` pass in a dry run: it means that the call would have succeeded.

    Source: KMS developer guide, "Testing your permissions".
    """
    try:
        yield
    except ClientError as error:
        if not dry_run or error_code(error) != "DryRunOperationException":
            raise


@contextmanager
def _ended_before() -> Iterator[None]:
    """A grant that is gone when botocore repeats the call was ended by the try before, whose answer was lost."""
    try:
        yield
    except ClientError as error:
        repeated = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
        if not repeated or error_code(error) != "NotFoundException":
            raise


def _grant(entry: GrantListEntryTypeDef) -> Grant:
    constraints: dict[str, Any] = dict(entry.get("Constraints") or {})
    equals = constraints.pop("EncryptionContextEquals", None)
    subset = constraints.pop("EncryptionContextSubset", None)
    extra: dict[str, Any] = dict(entry)
    return Grant(
        entry["GrantId"],
        entry.get("GranteePrincipal"),
        frozenset(entry.get("Operations", ())),
        entry.get("Name", ""),
        equals,
        subset,
        tuple(sorted(constraints)),
        entry.get("RetiringPrincipal"),
        entry.get("IssuingAccount"),
        extra.get("GranteeServicePrincipal"),
        constraints.get("SourceArn"),
    )
