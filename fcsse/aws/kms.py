"""Keys, key policies and grants. Policies are always the one named ``default``, the only one KMS knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.arn import Arn, key_arn
from fcsse.aws.checked_call import call as ask
from fcsse.aws.checked_call import pages
from fcsse.aws.errors import error_code, translated
from fcsse.aws.named_call import Call
from fcsse.errors import FcsseError, NotAwsAnswerError, UnexpectedError
from fcsse.model import Grant, Key

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from mypy_boto3_kms import KMSClient

BOTH_SIDES = "the caller's IAM policy and, unless it delegates to IAM, the key policy"
STACK_TAG = "aws:cloudformation:stack-name"
"""The tag that CloudFormation puts on the resources of a stack. Source: CloudFormation user guide, "Resource tags"."""

OTHER_ACCOUNT = "the caller's IAM policy and the policy of the key, by its owner"


def describe_key(kms: KMSClient, reference: str) -> Key:
    """The key that an ARN, alias or id names. Raises ``NotFoundError``, ``DeniedError``.

    Source: KMS API reference, DescribeKey; works across accounts with an ARN.
    """
    with translated(Call("kms:DescribeKey", f"key {reference}", f"describing key {reference}", BOTH_SIDES)):
        metadata = ask(kms, "DescribeKey", KeyId=reference)["KeyMetadata"]
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
        text: str = ask(kms, "GetKeyPolicy", KeyId=key, PolicyName="default")["Policy"]
    return text


def put_policy(kms: KMSClient, key: str, text: str, mark: str = "") -> str:
    """Replaces the whole key policy, in one try; returns AWS's id of the request. The lockout check is never bypassed.

    ``mark`` goes to the end of the call's user agent, which CloudTrail records.

    A repetition by botocore would send a document that others may have changed meanwhile, and undo what they did.
    Raises ``BusyError`` or ``UnexpectedError`` where a look has to tell whether it happened, ``NotVisibleError`` (a
    principal KMS does not see), ``PolicyRefusedError``, ``PolicyFullError`` and others.
    Source: KMS API reference, PutKeyPolicy.
    """
    kms.meta.events.register("needs-retry.kms.PutKeyPolicy", _no_second_try, unique_id="fcsse-no-second-try")
    call = Call("kms:PutKeyPolicy", f"key {key}", f"updating the policy of key {key}", BOTH_SIDES)
    with translated(call), _marked(kms, text, mark):
        answer = ask(kms, "PutKeyPolicy", KeyId=key, PolicyName="default", Policy=text)
    return str(answer["ResponseMetadata"]["RequestId"])


@contextmanager
def _marked(kms: KMSClient, text: str, mark: str) -> Iterator[None]:
    """Puts a mark at the end of the user agent of the call that sends this text, whichever thread sends it.

    That late, because botocore writes the user agent anew after "before-call"; its signature does not cover it.
    """

    def add(request: AWSPreparedRequest, **_: object) -> None:
        body = request.body
        if isinstance(body, (str, bytes)) and json.loads(body).get("Policy") == text:
            agent: str | bytes = request.headers.get("User-Agent", "")
            agent = agent.decode("ascii", "replace") if isinstance(agent, bytes) else agent
            request.headers["User-Agent"] = f"{agent} {mark}".lstrip()

    name = f"fcsse-mark-{mark}-{id(add)}"
    if mark:
        kms.meta.events.register("before-send.kms.PutKeyPolicy", add, unique_id=name)
    try:
        yield
    finally:
        if mark:
            kms.meta.events.unregister("before-send.kms.PutKeyPolicy", unique_id=name)


def stack_of(kms: KMSClient, key: str) -> str | None:
    """The CloudFormation stack that manages a key; None where none does, or where the tags cannot be read.

    It is good to know and nothing depends on it, so no refusal is raised. ``key`` is of the caller's own account.
    """
    try:
        return read_tags(kms, key).get(STACK_TAG)
    except FcsseError:
        return None


def read_tags(kms: KMSClient, key: str) -> dict[str, str]:
    """The tags of a key of the caller's own account. Raises ``DeniedError``. Source: KMS API reference, ListResourceTags."""
    with translated(Call("kms:ListResourceTags", f"key {key}", f"reading the tags of key {key}", BOTH_SIDES)):
        found = pages(kms, "ListResourceTags", KeyId=key)
        return {tag["TagKey"]: tag["TagValue"] for page in found for tag in page["Tags"]}


