"""Caches that get a bucket, and are linked, while an account is being read: nobody is told to take that back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.meanwhile import LINKS, give, once_listed

if TYPE_CHECKING:
    from tests.simulated import Shell

NEW, LUSTRE = "fc-0777", "fs-0777"


def make(shell: Shell, cache: str) -> None:
    shell.sandbox.add_cache(cache, ["data"])
    give(shell, cache)


def findings(shell: Shell, *words: str) -> list[dict[str, Any]]:
    found = json.loads(shell.run("audit", *words, "-o", "json").out)["findings"]
    return [one for one in found if NEW in json.dumps(one) or LUSTRE in json.dumps(one)]


def test_a_cache_that_iam_lists_and_fsx_did_not_yet_is_not_gone(shell: Shell) -> None:
    once_listed(shell, LINKS, "iam:ListRoles", lambda: make(shell, NEW))

    assert findings(shell, "--all-regions") == []


@pytest.mark.parametrize("words", [(), ("--all-regions",)])
def test_a_file_system_that_got_a_bucket_meanwhile_needs_its_access(shell: Shell, words: tuple[str, ...]) -> None:
    shell.sandbox.add_cache(LUSTRE, ["data-sse-s3"])
    once_listed(shell, LINKS, "kms:GetKeyPolicy", lambda: make(shell, LUSTRE))

    assert findings(shell, *words) == []


@pytest.mark.parametrize("words", [(), ("--all-regions",)])
def test_a_file_system_that_is_not_linked_to_the_bucket_does_not(shell: Shell, words: tuple[str, ...]) -> None:
    shell.sandbox.add_cache(LUSTRE, ["data-sse-s3"])
    give(shell, LUSTRE)

    assert [one["code"] for one in findings(shell, *words)] == ["unused-access"]


def test_where_fsx_does_not_say_so_nothing_is_called_unused(shell: Shell) -> None:
    shell.sandbox.add_cache(LUSTRE, ["data-sse-s3"])
    give(shell, LUSTRE)
    shell.sandbox.fault(LINKS, "AccessDeniedException", nth=2, times=None)

    assert findings(shell) == []


def test_a_cache_without_any_link_is_gone(shell: Shell) -> None:
    shell.sandbox.add_cache(NEW, [])
    give(shell, NEW)

    assert [one["code"] for one in findings(shell, "--all-regions")] == ["cache-gone", "role-unused"]
