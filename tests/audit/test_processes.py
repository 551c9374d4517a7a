"""Many accounts in several processes: the same answer, no account lost with a process, and none left behind.

The processes are real ones, started by a command line of its own, and ask the simulated AWS through sockets.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fcsse.arn import Arn
from fcsse.aws.make_clients import clients_of_profile
from fcsse.cli.organization_processes import processes_for, share_of
from fcsse.cli.organization_worker import Settings, packed_answer
from fcsse.commands.audit.facts import Scope
from fcsse.commands.audit.organization_run import CONNECTIONS
from fcsse.errors import UnexpectedError
from fcsse.model import Member
from fcsse.suggested_commands import CommandBuilder
from tests.audit.test_organization import MISSING, ORG, THIRD, account, organization
from tests.simulated import Shell

__all__ = ["organization"]

PROGRAM = """
import sys
from fcsse.cli import organization_processes as organization
organization.processes_for = lambda accounts: 2
begin = organization.Workers.__enter__
def enter(self):
    begin(self)
    print("pids", *(one.pid for one in self._made.values()), file=sys.stderr, flush=True)
    return self
organization.Workers.__enter__ = enter
{more}
from fcsse.cli.main import run
run()
"""


@contextlib.contextmanager
def started(shell: Shell, *words: str, more: str = "", **settings: str) -> Iterator[subprocess.Popen[str]]:
    """The command line with two processes for accounts, whose ids are in its first line on stderr."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(more=more), *words],
        env={**inherited, **shell.sandbox.env(), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def workers(process: subprocess.Popen[str]) -> list[int]:
    assert process.stderr
    while line := process.stderr.readline():
        if line.startswith("pids"):
            return [int(one) for one in line.split()[1:]]
    raise AssertionError("no processes were started")


def is_there(pid: int) -> bool:
    """Ended processes that nobody has waited for are not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(holds: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_as_many_processes_as_processors_and_accounts_are_worth() -> None:
    assert [processes_for(accounts, 4) for accounts in (0, 1, 7, 8, 12, 100)] == [1, 1, 1, 2, 3, 4]
    assert [processes_for(100, processors) for processors in (1, 2, 3, 4, 64)] == [1, 1, 1, 4, 8]
    assert processes_for(1000) >= 1


def test_together_they_have_no_more_requests_under_way_than_one() -> None:
    for processes in range(2, 9):
        requests, accounts = share_of(processes)
        assert CONNECTIONS - processes < requests * processes <= CONNECTIONS
        assert accounts >= 2


@pytest.mark.parametrize("form", ["json", pytest.param("text", marks=pytest.mark.nightly)])
def test_the_answer_and_the_requests_are_those_of_one_process(organization: Shell, tmp_path: Path, form: str) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(organization.run(*ORG, "-o", "json").out)
    organization.sandbox.add_cache("fc-0444", ["shop"], account=THIRD)
    organization.sandbox.requests.clear()
    words = (*ORG, "--compare", str(earlier), "-o", form)
    alone = organization.run(*words)
    asked = sorted(one for one in organization.sandbox.requests.operations if one.startswith("fsx:"))
    organization.sandbox.requests.clear()
    with started(organization, *words) as process:
        out, err = process.communicate(timeout=60)
    assert "pids" in err
    assert process.returncode == alone.code == 3, err
    assert out.splitlines() == alone.out.splitlines()
    assert "fc-0444" in out
    assert asked == sorted(one for one in organization.sandbox.requests.operations if one.startswith("fsx:"))


def test_an_account_whose_process_dies_is_one_that_could_not_be_read(organization: Shell) -> None:
    sandbox = organization.sandbox
    sandbox.fault("fsx:DescribeDataRepositoryAssociations", delay=6, times=1)
    with started(organization, *ORG, "-o", "json") as process:
        first, _ = workers(process)
        until(lambda: sandbox.requests.count("fsx:DescribeDataRepositoryAssociations"))
        os.kill(first, signal.SIGKILL)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    found = json.loads(out)
    assert len(found["accounts"]) == 5
    lost = [one for one in found["accounts"] if one["error"] and one["error"]["code"] == "unexpected"]
    assert lost
    assert found["summary"]["accounts_unread"] == len({MISSING, *(one["account"] for one in lost)})
    for one in lost:
        assert "ended by signal 9" in one["error"]["message"]
        assert one["findings"][0]["code"] == "account-unreadable"
    assert account(found, lost[0]["account"])["pairs"] == []


@pytest.mark.nightly
def test_where_every_process_dies_no_account_is_left_out(organization: Shell) -> None:
    organization.sandbox.fault("fsx:DescribeDataRepositoryAssociations", delay=6, times=None)
    one_by_one = "organization.share_of = lambda processes: (32, 1)\n"
    with started(organization, *ORG, "-o", "json", more=one_by_one) as process:
        for pid in workers(process):
            os.kill(pid, signal.SIGKILL)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert len(json.loads(out)["accounts"]) == 5
    assert json.loads(out)["summary"]["accounts_unread"] == 4


@pytest.mark.nightly
def test_an_interruption_is_the_business_of_who_started_them(organization: Shell) -> None:
    """Ctrl-C in a terminal reaches all processes. They are ended when the command has said that it was interrupted."""
    organization.sandbox.fault("fsx:DescribeDataRepositoryAssociations", delay=1, times=None)
    with started(organization, *ORG, "-o", "json") as process:
        for pid in workers(process):
            os.kill(pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert json.loads(out)["summary"]["accounts_read"] == 3
    assert "Traceback" not in err


@pytest.mark.nightly
def test_a_defect_in_a_process_ends_the_command(organization: Shell) -> None:
    broken = "made = organization.Workers.__init__\n"
    broken += (
        "organization.Workers.__init__ = lambda self, given, number: made(self, given._replace(scope=None), number)\n"
    )
    with started(organization, *ORG, "-o", "json", "-vv", more=broken) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "AttributeError: 'NoneType'" in json.loads(out)["error"]["message"]
    assert "audit_account" in err


def test_an_answer_that_cannot_be_sent_is_a_defect() -> None:
    """Otherwise the command would wait for it without end."""
    settings = Settings(
        None, None, None, Arn("aws", "iam", "", THIRD, "root"), "Audit", (), Scope(), CommandBuilder(), 1, 1, True
    )
    error = UnexpectedError("reason")
    with ThreadPoolExecutor(1) as pool:
        sent = [pickle.loads(packed_answer(error, Member(THIRD), pool, settings))]
        error.result = lambda: None
        sent.append(pickle.loads(packed_answer(error, Member(THIRD), pool, settings)))
    assert [one.account for one in sent] == [THIRD, THIRD]
    assert str(sent[0].error) == "reason"
    assert sent[0].defect is None
    assert "pickle" in str(sent[1].defect)


FOREIGN = """
import pathlib
pathlib.Path({mark!r}).touch()
"""


def test_the_processes_look_for_no_module_in_the_working_directory(organization: Shell, tmp_path: Path) -> None:
    """It may be a checkout of somebody else's, or a folder that others write to."""
    here, program, mark = tmp_path / "here", tmp_path / "bin" / "program.py", tmp_path / "mark"
    for folder in (here, program.parent):
        folder.mkdir()
    for name in ("multiprocessing", "random", "signal", "pickle", "selectors", "fcsse", "botocore", "sitecustomize"):
        (here / f"{name}.py").write_text(FOREIGN.format(mark=str(mark)))
    body = "".join(f"    {line}\n" for line in PROGRAM.format(more="").splitlines())
    program.write_text(f"if __name__ == '__main__':\n{body}")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, str(program), *ORG, "-o", "json"],
        env={**inherited, **organization.sandbox.env()},
        cwd=here,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "pids" in done.stderr
    assert not mark.exists()
    assert json.loads(done.stdout)["summary"]["accounts_read"] == 3, done.stderr