def list_tags(kms: KMSClient, key: str) -> tuple[tuple[str, str], ...]:
    """The names and values of a key's tags. ``key`` is of the caller's own account. Raises ``DeniedError``.

    Source: KMS API reference, ListResourceTags.
    """
    with translated(Call("kms:ListResourceTags", f"key {key}", f"reading the tags of key {key}", BOTH_SIDES)):
        found = pages(kms, "ListResourceTags", KeyId=key)
        return tuple((tag["TagKey"], tag["TagValue"]) for page in found for tag in page["Tags"])


def list_aliases(kms: KMSClient, key: str) -> tuple[str, ...]:
    """The names (``alias/…``) of a key's aliases. ``key`` is of the caller's own account. Raises ``DeniedError``.

    Source: KMS API reference, ListAliases: the permission is in an IAM policy, for all keys of the account.
    """
    with translated(Call("kms:ListAliases", "*", f"listing the aliases of key {key}", "the caller's IAM policy")):
        found = pages(kms, "ListAliases", KeyId=key)
        return tuple(alias["AliasName"] for page in found for alias in page["Aliases"])


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

    botocore drops members that its service model lacks, such as ``Constraints.SourceArn`` before 1.43.12, so that a
    bound grant would read as an unbound one. Here they are taken from KMS's own JSON: a member that this version of
    fcsse does not know counts as a constraint of unknown effect, whatever the version of botocore.
    Source: KMS API reference, ListGrants; works across accounts with an ARN.
    """
    kms.meta.events.register("before-parse.kms.ListGrants", _keep_grants, unique_id="fcsse-keep-grants")
    kms.meta.events.register("after-call.kms.ListGrants", _complete_grants, unique_id="fcsse-complete-grants")
    with translated(Call("kms:ListGrants", f"key {key}", f"listing the grants on key {key}", BOTH_SIDES)):
        found = pages(kms, "ListGrants", KeyId=key, Limit=100)
        return tuple(_grant(entry) for page in found for entry in page["Grants"])


_AS_SENT = "GrantsAsSent"
"""The member of a parsed ListGrants answer that holds the grants as KMS sent them."""

_GRANT_MEMBERS = {
    "KeyId",
    "GrantId",
    "Name",
    "CreationDate",
    "GranteePrincipal",
    "RetiringPrincipal",
    "IssuingAccount",
    "Operations",
    "Constraints",
    "GranteeServicePrincipal",
    "RetiringServicePrincipal",
}
"""What this version knows of a grant's members. Source: KMS API reference, GrantListEntry."""


