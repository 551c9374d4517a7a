"""``fcsse audit`` from its user's side, against the simulated AWS."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt

from fcsse.aws.client import Aws
from fcsse.cli.output.audit_documents import audit_csv
from fcsse.commands.audit.facts import Refusal
from fcsse.commands.audit.report import audit_of
from fcsse.discovery import fetcher
from fcsse.errors import DeniedError
from fcsse.sandbox.wire import AwsError
from tests.audit.factories import ACCOUNT, Made, documented, key_name

if TYPE_CHECKING:
    from fcsse.sandbox.wire import Call
    from tests.simulated import Shell

KEYS = {
    "schema",
    "command",
    "exit_code",
    "account",
    "regions",
    "regions_off",
    "regions_unread",
    "summary",
    "pairs",
    "findings",
}


def document(shell: Shell, *words: str) -> dict[str, Any]:
    run = shell.run("audit", *words, "-o", "json")
    found: dict[str, Any] = json.loads(run.out)
    assert found["exit_code"] == run.code
    return found


def of(found: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [finding for finding in found["findings"] if finding["code"] == code]


def test_the_worst_comes_first_with_its_command(shell: Shell) -> None:
    run = shell.run("audit")
    assert run.code == 3
    lines = run.out.splitlines()
    assert lines[0].startswith("Account 111122223333, eu-west-1: ")
    assert "2 of 10 pairs have access" in lines[0]
    severities = [text.split()[0] for text in lines if text.split() and text.split()[0] in ("high", "medium", "low")]
    assert severities == sorted(severities, key=["high", "medium", "low"].index)
    assert "$ fcsse link --cache fc-0123 --cache fc-01234567890 --cache fs-0abc --bucket data" in run.out
    assert "AWS says: Amazon File Cache is unable to access" in run.out
    assert "closest: statement" not in run.out
    assert "closest: statement" in shell.run("audit", "-v").out


def test_a_remedy_with_a_warning_is_told_without_being_asked_for(shell: Shell) -> None:
    text = shell.sandbox.policy("data")
    deny = {"Sid": "NoKeys", "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey", "Resource": "*"}
    text["Statement"] += [documented("data", "*"), deny]
    shell.sandbox.put_policy("data", text)
    shell.monkeypatch.setenv("COLUMNS", "140")
    out = " ".join(shell.run("audit").out.split())
    assert "Leave it: IAM has no role for fc-0ace, so that nothing else can give access." in out
    assert "Statement 'NoKeys' denies kms:GenerateDataKey." in out
    assert all(f"AWSServiceRoleForFSxS3Access_{cache}" in out for cache in ("fc-0123", "fc-01234567890", "fs-0abc"))


def test_fix_does_not_advise_itself(shell: Shell) -> None:
    assert "fcsse audit --fix can fix" in shell.run("audit").out
    assert "fcsse audit --fix can fix" not in shell.run("audit", "--fix", "--dry-run").out


def test_the_summary_wraps_at_words_on_a_terminal_only(shell: Shell) -> None:
    shell.monkeypatch.setenv("COLUMNS", "80")
    assert " findings (" in shell.run("audit").out.splitlines()[0]
    shell.monkeypatch.setattr("fcsse.cli.audit_answer.is_terminal", lambda _: True)
    lines = shell.run("audit").out.splitlines()
    assert all(len(text) <= 80 for text in lines[:2])
    assert lines[2] == ""
    assert len(shell.run("audit", "-q").out.splitlines()) == 1


def test_a_page_is_written_whole_or_not_at_all(shell: Shell, tmp_path: Any) -> None:
    page = tmp_path / "audit.html"
    page.write_text("the old one", encoding="utf-8")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with shell.monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        run = shell.run("audit", "--html", str(page))
    assert run.code == 1
    assert "No space left on device" in run.err
    assert page.read_text(encoding="utf-8") == "the old one"
    assert [one.name for one in tmp_path.iterdir() if one.suffix in (".html", ".part")] == ["audit.html"]
    shell.run("audit", "--html", str(page))
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_answer_is_told_although_the_page_cannot_be_written(shell: Shell, tmp_path: Any) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    shell.monkeypatch.setattr("fcsse.cli.html_file.write_whole", full)
    run = shell.run("audit", "--html", str(tmp_path / "audit.html"), "-o", "json")
    found = json.loads(run.out)
    assert (run.code, found["exit_code"], found["summary"]["pairs"]) == (1, 1, 10)
    assert "No space left on device" in run.err
    shell.sandbox.requests.clear()
    fixed = shell.run("audit", "--html", str(tmp_path / "audit.html"), "--fix", "--yes")
    assert (fixed.code, shell.sandbox.requests.count("kms:PutKeyPolicy")) == (1, 0)


def test_a_page_that_cannot_be_written_is_told_before_anything_is_asked(shell: Shell, tmp_path: Any) -> None:
    shell.sandbox.requests.clear()
    run = shell.run("audit", "--html", str(tmp_path / "none" / "audit.html"))
    assert (run.code, run.out) == (1, "")
    assert "No such file or directory" in run.err
    for file in ("", "-", str(tmp_path)):
        run = shell.run("audit", "--html", file)
        assert run.code == 2
        assert "defect" not in run.err
    assert len(shell.sandbox.requests) == 0


def test_nothing_is_written(shell: Shell) -> None:
    shell.sandbox.requests.clear()
    shell.run("audit", "--all-regions")
    reading = ("Get", "List", "Describe", "Head")
    assert all(one.operation.partition(":")[2].startswith(reading) for one in shell.sandbox.requests)


def test_regions_that_were_not_listed_before_it_ended_leave_no_traceback(
    shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    shell.monkeypatch.setattr(fetcher, "THREADS", 1)
    shell.monkeypatch.setattr(Aws, "association_pages", interrupted)
    run = shell.run("audit", "--all-regions")
    assert run.code == 130
    assert "exception calling callback" not in caplog.text


def test_an_account_in_order_ends_with_0(shell: Shell) -> None:
    for cache in ("fc-01234567890", "fs-0abc", "fc-0123", "fc-0456"):
        assert shell.run("link", "--cache", cache, "--yes").code == 0
    for cache in ("fc-0bad", "fc-0ace"):
        shell.sandbox.delete_cache(cache, role=False)
    run = shell.run("audit")
    assert "8 of 8 pairs have access" in run.out
    assert run.code == 0


def test_json_is_one_document_with_every_pair_and_finding(shell: Shell) -> None:
    found = document(shell)
    assert found.keys() >= KEYS
    assert found["schema"] == "fcsse/2"
    assert [(one["cache"], one["bucket"]) for one in found["pairs"]] == sorted(
        (one["cache"], one["bucket"]) for one in found["pairs"]
    )
    names = {finding["id"] for finding in found["findings"]}
    lacking = [one for one in found["pairs"] if one["access"] != "allowed"]
    assert lacking
    assert all(one["findings"] and set(one["findings"]) <= names for one in lacking)
    assert found["summary"]["pairs"] == len(found["pairs"]) == sum(found["summary"]["verdicts"].values())


def test_the_verdicts_are_those_of_check(shell: Shell) -> None:
    for pair in document(shell)["pairs"]:
        run = shell.run("check", "--cache", pair["cache"], "--bucket", pair["bucket"], "-o", "json")
        checked = json.loads(run.out)["pairs"][0]
        assert (pair["read"], pair["write"]) == (checked["read"], checked["write"]), pair


def test_csv_and_markdown_hold_the_same_findings(shell: Shell) -> None:
    found = document(shell)
    rows = list(csv.DictReader(io.StringIO(shell.run("audit", "-o", "csv").out, newline="")))
    assert [(row["id"], row["severity"], row["code"]) for row in rows] == [
        (one["id"], one["severity"], one["code"]) for one in found["findings"]
    ]
    markdown = shell.run("audit", "-o", "markdown").out
    assert markdown.count("\n| F") == len(rows)
    assert all(command in markdown for row in rows for command in row["commands"].splitlines())


NASTY = '=cmd() <script>alert(1)</script> [bold]x[/bold] | `tick` **star** ~~gone~~ #1 &lt; \\ \u202eright "q"'


def test_text_from_aws_is_never_markup(shell: Shell, tmp_path: Any) -> None:
    text = shell.sandbox.policy("data")
    text["Statement"].append(
        {"Sid": NASTY, "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey", "Resource": "*"}
    )
    shell.sandbox.put_policy_verbatim("data", json.dumps(text))
    terminal = shell.run("audit", "-v").out
    assert "<script>alert(1)</script> [bold]x[/bold]" in terminal
    assert "\u202e" not in terminal
    markdown = shell.run("audit", "-o", "markdown").out
    assert "<script>" not in markdown
    assert "**star**" not in markdown
    assert "| `" not in markdown
    rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)
    told = html.unescape(re.sub(r"<[^>]*>", "", rendered))
    assert f"Statement '{NASTY}' denies".replace("\u202e", "\\u202e") in told
    page = tmp_path / "audit.html"
    shell.run("audit", "--html", str(page))
    written = page.read_text(encoding="utf-8")
    assert "<script>alert" not in written
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [bold]x[/bold]" in written


def test_cells_that_a_spreadsheet_would_run_are_quoted() -> None:
    made = Made()
    made.link("fc-0aaa", "data", None)
    hint = '=HYPERLINK("http://x")'
    refused = DeniedError("no", hint, action="kms:GetKeyPolicy", resource=f"key {key_name(1)}")
    text = audit_csv(audit_of(made.done(Refusal("policy", (key_name(1), ACCOUNT), refused))))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["remedy"] == f"'{hint}"


def test_an_unreadable_key_is_a_finding_and_not_the_end(shell: Shell) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    hidden = {"Effect": "Deny", "Action": "kms:GetKeyPolicy", "Resource": shell.sandbox.key("data").arn}
    run = shell.run_with({"Version": "2012-10-17", "Statement": [everything, hidden]}, "audit", "-o", "json")
    found = json.loads(run.out)
    assert run.code == 3
    (finding,) = [one for one in of(found, "unreadable") if one["key"]]
    assert finding["title"] == f"key {shell.sandbox.key('data').arn} could not be read: no kms:GetKeyPolicy"
    assert {one["bucket"] for one in finding["pairs"]} == {"data"}
    assert of(found, "access-missing"), "the other keys are judged"


def test_an_unreadable_bucket_is_a_finding_and_not_the_end(shell: Shell) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    hidden = {"Effect": "Deny", "Action": "s3:GetEncryptionConfiguration", "Resource": "arn:aws:s3:::data"}
    run = shell.run_with({"Version": "2012-10-17", "Statement": [everything, hidden]}, "audit", "-o", "json")
    (finding,) = [one for one in of(json.loads(run.out), "unreadable") if one["bucket"] == "data"]
    assert finding["title"] == "bucket data could not be read: no s3:GetEncryptionConfiguration"
    assert len(json.loads(run.out)["pairs"]) == 10


def test_without_iam_list_roles_each_role_is_asked_for(shell: Shell) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    hidden = {"Effect": "Deny", "Action": "iam:ListRoles", "Resource": "*"}
    run = shell.run_with({"Version": "2012-10-17", "Statement": [everything, hidden]}, "audit", "-o", "json")
    found = json.loads(run.out)
    assert found["summary"]["verdicts"]["allowed"] == 2
    assert "iam:ListRoles" in of(found, "unreadable")[0]["title"]


def test_a_missing_role_is_told_as_such_to_who_may_not_list_roles(shell: Shell) -> None:
    """Such as somebody with the policy that ``fcsse permissions check`` prints."""
    policy = json.loads(shell.run("permissions", "check").out)
    found = json.loads(shell.run_with(policy, "audit", "-o", "json").out)
    assert "fc-0ace" in {one["cache"] for one in of(found, "role-missing")}
    assert of(found, "key-gone") == []
    (listing,) = [one for one in of(found, "unreadable") if "iam:ListRoles" in one["title"]]
    assert "needs iam:ListRoles" in listing["remedy"]
    assert "--bucket-role" not in listing["remedy"]


def test_a_role_that_never_comes_is_no_alarm_once_every_cache_has_access(shell: Shell) -> None:
    """Where the creator of a cache lacked a permission there is no role: the statement for every cache is all there is."""
    shell.sandbox.add_cache("fc-0abe", ["data-bucket-keys"], role=False)

    def told() -> dict[str, Any]:
        (finding,) = [one for one in of(document(shell), "role-missing") if one["cache"] == "fc-0abe"]
        return finding

    before = told()
    assert before["severity"] == "high"
    (command,) = before["commands"]
    assert shell.run(*command.split()[1:], "--yes").code == 0
    after = told()
    assert (after["severity"], after["commands"]) == ("info", [])
    assert "every cache" in " ".join(after["detail"])
    (pair,) = [one for one in document(shell)["pairs"] if one["cache"] == "fc-0abe"]
    assert pair["access"] == "unknown"
    shell.sandbox.set_bucket_encryption("data-bucket-keys", key=shell.sandbox.key("data-bucket-keys").arn)
    assert told()["severity"] == "high", "the statement is for the other form of encryption context"


def test_a_region_that_does_not_exist_is_a_usage_error_with_a_near_one(shell: Shell) -> None:
    found = document(shell, "--region", "us-esat-1")
    assert (found["exit_code"], found["error"]["code"]) == (2, "usage")
    assert "us-esat-1" in found["error"]["message"]
    assert "us-east-1" in found["error"]["hint"]
    assert document(shell, "--region", "us-west-2")["findings"] == []


def test_a_region_of_the_environment_that_does_not_exist_is_a_finding(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--region`` may be typed wrongly; what the environment says was not said to this command."""
    settings = shell.sandbox.env() | {"AWS_REGION": "us-esat-1", "AWS_DEFAULT_REGION": "us-esat-1"}
    monkeypatch.setattr(shell.sandbox, "env", lambda **_: settings)
    found = document(shell)
    (finding,) = of(found, "region-unheard-of")
    assert found["exit_code"] == 0
    assert "us-east-1" in finding["remedy"]
    assert "us-esat-1" in finding["title"]


