"""Words that cannot be right: each a clear usage error, and AWS is not even asked."""

from __future__ import annotations

import pytest

from tests.cli.documented_statements import OTHER, OWN
from tests.cli.shell import Shell

KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize("command", ["link", "unlink"])
@pytest.mark.parametrize(
    "cache",
    [
        "",
        "fc",
        "fc-",
        "0123",
        "fc_0123",
        "FC-0123",
        "fc-0123G",
        "fc-0123g",
        "fc-0123 ",
        "fs-",
        "fx-0123",
        "fc-0123/../..",
        "fc-*",
        "AWSServiceRoleForFSxS3Access_fc-0123",
        f"arn:aws:fsx:eu-west-1:{OWN}:file-system/fc-0123",
        "fc-٠١٢٣",
        "fc-0123\n",
    ],
)
def test_a_malformed_cache_id(idle: Shell, command: str, cache: str) -> None:
    run = idle.run(command, "--cache", cache, "--bucket", "data")
    assert (run.code, run.operations) == (2, ())
    assert "is not the id of a file cache or file system" in run.err
    assert run.out == ""


@pytest.mark.parametrize(
    "bucket",
    [
        "",
        "ab",
        "A" * 10,
        "a" * 64,
        "under_score",
        "-data",
        "data-",
        "a..b",
        "10.0.0.1",
        "data*",
        "data/prefix",
        "däta",
        "data\n",
        "data--euw1-az1--x-s3",
        "data--table-s3",
        "data-abcdefgh1234-s3alias",
        "data--ol-s3",
        "data.mrap",
    ],
)
def test_a_malformed_bucket_name(idle: Shell, bucket: str) -> None:
    run = idle.link("fc-0123", bucket)
    assert (run.code, run.operations) == (2, ())
    assert "is not a bucket name" in run.err


@pytest.mark.parametrize("bucket", ["s3://data", "s3://data/", "arn:aws:s3:::data"])
def test_a_bucket_in_another_spelling_is_the_bucket(shell: Shell, bucket: str) -> None:
    run = shell.link("fc-0123", bucket, "--dry-run")
    assert run.code == 0
    assert "Would link fc-0123 to data:" in run.out


@pytest.mark.parametrize(
    "key",
    [
        "data",
        "alias/",
        "alias/da ta",
        f"arn:aws:kms:eu-west-1:{OWN}:alias/",
        f"arn:aws:s3:eu-west-1:{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        f"arn:aws:kms::{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:eu-west-1:1234:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        f"arn:aws:kms:eu-west-1:{OWN}:key/not-a-key-id",
        f"{KEY}x",
        "",
        KEY.replace(OWN, "١١١١٢٢٢٢٣٣٣٣"),
    ],
)
def test_a_malformed_key(idle: Shell, key: str) -> None:
    run = idle.link("fc-0123", "data", "--key", key, "--bucket-region", "eu-west-1", "--no-bucket-keys")
    assert (run.code, run.operations) == (2, ())
    assert "is not a key ARN" in run.err


@pytest.mark.parametrize("option", ["--bucket-role", "--grant-role"])
@pytest.mark.parametrize(
    "role",
    ["Admin", f"arn:aws:iam::{OTHER}:user/x", f"arn:aws:sts::{OTHER}:assumed-role/x/y", "arn:aws:iam::12:role/x"],
)
def test_a_malformed_role(idle: Shell, option: str, role: str) -> None:
    run = idle.link("fc-0123", "data", option, role)
    assert (run.code, run.operations) == (2, ())
    assert "is not a role ARN" in run.err


ARABIC = "٥m"


@pytest.mark.parametrize("duration", ["soon", "-1", "5 minutes", "5x", "m", "", "1m5h", "1e3", "nan", "inf", ARABIC])
def test_a_malformed_duration(idle: Shell, duration: str) -> None:
    run = idle.link("fc-0123", "data", f"--wait={duration}")
    assert (run.code, run.operations) == (2, ())
    assert "is not a duration" in run.err


@pytest.mark.parametrize("duration", ["0", "90", "90s", "1.5s", "5m", "1h30m", "2h"])
def test_durations_in_every_spelling(shell: Shell, duration: str) -> None:
    assert shell.link("fc-0123", "data", "--dry-run", "--wait", duration).code == 0


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--bucket-region", "Ireland", "is not a Region"),
        ("--region", "eu_west_1", "is not a Region"),
        ("--expect", "xyz", "is not a digest"),
        ("--expect", "0123456789abcde", "is not a digest"),
        ("--via", "magic", "--via"),
        ("--context", "none", "--context"),
        ("--output", "yaml", "--output"),
    ],
)
def test_other_malformed_values(idle: Shell, option: str, value: str, said: str) -> None:
    run = idle.link("fc-0123", "data", option, value)
    assert (run.code, run.operations) == (2, ())
    assert said in run.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no cache is named"),
        (("--bucket", "data"), "no cache is named"),
        (("--every-cache",), "--every-cache needs --bucket"),
        (("--every-cache", "--cache", "fc-0123", "--bucket", "data"), "exclude each other"),
        (("--cache",), "--cache"),
        (("--cache", "fc-0123", "--unknown"), "--unknown"),
        (("--cache", "fc-0123", "data"), "data"),
    ],
)
def test_words_that_do_not_fit_together(idle: Shell, words: tuple[str, ...], said: str) -> None:
    run = idle.run("link", *words)
    assert (run.code, run.operations) == (2, ())
    assert said in run.err
    assert "--help" in run.err or "--cache" in run.err


