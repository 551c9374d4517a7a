"""``fcsse audit --fix``: link's plan, question and writes, for all that an audit finds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fcsse.cli.output.terminal import Terminal
from fcsse.commands.audit.run import plan_fix
from tests.audit.factories import documented, slr

if TYPE_CHECKING:
    from fcsse.planning.plan import Plan
    from tests.simulated import Shell

FAST = ("--wait", "5s")


def fix(shell: Shell, *words: str) -> tuple[int, dict[str, Any]]:
    run = shell.run("audit", "--fix", *FAST, *words, "-o", "json")
    found: dict[str, Any] = json.loads(run.out)
    return run.code, found


def puts(shell: Shell) -> int:
    return shell.sandbox.requests.count("kms:PutKeyPolicy")


def test_it_gives_every_cache_the_access_that_it_lacks(shell: Shell) -> None:
    code, found = fix(shell)
    assert code == 3, "a bucket is gone and a role is not there yet"
    assert found["fix"]["access_after"] == {"pairs": 10, "allowed": 8}
    assert found["fix"]["changed"] is True
    for bucket in ("data", "data-bucket-keys", "data-other-account"):
        assert shell.sandbox.cache("fc-0123").read(bucket, "hello.txt").data == b"hello from the bucket\n"
    assert shell.sandbox.cache("fs-0abc").write("data", "lustre/new").allowed
    for cache in ("fc-0bad", "fc-0ace"):
        shell.sandbox.delete_cache(cache, role=False)
    assert fix(shell)[0] == 0


def test_one_write_a_key_whatever_the_number_of_pairs(shell: Shell) -> None:
    for number in range(7):
        shell.sandbox.add_cache(f"fc-0c{number}", ["data", "data-bucket-keys"])
    shell.sandbox.requests.clear()
    fix(shell)
    written = [entry.parameters["KeyId"] for entry in shell.sandbox.requests.of("kms:PutKeyPolicy")]
    assert len(written) == len(set(written)) == 3


def test_each_saved_policy_is_told_with_its_key(shell: Shell) -> None:
    run = shell.run("audit", "--fix", "--yes", *FAST)
    keys = {entry.parameters["KeyId"] for entry in shell.sandbox.requests.of("kms:PutKeyPolicy")}
    lines = run.out.splitlines()
    places = [place for place, text in enumerate(lines) if text.startswith("Saved the old policy of key ")]
    saved = [lines[place] for place in places]
    assert len(saved) == len(keys) == 3
    assert all(sum(key in text for text in saved) == 1 for key in keys)
    assert all(text.endswith(". To undo:") for text in saved)
    undo = [lines[place + 1].strip() for place in places]
    assert all(shell.run(*command.split()[1:], "--yes", *FAST).code == 0 for command in undo)


def test_what_it_gave_is_what_link_gives(shell: Shell) -> None:
    fix(shell)
    for cache, bucket in (("fc-0123", "data"), ("fc-0123", "data-bucket-keys"), ("fc-0456", "data-alias")):
        run = shell.run("link", "--cache", cache, "--bucket", bucket, "--dry-run", "--exit-code")
        assert run.code == 0, run.out


def test_a_dry_run_writes_nothing_and_binds_the_plan(shell: Shell) -> None:
    shell.sandbox.requests.clear()
    code, planned = fix(shell, "--dry-run", "--exit-code")
    assert code == 3
    assert puts(shell) == 0
    digest = planned["fix"]["digest"]
    assert planned["fix"]["dry_run"] is True
    code, _ = fix(shell, "--expect", "0" * 16)
    assert code == 7
    assert puts(shell) == 0
    code, done = fix(shell, "--expect", digest)
    assert done["fix"]["digest"] == digest
    assert puts(shell) == 3


def test_the_diff_comes_before_the_question_and_a_no_writes_nothing(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "asks", property(lambda _: True))
    asked: list[str] = []

    def no(_: Terminal, question: str) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr(Terminal, "confirm", no)
    shell.sandbox.requests.clear()
    run = shell.run("audit", "--fix")
    assert asked == ["Link 6 pairs (3 key policies and 1 grant change)?"]
    assert "+++ key policy (planned)" in run.out
    assert puts(shell) == 0
    assert run.code == 1
    assert shell.run("audit", "--fix", "--yes", "-q").code == 3
    assert puts(shell) == 3


def test_one_key_that_refuses_does_not_keep_the_others_from_being_fixed(shell: Shell) -> None:
    arn = shell.sandbox.key("data").arn
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", matching=arn, times=None)
    code, found = fix(shell)
    assert code == 5
    assert found["fix"]["access_after"] == {"pairs": 10, "allowed": 5}
    text = shell.run("audit", "--fix", *FAST)
    assert "Not linked: fc-0123 to data." in text.out
    assert "Not linked: fs-0abc to data." in text.out
    shell.sandbox.faults.clear()
    code, found = fix(shell)
    assert found["fix"]["access_after"] == {"pairs": 10, "allowed": 8}, "running it again does what is left"


def test_dead_principals_of_others_go_only_when_told_to(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0aaa", ["data-dead"])
    before = shell.sandbox.policy_text("data-dead")
    fix(shell)
    assert shell.sandbox.policy_text("data-dead") == before
    _, found = fix(shell, "--prune-orphans")
    assert "AROA" not in shell.sandbox.policy_text("data-dead")
    pair = {"cache": "fc-0aaa", "bucket": "data-dead"}
    assert [one["summary"] for one in found["fix"]["pairs"] if one["cache"] == "fc-0aaa"]
    after = json.loads(shell.run("audit", "-o", "json").out)
    assert next(one for one in after["pairs"] if pair.items() <= one.items())["access"] == "allowed"


def test_a_dead_cache_in_a_statement_of_ours_goes_though_all_access_is_there(shell: Shell) -> None:
    shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--yes", *FAST)
    shell.run("link", "--cache", "fc-01234567890", "--bucket", "data", "--yes", *FAST)
    shell.run("link", "--cache", "fs-0abc", "--bucket", "data", "--yes", *FAST)
    shell.sandbox.delete_cache("fc-01234567890")
    assert "AROA" in shell.sandbox.policy_text("data")
    fix(shell)
    assert "AROA" not in shell.sandbox.policy_text("data")


def test_taking_out_a_dead_cache_gives_nobody_a_statement(shell: Shell) -> None:
    shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--via", "grant", "--yes", *FAST)
    shell.run("link", "--cache", "fc-01234567890", "--cache", "fs-0abc", "--bucket", "data", "--yes", *FAST)
    shell.sandbox.delete_cache("fc-01234567890")
    fix(shell)
    text = shell.sandbox.policy_text("data")
    assert "AROA" not in text
    assert slr("fs-0abc") in text
    assert slr("fc-0123") not in text, "its grant gives it the access"


def test_nobody_loses_anything(shell: Shell) -> None:
    text = shell.sandbox.policy("data")
    text["Statement"] += [documented("data", "*", sid="every"), documented("data", slr("fc-0456"), sid="unused")]
    shell.sandbox.put_policy("data", text)
    fix(shell)
    sids = [statement["Sid"] for statement in shell.sandbox.policy("data")["Statement"]]
    assert {"every", "unused"} <= set(sids)


def test_nothing_to_fix_asks_nothing(shell: Shell) -> None:
    fix(shell)
    shell.sandbox.requests.clear()
    run = shell.run("audit", "--fix")
    assert "Nothing to fix." in run.out
    assert puts(shell) == 0


def test_each_policy_is_saved_first(shell: Shell) -> None:
    fix(shell)
    saved = json.loads(shell.run("backups", "-o", "json").out)
    assert len(saved["backups"]) == 3


def test_csv_holds_the_findings_and_the_changes_are_told_beside_it(shell: Shell) -> None:
    run = shell.run("audit", "--fix", *FAST, "-o", "csv")
    assert all(row.split(",")[0] == f"F{place}" for place, row in enumerate(run.out.splitlines()[1:3], 1))
    assert "  change   data: fc-0123, fc-01234567890, fs-0abc (statement)\n" in run.err
    assert "  change   data-other-account: fc-0123 (grant)\n" in run.err
    assert "Linked 6 pairs. Confirmed.\n" in run.err
    assert "8 of 10 pairs have access now." in run.err


def test_markdown_has_both_parts(shell: Shell) -> None:
    out = shell.run("audit", "--fix", "--dry-run", "-o", "markdown").out
    assert out.startswith("### fcsse audit\n")
    assert "### fcsse link (dry run)" in out
    assert "8 of 10 pairs would have access." in out


def test_a_bucket_that_got_another_key_while_the_account_was_read_is_not_fixed_by_the_old_plan(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large account takes minutes to read, and nobody is asked."""
    before = shell.sandbox.policy_text("data")

    def rekeyed(*given: Any, **named: Any) -> Plan:
        plan = plan_fix(*given, **named)
        kms, s3 = shell.sandbox.client("kms"), shell.sandbox.client("s3")
        rule: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms.create_key()["KeyMetadata"]["Arn"]}
        s3.put_bucket_encryption(
            Bucket="data", ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}
        )
        return plan

    monkeypatch.setattr("fcsse.planning.review.STALE_AFTER", -1.0)
    with monkeypatch.context() as patch:
        patch.setattr("fcsse.cli.audit.plan_fix", rekeyed)
        run = shell.run("audit", "--fix", "--yes", "-o", "json")
    assert run.code == 7, run.err
    assert "key has changed for fc-0123 to data" in json.loads(run.out)["error"]["message"]
    assert shell.sandbox.policy_text("data") == before
    assert fix(shell)[0] in (0, 3)
    assert shell.sandbox.cache("fc-0123").write("data", "new.txt").allowed


