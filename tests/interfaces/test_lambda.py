"""The Lambda entry point when caches and associations are created."""

import re
import time
from typing import Any

import pytest

from fcsse.errors import BusyError, DeniedError, FcsseError, NotFoundError, UnconfirmedError, UnexpectedError
from tests.interfaces.deployed_function import Function, association_created, cache_created, event, function, of

__all__ = ["function"]


def test_a_new_cache_gets_access_to_all_its_buckets_and_a_second_delivery_changes_nothing(function: Function) -> None:
    function.sandbox.add_cache(
        "fc-0aaa0aaa", ["data", "data-bucket-keys", "nfs://filer/x/"], lifecycle="CREATING", role_calls=3
    )
    before = function.sandbox.policy_text("data")
    created = cache_created("fc-0aaa0aaa", "data", "data-bucket-keys")

    answer = function(created)
    assert answer["result"] == "linked"
    assert answer["changed"] is True
    assert function.sandbox.cache("fc-0aaa0aaa").read("data", "hello.txt").allowed
    assert function.sandbox.cache("fc-0aaa0aaa").write("data-bucket-keys", "new", b"x").allowed
    log = function.log()
    assert any("waiting for the service-linked role of fc-0aaa0aaa" in line["text"] for line in of(log, "step"))
    assert before in [line["policy"] for line in of(log, "backup")]
    (linked,) = of(log, "linked")
    assert {pair["bucket"]: pair["status"] for pair in linked["pairs"]} == {
        "data": "done",
        "data-bucket-keys": "done",
    }

    wrote = function.writes
    again = function(created)
    assert (again["result"], again["changed"]) == ("linked", False)
    assert function.writes == wrote
    assert not of(function.log(), "backup")


def test_the_buckets_are_those_of_the_request_and_fsx_s_where_cloudtrail_left_it_out(function: Function) -> None:
    function.sandbox.add_cache("fc-0aaa0aaa", ["data", "data-bucket-keys"])
    created = cache_created("fc-0aaa0aaa", "data")
    created["detail"]["requestParameters"]["dataRepositoryAssociations"] *= 2

    def linked(given: dict[str, Any]) -> list[str]:
        return [pair["bucket"] for pair in function(given)["pairs"]]  # type: ignore[attr-defined]

    assert linked(created) == ["data"]
    assert linked(with_detail(created, requestParameters={"omitted": True})) == ["data", "data-bucket-keys"]


def test_the_buckets_of_a_cache_in_creation_are_linked_before_fsx_shows_its_associations(function: Function) -> None:
    function.sandbox.add_cache("fc-0aaa0aaa", ["data"], lifecycle="CREATING")
    function.sandbox.state.caches["fc-0aaa0aaa"].associations.clear()
    assert function(cache_created("fc-0aaa0aaa", "data"))["changed"] is True


def test_the_old_policy_is_in_the_log_before_the_new_one_is_written(function: Function) -> None:
    before, logged = function.sandbox.policy_text("data"), []
    function.sandbox.fault("kms:PutKeyPolicy", hook=lambda _: logged.extend(of(function.log(), "backup")))
    function(association_created("fs-0abc", "s3://data/"))
    assert [line["policy"] for line in logged] == [before]


