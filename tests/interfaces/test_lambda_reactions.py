"""The Lambda function when others undo links, and when caches and associations are deleted."""

import json
import threading
from collections.abc import Callable
from typing import Any, Literal

import pytest

import fcsse
from fcsse.arn import role_name
from fcsse.model import GRANT_OPERATIONS
from fcsse.sandbox import Sandbox
from tests.interfaces.deployed_function import (
    ACCOUNT,
    NAME,
    REGION,
    Context,
    Function,
    add_table,
    association_created,
    cache_created,
    deleted,
    event,
    function,
    of,
    recorded,
)
from tests.simulated import Shell

__all__ = ["function"]

pytestmark = pytest.mark.usefixtures("no_waiting")

CACHE = "fc-0aaa0aaa"


@pytest.fixture
def ready(function: Function, monkeypatch: pytest.MonkeyPatch) -> Function:
    """The function with its table, allowed by tag only; a cache that is linked to bucket data, which is tagged."""
    monkeypatch.delenv("FCSSE_ALLOW")
    monkeypatch.setenv("FCSSE_RELINK_TABLE", "relinks")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", NAME)
    add_table(function.sandbox)
    for cache in list(function.sandbox.state.caches):
        function.sandbox.delete_cache(cache)
    function.sandbox.add_cache(CACHE, ["data"])
    tag_key(function.sandbox, "data")
    assert function(cache_created(CACHE, "data"))["changed"] is True
    function.log()
    return function


def tag_key(sandbox: Sandbox, bucket: str) -> None:
    sandbox.client("kms").tag_resource(KeyId=sandbox.key(bucket).arn, Tags=[{"TagKey": "fcsse", "TagValue": "link"}])


def put_back(sandbox: Sandbox, text: str, bucket: str = "data") -> dict[str, Any]:
    """Somebody writes a policy; the event of that."""
    sandbox.client("kms").put_key_policy(KeyId=sandbox.key(bucket).arn, Policy=text)
    return recorded(sandbox, "PutKeyPolicy")


def default_policy() -> str:
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [root]})


def can_read(function: Function, cache: str = CACHE, bucket: str = "data") -> bool:
    return function.sandbox.cache(cache).read(bucket, "hello.txt").allowed


def count_of_puts(function: Function) -> int:
    return len(list(function.sandbox.requests.of("kms:PutKeyPolicy")))


def test_a_policy_that_was_put_back_is_linked_again(ready: Function) -> None:
    put = put_back(ready.sandbox, default_policy())
    assert not can_read(ready)
    answer = ready(put)
    assert (answer["result"], answer["changed"]) == ("linked", True)
    assert answer["key"] == ready.sandbox.key("data").arn
    assert can_read(ready)
    assert of(ready.log(), "backup")[0]["policy"]


def test_what_may_still_stand_in_the_way_is_told_of_what_is_linked(ready: Function) -> None:
    """A Deny of which nobody can tell whether it is about the cache's requests."""
    policy = json.loads(default_policy())
    here = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": here}
    policy["Statement"].append(deny)
    answer = ready(put_back(ready.sandbox, json.dumps(policy)))
    assert (answer["result"], answer["changed"]) == ("linked", True)
    pairs: Any = answer["pairs"]
    assert ["kms:Decrypt may still fail after linking" in one["warnings"][0] for one in pairs] == [True]
    assert of(ready.log(), "linked")[0]["pairs"] == pairs


def test_a_policy_that_still_gives_access_is_neither_written_nor_counted(ready: Function) -> None:
    put = put_back(ready.sandbox, ready.sandbox.policy_text("data"))
    wrote = count_of_puts(ready)
    answer = ready(put)
    assert (answer["result"], answer["changed"]) == ("linked", False)
    assert count_of_puts(ready) == wrote
    assert not list(ready.sandbox.requests.of("dynamodb:UpdateItem"))


