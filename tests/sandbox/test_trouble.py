"""Faults, late changes, other writers, and the request log."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from fcsse.sandbox import Sandbox
from tests.sandbox.clients import OWN, ROOT, allow, policy, refused, slr

LOST = (ConnectionClosedError, EndpointConnectionError, ConnectionError)


@pytest.fixture(autouse=True)
def _key(sandbox: Sandbox) -> None:
    sandbox.add_key("data")


def key(sandbox: Sandbox) -> dict[str, str]:
    return {"KeyId": sandbox.key("data").id}


def sids(sandbox: Sandbox) -> list[str]:
    return [statement.get("Sid", "") for statement in sandbox.policy("data")["Statement"]]


def test_the_nth_call_fails_and_the_next_ones_do_not(sandbox: Sandbox) -> None:
    fault = sandbox.fault("kms:GetKeyPolicy", "ThrottlingException", nth=2, times=2)
    kms = sandbox.client("kms")
    kms.describe_key(**key(sandbox))
    outcomes = []
    for _ in range(5):
        try:
            kms.get_key_policy(**key(sandbox))
            outcomes.append("ok")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])
    assert outcomes == ["ok", "ThrottlingException", "ThrottlingException", "ok", "ok"]
    assert (fault.seen, fault.acted) == (5, 2)


def test_botocore_retries_what_passes(sandbox: Sandbox) -> None:
    sandbox.fault("kms:GetKeyPolicy", "KMSInternalException", status=500, times=2)
    assert sandbox.client("kms", attempts=4).get_key_policy(**key(sandbox))["Policy"]
    assert [entry.outcome for entry in sandbox.requests] == ["KMSInternalException", "KMSInternalException", "ok"]


def test_every_call_of_a_service_fails_until_cleared(sandbox: Sandbox) -> None:
    sandbox.fault("kms:*", "AccessDeniedException", message="made up", times=None)
    kms = sandbox.client("kms")
    assert refused(kms.list_keys) == ("AccessDeniedException", "made up")
    assert refused(kms.get_key_policy, **key(sandbox))[1] == "made up"
    assert sandbox.client("iam").list_roles()
    sandbox.faults.clear()
    assert kms.list_keys()["Keys"]


@pytest.mark.parametrize(
    ("service", "operation"), [("iam", "list_roles"), ("s3", "list_buckets"), ("fsx", "describe_file_caches")]
)
def test_faults_speak_each_service_s_language(sandbox: Sandbox, service: str, operation: str) -> None:
    sandbox.fault(f"{service}:*", "ServiceUnavailable", status=503)
    with pytest.raises(ClientError) as caught:
        getattr(sandbox.client(service), operation)()
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == ("ServiceUnavailable", 503)


def test_a_fault_after_the_effect_loses_only_the_answer(sandbox: Sandbox) -> None:
    sandbox.fault("kms:PutKeyPolicy", "KMSInternalException", status=500, after=True)
    text = policy(allow(ROOT, Sid="more"))
    assert refused(sandbox.client("kms").put_key_policy, Policy=text, **key(sandbox))[0] == "KMSInternalException"
    assert "more" in sids(sandbox)


@pytest.mark.parametrize(("after", "done"), [(False, False), (True, True)])
def test_a_dropped_connection_gives_no_answer(sandbox: Sandbox, after: bool, done: bool) -> None:
    sandbox.fault("kms:PutKeyPolicy", drop=True, after=after)
    with pytest.raises(LOST):
        sandbox.client("kms").put_key_policy(Policy=policy(allow(ROOT, Sid="more")), **key(sandbox))
    assert ("more" in sids(sandbox)) is done
    assert sandbox.requests.of("kms:PutKeyPolicy")[0].outcome == "dropped"


def test_a_delay_holds_up_only_its_own_call(sandbox: Sandbox) -> None:
    sandbox.fault("kms:GetKeyPolicy", delay=3.0)
    kms, iam = sandbox.client("kms"), sandbox.client("iam")
    slow = threading.Thread(target=lambda: kms.get_key_policy(**key(sandbox)))
    started = time.monotonic()
    slow.start()
    time.sleep(0.1)
    iam.list_roles()
    assert slow.is_alive()
    slow.join()
    assert time.monotonic() - started >= 3.0


def test_a_fault_can_be_kept_to_one_key(sandbox: Sandbox) -> None:
    other = sandbox.add_key("other")
    sandbox.fault("kms:*", "DependencyTimeoutException", matching=other.id)
    kms = sandbox.client("kms")
    assert kms.get_key_policy(**key(sandbox))
    assert refused(kms.get_key_policy, KeyId=other.id)[0] == "DependencyTimeoutException"


def test_policy_changes_can_show_late_by_reads(sandbox: Sandbox) -> None:
    """KMS developer guide, "Eventual consistency"."""
    sandbox.late(policy_reads=2)
    kms = sandbox.client("kms")
    kms.put_key_policy(Policy=policy(allow(ROOT, Sid="more")), **key(sandbox))
    seen = ["more" in kms.get_key_policy(**key(sandbox))["Policy"] for _ in range(4)]
    assert seen == [False, False, True, True]


def test_policy_changes_can_show_late_by_time_and_two_changes_at_once(sandbox: Sandbox) -> None:
    sandbox.late(policy_seconds=3.0)
    kms = sandbox.client("kms")
    before = kms.get_key_policy(**key(sandbox))["Policy"]
    for name in ("one", "two"):
        kms.put_key_policy(Policy=policy(allow(ROOT, Sid=name)), **key(sandbox))
    assert kms.get_key_policy(**key(sandbox))["Policy"] == before
    time.sleep(3.1)
    assert "two" in kms.get_key_policy(**key(sandbox))["Policy"]


def test_grants_can_show_late_and_still_be_idempotent(sandbox: Sandbox) -> None:
    sandbox.add_cache("fc-0123")
    sandbox.late(grant_reads=1)
    kms = sandbox.client("kms")
    given: dict[str, Any] = {"GranteePrincipal": slr("fc-0123"), "Operations": ["Decrypt"], "Name": "n", **key(sandbox)}
    first = kms.create_grant(**given)["GrantId"]
    assert kms.create_grant(**given)["GrantId"] == first
    assert [len(kms.list_grants(**key(sandbox))["Grants"]) for _ in range(2)] == [0, 1]
    kms.revoke_grant(GrantId=first, **key(sandbox))
    assert [len(kms.list_grants(**key(sandbox))["Grants"]) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(("after", "seen"), [(True, False), (False, True)])
def test_a_second_writer_writes_around_a_read(sandbox: Sandbox, after: bool, seen: bool) -> None:
    writer = sandbox.second_writer("data", nth=2, after=after)
    kms = sandbox.client("kms")
    assert "Foreign 1" not in kms.get_key_policy(**key(sandbox))["Policy"]
    assert ("Foreign 1" in kms.get_key_policy(**key(sandbox))["Policy"]) is seen
    assert (writer.wrote, sids(sandbox)) == (1, ["Enable IAM User Permissions", "Foreign 1"])
    kms.get_key_policy(**key(sandbox))
    assert writer.wrote == 1


def test_a_second_writer_brings_its_own_statement_and_leaves_other_keys_alone(sandbox: Sandbox) -> None:
    other = sandbox.add_key("other")
    sandbox.second_writer("data", allow(ROOT, Sid="mine"), on="kms:PutKeyPolicy", times=None)
    kms = sandbox.client("kms")
    kms.put_key_policy(KeyId=other.id, Policy=policy())
    assert sids(sandbox) == ["Enable IAM User Permissions"]
    kms.put_key_policy(Policy=policy(), **key(sandbox))
    assert sids(sandbox) == ["Enable IAM User Permissions", "mine"]


def test_a_busy_writer_loses_other_people_s_updates(sandbox: Sandbox) -> None:
    """Last writer wins: what was put between its read and its write is gone."""
    writer = sandbox.busy_writer("data", every=0.01, pause=0.05, keep=2)
    kms = sandbox.client("kms")
    lost = 0
    for number in range(6):
        document = policy(allow(ROOT, Sid=f"ours {number}"))
        kms.put_key_policy(Policy=document, **key(sandbox))
        time.sleep(0.12)
        lost += f"ours {number}" not in sids(sandbox)
    writer.stop()
    assert lost > 0
    assert len(writer.sids) > 3
    assert [sid for sid in sids(sandbox) if sid.startswith("Foreign")][-1] == writer.sids[-1]
    assert len([sid for sid in sids(sandbox) if sid.startswith("Foreign")]) <= 2


def test_the_log_holds_every_call(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    kms.get_key_policy(**key(sandbox))
    refused(sandbox.client("s3").head_bucket, Bucket="none")
    first, second = sandbox.requests
    assert (first.operation, first.account, first.region, first.outcome) == ("kms:GetKeyPolicy", OWN, "eu-west-1", "ok")
    assert first.parameters == key(sandbox)
    assert first.caller == f"arn:aws:iam::{OWN}:user/admin"
    assert "Boto3" in first.user_agent
    assert (second.operation, second.bucket, second.outcome, second.status) == (
        "s3:HeadBucket",
        "none",
        "NoSuchBucket",
        404,
    )
    assert sandbox.requests.count("kms:GetKeyPolicy") == 1
    sandbox.requests.clear()
    assert len(sandbox.requests) == 0


def test_writers_at_once_never_tear_a_policy(sandbox: Sandbox) -> None:
    texts = [policy(allow(ROOT, Sid=f"writer {number}")) for number in range(8)]

    def work(text: str) -> None:
        kms = sandbox.client("kms")
        for _ in range(5):
            kms.put_key_policy(Policy=text, **key(sandbox))
            assert kms.get_key_policy(**key(sandbox))["Policy"].count("writer") == 1

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entry.outcome for entry in sandbox.requests} == {"ok"}
    assert sandbox.requests.count("kms:PutKeyPolicy") == 40
