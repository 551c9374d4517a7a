"""``fcsse history``, and ``restore`` of what it lists, from the user's side."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from fcsse.arn import role_arn
from fcsse.cli.output.history import Shown, grant_words, summary
from fcsse.commands.history import Histories
from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.observed import Gap, GapReason
from fcsse.event_history.versions import Change
from tests.cli.shell import Shell
from tests.event_history import made

NO_EVENT = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _unthrottled(shell: Shell) -> None:
    """CloudTrail's two requests a second pass in the real time that nothing here waits for."""
    shell.sandbox.switches.lookups_per_second = 0


def foreign(sid: str) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "kms:DescribeKey",
        "Resource": "*",
    }


def written(shell: Shell, key: str, *sids: str) -> None:
    """Somebody writes the policy with these statements besides its first, an hour after the one before."""
    shell.sandbox.age_events(3600)
    policy = shell.sandbox.policy(key)
    policy["Statement"] = [shell.statements(key)[0], *map(foreign, sids)]
    kms = shell.sandbox.client("kms")
    kms.put_key_policy(KeyId=shell.sandbox.key(key).id, PolicyName="default", Policy=json.dumps(policy))


def changes(shell: Shell, *words: str) -> list[dict[str, Any]]:
    run = shell.run("history", *(words or ("--bucket", "data")), "-o", "json")
    assert run.code == 0, run.words
    found: list[dict[str, Any]] = run.json["keys"][0]["changes"]
    return found


def test_versions_with_who_when_how_and_what_changed(shell: Shell) -> None:
    written(shell, "data", "first")
    written(shell, "data", "first", "second")
    shell.sandbox.age_events(3600)
    shell.linked("fc-0123", "data")
    run = shell.run("history", "--bucket", "data")
    assert run.code == 0, run.words
    assert run.out.index("fcsse") > run.out.index('"second"'), "the newest comes last"
    assert "by user admin, with boto3" in run.out
    assert "with fcsse 0.1.0" in run.out
    assert "is not in the record" in run.out
    assert '+      "Sid": "second",' in run.out
    assert '"first"' not in [row.strip() for row in run.out.splitlines() if row.strip().startswith(("+", "-"))]
    assert "from 127.0.0.1" not in run.out
    assert "from 127.0.0.1" in shell.run("history", "--bucket", "data", "--source-address").out


def test_the_document(shell: Shell) -> None:
    written(shell, "data", "first")
    written(shell, "data", "second")
    one, two = changes(shell)
    assert one["version"]["before"] == "not recorded"
    assert one["version"]["diff"] == []
    assert two["version"]["before"] == "known"
    assert two["version"]["before_id"] == one["id"]
    assert any("second" in row for row in two["version"]["diff"])
    assert two["by"]["arn"] == "arn:aws:iam::111122223333:user/admin"
    assert "source_address" not in two
    assert changes(shell, "--bucket", "data", "--source-address")[0]["source_address"] == "127.0.0.1"


def test_grants_states_and_deletions(shell: Shell) -> None:
    key, kms = shell.sandbox.key("data"), shell.sandbox.client("kms")
    for via in ("grant",):
        shell.linked("fc-0123", "data", "--via", via)
    assert shell.unlink("fc-0123", "data", "--yes").code == 0
    made = kms.create_grant(
        KeyId=key.arn, GranteePrincipal=role_arn("aws", "111122223333", "fc-0456"), Operations=["Decrypt"]
    )
    kms.retire_grant(KeyId=key.arn, GrantId=made["GrantId"])
    kms.disable_key(KeyId=key.id)
    kms.enable_key(KeyId=key.id)
    kms.schedule_key_deletion(KeyId=key.id, PendingWindowInDays=9)
    kms.cancel_key_deletion(KeyId=key.id)
    out = shell.run("history", "--key", key.arn).out
    for text in (
        "grant created: fcsse:fc-0123:data, for arn:aws:iam::111122223333:role/aws-service-role/",
        "grant revoked: fcsse:fc-0123:data",
        "grant retired: ",
        "key disabled",
        "key enabled",
        "deletion scheduled, in 9 days",
        "deletion cancelled",
    ):
        assert text in out, text