def test_an_unknown_command(idle: Shell) -> None:
    run = idle.run("lnk")
    assert run.code == 2
    assert "lnk" in run.err


@pytest.mark.parametrize(("cache", "near"), [("fc-01", "fc-0123"), ("fc-0124", "fc-0123"), ("fs-0ab", "fs-0abc")])
def test_an_id_that_only_resembles_a_role_names_the_near_ones(shell: Shell, cache: str, near: str) -> None:
    run = shell.link(cache, "data")
    assert run.code == 6
    assert f"Did you mean {near}" in run.err
    assert "matched exactly" in run.err
    assert shell.clock.slept < 1


def test_a_part_of_two_ids_names_both(shell: Shell) -> None:
    run = shell.link("fc-012", "data")
    assert run.code == 6
    assert "fc-0123" in run.err
    assert "fc-01234567890" in run.err


def test_a_bucket_that_does_not_exist(shell: Shell) -> None:
    run = shell.link("fc-0123", "no-such-bucket")
    assert run.code == 6
    assert "no-such-bucket" in run.err
    assert "there is no such bucket" in run.err


@pytest.mark.parametrize("command", ["link", "unlink", "check"])
def test_without_a_bucket_too_a_mistyped_cache_names_the_near_ones(shell: Shell, command: str) -> None:
    run = shell.run(command, "--cache", "fc-012")
    assert run.code == 6
    assert "Did you mean fc-0123 or fc-01234567890? Ids are matched exactly." in run.err
    other = shell.run(command, "--cache", "fc-0123", region="us-west-2")
    assert other.code == 6
    assert "Did you mean" not in other.err, "the role of this one is in IAM, so its id is right"
    assert "--region" in other.err


def test_a_bucket_that_nobody_typed_is_said_to_be_the_association_s(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0aaa", ["no-such-bucket"])
    run = shell.run("link", "--cache", "fc-0aaa")
    assert run.code == 6
    assert "there is no such bucket" in run.err
    assert "It is the bucket that fc-0aaa is linked to, and it is gone." in run.err
    assert "Check the name" not in run.err


@pytest.mark.parametrize(("word", "option"), [("version", "--version"), ("help", "--help")])
def test_what_is_an_option_here_is_suggested_as_one(idle: Shell, word: str, option: str) -> None:
    run = idle.run(word)
    assert run.code == 2
    assert f"Did you mean fcsse {option}?" in run.err
