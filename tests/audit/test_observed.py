"""``fcsse audit --observed``: AWS's own record of all pairs, with one look-up for each event name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulated import Shell


@pytest.fixture(autouse=True)
def _unthrottled(shell: Shell) -> None:
    """CloudTrail's two requests a second pass in the real time that nothing here waits for."""
    shell.sandbox.switches.lookups_per_second = 0


def only(shell: Shell, *caches: str) -> None:
    """Nothing in the account but these caches, linked to data, with their access."""
    for cache in list(shell.sandbox.state.caches):
        shell.sandbox.delete_cache(cache)
    for cache in caches:
        shell.sandbox.add_cache(cache, ["data"])
        assert shell.run("link", "--cache", cache, "--bucket", "data", "--no-backup").code == 0


def refused(shell: Shell, cache: str) -> None:
    """AWS refuses a read of the cache that it has just allowed: as a rule without parameters and resources."""
    assert shell.sandbox.cache(cache).read("data", "hello.txt").allowed
    raw = shell.sandbox.state.trail.events[-1].written()
    arn = raw["resources"][0]["ARN"]
    del raw["resources"]
    message = f"User: {raw['userIdentity']['arn']} is not authorized to perform: kms:Decrypt on resource: {arn} because no VPC endpoint policy allows the kms:Decrypt action"
    shell.sandbox.age_events(600)
    shell.sandbox.add_event(
        {
            **raw,
            "eventID": f"refused {cache}",
            "errorCode": "AccessDenied",
            "errorMessage": message,
            "requestParameters": None,
        },
        ago=60,
    )


def test_a_disagreement_is_a_finding_of_its_own(shell: Shell) -> None:
    only(shell, "fc-0aaa", "fc-0bbb")
    assert shell.run("audit", "--observed").code == 0
    refused(shell, "fc-0aaa")
    run = shell.run("audit", "--observed", "-o", "json")
    assert run.code == 3
    document = json.loads(run.out)
    (finding,) = [one for one in document["findings"] if one["code"] == "record-disagrees"]
    assert finding["severity"] == "high"
    assert finding["pairs"] == [{"cache": "fc-0aaa", "bucket": "data"}]
    assert "no VPC endpoint policy allows" in finding["detail"][0]
    assert finding["commands"] == ["fcsse check --cache fc-0aaa --bucket data --observed"]
    pairs = {pair["cache"]: pair for pair in document["pairs"]}
    assert pairs["fc-0aaa"]["access"] == "allowed"
    assert "record-disagrees" not in str(shell.run("audit", "-o", "json").out)
    assert shell.run("audit").code == 0


def test_every_form_of_the_answer_tells_it(shell: Shell, tmp_path: Path) -> None:
    only(shell, "fc-0aaa")
    refused(shell, "fc-0aaa")
    page = tmp_path / "audit.html"
    text = shell.run("audit", "--observed", "--html", str(page))
    assert "AWS refuses fc-0aaa the key of bucket data" in " ".join(text.out.split())
    assert "Recorded by AWS (CloudTrail): calls of 1 pair of 1, 1 against the verdict" in text.out
    assert "allowed, but AWS refused it 1 minute ago" in " ".join(shell.run("audit", "--observed", "-v").out.split())
    assert "allowed, but AWS refused it 1 minute ago" in shell.run("audit", "--observed", "-o", "markdown").out
    assert "record-disagrees" in shell.run("audit", "--observed", "-o", "csv").out
    html = page.read_text(encoding="utf-8")
    assert "Recorded by AWS (CloudTrail)" in html
    assert "allowed, but AWS refused it 1 minute ago" in html


def test_one_look_up_for_each_event_name_not_for_each_pair(shell: Shell) -> None:
    only(shell, "fc-0aaa", "fc-0bbb", "fc-0ccc")
    for cache in ("fc-0aaa", "fc-0bbb"):
        assert shell.sandbox.cache(cache).read("data", "hello.txt").allowed
    shell.sandbox.requests.clear()
    run = shell.run("audit", "--observed", "-o", "json")
    assert shell.sandbox.requests.count("cloudtrail:LookupEvents") == 2
    pairs = {pair["cache"]: pair["observed"] for pair in json.loads(run.out)["pairs"]}
    assert pairs["fc-0aaa"][0]["agreement"] == "agrees"
    assert pairs["fc-0ccc"] == []


def test_with_all_pairs_known_a_refusal_that_names_no_key_is_put_down_to_the_only_one(shell: Shell) -> None:
    only(shell, "fc-0aaa")
    refused(shell, "fc-0aaa")
    shell.sandbox.state.trail.events[-1].event["errorMessage"] = (
        "not authorized on the resource associated with this ciphertext"
    )
    run = shell.run("audit", "--observed")
    assert run.code == 3
    assert "record-disagrees" in shell.run("audit", "--observed", "-o", "csv").out


def test_denied_pairs_are_told_with_aws_s_words_and_are_no_disagreement(shell: Shell) -> None:
    for cache in list(shell.sandbox.state.caches):
        shell.sandbox.delete_cache(cache)
    shell.sandbox.add_cache("fc-0aaa", ["data"])
    assert not shell.sandbox.cache("fc-0aaa").read("data", "hello.txt").allowed
    run = shell.run("audit", "--observed", "-o", "json")
    document = json.loads(run.out)
    assert run.code == 3
    assert "record-disagrees" not in {one["code"] for one in document["findings"]}
    (read,) = [one for one in document["pairs"][0]["observed"] if one["action"] == "kms:Decrypt"]
    assert read["text"].startswith("denied, as AWS reported at ")


def test_after_a_fix_the_record_still_counts(shell: Shell) -> None:
    only(shell, "fc-0aaa")
    refused(shell, "fc-0aaa")
    run = shell.run("audit", "--observed", "--fix", "--yes")
    assert run.code == 3


def test_from_python(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    import fcsse

    only(shell, "fc-0aaa")
    refused(shell, "fc-0aaa")
    for name, value in shell.sandbox.env().items():
        monkeypatch.setenv(name, value)
    answer = fcsse.audit(observed=True, session=boto3.Session())
    assert answer.observed is not None
    assert [one.asked.action for one in answer.observed.disagreements] == ["kms:Decrypt"]
    assert answer.exit_code == 3
    assert fcsse.audit(session=boto3.Session()).observed is None
    (pair,) = fcsse.check("fc-0aaa", "data", observed=True, session=boto3.Session())
    assert [one.disagrees for one in pair.observed] == [True, False]
    assert fcsse.check("fc-0aaa", "data", session=boto3.Session())[0].observed == ()
    history = fcsse.history(bucket="data", session=boto3.Session())
    (key,) = history.keys
    event = key.changes[-1].event
    assert event.policy is not None
    assert history.keys == fcsse.history(str(key.key), session=boto3.Session()).keys
    assert fcsse.restore(event.id, session=boto3.Session()).changed is False
