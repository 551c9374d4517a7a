"""The printed policies of the commands that read CloudTrail's record, against what the commands really do."""

from __future__ import annotations

import json

import pytest

from fcsse.commands.permissions.permission import Command
from tests.permissions.test_enforced import (
    ENCRYPTION,
    GET,
    NARROW,
    PAIR,
    PUT,
    RECORD,
    WHERE,
    Case,
    called,
    command_builder_of,
    described,
    linked,
    named_actions,
    printed_policy,
    really_linked,
    two_caches,
    without,
)
from tests.simulated import Shell

LOST = {"Sid": "Foreign", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:ReEncrypt*", "Resource": "*"}
BY_KEY = ("--key", "{key}")


def ran_over(shell: Shell) -> None:
    """Somebody wrote after the link's last reading, and the link's write overwrote that, an hour ago."""
    before = shell.sandbox.policy("data")
    really_linked(shell)
    ours = shell.sandbox.policy_text("data")
    shell.sandbox.put_policy("data", {**before, "Statement": [*before["Statement"], LOST]})
    shell.sandbox.put_policy_verbatim("data", ours)
    shell.sandbox.state.trail.events.pop()  # that of the line before, which only undoes the one before it
    own, theirs = (one for one in shell.sandbox.state.trail.events if one.event["eventName"] == "PutKeyPolicy")
    theirs.time = own.time - 0.001
    shell.sandbox.age_events(3600)


def read_once(shell: Shell) -> None:
    """A link by policy, and a read of the cache's."""
    linked("data", "policy")(shell)
    shell.sandbox.cache("fc-0123").read("data", "there")


SETTLED = [
    Case("settle a bucket", Command.SETTLE, (*PAIR[2:], "--yes"), NARROW[2:], (RECORD, ENCRYPTION, GET, PUT), ran_over),
    Case("settle a key", Command.SETTLE, (*BY_KEY, "--yes"), WHERE, (RECORD, GET, PUT), ran_over, "data"),
]
TOLD = [
    *SETTLED,
    Case("history of what was lost", Command.HISTORY, BY_KEY, (*WHERE, "--optional"), (RECORD,), ran_over, "data"),
]
OBSERVED = [
    Case("check", Command.CHECK, (*PAIR, "--observed"), (*NARROW, "--optional"), (), read_once, "data"),
    Case("audit", Command.AUDIT, ("--observed",), (*WHERE, "--optional"), (), two_caches),
]


@pytest.mark.parametrize("case", TOLD, ids=str)
def test_the_printed_policy_is_enough_and_names_every_call(case: Case, shell: Shell) -> None:
    case.prepare(shell)
    told = described(case, shell)["permissions"]
    required = {one["action"] for one in told if not one["optional"]}
    assert required == set(case.required)
    policy, words = printed_policy(case, shell), command_builder_of(case, shell)
    shell.sandbox.requests.clear()
    run = shell.run_with(policy, *words)
    assert run.code == 0, run.out + run.err
    assert "Foreign" in run.out
    assert ("Foreign" in shell.sandbox.policy_text("data")) is (case.command is Command.SETTLE)
    assert required <= called(shell) <= {one["action"] for one in told}


@pytest.mark.parametrize(
    ("case", "action"),
    [pytest.param(one, action, id=f"{one}, no {action}") for one in SETTLED for action in one.required],
)
def test_with_one_action_less_settle_is_refused_and_names_it(case: Case, action: str, shell: Shell) -> None:
    case.prepare(shell)
    before = shell.sandbox.policy_text("data")
    run = shell.run_with(without(printed_policy(case, shell), action), *command_builder_of(case, shell))
    assert run.code == 5, run.out + run.err
    assert action in named_actions(run), run.out + run.err
    assert shell.sandbox.policy_text("data") == before


@pytest.mark.parametrize("case", OBSERVED, ids=str)
def test_what_observed_needs_is_optional_and_its_lack_is_a_note(case: Case, shell: Shell) -> None:
    case.prepare(shell)
    told = {one["action"]: one["optional"] for one in described(case, shell)["permissions"]}
    assert told[RECORD] is True
    policy, words = printed_policy(case, shell), [*command_builder_of(case, shell), "-o", "json"]
    shell.sandbox.requests.clear()
    run = shell.run_with(policy, *words)
    assert run.code == 0, run.err
    assert RECORD in called(shell) <= told.keys()
    assert RECORD not in " ".join(json.loads(run.out)["observed"]["notes"])
    less = shell.run_with(without(policy, RECORD), *words)
    assert less.code == 0, less.err
    assert RECORD in " ".join(json.loads(less.out)["observed"]["notes"])


def test_a_recorded_version_is_restored_with_what_is_optional_for_restore(shell: Shell) -> None:
    really_linked(shell)
    (event,) = (one.event for one in shell.sandbox.state.trail.events if one.event["eventName"] == "PutKeyPolicy")
    before = shell.sandbox.policy_text("data")
    shell.sandbox.put_policy("data", {**json.loads(before), "Statement": json.loads(before)["Statement"][:1]})
    case = Case("restore", Command.RESTORE, (event["eventID"], "--discard-others"), (*WHERE, "--optional"), (GET, PUT))
    policy, words = printed_policy(case, shell), command_builder_of(case, shell)
    refused = shell.run_with(without(policy, RECORD), *words)
    assert refused.code == 5
    assert RECORD in named_actions(refused)
    done = shell.run_with(policy, *words)
    assert done.code == 0, done.err
    assert json.loads(shell.sandbox.policy_text("data")) == json.loads(before)