def test_nobody_is_told_of_no_access_where_nothing_could_be_read(shell: Shell) -> None:
    nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    run = shell.run_with({"Version": "2012-10-17", "Statement": [nothing]}, "audit", "-o", "json")
    assert run.code == 5
    assert json.loads(run.out)["error"]["code"] == "denied"


def test_several_regions_and_all_of_them(shell: Shell) -> None:
    sandbox = shell.sandbox
    sandbox.add_cache("fc-0fa7", ["data-other-region"], region="us-east-1")

    def off(call: Call) -> None:
        if call.region == "me-south-1":
            raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.")

    assert "fc-0fa7" not in shell.run("audit", "-v").out
    both = document(shell, "--region", "us-east-1", "--region", "eu-west-1")
    assert both["regions"] == ["us-east-1", "eu-west-1"]
    assert {"cache": "fc-0fa7", "bucket": "data-other-region"} in of(both, "access-missing")[-1]["pairs"]
    sandbox.fault("fsx:*", hook=off, times=None)
    everywhere = document(shell, "--all-regions")
    assert everywhere["regions_off"] == ["me-south-1"]
    assert everywhere["regions_unread"] == []
    assert {"eu-west-1", "us-east-1"} <= set(everywhere["regions"])
    assert (
        "Not turned on for the account, or closed to these credentials, so not read: me-south-1."
        in shell.run("audit", "--all-regions").out
    )
    assert shell.run("audit", "--region", "me-south-1").code == 5, "a Region that was named is not passed over"