@pytest.mark.parametrize("form", ["id", "alias", "alias ARN", "ARN"])
def test_a_key_by_any_of_its_names(shell: Shell, form: str) -> None:
    written(shell, "data", "first")
    key = shell.sandbox.key("data")
    names = {
        "id": key.id,
        "alias": "alias/data",
        "alias ARN": f"arn:aws:kms:eu-west-1:{key.account}:alias/data",
        "ARN": key.arn,
    }
    run = shell.run("history", "--key", names[form], "-o", "json")
    assert run.code == 0, run.words
    assert len(run.json["keys"][0]["changes"]) == 1
    assert run.json["keys"][0]["key"] == key.arn


def test_the_keys_of_a_cache(shell: Shell) -> None:
    written(shell, "data", "first")
    run = shell.run("history", "--cache", "fc-0123", "-o", "json")
    keys = {shell.sandbox.key(name).arn for name in ("data", "data-bucket-keys", "data-other-account")}
    assert {one["key"] for one in run.json["keys"]} == keys
    assert run.count("cloudtrail:LookupEvents") == 9, "one look-up for each event name, however many keys"
    assert any("recorded in that account only" in note for note in run.json["notes"])
    assert run.json["complete"] is False


def test_a_created_key_begins_with_its_own_policy(shell: Shell) -> None:
    kms = shell.sandbox.client("kms")
    policy = json.dumps({**shell.sandbox.policy("data"), "Id": "own"})
    arn = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    shell.sandbox.age_events(60)
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(shell.sandbox.policy("data")))
    created, put = changes(shell, "--key", arn)
    assert created["version"]["before"] == "none"
    assert put["version"]["before"] == "known"
    assert any("own" in row for row in put["version"]["diff"])


def test_failed_tries_on_request_only(shell: Shell) -> None:
    nobody = shell.sandbox.client(
        "kms",
        credentials=shell.user(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        ),
    )
    with pytest.raises(nobody.exceptions.ClientError):
        nobody.put_key_policy(KeyId=shell.sandbox.key("data").id, PolicyName="default", Policy="{}")
    assert changes(shell) == []
    (tried,) = changes(shell, "--bucket", "data", "--failed")
    assert tried["error"]["code"] == "AccessDenied"
    out = shell.run("history", "--bucket", "data", "--failed").out
    assert "failed: key policy written" in out
    assert "is not authorized to perform: kms:PutKeyPolicy" in out


def test_since_bounds_what_is_shown_not_what_it_is_compared_with(shell: Shell) -> None:
    written(shell, "data", "first")
    written(shell, "data", "second")
    (only,) = changes(shell, "--bucket", "data", "--since", "30m")
    assert only["version"]["before"] == "known"
    assert changes(shell, "--bucket", "data", "--since", "200d") == changes(shell)


@pytest.mark.parametrize("text", ["yesterday", "7", "7y", "2026-13-01", "d"])
def test_a_time_that_is_none_is_usage(idle: Shell, text: str) -> None:
    run = idle.run("history", "--bucket", "data", "--since", text)
    assert run.code == 2
    assert "7d" in run.err


def test_a_time_ahead_is_usage(shell: Shell) -> None:
    assert shell.run("history", "--bucket", "data", "--since", "2999-01-01").code == 2


@pytest.mark.parametrize(
    "words",
    [(), ("--bucket", "data", "--cache", "fc-0123"), (NO_EVENT, "--bucket", "data"), ("no-id",), ("--key", "key/x y")],
)
def test_words_that_do_not_go_together(idle: Shell, words: tuple[str, ...]) -> None:
    assert idle.run("history", *words).code == 2


def test_a_bucket_without_a_key_of_its_own(shell: Shell) -> None:
    for bucket in ("data-sse-s3", "data-aws-s3"):
        run = shell.run("history", "--bucket", bucket)
        assert run.code == 4
        assert "customer managed key" in run.err


def test_without_permission(shell: Shell) -> None:
    who = shell.user(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "kms:*"], "Resource": "*"}]}
    )
    run = shell.run("history", "--bucket", "data", credentials=who)
    assert run.code == 5
    assert "cloudtrail:LookupEvents" in run.err
    assert "fcsse permissions history" in run.err


