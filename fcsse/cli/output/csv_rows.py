"""Rows of CSV, for spreadsheets as well. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

_FORMULA = re.compile(r"""(^|;)(?=[ \t\r\n"]*[=+\-@\uff0b\uff0d\uff1d\uff20\t\r\n])""")
"""Where a spreadsheet takes what follows for a formula: at a cell's beginning, behind white space too, and behind a semicolon, at
which those of many languages begin a cell, in quotes or not. There, CSV's doubled quotes are an empty text, and what follows
counts. Source: OWASP, "CSV Injection".
"""


def csv_row(cells: Sequence[str]) -> str:
    """A row of CSV; what a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_FORMULA.sub(r"\1'", cell) for cell in cells])
    return out.getvalue()
