from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcsse.policy.json_text import MAX_DEPTH, JsonTextError, JsonValue, Node, compact_json, parse_json, quote

JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.booleans(), st.sampled_from([None, 0, 2, "\t"]))
def test_reads_what_json_writes_and_knows_where_it_stands(
    value: JsonValue, ascii_only: bool, indent: int | str | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    def check(node: Node) -> None:
        assert parse_json(text[node.start : node.end]).value == node.value
        for key in node.keys:
            assert json.loads(text[key.start : key.end]) == key.text
        for item in node.items:
            check(item)

    root = parse_json(f" \r\n\t{text} ")
    assert root.value == value
    check(parse_json(text))


@given(JSON)
def test_compact_text_says_the_same_without_white_space(value: JsonValue) -> None:
    text = json.dumps(value, indent=3, ensure_ascii=False)

    assert compact_json(text, parse_json(text)) == json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def test_compact_text_keeps_every_spelling() -> None:
    text = r'{ "a" : [ 1.50, 1E2, -0, "\u00e9\/é" ], "b" : { } }'

    assert compact_json(text, parse_json(text)) == r'{"a":[1.50,1E2,-0,"\u00e9\/é"],"b":{}}'


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("", 1, 1, "ends where a value is expected"),
        ("{", 1, 2, "a key in double quotes"),
        ('{"a": 1,\n "a": 2}', 2, 2, 'the key "a" stands twice'),
        ('{"a": 1,}', 1, 9, "a comma stands before }"),
        ("[1,\n]", 2, 1, "a comma stands before ]"),
        ('{"a": NaN}', 1, 7, '"NaN" is not a JSON value'),
        ("[Infinity]", 1, 2, '"Infinity" is not'),
        ("[-Infinity]", 1, 2, "a number is not written"),
        ("[1e999]", 1, 2, "out of range"),
        (f"[{'9' * 5000}]", 1, 2, "too long"),
        ("[01]", 1, 3, "a comma or ] is expected"),
        ("[.5]", 1, 2, '"." is not'),
        ("{}\n{}", 2, 1, "text after the end"),
        ("{'a': 1}", 1, 2, "a key in double quotes"),
        ('{"a" 1}', 1, 6, "a colon"),
        ('["a\nb"]', 1, 2, "not closed, or holds a control character"),
        (r'["\x41"]', 1, 2, "a wrong escape"),
        ('["abc', 1, 2, "not closed"),
        ("[1", 1, 3, "the text ends where a comma or ]"),
        ("[1 2]", 1, 4, "a comma or ]"),
        ("[1\u00a0]", 1, 3, "a comma or ]"),
        ("\ufeff{}", 1, 1, "byte order mark"),
        ("[" * 100_000, 1, MAX_DEPTH + 1, "nested deeper"),
        ('{"a":' * 100_000, 1, MAX_DEPTH * 5 + 1, "nested deeper"),
        ("[tru]", 1, 2, '"tru" is not'),
    ],
)
def test_anything_else_is_refused_with_the_place(text: str, line: int, column: int, reason: str) -> None:
    with pytest.raises(JsonTextError) as caught:
        parse_json(text)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert reason in caught.value.reason
    assert str(caught.value) == f"line {line}, column {column}: {caught.value.reason}"


@given(st.text())
def test_no_text_gets_past_that_json_would_not_read(text: str) -> None:
    try:
        node = parse_json(text)
    except JsonTextError:
        return
    assert json.loads(text) == node.value


def test_members_are_found_by_name_in_any_case_if_asked() -> None:
    node = parse_json('{"Ab": 1, "AB": 2}')

    assert [found and found.value for found in (node.member("AB"), node.member("ab"))] == [2, None]
    assert (found := node.member("ab", any_case=True)) is not None
    assert found.value == 1


def test_quoting_keeps_characters() -> None:
    assert quote('é"\n') == '"é\\"\\n"'