def test_a_recorded_policy_prints_as_it_was_sent(shell: Shell) -> None:
    text = json.dumps(shell.sandbox.policy("data"), indent=7)
    shell.sandbox.client("kms").put_key_policy(KeyId=shell.sandbox.key("data").id, PolicyName="default", Policy=text)
    event = changes(shell)[0]["id"]
    assert shell.run("history", event).out == text + "\n"
    document = shell.run("history", event, "-o", "json").json
    assert document["policy"] == text
    assert document["key"] == shell.sandbox.key("data").arn


def test_an_id_that_is_not_in_the_record(shell: Shell) -> None:
    for command in ("history", "restore"):
        run = shell.run(command, NO_EVENT)
        assert run.code == 6
        assert "does not hold it" in run.err
        assert "--region" in run.err


def test_csv_is_one_row_a_change_and_no_formula(shell: Shell) -> None:
    written(shell, "data", "first")
    raw = shell.sandbox.state.trail.events[-1].written()
    raw["eventID"], raw["userAgent"] = "another", "=cmd()"
    shell.sandbox.add_event(raw, ago=10)
    rows = list(csv.DictReader(io.StringIO(shell.run("history", "--bucket", "data", "-o", "csv").out)))
    assert [row["event"] for row in rows] == ["PutKeyPolicy", "PutKeyPolicy"]
    assert {row["tool"] for row in rows} >= {"'=cmd()"}
    assert {row["source_address"] for row in rows} == {""}


def test_the_summary_claims_no_more_than_was_read() -> None:
    gap = Gap("eu-west-1", "PutKeyPolicy", GapReason.THROTTLED)
    whole = Histories((), (), (), made.NOON)
    assert summary(whole, Shown()) == "0 changes of 0 keys recorded in the last 90 days."
    for part in (whole._replace(gaps=(gap,)), whole._replace(foreign=(made.the_key(),))):
        assert summary(part, Shown()).endswith(" in the last 90 days, as far as the record was read.")


def test_a_grant_to_a_service_and_its_limit_to_a_resource_are_told() -> None:
    """KMS API reference, CreateGrant: GranteeServicePrincipal, and SourceArn among the constraints."""
    source = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
    given = {"granteeServicePrincipal": "dynamodb.amazonaws.com", "constraints": {"sourceArn": source}}
    given |= {"name": "one", "operations": ["Decrypt"]}
    change = Change(made.event(made.raw("CreateGrant", requestParameters=given)), KeyChange.GRANT_CREATED)
    assert grant_words(change) == f"one, for dynamodb.amazonaws.com (Decrypt, limited to sourceArn={source})"


@pytest.mark.parametrize("constraints", ["hidden", {"encryptionContextSubset": "HIDDEN_DUE_TO_SECURITY_REASONS"}, [1]])
def test_constraints_of_a_grant_that_are_not_told_are_none(shell: Shell, constraints: Any) -> None:
    written(shell, "data", "first")
    raw = shell.sandbox.state.trail.events[-1].written()
    raw |= {"eventID": "another", "eventName": "CreateGrant", "responseElements": {"grantId": "0123"}}
    raw["requestParameters"] = {
        "keyId": shell.sandbox.key("data").arn,
        "constraints": constraints,
        "operations": ["Decrypt"],
    }
    shell.sandbox.add_event(raw, ago=10)
    run = shell.run("history", "--bucket", "data")
    assert run.code == 0, run.words
    assert "grant" in run.out


def test_markdown_takes_no_text_for_markup(shell: Shell) -> None:
    written(shell, "data", "first")
    raw = shell.sandbox.state.trail.events[-1].written()
    raw["eventID"], raw["userIdentity"] = "another", {"type": "IAMUser", "userName": "a|b<c>[d]\n# e"}
    shell.sandbox.add_event(raw, ago=10)
    out = shell.run("history", "--bucket", "data", "-o", "markdown").out
    assert "a&#124;b&#60;c&#62;" in out
    assert "\n# e" not in out