def test_a_region_that_is_on_in_every_account_is_not_called_off(shell: Shell) -> None:
    """AWS Account Management guide: the Regions from before March 20, 2019 cannot be turned off."""

    def refuse(call: Call) -> None:
        if call.region in ("eu-west-2", "me-south-1"):
            raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.")

    for cache in list(shell.sandbox.state.caches):
        shell.sandbox.delete_cache(cache)
    shell.sandbox.fault("fsx:*", hook=refuse, times=None)
    found = document(shell, "--all-regions")
    assert found["exit_code"] == 5
    assert found["regions_off"] == ["me-south-1"]
    assert [one["region"] for one in found["regions_unread"]] == ["eu-west-2"]


@pytest.mark.parametrize("expired", [True, False])
def test_a_region_in_which_credentials_expired_or_something_was_listed_is_not_called_off(
    shell: Shell, *, expired: bool
) -> None:
    """Its caches would pass for looked at, with exit code 0. A Region that is off knows no credentials, from the first request on."""

    def refuse(call: Call) -> None:
        if call.region == "me-south-1" and expired:
            raise AwsError("ExpiredTokenException", "The security token included in the request is expired")
        if call.region == "me-south-1" and call.parameters.get("NextToken"):
            raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.")

    for cache in list(shell.sandbox.state.caches):
        shell.sandbox.delete_cache(cache)
    for number in range(4):
        shell.sandbox.add_cache(f"fc-0fa{number}", ["s3://data-sse-s3/"] * 8, region="me-south-1")
    shell.sandbox.fault("fsx:*", hook=refuse, times=None)
    found = document(shell, "--all-regions")
    assert found["exit_code"] == 5
    assert found["regions_off"] == []
    assert [one["region"] for one in found["regions_unread"]] == ["me-south-1"]


