"""Starting, stopping, the environment for clients, the control endpoint, and the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import fcsse.sandbox
from fcsse.sandbox import Sandbox, SandboxUnavailableError
from fcsse.sandbox.command import app, environment
from fcsse.sandbox.world import TABLE, build, describe
from tests.sandbox.clients import OTHER, OWN, ROOT, allow, policy, refused


def control(sandbox: Sandbox, method: str, path: str, given: Any = None) -> Any:
    body = given.encode() if isinstance(given, str) else None if given is None else json.dumps(given).encode()
    request = urllib.request.Request(f"{sandbox.url}/_sandbox{path}", body, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_a_process_runs_one_sandbox_at_a_time_and_each_starts_from_nothing(sandbox: Sandbox) -> None:
    sandbox.add_bucket("data")
    sandbox.add_key("data")
    sandbox.add_role("mine")
    with pytest.raises(SandboxUnavailableError), Sandbox():
        pass
    assert sandbox.client("s3").head_bucket(Bucket="data")
    sandbox.stop()
    sandbox.stop()
    from moto.s3.models import s3_backends

    assert "data" not in s3_backends.bucket_accounts
    with Sandbox(world=None) as second:
        assert second.client("s3").list_buckets()["Buckets"] == []
        assert second.client("kms").list_keys()["Keys"] == []
        assert second.client("iam").list_roles()["Roles"] == []


def test_reset_goes_back_to_the_start(sandbox: Sandbox) -> None:
    sandbox.add_key("data")
    sandbox.fault("kms:*", "KMSInternalException", times=None)
    sandbox.switches.page = 1
    refused(sandbox.client("kms").list_keys)
    sandbox.reset()
    assert sandbox.client("kms").list_keys()["Keys"] == []
    assert (len(sandbox.requests), sandbox.switches.page) == (1, 0)


def test_it_starts_quickly() -> None:
    started = time.process_time()
    with Sandbox():
        assert time.process_time() - started < 1.5


def test_a_missing_profile_of_the_user_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with Sandbox() as running:
        assert running.client("s3").head_bucket(Bucket="data")
    assert os.environ["AWS_PROFILE"] == "no-such-profile"


@pytest.mark.nightly
def test_the_environment_names_the_sandbox_and_nothing_of_the_user_s(sandbox: Sandbox) -> None:
    env = sandbox.env()
    assert env["AWS_ENDPOINT_URL"] == sandbox.url
    assert env["AWS_CONFIG_FILE"] == env["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert env["AWS_REGION"] == env["AWS_DEFAULT_REGION"] == "eu-west-1"
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    for side, account in (("main", OWN), ("other", OTHER)):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        found = subprocess.run(
            [sys.executable, "-c", code],
            env={**clean, **sandbox.env(side)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == account


@pytest.mark.parametrize(("region", "world"), [("us-isof-south-1", None), ("cn-north-1", "small")])
def test_a_partition_that_cannot_be_simulated_is_said(sandbox: Sandbox, region: str, world: str | None) -> None:
    sandbox.stop()
    with pytest.raises(SandboxUnavailableError, match=region), Sandbox(world, region=region):
        pass
    with Sandbox(None) as running:  # nothing is left of it
        assert running.region == "eu-west-1"


def test_another_partition(sandbox: Sandbox) -> None:
    sandbox.stop()
    with Sandbox(world=None, region="cn-north-1") as running:
        running.add_cache("fc-0123", ["data"])
        key = running.add_key("data")
        running.add_bucket("data", algorithm="aws:kms", key=key.arn)
        running.add_object("data", "k", b"x")
        assert key.arn.startswith("arn:aws-cn:kms:cn-north-1:")
        role = running.client("iam").list_roles()["Roles"][0]["Arn"]
        assert role.startswith(f"arn:aws-cn:iam::{OWN}:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/")
        condition = {
            "StringEquals": {"kms:ViaService": "s3.cn-north-1.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws-cn:s3:::data/*"},
        }
        statement = allow(role, "kms:Decrypt", Condition=condition)
        text = policy(statement, root=f"arn:aws-cn:iam::{OWN}:root")
        running.client("kms").put_key_policy(KeyId=key.arn, Policy=text)
        assert running.cache("fc-0123").read("data", "k").allowed


def test_the_control_endpoint(world: Sandbox) -> None:
    assert "fc-0123" in control(world, "GET", "")["caches"]
    fault = {"operation": "kms:GetKeyPolicy", "code": "ThrottlingException", "times": 1}
    assert control(world, "POST", "/faults", fault)["status"] == 400
    key = world.key("data")
    assert refused(world.client("kms").get_key_policy, KeyId=key.id)[0] == "ThrottlingException"
    assert control(world, "GET", "/faults")["faults"][0]["acted"] == 1
    control(world, "DELETE", "/faults")
    (entry,) = control(world, "GET", "/requests?operation=kms:GetKeyPolicy")["requests"]
    assert (entry["outcome"], entry["parameters"]) == ("ThrottlingException", {"KeyId": key.id})
    control(world, "DELETE", "/requests")
    assert control(world, "GET", "/requests") == {"requests": []}
    control(world, "POST", "/late", {"policy_reads": 1})
    control(world, "POST", "/switches", {"normalise": False, "page": 3})
    assert (world.switches.late_policy_reads, world.switches.normalise, world.switches.page) == (1, False, 3)
    control(world, "POST", "/writers", {"key": "data", "nth": 1})
    world.client("kms").get_key_policy(KeyId=key.id)
    assert "Foreign 1" in control(world, "GET", f"/policy/{key.id}")["policy"]
    text = policy(allow(ROOT, Sid="put from outside"))
    control(world, "PUT", "/policy/data", text)
    assert control(world, "GET", "/policy/data")["policy"] == text
    control(world, "POST", "/caches", {"id": "fc-0999", "links": ["data"]})
    assert "fc-0999" in control(world, "GET", "")["caches"]
    control(world, "DELETE", "/caches/fc-0999")
    assert "fc-0999" not in control(world, "GET", "")["caches"]
    outcome = control(world, "POST", "/cache/fc-0123/read", {"bucket": "data-sse-s3", "key": "hello.txt"})
    assert (outcome["allowed"], outcome["data"]) == (True, "hello from the bucket\n")
    outcome = control(world, "POST", "/cache/fc-0123/write", {"bucket": "data", "key": "k", "data": "x"})
    assert (outcome["allowed"], outcome["code"]) == (False, "AccessDenied")
    assert control(world, "GET", "/env?side=other")["AWS_ACCESS_KEY_ID"] != world.env()["AWS_ACCESS_KEY_ID"]
    control(world, "POST", "/writers", {"key": "data", "every": 0.01, "pause": 0.01})
    control(world, "DELETE", "/writers")
    control(world, "POST", "/expire", {"side": "main"})
    assert refused(world.client("kms").list_keys)[0] == "ExpiredTokenException"
    control(world, "POST", "/reset")
    assert world.client("kms").list_keys()["Keys"] == []


@pytest.mark.parametrize(
    ("method", "path", "given", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/policy/nothing", None, 404),
        ("POST", "/faults", {"operation": "x", "nonsense": 1}, 400),
        ("POST", "/faults", "{", 400),
        ("POST", "/switches", {"nonsense": 1}, 404),
    ],
)
def test_the_control_endpoint_refuses_nonsense(
    sandbox: Sandbox, method: str, path: str, given: Any, status: int
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(sandbox, method, path, given)
    assert caught.value.code == status


def test_the_table_tells_of_everything_in_the_world(world: Sandbox) -> None:
    named = {item.name for item in TABLE}
    buckets = {bucket["Name"] for bucket in world.client("s3").list_buckets()["Buckets"]}
    theirs = {bucket["Name"] for bucket in world.client("s3", account=OTHER).list_buckets()["Buckets"]}
    assert buckets | theirs == {item.name for item in TABLE if item.kind == "bucket"}
    assert set(world.state.caches) <= named
    assert all(item.name in describe(world.account, world.region, world.other_account) for item in TABLE)
    for bucket in buckets - {"data-sse-s3", "data-aws-s3", "data-other-region"}:
        assert world.key(bucket).account == OWN


def test_the_world_s_policies_are_what_their_names_say(world: Sandbox) -> None:
    kms = world.client("kms")

    def again(name: str, *more: dict[str, Any], compact: bool = True) -> str:
        document = world.policy(name)
        listed = document["Statement"]
        document["Statement"] = [*(listed if isinstance(listed, list) else [listed]), *more]
        text = json.dumps(document, separators=(",", ":")) if compact else json.dumps(document, indent=2)
        try:
            kms.put_key_policy(KeyId=world.key(name).arn, Policy=text)
        except kms.exceptions.ClientError as error:
            return str(error.response["Error"]["Code"])
        return "ok"

    statement = allow(ROOT, ["kms:Encrypt", "kms:Decrypt"], Sid="x" * 450)
    for name in ("data", "data-alias", "data-alias-arn", "data-key-id", "data-stack", "data-disabled", "data-deleting"):
        assert again(name, statement) == "ok"
    assert again("data-dead") == "MalformedPolicyDocumentException"
    assert again("data-full", statement) == "LimitExceededException"
    assert again("data-full") == "ok"
    assert again("data-long", statement, compact=False) == "LimitExceededException"
    assert again("data-long", statement) == "ok"
    assert again("data-locked") == "AccessDeniedException"


def test_the_ready_made_world_is_the_default() -> None:
    with Sandbox() as running:
        assert running.cache("fc-0123").read("data-sse-s3", "hello.txt").allowed


def test_a_world_of_one_s_own() -> None:
    def mine(running: Sandbox) -> None:
        build(running)
        running.add_bucket("mine")

    with Sandbox(world=mine) as running:
        assert running.client("s3").head_bucket(Bucket="mine")
        running.reset()
        assert running.client("s3").head_bucket(Bucket="mine")


def test_run_passes_environment_and_exit_code() -> None:
    code = (
        "import os, subprocess, sys\n"
        "assert not os.environ.get('AWS_PROFILE')\n"
        "read = [sys.executable, '-m', 'fcsse.sandbox', 'read', '--cache', 'fc-0123', '--bucket']\n"
        "good = subprocess.run([*read, 'data-sse-s3'], capture_output=True, text=True)\n"
        "bad = subprocess.run([*read, 'data'], capture_output=True, text=True)\n"
        "assert (good.returncode, good.stdout) == (0, 'hello from the bucket\\n'), good\n"
        "assert bad.returncode == 3 and bad.stderr.startswith('AccessDenied: User: arn:aws:sts::'), bad\n"
        "sys.exit(42)\n"
    )
    command = [sys.executable, "-m", "fcsse.sandbox", "run", "--", sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "AWS_PROFILE": "x"}, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (42, "", "")


def test_settings_of_fcsse_do_not_lead_out_of_the_sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``FCSSE_ENDPOINT_URL`` counts before ``AWS_ENDPOINT_URL``."""
    for name in ("PROFILE", "REGION", "BUCKET_PROFILE", "GRANT_PROFILE"):
        monkeypatch.setenv(f"FCSSE_{name}", "x")
    monkeypatch.setenv("FCSSE_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("FCSSE_BACKUP_DIR", str(tmp_path / "real"))
    command = [sys.executable, "-m", "fcsse", "link", "--cache", "fc-0123", "--bucket", "data"]
    found = subprocess.run(
        [sys.executable, "-m", "fcsse.sandbox", "run", "--", *command], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert not (tmp_path / "real").exists(), "copies of simulated policies are not among those of real ones"


def test_inside_fcsse_is_found_also_where_its_folder_was_not_in_the_path(
    world: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / ("fcsse.exe" if sys.platform == "win32" else "fcsse")
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setattr(sys, "executable", str(program.parent / "python"))
    (tmp_path / "other").mkdir()
    bare = environment(world, {"PATH": str(tmp_path / "other")})
    assert bare["PATH"] == f"{tmp_path / 'other'}{os.pathsep}{program.parent}", "last, so that nothing else is hidden"
    assert environment(world, {"PATH": str(program.parent)})["PATH"] == str(program.parent)


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_the_list_fits_the_terminal(columns: int) -> None:
    text = describe(OWN, "eu-west-1", OTHER, columns)
    assert max(map(len, text.splitlines())) <= columns


@pytest.mark.parametrize(("command", "code"), [("no-such-command", 127), (os.devnull, 126)])
def test_a_command_that_cannot_be_run(command: str, code: int) -> None:
    result = CliRunner().invoke(app, ["run", "--", command])
    assert result.exit_code == code
    assert result.stderr.startswith(f"Error: running {command}: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_stopped(number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fcsse.sandbox"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(10)]
    process.send_signal(number)
    rest, told = process.communicate(timeout=10)
    assert process.returncode == 0
    unset = lines[0].split()
    assert unset[:4] == ["unset", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"]
    assert {"FCSSE_ENDPOINT_URL", "FCSSE_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} <= set(unset)
    assert all(line.startswith("export ") for line in [*lines[1:], *rest.splitlines()])
    assert "fc-0123" in told


def test_playing_needs_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://kms.eu-west-1.amazonaws.com")
    result = CliRunner().invoke(app, ["read", "--cache", "fc-0123", "--bucket", "data"])
    assert (result.exit_code, "fcsse sandbox" in result.stderr) == (2, True)


def test_without_moto_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "moto" or name == "fcsse.sandbox.moto_web"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(fcsse.sandbox, "moto_web", raising=False)
    monkeypatch.setitem(sys.modules, "moto", None)
    result = CliRunner().invoke(app, ["run", "--", "true"])
    assert result.exit_code == 1
    assert 'pip install "fcsse[sandbox]"' in result.stderr


def test_mounting_the_command_loads_nothing_heavy() -> None:
    code = (
        "import sys, fcsse.sandbox.command\n"
        "heavy = {'moto', 'boto3', 'botocore', 'werkzeug', 'urllib.request', 'fcsse.sandbox.server'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_the_package_hands_out_its_names() -> None:
    import fcsse.sandbox

    assert all(hasattr(fcsse.sandbox, name) for name in fcsse.sandbox.__all__)
    assert not hasattr(fcsse.sandbox, "nonsense")
