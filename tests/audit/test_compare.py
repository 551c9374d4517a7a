"""``audit --compare``: what is new, gone, changed, and what could not be checked again."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcsse.cli.output.audit_comparison import comparison_markdown
from fcsse.cli.output.audit_sarif import audit_sarif
from fcsse.commands.audit.compare import EarlierAudit, compare_account, missing_account
from fcsse.errors import UsageError
from fcsse.model import DOCUMENT_SCHEMA
from fcsse.sandbox.state import OlderLink
from tests.simulated import Shell


def finding(
    number: int, code: str = "access-missing", *caches: str, bucket: str = "data", **more: Any
) -> dict[str, Any]:
    pairs = [{"cache": cache, "bucket": bucket} for cache in caches or ("fc-0123",)]
    return {
        "id": f"F{number}",
        "severity": "high",
        "code": code,
        "title": f"{code} {bucket}",
        "cache": None,
        "bucket": bucket,
        "key": None,
        "region": "eu-west-1",
        "pairs": pairs,
        **more,
    }


def audited(
    *findings: dict[str, Any], access: str = "denied", regions: tuple[str, ...] = ("eu-west-1",)
) -> dict[str, Any]:
    named = {(pair["cache"], pair["bucket"]) for one in findings for pair in one["pairs"]}
    pairs = [{"cache": c, "bucket": b, "access": access, "region": "eu-west-1"} for c, b in sorted(named)]
    return {"account": "111122223333", "regions": list(regions), "pairs": pairs, "findings": list(findings)}


def test_new_gone_and_changed() -> None:
    old = audited(finding(1), finding(2, bucket="old"))
    now = audited(finding(1, "access-missing", "fc-0123", "fc-0456"), finding(2, bucket="fresh"))
    found = compare_account(old, now)
    assert [one["bucket"] for _, one in found.new] == ["fresh"]
    assert [one["bucket"] for _, one in found.gone] == ["old"]
    assert [(one.now["bucket"], one.worse) for one in found.changed] == [("data", True)]
    assert found.is_worse


@pytest.mark.parametrize(("before", "after", "worse"), [("partly", "denied", True), ("denied", "partly", False)])
def test_a_pair_that_loses_what_it_could_in_part_is_worse_though_its_finding_is_old(
    before: str, after: str, worse: bool
) -> None:
    found = compare_account(audited(finding(1), access=before), audited(finding(1), access=after))
    assert (found.unchanged, found.is_worse) == (1, worse)


def test_a_pair_of_which_nobody_knows_any_more_whether_it_has_access_is_worse_though_its_finding_is_old(
    shell: Shell, tmp_path: Path
) -> None:
    """Where grants may not be listed, the finding about the key is the same whichever pairs have access by the policy."""
    old, sandbox = tmp_path / "old.json", shell.sandbox
    for cache in list(sandbox.state.caches):
        sandbox.delete_cache(cache)
    before = sandbox.policy("data")
    for cache in ("fc-0aaa", "fc-0bbb"):
        sandbox.add_cache(cache, ["data"])
    assert shell.run("link", "--cache", "fc-0aaa", "--bucket", "data", "--yes").code == 0
    sandbox.fault("kms:ListGrants", "AccessDeniedException", times=None)
    _saved(shell, old)
    assert shell.run("audit", "--compare", str(old), "--new-only").code == 0
    sandbox.put_policy("data", before)
    run = shell.run("audit", "--compare", str(old), "--new-only")
    assert "fc-0aaa to data: allowed before, unknown now" in run.out
    assert run.code == 3, run.out


def test_file_systems_that_are_linked_without_an_association_are_not_gone_where_they_cannot_be_listed(
    shell: Shell, tmp_path: Path
) -> None:
    old, sandbox = tmp_path / "old.json", shell.sandbox
    for cache in list(sandbox.state.caches):
        sandbox.delete_cache(cache)
    sandbox.add_cache("fs-0aaa", older=OlderLink("s3://data/in", "s3://data/out"))
    _saved(shell, old)
    sandbox.fault("fsx:DescribeFileSystems", "InternalServerError", times=None)
    found = shell.run("audit", "--compare", str(old), "-o", "json")
    told = json.loads(found.out)["comparison"]
    assert (told["gone"], told["pairs"]["gone"]) == ([], [])
    assert [one["code"] for one in told["not_checked"]] == ["access-missing"]
    assert found.code == 3, "nobody knows whether all access is there"


def test_fewer_pairs_is_a_change_and_not_worse() -> None:
    found = compare_account(audited(finding(1, "access-missing", "fc-0123", "fc-0456")), audited(finding(1)))
    assert [one.worse for one in found.changed] == [False]
    assert not found.is_worse


def test_what_cannot_be_seen_now_is_not_gone() -> None:
    old = audited(finding(1))
    elsewhere = compare_account(old, audited(regions=("us-east-1",)))
    assert (elsewhere.gone, len(elsewhere.unchecked)) == ((), 1)
    unknown = audited(finding(1, "unreadable"), access="unknown")
    hidden = compare_account(old, unknown)
    assert ([one["code"] for _, one in hidden.unchecked], hidden.gone) == (["access-missing"], ())
    failed = compare_account(old, {**audited(), "error": {"code": "denied"}})
    assert len(failed.unchecked) == 1
    assert len(missing_account(old).unchecked) == 1
    for found in (elsewhere, failed):
        assert found.pairs_gone == (), "nobody looked for them"


def test_what_became_unreadable_is_not_gone() -> None:
    """Such as a bucket's own policy, on which no verdict hangs."""
    policy = finding(1, "bucket-policy")
    old = audited(policy, finding(2), access="denied")
    unread = finding(3, "unreadable", title="bucket data could not be read: no s3:GetBucketPolicy")
    found = compare_account(old, audited(unread))
    assert ([one["code"] for _, one in found.unchecked], found.gone) == (["bucket-policy", "access-missing"], ())
    linked = compare_account(old, audited(unread, access="allowed"))
    assert [one["code"] for _, one in linked.gone] == ["access-missing"]
    before = compare_account(audited(policy, unread), audited(unread))
    assert [one["code"] for _, one in before.gone] == ["bucket-policy"], "it was found without that reading"
    elsewhere = compare_account(old, audited(finding(3, "unreadable", "fc-0456", bucket="other")))
    assert len(elsewhere.gone) == 2