def test_python_without_environment_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -E`` would start others that look there."""
    flags = SimpleNamespace(safe_path=False, ignore_environment=1)
    monkeypatch.setattr("fcsse.cli.organization_processes.sys", SimpleNamespace(flags=flags))
    assert processes_for(100, 8) == 1
    flags.safe_path = True
    assert processes_for(100, 8) == 8


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see other processes")
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 130, marks=pytest.mark.nightly),
        pytest.param(signal.SIGKILL, -9, marks=pytest.mark.nightly),
    ],
    ids=str,
)
def test_what_ends_the_command_ends_all(organization: Shell, number: int, code: int) -> None:
    sandbox = organization.sandbox
    sandbox.requests.clear()
    sandbox.fault("fsx:DescribeDataRepositoryAssociations", delay=6, times=None)
    with started(organization, *ORG, "-o", "json") as process:
        pids = workers(process)
        until(lambda: sandbox.requests.count("fsx:DescribeDataRepositoryAssociations"))
        process.send_signal(number)
        process.wait(20)
        until(lambda: not any(map(is_there, pids)))
        out, err = process.communicate()
    assert process.returncode == code
    if code > 0:
        assert json.loads(out)["error"]["code"] == "interrupted"
        assert "Traceback" not in err


NONE = "organization.Workers = None\n"
"""With this, a run that would start processes fails."""


@pytest.mark.nightly
def test_a_fix_is_made_by_one_process(organization: Shell) -> None:
    with started(organization, *ORG, "--fix", "--dry-run", "-o", "json", more=NONE.replace("None", "print")) as process:
        out, err = process.communicate(timeout=60)
    assert "error" not in json.loads(out), err


def test_a_program_that_gives_credentials_is_run_by_one_process_only(organization: Shell, tmp_path: Path) -> None:
    """It may ask somebody for a code."""
    env = organization.sandbox.env()
    keys = {"Version": 1, "AccessKeyId": env["AWS_ACCESS_KEY_ID"], "SecretAccessKey": env["AWS_SECRET_ACCESS_KEY"]}
    (tmp_path / "keys").write_text(json.dumps(keys))
    (tmp_path / "config").write_text(f"[profile asks]\ncredential_process = cat {tmp_path / 'keys'}\n")
    settings = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    with started(organization, *ORG, "--profile", "asks", "-o", "json", **settings) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert json.loads(out)["summary"]["accounts_read"] == 3
    assert "pids" not in err


def test_who_is_asked_for_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(
        "[profile code]\nrole_arn = arn:aws:iam::111122223333:role/R\nsource_profile = keys\n"
        "mfa_serial = arn:aws:iam::111122223333:mfa/me\n"
        "[profile keys]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n"
        "[profile program]\ncredential_process = cat nothing\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    found = {name: clients_of_profile(name, may_ask=True).sign_in.may_ask for name in ("code", "keys", "program")}
    assert found == {"code": True, "keys": False, "program": True}
