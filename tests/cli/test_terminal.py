"""Real processes: the console script, a pseudo-terminal with its question, signals and closed pipes."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from fcsse.sandbox import Sandbox
from tests import warm_start
from tests.cli.shell import Shell

LINK = ("link", "--cache", "fc-0123", "--bucket", "data")
QUESTION = b"[y/N] "
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
DEADLINE = 40.0


def environment(sandbox: Sandbox, home: Path, **more: str) -> dict[str, str]:
    """All that the process gets to know."""
    base = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home), "TERM": "xterm-256color"}
    if "PYTHONPATH" in os.environ:
        base["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return {**base, "COLUMNS": "100", **sandbox.env(), **more}


def command(*words: str) -> list[str]:
    """The program as a process of its own."""
    return [sys.executable, "-m", "fcsse", *words]


def run(sandbox: Sandbox, home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs it without a terminal."""
    return subprocess.run(
        command(*words),
        env=environment(sandbox, home, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def in_terminal(
    env: Mapping[str, str], words: tuple[str, ...], answer: bytes | None = None, *, started: bool = False
) -> tuple[int, str]:
    """Runs it in a pseudo-terminal; answers its question, if it asks one. Exit code, and all that was on the screen.

    ``started``: the process imports everything with this environment, as on a shell.
    """
    if started:
        process, screen = pty.fork()
        if process == 0:
            os.execve(sys.executable, command(*words), dict(env))
        forked = None
    else:
        screen, terminal = pty.openpty()
        forked = warm_start.start(words, env, (terminal, terminal, terminal), terminal=True)
        process = forked.pid
        os.close(terminal)
    seen, end, answered = b"", time.monotonic() + DEADLINE, False
    while time.monotonic() < end:
        if not select.select([screen], [], [], 0.2)[0]:
            continue
        try:
            part = os.read(screen, 65536)
        except OSError:
            break  # the other side is closed
        if not part:
            break
        seen += part
        if QUESTION in seen and answer is not None and not answered:
            os.write(screen, answer)
            answered = True
    else:
        os.kill(process, signal.SIGKILL)
    os.close(screen)
    code = forked.wait(DEADLINE) if forked else os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return code, seen.decode(errors="replace")


def plain(screen: str) -> str:
    """What was on the screen, without colours and cursor movements."""
    return ESCAPES.sub("", screen)


def rows(screen: str) -> list[str]:
    """The lines that stay on the screen: what a spinner drew is drawn over."""
    return [line.rsplit("\r", 1)[-1] for line in plain(screen).replace("\r\n", "\n").split("\n")]


@pytest.mark.parametrize(
    ("answer", "applied"),
    [
        (b"\n", False),
        (b"n\n", False),
        (b"\x04", False),
        (b"yep\n", False),
        (b"y\n", True),
        (b" YES \n", True),
    ],
    ids=["return", "no", "end of input", "something else", "y", "YES"],
)
def test_the_question_s_default_is_no(sandbox: Sandbox, tmp_path: Path, answer: bytes, applied: bool) -> None:
    code, screen = in_terminal(environment(sandbox, tmp_path), LINK, answer)
    assert "\r\n\r\nLink fc-0123 to data? [y/N] " in screen
    assert screen.index("key policy (planned)") < screen.index("[y/N]")
    assert (len(sandbox.policy("data")["Statement"]) == 2) is applied
    assert sandbox.requests.count("kms:PutKeyPolicy") == int(applied)
    assert code == (0 if applied else 1)
    assert ("\nNothing was written to AWS.\r\n" in screen) is not applied


def test_ctrl_c_at_the_question_writes_nothing_and_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    code, screen = in_terminal(environment(sandbox, tmp_path), LINK, b"\x03")
    assert code == 130, screen
    assert "[y/N] ^C\r\nError: link was interrupted. Nothing was written to AWS.\r\n" in plain(screen)
    assert "Traceback" not in screen
    assert sandbox.requests.count("kms:PutKeyPolicy") == 0


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("words", "more"), [(("--yes",), {}), (("-y",), {}), ((), {"FCSSE_YES": "1"}), ((), {"CI": "true"})]
)
def test_no_question_where_nobody_wants_or_can_answer_one(
    sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...], more: dict[str, str]
) -> None:
    code, screen = in_terminal(environment(sandbox, tmp_path, **more), (*LINK, *words), started=True)
    assert code == 0, screen
    assert "[y/N]" not in screen
    assert len(sandbox.policy("data")["Statement"]) == 2


@pytest.mark.parametrize("words", [(*LINK, "--dry-run"), ("link", "--cache", "fc-0123", "--bucket", "data-sse-s3")])
def test_no_question_where_nothing_would_be_written(sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...]) -> None:
    code, screen = in_terminal(environment(sandbox, tmp_path), words)
    assert code == 0, screen
    assert "[y/N]" not in screen


