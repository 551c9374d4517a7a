"""The GitHub Action as a runner runs it: its one step, with the inputs put where action.yml puts them."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from fcsse.sandbox import Sandbox
from tests import warm_start
from tests.sandbox.clients import documented

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "fcsse"
DESCRIPTION: dict[str, Any] = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the step runs in bash on the runner's own path")


@dataclass
class Step:
    """What a run of the action's step came to."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass
class Runner:
    """Runs the action's steps as the runner does."""

    sandbox: Sandbox
    folder: Path
    programs: str
    """The PATH."""
    inherited: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    action: Path = ACTION

    @property
    def backups(self) -> list[Path]:
        """The saved policies."""
        return sorted((self.folder / "state" / "fcsse" / "backups").glob("*.json"))

    def run(self, event: str = "push", **given: str) -> Step:
        """Runs it on an event; ``given`` are the workflow's ``with:``, with _ for -."""
        inputs = {name: str(described.get("default", "")) for name, described in DESCRIPTION["inputs"].items()}
        asked = {name.replace("_", "-"): value for name, value in {"version": "installed", **given}.items()}
        assert asked.keys() <= inputs.keys()
        files = [self.folder / "output", self.folder / "summary"]
        for file in files:
            file.write_text("")
        (step,) = DESCRIPTION["runs"]["steps"]
        assert step["shell"] == "bash"
        done = subprocess.run(
            [str(shutil.which("bash")), "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env={
                **os.environ,
                **self.sandbox.env(),
                **{name: expanded(value, {**inputs, **asked}) for name, value in step["env"].items()},
                "PATH": self.programs,
                "XDG_STATE_HOME": str(self.folder / "state"),
                "TMPDIR": str(self.folder),
                "CI": "true",
                "RUNNER_OS": "Linux",
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_WORKSPACE": str(self.folder),
                "GITHUB_EVENT_NAME": event,
                "GITHUB_OUTPUT": str(files[0]),
                "GITHUB_STEP_SUMMARY": str(files[1]),
                **self.environment,
            },
            cwd=self.folder,
            pass_fds=self.inherited,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        lines = files[0].read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        assert len(outputs) == len(lines)
        return Step(done.returncode, done.stdout + done.stderr, outputs, files[1].read_text())


def expanded(template: str, inputs: dict[str, str]) -> str:
    """An expression of the runner's, as far as this action uses them."""
    return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: inputs[found[1]], template)


INSTALLED = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
"""A PATH with Python, and with ``fcsse`` as pip installs it."""


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """A PATH with an ``fcsse`` that need not import, and the file that it needs."""
    folder = tmp_path_factory.mktemp("programs")
    return f"{folder}{os.pathsep}{INSTALLED}", warm_start.make_program(folder)


@pytest.fixture
def runner(small_world: Sandbox, tmp_path: Path, forked: tuple[str, int]) -> Runner:
    small_world.reset()
    path, inherited = forked
    return Runner(small_world, tmp_path, path, (inherited,))


def writes(sandbox: Sandbox) -> list[str]:
    return [one.operation for one in sandbox.requests if one.operation in ("kms:PutKeyPolicy", "kms:CreateGrant")]


PAIR = {"cache": "fc-0123", "bucket": "data"}


def test_a_pull_request_only_plans(runner: Runner) -> None:
    before = runner.sandbox.policy_text("data")
    step = runner.run("pull_request", **PAIR)
    assert step.code == 0, step.log
    assert runner.sandbox.policy_text("data") == before
    assert not writes(runner.sandbox)
    assert step.outputs["changed"] == "false"
    assert step.outputs["pending"] == "true"
    assert step.outputs["exit-code"] == "0"
    assert re.fullmatch(r"[0-9a-f]{16}", step.outputs["digest"])
    assert step.summary.startswith("### fcsse link (dry run)\n")
    assert "```diff\n" in step.summary
    assert "AWSServiceRoleForFSxS3Access_fc-0123" in step.summary
    assert step.outputs["digest"] in step.summary


