"""The pages for contributors name files that exist, and the order of the packages that the import contract keeps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
ARCHITECTURE = ROOT / ".github" / "docs" / "architecture.md"

ENDINGS = (".py", ".md", ".yml", ".yaml", ".toml", ".sh", ".jsonl", "/")
MADE = (".venv",)
"""What is named and no file of the repository."""


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def is_path(name: str) -> bool:
    return name.startswith(("./", "tests/", "scripts/", "fcsse/", ".github/")) or name.endswith(ENDINGS)


def is_there(name: str, folders: tuple[Path, ...]) -> bool:
    """Is there such a file or folder? ``<command>`` and the like stand for any name."""
    pattern = re.sub(r"<\w+>\*?", "*", name.removeprefix("./").rstrip("/"))
    return any(next(folder.glob(pattern), None) is not None for folder in folders)


def missing(text: str) -> Iterator[str]:
    """The paths of a page that lead nowhere. A row that begins with a folder goes on with names in it, or beside it."""
    for line in re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE).splitlines():
        names = [word.split(" ")[0] for word in quoted(line) if is_path(word)]
        folders: tuple[Path, ...] = (ROOT, ROOT / "fcsse")
        first = quoted(line.split("|")[1]) if line.startswith("| `") else []
        if first and (row := ROOT / first[0]).is_dir():
            folders = (*folders, row, row.parent)
            names = list(dict.fromkeys((*first, *names)))
        yield from (name for name in names if name not in MADE and not is_there(name, folders))


@pytest.mark.parametrize("page", [CONTRIBUTING, ARCHITECTURE], ids=lambda page: page.name)
def test_every_path_that_is_named_is_there(page: Path) -> None:
    assert not list(missing(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("see `aws/errors.py` and `./scripts/test tests/cli -k grant`", []),
        ("`cli/<command>.py`, `tests/evaluator/cases_*.py`", []),
        ("`errors.py` is one of the whole product, `kms.py` is none", ["kms.py"]),
        ("`cli/<command>/none.py`, `./scripts/none`", ["cli/<command>/none.py", "./scripts/none"]),
        ("| `fcsse/commands/` | `check.py`, `audit/`, `none.py` |", ["none.py"]),
        ("| `tests/cli`, `audit`, `none` | commands |", ["none"]),
    ],
)
def test_what_counts_as_a_path_that_leads_nowhere(text: str, lost: list[str]) -> None:
    assert list(missing(text)) == lost


def named_in_files(text: str) -> list[tuple[str, str]]:
    """Files with the names that stand in brackets, or after a colon, behind them."""
    found = re.findall(r"`([\w/]+\.py)`(?: \(|: )((?:`[\w.]+`(?:, )?)+)", text)
    return [(file, name) for file, names in found for name in quoted(names) if not is_path(name)]


def test_names_stand_in_the_files_that_are_named_for_them() -> None:
    found = named_in_files(CONTRIBUTING.read_text(encoding="utf-8"))
    assert len(found) >= 10
    for file, name in found:
        text = (ROOT / "fcsse" / file).read_text(encoding="utf-8")
        assert all(re.search(rf"\b{part}\b", text) for part in name.split(".")), f"{name} in {file}"


def test_packages_are_listed_in_the_order_of_the_import_contract() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = [one["layers"] for one in config["contracts"] if one["type"] == "layers"]
    rows = re.findall(r"^\| (`fcsse/.*?) \|", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = [[Path(name.removeprefix("fcsse/")).stem for name in quoted(row)] for row in rows]
    assert listed == [layer.split(" : ") for layer in layers]