COLOURED = re.compile(r"\x1b\[[0-9;]*3[1-6]m|\x1b\[[0-9;]*m\+")


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("words", "more", "coloured"),
    [
        ((), {}, True),
        (("--no-color",), {}, False),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"FCSSE_NO_COLOR": "1"}, False),
        ((), {"TERM": "dumb"}, False),
    ],
    ids=["plain", "--no-color", "NO_COLOR", "FCSSE_NO_COLOR", "dumb"],
)
def test_colours_on_a_terminal(
    sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...], more: dict[str, str], coloured: bool
) -> None:
    code, screen = in_terminal(environment(sandbox, tmp_path, **more), (*LINK, "--dry-run", *words), started=True)
    assert code == 0, screen
    assert (COLOURED.search(screen) is not None) is coloured


def test_json_on_a_terminal_asks_on_stderr_and_stays_one_document(sandbox: Sandbox, tmp_path: Path) -> None:
    code, screen = in_terminal(environment(sandbox, tmp_path), (*LINK, "-o", "json"), b"n\n")
    assert code == 1, screen
    assert "[y/N]" in screen
    assert sandbox.requests.count("kms:PutKeyPolicy") == 0


def test_a_no_is_told_as_json_too(sandbox: Sandbox, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    shell = ("-c", f'exec "$0" "$@" > {out}')
    process, screen = pty.fork()
    if process == 0:
        words = ["/bin/sh", *shell, *command(*LINK, "-o", "json")]
        os.execve("/bin/sh", words, environment(sandbox, tmp_path))
    seen = b""
    while QUESTION not in seen:
        seen += os.read(screen, 65536)
    os.write(screen, b"n\n")
    os.waitpid(process, 0)
    os.close(screen)
    assert json.loads(out.read_text(encoding="utf-8"))["changed"] is False


def test_a_process_without_a_terminal_never_asks(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, tmp_path, *LINK)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert len(sandbox.policy("data")["Statement"]) == 2


def test_piped_json_is_one_document(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, tmp_path, *LINK, "-o", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["changed"] is True
    failed = run(sandbox, tmp_path, "link", "--cache", "nonsense", "-o", "json")
    assert (failed.returncode, json.loads(failed.stdout)["error"]["code"]) == (2, "usage")


def test_the_exit_code_reaches_the_shell(sandbox: Sandbox, tmp_path: Path) -> None:
    assert run(sandbox, tmp_path, *LINK, "--dry-run", "--exit-code").returncode == 3


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "words",
    [(*LINK, "--dry-run"), ("audit",), ("check", *LINK[1:]), ("backups",), ("audit", "-o", "json"), ("--help",)],
)
def test_a_reader_that_goes_away_is_no_error(sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        command(*words),
        env=environment(sandbox, tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(DEADLINE) == 141, "as shells report of a program that SIGPIPE ended"


def test_a_reader_that_goes_away_before_a_write_is_told_hears_of_it_all_the_same(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        command(*LINK, "-q"),
        env=environment(sandbox, tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(DEADLINE) == 1
    assert "Written: the policy of key" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_wait_says_whether_anything_was_written(
    shell: Shell, tmp_path: Path, number: signal.Signals
) -> None:
    sandbox = shell.sandbox
    sandbox.add_cache("fc-0ee0", ["data"], lifecycle="CREATING", role=False)
    process = subprocess.Popen(
        command("link", "--cache", "fc-0ee0", "--bucket", "data", "-v"),
        env=environment(sandbox, tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + DEADLINE
    while sandbox.requests.count("iam:GetRole") < 1 and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, errors
    assert "Nothing was written" in errors
    assert "Traceback" not in errors


def test_help_lists_the_options_and_version_the_version(sandbox: Sandbox, tmp_path: Path) -> None:
    text = run(sandbox, tmp_path, "link", "--help")
    assert text.returncode == 0
    for option in ("--cache", "--bucket", "--dry-run", "--expect", "--via", "--wait", "--output", "--no-backup"):
        assert option in text.stdout
    assert re.fullmatch(r"fcsse \d+\.\d+\.\d+\S*\n", run(sandbox, tmp_path, "--version").stdout)


NARROW = 80


def prose(screen: str) -> list[str]:
    """The lines of words on a screen: not those of a diff, nor those that have to stay in one piece."""
    signs = ("+", "-", "@", " ", "{", "$")
    whole = ("fcsse ", "aws ", "arn:", "--- ", "Role ", "Key ", "Policy of key")
    return [line for line in rows(screen) if not line.startswith((*signs, *whole)) and "arn:aws" not in line]


@pytest.mark.parametrize(
    "words",
    [
        (*LINK, "--dry-run"),
        ("link", "--cache", "fc-0123", "--bucket", "data-other-account", "--dry-run"),
        ("link", "--cache", "fc-0123", "--bucket", "data-stack", "--dry-run"),
        ("link", "--cache", "fc-0123", "--bucket", "data-dead"),
        ("link", "--cache", "fc-0123", "--bucket", "data-full"),
        ("unlink", "--cache", "fc-012", "--bucket", "data"),
        ("check", "--cache", "fc-0123", "--bucket", "data"),
        ("check", "--cache", "fc-0123", "--bucket", "data-dsse"),
    ],
    ids=lambda words: " ".join(words),
)
def test_words_are_not_broken_at_a_narrow_terminal(sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...]) -> None:
    wide = in_terminal(environment(sandbox, tmp_path, COLUMNS="1000"), words)[1]
    narrow = in_terminal(environment(sandbox, tmp_path, COLUMNS=str(NARROW)), words)[1]
    assert [line for line in prose(narrow) if len(line) > NARROW] == []
    assert max(map(len, prose(wide))) > NARROW, "there was something to break"
    assert " ".join(plain(narrow).split())[-400:] == " ".join(plain(wide).split())[-400:] or words[0] == "check"


def test_what_is_to_be_copied_stays_in_one_piece(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = str(tmp_path / ("long-" * 12))
    env = environment(sandbox, tmp_path, COLUMNS=str(NARROW))
    screen = in_terminal(env, (*LINK, "--yes", "--backup-dir", folder))[1]
    assert re.search(rf"^fcsse restore \S+ --backup-dir {re.escape(folder)}$", "\n".join(rows(screen)), re.MULTILINE)
    assert rows(screen)[-2].startswith("fcsse restore ")
    arn = sandbox.key("data").arn
    assert "Policy of the key" in rows(screen)
    sandbox.set_key_state("data", "PendingDeletion")
    checked = rows(in_terminal(env, ("check", *LINK[1:]))[1])
    assert f"  aws kms enable-key --key-id {arn} --region eu-west-1" in checked


def test_tables_fit_a_narrow_terminal(sandbox: Sandbox, tmp_path: Path) -> None:
    assert run(sandbox, tmp_path, *LINK).returncode == 0
    assert run(sandbox, tmp_path, "link", "--cache", "fc-0456", "--bucket", "data").returncode == 0
    env = environment(sandbox, tmp_path, COLUMNS=str(NARROW))
    for words in (("backups",), ("check", *LINK[1:]), ("check", *LINK[1:], "-v")):
        narrow = rows(in_terminal(env, words)[1])
        assert [line for line in narrow if len(line) > NARROW] == [], words
        wide = rows(in_terminal({**env, "COLUMNS": "200"}, words)[1])
        assert len(wide) < len(narrow) or words == ("backups",), words
        text = "\n".join(narrow)
        if words == ("backups",):
            assert "link fc-0456 to data" in text
            assert sandbox.key("data").arn in text
        else:
            assert re.search(r"^kms:Decrypt +object ARN +allowed$", text, re.MULTILINE), text
            assert re.search(r"^  decided by +statement '", text, re.MULTILINE), text


def test_a_pipe_gets_each_sentence_on_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, tmp_path, "link", "--cache", "fc-0123", "--bucket", "data-other-account", COLUMNS="40")
    assert max(map(len, done.stdout.splitlines())) > 100


def test_a_question_names_what_it_is_about(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path)
    many = ("link", "--cache", "fc-0123", "--bucket", "data", "--bucket", "data-bucket-keys")
    assert "\n\nLink 2 pairs (2 key policies change)? [y/N] " in "\n".join(rows(in_terminal(env, many, b"n\n")[1]))
    assert run(sandbox, tmp_path, *LINK).returncode == 0
    unlinked = in_terminal(env, ("unlink", *LINK[1:]), b"n\n")[1]
    assert "\n\nUnlink fc-0123 from data? [y/N] " in "\n".join(rows(unlinked))
    saved = json.loads(run(sandbox, tmp_path, "backups", "-o", "json").stdout)["backups"][0]["id"]
    restored = "\n".join(rows(in_terminal(env, ("restore", saved), b"n\n")[1]))
    assert f"\n\nRestore the policy of key {sandbox.key('data').id}? [y/N] " in restored


@pytest.mark.parametrize("words", [LINK, ("restore", "2")])
def test_the_end_of_the_input_is_a_no_on_a_line_of_its_own(
    sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...]
) -> None:
    env = environment(sandbox, tmp_path)
    if words[0] == "restore":
        assert run(sandbox, tmp_path, *LINK).returncode == 0
    code, screen = in_terminal(env, words, b"\x04")
    assert code == 1
    assert "Nothing was written to AWS." in rows(screen)


def test_an_interrupted_write_leaves_no_spinner_behind(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.late(policy_reads=10_000)
    process, screen = pty.fork()
    if process == 0:
        os.execve(sys.executable, command(*LINK, "--yes"), environment(sandbox, tmp_path))
    seen = b""
    while b"Waiting until KMS shows" not in seen:
        seen += os.read(screen, 65536)
    os.write(screen, b"\x03")
    while True:
        try:
            part = os.read(screen, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(screen)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 130
    text = seen.decode(errors="replace")
    assert text.rindex("\x1b[?25h") < text.index("Error: "), "the cursor is back before the error"
    assert [line for line in rows(text) if "Error: " in line] == [
        line for line in rows(text) if line.startswith("Error: link was interrupted. Written: the policy of key")
    ]