def test_two_of_one_second_are_told(shell: Shell) -> None:
    written(shell, "data", "first")
    raw = shell.sandbox.state.trail.events[-1].written()
    policy = json.loads(raw["requestParameters"]["policy"])
    policy["Statement"].append(foreign("other"))
    raw = {**raw, "eventID": "other", "requestParameters": {**raw["requestParameters"], "policy": json.dumps(policy)}}
    place = shell.sandbox.state.trail.events[-1]
    shell.sandbox.state.trail.add(raw, place.account, place.region, at=place.time)
    out = shell.run("history", "--bucket", "data").out
    assert "does not record which of them came last" in " ".join(out.split())


@pytest.mark.parametrize("text", ["no JSON {", "[]", "null"])
def test_a_recorded_text_that_is_no_policy(shell: Shell, text: str) -> None:
    written(shell, "data", "first")
    raw = shell.sandbox.state.trail.events[-1].written()
    raw["requestParameters"] = {**raw["requestParameters"], "policy": text}
    raw["eventID"] = "11111111-0000-4000-8000-000000000000"
    shell.sandbox.add_event(raw)
    assert changes(shell)[-1]["version"]["problem"]
    assert shell.run("history", raw["eventID"]).out == text + "\n"
    run = shell.run("restore", raw["eventID"])
    assert run.code == 4, run.words
    assert not run.count("kms:PutKeyPolicy")


@pytest.mark.parametrize("parameters", [None, "cut", {"omitted": True}])
def test_cut_parameters_are_no_version(shell: Shell, parameters: object) -> None:
    written(shell, "data", "first")
    raw = shell.sandbox.state.trail.events[-1].written()
    raw |= {"requestParameters": parameters, "eventID": "11111111-0000-4000-8000-000000000000"}
    shell.sandbox.add_event(raw)
    assert changes(shell)[-1]["version"]["policy"] is None
    assert "does not hold the policy's text" in shell.run("history", "--bucket", "data").out
    for command in ("history", "restore"):
        assert shell.run(command, raw["eventID"]).code == 4


def test_entries_that_are_no_events_are_counted(shell: Shell) -> None:
    written(shell, "data", "first")
    shell.sandbox.add_event({"eventID": "x", "eventName": "PutKeyPolicy", "userIdentity": "gone", "resources": None})
    shell.sandbox.add_event({"eventID": "y", "eventName": None})
    run = shell.run("history", "--bucket", "data", "-o", "json")
    assert run.code == 0, run.words
    assert len(run.json["keys"][0]["changes"]) == 1
    assert run.json["keys"][0]["without_key"] == {"PutKeyPolicy": 1}


def test_a_busy_key_s_uses_take_no_pages(shell: Shell) -> None:
    """10,000 uses of the key lie before its one change: they are not looked at."""
    written(shell, "data", "first")
    use = {
        "eventName": "Decrypt",
        "eventSource": "kms.amazonaws.com",
        "resources": [{"ARN": shell.sandbox.key("data").arn}],
    }
    for number in range(10_000):
        shell.sandbox.add_event({**use, "eventID": str(number)})
    run = shell.run("history", "--bucket", "data", "-o", "json")
    assert len(run.json["keys"][0]["changes"]) == 1
    assert run.json["complete"] is True
    assert run.count("cloudtrail:LookupEvents") == 9


@pytest.mark.nightly
def test_more_versions_than_are_read_are_read_in_part_and_that_is_said(shell: Shell) -> None:
    written(shell, "data", "first")
    raw = shell.sandbox.state.trail.events[-1].written()
    for number in range(3_200):
        shell.sandbox.add_event({**raw, "eventID": f"many-{number}"}, ago=20_000 - number)
    run = shell.run("history", "--bucket", "data", "-o", "json")
    assert run.code == 0
    assert run.json["complete"] is False
    assert len(run.json["keys"][0]["changes"]) == 3_000
    assert run.json["keys"][0]["changes"][0]["version"]["before"] == "not read"
    assert any("What happened before is not known" in note for note in run.json["notes"])


def test_a_clock_that_is_behind_is_told(shell: Shell) -> None:
    written(shell, "data", "first")
    raw = shell.sandbox.state.trail.events[-1].written()
    shell.sandbox.add_event({**raw, "eventID": "ahead"}, ago=-7200)
    assert "clock is behind" in shell.run("history", "--bucket", "data").out


# restoring what was recorded


