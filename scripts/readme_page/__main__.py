"""Writes, or with ``--check`` compares, what is made from the program: help texts, a picture, a table of options."""

import sys
from pathlib import Path

from readme_page.completion_table import PLACE, source
from readme_page.help_texts import HELP, help_texts, reference
from readme_page.picture import picture

ROOT = Path(__file__).parents[2]


def main(arguments: list[str]) -> int:
    """0: everything is as it should be, or was written. 1: something is out of date."""
    check = arguments == ["--check"]
    if arguments and not check:
        print("usage: scripts/readme [--check]", file=sys.stderr)
        return 2
    page, image = ROOT / ".github" / "docs" / "reference.md", ROOT / ".github" / "terminal.svg"
    helps = help_texts()
    wanted = {ROOT / PLACE: source(), **{ROOT / HELP / f"{name}.txt": text for name, text in helps.items()}}
    wanted |= {page: reference(page.read_text(encoding="utf-8"), helps), image: picture()}
    old = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in old:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run scripts/readme", file=sys.stderr)
        else:
            path.write_text(wanted[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)
    return 1 if check and old else 0


sys.exit(main(sys.argv[1:]))
