"""``fcsse audit --organization``: many accounts, one report, against the simulated AWS."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from fcsse.aws import checked_call
from fcsse.aws.organization_accounts import list_member_accounts
from fcsse.cli.output.terminal import Terminal
from fcsse.clock import SystemClock
from fcsse.commands.audit import organization_run
from fcsse.commands.audit.fix_state import FixRun, FixState
from fcsse.errors import UsageError
from fcsse.model import Member
from fcsse.policy.document import parsed
from fcsse.sandbox.wire import AwsError, Call
from tests.simulated import Shell
from tests.thorough import examples

ORG = ("audit", "--organization", "--role-name", "Audit")
THIRD, GONE, MISSING = "222233334444", "777788889999", "333344445555"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def organization(shell: Shell) -> Shell:
    """Five accounts: the caller's, two with the role, one without it, one that is suspended."""
    sandbox = shell.sandbox
    tree = sandbox.add_organization({sandbox.other_account: "Data", THIRD: "Shop", MISSING: "No role"})
    tree.add(GONE, "Closed", status="SUSPENDED")
    for account in (sandbox.other_account, THIRD):
        sandbox.add_role("Audit", account=account, trust=sandbox.account, policy=ALL)
    sandbox.add_cache("fc-0eee", ["data-other-account", "data-other-secret"])
    sandbox.add_bucket("shop", account=THIRD, algorithm="aws:kms", key=sandbox.add_key("shop", account=THIRD).arn)
    sandbox.add_cache("fc-0333", ["shop", "data-other-secret"], account=THIRD)
    sandbox.requests.clear()
    return shell


def document(shell: Shell, *words: str, code: int = 3) -> dict[str, Any]:
    run = shell.run(*(words or ORG), "-o", "json")
    assert run.code == code, run.err
    found: dict[str, Any] = json.loads(run.out)
    assert found["exit_code"] == code
    return found


def account(found: dict[str, Any], name: str) -> dict[str, Any]:
    one: dict[str, Any] = next(one for one in found["accounts"] if one["account"] == name)
    return one


def test_one_report_of_all_accounts_in_order(organization: Shell) -> None:
    found = document(organization)
    names = [one["account"] for one in found["accounts"]]
    assert names == sorted(names)
    assert len(names) == 5
    assert account(found, THIRD)["name"] == "Shop"
    assert {one["cache"] for one in account(found, THIRD)["pairs"]} == {"fc-0333"}
    summary = found["summary"]
    assert (summary["accounts"], summary["accounts_read"]) == (5, 3)
    assert (summary["accounts_unread"], summary["accounts_not_active"]) == (1, 1)
    pairs = [one for entry in found["accounts"] for one in entry["pairs"]]
    assert summary["pairs"] == len(pairs)
    buckets = {one["bucket"] for one in pairs}
    assert "data-other-secret" in buckets, "caches of two accounts are linked to it"
    assert f" {len(buckets)} buckets;" in organization.run(*ORG, "-q").out
    ids = [finding["id"] for one in found["accounts"] for finding in one["findings"]]
    assert len(ids) == len(set(ids))
    assert sum(summary["findings"].values()) == len(ids)


def test_an_account_s_part_is_what_its_own_audit_says(organization: Shell) -> None:
    whole = account(document(organization), THIRD)
    own = organization.run("audit", "-o", "json", credentials=organization.sandbox.add_account(THIRD))
    pairs = json.loads(own.out)["pairs"]
    assert {(one["bucket"], one["access"]) for one in whole["pairs"] if one["bucket"] == "shop"} == {
        (one["bucket"], one["access"]) for one in pairs if one["bucket"] == "shop"
    }


