"""``--dry-run``, the plan's digest, ``--expect`` and ``--exit-code``."""

from __future__ import annotations

import pytest

from fcsse.sandbox import policies
from tests.cli.documented_statements import OTHER, OWN
from tests.cli.shell import WRITES, Shell

CASES = {
    "statement": ("fc-0123", "data", ()),
    "second role": ("fs-0abc", "data-bucket-keys", ()),
    "compact": ("fc-0123", "data-long", ()),
    "pruning": ("fc-0123", "data-dead", ("--prune-orphans",)),
    "grant": ("fc-0123", "data-other-account", ()),
    "odd layout": ("fc-0123", "data-key-id", ()),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("cache", "bucket", "words"), CASES.values(), ids=CASES.keys())
def test_it_writes_nothing_and_shows_what_the_run_then_does(
    shell: Shell, cache: str, bucket: str, words: tuple[str, ...]
) -> None:
    text, grants = shell.sandbox.policy_text(bucket), shell.grants(bucket)
    dry = shell.link(cache, bucket, *words, "--dry-run")
    assert dry.code == 0, dry.words
    for entry in shell.sandbox.requests:
        assert entry.operation not in WRITES or entry.parameters.get("DryRun") is True
    assert (shell.sandbox.policy_text(bucket), shell.grants(bucket)) == (text, grants)
    assert shell.backups == []
    assert "nothing was written" in dry.out
    real = shell.link(cache, bucket, *words)
    assert real.code == 0, real.words
    assert real.diff == dry.diff != []
    assert real.out.startswith(dry.out.split("\nWould link")[0])


def test_the_command_that_applies_the_plan_is_there_beside_pairs_that_are_blocked(shell: Shell) -> None:
    words = ("link", "--cache", "fc-0123", "--bucket", "data", "--bucket", "data-dsse")
    dry = shell.run(*words, "--dry-run")
    assert dry.code == 4
    assert "Plan: 1 pair on 1 key to link, 1 blocked." in dry.out
    assert f"fcsse {' '.join(words)} --expect {dry.digest}" in " ".join(dry.out.split())
    run = shell.run(*words, "--expect", dry.digest)
    assert run.code == 4, run.words
    assert "Linked fc-0123 to data" in run.out
    assert shell.works("fc-0123", "data") == (True, True)