def test_the_reviewed_plan_is_applied_on_push(runner: Runner) -> None:
    reviewed = runner.run("pull_request", **PAIR).outputs["digest"]
    step = runner.run("push", **PAIR, expect=reviewed)
    assert step.code == 0, step.log
    assert step.outputs == {"changed": "true", "pending": "false", "digest": reviewed, "exit-code": "0"}
    assert writes(runner.sandbox) == ["kms:PutKeyPolicy"]
    assert runner.sandbox.cache("fc-0123").read("data", "hello.txt").allowed
    assert "**Applied:** changed: true, exit code 0" in step.summary

    again = runner.run("push", **PAIR)
    assert (again.code, again.outputs["changed"], again.outputs["pending"]) == (0, "false", "false")
    assert writes(runner.sandbox) == ["kms:PutKeyPolicy"]


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_another_plan_than_the_reviewed_one_fails(runner: Runner, event: str) -> None:
    step = runner.run(event, **PAIR, expect="0123456789abcdef")
    assert step.code == 7, step.log
    assert step.outputs["exit-code"] == "7"
    assert (step.outputs["changed"], step.outputs["pending"]) == ("false", "true")
    assert not writes(runner.sandbox)
    assert "exit code 7" in step.summary
    assert "::error::" in step.log


@pytest.mark.parametrize(
    ("event", "mode"),
    [
        ("pull_request_target", "auto"),
        ("merge_group", "auto"),
        ("push", "plan"),
    ],
)
def test_what_is_not_merged_is_planned_and_mode_decides_before_the_event(runner: Runner, event: str, mode: str) -> None:
    step = runner.run(event, **PAIR, mode=mode)
    assert step.code == 0, step.log
    assert not writes(runner.sandbox)
    assert (step.outputs["changed"], step.outputs["pending"]) == ("false", "true")


def test_many_caches_and_buckets_and_further_arguments(runner: Runner) -> None:
    caches, buckets = "fc-0123\n  fc-01234567890\n", "data  data-bucket-keys"
    step = runner.run("push", cache=caches, bucket=buckets, context="both", arguments="--no-backup\n-v", wait="1m")
    assert step.code == 0, step.log
    for bucket in ("data", "data-bucket-keys"):
        text = runner.sandbox.policy_text(bucket)
        assert all(text.count(f"_{cache}") for cache in ("fc-0123", "fc-01234567890")), text
        assert f"arn:aws:s3:::{bucket}/*" in text
        assert re.search(rf"arn:aws:s3:::{bucket}\"", text)
    assert not runner.backups


def test_unlink_takes_back_and_apply_is_applied_whatever_the_event(runner: Runner) -> None:
    before = runner.sandbox.policy("data")
    runner.sandbox.put_policy("data", {**before, "Statement": [*before["Statement"], documented("fc-0123", "data")]})
    step = runner.run("pull_request", command="unlink", mode="apply", **PAIR)
    assert (step.code, step.outputs["changed"]) == (0, "true"), step.log
    assert runner.sandbox.policy("data") == before


def test_what_cannot_be_linked_fails_and_says_why(runner: Runner) -> None:
    step = runner.run("push", cache="fc-0123", bucket="data-dsse data")
    assert step.code == 4, step.log
    assert step.outputs["exit-code"] == "4"
    assert step.outputs["changed"] == "false"
    assert "DSSE" in step.summary
    assert "Error" in step.log
    assert "::error::" in step.log
    assert not writes(runner.sandbox)


HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "x; touch pwned",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "*",
    "x\n::set-env name=PWNED::1",
    "--yes",
    "a b",
    "$HOME",
    "\\",
]


@pytest.mark.parametrize("inputs", [{"arguments": "--backup-dir"}, {"arguments": "-v --profile"}, {"cache": "--yes"}])
def test_no_option_of_the_action_s_own_is_taken_for_a_value(runner: Runner, inputs: dict[str, str]) -> None:
    """A plan would be none, if its --dry-run were the folder of backups."""
    before = runner.sandbox.policy_text("data")
    step = runner.run("pull_request", **{**PAIR, **inputs})
    assert (step.code, step.outputs["exit-code"], step.outputs["changed"]) == (2, "2", "false"), step.log
    assert "needs a value" in step.summary
    assert runner.sandbox.policy_text("data") == before


