"""Caches that are made and linked while an account is being read: nobody is told that they are gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.meanwhile import LINKS, ROLES, give, once_listed

if TYPE_CHECKING:
    from tests.simulated import Shell

NEW = "fc-0777"


def findings(shell: Shell, *words: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(shell.run("audit", *words, "-o", "json").out)["findings"]:
        if NEW in json.dumps(one):
            found.setdefault(one["code"], []).append(one)
    return found


def add(shell: Shell, *, linked: bool) -> None:
    shell.sandbox.add_cache(NEW, ["data"])
    if linked:
        give(shell, NEW)


@pytest.mark.parametrize("words", [(), ("--all-regions",)])
def test_a_cache_that_is_linked_after_all_were_listed_is_not_gone(shell: Shell, words: tuple[str, ...]) -> None:
    once_listed(shell, ROLES, "kms:GetKeyPolicy", lambda: add(shell, linked=True))

    assert findings(shell, *words) == {}
    assert NEW in shell.sandbox.policy_text("data")


@pytest.mark.parametrize("words", [(), ("--all-regions",)])
def test_a_cache_without_a_role_is_gone(shell: Shell, words: tuple[str, ...]) -> None:
    give(shell, NEW)

    assert set(findings(shell, *words)) == {"cache-gone"}


def test_where_iam_does_not_say_so_no_cache_is_called_gone(shell: Shell) -> None:
    give(shell, NEW)
    shell.sandbox.fault("iam:ListRoles", "AccessDenied", nth=2, times=None)
    shell.sandbox.fault("iam:GetRole", "AccessDenied", times=None)

    assert findings(shell) == {}


def test_a_role_that_comes_before_its_cache_is_listed_is_not_missing(shell: Shell) -> None:
    once_listed(shell, ROLES, LINKS, lambda: add(shell, linked=False))
    found = findings(shell)

    assert "role-missing" not in found
    assert set(found) == {"access-missing"}
    assert "--every-cache" not in json.dumps(found)