def test_a_region_that_refuses_is_a_finding(shell: Shell) -> None:
    def refuse(call: Call) -> None:
        if call.region == "us-east-1":
            raise AwsError("AccessDeniedException", "not authorized with an explicit deny in a service control policy")

    shell.sandbox.fault("fsx:*", hook=refuse, times=None)
    found = document(shell, "--region", "eu-west-1", "--region", "us-east-1")
    assert [one["region"] for one in found["regions_unread"]] == ["us-east-1"]
    assert (
        of(found, "unreadable")[0]["title"] == "us-east-1 could not be read: no fsx:DescribeDataRepositoryAssociations"
    )


def test_a_region_that_refuses_is_no_region_that_is_off(shell: Shell) -> None:
    def refuse(call: Call) -> None:
        if call.region == "us-east-1":
            raise AwsError("AccessDeniedException", "not authorized with an explicit deny in a service control policy")

    shell.sandbox.fault("fsx:*", hook=refuse, times=None)
    found = document(shell, "--all-regions")
    assert found["regions_off"] == []
    assert [one["region"] for one in found["regions_unread"]] == ["us-east-1"]


def test_other_accounts_by_a_pattern(shell: Shell) -> None:
    sandbox = shell.sandbox
    reading = ["s3:Get*", "s3:ListBucket", "kms:Describe*", "kms:Get*", "kms:List*"]
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": reading, "Resource": "*"}]}
    sandbox.add_role("Audit", account=sandbox.other_account, trust=sandbox.account, policy=allow)
    sandbox.add_cache("fc-0eee", ["data-other-account", "data-other-secret", "data-other-console"])
    without = document(shell)
    assert {one["bucket"] for one in of(without, "unreadable") if one["bucket"]} >= {"data-other-secret"}
    pattern = "arn:aws:iam::{account}:role/Audit"
    shell.sandbox.requests.clear()
    found = document(shell, "--bucket-role", pattern, "--bucket-account", sandbox.other_account)
    assert of(found, "unreadable") == []
    assert [one.operation for one in shell.sandbox.requests].count("sts:AssumeRole") == 1
    secret = next(one for one in found["pairs"] if one["bucket"] == "data-other-secret")
    assert secret["access"] == "denied"
    some = document(shell, "--bucket-role", pattern)
    assert {one["bucket"] for one in of(some, "unreadable")} == {"data-other-secret"}, "a key tells its account"


