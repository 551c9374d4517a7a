"""What all documents (JSON) and Markdown answers share: errors, warnings, escaping. Pure.

The JSON keys are a contract: they are added to, and never change their meaning.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from fcsse.cli.output.lines import visible
from fcsse.endpoint import Endpoint, endpoints_text
from fcsse.errors import FcsseError
from fcsse.model import DOCUMENT_SCHEMA

Json = dict[str, object]


def error_document(command: str, error: FcsseError, *, changed: bool | None = None) -> Json:
    """The document of a command that failed as a whole. ``changed``: was anything written, or may it have been; None: it only reads."""
    document: Json = {"schema": DOCUMENT_SCHEMA, "command": command, "exit_code": error.exit_code}
    if changed is not None:
        document["changed"] = changed
    return {**document, "error": error_entry(error)}


def error_entry(error: FcsseError) -> Json:
    """An error, as it stands in documents."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def declined(document: Json) -> Json:
    """The document of a command whose question was answered with no."""
    return {**document, "error": {"code": "declined", "message": "the question was answered with no", "hint": ""}}


def to_text(document: Json) -> str:
    """One JSON document, indented, ending in a newline. ASCII, so that any reader gets it whole."""
    return json.dumps(document, indent=2) + "\n"


def endpoint_markdown(endpoints: Sequence[Endpoint]) -> list[str]:
    """Where AWS was asked, if not at its own endpoints: a paragraph."""
    return ["", f"Endpoint: {escaped(endpoints_text(endpoints))}"] if endpoints else []


def warning_markdown(text: str) -> list[str]:
    """A warning as a quotation; each further line of it is a command, as code."""
    first, *commands = text.split("\n")
    return [f"> **Warning:** {escaped(first)}  ", *(f"> `{visible(command)}`  " for command in commands)]


def error_markdown(message: str, hint: str) -> list[str]:
    """An error and what to do next, a paragraph a line."""
    return [
        f"**Error:** {escaped(message)}",
        *(row for part in hint.split("\n") if part for row in ("", escaped(part))),
    ]


def fenced(diff: Sequence[str]) -> list[str]:
    """A diff as a block of Markdown."""
    fence = "`" * max(3, 1 + max((_longest_run(row) for row in diff), default=0))
    return [f"{fence}diff", *diff, fence]


def _longest_run(text: str) -> int:
    return max((len(run) for run in text.replace("`", " ` ").split() if run == "`"), default=0) and text.count("`")


def as_code(name: str) -> str:
    """The id of a cache or the name of a bucket as code, in which GitHub makes no links; neither holds a backtick."""
    return f"`{visible(name)}`"


_OF_MARKDOWN = "\\`*_[]#~$"
_SAME_IN_BOTH = {sign: f"&#{ord(sign)};" for sign in "&<>|"} | {"@": "@<!-- -->"}
_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in _OF_MARKDOWN} | _SAME_IN_BOTH)
_SIGNS_IN_HTML = str.maketrans({sign: f"&#{ord(sign)};" for sign in _OF_MARKDOWN} | _SAME_IN_BOTH)
"""Signs of Markdown and HTML, as texts that stand for them. One pass, so that no stand-in is taken for a sign.

Behind ``@`` GitHub would notify a user or team, whichever way the sign is written; the comment parts it from the name.
"""


def escaped(text: str) -> str:
    """Text that Markdown shows as it is; what does not print is told by its code."""
    return visible(text).translate(_SIGNS)


def escaped_in_html(text: str) -> str:
    """The same in a line of HTML within Markdown, which takes no backslash for an escape."""
    return visible(text).translate(_SIGNS_IN_HTML)
