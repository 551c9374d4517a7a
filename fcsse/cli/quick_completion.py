"""Completing commands, options and their fixed values without Typer, whose import alone takes longer than a Tab should.

The shells' side of it (the variables, what they are told and how) is Typer's own, as ``fcsse --show-completion`` prints
it. What cannot be told from the table of options is left to Typer: values from the account, paths, words in quotes. A
test holds each answer to what Typer says, but for apostrophes in zsh, which Typer loses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.cli.completion_table import ARGUMENTS, COMMANDS, OF_COMMAND, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Items = list[tuple[str, str]]  # words with their help


def answer(variable: str, environment: Mapping[str, str]) -> tuple[str, int] | None:
    """What to print and the exit code; None where Typer has to be asked.

    ``variable`` is the one by which the shell asks: its value says what for, as in ``complete_zsh``.
    """
    task, _, shell = environment[variable].partition("_")
    if task != "complete" or shell not in ("bash", "zsh", "fish", "powershell", "pwsh"):
        return None
    found = _words(shell, environment)
    items = None if found is None else _items(*found)
    if items is None:
        return None
    if shell == "fish" and environment.get("_TYPER_COMPLETE_FISH_ACTION") != "get-args":
        return ("", 0 if items else 1) if environment.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args" else None
    return _told(shell, items) + "\n", 0


def _words(shell: str, environment: Mapping[str, str]) -> tuple[list[str], str] | None:
    """The words before the one that is being typed, without the program's name, and what there is of that one."""
    line = environment.get("COMP_WORDS" if shell == "bash" else "_TYPER_COMPLETE_ARGS", "")
    if any(character in line for character in "\"'\\"):
        return None
    words = line.split()
    if shell == "bash":
        number = environment.get("COMP_CWORD", "")
        if not number.isdecimal():
            return None
        return words[1 : int(number)], words[int(number)] if int(number) < len(words) else ""
    if shell in ("powershell", "pwsh"):
        typed = environment.get("_TYPER_COMPLETE_WORD_TO_COMPLETE", "")
        return (words[1:-1] if typed else words[1:]), typed
    if words[1:] and not line.endswith(" "):
        return words[1:-1], words[-1]
    return words[1:], ""


def _items(words: Sequence[str], typed: str) -> Items | None:
    if not words and typed.startswith("-"):
        return None if "=" in typed else _options("", (), typed)
    if not words:
        return _beginning(COMMANDS.items(), typed)
    command, *rest = words
    if command not in OF_COMMAND:
        return None
    of_name = {name: key for key in OF_COMMAND[command].split() for name in OPTIONS[key][0]}
    given: set[str] = set()
    waiting = arguments = 0
    for word in rest:
        if waiting:
            if word.startswith("-"):
                return None
            waiting = 0
        elif word.startswith("-"):
            name, equals, _ = word.partition("=")
            if name not in of_name or (equals and not OPTIONS[of_name[name]][1]):
                return None  # several letters in one word, a slip of the fingers, or the end of options
            given.add(of_name[name])
            waiting = OPTIONS[of_name[name]][1] and not equals
        else:
            arguments += 1
    if typed.startswith("-"):
        return None if waiting or "=" in typed else _options(command, given, typed)
    elsewhere = () if arguments else ARGUMENTS.get(command, ())
    values = OPTIONS[of_name[rest[-1]]][3] if waiting else elsewhere
    return None if values is None else _beginning(((value, "") for value in values), typed)


def _options(command: str, given: Iterable[str], typed: str) -> Items:
    left = (OPTIONS[key] for key in OF_COMMAND[command].split() if key not in given or OPTIONS[key][2])
    return _beginning(((name, option[4]) for option in left for name in option[0]), typed)


def _beginning(items: Iterable[tuple[str, str]], typed: str) -> Items:
    return [item for item in items if item[0].startswith(typed)]


def _told(shell: str, items: Items) -> str:
    """The answer in the shell's form."""
    if shell == "zsh":
        said = [f'"{_zsh(word)}":"{_zsh(text)}"' if text else f'"{_zsh(word)}"' for word, text in items]
        return "_arguments '*: :((" + "\n".join(said) + "))'" if said else "_files"
    if shell == "fish":
        return "\n".join(f"{word}\t{text}" if text else word for word, text in items)
    if shell == "bash":
        return "\n".join(word for word, _ in items)
    return "\n".join(f"{word}:::{text or ' '}" for word, text in items)


def _zsh(text: str) -> str:
    for character, instead in (('"', '""'), ("'", "'\\''"), ("$", "\\$"), ("`", "\\`"), (":", "\\\\:")):
        text = text.replace(character, instead)
    return text