def test_the_bucket_and_key_of_another_account_are_read_by_its_own_role(organization: Shell) -> None:
    sandbox = organization.sandbox
    found = document(organization)
    for owner, cache in ((sandbox.account, "fc-0eee"), (THIRD, "fc-0333")):
        entry = account(found, owner)
        pair = next(one for one in entry["pairs"] if (one["cache"], one["bucket"]) == (cache, "data-other-secret"))
        assert (pair["access"], pair["bucket_account"], pair["key_account"]) == (
            "denied",
            sandbox.other_account,
            sandbox.other_account,
        )
        assert not [one for one in entry["findings"] if one["code"] == "unreadable"]


def test_a_pair_across_accounts_that_has_its_grant_is_allowed(organization: Shell) -> None:
    sandbox = organization.sandbox
    assert organization.run("link", "--cache", "fc-0123", "--bucket", "data-other-account", "--yes").code == 0
    pairs = account(document(organization), sandbox.account)["pairs"]
    pair = next(one for one in pairs if (one["cache"], one["bucket"]) == ("fc-0123", "data-other-account"))
    assert pair["key_account"] == sandbox.other_account
    assert any("grant" in name for name in pair["decided_by"]), pair


def test_a_missing_role_and_a_suspended_account_are_findings(organization: Shell) -> None:
    found = document(organization)
    (missing,) = account(found, MISSING)["findings"]
    assert (missing["code"], missing["severity"]) == ("account-unreadable", "medium")
    role = f"arn:aws:iam::{MISSING}:role/Audit"
    assert missing["title"] == f"account {MISSING} (No role) could not be read: no sts:AssumeRole on {role}"
    assert "--role-name" in missing["remedy"]
    assert account(found, MISSING)["error"]["code"] == "denied"
    (closed,) = account(found, GONE)["findings"]
    assert (closed["code"], closed["severity"]) == ("account-closed", "low")
    assert account(found, GONE)["error"] is None
    assert not [one for one in organization.sandbox.requests if GONE in str(one)]


def test_a_control_policy_that_denies_the_role_is_that_account_s_finding_only(organization: Shell) -> None:
    text = (
        "User: arn:aws:sts::222233334444:assumed-role/Audit/fcsse is not authorized to perform: "
        "fsx:DescribeDataRepositoryAssociations with an explicit deny in a service control policy"
    )

    before = document(organization)
    organization.sandbox.fault("fsx:*", hook=_of_account(organization, THIRD, text), times=None)
    found = document(organization)
    (finding,) = account(found, THIRD)["findings"]
    assert finding["code"] == "account-unreadable"
    assert finding["title"].endswith(" (Shop) could not be read: no fsx:DescribeDataRepositoryAssociations")
    assert "service control policy" in finding["remedy"]
    for name in (organization.sandbox.account, organization.sandbox.other_account):
        assert account(found, name) == account(before, name)


OFF = ("The security token included in the request is invalid.", "UnrecognizedClientException")
"""What a Region that is off for an account answers."""


def _of_account(
    shell: Shell, name: str, text: str, code: str = "AccessDeniedException", region: str | None = None
) -> Any:
    """Refuses what an account's role asks, in one Region or in all."""

    def refuse(call: Call) -> None:
        session = shell.sandbox.state.sessions.get(call.access_key)
        if session is not None and session.account == name and region in (None, call.region):
            raise AwsError(code, text)

    return refuse


def test_a_throttled_account_is_that_account_s_finding_only(organization: Shell) -> None:
    throttle = _of_account(organization, THIRD, "Rate exceeded", "ThrottlingException")
    organization.sandbox.fault("fsx:*", hook=throttle, times=None)
    (finding,) = account(document(organization), THIRD)["findings"]
    assert finding["title"].startswith(
        f"account {THIRD} (Shop) could not be read: listing the buckets of every cache: AWS"
    )