def test_several_findings_of_one_place_are_told_apart_by_title() -> None:
    one, two, three = (finding(n, "cache-gone", title=f"cache {n}") for n in (1, 2, 3))
    found = compare_account(audited(one, two), audited(two, three))
    assert found.unchanged == 1
    assert len(found.changed) + len(found.new) == 1


FINDINGS = st.lists(
    st.builds(
        lambda code, bucket, caches, severity: finding(1, code, *caches, bucket=bucket, severity=severity),
        st.sampled_from(["access-missing", "cache-gone"]),
        st.sampled_from(["a", "b", "c"]),
        st.sets(st.sampled_from(["fc-01", "fc-02", "fc-03"]), min_size=1).map(sorted),
        st.sampled_from(["high", "low"]),
    ),
    max_size=6,
)


@given(FINDINGS, FINDINGS)
def test_nothing_is_lost_or_told_twice(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> None:
    found = compare_account(audited(*before), audited(*now))
    kept = len(found.changed) + found.unchanged
    assert len(found.new) + kept == len(now)
    assert len(found.gone) + len(found.unchecked) + kept == len(before)


@given(FINDINGS)
def test_an_audit_against_itself_has_nothing_to_report(findings: list[dict[str, Any]]) -> None:
    found = compare_account(audited(*findings), copy.deepcopy(audited(*findings)))
    assert (found.new, found.gone, found.changed, found.unchecked) == ((), (), (), ())
    assert found.unchanged == len(findings)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"command": "check", "schema": "fcsse/2"}', '{"command": "audit", "schema": "fcsse/1"}',
     '{"command": "audit", "schema": "fcsse/2", "error": {}}', '{"command": "audit", "schema": "fcsse/2"}',
     '{"command": "audit", "schema": "fcsse/2", "account": "1", "pairs": [1], "findings": []}'],
)  # fmt: skip
def test_what_is_no_audit_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        EarlierAudit.parse(text, "old.json")
    assert "old.json" in caught.value.message
    assert "-o json" in caught.value.hint


