from __future__ import annotations

import json

import pytest
from hypothesis import given

from fcsse.commands.audit.organization_run import ACCOUNTS_AT_ONCE
from fcsse.errors import EXIT_IMPOSSIBLE, PolicyFormatError
from fcsse.policy.document import (
    PolicyDocument,
    parsed,
    printable,
    refused_statements,
    strings,
)
from fcsse.policy.equivalence import equivalent
from fcsse.policy.json_text import JsonValue
from fcsse.policy.kept import forget
from tests.policy.documents import NAMED, ROOT, document, documents


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", 'line 1, column 1: "nonsense" is not a JSON value'),
        ("[]", "the document is a list, not an object"),
        ('"x"', "the document is a string, not an object"),
        ("1", "the document is a number, not an object"),
        ("null", "the document is null, not an object"),
        ("true", "the document is true or false, not an object"),
        ('{"Version": "2012-10-17"}', "it has no Statement"),
        ('{"statement": []}', "it has statement, which AWS documents as Statement"),
        ('{"Statement": [], "STATEMENT": []}', "it has STATEMENT, which AWS documents as Statement"),
        ('{"Statement": "x"}', "Statement is a string, not a list of objects"),
        ('{"Statement": null}', "Statement is null"),
        ('{"Statement": [{}, 7]}', "statement 2 is a number, not an object"),
        ('{"Statement": [{}, {"a": {"b": 1, "b": 1}}]}', 'column 35: the key "b" stands twice'),
    ],
)
def test_what_is_no_policy_is_refused_with_the_place(text: str, reason: str) -> None:
    with pytest.raises(PolicyFormatError) as caught:
        PolicyDocument.parse(text)

    assert caught.value.message.startswith("parsing the key policy: ")
    assert reason in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == EXIT_IMPOSSIBLE


@pytest.mark.parametrize("name", NAMED)
def test_named_documents_parse_as_json_does(name: str) -> None:
    found = PolicyDocument.parse(NAMED[name])
    value = json.loads(NAMED[name])

    assert found.value == value
    assert found.text == NAMED[name]
    statements = value["Statement"] if isinstance(value["Statement"], list) else [value["Statement"]]
    assert [one.value for one in found.statements] == statements
    assert [one.index for one in found.statements] == list(range(len(statements)))


def test_labels_name_statements_for_people() -> None:
    sids: list[JsonValue] = ["a", "twice", None, "", "twice", "\u202ee\n\x9b", 7]
    statements: list[dict[str, JsonValue]] = [{"Sid": sid} if sid is not None else {} for sid in sids]
    found = document(*statements)

    assert [one.label for one in found.statements] == [
        "'a'",
        "'twice' (number 2)",
        "3",
        "4",
        "'twice' (number 5)",
        r"'\u202ee\n\u009b'",
        "7",
    ]
    assert [one.sid for one in found.statements] == ["a", "twice", None, None, "twice", "\u202ee\n\x9b", None]


def test_size_is_in_bytes() -> None:
    assert PolicyDocument.parse('{"Statement":[{"Sid":"é🔑"}]}').size == 32
    assert PolicyDocument.parse('{"Statement":[{"Sid":"\\ud800"}]}').compact().size == 32


@given(documents())
def test_compact_documents_say_the_same_on_one_line(found: PolicyDocument) -> None:
    compact = found.compact()

    assert equivalent(compact, found)
    assert json.dumps(compact.value) == json.dumps(found.value)
    assert compact.size <= found.size
    assert "\n" not in compact.text
    assert compact.compact() == compact


def test_compact_documents_keep_characters_and_escapes() -> None:
    text = PolicyDocument.parse(NAMED["escapes"]).compact().text
    assert text == NAMED["escapes"]
    assert "Zugriff für é" in PolicyDocument.parse(NAMED["unicode"]).compact().text


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, []),
        ({"Resource": ["*"]}, []),
        ({"Action": None, "NotAction": "kms:*"}, []),
        ({"Action": None}, ["it has no Action or NotAction"]),
        ({"Action": []}, ["it has no Action or NotAction"]),
        ({"Resource": None}, ['it has no Resource, which must be "*"']),
        ({"Resource": []}, ['it has no Resource, which must be "*"']),
        ({"Resource": "arn:aws:kms:eu-west-1:111122223333:key/x"}, ['its Resource is not "*"']),
        ({"Resource": ["*", "arn:aws:kms:eu-west-1:111122223333:key/x"]}, ['its Resource is not "*"']),
        ({"Action": None, "Resource": "key/*"}, ["it has no Action or NotAction", 'its Resource is not "*"']),
    ],
)
def test_statements_that_kms_refuses_are_named(change: dict[str, JsonValue], reasons: list[str]) -> None:
    value = {key: one for key, one in {**ROOT, **change}.items() if one is not None}

    assert refused_statements(document(ROOT, {**value, "Sid": "x"})) == tuple(("'x'", reason) for reason in reasons)


def test_strings_takes_one_or_several() -> None:
    assert strings("a") == ("a",)
    assert strings(["a", 1, "b", None]) == ("a", "b")
    assert strings({"a": "b"}) == strings(None) == strings(3) == ()


def test_printable_escapes_what_a_terminal_would_obey() -> None:
    assert printable("a é 🔑") == "a é 🔑"
    assert printable("\x1b[31m\x7f\u2028\ud800") == r"\u001b[31m\u007f\u2028\ud800"


def test_the_policies_of_accounts_read_side_by_side_are_each_parsed_once() -> None:
    """Pairs of all accounts come by turns, so that a smaller cache would forget each policy before its next pair."""
    texts = [json.dumps({"Statement": [{"Sid": f"{number}"}]}) for number in range(ACCOUNTS_AT_ONCE * 60)]
    documents_of = [parsed(text) for text in texts]
    assert all(parsed(text) is one for text, one in zip(texts, documents_of, strict=True))
    forget(texts)
    assert not any(parsed(text) is one for text, one in zip(texts, documents_of, strict=True))
