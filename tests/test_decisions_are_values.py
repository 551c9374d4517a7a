"""Decisions travel as values: nothing below the command line reads a sentence of ours to decide.

Texts are made at the edge (``cli/output``) and handed out; ``aws`` reads AWS's own messages, which is its business, and
the sandbox is another program.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ELSEWHERE = ("fcsse/aws/", "fcsse/sandbox/")
TEXTS = {"message", "hint", "reason", "title", "detail", "headline", "remedy", "summary", "warning", "note", "phrase"}
READING = {
    "startswith",
    "endswith",
    "replace",
    "split",
    "partition",
    "rpartition",
    "removeprefix",
    "removesuffix",
    "find",
    "index",
}


def named(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def readings(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="split"), args=[ast.Constant(value="\n")]):
                pass  # its lines, one below the other
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in READING and named(value) in TEXTS:
                yield node.lineno
            case ast.Compare(ops=[ast.In() | ast.NotIn()], left=ast.Constant(value=str()), comparators=[text]):
                if named(text) in TEXTS:
                    yield node.lineno
            case _:
                pass


def test_no_sentence_is_read_back_to_decide() -> None:
    found: Counter[str] = Counter()
    for path in sorted((ROOT / "fcsse").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(ELSEWHERE):
            found[name] += sum(1 for _ in readings(ast.parse(path.read_text(encoding="utf-8"))))
    assert not +found


@pytest.mark.parametrize(
    ("code", "is_reading"),
    [
        ("error.message.startswith('finding')", True),
        ("'refused' in one.reason", True),
        ("hint.replace('a', 'b')", True),
        ("one.reason == other.reason", False),
        ("name.startswith('fc-')", False),
        ("'data' in names", False),
    ],
)
def test_what_counts_as_reading(code: str, is_reading: bool) -> None:
    assert bool(list(readings(ast.parse(code)))) is is_reading