def _saved(shell: Shell, file: Path, *words: str) -> None:
    file.write_text(shell.run("audit", *words, "-o", "json").out)


def test_the_command_says_what_changed_and_new_only_fails_for_new_ones(shell: Shell, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    _saved(shell, old)
    compared = ("audit", "--compare", str(old))
    assert shell.run(*compared).code == 3
    same = shell.run(*compared, "--new-only")
    assert (same.code, "0 new, 0 gone, 0 changed" in same.out) == (0, True)
    assert shell.run("link", "--cache", "fc-0456", "--bucket", "data-alias", "--yes").code == 0
    better = shell.run(*compared, "--new-only", "-o", "json")
    told = json.loads(better.out)
    assert (better.code, told["exit_code"]) == (0, 0)
    assert [one["code"] for one in told["comparison"]["gone"]] == ["access-missing"]
    assert [(one["bucket"], one["before"], one["access"]) for one in told["comparison"]["pairs"]["changed"]] == [
        ("data-alias", "denied", "allowed")
    ]
    shell.sandbox.add_cache("fc-0eee", ["data-key-id"])
    worse = shell.run(*compared, "--new-only", "-o", "markdown")
    assert worse.code == 3
    assert "| new |" in worse.out


def test_one_more_cache_without_access_is_worse_though_its_finding_is_old(shell: Shell, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    _saved(shell, old)
    shell.sandbox.add_cache("fc-0eee", ["data"])
    assert shell.run("audit", "--compare", str(old), "--new-only").code == 3


def test_another_account_s_audit_is_refused(shell: Shell, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    _saved(shell, old)
    other = shell.sandbox.add_account(shell.sandbox.other_account)
    run = shell.run("audit", "--compare", str(old), credentials=other)
    assert run.code == 2
    assert "of account 111122223333" in run.err


def test_a_missing_file_is_refused_before_anything_is_asked(shell: Shell) -> None:
    shell.sandbox.requests.clear()
    run = shell.run("audit", "--compare", "/nowhere.json")
    assert (run.code, len(shell.sandbox.requests)) == (2, 0)


@pytest.mark.nightly
def test_many_accounts(shell: Shell, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    words = ("--organization", "--role-name", "BucketReader")
    _saved(shell, old, *words)
    run = shell.run("audit", *words, "--compare", str(old), "--new-only", "-o", "json")
    assert run.code == 0, run.err
    assert json.loads(run.out)["comparison"]["new"] == []
    shell.sandbox.add_cache("fc-0eee", ["data-key-id"])
    run = shell.run("audit", *words, "--compare", str(old), "--new-only")
    assert run.code == 3
    assert "account 111122223333: " in run.out


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, one in parts for place in _places(one, (*at, name)))]


WHOLE = {"schema": DOCUMENT_SCHEMA, "command": "audit", **audited(finding(1, "access-missing", "fc-0123"))}


@pytest.mark.parametrize("wrong", [None, 7, 1.5, True, "text", "\ud800", [], {}, [[]], [None], {"a": {}}])
@pytest.mark.parametrize("place", _places(WHOLE)[1:])
def test_an_earlier_audit_that_was_edited_is_refused_or_compared(place: tuple[Any, ...], wrong: object) -> None:
    """And what is gone since is told in every form."""
    document = copy.deepcopy(WHOLE)
    holder: Any = document
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = wrong
    with suppress(UsageError):
        for before in EarlierAudit.parse(json.dumps(document), "old.json").accounts.values():
            compare_account(before, audited(finding(1), finding(2, bucket="other")))
            found = compare_account(before, audited())
            comparison_markdown(found.plus(missing_account(before)), "old.json").encode()
            audit_sarif([], 0, found)
