"""JSON with positions: parses a text into nodes that know where in the text they stand.

Editing a policy without disturbing what it does not change needs the place of every value, which ``json`` does not
give. Stricter than ``json`` where two readers could differ: no duplicate keys, no NaN, no trailing text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""What JSON can say. Objects keep the order of their keys."""

MAX_DEPTH = 64
"""Deepest nesting that is read. A policy needs about six levels; the bound keeps every reader's recursion safe."""

_LONGEST_NUMBER = 400
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z]+")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class JsonTextError(ValueError):
    """A text that is not strict JSON: ``reason`` says what is wrong, ``line`` and ``column`` (from 1) where."""

    def __init__(self, text: str, at: int, reason: str) -> None:
        self.reason = reason
        self.line = text.count("\n", 0, at) + 1
        self.column = at - text.rfind("\n", 0, at)
        super().__init__(f"line {self.line}, column {self.column}: {reason}")


class Node(NamedTuple):
    """A value and its place: ``text[start:end]`` is how it is written.

    ``items`` are an array's elements or an object's values; ``keys`` are an object's keys, in the same order.
    """

    start: int
    end: int
    value: JsonValue
    items: tuple[Node, ...] = ()
    keys: tuple[Key, ...] = ()

    @property
    def is_object(self) -> bool:
        """Is it an object?"""
        return isinstance(self.value, dict)

    @property
    def is_array(self) -> bool:
        """Is it an array?"""
        return isinstance(self.value, list)

    def member(self, name: str, *, any_case: bool = False) -> Node | None:
        """The value under a key of an object; None where it has none. ``any_case``: the key's letter case is free."""
        for key, node in self.members():
            if key.text == name or (any_case and key.text.lower() == name.lower()):
                return node
        return None

    def members(self) -> Iterator[tuple[Key, Node]]:
        """Keys and values of an object, in its order."""
        return zip(self.keys, self.items, strict=True)

    def elements(self) -> tuple[tuple[int, int], ...]:
        """The places of what stands between the commas: elements of an array, members (key and value) of an object."""
        if self.keys:
            return tuple((key.start, node.end) for key, node in self.members())
        return tuple((node.start, node.end) for node in self.items)


class Key(NamedTuple):
    """A key of an object and its place, quotes included."""

    start: int
    end: int
    text: str


def parse_json(text: str) -> Node:
    """The value that a text holds, with positions; raises JsonTextError for anything but one strict JSON value."""
    parser = _Parser(text)
    parser.skip()
    if text.startswith("\ufeff"):
        raise JsonTextError(text, 0, "the text begins with a byte order mark")
    node = parser.value(0)
    parser.skip()
    if parser.at < len(text):
        raise JsonTextError(text, parser.at, "there is text after the end of the JSON value")
    return node


def compact_json(text: str, node: Node) -> str:
    """The same value without white space; strings and numbers stay spelled as they are in ``text``."""
    if node.is_object:
        parts = (f"{text[key.start : key.end]}:{compact_json(text, item)}" for key, item in node.members())
        return "{" + ",".join(parts) + "}"
    if node.is_array:
        return "[" + ",".join(compact_json(text, item) for item in node.items) + "]"
    return text[node.start : node.end]


def quote(text: str) -> str:
    """A string as JSON text, with characters kept as they are."""
    return json.dumps(text, ensure_ascii=False)


class _Parser:
    """Recursive descent over one text; ``at`` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.known: dict[str, str] = {}  # a policy repeats most of its texts

    def fail(self, reason: str, at: int | None = None) -> JsonTextError:
        return JsonTextError(self.text, self.at if at is None else at, reason)

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Node:
        start = self.at
        match self.peek():
            case "{":
                return self.object(depth)
            case "[":
                return self.array(depth)
            case '"':
                text = self.string()
                return Node(start, self.at, text)
            case "":
                raise self.fail("the text ends where a value is expected")
            case other if other in "-0123456789":
                return self.number()
            case _:
                return self.word()

    def object(self, depth: int) -> Node:
        start = self.open(depth)
        keys: dict[str, Key] = {}
        items: list[Node] = []
        while not self.closes("}", bool(items)):
            if self.peek() != '"':
                raise self.fail("a key in double quotes is expected")
            place = self.at
            name = self.string()
            if name in keys:
                raise self.fail(f"the key {quote(name)} stands twice in one object", place)
            keys[name] = Key(place, self.at, name)
            self.skip()
            if self.peek() != ":":
                raise self.fail("a colon is expected")
            self.at += 1
            self.skip()
            items.append(self.value(depth + 1))
        value = {name: item.value for name, item in zip(keys, items, strict=True)}
        return Node(start, self.at, value, tuple(items), tuple(keys.values()))

    def array(self, depth: int) -> Node:
        start = self.open(depth)
        items: list[Node] = []
        while not self.closes("]", bool(items)):
            items.append(self.value(depth + 1))
        return Node(start, self.at, [item.value for item in items], tuple(items))

    def open(self, depth: int) -> int:
        if depth >= MAX_DEPTH:
            raise self.fail(f"it is nested deeper than {MAX_DEPTH} levels")
        start = self.at
        self.at += 1
        return start

    def closes(self, bracket: str, has_items: bool) -> bool:
        """Moves past the closing bracket (True), or past the comma to the next item (False)."""
        self.skip()
        if self.peek() == bracket:
            self.at += 1
            return True
        if has_items:
            if self.peek() != ",":
                what = f"a comma or {bracket} is expected"
                raise self.fail(f"the text ends where {what}" if not self.peek() else what)
            self.at += 1
            self.skip()
            if self.peek() == bracket:
                raise self.fail(f"a comma stands before {bracket}")
        return False

    def string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            raise self.fail("a string is not closed, or holds a control character or a wrong escape")
        self.at = match.end()
        token = match.group()
        if "\\" not in token:
            text = token[1:-1]
            return self.known.setdefault(text, text)
        value = json.loads(token)
        return value if isinstance(value, str) else ""

    def number(self) -> Node:
        match = _NUMBER.match(self.text, self.at)
        if match is None or match.end() - self.at > _LONGEST_NUMBER:
            raise self.fail("a number is not written as JSON writes numbers, or is too long")
        start, self.at = self.at, match.end()
        value = float(match.group()) if match.group(1) or match.group(2) else int(match.group())
        if isinstance(value, float) and not math.isfinite(value):
            raise self.fail("a number is out of range", start)
        return Node(start, self.at, value)

    def word(self) -> Node:
        match = _WORD.match(self.text, self.at)
        if match is None or match.group() not in _WORDS:
            found = match.group() if match else self.peek()
            raise self.fail(f"{quote(found)} is not a JSON value")
        start, self.at = self.at, match.end()
        return Node(start, self.at, _WORDS[match.group()])
