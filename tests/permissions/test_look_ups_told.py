"""Whatever a command asks for where a policy has conditions, ``fcsse permissions`` says."""

import json

import pytest

import fcsse
from fcsse.commands.permissions.permission import Command
from tests.cli.test_look_ups import CONDITIONS, prepare
from tests.interfaces.deployed_function import Function, cache_created, function
from tests.permissions.test_enforced import PAIR, WHERE, called
from tests.simulated import Shell

__all__ = ["function"]

COMMANDS: dict[str, tuple[Command, tuple[str, ...], tuple[str, ...]]] = {
    "link": (Command.LINK, (*PAIR, "--dry-run"), PAIR),
    "link by grant": (Command.LINK, (*PAIR, "--via", "grant", "--dry-run"), (*PAIR, "--via", "grant")),
    "link every cache": (Command.LINK, ("--every-cache", *PAIR[2:], "--dry-run"), ("--every-cache", *PAIR[2:])),
    "unlink": (Command.UNLINK, (*PAIR, "--dry-run"), PAIR),
    "check": (Command.CHECK, PAIR, PAIR),
    "audit": (Command.AUDIT, (), ()),
    "census": (Command.CENSUS, PAIR[2:], PAIR[2:]),
    "census of a cache": (Command.CENSUS, PAIR, PAIR),
    "history": (Command.HISTORY, PAIR[2:], PAIR[2:]),
    "settle": (Command.SETTLE, (*PAIR[2:], "--dry-run"), PAIR[2:]),
}


def all_at_once(shell: Shell) -> set[str]:
    """A key policy whose statement has every condition that takes a look-up; the calls that it takes."""
    together: dict[str, dict[str, str]] = {}
    for right, _, _ in CONDITIONS.values():
        for operator, pairs in right.items():
            together.setdefault(operator, {}).update(pairs)
    prepare(shell, together)
    shell.sandbox.requests.clear()
    return {operation for _, _, operation in CONDITIONS.values()}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", COMMANDS)
def test_each_action_that_a_condition_makes_necessary_is_told(name: str, shell: Shell) -> None:
    command, words, options = COMMANDS[name]
    needed = all_at_once(shell)
    told = json.loads(shell.run("permissions", command.value, *options, *WHERE, "-o", "json").out)["permissions"]
    run = shell.run(command.value, *words)
    assert run.code in (0, 3), run.err
    actions = called(shell)
    assert actions <= {one["action"] for one in told}, run.out
    if command in (Command.CHECK, Command.AUDIT, Command.CENSUS):
        assert needed <= actions


def test_each_action_that_a_condition_makes_the_function_ask_for_is_told(shell: Shell, function: Function) -> None:
    needed = all_at_once(shell)
    assert function(cache_created("fc-0123", "data"))["result"] == "linked"
    assert needed <= called(shell) <= {one.action for one in fcsse.permissions("lambda").permissions}
