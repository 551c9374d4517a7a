"""Text from AWS as HTML and SVG that shows it as it is, in elements and in attributes. Pure."""

from __future__ import annotations

import html

from fcsse.cli.output.lines import visible


def text(value: str) -> str:
    """The text, for an element or a quoted attribute; what does not print (control and direction marks) is escaped."""
    return html.escape(visible(value), quote=True)


WHOLE = 30
"""Characters up to which a word with hyphens stays on one line: an id, a bucket's name, an option."""


def prose(value: str) -> str:
    """As ``text``, for sentences: no browser breaks a short word at its hyphens."""
    return " ".join(
        f'<span class="whole">{text(word)}</span>' if "-" in word and len(word) <= WHOLE else text(word)
        for word in value.split(" ")
    )


def title(value: str) -> str:
    """An SVG title, which browsers show on pointing."""
    return f"<title>{text(value)}</title>"


SIGNS = {"allowed": "✓", "partly": "◐", "denied": "✕", "unknown": "?"}
"""Verdicts as signs, so that no colour has to be told from another."""

WORDS = {"allowed": "access", "partly": "in part", "denied": "no access", "unknown": "unknown"}
"""Verdicts in words."""
