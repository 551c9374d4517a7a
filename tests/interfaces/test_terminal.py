"""Manners at a terminal: completion, the version for a report, slips of the fingers, narrow windows, other platforms."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path, PureWindowsPath

import pytest

from fcsse.cli.overview import COMMANDS
from fcsse.sandbox import Sandbox
from tests import warm_start
from tests.simulated import Shell

FCSSE = "import sys; from fcsse.cli.main import run; sys.argv[0] = 'fcsse'; run()"


Run = Callable[..., subprocess.CompletedProcess[str]]


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Nothing about AWS but what is given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FCSSE_"))}
    return {**clean, "AWS_EC2_METADATA_DISABLED": "true", **environment}


def fcsse(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs it as a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", FCSSE, *words],
        env=settings(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def forked(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As ``fcsse``, in a process that need not import."""
    return warm_start.run(words, settings(environment), program="fcsse", folder=Path.cwd(), timeout=60)


PATIENT = {"FCSSE_COMPLETION_SECONDS": "30"}
"""For machines with much else to do; nothing of what is tested depends on it."""


def completed(line: str, run_it: Run = fcsse, /, **environment: str) -> list[str]:
    """What a Tab offers at the end of the line."""
    env = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), **PATIENT, **environment}
    run = run_it(_FCSSE_COMPLETE="complete_bash", **env)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.split()


@pytest.fixture
def account(small_world: Sandbox) -> Sandbox:
    small_world.reset()
    return small_world


def test_a_tab_completes_caches_and_buckets_of_the_account(account: Sandbox) -> None:
    env = account.env()
    assert completed("fcsse link --cache fc-0123", **env) == ["fc-0123", "fc-01234567890"]
    assert completed("fcsse check --cache fs-", forked, **env) == ["fs-0abc"]
    assert completed("fcsse link --cache fc-0123 --cache fc-0123", forked, **env) == ["fc-01234567890"]
    names = completed("fcsse link --cache fc-0123 --bucket data-o", forked, **env)
    assert names == ["data-other-account", "data-other-region"], "the account's own, and what its caches are linked to"
    reading = {one.operation for one in account.requests}
    assert all(name.split(":")[1].startswith(("List", "Describe")) for name in reading), reading


SHELLS = {
    "bash": lambda line: {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)},
    "zsh": lambda line: {"_TYPER_COMPLETE_ARGS": line},
    "fish": lambda line: {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}
"""How each shell passes the line that is being typed."""


@pytest.mark.parametrize("kind", SHELLS)
def test_backup_ids_profiles_and_regions_complete_without_aws(kind: str, tmp_path: Path, shell: Shell) -> None:
    config = tmp_path / "config"
    config.write_text("[profile prod-admin]\nregion = eu-west-1\n[profile 'staging team']\nregion = eu-west-1\n")
    assert shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--backup-dir", str(tmp_path / "old")).code == 0
    (saved,) = (path.stem for path in (tmp_path / "old").glob("*.json"))
    shell.sandbox.requests.clear()
    env = {**PATIENT, "AWS_CONFIG_FILE": str(config), "FCSSE_BACKUP_DIR": str(tmp_path / "old")}
    for line, offered in {
        f"fcsse restore {saved[:5]}": saved,
        "fcsse link --profile pr": "prod-admin",
        "fcsse check --bucket-profile st": "staging team",
        "fcsse audit --region eu-west-": "eu-west-3",
    }.items():
        run = forked(_FCSSE_COMPLETE=f"complete_{kind}", **SHELLS[kind](line), **env)
        assert (run.returncode, run.stderr) == (0, "")
        words = re.findall(r'"([^"]*)"(?::"[^"]*")?' if kind == "zsh" else r"(?m)^([^\t\n]+)", run.stdout)
        assert offered in words, (line, run.stdout)
        assert all(word.startswith(line.rpartition(" ")[2]) for word in words), (line, run.stdout)
    assert not shell.sandbox.requests


