"""Caches that are made and linked while an account is being read: nobody is told that they are gone."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.factories import documented, slr

if TYPE_CHECKING:
    from collections.abc import Callable

    from fcsse.sandbox.wire import Call
    from tests.simulated import Shell

NEW = "fc-0777"


def once_roles_are_listed(shell: Shell, operation: str, act: Callable[[], object]) -> None:
    """Does something before the first call of an operation is answered, and after all roles were listed."""
    listed = threading.Event()

    def wait(_call: Call) -> None:
        assert listed.wait(20)
        act()

    shell.sandbox.fault("iam:ListRoles", after=True, hook=lambda _: listed.set())
    shell.sandbox.fault(operation, hook=wait)


def findings(shell: Shell, *words: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(shell.run("audit", *words, "-o", "json").out)["findings"]:
        if NEW in json.dumps(one):
            found.setdefault(one["code"], []).append(one)
    return found


def add(shell: Shell, *, linked: bool) -> None:
    shell.sandbox.add_cache(NEW, ["data"])
    if linked:
        give(shell)


def give(shell: Shell) -> None:
    policy = shell.sandbox.policy("data")
    policy["Statement"] += [documented("data", slr(NEW), sid="new")]
    shell.sandbox.put_policy("data", policy, verbatim=True)


@pytest.mark.parametrize("words", [(), ("--all-regions",)])
def test_a_cache_that_is_linked_after_all_were_listed_is_not_gone(shell: Shell, words: tuple[str, ...]) -> None:
    once_roles_are_listed(shell, "kms:GetKeyPolicy", lambda: add(shell, linked=True))

    assert findings(shell, *words) == {}
    assert NEW in shell.sandbox.policy_text("data")


@pytest.mark.parametrize("words", [(), ("--all-regions",)])
def test_a_cache_without_a_role_is_gone(shell: Shell, words: tuple[str, ...]) -> None:
    give(shell)

    assert set(findings(shell, *words)) == {"cache-gone"}


def test_where_iam_does_not_say_so_no_cache_is_called_gone(shell: Shell) -> None:
    give(shell)
    listed = threading.Event()
    shell.sandbox.fault("iam:ListRoles", after=True, hook=lambda _: listed.set())
    shell.sandbox.fault("iam:ListRoles", "AccessDenied", nth=2, times=None)
    shell.sandbox.fault("iam:GetRole", "AccessDenied", times=None)

    assert findings(shell) == {}


def test_a_role_that_comes_before_its_cache_is_listed_is_not_missing(shell: Shell) -> None:
    once_roles_are_listed(shell, "fsx:DescribeDataRepositoryAssociations", lambda: add(shell, linked=False))
    found = findings(shell)

    assert "role-missing" not in found
    assert set(found) == {"access-missing"}
    assert "--every-cache" not in json.dumps(found)