@pytest.mark.parametrize(("bucket", "call"), [("shop", "s3:*"), ("data-other-secret", "s3:*"), ("", "kms:*")])
def test_a_bucket_or_key_that_no_role_may_read_is_told_without_options_of_another_kind_of_audit(
    organization: Shell, bucket: str, call: str
) -> None:
    """``--bucket-role`` cannot be combined with ``--organization``."""

    def deny(asked: Call) -> None:
        if bucket in ("", asked.bucket) and asked.access_key in organization.sandbox.state.sessions:
            raise AwsError("AccessDenied", "no")

    organization.sandbox.fault(call, hook=deny, times=None)
    found = account(document(organization), THIRD)["findings"]
    unread = [one for one in found if one["code"] == "unreadable"]
    assert unread
    assert not [one for one in unread if "--bucket-" in one["remedy"]]
    assert any("has to be one of the accounts audited" in one["remedy"] for one in unread), unread


def test_a_region_that_is_off_in_one_account(organization: Shell) -> None:
    organization.sandbox.fault("fsx:*", hook=_of_account(organization, THIRD, *OFF), times=None)
    found = document(organization)
    (finding,) = account(found, THIRD)["findings"]
    assert finding["code"] == "account-unreadable"
    assert "Turn the Region on" in finding["remedy"]
    assert account(found, organization.sandbox.account)["pairs"]


def test_a_region_of_several_that_is_off_in_one_account(organization: Shell) -> None:
    organization.sandbox.fault("fsx:*", hook=_of_account(organization, THIRD, *OFF, region="us-east-1"), times=None)
    found = document(organization, *ORG, "--region", "eu-west-1", "--region", "us-east-1")
    (finding,) = [one for one in account(found, THIRD)["findings"] if one["code"] == "unreadable"]
    assert (finding["region"], finding["title"][:27]) == ("us-east-1", "us-east-1 could not be read")
    assert finding["remedy"].startswith("Turn the Region on for the account, or leave it out. If it is on: ")
    assert account(found, THIRD)["pairs"]


def test_every_form(organization: Shell, tmp_path: Path) -> None:
    text = organization.run(*ORG).out
    assert "Account 222233334444 (Shop)" in text
    assert "account 333344445555 (No role) could not be read" in text
    assert "credentials of that account" in text
    markdown = organization.run(*ORG, "-o", "markdown").out
    assert "| 222233334444 | Shop | 2 |" in markdown
    rows = list(csv.DictReader(io.StringIO(organization.run(*ORG, "-o", "csv").out)))
    found = document(organization)
    assert [row["id"] for row in rows] == [one["id"] for entry in found["accounts"] for one in entry["findings"]]
    assert {row["account_name"] for row in rows} >= {"Shop", "No role"}
    page = tmp_path / "audit.html"
    run = organization.run(*ORG, "-q", "--html", str(page))
    assert run.out.count("\n") == 1
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert data
    assert len(json.loads(data[1])["pairs"]) == found["summary"]["pairs"]


def test_accounts_of_a_file_without_asking_for_the_organization(organization: Shell, tmp_path: Path) -> None:
    file = tmp_path / "accounts.txt"
    file.write_text(f"{THIRD}\n{THIRD}\n{organization.sandbox.other_account}\n")
    found = document(organization, "audit", "--accounts", str(file), "--role-name", "Audit")
    assert [one["account"] for one in found["accounts"]] == [THIRD, organization.sandbox.other_account]
    assert not [one for one in organization.sandbox.requests if one.operation.startswith("organizations:")]
    assert [one.operation for one in organization.sandbox.requests].count("sts:AssumeRole") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("audit", "--role-name", "Audit"), "--role-name needs"),
        (("audit", "--organization", "--state", "x"), "--state needs"),
        ((*ORG, "--observed"), "--observed cannot be combined with"),
        ((*ORG, "--org-id", "o-a1b2c3d4e5"), "--org-id cannot be combined with"),
        ((*ORG, "--bucket-role", "arn:aws:iam::{account}:role/A"), "--bucket-role cannot be combined with"),
        (("audit", "--organization", "--role-name", "not a name"), "not the name of a role"),
        (("audit", "--organization", "--role-name", f"arn:aws:iam::{THIRD}:role/Audit"), "not the name of a role"),
        (("audit", "--accounts", "/nowhere"), "reading the accounts in /nowhere"),
        (("audit", "--new-only"), "--new-only needs"),
    ],
)
def test_wrong_words(organization: Shell, words: tuple[str, ...], told: str) -> None:
    run = organization.run(*words)
    assert (run.code, len(organization.sandbox.requests)) == (2, 0)
    assert told in run.err


