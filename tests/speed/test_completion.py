"""The quick completion says what Typer's says, word for word, or leaves it to Typer."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcsse.cli import main, quick_completion
from fcsse.cli.completion_table import ARGUMENTS, COMMANDS, OF_COMMAND, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
NAMES = sorted({name for option in OPTIONS.values() for name in option[0]})
VALUES = [
    "policy",
    "both",
    "json",
    "fc-0123",
    "data",
    "10",
    "link",
    "-",
    "--",
    "--cache=fc-1",
    "--via=grant",
    "-yv",
    "--no",
]


def asking(shell: str, words: list[str], typed: str, action: str = "get-args") -> dict[str, str]:
    """The variables by which a shell asks what may follow."""
    line = " ".join(["fcsse", *words, typed])
    asked = {main.COMPLETION: f"complete_{shell}"}
    if shell == "bash":
        return {**asked, "COMP_WORDS": line, "COMP_CWORD": str(len(words) + 1)}
    if shell == "fish":
        asked["_TYPER_COMPLETE_FISH_ACTION"] = action
    return {**asked, "_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_WORD_TO_COMPLETE": typed}


def ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: Mapping[str, str]
) -> tuple[str, int]:
    """What Typer answers."""
    with monkeypatch.context() as patch:
        patch.setattr(quick_completion, "answer", lambda *_: None)
        patch.setitem(sys.modules, "rich", None)  # with rich, help texts are wrapped to 80 columns
        for name, value in asked.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main.main([])
    text = capsys.readouterr().out
    if asked[main.COMPLETION] == "complete_zsh":
        text = text.replace("''", r"'\''")  # zsh drops the apostrophes that Typer writes
    return text, int(ended.value.code or 0)


def quick(asked: Mapping[str, str]) -> tuple[str, int] | None:
    return quick_completion.answer(main.COMPLETION, {**os.environ, **asked})


LINES = st.tuples(
    st.lists(st.sampled_from([*NAMES, *VALUES]), max_size=4),
    st.one_of(
        st.just(""),
        st.sampled_from([*NAMES, *VALUES]).flatmap(lambda word: st.integers(0, len(word)).map(lambda n: word[:n])),
    ),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SHELLS), st.sampled_from(["", *OF_COMMAND]), LINES, st.sampled_from(["get-args", "is-args"]))
def test_any_line_is_completed_as_typer_would(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shell: str,
    command: str,
    line: tuple[list[str], str],
    action: str,
) -> None:
    words, typed = line
    asked = asking(shell, [command, *words] if command else words[:0], typed, action)
    told = quick(asked)
    if told is not None:
        assert told == ask(monkeypatch, capsys, asked)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", OF_COMMAND)
def test_every_option_of_every_command_is_completed_as_by_typer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str, command: str
) -> None:
    asked = asking(shell, [command] if command else [], "-")
    told = quick(asked)
    assert told is not None
    assert told == ask(monkeypatch, capsys, asked)
    assert "--help" in told[0]


@pytest.mark.parametrize("typed", ["", "l", "-", "--v", "nonsense", *COMMANDS])
@pytest.mark.parametrize("shell", SHELLS)
def test_commands_are_completed_as_by_typer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str, typed: str
) -> None:
    asked = asking(shell, [], typed)
    told = quick(asked)
    assert told is not None
    assert told == ask(monkeypatch, capsys, asked)


@pytest.mark.parametrize(
    ("words", "typed", "expected"),
    [
        (["link", "--via"], "", "auto policy grant"),
        (["link", "--cache", "fc-0123", "--context"], "d", "documented"),
        (["permissions"], "", " ".join(ARGUMENTS["permissions"] or ())),
        (["permissions", "link", "--output"], "m", "markdown"),
        (["link", "--dry-run"], "--dry", ""),  # only once
        (["link", "--cache", "fc-0123"], "--cac", "--cache"),  # many times
        (["link", "--wait"], "", ""),
    ],
)
def test_words_that_stand_still_need_no_typer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], typed: str, expected: str
) -> None:
    asked = asking("bash", words, typed)
    told = quick(asked)
    assert told is not None
    assert told[0].split() == expected.split()
    assert told == ask(monkeypatch, capsys, asked)


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["link", "--cache"], ""),
        (["check", "--bucket"], "da"),
        (["link", "--backup-dir"], "/tm"),
        (["sandbox"], ""),
        (["nonsense"], ""),
        (["link", "--profile", '"my profile"'], "--b"),
        (["link", "--via=gr"], "--b=c"),
        ([], "--cache="),
    ],
)
def test_what_has_to_be_looked_up_is_left_to_typer(words: list[str], typed: str) -> None:
    assert quick(asking("zsh", words, typed)) is None