def test_a_role_of_another_account_that_cannot_be_assumed_is_told(shell: Shell) -> None:
    found = document(shell, "--bucket-role", "arn:aws:iam::{account}:role/Nobody")
    assert any("sts:AssumeRole" in one["title"] for one in of(found, "unreadable"))


def test_the_order_does_not_depend_on_who_answers_first(shell: Shell) -> None:
    first = document(shell)

    def dawdle(call: Call) -> None:
        time.sleep(0.02 * (hash((call.name, call.bucket)) % 3))

    shell.sandbox.fault("*", hook=dawdle, times=None)
    again = document(shell)
    assert again == first


def test_requests_grow_with_things_and_not_with_pairs(shell: Shell) -> None:
    sandbox = shell.sandbox
    keys = [sandbox.add_key(f"key-{number}").arn for number in range(2)]
    for number in range(6):
        sandbox.add_bucket(f"many-{number}", algorithm="aws:kms", key=keys[number % 2])

    def requests(caches: int) -> int:
        for number in range(caches):
            sandbox.add_cache(f"fc-0f{number:02x}", [f"many-{bucket}" for bucket in range(6)])
        sandbox.requests.clear()
        document(shell)
        return len([one for one in sandbox.requests if "DataRepository" not in one.operation])

    few = requests(1)
    assert requests(8) == few