def test_a_caller_who_may_not_list_the_accounts(organization: Shell) -> None:
    other = organization.sandbox.add_account(organization.sandbox.other_account)
    run = organization.run(*ORG, credentials=other)
    assert run.code == 5
    assert "management account" in run.err
    assert "--accounts" in run.err


def test_an_account_in_no_organization(shell: Shell) -> None:
    shell.sandbox.state.organization = None
    run = shell.run(*ORG)
    assert run.code == 4
    assert "in no organization" in run.err


def test_throttled_organizations(organization: Shell) -> None:
    organization.sandbox.fault("organizations:ListAccounts", "TooManyRequestsException", times=1)
    assert document(organization)["summary"]["accounts"] == 5
    organization.sandbox.fault("organizations:ListAccounts", "TooManyRequestsException", times=None)
    run = organization.run(*ORG)
    assert run.code == 1
    assert "listing the accounts of the organization" in run.err


def test_accounts_come_in_pages(organization: Shell) -> None:
    organization.sandbox.state.switches.page = 2
    assert document(organization)["summary"]["accounts"] == 5


def test_many_accounts_cost_a_request_each_where_the_role_is_missing(organization: Shell) -> None:
    """Almost all accounts of a new organization lack the role: each is a finding, and the rest is as it was."""
    sandbox, many = organization.sandbox, examples(1000, few=120)
    tree = sandbox.state.organization
    assert tree
    before = document(organization)
    for number in range(many - len(before["accounts"])):
        name = f"6{number:011d}"
        sandbox.add_account(name)
        tree.add(name, f"n{number}")
    sandbox.requests.clear()
    found = document(organization)
    names = [one["account"] for one in found["accounts"]]
    assert (len(names), names) == (many, sorted(set(names)))
    assert found["summary"]["accounts"] == many
    assert [one for one in found["accounts"] if one["account"][0] != "6"] == before["accounts"]
    new = [one for one in found["accounts"] if one["account"][0] == "6"]
    assert {finding["code"] for one in new for finding in one["findings"]} == {"account-unreadable"}
    asked = Counter(one.operation for one in sandbox.requests)
    assert asked["sts:AssumeRole"] == many - 2, "one each, but for the caller's own and the suspended one"
    assert asked["organizations:ListAccounts"] == many // 20
    assert sum(asked.values()) < 2 * many


def test_an_account_that_is_named_twice_is_read_once(organization: Shell, tmp_path: Path) -> None:
    other = organization.sandbox.other_account
    file = tmp_path / "accounts.txt"
    file.write_text(f"{other}\n{THIRD}\n{other} # again\n{THIRD}\n")
    found = document(organization, "audit", "--accounts", str(file), "--role-name", "Audit")
    assert [one["account"] for one in found["accounts"]] == sorted([other, THIRD])
    assert found["summary"]["accounts"] == 2
    assert organization.sandbox.requests.count("sts:AssumeRole") == 2


