"""Rows of CSV: a spreadsheet runs nothing of them, and programs read what was meant."""

from __future__ import annotations

import csv
import io

import pytest

from fcsse.cli.output.csv_rows import csv_row


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=cmd()", "'=cmd()"),
        ("  =cmd()", "'  =cmd()"),
        ("\uff1dcmd()", "'\uff1dcmd()"),
        ("tool;=cmd|' /C calc'!A0", "tool;'=cmd|' /C calc'!A0"),
        ('tool; @SUM(1);+1;"x"', "tool;' @SUM(1);'+1;\"x\""),
        ('tool;"=1+1;x', "tool;'\"=1+1;x"),
        ("key policy; grant (a=b), -o json", "key policy; grant (a=b), -o json"),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_takes_for_a_formula_is_text(cell: str, shown: str) -> None:
    """Those of many languages begin a cell at each semicolon, whatever quotes there are."""
    row = csv_row(["first", cell, "a,b"])
    assert list(csv.reader(io.StringIO(row, newline=""))) == [["first", shown, "a,b"]]
    (parts,) = csv.reader(io.StringIO(row, newline=""), delimiter=";")
    for part in (*parts, *row.rstrip("\r\n").split(";")):
        assert part.strip()[:1] not in ("=", "+", "-", "@", "\uff1d")