def test_at_most_sixteen_requests_at_once(shell: Shell) -> None:
    lock = threading.Lock()
    under_way = most = 0

    def enter(_: Call) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.03)
        with lock:
            under_way -= 1

    for number in range(30):
        shell.sandbox.add_bucket(f"wide-{number}")
    shell.sandbox.add_cache("fc-0aaa", [f"wide-{number}" for number in range(30)])
    shell.sandbox.fault("*", hook=enter, times=None)
    document(shell)
    assert 4 < most <= 16


@pytest.mark.parametrize(
    "words", [("--dry-run",), ("--expect", "0" * 16), ("--prune-orphans",), ("--fix", "--exit-code")]
)
def test_options_that_need_another(shell: Shell, words: tuple[str, ...]) -> None:
    run = shell.run("audit", *words)
    assert run.code == 2
    assert " needs --" in run.err


def test_wrong_words(shell: Shell) -> None:
    assert shell.run("audit", "--region", "eu-west-1", "--all-regions").code == 2
    assert shell.run("audit", "--region", "nowhere").code == 2
    assert shell.run("audit", "--bucket-role", "Audit").code == 2
    assert shell.run("audit", "--bucket-role", "arn:aws:iam::{account}:role/A", "--bucket-account", "12").code == 2
    assert shell.run("audit", "--html", "/nowhere/at/all.html").code == 1


def test_the_table_fits_the_terminal(shell: Shell) -> None:
    shell.monkeypatch.setenv("COLUMNS", "80")
    lines = shell.run("audit", "-v").out.splitlines()
    start, end = lines.index("SEVERITY  FINDING"), next(n for n, one in enumerate(lines) if one.startswith("CACHE"))
    too_wide = [one for one in lines[start:end] if len(one) > 80 and " $ " not in one]
    assert all(" " not in one.strip() for one in too_wide), "only what has no spaces may be wider"


def test_a_command_of_many_caches_does_not_hide_the_table(shell: Shell) -> None:
    for number in range(16):
        shell.sandbox.add_cache(f"fc-{number:017x}", ["data-key-id"])
    out = shell.run("audit").out
    assert max(map(len, out.splitlines())) < 450
    assert "1 long command: -v shows it" in out
    missing = of(document(shell), "access-missing")
    (command,) = next(one["commands"] for one in missing if one["bucket"] == "data-key-id")
    assert command.count("--cache") == 16
    assert f"$ {command}\n" in shell.run("audit", "-v").out


def test_quiet_says_the_summary(shell: Shell) -> None:
    assert len(shell.run("audit", "-q").out.splitlines()) == 1


def test_a_dead_grant_of_ours_on_another_account_s_key_is_found(shell: Shell) -> None:
    """KMS shows the account that made a grant as its root's ARN."""
    assert shell.run("link", "--cache", "fc-0123", "--bucket", "data-other-account").code == 0
    shell.sandbox.add_cache("fc-0f0f", ["data-other-account"])
    shell.sandbox.delete_cache("fc-0123")
    [finding] = of(document(shell), "dead-grant")
    assert "retire-grant" in finding["commands"][0]