def test_blank_buckets_are_not_all_buckets_of_the_cache(runner: Runner) -> None:
    """Two expressions that have no value, with a space between them."""
    step = runner.run(cache="fc-0123", bucket=" \n ", command="unlink")
    assert (step.code, step.outputs["exit-code"]) == (2, "2")
    assert "the input 'bucket' is blank" in step.log
    assert not runner.sandbox.requests


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_a_step_that_made_no_plan_fails(runner: Runner, mode: str) -> None:
    """``--help`` among the arguments ends fcsse with 0 before it looks at anything."""
    step = runner.run("push", **PAIR, mode=mode, arguments="--help")
    assert (step.code, step.outputs["exit-code"], step.outputs["changed"]) == (2, "2", "false"), step.log
    assert "made no plan" in step.log
    assert not len(runner.sandbox.requests)


def test_what_is_no_id_ends_as_usage(runner: Runner) -> None:
    step = runner.run("push", cache=" ".join(one for one in HOSTILE if not one.startswith("--")), bucket="data")
    assert (step.code, step.outputs["exit-code"], step.outputs["changed"]) == (2, "2", "false"), step.log
    assert "fcsse link failed (exit code 2)" in step.summary
    assert "is not the id of a file cache" in step.summary
    assert not (runner.folder / "pwned").exists()
    assert not len(runner.sandbox.requests)


@pytest.mark.parametrize(("name", "value"), [*(("mode", value) for value in HOSTILE), ("command", "x\n::set-env::y")])
def test_what_decides_is_refused_without_repeating_it(runner: Runner, name: str, value: str) -> None:
    step = runner.run("push", **PAIR, **{name: value})
    assert (step.code, step.outputs["exit-code"]) == (2, "2"), step.log
    assert not (runner.folder / "pwned").exists()
    assert re.fullmatch(rf"::error::the input '{name}' must be [a-z, ]+\nfcsse: .*, exit code 2\n", step.log)


def test_a_runner_that_it_is_not_made_for_is_told(runner: Runner) -> None:
    runner.environment = {"RUNNER_OS": "Windows"}
    step = runner.run("pull_request", **PAIR)
    assert (step.code, step.outputs["exit-code"], step.outputs["changed"]) == (2, "2", "false")
    assert "::error::this action runs on Linux and macOS" in step.log


@dataclass
class StandIn:
    """A program called fcsse that writes down its words, and answers like a dry run."""

    runner: Runner

    def words(self, **inputs: str) -> list[str]:
        """What the action calls it with, up to the first of the words that the action adds by itself."""
        home = self.runner.folder / "bin"
        home.mkdir()
        program = home / "fcsse"
        program.write_text('#!/bin/sh\nprintf \'%s\\0\' "$@" >>"$WORDS"\necho \'{"digest": "0123456789abcdef"}\'\n')
        program.chmod(0o755)
        told = self.runner.folder / "words"
        self.runner.environment = {"WORDS": str(told), "PATH": f"{home}{os.pathsep}{os.environ['PATH']}"}
        step = self.runner.run("push", **inputs)
        assert step.code == 0, step.log
        assert not (self.runner.folder / "pwned").exists()
        runs = told.read_text().split("\0")
        if "expect" in inputs:
            return runs[runs.index("--yes") :]
        return runs[: runs.index("--dry-run")]


def commands(log: str) -> list[str]:
    """The lines that the runner takes for commands. Source: GitHub Actions, "Workflow commands", on stop-commands."""
    found: list[str] = []
    ended_by = ""
    for line in map(str.strip, log.splitlines()):
        if ended_by:
            ended_by = "" if line == f"::{ended_by}::" else ended_by
        elif line.startswith("::stop-commands::"):
            ended_by = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            found.append(line)
    assert not ended_by
    return found


