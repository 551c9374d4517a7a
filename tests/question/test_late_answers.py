"""The answer to a question that waited: facts are read again, and what changed is shown and asked about anew."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from fcsse.cli.output.terminal import Terminal
from fcsse.cli.question import CHANGED
from fcsse.planning.review import STALE_AFTER
from tests.cli.documented_statements import OWN
from tests.cli.shell import WRITES, Shell
from tests.cli.test_settle import run_over_and_settle

FOREIGN = {
    "Sid": "Foreign",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"},
    "Action": "kms:ListAliases",
    "Resource": "*",
}
LATE = STALE_AFTER + 0.1
Change = Callable[[Shell], Any]


@dataclass
class Keyboard:
    """Somebody at a terminal. Each answer takes its time, in which the world may change."""

    shell: Shell
    answers: list[tuple[float, str, Change | None]] = field(default_factory=list)
    asked: int = 0

    def types(self, answer: str = "y", after: float = LATE, meanwhile: Change | None = None) -> None:
        self.answers.append((after, answer, meanwhile))

    def readline(self) -> str:
        seconds, answer, change = self.answers[self.asked]
        self.asked += 1
        self.shell.clock.slept += seconds
        if change is not None:
            change(self.shell)
        return f"{answer}\n"

    def isatty(self) -> bool:
        return True

    closed = False


@pytest.fixture
def keyboard(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    """Answers questions; at the end, every answer was asked for."""
    one = Keyboard(shell)
    monkeypatch.setattr(sys, "stdin", one)
    monkeypatch.setattr(Terminal, "asks", property(lambda _: True))
    yield one
    assert one.asked == len(one.answers)


def replace_key(shell: Shell) -> None:
    shell.sandbox.set_bucket_encryption("data", key=shell.sandbox.key("data-bucket-keys").arn)


def schedule_deletion(shell: Shell) -> None:
    shell.sandbox.set_key_state("data", "PendingDeletion")


def edit_policy(shell: Shell) -> None:
    shell.append("data", FOREIGN)


def turn_on_bucket_keys(shell: Shell) -> None:
    shell.sandbox.set_bucket_encryption("data", key=shell.sandbox.key("data").arn, bucket_keys=True)


def give_bucket_away(shell: Shell) -> None:
    from moto.s3.models import s3_backends

    sandbox = shell.sandbox
    backend = s3_backends[sandbox.account][sandbox.state.partition]
    backend.buckets["data"].keys.clear()
    backend.delete_bucket("data")
    key = sandbox.key("data").arn
    sandbox.add_bucket("data", account="999988887777", algorithm="aws:kms", key=key, readers={sandbox.account})


CHANGES = [replace_key, edit_policy, turn_on_bucket_keys, give_bucket_away]
LINK = ("link", "--cache", "fc-0123", "--bucket", "data")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("form", [(), ("-q",), ("-o", "json")], ids=" ".join)
def test_link_shows_what_changed_and_asks_again(
    shell: Shell, keyboard: Keyboard, change: Change, form: tuple[str, ...]
) -> None:
    keyboard.types("y", meanwhile=change)
    keyboard.types("n", after=0)
    run = shell.run(*LINK, *form)
    assert run.code == 1, run.words
    assert " ".join(run.err.split()).count(CHANGED) == 1
    assert not WRITES.intersection(run.operations)
    assert "Nothing was written to AWS" in run.err


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_a_yes_to_the_new_plan_makes_that_one(shell: Shell, keyboard: Keyboard, change: Change) -> None:
    keyboard.types(meanwhile=change)
    keyboard.types()
    run = shell.run(*LINK)
    assert run.code == 0, run.words
    assert keyboard.asked == 2
    key = "data-bucket-keys" if change is replace_key else "data"
    assert [str(entry.parameters["KeyId"]) for entry in shell.sandbox.requests.of("kms:PutKeyPolicy")] == [
        shell.sandbox.key(key).arn
    ]
    assert len(shell.backups) == 1
    if change is edit_policy:
        assert [one.get("Sid") for one in shell.statements("data")].count("Foreign") == 1


def test_an_alias_that_was_moved_is_followed_only_after_a_second_yes(shell: Shell, keyboard: Keyboard) -> None:
    other = shell.sandbox.add_key("another")

    def move(shell: Shell) -> None:
        arn = next(one for one in shell.sandbox.state.aliases if one.endswith(":alias/data-alias"))
        shell.sandbox.state.aliases[arn] = other.arn

    before = shell.sandbox.key("data-alias")
    keyboard.types(meanwhile=move)
    keyboard.types()
    run = shell.run("link", "--cache", "fc-0456", "--bucket", "data-alias")
    assert run.code == 0, run.words
    assert CHANGED in " ".join(run.err.split())
    assert [str(one.parameters["KeyId"]) for one in shell.sandbox.requests.of("kms:PutKeyPolicy")] == [other.arn]
    assert before.arn != other.arn


def test_nothing_is_asked_twice_where_nothing_changed(shell: Shell, keyboard: Keyboard) -> None:
    keyboard.types(after=3600)
    run = shell.run(*LINK)
    assert run.code == 0, run.words
    assert CHANGED not in run.err
    assert run.count("kms:DescribeKey") >= 2, "the facts were read again"


def test_a_quick_answer_costs_no_second_reading(shell: Shell, keyboard: Keyboard) -> None:
    keyboard.types(after=STALE_AFTER - 1)
    run = shell.run(*LINK)
    assert run.code == 0, run.words
    assert run.count("iam:GetRole") == 1


def test_it_asks_as_often_as_things_change(shell: Shell, keyboard: Keyboard) -> None:
    for number in range(3):
        keyboard.types(meanwhile=lambda shell, n=number: shell.append("data", {**FOREIGN, "Sid": f"F{n}"}))  # type: ignore[misc]
    keyboard.types()
    run = shell.run(*LINK)
    assert run.code == 0, run.words
    assert " ".join(run.err.split()).count(CHANGED) == 3
    assert len(shell.statements("data")) == 5


def test_what_is_done_meanwhile_leaves_nothing_to_do(shell: Shell, keyboard: Keyboard) -> None:
    shell.linked("fc-0123", "data", "--yes")
    linked = shell.sandbox.policy_text("data")
    shell.run("restore", shell.backups[0]["id"], "--yes")
    shell.sandbox.requests.clear()
    keyboard.types(meanwhile=lambda shell: shell.sandbox.put_policy("data", linked))
    run = shell.run(*LINK)
    assert run.code == 0, run.words
    assert "Nothing to do" in run.out
    assert not WRITES.intersection(run.operations)


def refuse_dsse(shell: Shell) -> None:
    shell.sandbox.set_bucket_encryption("data", algorithm="aws:kms:dsse")


@pytest.mark.parametrize("change", [refuse_dsse, schedule_deletion], ids=lambda one: one.__name__)
def test_what_has_become_impossible_is_an_error(shell: Shell, keyboard: Keyboard, change: Change) -> None:
    keyboard.types(meanwhile=change)
    run = shell.run(*LINK)
    assert run.code == 4, run.words
    assert not WRITES.intersection(run.operations)


def test_an_expected_digest_that_no_longer_holds_ends_the_run(shell: Shell, keyboard: Keyboard) -> None:
    digest = shell.run(*LINK, "--dry-run").digest
    keyboard.types(meanwhile=edit_policy)
    run = shell.run(*LINK, "--expect", digest)
    assert run.code == 7, run.words
    assert not WRITES.intersection(run.operations)


def test_unlink(shell: Shell, keyboard: Keyboard) -> None:
    shell.linked("fc-0123", "data", "--yes")
    keyboard.types(meanwhile=edit_policy)
    keyboard.types("n")
    run = shell.unlink("fc-0123", "data")
    assert run.code == 1, run.words
    assert CHANGED in " ".join(run.err.split())
    assert not WRITES.intersection(run.operations)


def test_restore_shows_what_would_be_lost_now(shell: Shell, keyboard: Keyboard) -> None:
    shell.linked("fc-0123", "data", "--yes")
    saved = shell.backups[0]["id"]
    keyboard.types(meanwhile=edit_policy)
    run = shell.run("restore", saved)
    assert run.code == 7, run.words
    assert "Foreign" in run.err, "it would be lost, which was not agreed to"
    assert not WRITES.intersection(run.operations)
    keyboard.types(meanwhile=lambda shell: shell.append("data", {**FOREIGN, "Sid": "Later"}))
    keyboard.types("n")
    run = shell.run("restore", saved, "--discard-others")
    assert run.code == 1, run.words
    assert "Later" in run.words
    assert not WRITES.intersection(run.operations)
    keyboard.types()
    assert shell.run("restore", saved, "--discard-others").code == 0


def test_audit_fix(shell: Shell, keyboard: Keyboard) -> None:
    keyboard.types(meanwhile=edit_policy)
    keyboard.types("n")
    run = shell.run("audit", "--fix")
    assert run.code == 1, run.words
    assert CHANGED in " ".join(run.err.split())
    assert not WRITES.intersection(run.operations)
    keyboard.types(after=100)
    run = shell.run("audit", "--fix")
    assert CHANGED not in run.err
    assert "kms:PutKeyPolicy" in run.operations


@pytest.mark.parametrize("words", [(), ("-q",), ("-o", "json")])
def test_whoever_is_asked_sees_what_about(shell: Shell, keyboard: Keyboard, words: tuple[str, ...]) -> None:
    """Also where the answer is quiet, for a program, or goes to a file, as here."""
    assert shell.run(*LINK, "--yes").code == 0
    for command in (("restore", shell.backups[0]["id"]), ("audit", "--fix"), ("audit", "--organization", "--fix")):
        keyboard.types("n", after=0)
        run = shell.run(*command, *words)
        assert run.code == 1, run.words
        assert "@@" in run.err, "the difference stands above the question"
        if "json" in words:
            assert (run.json["command"], run.json["error"]["code"]) == (command[0], "declined")


def test_a_run_that_asks_nothing_reads_once(shell: Shell) -> None:
    run = shell.run(*LINK, "--yes")
    assert run.code == 0
    assert run.count("iam:GetRole") == 1


def test_a_no_to_what_link_settles_does_not_hide_what_link_wrote(shell: Shell, keyboard: Keyboard) -> None:
    shell.sandbox.switches.lookups_per_second = 0
    keyboard.types("y", after=0)
    keyboard.types("n", after=0)
    run = run_over_and_settle(shell)
    assert run.code == 1, run.words
    assert "Linked fc-0123 to data" in run.out
    assert f"fcsse restore {shell.backups[0]['id']}" in run.out
    assert "Nothing was written" not in run.words
    assert "What was lost was not given back. Later: fcsse settle" in run.err


def test_a_late_yes_to_what_link_settles_gives_it_back(shell: Shell, keyboard: Keyboard) -> None:
    """CloudTrail's times have whole seconds: the link's own write seems older than the moment before it."""
    shell.sandbox.switches.lookups_per_second = 0
    keyboard.types("y", after=0)
    keyboard.types("y")
    run = run_over_and_settle(shell)
    assert run.code == 0, run.words
    assert "Gave back" in run.out
    assert "Foreign 1" in shell.sandbox.policy_text("data")