def test_a_log_that_fails_keeps_the_policy_from_being_written(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("fcsse.aws_lambda._log_backup", full)
    with pytest.raises(UnexpectedError, match="no space"):
        function(association_created("fs-0abc", "s3://data/"))
    assert not [one for one in function.writes if "Put" in one]


def test_a_deny_that_comes_at_the_same_time_is_a_failure(function: Function) -> None:
    everybody = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    function.sandbox.second_writer("data", everybody, on="kms:PutKeyPolicy", after=True)
    answer = function(association_created("fs-0abc", "s3://data/"))
    assert (answer["result"], answer["changed"], answer["code"]) == ("failed", True, "impossible")
    (failed,) = of(function.log(), "failed")
    assert "statement 'No' of the key policy denies kms:Decrypt" in failed["message"]


def test_a_new_association_of_a_file_system_links_its_bucket_only(function: Function) -> None:
    function.sandbox.add_cache("fs-0bbb0bbb", ["data", "data-alias"])
    answer = function(association_created("fs-0bbb0bbb", "s3://data/some/prefix/"))
    assert answer["pairs"] == [{"bucket": "data", "status": "done", "summary": answer["pairs"][0]["summary"]}]  # type: ignore[index]
    assert function.sandbox.cache("fs-0bbb0bbb").read("data", "hello.txt").allowed
    assert not function.sandbox.cache("fs-0bbb0bbb").read("data-alias", "hello.txt").allowed


def nfs_cache_created(cache: str) -> dict[str, Any]:
    """CreateFileCache with an association to an NFS server, whose subdirectories are told beside its path."""
    given = cache_created(cache)
    link = {"fileCachePath": "/nfs", "dataRepositoryPath": "nfs://filer/", "dataRepositorySubdirectories": ["/a"]}
    given["detail"]["requestParameters"]["dataRepositoryAssociations"] = [{**link, "nfs": {"version": "NFS3"}}]
    return given


def with_detail(given: dict[str, Any], **detail: Any) -> dict[str, Any]:
    return {**given, "detail": {**given["detail"], **detail}}


GOOD = cache_created("fc-0123", "data")
DENIED = {"errorCode": "AccessDenied", "errorMessage": "User is not authorized", "responseElements": None}


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(with_detail(GOOD, **DENIED), id="refused"),
        pytest.param(with_detail(GOOD, errorCode="BadRequest"), id="refused, with an answer"),
        pytest.param(with_detail(GOOD, responseElements=None), id="no answer"),
        pytest.param(with_detail(GOOD, responseElements={"omitted": True}), id="answer left out for its size"),
        pytest.param(with_detail(GOOD, eventName="UpdateFileCache"), id="another call"),
        pytest.param(with_detail(GOOD, responseElements={"fileCache": {"fileCacheId": "x"}}), id="no id of ours"),
        pytest.param(association_created("fs-0abc", "nfs://filer/x"), id="no bucket"),
        pytest.param(cache_created("fc-0123"), id="a cache without associations"),
        pytest.param(nfs_cache_created("fc-0123"), id="a cache of an NFS server"),
        pytest.param(
            event("CreateFileSystem", {}, {"fileSystem": {"fileSystemId": "fs-0abc", "fileSystemType": "ONTAP"}}),
            id="a file system without a bucket",
        ),
        pytest.param(
            with_detail(association_created("fs-0abc", "s3://data/"), eventSource="elasticfilesystem.amazonaws.com"),
            id="another service",
        ),
        pytest.param({}, id="nothing"),
        pytest.param({"detail": "text"}, id="something else"),
    ],
)
def test_what_created_nothing_is_ignored(function: Function, given: dict[str, Any]) -> None:
    assert function(given) == {"result": "ignored"}
    assert [line["fcsse"] for line in function.log()] == ["ignored"]
    assert len(function.sandbox.requests) == 0


def test_what_cannot_pass_is_logged_and_the_event_is_done(function: Function) -> None:
    function.sandbox.add_cache("fc-0ccc0ccc", ["data-dsse"])
    answer = function(cache_created("fc-0ccc0ccc", "data-dsse"))
    assert (answer["result"], answer["code"]) == ("failed", "impossible")
    (failed,) = of(function.log(), "failed")
    assert "DSSE" in failed["message"]
    assert failed["hint"]


def test_what_is_no_general_purpose_bucket_is_a_failure(function: Function) -> None:
    """Such a cache is linked to something that fcsse does not judge: that is not "no S3 bucket is linked"."""
    function.sandbox.add_cache("fc-0a11", ["s3://data-abcdefgh-s3alias/in/"])
    function(cache_created("fc-0a11", "data-abcdefgh-s3alias"))
    (failed,) = of(function.log(), "failed")
    assert "access point" in failed["message"]


