"""Lines for a screen: parts of text in styles, broken between words where they are words. Pure.

Text from AWS is never markup, and never more than the line it stands in: control characters are made visible.
"""

from __future__ import annotations

import json
import re
import textwrap
from itertools import groupby

Style = str
Line = tuple[tuple[str, Style], ...]
"""A line as parts of text, each with the name of a rich style, or empty."""


class Prose(tuple[tuple[str, Style], ...]):
    """A line of words, which may be broken between them on a terminal. Other lines stay in one piece, to be copied.

    Where it begins with a label in a column of its own, what follows stays beside it.
    """

    __slots__ = ()


def line(text: str, style: Style = "") -> Line:
    """A line of one part."""
    return ((text, style),)


def prose(*parts: tuple[str, Style] | str) -> Prose:
    """A line of words."""
    return Prose((part, "") if isinstance(part, str) else part for part in parts)


def warning(text: str) -> list[Line]:
    """A warning; each further line of it is a command, to be copied."""
    first, *commands = text.split("\n")
    return [prose(("Warning: ", "yellow"), first), *(line(f"  {command}") for command in commands)]


def visible(text: str) -> str:
    """The text on one line: control characters as escapes, so that no name can begin a line or move the cursor."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown(text: str) -> str:
    """As ``visible``; but the tabs by which a line of a diff is indented stay."""
    mark = text[:1] if text[:1] in ("+", "-", " ") else ""
    rest = text[len(mark) :]
    indent = rest[: len(rest) - len(rest.lstrip("\t"))]
    return mark + indent + visible(rest[len(indent) :])


def printable_answer(text: str, encoding: str) -> str:
    """A whole answer, such as a policy or Markdown: what does not print, or has no place in the encoding, is escaped as in JSON.

    Line breaks and tabs stay. A JSON document is still one and says the same: in texts an escape means its character, and
    between them a carriage return is white space.
    """

    def escaped(found: re.Match[str]) -> str:
        character = found[0]
        if character in ("\r\n", "\r"):
            return character if len(character) == 2 else "\n"
        return character if character.isprintable() and _has_place(character, encoding) else json.dumps(character)[1:-1]

    return _NOT_PLAIN.sub(escaped, text)


def without_log_commands(text: str) -> str:
    """Output for the log of a CI job, in which ``##[name]`` and ``##vso[name]`` are commands wherever they stand in a line, and
    ``::name::`` at its beginning, behind spaces too.

    As ``printable_answer`` does, it escapes a sign as JSON does. Sources: actions/runner, ``ActionCommand.TryParse`` and
    ``TryParseV2``; Azure Pipelines, "Logging commands"; TeamCity, "Service messages".
    """
    return _LINE_COMMAND.sub(r"\1\\u003a", _LOG_COMMAND.sub(r"#\\u0023", text))


_LOG_COMMAND = re.compile(r"##(?=\w*\[)")
_LINE_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)

_NOT_PLAIN = re.compile(r"\r\n|[^\n\t -~]")


def _has_place(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


_COMMAND = re.compile(r"(?:^|(?<=: ))(?:fcsse|aws) \S.*$|\((?:fcsse|aws) [^()]+\)")
"""A command within a text, at its end or in parentheses: it is to be copied, so it stays in one piece."""


def wrapped(text: str, room: int) -> list[str]:
    """The text in lines of so many characters, as it is shown, broken between words only."""
    bound = _COMMAND.sub(lambda found: found[0].replace(" ", "\0"), visible(text))
    lines = textwrap.wrap(bound, max(room, 20), break_long_words=False, break_on_hyphens=False)
    return [one.replace("\0", " ") for one in lines] or [""]


def broken(parts: Line, room: int) -> list[Line]:
    """The lines of a line of words in so many columns, each part of it still in its style."""
    if not isinstance(parts, Prose):
        return [parts]
    whole = "".join(text for text, _ in parts)
    label = parts[0][0]
    indent = len(label) if len(parts) > 1 and label.endswith("  ") else len(whole) - len(whole.lstrip(" "))
    styles = [style for text, style in parts for _ in text]
    out: list[Line] = []
    end = indent
    for text in wrapped(whole[indent:], room - indent):
        begin = whole.index(text, end)
        end = begin + len(text)
        places = range(begin if out else 0, end)
        cells = [
            ("".join(whole[place] for place in group), style)
            for style, group in groupby(places, key=lambda place: styles[place])
        ]
        out.append((*([(" " * indent, "")] if out and indent else []), *cells))
    return out