@pytest.mark.parametrize("buckets", [("data",), ("data", "data-bucket-keys")])
def test_a_bucket_that_gets_a_key_that_is_not_allowed_while_the_role_is_waited_for_is_not_called_linked(
    ready: Function, buckets: tuple[str, ...]
) -> None:
    tag_key(ready.sandbox, "data-bucket-keys")
    other = ready.sandbox.key("data-key-id")
    before = ready.sandbox.policy_text(other)
    ready.sandbox.add_cache("fc-0bbb0bbb", buckets, role_calls=3)
    ready.sandbox.fault(
        "iam:*", hook=lambda _: ready.sandbox.set_bucket_encryption("data", key=other.arn), times=1, nth=2
    )
    with pytest.raises(fcsse.ChangedError):
        ready(cache_created("fc-0bbb0bbb", *buckets))
    (failed,) = of(ready.log(), "failed")
    assert "bucket data has another key since" in failed["message"]
    assert ready.sandbox.policy_text(other) == before
    again = ready(cache_created("fc-0bbb0bbb", *buckets))
    assert (again["result"], again["changed"]) == (("linked", False) if buckets[1:] else ("not allowed", False))
    assert "data" in [line["bucket"] for line in of(ready.log(), "not allowed")]


def test_after_the_days_limit_the_other_writer_wins_and_a_failure_is_logged(
    ready: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FCSSE_RELINKS_PER_DAY", "2")
    for _ in range(2):
        assert ready(put_back(ready.sandbox, default_policy()))["changed"] is True
    put = put_back(ready.sandbox, default_policy())
    wrote = count_of_puts(ready)
    for _ in range(2):
        ready.log()
        answer = ready(put)
        assert (answer["result"], answer["code"], answer["changed"]) == ("failed", "relink-limit", False)
        (failed,) = of(ready.log(), "failed")
        assert "2 times today" in failed["message"]
        assert "FCSSE_RELINKS_PER_DAY" in failed["hint"]
    assert count_of_puts(ready) == wrote
    # Creations are nobody's fight: they are linked whatever the limit.
    ready.sandbox.add_cache("fc-0bbb0bbb", ["data"])
    assert ready(cache_created("fc-0bbb0bbb", "data"))["changed"] is True


def test_each_day_and_each_key_has_its_own_limit(ready: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FCSSE_RELINKS_PER_DAY", "1")
    assert ready(put_back(ready.sandbox, default_policy()))["changed"] is True
    tag_key(ready.sandbox, "data-bucket-keys")
    ready.sandbox.add_cache("fc-0ccc0ccc", ["data-bucket-keys"])
    assert ready(put_back(ready.sandbox, default_policy(), "data-bucket-keys"))["changed"] is True
    again = put_back(ready.sandbox, default_policy())
    assert ready(again)["result"] == "failed"
    items = ready.sandbox.client("dynamodb").scan(TableName="relinks")["Items"]
    assert {item["writes"]["N"] for item in items} == {"1"}
    table = ready.sandbox.client("dynamodb")
    for item in items:  # the day is over
        table.delete_item(TableName="relinks", Key={"id": item["id"]})
    assert ready(again)["changed"] is True


def test_invocations_at_the_same_time_stay_within_the_limit_together(ready: Function) -> None:
    client = ready.sandbox.client("dynamodb")
    from fcsse.aws.relink_counter import count_write

    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.append(count_write(client, "relinks", "key", 1_790_000_000.0, 3)))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 7 + [True] * 3


def test_without_a_table_nothing_is_linked_again(ready: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FCSSE_RELINK_TABLE")
    put = put_back(ready.sandbox, default_policy())
    wrote = count_of_puts(ready)
    answer = ready(put)
    assert (answer["result"], answer["code"]) == ("failed", "usage")
    assert "FCSSE_RELINK_TABLE" in of(ready.log(), "failed")[0]["hint"]
    assert count_of_puts(ready) == wrote


def test_a_table_that_is_not_there_is_an_error(ready: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FCSSE_RELINK_TABLE", "elsewhere")
    put = put_back(ready.sandbox, default_policy())
    with pytest.raises(fcsse.FcsseError, match="elsewhere"):
        ready(put)
    assert not can_read(ready)


def test_what_fcsse_wrote_itself_is_left_alone(ready: Function, shell: Shell) -> None:
    own = recorded(ready.sandbox, "PutKeyPolicy")
    assert "fcsse/" in own["detail"]["userAgent"]
    assert shell.run("unlink", "--cache", CACHE, "--bucket", "data").code == 0
    unlinked = recorded(ready.sandbox, "PutKeyPolicy")
    put = put_back(ready.sandbox, default_policy())
    put["detail"]["userIdentity"] = {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/fcsse-role/{NAME}",
    }
    asked = len(ready.sandbox.requests)
    ready.log()
    for given in (own, unlinked, put):
        assert ready(given) == {"result": "ignored"}
    assert {line["reason"] for line in ready.log()} == {"the policy was written with fcsse"}
    assert len(ready.sandbox.requests) == asked


def test_a_key_that_no_cache_uses_is_left_alone(ready: Function) -> None:
    put = put_back(ready.sandbox, default_policy(), "data-alias")
    wrote = count_of_puts(ready)
    assert ready(put)["result"] == "nothing to do"
    assert count_of_puts(ready) == wrote


def test_a_cache_whose_role_is_not_there_does_not_hinder_the_others(ready: Function) -> None:
    ready.sandbox.add_cache("fc-0ddd0ddd", ["data"], lifecycle="CREATING", role=False)
    assert ready(put_back(ready.sandbox, default_policy()))["changed"] is True
    assert can_read(ready)
    assert not of(ready.log(), "failed")


def encrypt(sandbox: Sandbox, *, bucket_keys: bool) -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": sandbox.key("data").arn}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_keys}
    sandbox.client("s3").put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration={"Rules": [rule]})
    return recorded(sandbox, "PutBucketEncryption")


def test_bucket_keys_that_were_turned_on_are_followed(ready: Function) -> None:
    put = encrypt(ready.sandbox, bucket_keys=True)
    assert not ready.sandbox.cache(CACHE).write("data", "new", b"x").allowed
    answer = ready(put)
    assert (answer["result"], answer["bucket"], answer["changed"]) == ("linked", "data", True)
    assert ready.sandbox.cache(CACHE).write("data", "new", b"x").allowed


def test_a_bucket_without_encryption_by_a_key_needs_nothing_and_loses_nothing(ready: Function) -> None:
    ready.sandbox.client("s3").delete_bucket_encryption(Bucket="data")
    before = ready.sandbox.policy_text("data")
    removed = event("DeleteBucketEncryption", {"bucketName": "data", "encryption": ""}, None)
    removed["detail"]["eventSource"] = "s3.amazonaws.com"
    assert ready(removed)["result"] == "nothing to do"
    # Objects from before still have the key.
    assert ready.sandbox.policy_text("data") == before


def test_a_deleted_cache_leaves_the_policy_before_it_can_block_it(ready: Function) -> None:
    ready.sandbox.add_cache("fc-0bbb0bbb", ["data"])
    ready(cache_created("fc-0bbb0bbb", "data"))
    answer = ready(deleted("DeleteFileCache", fileCacheId=CACHE))
    assert (answer["result"], answer["cache"], answer["changed"]) == ("unlinked", CACHE, True)
    assert role_name(CACHE) not in ready.sandbox.policy_text("data")
    assert can_read(ready, "fc-0bbb0bbb")
    ready.sandbox.delete_cache(CACHE)
    # Nobody's edit is refused.
    put_back(ready.sandbox, ready.sandbox.policy_text("data"))
    assert ready(deleted("DeleteFileCache", fileCacheId=CACHE))["changed"] is False


def test_a_cache_that_is_gone_already_is_taken_out_of_every_key_that_is_known(ready: Function) -> None:
    ready.sandbox.add_cache("fc-0bbb0bbb", ["data"])
    ready(cache_created("fc-0bbb0bbb", "data"))
    ready.sandbox.delete_cache(CACHE)
    assert "AROA" in ready.sandbox.policy_text("data")
    assert ready(deleted("DeleteFileCache", fileCacheId=CACHE))["changed"] is True
    assert "AROA" not in ready.sandbox.policy_text("data")
    assert can_read(ready, "fc-0bbb0bbb")


def test_the_last_cache_of_a_listed_bucket_is_taken_out_although_fsx_lists_nothing(
    ready: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FCSSE_ALLOW", "data")
    ready.sandbox.delete_cache(CACHE, role=False)
    assert ready(deleted("DeleteFileCache", fileCacheId=CACHE))["changed"] is True
    assert role_name(CACHE) not in ready.sandbox.policy_text("data")


def test_the_grant_of_a_cache_that_fsx_does_not_list_any_more_ends(ready: Function) -> None:
    ready.sandbox.add_cache("fc-0bbb0bbb", ["data"])
    key = ready.sandbox.key("data")
    kms = ready.sandbox.client("kms")
    role = ready.sandbox.client("iam").get_role(RoleName=role_name(CACHE))["Role"]["Arn"]
    kms.create_grant(KeyId=key.arn, GranteePrincipal=role, Operations=["Decrypt"], Name=f"fcsse:{CACHE}:data")
    put_back(ready.sandbox, default_policy())
    ready.sandbox.delete_cache(CACHE, role=False)
    ready.log()
    assert ready(deleted("DeleteFileCache", fileCacheId=CACHE))["changed"] is True
    assert kms.list_grants(KeyId=key.arn)["Grants"] == []
    assert "fcsse audit" in of(ready.log(), "note")[0]["text"]


def test_a_key_that_is_not_allowed_keeps_the_deleted_cache(ready: Function) -> None:
    key = ready.sandbox.key("data").arn
    ready.sandbox.client("kms").untag_resource(KeyId=key, TagKeys=["fcsse"])
    before = ready.sandbox.policy_text("data")
    answer = ready(deleted("DeleteFileCache", fileCacheId=CACHE))
    assert answer["result"] == "not allowed"
    (line,) = of(ready.log(), "not allowed")
    assert (line["key"], line["bucket"]) == (key, "data")
    assert ready.sandbox.policy_text("data") == before


def file_system(sandbox: Sandbox, *paths: str) -> list[str]:
    """A file system with these associations; their ids."""
    sandbox.add_cache("fs-0bbb0bbb", paths)
    return [one.id for one in sandbox.state.caches["fs-0bbb0bbb"].associations]


def test_a_deleted_association_ends_the_access_to_its_bucket_unless_another_is_for_it(ready: Function) -> None:
    first, second = file_system(ready.sandbox, "s3://data/a/", "s3://data/b/")
    assert ready(association_created("fs-0bbb0bbb", "s3://data/a/"))["changed"] is True
    system = ready.sandbox.state.caches["fs-0bbb0bbb"]
    assert ready(deleted("DeleteDataRepositoryAssociation", associationId=first))["result"] == "nothing to do"
    assert can_read(ready, "fs-0bbb0bbb")
    system.associations = [one for one in system.associations if one.id == second]
    assert ready(deleted("DeleteDataRepositoryAssociation", associationId=second))["changed"] is True
    assert not can_read(ready, "fs-0bbb0bbb")
    assert can_read(ready)


def test_a_deleted_association_leaves_the_grant_by_hand_that_another_bucket_may_rest_on(ready: Function) -> None:
    key = ready.sandbox.key("data")
    ready.sandbox.add_bucket("data-two", algorithm="aws:kms", key=key.arn)
    first, second = file_system(ready.sandbox, "s3://data/a/", "s3://data-two/b/")
    kms, iam = ready.sandbox.client("kms"), ready.sandbox.client("iam")
    role = iam.get_role(RoleName=role_name("fs-0bbb0bbb"))["Role"]["Arn"]
    made = kms.create_grant(KeyId=key.arn, GranteePrincipal=role, Operations=list(GRANT_OPERATIONS))["GrantId"]
    assert ready(deleted("DeleteDataRepositoryAssociation", associationId=first))["changed"] is False
    assert [one["GrantId"] for one in kms.list_grants(KeyId=key.arn)["Grants"]] == [made]
    assert made in of(ready.log(), "note")[0]["text"]
    system = ready.sandbox.state.caches["fs-0bbb0bbb"]
    system.associations = [one for one in system.associations if one.id == second]
    assert ready(deleted("DeleteDataRepositoryAssociation", associationId=second))["changed"] is True
    assert kms.list_grants(KeyId=key.arn)["Grants"] == []


def test_an_association_that_fsx_does_not_list_any_more_changes_nothing(ready: Function) -> None:
    wrote = count_of_puts(ready)
    answer = ready(deleted("DeleteDataRepositoryAssociation", associationId="dra-0123456789abcdef9"))
    assert answer["result"] == "nothing to do"
    assert count_of_puts(ready) == wrote
    assert "fcsse audit" in of(ready.log(), "note")[0]["text"]


def test_a_deleted_file_system_is_taken_out(ready: Function) -> None:
    file_system(ready.sandbox, "s3://data/")
    ready(association_created("fs-0bbb0bbb", "s3://data/"))
    assert ready(deleted("DeleteFileSystem", fileSystemId="fs-0bbb0bbb"))["changed"] is True
    assert not can_read(ready, "fs-0bbb0bbb")


# what may be linked


def test_a_key_never_seen_is_off(ready: Function) -> None:
    ready.sandbox.add_cache("fc-0eee0eee", ["data-bucket-keys"])
    wrote = count_of_puts(ready)
    answer = ready(cache_created("fc-0eee0eee", "data-bucket-keys"))
    assert answer == {"result": "not allowed", "cache": "fc-0eee0eee", "changed": False}
    (line,) = of(ready.log(), "not allowed")
    assert "fcsse=link" in line["hint"]
    assert "FCSSE_ALLOW" in line["hint"]
    assert count_of_puts(ready) == wrote


@pytest.mark.one_in(2)
@pytest.mark.parametrize("by", ["key tag", "bucket tag", "key list", "bucket list", "everything"])
def test_each_way_to_allow_a_key(ready: Function, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    sandbox, bucket = ready.sandbox, "data-bucket-keys"
    match by:
        case "key tag":
            tag_key(sandbox, bucket)
        case "bucket tag":
            tags = {"TagSet": [{"Key": "fcsse", "Value": "link"}]}
            sandbox.client("s3").put_bucket_tagging(Bucket=bucket, Tagging=tags)
        case "key list":
            monkeypatch.setenv("FCSSE_ALLOW", f" {sandbox.key(bucket).arn}, other ")
        case "bucket list":
            monkeypatch.setenv("FCSSE_ALLOW", bucket)
        case _:
            monkeypatch.setenv("FCSSE_ALLOW", "*")
    sandbox.add_cache("fc-0eee0eee", [bucket])
    assert ready(cache_created("fc-0eee0eee", bucket))["changed"] is True


@pytest.mark.parametrize("value", ["Link", "link ", ""])
def test_a_tag_with_another_value_allows_nothing(ready: Function, value: str) -> None:
    key = ready.sandbox.key("data-bucket-keys").arn
    ready.sandbox.client("kms").tag_resource(KeyId=key, Tags=[{"TagKey": "fcsse", "TagValue": value}])
    ready.sandbox.add_cache("fc-0eee0eee", ["data-bucket-keys"])
    assert ready(cache_created("fc-0eee0eee", "data-bucket-keys"))["result"] == "not allowed"


def test_tags_that_cannot_be_read_allow_nothing(ready: Function) -> None:
    ready.sandbox.fault("kms:ListResourceTags", "AccessDeniedException", times=None)
    put = put_back(ready.sandbox, default_policy())
    with pytest.raises(fcsse.DeniedError, match="tags of key"):
        ready(put)
    assert not can_read(ready)


def test_of_a_caches_buckets_only_those_allowed_are_linked(ready: Function) -> None:
    ready.sandbox.add_cache("fc-0eee0eee", ["data", "data-bucket-keys"])
    answer = ready(cache_created("fc-0eee0eee", "data", "data-bucket-keys"))
    assert (answer["result"], answer["changed"]) == ("linked", True)
    assert can_read(ready, "fc-0eee0eee")
    assert role_name("fc-0eee0eee") not in ready.sandbox.policy_text("data-bucket-keys")


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FCSSE_ALLOW", "arn:aws:kms:eu-west-1:111122223333:key/x"),
        ("FCSSE_ALLOW", "data,UPPER_CASE"),
        ("FCSSE_ALLOW_TAG", "=link"),
        ("FCSSE_RELINKS_PER_DAY", "-1"),
        ("FCSSE_RELINKS_PER_DAY", "many"),
        ("FCSSE_RELINKS_PER_DAY", "1001"),
    ],
)
def test_a_setting_that_makes_no_sense_is_an_error_and_nothing_is_linked(
    ready: Function, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    put = put_back(ready.sandbox, default_policy())
    wrote = count_of_puts(ready)
    answer = ready(put)
    assert (answer["result"], answer["code"]) == ("failed", "usage")
    assert name in of(ready.log(), "failed")[0]["message"]
    assert count_of_puts(ready) == wrote


def test_a_misspelt_setting_is_told_in_the_log(ready: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FCSSE_ALLOW_TAGS", "s3cr3t")
    put = put_back(ready.sandbox, default_policy())
    ready.log()
    ready(put)
    log = ready.log()
    told = (
        "FCSSE_ALLOW_TAGS is set, but it is no variable of the function and is ignored. Did you mean FCSSE_ALLOW_TAG?"
    )
    assert [line["text"] for line in of(log, "note") if "FCSSE" in line["text"]] == [told]
    assert "s3cr3t" not in str(log)


def test_events_of_other_accounts_are_ignored(ready: Function) -> None:
    put = put_back(ready.sandbox, default_policy())
    put["detail"]["recipientAccountId"] = "444455556666"
    answer = fcsse.lambda_handler(put, Context())
    assert answer == {"result": "ignored"}
    assert REGION in Context().invoked_function_arn


@pytest.mark.parametrize("bucket", ["data", "data-other-account"])
def test_a_link_for_reading_only_stays_so(ready: Function, monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
    cache = "fc-0ddd0ddd"
    ready.sandbox.add_cache(cache, [bucket])
    monkeypatch.setenv("FCSSE_ALLOW", "*")
    fcsse.link(cache, bucket, operations="read")
    ready(put_back(ready.sandbox, ready.sandbox.policy_text("data")))
    assert ready(cache_created(cache, bucket))["changed"] is False
    [judged] = fcsse.check(cache, bucket)
    rows = judged.judgement.rows if judged.judgement else ()
    allowed = {row.asked.action for row in rows if row.current and row.verdict is fcsse.Verdict.ALLOWED}
    assert allowed - {"kms:DescribeKey"} == {"kms:Decrypt"}


def test_what_every_cache_may_only_read_stays_so(ready: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, bucket = "fc-0ddd0ddd", "data-bucket-keys"
    ready.sandbox.add_cache(cache, [bucket])
    monkeypatch.setenv("FCSSE_ALLOW", "*")
    fcsse.link([], bucket, every_cache=True, operations="read")
    before = ready.sandbox.policy_text(bucket)
    for happened in (put_back(ready.sandbox, before, bucket), cache_created(cache, bucket)):
        assert ready(happened)["changed"] is False
    assert ready.sandbox.policy_text(bucket) == before
    assert not ready.sandbox.cache(cache).write(bucket, "new.txt").allowed


@pytest.mark.parametrize("operations", ["read", "full"])
@pytest.mark.parametrize("narrow", [False, True])
def test_a_link_by_a_grant_stays_one(
    ready: Function, monkeypatch: pytest.MonkeyPatch, operations: Literal["read", "full"], narrow: bool
) -> None:
    cache, bucket = "fc-0ddd0ddd", "data-bucket-keys"
    ready.sandbox.add_cache(cache, [bucket])
    monkeypatch.setenv("FCSSE_ALLOW", "*")
    fcsse.link(cache, bucket, via="grant", narrow_grant=narrow, operations=operations)
    before = ready.sandbox.policy_text(bucket)
    for happened in (put_back(ready.sandbox, before, bucket), cache_created(cache, bucket)):
        assert ready(happened)["changed"] is False
    assert ready.sandbox.policy_text(bucket) == before
    assert len(ready.sandbox.key(bucket).grants.value) == 1
    assert ready.sandbox.cache(cache).write(bucket, "new.txt").allowed is (operations == "full")
    # Without Bucket Keys, a narrow grant gives nothing, and a statement takes its place.
    arn = ready.sandbox.key(bucket).arn
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    ready.sandbox.client("s3").put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
    )
    assert ready(recorded(ready.sandbox, "PutBucketEncryption"))["changed"] is narrow
    assert ready.sandbox.cache(cache).write(bucket, "newer.txt").allowed is (operations == "full")
    assert len(ready.sandbox.key(bucket).grants.value) == 1


def test_a_narrow_grant_across_accounts_is_not_widened(ready: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, bucket = "fc-0ddd0ddd", "data-other-account"
    ready.sandbox.add_cache(cache, [bucket])
    monkeypatch.setenv("FCSSE_ALLOW", "*")
    ready.sandbox.set_bucket_encryption(bucket, key=ready.sandbox.key(bucket).arn, bucket_keys=True)
    fcsse.link(cache, bucket, narrow_grant=True)
    assert ready(cache_created(cache, bucket))["changed"] is False
    ready.sandbox.set_bucket_encryption(bucket, key=ready.sandbox.key(bucket).arn, bucket_keys=False)
    assert ready(cache_created(cache, bucket))["result"] == "failed"
    [grant] = ready.sandbox.key(bucket).grants.value.values()
    assert grant.name.endswith(":narrow")


# what cannot be read


def deleted_cache(_: Sandbox) -> dict[str, Any]:
    return deleted("DeleteFileCache", fileCacheId=CACHE)


def policy_put_back(sandbox: Sandbox) -> dict[str, Any]:
    return put_back(sandbox, default_policy())


def bucket_keys_turned_on(sandbox: Sandbox) -> dict[str, Any]:
    return encrypt(sandbox, bucket_keys=True)


EVENTS = [policy_put_back, bucket_keys_turned_on, deleted_cache]


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("happens", "call", "code"),
    [
        (policy_put_back, "s3:GetBucketEncryption", "SlowDown"),
        (bucket_keys_turned_on, "s3:GetBucketEncryption", "InternalError"),
        (deleted_cache, "kms:DescribeKey", "ThrottlingException"),
        (policy_put_back, "kms:GetKeyPolicy", "KMSInternalException"),
        (deleted_cache, "kms:GetKeyPolicy", "KMSInternalException"),
    ],
)
def test_a_reading_that_fails_for_now_is_raised_so_that_lambda_tries_again(
    ready: Function, happens: Callable[[Sandbox], dict[str, Any]], call: str, code: str
) -> None:
    """It passed for a bucket that has nothing to do with the event, and the event for done."""
    made = happens(ready.sandbox)
    ready.log()
    ready.sandbox.fault(call, code, times=None)
    with pytest.raises(fcsse.BusyError):
        ready(made)
    assert of(ready.log(), "failed")
    ready.sandbox.faults.clear()
    assert ready(made)["changed"] is True


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("code", "error"), [("ThrottlingException", fcsse.BusyError), ("AccessDeniedException", fcsse.DeniedError)]
)
def test_nothing_is_linked_anew_while_its_grants_cannot_be_read(
    ready: Function, code: str, error: type[Exception]
) -> None:
    """They may be for reading only, and a statement would give more."""
    made = policy_put_back(ready.sandbox)
    before = ready.sandbox.policy_text("data")
    ready.sandbox.fault("kms:ListGrants", code, times=None)
    with pytest.raises(error):
        ready(made)
    assert "kms:ListGrants" in of(ready.log(), "failed")[0]["message"] or code == "ThrottlingException"
    assert ready.sandbox.policy_text("data") == before
    ready.sandbox.faults.clear()
    assert ready(made)["changed"] is True


@pytest.mark.one_in(2)
@pytest.mark.parametrize("happens", EVENTS)
def test_a_reading_that_is_refused_is_a_failure_where_the_event_is_about_it(
    ready: Function, happens: Callable[[Sandbox], dict[str, Any]]
) -> None:
    made = happens(ready.sandbox)
    ready.log()
    ready.sandbox.fault("kms:GetKeyPolicy", "AccessDeniedException", times=None)
    with pytest.raises(fcsse.DeniedError):
        ready(made)
    assert of(ready.log(), "failed")[0]["code"] == "denied"


@pytest.mark.parametrize("happens", [policy_put_back, deleted_cache])
def test_a_bucket_that_the_event_is_not_about_is_passed_over(
    ready: Function, happens: Callable[[Sandbox], dict[str, Any]]
) -> None:
    """Such as another account's bucket of another cache."""
    ready.sandbox.add_cache("fc-0fff0fff", ["data-other-secret", "data-gone-too"])
    assert ready(happens(ready.sandbox))["changed"] is True
    log = ready.log()
    assert not of(log, "failed")
    assert len([one for one in of(log, "note") if one["text"].startswith("Passed over: ")]) == 2


def test_a_deleted_cache_whose_bucket_is_gone_too_is_no_failure(ready: Function) -> None:
    ready.sandbox.add_cache("fc-0fff0fff", ["data-gone-too"])
    assert ready(deleted("DeleteFileCache", fileCacheId="fc-0fff0fff"))["result"] == "nothing to do"
    assert not of(ready.log(), "failed")


def leave(sandbox: Sandbox, what: str) -> None:
    """The cache, or its association with data, is being deleted or is gone already; its role is still there."""
    stored = sandbox.state.caches[CACHE]
    match what:
        case "cache going":
            stored.lifecycle = "DELETING"
        case "cache gone":
            sandbox.delete_cache(CACHE, role=False)
        case "association going":
            stored.associations[0].lifecycle = "DELETING"
        case _:
            stored.associations.clear()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("what", ["cache going", "cache gone", "association going", "association gone"])
def test_a_creation_that_comes_again_after_the_deletion_links_nothing(ready: Function, what: str) -> None:
    """Its access would stay in the key policy, where the deleted role makes KMS refuse every change."""
    ready.sandbox.put_policy("data", without_links(ready.sandbox))
    before = ready.sandbox.policy_text("data")
    leave(ready.sandbox, what)
    if what.endswith("gone"):
        with pytest.raises(fcsse.NotFoundError, match="deleted since, or is not shown yet"):
            ready(cache_created(CACHE, "data"))
    else:
        assert ready(cache_created(CACHE, "data"))["result"] == "nothing to do"
        assert "is being deleted" in str(of(ready.log(), "note"))
    assert ready.sandbox.policy_text("data") == before


def test_nor_does_a_changed_policy_link_a_cache_whose_associations_outlast_it(ready: Function) -> None:
    ready.sandbox.state.caches[CACHE].lifecycle = "DELETING"
    assert ready(deleted("DeleteFileCache", fileCacheId=CACHE))["changed"] is True
    before = ready.sandbox.policy_text("data")
    assert ready(put_back(ready.sandbox, before))["result"] == "nothing to do"
    assert ready.sandbox.policy_text("data") == before


def test_who_may_not_ask_fsx_links_by_the_event_alone(ready: Function) -> None:
    ready.sandbox.put_policy("data", without_links(ready.sandbox))
    ready.sandbox.fault("fsx:DescribeFileCaches", "AccessDeniedException", times=None)
    assert ready(cache_created(CACHE, "data"))["changed"] is True


def without_links(sandbox: Sandbox) -> dict[str, Any]:
    policy: dict[str, Any] = sandbox.policy("data")
    return {**policy, "Statement": [one for one in policy["Statement"] if "FSx" not in one["Sid"]]}
