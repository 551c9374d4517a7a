"""The suite itself on other machines: samples of it, run as a process of its own with settings that once broke it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.neutral_environment import FIXED, neutral

ROOT = Path(__file__).parents[2]

PICTURE = "tests/interfaces/test_readme.py::test_help_texts_and_picture_are_current"
FEW = (
    "tests/interfaces/test_terminal.py::test_narrow_terminals_lose_nothing",
    "tests/cli/test_environment.py::test_a_dry_run_by_environment_writes_nothing",
    "tests/cli/test_environment.py::test_output_by_environment",
)
AT_A_TERMINAL = (*FEW, "tests/interfaces/test_terminal.py::test_a_tab_completes_caches_and_buckets_of_the_account")
SAMPLE = (*AT_A_TERMINAL, PICTURE, "tests/cli/test_terminal.py::test_colours_on_a_terminal")
"""Tests of each kind: in this process, in another, at a pseudo-terminal, of the README's picture."""

BOGUS = {
    "AWS_PROFILE": "nope",
    "AWS_DEFAULT_PROFILE": "nope",
    "AWS_REGION": "nowhere-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nope",
    "AWS_CONFIG_FILE": "/nope",
    "AWS_MAX_ATTEMPTS": "x",
    "BOTO_CONFIG": "/nope",
    "FCSSE_YES": "1",
    "FCSSE_DRY_RUN": "1",
    "FCSSE_OUTPUT": "json",
    "FCSSE_CACHE": "fc-01234567890",
    "FCSSE_PROFILE": "nope",
    "FCSSE_QUIET": "1",
    "_FCSSE_COMPLETE": "complete_bash",
    "XDG_STATE_HOME": "/nope",
}
PROXIES = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "no_proxy": "x",
}
DUMB = "dumb, colourless, narrow, no language, home read-only"
COLOURED = "colours at any price, wide, proxies, CI"
NOTHING = "nothing at all"
ENVIRONMENTS: dict[str, dict[str, str]] = {
    DUMB: {
        **BOGUS,
        "TERM": "dumb",
        "LC_ALL": "C",
        "LANG": "C",
        "NO_COLOR": "1",
        "COLUMNS": "40",
        "LINES": "1",
        "HOME": "/proc",
    },
    COLOURED: {
        **PROXIES,
        "TERM": "xterm",
        "LANG": "POSIX",
        "FORCE_COLOR": "1",
        "CLICOLOR_FORCE": "1",
        "PY_COLORS": "1",
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "COLUMNS": "400",
        "TERMINAL_WIDTH": "33",
        "TYPER_USE_RICH": "1",
        "TYPER_STANDARD_TRACEBACK": "1",
        "TZ": "Pacific/Kiritimati",
        "HOME": "",
    },
    NOTHING: {},
}


@pytest.mark.skipif(sys.platform == "win32", reason="part of the sample needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("name", "sample"),
    [
        pytest.param(name, sample, marks=[pytest.mark.nightly] * nightly)
        for name, sample, nightly in (
            (DUMB, AT_A_TERMINAL, 0),
            (COLOURED, FEW, 1),
            (DUMB, SAMPLE, 1),
            (COLOURED, SAMPLE, 1),
            (NOTHING, FEW, 1),
        )
    ],
)
def test_a_sample_of_the_suite_passes(name: str, sample: tuple[str, ...], tmp_path: Path) -> None:
    settled = ("-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={tmp_path / 'run'}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *settled, *sample],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **ENVIRONMENTS[name]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " skipped" not in done.stdout


def test_no_setting_gets_through_and_what_finds_programs_does() -> None:
    hostile = {**BOGUS, **PROXIES}
    for settings in ENVIRONMENTS.values():
        hostile |= settings
    found = neutral({**hostile, "PATH": "/bin", "TF_PLUGIN_DIR": "/x", "PYTEST_ADDOPTS": "-q"}, "/home")
    assert found == {**FIXED, "HOME": "/home", "PATH": "/bin", "TF_PLUGIN_DIR": "/x", "PYTEST_ADDOPTS": "-q"}