def test_the_diff_says_one_line_for_one_change(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    run = shell.link("fc-01234567890", "data", "--dry-run")
    added = [line for line in run.diff if line.startswith("+") and not line.startswith("+++")]
    removed = [line for line in run.diff if line.startswith("-") and not line.startswith("---")]
    assert sum("fc-01234567890" in line for line in added) == 1
    assert len(added) <= 4, run.out
    assert len(removed) <= 1, run.out


def test_a_dry_run_of_a_grant_asks_kms_itself(shell: Shell) -> None:
    """KMS developer guide, "Testing your permissions": DryRun never acts."""
    run = shell.link("fc-0123", "data-other-account", "--dry-run")
    assert run.code == 0
    [call] = shell.sandbox.requests.of("kms:CreateGrant")
    assert (call.parameters["DryRun"], call.outcome) == (True, "DryRunOperationException")
    refused = shell.link("fc-0123", "data-other-console", "--dry-run")
    assert refused.code == 5
    assert "kms:CreateGrant" in refused.err
    assert "Cannot link fc-0123 to data-other-console." in refused.out
    assert "Would link" not in refused.out
    assert "--expect" not in refused.out


@pytest.mark.parametrize(("command", "operation"), [("link", "kms:CreateGrant"), ("unlink", "kms:RevokeGrant")])
def test_an_endpoint_that_carries_dry_runs_out_is_told(shell: Shell, command: str, operation: str) -> None:
    """Simulators that do not know DryRun made or ended the grant, and the run said that nothing was written."""
    if command == "unlink":
        shell.linked("fc-0123", "data-other-account")
    shell.sandbox.fault(operation, hook=lambda call: call.parameters.pop("DryRun"))
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data-other-account", "--dry-run", "-o", "json")
    assert (run.code, run.json["changed"]) == (1, True), run.words
    assert "it was carried out, though it was sent with DryRun" in run.json["error"]["message"]
    assert "Written: " in run.err
    assert len(shell.grants("data-other-account")) == (command == "link")


def test_a_dry_run_of_unlinking_a_grant_ends_nothing(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-account")
    run = shell.unlink("fc-0123", "data-other-account", "--dry-run", "--exit-code")
    assert run.code == 3, run.words
    assert len(shell.grants("data-other-account")) == 1


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("cache", "bucket", "words"), CASES.values(), ids=CASES.keys())
def test_the_digest_is_stable_and_binds_the_run(shell: Shell, cache: str, bucket: str, words: tuple[str, ...]) -> None:
    first = shell.link(cache, bucket, *words, "--dry-run").digest
    assert shell.link(cache, bucket, *words, "--dry-run").digest == first
    assert shell.link(cache, bucket, *words, "--expect", first).code == 0
    again = shell.link(cache, bucket, *words, "--expect", first)
    assert again.code == 0, "all is as the digest wanted it"
    assert not WRITES.intersection(again.operations)


def test_a_wrong_digest_writes_nothing(shell: Shell) -> None:
    run = shell.link("fc-0123", "data", "--expect", "0123456789abcdef")
    assert run.code == 7
    assert "Nothing was written" in run.err
    assert not WRITES.intersection(run.operations)


@pytest.mark.parametrize("how", ["policy", "another cache", "another option", "unlink"])
def test_the_digest_of_another_plan_is_refused(shell: Shell, how: str) -> None:
    digest = shell.link("fc-0123", "data", "--dry-run").digest
    match how:
        case "policy":
            shell.append("data", policies.allow("New", f"arn:aws:iam::{OWN}:root", "kms:DescribeKey"))
            run = shell.link("fc-0123", "data", "--expect", digest)
        case "another cache":
            run = shell.link("fs-0abc", "data", "--expect", digest)
        case "another option":
            run = shell.link("fc-0123", "data", "--context", "both", "--expect", digest)
        case _:
            run = shell.unlink("fc-0123", "data", "--expect", digest)
    assert run.code == 7
    assert not WRITES.intersection(run.operations)


@pytest.mark.parametrize(
    ("bucket", "option"), [("data", ("--context", "both")), ("data-other-bucket-keys", ("--narrow-grant",))]
)
def test_a_link_that_is_there_is_not_what_another_one_was_reviewed_for(
    shell: Shell, bucket: str, option: tuple[str, ...]
) -> None:
    """Nothing was left to do, so the run of a wider plan than is in force ended as if that had been made."""
    shell.sandbox.add_bucket(
        "data-other-bucket-keys",
        account=OTHER,
        algorithm="aws:kms",
        key=shell.sandbox.key("data-other-account").arn,
        bucket_keys=True,
        readers=[OWN],
    )
    digest = shell.link("fc-0123", bucket, *option, "--dry-run").digest
    shell.linked("fc-0123", bucket)
    run = shell.link("fc-0123", bucket, "--expect", digest)
    assert run.code == 7, run.words
    assert not WRITES.intersection(run.operations)


def test_a_digest_is_about_meaning_not_layout(shell: Shell) -> None:
    digest = shell.link("fc-0123", "data", "--dry-run").digest
    policy = shell.sandbox.policy("data")
    shell.sandbox.put_policy("data", dict(reversed(policy.items())), verbatim=True)
    assert shell.link("fc-0123", "data", "--expect", digest).code == 0


def test_a_change_between_plan_and_write_is_refused_with_expect(shell: Shell) -> None:
    digest = shell.link("fc-0123", "data", "--dry-run").digest
    writer = shell.sandbox.second_writer("data", after=True)
    run = shell.link("fc-0123", "data", "--expect", digest)
    assert writer.wrote == 1
    assert run.code == 7, run.words
    assert run.count("kms:PutKeyPolicy") == 0


def test_the_digest_may_be_in_capitals(shell: Shell) -> None:
    digest = shell.link("fc-0123", "data", "--dry-run").digest
    assert shell.link("fc-0123", "data", "--expect", digest.upper()).code == 0


@pytest.mark.parametrize(
    ("bucket", "code"), [("data", 3), ("data-other-account", 3), ("data-sse-s3", 0), ("data-dsse", 4), ("nothing", 6)]
)
def test_the_exit_code_tells_changes_from_errors(shell: Shell, bucket: str, code: int) -> None:
    assert shell.link("fc-0123", bucket, "--dry-run", "--exit-code").code == code


def test_the_exit_code_is_0_once_linked(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.link("fc-0123", "data", "--dry-run", "--exit-code").code == 0
    assert shell.unlink("fc-0123", "data", "--dry-run", "--exit-code").code == 3


def test_the_exit_code_goes_with_a_dry_run_only(shell: Shell) -> None:
    run = shell.link("fc-0123", "data", "--exit-code")
    assert run.code == 2
    assert run.operations == ()