def _keep_grants(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Keeps the grants of an answer as KMS sent them, beside what botocore makes of them."""
    try:
        document = json.loads(response_dict["body"])
    except ValueError:  # no JSON: botocore says so, or reads another encoding, which is told below
        return
    if isinstance(document, dict):
        customized_response_dict[_AS_SENT] = document.get("Grants")


def _complete_grants(parsed: dict[str, Any], **_: object) -> None:
    """Gives the parsed grants the members that botocore dropped; all of them an unknown one where none could be kept."""
    kept, grants = parsed.pop(_AS_SENT, None), parsed.get("Grants")
    if not isinstance(grants, list):
        return
    if not isinstance(kept, list) or len(kept) != len(grants):
        kept = [{"members that could not be read": None}] * len(grants)
    for grant, sent in zip(grants, kept, strict=True):
        if not isinstance(grant, dict) or not isinstance(sent, dict):
            continue
        for name, value in (sent.get("Constraints") or {}).items():
            grant.setdefault("Constraints", {}).setdefault(name, value)
        for name, value in sent.items():
            grant.setdefault(name, value)


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
    grant_id: str = ""
    with translated(call), _passes(call, dry_run):
        grant_id = ask(
            kms, "CreateGrant", KeyId=key, GranteePrincipal=grantee, Operations=list(operations), Name=name, **extra
        )["GrantId"]
    return grant_id  # noqa: RET504 - stays empty when the dry run was answered


def revoke_grant(kms: KMSClient, key: str, grant_id: str, *, dry_run: bool = False) -> None:
    """Ends a grant with the key side's permission. Source: KMS API reference, RevokeGrant."""
    extra: dict[str, Any] = {"DryRun": True} if dry_run else {}
    call = Call("kms:RevokeGrant", f"key {key}", f"revoking grant {grant_id} on key {key}", OTHER_ACCOUNT)
    with translated(call), _passes(call, dry_run), _ended_before():
        ask(kms, "RevokeGrant", KeyId=key, GrantId=grant_id, **extra)


def retire_grant(kms: KMSClient, key: str, grant_id: str, *, dry_run: bool = False) -> None:
    """Ends a grant as its retiring principal or its issuing account. Source: KMS API reference, RetireGrant."""
    extra: dict[str, Any] = {"DryRun": True} if dry_run else {}
    call = Call(
        "kms:RetireGrant", f"key {key}", f"retiring grant {grant_id} on key {key}", "the grant or " + OTHER_ACCOUNT
    )
    with translated(call), _passes(call, dry_run), _ended_before():
        ask(kms, "RetireGrant", KeyId=key, GrantId=grant_id, **extra)


@contextmanager
def _passes(call: Call, dry_run: bool) -> Iterator[None]:
    """Lets ``DryRunOperationException`` pass in a dry run: it means that the call would have succeeded.

    Raises ``NotAwsAnswerError`` where it did succeed. Source: KMS developer guide, "Testing your permissions".
    """
    try:
        yield
    except ClientError as refusal:
        if not dry_run or error_code(refusal) != "DryRunOperationException":
            raise
    else:
        if dry_run:
            error = NotAwsAnswerError(
                f"{call.opening}: not AWS's answer: it was carried out, though it was sent with DryRun",
                "AWS never does that; some simulators of AWS do. Make no dry runs of grants at this endpoint.",
            )
            error.carried_out = True
            raise error


@contextmanager
def _ended_before() -> Iterator[None]:
    """A grant that is gone when botocore repeats the call was ended by the try before, whose answer was lost."""
    try:
        yield
    except ClientError as error:
        repeated = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
        if not repeated or error_code(error) != "NotFoundException":
            raise


def _grant(entry: Mapping[str, Any]) -> Grant:
    constraints: dict[str, Any] = dict(entry.get("Constraints") or {})
    equals = constraints.pop("EncryptionContextEquals", None)
    subset = constraints.pop("EncryptionContextSubset", None)
    if equals is not None and not equals:
        # KMS counts it as a constraint, and no page says which requests have just this context (aws-sdk-java issue 328).
        constraints["EncryptionContextEquals"] = equals
    return Grant(
        entry["GrantId"],
        entry.get("GranteePrincipal"),
        frozenset(entry.get("Operations", ())),
        entry.get("Name", ""),
        equals,
        subset,
        tuple(sorted({*constraints, *(set(entry) - _GRANT_MEMBERS)})),
        entry.get("RetiringPrincipal"),
        _account(entry.get("IssuingAccount")),
        entry.get("GranteeServicePrincipal"),
        constraints.get("SourceArn"),
    )


def _account(issuer: str | None) -> str | None:
    """The account of an ``IssuingAccount``, which KMS shows as the ARN of the account's root. Source: KMS API reference, ListGrants."""
    arn = Arn.parse(issuer or "")
    return arn.account if arn else issuer