@pytest.mark.parametrize("code", [0, 4])
def test_what_fcsse_says_is_no_command_to_the_runner(runner: Runner, code: int) -> None:
    home = runner.folder / "bin"
    home.mkdir()
    (home / "fcsse").write_text(
        f"#!/bin/sh\necho 'Warning: a Sid\n  ::add-mask::a' >&2\necho '{{\"digest\": \"0\"}}'\nexit {code}\n"
    )
    (home / "fcsse").chmod(0o755)
    runner.environment = {"PATH": f"{home}{os.pathsep}{os.environ['PATH']}"}
    step = runner.run("push", **PAIR)
    assert step.code == code
    assert "::add-mask::a" in step.log
    assert [line[: len("::error::fcsse")] for line in commands(step.log)] == (["::error::fcsse"] if code else [])


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("run", "end", "changed"),
    [
        ("--yes", "kill -9 $$", "unknown"),
        ("--yes", 'echo \'{"changed": true, "error": {}}\'; exit 130', "true"),
        ("--dry-run", "kill -9 $$", "false"),
        ("--dry-run", 'echo \'{"changed": false, "error": {}}\'; exit 130', "false"),
    ],
)
def test_a_run_that_broke_off_has_not_said_that_there_is_nothing_to_do(
    runner: Runner, run: str, end: str, changed: str
) -> None:
    home = runner.folder / "bin"
    home.mkdir()
    (home / "fcsse").write_text(f'#!/bin/sh\ncase " $* " in *" {run} "*) {end} ;; esac\necho \'{{"digest": "0"}}\'\n')
    (home / "fcsse").chmod(0o755)
    runner.environment = {"PATH": f"{home}{os.pathsep}{os.environ['PATH']}"}
    step = runner.run("push", **PAIR)
    assert step.code > 128
    assert (step.outputs["changed"], step.outputs["pending"]) == (changed, "unknown")
    assert (f"changed: {changed}" in step.summary) is (run == "--yes")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("value", ["".join(HOSTILE)])
@pytest.mark.parametrize("name", ["expect", "via", "context", "key", "bucket-role", "grant-role", "wait"])
def test_an_input_arrives_as_one_word(runner: Runner, name: str, value: str) -> None:
    words = StandIn(runner).words(**PAIR, **{name.replace("-", "_"): value})
    assert words[words.index(f"--{name}") + 1] == value


@pytest.mark.one_in(3)
@pytest.mark.parametrize("value", [" ".join(HOSTILE), "\n\tx  *\n\ny\n", "x 'y z' \"$HOME\""])
@pytest.mark.parametrize("name", ["cache", "bucket", "arguments"])
def test_a_list_is_split_at_spaces_and_nothing_more(runner: Runner, name: str, value: str) -> None:
    words = StandIn(runner).words(**{**PAIR, name: value})
    parts = value.split()
    expected = parts if name == "arguments" else [word for part in parts for word in (f"--{name}", part)]
    assert words[-len(expected) :] == expected if name == "arguments" else "\0".join(expected) in "\0".join(words)


def test_every_input_reaches_the_script_and_every_output_comes_from_it() -> None:
    script = (ACTION / "run.sh").read_text(encoding="utf-8")
    (step,) = DESCRIPTION["runs"]["steps"]
    assert {expanded(value, {n: n for n in DESCRIPTION["inputs"]}) for value in step["env"].values()} == set(
        DESCRIPTION["inputs"]
    )
    for name, value in step["env"].items():
        assert f"${{{name}:-" in script, f"{name} ({value}) is not read"
    assert "${{" not in step["run"]
    assert "${{" not in script
    for name, described in DESCRIPTION["outputs"].items():
        assert described["value"] == f"${{{{ steps.{step['id']}.outputs.{name} }}}}"
        assert f'"{name}=' in script
    for described in DESCRIPTION["inputs"].values():
        assert described["description"]
        assert described.get("required") or "default" in described
    assert os.access(ACTION / "run.sh", os.X_OK)