@pytest.mark.parametrize("on", ["kms:GetKeyPolicy", "kms:PutKeyPolicy"])
def test_the_end_says_what_the_policies_allow_now_not_what_was_planned(shell: Shell, on: str) -> None:
    """Somebody denies the key's use to everybody after the audit read its policy, or right after it was fixed."""
    everybody = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    shell.sandbox.second_writer("data", everybody, on=on, after=True)
    code, found = fix(shell)
    assert code == 4
    users = sum(
        one["bucket"] == "data" and one["cache"] != "fc-0ace" for one in found["pairs"]
    )  # which has no role yet
    assert users == 3
    assert not shell.sandbox.cache("fc-0123").read("data", "hello.txt").allowed
    assert found["fix"]["access_after"] == {"pairs": 10, "allowed": 8 - users}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("output", ["text", "json", "markdown", "csv"])
def test_a_write_whose_answer_was_lost_is_told_where_the_credentials_end_then(shell: Shell, output: str) -> None:
    shell.sandbox.late(policy_reads=1000)
    shell.sandbox.fault("kms:PutKeyPolicy", drop=True, after=True)
    shell.sandbox.fault("kms:PutKeyPolicy", "ExpiredTokenException", nth=2, times=None)
    run = shell.run("audit", "--fix", "--yes", *FAST, "-o", output)
    assert run.code == 5, run.err
    assert "Sent, but neither confirmed by AWS nor to be seen there afterwards" in run.err
    if output == "json":
        assert "neither confirmed" in json.loads(run.out)["fix"]["written"]


def test_where_nothing_failed_no_word_is_lost_about_what_was_written(shell: Shell) -> None:
    run = shell.run("audit", "--fix", "--yes", *FAST)
    assert "Written:" not in run.err
