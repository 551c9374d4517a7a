"""The census query on a generated inventory table of many objects: its counts must be right; prints what it took."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from fcsse.aws.inventory import query
from tests.census.inventory_rows import TABLE, answer, expected, fill

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 1 where a count is wrong."""
    parser = argparse.ArgumentParser(prog="scripts/campaigns census", description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000_000)
    parser.add_argument("--memory", default="2GB", help="what DuckDB may use; the rest goes to a temporary file")
    given = parser.parse_args(words)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        connection = duckdb.connect(str(Path(folder) / "inventory.duckdb"))
        connection.execute(f"SET memory_limit = '{given.memory}'")
        connection.execute("SET threads = 2")
        connection.execute("SET preserve_insertion_order = false")
        start = time.monotonic()
        rows = fill(connection, given.objects)
        print(f"{rows:,} rows of {given.objects:,} objects, made in {time.monotonic() - start:.1f} s")
        for prefix, even_only in (("", False), ("it's_50%/", True)):
            start = time.monotonic()
            found = answer(connection, *query(TABLE, prefix))
            seconds = time.monotonic() - start
            counts = {(str(row[0]), row[1], row[2] == "true"): int(str(row[3])) for row in found[1:]}
            right = counts == expected(given.objects, even_only=even_only)
            wrong += not right
            told = f"{sum(counts.values()):,} current objects, {len(counts)} kinds"
            print(f"prefix {prefix!r}: {told}, {seconds:.1f} s, {'right' if right else f'WRONG: {counts}'}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
