"""The form of what findings/ holds. The nightly workflow runs it; nothing here does, as it needs the network."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

FINDINGS = sorted((Path(__file__).parents[2] / "findings").glob("*"))
HEADER = re.compile(
    r"#!/bin/sh\n# Tool: .+\n# Version: (?=.*\d).+\n# Behaviour: .+\n(#   .+\n)*# Why it surprises: .+\n(#   .+\n)*"
    r"# Date: \d{4}-\d\d-\d\d\n# Source: .+\n(#   .+\n)*set -eu\n"
)


def test_there_are_at_least_eight() -> None:
    assert len(FINDINGS) >= 8
    assert {path.suffix for path in FINDINGS} == {".sh"}


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_each_says_what_it_is_pins_what_it_installs_and_cleans_up(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert os.access(path, os.X_OK)
    assert HEADER.match(text)
    assert "work=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\n" in text
    installs = re.findall(r"pip install -qq --disable-pip-version-check (.+)", text)
    installs += re.findall(r"npm install (.+?) >/dev/null", text, re.DOTALL)
    assert installs
    for line in installs:
        words = [word.strip('"') for word in line.split() if not word.startswith(("-", "\\", '"$work"'))]
        assert all(re.fullmatch(r"(@[\w-]+/)?[\w-]+(\[[\w,]+\])?(==|@)(\d[\w.]*|\$\w+)", word) for word in words), words
    assert "EXPECTED" in text
    assert "The behaviour has changed" in text
    assert not re.search(r"https?://(?!127\.0\.0\.1)", text)
    assert "fcsse" not in text
