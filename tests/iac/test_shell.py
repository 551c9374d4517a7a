"""The AWS CLI commands, run for real against a simulated AWS."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.simulated import Shell

pytestmark = pytest.mark.skipif(
    not (shutil.which("aws") and shutil.which("jq")), reason="the AWS CLI and jq are not both installed"
)


def sh(shell: Shell, script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), **shell.sandbox.env(), **more}
    return subprocess.run(["sh"], input=script, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "bucket", ["data-alias-arn", *(pytest.param(one, marks=pytest.mark.nightly) for one in ("data", "data-key-id"))]
)
def test_the_policy_commands_link(bucket: str, shell: Shell, tmp_path: Path) -> None:
    pair = ("--cache", "fc-0123", "--bucket", bucket)
    script = shell.run("statement", *pair, "--format", "aws-cli").out
    done = sh(shell, script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Nothing to do." in shell.run("link", *pair).out
    assert shell.sandbox.cache("fc-0123").read(bucket, "hello.txt").allowed


@pytest.mark.nightly
def test_run_twice_they_add_nothing_twice(shell: Shell, tmp_path: Path) -> None:
    script = shell.run("statement", "--cache", "fc-0123", "--bucket", "data", "--format", "aws-cli").out
    before = shell.sandbox.policy_text("data")
    assert sh(shell, script, tmp_path).returncode == 0
    once = shell.sandbox.policy_text("data")
    again = sh(shell, script, tmp_path)
    assert again.returncode != 0
    assert "a statement of this Sid is there already" in again.stderr
    assert shell.sandbox.policy_text("data") == once
    copies = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("*.before-*.json"))]
    assert copies == [json.loads(before), json.loads(once)]


def test_a_failure_for_the_first_of_two_keys_is_the_exit_code(shell: Shell, tmp_path: Path) -> None:
    pairs = ("--cache", "fc-0123", "--bucket", "data", "--bucket", "data-alias")
    script = shell.run("statement", *pairs, "--format", "aws-cli").out
    assert shell.run("link", "--cache", "fc-0123", "--bucket", "data").code == 0
    before = shell.sandbox.policy_text("data-alias")
    done = sh(shell, script, tmp_path)

    assert done.returncode != 0
    assert "a statement of this Sid is there already" in done.stderr
    assert shell.sandbox.policy_text("data-alias") == before


@pytest.mark.nightly
def test_offline_the_key_is_asked_for(shell: Shell, tmp_path: Path) -> None:
    stated = ("--account", "111122223333", "--region", "eu-west-1", "--no-bucket-keys")
    pair = ("--cache", "fc-0123", "--bucket", "data")
    script = shell.run("statement", *pair, *stated, "--format", "aws-cli").out
    refused = sh(shell, script, tmp_path)
    assert refused.returncode != 0
    assert "set KEY_OF_DATA to the ARN of the key behind bucket data" in refused.stderr
    done = sh(shell, script, tmp_path, KEY_OF_DATA=shell.sandbox.key("data").arn)
    assert done.returncode == 0, done.stderr
    assert "Nothing to do." in shell.run("link", *pair).out


def test_offline_each_bucket_s_key_is_asked_for_by_a_name_of_its_own(shell: Shell, tmp_path: Path) -> None:
    stated = ("--account", "111122223333", "--region", "eu-west-1", "--context", "both")
    pairs = ("--cache", "fc-0123", "--bucket", "data", "--bucket", "data-alias")
    script = shell.run("statement", *pairs, *stated, "--format", "aws-cli").out
    names = {"KEY_OF_DATA": "data", "KEY_OF_DATA_ALIAS": "data-alias"}
    keys = {name: shell.sandbox.key(bucket).arn for name, bucket in names.items()}
    assert sh(shell, script, tmp_path, KEY_OF_DATA_ALIAS=keys["KEY_OF_DATA_ALIAS"]).returncode != 0
    done = sh(shell, script, tmp_path, **keys)
    assert done.returncode == 0, done.stderr
    assert shell.run("link", *pairs, "--context", "both").out.count("Nothing to do.") == 2


def test_a_variable_that_was_set_for_another_key_counts_for_none(shell: Shell, tmp_path: Path) -> None:
    stated = ("--account", "111122223333", "--region", "eu-west-1", "--context", "both")
    other, before = shell.sandbox.key("data-alias").arn, shell.sandbox.policy_text("data-alias")
    for buckets in (["data"], ["my.bucket", "my-bucket"]):
        words = [word for bucket in buckets for word in ("--bucket", bucket)]
        script = shell.run("statement", "--cache", "fc-0123", *words, *stated, "--format", "aws-cli").out
        assert sh(shell, script, tmp_path, KEY=other, KEY1=other, KEY2=other, KEY_OF_DATA_ALIAS=other).returncode != 0
    assert script.count("${KEY_OF_MY_BUCKET:?") == script.count("${KEY_OF_MY_BUCKET_2:?") == 2
    assert shell.sandbox.policy_text("data-alias") == before


@pytest.mark.nightly
def test_the_grant_command_links(shell: Shell, tmp_path: Path) -> None:
    pair = ("--cache", "fc-0123", "--bucket", "data-bucket-keys", "--via", "grant", "--narrow-grant")
    script = shell.run("statement", *pair, "--format", "aws-cli").out
    for _ in range(2):
        done = sh(shell, script, tmp_path)
        assert done.returncode == 0, done.stderr
    assert len(shell.sandbox.key("data-bucket-keys").grants.value) == 1
    assert "Nothing to do." in shell.run("link", *pair).out
