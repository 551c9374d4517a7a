"""A mistyped bucket: names that may have been meant, the cache's own before all others, and never a refusal for that."""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell

LISTING = "fsx:DescribeDataRepositoryAssociations"


@pytest.mark.parametrize("command", ["link", "unlink", "check"])
def test_the_cache_s_own_buckets_are_suggested_first(shell: Shell, command: str) -> None:
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data-bucket-key")
    assert run.code == 6
    assert "Did you mean data-bucket-keys" in run.err
    assert run.count("s3:ListBuckets") == 0


def test_then_all_others_of_the_account(shell: Shell) -> None:
    run = shell.link("fc-01234567890", "datta-alias")
    assert run.code == 6
    assert "data-alias" in run.err
    assert (run.count(LISTING), run.count("s3:ListBuckets")) == (1, 1)


@pytest.mark.parametrize("refused", [("s3:ListBuckets",), ("s3:ListBuckets", LISTING)])
def test_what_may_not_be_listed_is_passed_over(shell: Shell, refused: tuple[str, ...]) -> None:
    for operation in refused:
        shell.sandbox.fault(operation, "AccessDenied", times=None)
    run = shell.link("fc-01234567890", "datta-alias")
    assert run.code == 6
    assert "there is no such bucket" in run.err
    assert "bucket names are global" in run.err
    assert "Did you mean" not in run.err


def test_many_pairs_with_one_slip_list_once(shell: Shell) -> None:
    words = ("--cache", "fc-01234567890", "--cache", "fs-0abc", "--bucket", "dsse-data", "--bucket", "datta-alias")
    run = shell.run("link", *words)
    assert run.code == 6
    assert (run.count(LISTING), run.count("s3:ListBuckets")) == (2, 1)


def test_a_bucket_that_is_there_costs_nothing_more(shell: Shell) -> None:
    run = shell.linked("fc-0123", "data")
    assert run.count(LISTING) == run.count("s3:ListBuckets") == 0


def test_a_cache_s_own_bucket_that_is_gone_is_no_slip(shell: Shell) -> None:
    run = shell.run("check", "--cache", "fc-0bad")
    assert run.code == 6
    assert run.count("s3:ListBuckets") == 0
    assert "Did you mean" not in run.err
