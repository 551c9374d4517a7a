"""The scripts that people run from any folder, with any settings: nothing of the folder is imported, no setting counts."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for sh")


def stranger(folder: Path, *names: str) -> Path:
    """A folder with modules that leave a mark when they are imported."""
    folder.mkdir()
    for name in names:
        (folder / f"{name}.py").write_text(f"open({str(folder / f'ran-{name}')!r}, 'w')\n")
    return folder


def marks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("ran-*"))


def run(script: Path, *words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(script), *words],
        env={**os.environ, **environment},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("script", "usage"), [("live-check", "usage: scripts/live-check"), ("bench", "usage: ")])
def test_what_runs_in_the_caller_s_folder_imports_nothing_from_it(tmp_path: Path, script: str, usage: str) -> None:
    """With real credentials at hand, a json.py beside the caller must stay what it is."""
    home = stranger(tmp_path / "here", "json", "secrets", "logging", "boto3", "live", "benchmarks", "argparse")
    copy = tmp_path / "scripts"
    copy.mkdir()
    shutil.copy(SCRIPTS / script, copy / script)
    (copy / "_setup").write_text(f"ROOT={SCRIPTS.parent}\nPY={sys.executable}\n")
    done = run(copy / script, "--help", cwd=home)
    assert (done.returncode, done.stdout[: len(usage)]) == (0, usage), done.stderr
    assert marks(home) == []


RECORDER = """#!/bin/sh
{ env | grep -E '^(PYTHON|PIP_(USER|TARGET))' ; for word; do printf '%s ' "$word"; done; echo; } >>"$RECORD"
case $* in
    *" -m venv "*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;
    --version) echo Python 3 ;;
    *" -m $FAILS "*) exit 1 ;;
esac
"""


@pytest.mark.parametrize("fails", ["nothing", "uv"])
def test_setting_up_is_isolated_from_the_caller_s_folder_and_settings(tmp_path: Path, fails: str) -> None:
    home = stranger(tmp_path / "here", "venv", "pip", "ensurepip", "sitecustomize")
    tree = tmp_path / "tree"
    (tree / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPTS / "_setup", tree / "scripts" / "_setup")
    (tree / "requirements.lock").write_text("")
    (tree / "scripts" / "probe").write_text('#!/bin/sh\n. "$(dirname -- "$0")/_setup"\n"$PY" done\n')
    python = tmp_path / "python-recorder"
    python.write_text(RECORDER)
    for path in (python, tree / "scripts" / "probe"):
        path.chmod(0o755)
    done = run(
        tree / "scripts" / "probe",
        cwd=home,
        RECORD=str(tmp_path / "record"),
        FAILS=fails,
        FCSSE_PYTHON=str(python),
        FCSSE_VENV=str(tmp_path / "venv"),
        PYTHONPATH=str(home),
        PYTHONHOME=str(home),
        PYTHONSTARTUP=str(home / "venv.py"),
        PYTHONSAFEPATH="1",
        PYTHONOPTIMIZE="2",
        PIP_USER="1",
        PIP_TARGET=str(home),
    )
    assert done.returncode == 0, done.stderr
    record = (tmp_path / "record").read_text().splitlines()
    assert [line.split()[0] for line in record] == ["-I", "--version", *["-I"] * (len(record) - 3), "done"]
    assert " ".join(record[2].split()[1:]) == f"-m venv {tmp_path / 'venv'}"
    lock = f"--require-hashes -r {tree / 'requirements.lock'} "
    assert [line.split()[2] for line in record if line.endswith(lock)] == ["uv", *(["pip"] if fails == "uv" else [])]


def test_the_demo_passes_on_no_setting_of_the_caller(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPTS / "demo", tmp_path / "scripts" / "demo")
    (tmp_path / "scripts" / "_setup").write_text(f"ROOT={tmp_path}\nVENV={tmp_path}\n")
    (tmp_path / "bin").mkdir()
    fcsse = tmp_path / "bin" / "fcsse"
    fcsse.write_text("#!/bin/sh\nenv | grep -E '^_?(AWS|FCSSE)_'\n")
    fcsse.chmod(0o755)
    settings = {"AWS_PROFILE": "nope", "FCSSE_DRY_RUN": "1", "FCSSE_OUTPUT": "json", "_FCSSE_COMPLETE": "x"}
    done = run(tmp_path / "scripts" / "demo", cwd=tmp_path, **settings, FCSSE_VENV=str(tmp_path))
    assert done.stdout.splitlines() == [f"FCSSE_VENV={tmp_path}"]


def test_the_demo_writes_to_nothing_but_a_sandbox(tmp_path: Path) -> None:
    (tmp_path / "_setup").write_text(f"ROOT={tmp_path} VENV={tmp_path}\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "fcsse").symlink_to("/bin/echo")
    shutil.copy(SCRIPTS / "demo", tmp_path / "demo")
    for url in ("", "https://kms.eu-west-1.amazonaws.com", "http://127.0.0.1.example.com:80"):
        done = run(tmp_path / "demo", "--inside", cwd=tmp_path, AWS_ENDPOINT_URL=url)
        assert (done.returncode, done.stdout) == (2, ""), url


def test_no_script_runs_python_in_the_caller_s_folder_unless_it_takes_no_module_from_there() -> None:
    """``-m`` and a program on standard input put the working directory first."""
    wrong = []
    for script in sorted(path for path in SCRIPTS.iterdir() if path.is_file() and not path.suffix):
        for line in script.read_text(encoding="utf-8").splitlines():
            if re.match(r'cd "(\$ROOT|\$\(dirname)', line):
                break
            wrong += [f"{script.name}: {line}" for _ in re.findall(r'"\$(?:PY|base|python)" -(?:m |c | )', line)]
    assert wrong == []
