"""Prints the part of a lock file, with its hashes, that some packages need: python locked_for.py LOCK REQUIREMENT...

What a package needs on this machine is read from those installed beside this Python, which are the lock's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed(requirements: Iterable[str]) -> set[str]:
    """The names of what these requirements need, and their own."""
    waiting = [Requirement(one) for one in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        for extra in ("", *one.extras):
            if (canonicalize_name(one.name), extra) in seen:
                continue
            seen.add((canonicalize_name(one.name), extra))
            try:
                found = [Requirement(text) for text in requires(one.name) or ()]
            except PackageNotFoundError:  # not for this machine; pip refuses to go without one that is
                found = []
            waiting += [each for each in found if each.marker is None or each.marker.evaluate({"extra": extra})]
    return {name for name, _ in seen}


def entries(lock: str, names: Iterable[str]) -> list[str]:
    """The lock's entries of these names, whole: a line for the version, and one for each hash."""
    wanted = set(names)
    found = [(re.match(r"([\w.-]+)==", one), one) for one in re.split(r"\n(?=\S)", lock)]
    return [one.rstrip() for name, one in found if name and canonicalize_name(name[1]) in wanted]


if __name__ == "__main__":
    print("\n".join(entries(Path(sys.argv[1]).read_text(encoding="utf-8"), needed(sys.argv[2:]))))
