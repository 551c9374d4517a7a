"""scripts/live-check --events: CloudTrail's events against the shapes that the sandbox plays, and what is said where one differs."""

import copy
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fcsse.sandbox import Sandbox
from tests.interfaces.test_live_check import SCRIPTS, LiveCheck, live

__all__ = ["live"]

USE, REFUSED_USE = "a cache's read or write that KMS allowed", "a cache's read or write that KMS refused"
SESSION = "Sessions of a cache's role are named FSx"
USERNAME = "Username beside a cache's call is the session's name"
KEY_NAMED = "A refusal names its key in the message, or says why not in known words"


@pytest.fixture(scope="module")
def record() -> Iterator[Any]:
    """The modules of the script, and the events of one played world."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        names = ("events", "event_shapes", "event_assumptions", "event_masking", "played_events")
        modules = {name: importlib.import_module(f"live.{name}") for name in names}
        yield SimpleNamespace(**modules, played=modules["played_events"].played())


def lines_of(record: Any, entries: Any) -> dict[str, tuple[str, str]]:
    read = record.events.Read(tuple(entries))
    lines = record.event_shapes.compare_events(read, record.played) + record.event_assumptions.event_lines(read)
    return {line.subject: (line.verdict, line.detail) for line in lines}


def altered(record: Any, kind: str, change: Callable[[dict[str, Any]], None]) -> dict[str, tuple[str, str]]:
    """The lines where the events of one kind are changed."""
    entries = []
    for entry in record.played:
        event = copy.deepcopy(dict(entry.event))
        if entry.kind is not None and entry.kind.value == kind:
            change(event)
        entries.append(record.events.Entry(entry.beside, event))
    return lines_of(record, entries)


def differing(lines: dict[str, tuple[str, str]]) -> set[str]:
    return {subject for subject, (verdict, _) in lines.items() if verdict == "differs"}


def test_every_shape_and_assumption_holds_in_the_sandbox(record: Any) -> None:
    lines = lines_of(record, record.played)
    written_by_fcsse = "A policy written with fcsse says in the user agent what it was made from"
    assert {subject for subject, (verdict, _) in lines.items() if verdict != "as assumed"} == {written_by_fcsse}
    assert {entry.kind for entry in record.played} >= set(record.events.Kind)


def gone(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(event: dict[str, Any]) -> None:
        held = event
        for name in path[:-1]:
            held = held[name]
        del held[path[-1]]

    return change


def put(value: Any, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(event: dict[str, Any]) -> None:
        held = event
        for name in path[:-1]:
            held = held[name]
        held[path[-1]] = value

    return change


def renamed_session(event: dict[str, Any]) -> None:
    who = event["userIdentity"]
    who["arn"] = who["arn"].rpartition("/")[0] + "/MandoService2842426183934887787"


def without_path(event: dict[str, Any]) -> None:
    issuer = event["userIdentity"]["sessionContext"]["sessionIssuer"]
    issuer["arn"] = issuer["arn"].partition(":role/")[0] + ":role/" + issuer["userName"]


def other_members(event: dict[str, Any]) -> None:
    event["responseElements"] = {"cache": {"id": event["responseElements"]["fileCache"]["fileCacheId"]}}


@pytest.mark.parametrize(
    ("kind", "change", "subjects", "words"),
    [
        (USE, renamed_session, {SESSION, USERNAME}, "MandoService<19 digits>"),
        (
            USE,
            without_path,
            {
                "A call of a cache's role names it with its path in sessionIssuer.arn, without in arn",
                "A use of a key for a cache names the key in resources",
            },
            "without a path",
        ),
        (USE, gone("resources"), {f"event of {USE}", "A use of a key for a cache names the key in resources"}, "leaves out resources"),
        (
            USE,
            put({"aws:s3:arn": "arn:aws:s3:::b", "tenant": "acme"}, "requestParameters", "encryptionContext"),
            {"Its encryption context is aws:s3:arn alone, a bucket's or an object's"},
            "<name>: <text>",
        ),
        (USE, put("s3.amazonaws.com", "userIdentity", "invokedBy"), {"S3 asks KMS for the cache as fas.s3.amazonaws.com"}, "s3.amazonaws.com"),
        (
            REFUSED_USE,
            put({"keyId": "x"}, "requestParameters"),
            {f"event of {REFUSED_USE}", "A refusal has no request parameters"},
            "with keyId",
        ),
        (
            REFUSED_USE,
            put([{"ARN": "arn:aws:kms:eu-west-1:111122223333:key/x"}], "resources"),
            {f"event of {REFUSED_USE}", "A refusal has no resources"},
            "with 1 resources",
        ),
        (REFUSED_USE, put("Refused.", "errorMessage"), {KEY_NAMED}, "Refused."),
        (REFUSED_USE, put("AccessDeniedException", "errorCode"), {"A refusal's code is AccessDenied"}, "AccessDeniedException"),
        (REFUSED_USE, renamed_session, {SESSION, USERNAME}, "MandoService<19 digits>"),
        ("PutKeyPolicy", put("cut", "requestParameters"), {"event of PutKeyPolicy", "PutKeyPolicy holds the whole policy text"}, "(text, not object)"),
        ("PutKeyPolicy", put("{", "requestParameters", "policy"), {"PutKeyPolicy holds the whole policy text"}, ""),
        ("PutKeyPolicy", put(None, "responseElements"), set(), ""),
        ("RetireGrant", gone("additionalEventData"), {"event of RetireGrant", "RetireGrant names the grant in additionalEventData alone"}, "additionalEventData"),
        ("CreateGrant", gone("responseElements", "grantId"), {"event of CreateGrant"}, "responseElements.grantId"),
        (
            "CreateFileCache",
            other_members,
            {
                "event of CreateFileCache",
                "The Lambda function reads CreateFileCache's event: the cache by its answer, the buckets by the request",
            },
            "responseElements.fileCache",
        ),
        ("CreateFileCache", put("arn", "responseElements", "fileCache", "dataRepositoryAssociationIds"), {"event of CreateFileCache"}, "(text, not list)"),
        (
            "PutBucketEncryption",
            put([{}], "requestParameters", "ServerSideEncryptionConfiguration", "Rule"),
            {"event of PutBucketEncryption", "PutBucketEncryption has a single Rule as an object"},
            "list",
        ),
    ],
)  # fmt: skip
def test_an_altered_member_is_named(
    record: Any, kind: str, change: Callable[[dict[str, Any]], None], subjects: set[str], words: str
) -> None:
    lines = altered(record, kind, change)
    assert differing(lines) == subjects
    assert not subjects or any(words in lines[subject][1] for subject in subjects), lines


@pytest.mark.parametrize(
    "message",
    [
        "User: arn:aws:sts::111122223333:assumed-role/R/FSx is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
        "User: arn:aws:sts::111122223333:assumed-role/R/FSx is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no",
    ],
)
def test_refusals_that_name_no_key_are_counted(record: Any, message: str) -> None:
    verdict, detail = altered(record, REFUSED_USE, put(message, "errorMessage"))[KEY_NAMED]
    assert verdict == "as assumed"
    assert '4 x "on th' in detail
    assert "1 x names the key" in detail


def test_what_was_not_recorded_is_not_told(record: Any) -> None:
    lines = lines_of(record, [entry for entry in record.played if entry.name == "PutKeyPolicy"])
    assert lines["event of CreateFileCache"] == ("not told", "none is among the events that were read")
    assert lines[SESSION] == ("not told", "no such event was read")


def test_events_are_masked(record: Any) -> None:
    event = {
        "userIdentity": {"arn": "arn:aws:sts::111122223333:assumed-role/Admin/jane", "userName": "jane", "accountId": "111122223333"},
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2 app/merger",
        "errorMessage": "User: arn:aws:iam::111122223333:user/jane may not use data of 192.0.2.7",
        "requestParameters": {
            "policy": '{"Statement": []}',
            "bucketName": "data",
            "keyId": "alias/merger",
            "encryptionContext": {"aws:s3:arn": "arn:aws:s3:::data/plans/merger.doc", "tenant": "acme"},
            "operations": ["Decrypt"],
        },
        "resources": [{"accountId": "AWS Internal", "ARN": "arn:aws:kms:eu-west-1:111122223333:key/x", "type": "AWS::KMS::Key"}],
    }  # fmt: skip
    text = json.dumps(record.event_masking.masked_event(event, names=("data",)))
    for secret in ("111122223333", "jane", "192.0.2.7", "merger", "acme", "tenant", "Admin", '"data"', "Statement"):
        assert secret not in text, secret
    for shown in ("<object ARN>", "AWS Internal", "AWS::KMS::Key", "Decrypt", "<alias>"):
        assert shown in text, shown


def test_the_whole_run_compares_reads_of_the_cache(live: LiveCheck, tmp_path: Path) -> None:
    aws: Sandbox = live.aws
    aws.cache("fc-0123").write("data", "refused")
    aws.add_cache("fc-0aaa", ["data"])
    plain = live()
    assert "events" not in plain.transcript
    assert "cloudtrail:LookupEvents" not in {one.operation for one in aws.requests}
    report = live("--events")
    assert (report.code, report.differing()) == (0, []), report.out + report.err
    for subject in (SESSION, KEY_NAMED, f"event of {REFUSED_USE}", "event of CreateFileCache"):
        assert report.lines[subject] == "as assumed", report.out
    assert report.lines["event of RetireGrant"] == "not told"
    kinds = {one["kind"]: one for one in report.transcript["events"]}
    assert kinds[REFUSED_USE]["examples"][0]["event"]["errorCode"] == "AccessDenied"
    for secret in (aws.account, aws.key("data").id, "fc-0aaa", '"data"', "AROA"):
        assert secret not in report.text, secret
    for one in aws.state.trail.events:
        if one.event["eventName"] == "CreateFileCache":
            other_members(one.event)
    report = live("--events")
    assert report.code == 3
    assert "event of CreateFileCache" in report.differing()


def test_without_the_permission_nothing_is_told_of_events(live: LiveCheck) -> None:
    live.aws.fault("cloudtrail:LookupEvents", "AccessDeniedException", message="fc-0123 may not", times=None)
    report = live("--events")
    assert report.code == 0, report.out + report.err
    assert report.lines[SESSION] == "not told"
    assert "AccessDeniedException" in report.out