def test_an_account_that_organizations_lists_on_two_pages_is_read_once() -> None:
    """ListAccounts is paged while accounts come and go, so that one may be on two pages."""
    client = boto3.client("organizations", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    one = {"Id": THIRD, "Name": "Shop", "Status": "ACTIVE"}
    gone = {"Id": GONE, "Name": "Closed", "Status": "SUSPENDED"}
    with Stubber(client) as stub:
        stub.add_response("list_accounts", {"Accounts": [gone, one], "NextToken": "2"}, {})
        stub.add_response("list_accounts", {"Accounts": [one]}, {"NextToken": "2"})
        assert list_member_accounts(client) == (Member(THIRD, "Shop"), Member(GONE, "Closed", "SUSPENDED"))


class UnderWay:
    """How many requests are under way at once, at most."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()

    def enter(self, _: Call) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.05)
        with self._lock:
            self._now -= 1


def test_requests_at_once_are_bounded_over_all_accounts(organization: Shell) -> None:
    under_way, sandbox = UnderWay(), organization.sandbox
    for number in range(12):
        name = f"4444{number:08d}"
        sandbox.add_account(name)
        sandbox.state.organization.add(name, f"n{number}")  # type: ignore[union-attr]
        sandbox.add_role("Audit", account=name, trust=sandbox.account, policy=ALL)
        for bucket in range(8):
            sandbox.add_bucket(f"b-{number}-{bucket}", account=name)
        sandbox.add_cache(f"fc-0a{number:02x}", [f"b-{number}-{bucket}" for bucket in range(8)], account=name)
    sandbox.fault("*", hook=under_way.enter, times=None)
    document(organization)
    assert 16 < under_way.most <= 64


def test_one_account_does_not_take_all_connections(organization: Shell, tmp_path: Path) -> None:
    """A client keeps 16: a request beyond them would open a connection for itself alone."""
    under_way, sandbox = UnderWay(), organization.sandbox
    for bucket in range(40):
        sandbox.add_bucket(f"many-{bucket}", account=THIRD)
    sandbox.add_cache("fc-0bbb", [f"many-{bucket}" for bucket in range(40)], account=THIRD)
    sandbox.fault("*", hook=under_way.enter, times=None)
    file = tmp_path / "accounts.txt"
    file.write_text(THIRD)
    document(organization, "audit", "--accounts", str(file), "--role-name", "Audit")
    assert 8 < under_way.most <= 16


def test_own_buckets_cost_no_request_for_their_owner(organization: Shell) -> None:
    document(organization)
    asked = [one.operation for one in organization.sandbox.requests]
    assert asked.count("s3:ListBuckets") <= 3


def test_fix_writes_each_account_s_keys_by_its_own_role(organization: Shell, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    fixing = (*ORG, "--fix", "--state", str(state))
    tried = organization.run(*fixing, "--dry-run", "-o", "json")
    assert not [one for one in organization.sandbox.requests if one.operation == "kms:PutKeyPolicy"]
    assert not state.exists()
    digest = json.loads(tried.out)["fix"]["digest"]
    wrong = organization.run(*fixing, "--yes", "--expect", "0" * 16)
    assert wrong.code == 7
    run = organization.run(*fixing, "--yes", "--expect", digest, "-o", "json")
    found = json.loads(run.out)
    by_account = {one["account"]: one["access_after"] for one in found["fix"]["accounts"]}
    assert by_account[THIRD]["allowed"] >= 1
    pairs = account(document(organization), THIRD)["pairs"]
    assert next(one["access"] for one in pairs if one["bucket"] == "shop") == "allowed"


def rekey(shell: Shell, account: str, bucket: str) -> None:
    """Somebody gives a bucket another default key."""
    kms = shell.sandbox.client("kms", account=account)
    rule: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms.create_key()["KeyMetadata"]["Arn"]}
    shell.sandbox.client("s3", account=account).put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}
    )


def test_what_changed_while_other_accounts_were_fixed_is_not_fixed_by_the_old_plan(
    organization: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcsse.planning.review.STALE_AFTER", -1.0)
    sandbox, before = organization.sandbox, organization.sandbox.policy_text("shop")
    state = tmp_path / "state.json"
    changed: list[str] = []

    def once(_: Call) -> None:
        if not changed:
            changed.append("")
            rekey(organization, THIRD, "shop")

    sandbox.fault("kms:PutKeyPolicy", hook=once, times=None)
    words = (*ORG, "--fix", "--yes", "--state", str(state), "-o", "json")
    run = organization.run(*words)
    assert run.code == 7, run.err
    fixed = {one["account"]: one for one in json.loads(run.out)["fix"]["accounts"]}
    assert (fixed[sandbox.account]["exit_code"], fixed[THIRD]["exit_code"]) == (0, 7)
    assert "the role, bucket or key has changed for fc-0333 to shop" in run.err
    assert sandbox.policy_text("shop") == before
    assert json.loads(state.read_text())["accounts"].keys() == {sandbox.account}
    again = organization.run(*words)
    assert again.code != 7, again.err
    assert sandbox.cache("fc-0333").write("shop", "new.txt").allowed


def test_a_yes_holds_for_what_was_shown_and_nothing_else(
    organization: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("fcsse.planning.review.STALE_AFTER", -1.0)
    theirs = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}

    def yes(*_: object) -> bool:
        policy = organization.sandbox.policy("shop")
        organization.sandbox.put_policy("shop", {**policy, "Statement": [*policy["Statement"], theirs]})
        return True

    monkeypatch.setattr(Terminal, "asks", property(lambda _: True))
    monkeypatch.setattr(Terminal, "confirm", yes)
    run = organization.run(*ORG, "--fix", "--state", str(tmp_path / "state.json"))
    assert run.code == 7, run.err
    assert "what AWS holds has changed since it was shown" in run.err
    assert organization.sandbox.policy("shop")["Statement"][-1] == theirs
    assert organization.sandbox.cache("fc-0123").read("data", "hello.txt").allowed, "the other account was fixed"


def test_csv_is_told_beside_which_pairs_of_each_account_change(organization: Shell) -> None:
    run = organization.run(*ORG, "--fix", "--dry-run", "-o", "csv")
    assert "  change   data: fc-0123, fc-01234567890, fs-0abc (statement)\n" in run.err
    assert "  change   " not in run.out
    assert all(text.count(",") > 3 for text in run.out.splitlines())


@pytest.mark.parametrize("output", ["text", "json"])
def test_nothing_is_fixed_without_the_page_that_was_asked_for(organization: Shell, tmp_path: Path, output: str) -> None:
    page, words = (
        tmp_path / "audit.html",
        (*ORG, "--fix", "--yes", "--state", str(tmp_path / "state.json"), "-o", output),
    )
    run = organization.run(*words, "--html", "/dev/full")
    assert (run.code, "Nothing was written to AWS" in run.err) == (1, True), run.err
    assert not [one for one in organization.sandbox.requests if one.operation == "kms:PutKeyPolicy"]
    assert organization.run(*words, "--html", str(page)).code == 3
    assert "data-other-secret" in page.read_text()


def test_an_interrupted_fix_goes_on_where_it_was(organization: Shell, tmp_path: Path) -> None:
    state, sandbox = tmp_path / "state.json", organization.sandbox
    words = (*ORG, "--fix", "--yes", "--state", str(state), "-o", "json")

    def dawdle(call: Call) -> None:
        session = sandbox.state.sessions.get(call.access_key)
        if session is not None and session.account == THIRD:
            time.sleep(4)

    sandbox.fault("kms:PutKeyPolicy", hook=dawdle, times=None)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "fcsse", *words],
        env={**inherited, **sandbox.env()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not state.exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert json.loads(out)["exit_code"] == 130
    text = state.read_text()
    assert json.loads(text)["accounts"].keys() == {sandbox.account}
    assert json.loads(text)["finished"] is False
    expecting = organization.run(*words, "--expect", "0" * 16)
    assert (expecting.code, "has finished 1 account, and this plan is of the others" in expecting.err) == (7, True)
    for secret in ("simulated", "AKIA", "ASIA", "token", "Statement"):
        assert secret not in text
    assert state.stat().st_mode & 0o077 == 0
    sandbox.faults.clear()
    sandbox.requests.clear()
    tried = json.loads(organization.run(*ORG, "--fix", "--dry-run", "-o", "json").out)
    found = json.loads(organization.run(*words, "--expect", tried["fix"]["digest"]).out)
    assert found["summary"]["accounts_finished_earlier"] == 1
    assert sandbox.account not in [one["account"] for one in found["accounts"]]
    assert {one["account"] for one in found["fix"]["accounts"]} <= {THIRD, sandbox.other_account}
    assert json.loads(state.read_text())["finished"] is True
    pairs = account(document(organization), THIRD)["pairs"]
    assert next(one["access"] for one in pairs if one["bucket"] == "shop") == "allowed"
    again = json.loads(organization.run(*words).out)
    assert again["summary"]["accounts_finished_earlier"] == 0


ODD_CODE = {"schema": "fcsse.organization-fix/1", "run": {}, "accounts": {THIRD: 10**30}, "finished": False}


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"schema": "fcsse.organization-fix/1", "accounts": 1}', "\x00", json.dumps(ODD_CODE)]
)
def test_a_state_file_that_is_none_is_refused_before_anything_is_written(
    organization: Shell, tmp_path: Path, text: str
) -> None:
    state = tmp_path / "state.json"
    state.write_text(text)
    run = organization.run(*ORG, "--fix", "--yes", "--state", str(state))
    assert run.code == 2
    assert "--state" in run.err
    assert state.read_text() == text
    assert not [one for one in organization.sandbox.requests if one.operation == "kms:PutKeyPolicy"]


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        (FixRun("111122223333", "Other", ("eu-west-1",), False, False), "role_name"),
        (FixRun("111122223333", "Audit", ("us-west-2",), False, False), "regions"),  # of AWS_REGION or a profile
        (FixRun("111122223333", "Audit", ("eu-west-1",), False, False, ("http://localhost:4566",)), "endpoints"),
    ],
)
def test_a_state_file_of_another_run_is_refused(
    organization: Shell, tmp_path: Path, other: FixRun, differing: str
) -> None:
    state = tmp_path / "state.json"
    FixState.open(state, other, SystemClock()).finish(THIRD, 0)
    run = organization.run(*ORG, "--fix", "--yes", "--state", str(state))
    assert run.code == 2
    assert f"which differs in {differing}" in run.err


@pytest.mark.parametrize("code", [1, 7, 255])
def test_a_code_that_no_finished_account_has_is_no_state(tmp_path: Path, code: int) -> None:
    """It was counted as access that is there."""
    FixState.open(tmp_path / "state.json", AUDIT, SystemClock()).finish(THIRD, code)
    with pytest.raises(UsageError):
        FixState.open(tmp_path / "state.json", AUDIT, SystemClock())


def test_the_folder_of_the_state_file_is_made_for_this_user_alone(tmp_path: Path) -> None:
    state = FixState.open(tmp_path / "new" / "fcsse" / "state.json", AUDIT, SystemClock())
    state.try_place()
    assert [one.stat().st_mode & 0o077 for one in (state.path.parent, state.path.parent.parent)] == [0, 0]


@pytest.mark.parametrize("kind", ["no folder", "a link", "a pipe", "a folder", "a device", "two names"])
def test_a_state_file_that_cannot_be_written_is_told_before_anything_is(
    organization: Shell, tmp_path: Path, kind: str
) -> None:
    state, other = tmp_path / "state.json", tmp_path / "other"
    other.write_text("theirs")
    match kind:
        case "no folder":
            state = other / "state.json"
        case "a link":
            state.symlink_to(other)
        case "a pipe":
            os.mkfifo(state)
        case "a folder":
            state.mkdir()
        case "a device":
            state = Path("/dev/null")
        case _:
            state.hardlink_to(other)
    run = organization.run(*ORG, "--fix", "--yes", "--state", str(state))
    assert run.code in (1, 2), run.err
    assert "state file" in run.err
    assert "--state" in run.err
    assert other.read_text() == "theirs"
    assert not [one for one in organization.sandbox.requests if one.operation == "kms:PutKeyPolicy"]


AUDIT = FixRun("111122223333", "Audit", ("eu-west-1",), False, False)


@pytest.mark.parametrize(("days", "earlier"), [(0, 1), (2, 0), (-2, 0)])
def test_a_state_of_long_ago_says_nothing_of_how_accounts_are_now(
    organization: Shell, tmp_path: Path, days: int, earlier: int
) -> None:
    """The fix was interrupted and never gone on with; or the clock of this machine was wrong."""
    state, clock = tmp_path / "state.json", SystemClock()
    run = AUDIT._replace(endpoints=(organization.sandbox.url,))
    FixState.open(state, run, clock).finish(THIRD, 0)
    text = json.loads(state.read_text())
    state.write_text(json.dumps({**text, "begun_at": (clock.now() - timedelta(days=days)).isoformat()}))
    done = organization.run(*ORG, "--fix", "--yes", "--state", str(state))
    assert ("begins anew" in done.err) is bool(days)
    assert ("by an earlier run" in done.out) is bool(earlier)
    key = organization.sandbox.cache("fc-0333").write("shop", "new.txt").allowed
    assert key is not bool(earlier)


def test_an_account_that_has_left_or_was_closed_since_counts_no_more(organization: Shell, tmp_path: Path) -> None:
    state, accounts = tmp_path / "state.json", tmp_path / "accounts"
    accounts.write_text(f"{organization.sandbox.account}\n")
    words = ("audit", "--accounts", str(accounts), "--role-name", "Audit", "--fix", "--yes", "--state", str(state))
    alone = organization.run(*words).code
    opened = FixState.open(state, AUDIT._replace(endpoints=(organization.sandbox.url,)), SystemClock())
    opened.finish(THIRD, 5 if alone == 3 else 3)
    again = organization.run(*words)
    assert (again.code, "by an earlier run" in again.out) == (alone, False)


def test_what_was_made_of_the_policies_of_an_account_that_is_done_is_dropped(organization: Shell) -> None:
    """An organization has more of them than fit into memory."""
    texts: list[str] = []
    with organization.monkeypatch.context() as patch:
        patch.setattr(organization_run, "forget", texts.extend)
        document(organization)
    known = {text: parsed(text) for text in texts}
    assert len(known) > 2
    document(organization)
    assert not any(parsed(text) is one for text, one in known.items())


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_write_whose_answer_was_lost_is_told_at_the_end(organization: Shell, tmp_path: Path, output: str) -> None:
    sandbox = organization.sandbox
    sandbox.late(policy_reads=1000)
    sandbox.fault("kms:PutKeyPolicy", drop=True, after=True)
    sandbox.fault("kms:PutKeyPolicy", "ExpiredTokenException", nth=2, times=None)
    run = organization.run(*ORG, "--fix", "--yes", "--state", str(tmp_path / "state.json"), "-o", output)
    assert run.code == 5, run.err
    assert "Sent, but neither confirmed by AWS nor to be seen there afterwards" in run.err
    if output == "json":
        assert "neither confirmed" in json.loads(run.out)["fix"]["written"]


@pytest.mark.parametrize("shows", [True, False])
def test_a_role_that_answers_for_another_account_tells_nothing_of_its_own(
    organization: Shell, monkeypatch: pytest.MonkeyPatch, *, shows: bool
) -> None:
    """So does a cache of answers that knows requests by their URL alone: an account would pass for looked at that was not."""
    other = organization.sandbox.other_account

    def swap(call: Call) -> None:
        parameters = cast("dict[str, Any]", call.parameters)
        parameters["RoleArn"] = parameters["RoleArn"].replace(THIRD, other)

    organization.sandbox.fault("sts:AssumeRole", hook=swap, times=None)
    if not shows:  # a simulator may repeat the role that it was asked for
        monkeypatch.setattr(checked_call, "about_another", lambda *_: None)
    found = account(document(organization), THIRD)
    assert found["error"]["code"] == "unexpected"
    assert other in found["error"]["message"]
    assert not found["pairs"]