@pytest.mark.parametrize("kind", SHELLS)
def test_nothing_that_is_offered_is_run_by_a_shell(kind: str, tmp_path: Path, shell: Shell) -> None:
    """A backup may come from a checkout, and its reason be anything; Typer's quoting for zsh is undone by a backslash."""
    config, folder, signs = tmp_path / "config", tmp_path / "old", "\\$(id) `id` ;id \\\"'&|<>*~#!{}"
    config.write_text(f"[profile ab{signs}]\nregion = eu-west-1\n[profile abc]\nregion = eu-west-1\n")
    assert shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--backup-dir", str(folder)).code == 0
    (path,) = folder.glob("*.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"reason": f"link {signs}"}))
    env = {**PATIENT, "AWS_CONFIG_FILE": str(config), "FCSSE_BACKUP_DIR": str(folder)}
    for line, offered in {f"fcsse restore {path.stem[:5]}": path.stem, "fcsse link --profile ab": "abc"}.items():
        run = forked(_FCSSE_COMPLETE=f"complete_{kind}", **SHELLS[kind](line), **env)
        assert (run.returncode, run.stderr, offered in run.stdout) == (0, "", True)
        told = re.sub(r"^_arguments '\*: :\(\((.*)\)\)'$", r"\1", run.stdout.strip(), flags=re.DOTALL)
        assert not set("\\$`;'&|<>()*~#!{}") & set(told), told


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
@pytest.mark.parametrize(("kind", "place"), [("zsh", ".zfunc/_fcsse"), ("fish", ".config/fish/completions/fcsse.fish")])
def test_the_named_shell_s_script_is_shown_or_installed(option: str, kind: str, place: str, tmp_path: Path) -> None:
    run = fcsse(option, kind, HOME=str(tmp_path))
    assert (run.returncode, run.stderr) == (0, "")
    script = run.stdout if option == "--show-completion" else (tmp_path / place).read_text()
    assert f"_FCSSE_COMPLETE=complete_{kind}" in script
    assert {path.name for path in tmp_path.iterdir()} == (
        set() if option == "--show-completion" else {place.split("/")[0]} | ({".zshrc"} if kind == "zsh" else set())
    )
    if option == "--install-completion":
        assert (
            run.stdout
            == f"Installed completion for {kind} in {tmp_path / place}. It works in the next shell that you start.\n"
        )


def in_a_shell(kind: str, tmp_path: Path, code: str) -> str:
    """What a real shell prints that runs ``code`` with the completion script, and with ``fcsse`` in its PATH."""
    program = tmp_path / "bin" / "fcsse"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{FCSSE}" "$@"\n')
    program.chmod(0o755)
    script = fcsse("--show-completion", kind).stdout
    (tmp_path / "_fcsse").write_text(script)
    (tmp_path / "config").write_text("[profile 'staging team']\nregion = eu-west-1\n")
    env = {**os.environ, **PATIENT, "AWS_CONFIG_FILE": str(tmp_path / "config"), "HOME": str(tmp_path)}
    env |= {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run(
        [kind, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


@pytest.mark.nightly
@pytest.mark.skipif(sys.platform == "win32", reason="bash completion is for bash")
def test_bash_gets_a_name_with_spaces_as_one_word(tmp_path: Path) -> None:
    code = """
        complete() { :; }
        source ./_fcsse
        for typed in st 'staging\\ t' '"st'; do
            COMP_WORDS=(fcsse link --profile "$typed") COMP_CWORD=3
            _fcsse_completion fcsse
            printf '[%s]' "${COMPREPLY[@]}"
        done"""
    assert in_a_shell("bash", tmp_path, code) == r"[staging\ team][staging\ team][staging team]"


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
def test_zsh_completes_at_the_first_tab(tmp_path: Path) -> None:
    """zsh loads the file at the first Tab, as a function of the file's name."""
    code = """
        fpath=(. $fpath); autoload -Uz _fcsse
        _arguments() { print -r -- "$1"; }
        words=(fcsse link --via ''); CURRENT=4
        _fcsse"""
    assert in_a_shell("zsh", tmp_path, code).split() == ["*:", ':(("auto"', '"policy"', '"grant"))']


def test_a_tab_uses_the_settings_of_the_line(account: Sandbox, tmp_path: Path) -> None:
    who = account.credentials()
    config = tmp_path / "config"
    config.write_text(f"[profile p]\naws_access_key_id={who.access_key}\naws_secret_access_key={who.secret}\n")
    line = f"fcsse link --profile p --region eu-west-1 --endpoint-url {account.url} --cache fs-"
    assert completed(line, AWS_CONFIG_FILE=str(config)) == ["fs-0abc"]
    assert not completed(line.replace("--profile p ", ""), AWS_CONFIG_FILE=str(config), HOME=str(tmp_path))


def test_a_tab_is_silent_where_nobody_answers_or_all_is_refused(account: Sandbox) -> None:
    account.fault("*:*", "AccessDenied", times=None)
    assert completed("fcsse link --cache fc-", **account.env()) == []
    account.faults.clear()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {**account.env(), "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        start = time.monotonic()
        assert completed("fcsse link --bucket d", **{**env, "FCSSE_COMPLETION_SECONDS": ""}) == []
        # A second for AWS, the rest for starting Python on a busy machine; botocore's own patience is minutes.
        assert time.monotonic() - start < 20
    assert completed("fcsse link --cache fc-", AWS_PROFILE="no-such-profile") == []


def test_half_an_answer_is_better_than_none(account: Sandbox) -> None:
    account.fault("fsx:*", delay=40.0, times=None)
    assert completed("fcsse link --cache fs-", **account.env(), FCSSE_COMPLETION_SECONDS="5") == ["fs-0abc"]


def test_commands_and_words_are_completed_without_botocore() -> None:
    code = (
        "import sys; sys.argv[0] = 'fcsse'; from fcsse.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sorted({'botocore', 'boto3'} & sys.modules.keys()), file=sys.stderr)"
    )
    for words, offered in (("fcsse li", "link"), ("fcsse link --via p", "policy"), ("fcsse link --buck", "--bucket")):
        number = str(words.count(" "))
        env = {**os.environ, "_FCSSE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": number}
        run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
        assert offered in run.stdout.split()
        assert run.stderr.strip() == ""


def test_version_says_one_line_and_with_v_what_a_report_needs(shell: Shell, tmp_path: Path) -> None:
    assert re.fullmatch(r"fcsse \d+\.\d+\.\d+\n", shell.run("--version").out)
    shell.monkeypatch.setenv("FCSSE_GRANT_ROLE", "secret-value")
    for words in (("--version", "-v"), ("-v", "--version"), ("--version", "--verbose")):
        run = shell.run(*words)
        assert (run.code, run.err) == (0, "")
        told = run.out
        for name in ("fcsse", "Python", "boto3", "botocore", "typer", "rich", "platformdirs", "moto"):
            assert re.search(rf"^{name} \d", told, re.MULTILINE), name
        assert sys.executable in told
        names = (
            next(line for line in told.splitlines() if line.startswith("variables set ")).split(" ", 2)[2].split(", ")
        )
        assert {"AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "FCSSE_BACKUP_DIR", "FCSSE_GRANT_ROLE"} <= set(names)
        values = {value for name, value in os.environ.items() if name.startswith(("AWS_", "FCSSE_")) and len(value) > 4}
        assert not [value for value in values if value in told]
    assert len(shell.sandbox.requests) == 0
    shell.monkeypatch.delenv("FCSSE_BACKUP_DIR")
    shell.monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert f"backups {tmp_path / 'fcsse' / 'backups'}\n" in shell.run("--version", "-v").out or sys.platform != "linux"


def test_v_belongs_behind_the_command(shell: Shell) -> None:
    run = shell.run("-v", "check")
    assert (run.code, run.out) == (2, "")
    assert "-v goes after the command" in run.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("lnik",), "Did you mean link"),
        (("audti", "--fix"), "Did you mean audit?"),
        (("link", "--buket", "data"), "--bucket"),
        (("link", "--cache", "fc-0124", "--bucket", "data", "--wait", "0"), "Did you mean fc-0123"),
        (("link", "--cache", "fc-0123", "--bucket", "data", "--via", "plicy"), "policy"),
    ],
)
def test_a_slip_is_told_with_what_was_probably_meant(shell: Shell, words: tuple[str, ...], meant: str) -> None:
    run = shell.run(*words)
    assert run.code in (2, 6)
    assert meant in run.err


@pytest.mark.parametrize("columns", ["20", "40"])
def test_narrow_terminals_lose_nothing(shell: Shell, columns: str) -> None:
    """What is to be copied stays in one piece; the terminal wraps it."""
    shell.monkeypatch.setenv("COLUMNS", columns)
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--dry-run")
    assert run.code == 0
    arn = "arn:aws:iam::111122223333:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_fc-0123"
    assert f'"AWS" : "{arn}"' in run.out
    assert shell.run("check", "--cache", "fc-0123", "--bucket", "data").code == 3
    narrow = shell.run("audit")
    assert narrow.code == 3
    assert "Traceback" not in narrow.err
    text = shell.run("link", "--help").out
    assert "--every-cache" in text


@pytest.mark.nightly
def test_the_names_of_the_help_option_are_in_one_order_whatever_the_hashes() -> None:
    program = (
        "from fcsse.cli.app import load\n"
        "link = load('link')\n"
        "context = link.make_context('link', [], resilient_parsing=True, help_option_names=['-h', '--help'])\n"
        "print(link.get_help_option_names(context))\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "01234"
    }
    assert len(told) == 1


HELPS = [(), *((name,) for name in COMMANDS), *(("sandbox", name) for name in ("run", "read", "write"))]


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_every_help_has_an_example_to_copy(words: tuple[str, ...], shell: Shell) -> None:
    shell.monkeypatch.setenv("COLUMNS", "60")
    run = shell.run(*words, "--help")
    assert run.code == 0
    examples = re.split(r"^ *Examples?\b.*:$", run.out, flags=re.MULTILINE)[-1].replace(" \\\n", " ")
    lines = [line for line in examples.splitlines() if line.strip()]
    assert lines != run.out.splitlines()
    assert all(line.split()[: 1 + len(words)] == ["fcsse", *words] for line in lines if words), lines
    assert all(line.split()[0] == "fcsse" for line in lines)
    assert not re.search(r"--[a-z-]*-\n", run.out), "an option's name is broken"


def test_a_windows_path_is_a_path(shell: Shell, tmp_path: Path) -> None:
    """On any platform, a folder with spaces, backslashes and a colon is the folder that is used."""
    name = str(PureWindowsPath("C:\\Users\\A B\\fcsse"))
    folder = tmp_path / name if sys.platform != "win32" else tmp_path / "A B"
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--yes", "--backup-dir", str(folder))
    assert run.code == 0, run.err
    assert len(list(folder.glob("*.json"))) == 1
    assert not re.search(r"[:<>|?*]", next(folder.glob("*.json")).name), "a name that Windows accepts"
    listed = shell.run("backups", "--backup-dir", str(folder))
    assert next(folder.glob("*.json")).stem in listed.out