def test_what_is_linked_beside_a_failure_is_logged_with_its_old_policy(function: Function) -> None:
    function.sandbox.add_cache("fc-0ccc0ccc", ["data", "data-dsse"])
    before = function.sandbox.policy_text("data")
    answer = function(cache_created("fc-0ccc0ccc", "data", "data-dsse"))
    assert (answer["result"], answer["changed"]) == ("failed", True)
    assert function.sandbox.cache("fc-0ccc0ccc").read("data", "hello.txt").allowed
    log = function.log()
    assert [line["policy"] for line in of(log, "backup")] == [before]
    assert [line["keys"] for line in of(log, "partly linked")] == [[function.sandbox.key("data").arn]]


def test_what_can_pass_is_raised_although_another_bucket_can_never_be_linked(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    function.sandbox.add_cache("fc-0ccc0ccc", ["data-dsse", "data"])
    created = cache_created("fc-0ccc0ccc", "data-dsse", "data")
    for operation in ("kms:PutKeyPolicy", "kms:GetKeyPolicy"):
        function.sandbox.fault(operation, "ThrottlingException", times=None)
        with pytest.raises(BusyError):
            function(created, seconds=32)
        assert {line["code"] for line in of(function.log(), "failed")} == {"impossible", "busy"}
        function.sandbox.faults.clear()
    assert function(created)["changed"] is True
    assert function.sandbox.cache("fc-0ccc0ccc").read("data", "hello.txt").allowed


@pytest.mark.parametrize(
    ("operation", "code", "expected"),
    [
        ("kms:PutKeyPolicy", "ThrottlingException", BusyError),
        ("kms:DescribeKey", "KMSInternalException", BusyError),
        ("kms:GetKeyPolicy", "AccessDeniedException", DeniedError),
    ],
)
def test_what_can_pass_is_raised_so_that_lambda_tries_again(
    function: Function, monkeypatch: pytest.MonkeyPatch, operation: str, code: str, expected: type[FcsseError]
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    function.sandbox.fault(operation, code, times=None)
    with pytest.raises(expected):
        function(association_created("fs-0abc", "s3://data/"), seconds=32)
    (failed,) = of(function.log(), "failed")
    assert failed["code"] == expected.code
    function.sandbox.faults.clear()
    assert function(association_created("fs-0abc", "s3://data/"))["changed"] is True


def test_a_change_that_is_not_seen_in_time_is_raised_with_the_old_policy_in_the_log(function: Function) -> None:
    before = function.sandbox.policy_text("data")
    function.sandbox.late(policy_seconds=60)
    with pytest.raises(UnconfirmedError):
        function(association_created("fs-0abc", "s3://data/"), seconds=32)
    assert before in [line["policy"] for line in of(function.log(), "backup")]


def test_all_waiting_together_ends_before_lambda_ends_the_function(function: Function) -> None:
    function.sandbox.add_cache("fc-0fff0fff", ["data", "data-bucket-keys"], lifecycle="CREATING", role_calls=3)
    function.sandbox.late(policy_seconds=60)
    start = time.monotonic()
    with pytest.raises(UnconfirmedError):
        function(cache_created("fc-0fff0fff", "data", "data-bucket-keys"), seconds=38)
    assert len(of(function.log(), "backup")) == 2
    assert time.monotonic() - start < 15


@pytest.mark.usefixtures("no_waiting")
def test_waiting_ends_before_lambda_ends_the_function(function: Function) -> None:
    function.sandbox.add_cache("fc-0eee0eee", ["data"], lifecycle="CREATING", role=False)
    with pytest.raises(NotFoundError, match=r"after waiting") as raised:
        function(cache_created("fc-0eee0eee", "data"), seconds=330)
    waited = re.search(r"after waiting ([0-9]+) s", raised.value.message)
    assert waited, raised.value.message
    assert int(waited[1]) <= 300, "30 seconds are left for the work"
    (failed,) = of(function.log(), "failed")
    assert failed["code"] == "not-found"
