"""What an event is about, for events of every shape: whole, truncated, with members missing or of wrong types."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fcsse.lambda_function.call_events import (
    SERVICES,
    AssociationDeleted,
    CacheCreated,
    CacheDeleted,
    EncryptionChanged,
    Happening,
    Ignored,
    KeyPolicyPut,
    read_event,
)
from tests.interfaces.deployed_function import ACCOUNT, REGION, association_created, cache_created, deleted, event

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
SYSTEM = "fs-0123456789abcdef0"


def of_service(service: str, name: str, request: dict[str, Any], answer: dict[str, Any] | None) -> dict[str, Any]:
    made = event(name, request, answer)
    made["detail"]["eventSource"] = f"{service}.amazonaws.com"
    return {**made, "source": f"aws.{service}"}


def system_created(path: str = "s3://data/in") -> dict[str, Any]:
    """CreateFileSystem of a file system that is linked the older way."""
    lustre = {"dataRepositoryConfiguration": {"importPath": path, "exportPath": f"{path}/out", "lifecycle": "CREATING"}}
    answer = {"fileSystem": {"fileSystemId": SYSTEM, "fileSystemType": "LUSTRE", "lustreConfiguration": lustre}}
    return event("CreateFileSystem", {"lustreConfiguration": {"importPath": path}}, answer)


def policy_put(request_key: str, resources: list[dict[str, Any]] | None) -> dict[str, Any]:
    request = {"keyId": request_key, "policyName": "default", "policy": "{}"}
    made = of_service("kms", "PutKeyPolicy", request, None)
    if resources is not None:
        made["detail"]["resources"] = resources
    return made


def without_answer(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "detail": {**made["detail"], "responseElements": None}}


def answer_names_only(made: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    return {**made, "detail": {**made["detail"], "responseElements": answer}}


ASSOCIATED = association_created(SYSTEM, "s3://data/a/")
EXAMPLES: list[tuple[dict[str, Any], Happening]] = [
    (cache_created("fc-0123", "data", "more"), CacheCreated("fc-0123", ("data", "more"))),
    (system_created(), CacheCreated(SYSTEM, ("data",))),
    (ASSOCIATED, CacheCreated(SYSTEM, ("data",))),
    (without_answer(ASSOCIATED), CacheCreated(SYSTEM, ("data",))),
    (answer_names_only(ASSOCIATED, {"association": {"associationId": "dra-1"}}), CacheCreated(SYSTEM, ("data",))),
    (deleted("DeleteFileCache", fileCacheId="fc-0123"), CacheDeleted("fc-0123")),
    (deleted("DeleteFileSystem", fileSystemId=SYSTEM), CacheDeleted(SYSTEM)),
    (without_answer(deleted("DeleteFileSystem", fileSystemId=SYSTEM)), CacheDeleted(SYSTEM)),
    (deleted("DeleteDataRepositoryAssociation", associationId="dra-0a"), AssociationDeleted("dra-0a")),
    (
        of_service("s3", "PutBucketEncryption", {"bucketName": "data", "encryption": ""}, None),
        EncryptionChanged("data"),
    ),
    (of_service("s3", "DeleteBucketEncryption", {"bucketName": "data"}, None), EncryptionChanged("data")),
    (policy_put(KEY, None), KeyPolicyPut(KEY)),
    (policy_put(KEY_ID, None), KeyPolicyPut(KEY)),
    (policy_put(KEY_ID, [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": KEY}]), KeyPolicyPut(KEY)),
]


@pytest.mark.parametrize(("made", "about"), EXAMPLES)
def test_each_call_is_read(made: dict[str, Any], about: Happening) -> None:
    read = read_event(made)
    assert read.about == about
    assert (read.name, read.region, read.account) == (made["detail"]["eventName"], REGION, ACCOUNT)


def test_an_id_in_the_answers_arn_is_enough() -> None:
    made = cache_created("fc-0123", "data")
    del made["detail"]["responseElements"]["fileCache"]["fileCacheId"]
    assert read_event(made).about == CacheCreated("fc-0123", ("data",))


def test_the_answer_wins_over_the_request() -> None:
    made = association_created(SYSTEM, "s3://answered/")
    made["detail"]["requestParameters"]["dataRepositoryPath"] = "s3://asked/"
    assert read_event(made).about == CacheCreated(SYSTEM, ("answered",))


@pytest.mark.parametrize(("made", "_"), EXAMPLES)
def test_failed_calls_are_ignored(made: dict[str, Any], _: object) -> None:
    for failure in (
        {"errorCode": "AccessDenied"},
        {"errorMessage": "no"},
        {"errorCode": "BadRequest", "errorMessage": ""},
    ):
        assert read_event({**made, "detail": {**made["detail"], **failure}}).about is Ignored.FAILED


@pytest.mark.parametrize(("made", "_"), EXAMPLES)
@pytest.mark.parametrize("service", ["elasticfilesystem", "s3files", "kms", "s3", "fsx"])
def test_other_services_with_a_call_of_the_same_name_are_ignored(made: dict[str, Any], _: object, service: str) -> None:
    source = f"{service}.amazonaws.com"
    if SERVICES[made["detail"]["eventName"]] != source:
        moved = {**made, "detail": {**made["detail"], "eventSource": source}}
        assert read_event(moved).about is Ignored.OTHER_CALL


@pytest.mark.parametrize(
    "agent", ["fcsse/0.1.0", "[Boto3/1.44.5 md/x fcsse/0.1.0]", "Boto3/1.44.5 fcsse/0.1.0 more", "[fcsse/9]"]
)
def test_policies_written_with_fcsse_are_ignored(agent: str) -> None:
    made = policy_put(KEY, None)
    made["detail"]["userAgent"] = agent
    assert read_event(made).about is Ignored.OWN


@pytest.mark.parametrize(
    ("arn", "own"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/any/fcsse", True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/fcsse/other", False),
        (f"arn:aws:iam::{ACCOUNT}:user/fcsse", False),
        ("", False),
    ],
)
def test_the_functions_own_session_is_known_by_its_name(arn: str, own: bool) -> None:
    made = policy_put(KEY, None)
    made["detail"]["userAgent"] = "not-fcsse/1"
    made["detail"]["userIdentity"] = {"type": "AssumedRole", "arn": arn}
    assert (read_event(made, function="fcsse").about is Ignored.OWN) is own
    assert read_event(made).about == KeyPolicyPut(KEY)


def test_events_of_another_account_are_ignored() -> None:
    made = cache_created("fc-0123", "data")
    assert read_event(made, account=ACCOUNT).about == CacheCreated("fc-0123", ("data",))
    assert read_event(made, account="444455556666").about is Ignored.OTHER_ACCOUNT


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every member and entry."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*at, name)
        yield from places(one, (*at, name))


def sound(about: Happening | Ignored) -> bool:
    """Is it ignored, or about something with a valid name?"""
    match about:
        case Ignored():
            return True
        case CacheCreated(cache, buckets):
            names = buckets if buckets is not None else ()
            return cache[:3] in ("fc-", "fs-") and all(names) and (buckets is None or bool(buckets))
        case CacheDeleted(cache):
            return cache[:3] in ("fc-", "fs-")
        case AssociationDeleted(association):
            return association.startswith("dra-")
        case KeyPolicyPut(key):
            return key.startswith("arn:aws") and ":kms:" in key
        case EncryptionChanged(bucket):
            return len(bucket) >= 3


@given(some.data())
def test_a_member_that_is_missing_or_of_another_type_never_breaks_reading(data: some.DataObject) -> None:
    made, _ = data.draw(some.sampled_from(EXAMPLES))
    made = copy.deepcopy(made)
    for _ in range(data.draw(some.integers(1, 3))):
        where = data.draw(some.sampled_from(sorted(places(made), key=repr)))
        holder = made
        for name in where[:-1]:
            holder = holder[name]
        if data.draw(some.booleans()):
            del holder[where[-1]]
        else:
            holder[where[-1]] = data.draw(JSON)
        if not made:
            break
    assert sound(read_event(made, account=ACCOUNT, function="fcsse").about)


@given(JSON, JSON)
def test_any_value_can_be_read(value: Any, detail: Any) -> None:
    for made in (value, {"detail": detail}, {"detail": {"eventName": detail, "eventSource": value}}):
        assert isinstance(read_event(made).about, Ignored)


@given(some.sampled_from(EXAMPLES), some.sampled_from(["requestParameters", "responseElements"]), JSON)
def test_a_request_or_answer_of_another_shape_is_never_read_as_something_else(
    example: tuple[dict[str, Any], Happening], member: str, value: Any
) -> None:
    made, about = example
    read = read_event({**made, "detail": {**made["detail"], member: value}}).about
    known = cache_created("fc-0123", "data", "more")["detail"]["eventName"]
    unread = CacheCreated("fc-0123", None) if made["detail"]["eventName"] == known else None
    assert read in (about, unread) or isinstance(read, Ignored)


def test_what_cloudtrail_left_out_for_its_size_is_not_guessed() -> None:
    omitted = {"omitted": True, "originalSize": 1_000_000, "reason": "over the limit"}
    made = cache_created("fc-0123", "data")
    assert read_event({**made, "detail": {**made["detail"], "requestParameters": omitted}}).about == CacheCreated(
        "fc-0123", None
    )
    both = {**made["detail"], "requestParameters": omitted, "responseElements": omitted}
    assert read_event({**made, "detail": both}).about is Ignored.INCOMPLETE


def test_an_answer_nested_very_deep_is_read() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    made = deleted("DeleteFileCache", fileCacheId="fc-0123")
    made["detail"]["responseElements"] = deep
    assert read_event(made).about == CacheDeleted("fc-0123")
    assert json.dumps(read_event({}).about)