def test_a_recorded_version_is_put_back_through_the_same_steps(shell: Shell) -> None:
    written(shell, "data", "first")
    event = changes(shell)[0]["id"]
    before = shell.sandbox.policy("data")
    shell.sandbox.age_events(60)
    shell.linked("fc-0123", "data")
    refused = shell.run("restore", event, "--dry-run")
    assert (refused.code, "link fc-0123 to data" in refused.err) == (7, True)
    dry = shell.run("restore", event, "--dry-run", "--discard-others")
    assert dry.code == 0, dry.words
    assert "Version     " in dry.out
    assert "PutKeyPolicy by user admin" in dry.out
    assert '-      "Sid": "Allow FSx to use the key through S3 for bucket data",' in dry.out
    assert not dry.count("kms:PutKeyPolicy")
    assert shell.run("restore", event, "--discard-others", "--expect", "0" * 16).code == 7
    done = shell.run("restore", event, "--discard-others", "--expect", dry.digest)
    assert done.code == 0, done.words
    assert shell.sandbox.policy("data") == before
    assert shell.backups[-1]["key"] == shell.sandbox.key("data").arn, "what was there is saved first"
    assert "Nothing to do" in shell.run("restore", event).out


def test_others_changes_since_a_recorded_version_are_not_discarded_silently(shell: Shell) -> None:
    written(shell, "data", "first")
    event = changes(shell)[0]["id"]
    written(shell, "data", "first", "theirs")
    refused = shell.run("restore", event)
    assert refused.code == 7
    assert "'theirs'" in refused.err
    assert f"fcsse restore {event} --discard-others" in refused.err
    assert not refused.count("kms:PutKeyPolicy")
    done = shell.run("restore", event, "--discard-others")
    assert done.code == 0, done.words
    assert [one.get("Sid") for one in shell.statements("data")][1:] == ["first"]


def test_a_refused_try_cannot_be_restored(shell: Shell) -> None:
    kms = shell.sandbox.client("kms")
    with pytest.raises(kms.exceptions.ClientError):
        kms.put_key_policy(KeyId=shell.sandbox.key("data").id, PolicyName="default", Policy="{}")
    event = changes(shell, "--bucket", "data", "--failed")[0]["id"]
    run = shell.run("restore", event)
    assert run.code == 4
    assert "never was in force" in run.err


def test_an_event_without_a_policy_cannot_be_restored(shell: Shell) -> None:
    shell.sandbox.client("kms").disable_key(KeyId=shell.sandbox.key("data").id)
    event = changes(shell)[0]["id"]
    run = shell.run("restore", event)
    assert run.code == 2
    assert "kms:DisableKey, which holds no key policy" in run.err


def test_a_recorded_version_that_names_a_deleted_role(shell: Shell) -> None:
    shell.sandbox.add_role("Temporary")
    policy = shell.sandbox.policy("data")
    one = {**foreign("temporary"), "Principal": {"AWS": "AROAEXAMPLEEXAMPLE001"}}
    shell.sandbox.put_policy("data", {**policy, "Statement": [*policy["Statement"], one]}, verbatim=True)
    event = changes(shell)[0]["id"]
    shell.sandbox.put_policy("data", policy)
    run = shell.run("restore", event)
    assert run.code == 4
    assert "AROAEXAMPLEEXAMPLE001" in run.err
    assert f"fcsse history {event}" in run.err


def test_a_key_s_other_policy_is_no_version_of_its_key_policy(shell: Shell) -> None:
    """KMS API reference, GetKeyPolicy: a key that is shared by AWS RAM has a second policy, AWS_RAM."""
    written(shell, "data", "first")
    [event] = shell.sandbox.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutKeyPolicy"}]
    )["Events"]
    before = changes(shell)
    other = json.loads(event["CloudTrailEvent"])
    other["eventID"] = "5a1f6c3e-0b7d-4c53-9a55-0e2f6b1f9c11"
    other["requestParameters"]["policyName"] = "AWS_RAM"
    shell.sandbox.add_event(other)
    assert changes(shell) == before
    for words in (("history", other["eventID"]), ("restore", other["eventID"], "--dry-run")):
        run = shell.run(*words)
        assert (run.code, "policy AWS_RAM" in run.err) == (2, True), run.words