def release(top: Path) -> Path:
    """A copy of this tree whose build needs no index, and which takes what it depends on from where the tests run."""
    root = ACTION.parents[2]
    lent = sysconfig.get_path("purelib")
    for name in ("fcsse", ".github/actions"):
        shutil.copytree(root / name, top / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE"):
        shutil.copy(root / name, top / name)
    described = (root / "pyproject.toml").read_text(encoding="utf-8")
    system = '[build-system]\nrequires = []\nbuild-backend = "lending"\nbackend-path = ["."]\n'
    lending = '\n[tool.hatch.build.targets.wheel.force-include]\n"lent.pth" = "lent.pth"\n'
    described = re.sub(r"\[build-system\]\n.*?\n(?=\n)", lambda _: system, described, flags=re.DOTALL) + lending
    (top / "pyproject.toml").write_text(described, encoding="utf-8")
    (top / ".github/actions/fcsse/requirements.lock").write_text("# lent\n")
    (top / "lent.pth").write_text(f"{lent}\n")
    (top / "lending.py").write_text(f"import sys\nsys.path.append({lent!r})\nfrom hatchling.build import *\n")
    return top


OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_COMPILE": "1"}  # most of it is never imported here


@pytest.mark.nightly
def test_it_installs_the_release_it_comes_with(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Installs this very tree into an environment of its own; what it depends on is lent by the one the tests run in."""
    top = release(tmp_path_factory.mktemp("release") / "top")
    runner.action = top / ".github" / "actions" / "fcsse"
    runner.environment = OFFLINE
    plant(runner)
    step = runner.run("pull_request", **PAIR, version="")
    assert step.code == 0, step.log
    assert step.outputs["pending"] == "true"
    assert not planted(runner)
    assert not [path for path in runner.folder.iterdir() if path.name.startswith("tmp.")], "it left its folder behind"


@pytest.mark.nightly
def test_what_the_release_depends_on_is_that_of_its_lock(
    runner: Runner, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Not the newest that an index has, whose code would run with the job's credentials."""
    top = release(tmp_path_factory.mktemp("release") / "top")
    runner.action = top / ".github" / "actions" / "fcsse"
    (runner.action / "requirements.lock").write_text(f"nowhere-to-be-found==1 --hash=sha256:{'0' * 64}\n")
    runner.environment = OFFLINE
    step = runner.run("pull_request", **PAIR, version="")
    assert step.code == 2, step.log
    assert "nowhere-to-be-found" in step.log


@pytest.mark.nightly
def test_a_path_to_install_is_one_in_the_checkout_and_a_name_is_none(runner: Runner) -> None:
    release(runner.folder / "mine")
    runner.environment = OFFLINE
    step = runner.run("pull_request", **PAIR, version="./mine")
    assert (step.code, step.outputs["pending"]) == (0, "true"), step.log

    (runner.folder / "fcsse").mkdir()
    (runner.folder / "fcsse" / "setup.py").write_text("open('../ran-setup', 'w')\n")
    step = runner.run("pull_request", **PAIR, version="fcsse")
    assert (step.code, step.outputs["exit-code"]) == (2, "2"), step.log
    assert "fcsse could not be installed" in step.log
    assert not planted(runner)


MODULES = ("secrets", "json", "logging", "os", "ssl", "sitecustomize", "usercustomize", "boto3", "fcsse", "venv", "pip")
PROGRAMS = ("python3", "python", "mktemp", "mkdir", "rm")
SETTINGS = {
    "FCSSE_DRY_RUN": "1",
    "FCSSE_OUTPUT": "text",
    "FCSSE_QUIET": "1",
    "FCSSE_CACHE": "fc-01234567890",
    "FCSSE_KEY": "no-key",
    "FCSSE_EXPECT": "0123456789abcdef",
    "FCSSE_EXIT_CODE": "1",
    "FCSSE_NO_BACKUP": "1",
    "FCSSE_EVERY_CACHE": "1",
    "FCSSE_PROFILE": "nope",
    "_FCSSE_COMPLETE": "complete_bash",
}
"""What earlier steps may have left in GITHUB_ENV."""


def plant(runner: Runner) -> None:
    """A checkout with files that stand in for what the action runs, and variables that lead there. Each leaves a mark."""
    checkout = runner.folder
    for name in MODULES:
        (checkout / f"{name}.py").write_text(f"open({str(checkout / f'ran-{name}.py')!r}, 'w')\n")
    startup = checkout / "startup.py"
    startup.write_text(f"open({str(checkout / 'ran-startup')!r}, 'w')\n")
    for folder in (checkout, checkout / "tools"):
        folder.mkdir(exist_ok=True)
        for name in PROGRAMS:
            (folder / name).write_text(f"#!/bin/sh\n: >{checkout}/ran-{folder.name}-{name}\nexit 1\n")
            (folder / name).chmod(0o755)
    path = runner.environment.get("PATH", INSTALLED)
    runner.environment = {
        **runner.environment,
        **SETTINGS,
        "FCSSE_BACKUP_DIR": str(checkout / "elsewhere"),
        "PATH": f".:tools:{checkout}/tools::{path}:",
        "PYTHONPATH": f"{checkout}:.:",
        "PYTHONHOME": str(checkout),
        "PYTHONSTARTUP": str(startup),
        "PYTHONINSPECT": "1",
        "PYTHONUSERBASE": str(checkout),
        "PYTHONWARNINGS": "error",
        "BASH_FUNC_mktemp%%": f"() {{ : >{checkout}/ran-function; }}",
        "CDPATH": str(checkout),
    }


def planted(runner: Runner) -> list[str]:
    """What was planted and was run."""
    return sorted(path.name for path in runner.folder.glob("ran-*"))


@pytest.mark.parametrize("event", [pytest.param("pull_request", marks=pytest.mark.nightly), "push"])
def test_nothing_of_the_checkout_is_run_and_no_setting_of_earlier_steps_counts(runner: Runner, event: str) -> None:
    plant(runner)
    step = runner.run(event, **PAIR)
    assert not planted(runner)
    assert step.code == 0, step.log
    assert step.outputs["changed"] == str(event == "push").lower()
    assert writes(runner.sandbox) == (["kms:PutKeyPolicy"] if event == "push" else [])
    assert 'AWSServiceRoleForFSxS3Access_fc-0123"' in step.summary
    assert len(runner.backups) == (event == "push")
    assert not (runner.folder / "elsewhere").exists()


def test_what_fails_is_told_without_running_anything_of_the_checkout(runner: Runner) -> None:
    plant(runner)
    step = runner.run("push", cache="fc-0123", bucket="data-dsse")
    assert not planted(runner)
    assert (step.code, step.outputs["exit-code"]) == (4, "4"), step.log
    assert "DSSE" in step.summary


def test_without_a_python_outside_the_checkout_it_says_so(
    runner: Runner, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tools = tmp_path_factory.mktemp("tools")
    for name in ("mktemp", "mkdir", "rm"):
        (tools / name).symlink_to(str(shutil.which(name)))
    plant(runner)
    runner.environment["PATH"] = f"{runner.folder}:{runner.folder}/tools:{tools}"
    step = runner.run("push", **PAIR)
    assert not planted(runner)
    assert (step.code, step.outputs["exit-code"], step.outputs["changed"]) == (2, "2", "false"), step.log
    assert "::error::there is no python3 on the PATH outside the checkout" in step.log


@pytest.mark.parametrize("arguments", ["--backup-dir saved", "--backup-dir=saved"])
def test_paths_are_those_of_the_checkout(runner: Runner, arguments: str) -> None:
    who = runner.sandbox.credentials("main")
    (runner.folder / "sign-in").write_text(
        f"[default]\naws_access_key_id = {who.access_key}\naws_secret_access_key = {who.secret}\n"
    )
    runner.environment = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_SHARED_CREDENTIALS_FILE": "sign-in",
    }
    step = runner.run("push", **PAIR, arguments=arguments)
    assert (step.code, step.outputs["changed"]) == (0, "true"), step.log
    assert len(list((runner.folder / "saved").glob("*.json"))) == 1
    assert not runner.backups
