"""Text from AWS as HTML and SVG that shows it as it is, in elements and in attributes. Pure."""

from __future__ import annotations

import html

from fcsse.cli.output.lines import visible


def text(value: str) -> str:
    """The text, for an element or a quoted attribute; what does not print (control and direction marks) is escaped."""
    return html.escape(visible(value), quote=True)


def title(value: str) -> str:
    """An SVG title, which browsers show on pointing."""
    return f"<title>{text(value)}</title>"


SIGNS = {"allowed": "✓", "partly": "◐", "denied": "✕", "unknown": "?"}
"""Verdicts as signs, so that no colour has to be told from another."""

WORDS = {"allowed": "access", "partly": "in part", "denied": "no access", "unknown": "not known"}
"""Verdicts in words."""
