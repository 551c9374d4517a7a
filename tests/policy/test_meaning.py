from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import canonical_document, canonical_statement, digest_of, equivalent
from fcsse.policy.json_text import JsonValue
from tests.policy.documents import ACCOUNT, NAMED, ROOT, document, values
from tests.policy.layouts import KMS, STYLES, stored_by_kms, write
from tests.thorough import examples

Value = dict[str, JsonValue]
COMMON = settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def parse(value: JsonValue) -> PolicyDocument:
    return PolicyDocument.parse(json.dumps(value))


def of(**elements: JsonValue) -> Value:
    return {"Effect": "Allow", **elements}


SAME: dict[str, tuple[Value, Value]] = {
    "key order": ({"Effect": "Allow", "Sid": "a"}, {"Sid": "a", "Effect": "Allow"}),
    "list of one action": (of(Action=["kms:*"]), of(Action="kms:*")),
    "action order": (of(Action=["kms:A", "kms:B"]), of(Action=["kms:B", "kms:A"])),
    "action repeated": (of(Action=["kms:A", "kms:A"]), of(Action="kms:A")),
    "action case": (of(Action="KMS:decrypt"), of(Action="kms:Decrypt")),
    "NotAction case": (of(NotAction=["KMS:decrypt"]), of(NotAction="kms:Decrypt")),
    "resource list": (of(Resource=["*"]), of(Resource="*")),
    "principal star": (of(Principal="*"), of(Principal={"AWS": "*"})),
    "principal star list": (of(Principal="*"), of(Principal={"AWS": ["*"]})),
    "NotPrincipal star": (of(NotPrincipal="*"), of(NotPrincipal={"AWS": "*"})),
    "account id": (of(Principal={"AWS": ACCOUNT}), of(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})),
    "account number": (of(Principal={"AWS": int(ACCOUNT)}), of(Principal={"AWS": ACCOUNT})),
    "account id twice": (
        of(Principal={"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"]}),
        of(Principal={"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}),
    ),
    "principal order": (of(Principal={"AWS": ["a", "b"], "Service": "s"}), of(Principal={"Service": ["s"], "AWS": ["b", "a"]})),
    "empty principal list": (of(Principal={"AWS": [], "Service": "s"}), of(Principal={"Service": "s"})),
    "empty principal": (of(Principal={}), of()),
    "empty action": (of(Action=[]), of()),
    "empty condition": (of(Condition={}), of()),
    "empty operator": (of(Condition={"Bool": {}}), of()),
    "empty unknown": (of(Owner={}, Tags=[]), of()),
    "nested empty unknown": (of(Owner={"a": [{}, []]}), of()),
    "principal in a list": (of(Principal=[{"AWS": ["*"]}]), of(Principal=["*"])),
    "condition in a list": (of(Condition=[{"Bool": [{"A": "b"}]}]), of(Condition={"bool": {"a": "b"}})),
    "empty Sid": (of(Sid=""), of()),
    "operator case": (of(Condition={"stringEQUALS": {"a": "b"}}), of(Condition={"StringEquals": {"a": "b"}})),
    "condition key case": (of(Condition={"Null": {"AWS:SourceIp": "b"}}), of(Condition={"Null": {"aws:sourceip": "b"}})),
    "condition values": (of(Condition={"X": {"a": ["1", "2"]}}), of(Condition={"X": {"a": ["2", "1", "2"]}})),
    "condition list of one": (of(Condition={"X": {"a": ["1"]}}), of(Condition={"X": {"a": "1"}})),
    "boolean": (of(Condition={"Bool": {"a": True}}), of(Condition={"Bool": {"a": "true"}})),
    "boolean in list": (of(Condition={"Bool": {"a": [False]}}), of(Condition={"Bool": {"a": "false"}})),
    "number": (of(Condition={"NumericEquals": {"a": 5}}), of(Condition={"NumericEquals": {"a": ["5"]}})),
    "decimal": (of(Condition={"NumericEquals": {"a": 1.5}}), of(Condition={"NumericEquals": {"a": "1.5"}})),
    "two spellings of an operator": (
        of(Condition={"StringEquals": {"a": "1"}, "stringequals": {"b": "2"}}),
        of(Condition={"StringEquals": {"a": "1", "b": "2"}}),
    ),
    "the same test twice": (
        of(Condition={"StringEquals": {"a": "1"}, "stringequals": {"A": ["1"]}}),
        of(Condition={"StringEquals": {"a": "1"}}),
    ),
    "unknown key": (of(Owner=[{"b": 1, "a": "x"}, "y"]), of(Owner=["y", {"a": ["x"], "b": "1"}])),
}  # fmt: skip

DIFFERENT: dict[str, tuple[Value, Value]] = {
    "Sid": (of(Sid="a"), of(Sid="b")),
    "Sid case": (of(Sid="a"), of(Sid="A")),
    "Sid missing": (of(Sid="a"), of()),
    "effect": (of(), {"Effect": "Deny"}),
    "effect case": (of(), {"Effect": "allow"}),
    "action": (of(Action="kms:A"), of(Action="kms:B")),
    "Action and NotAction": (of(Action="kms:A"), of(NotAction="kms:A")),
    "Principal and NotPrincipal": (of(Principal="*"), of(NotPrincipal="*")),
    "principal case": (of(Principal={"AWS": "arn:aws:iam::1:role/a"}), of(Principal={"AWS": "arn:aws:iam::1:role/A"})),
    "principal kind": (of(Principal={"AWS": "a"}), of(Principal={"Service": "a"})),
    "account as a service": (of(Principal={"Service": ACCOUNT}), of(Principal={"Service": f"arn:aws:iam::{ACCOUNT}:root"})),
    "star for one kind": (of(Principal="*"), of(Principal={"Service": "*"})),
    "account of another": (of(Principal={"AWS": ACCOUNT}), of(Principal={"AWS": "arn:aws:iam::444455556666:root"})),
    "root of another partition": (of(Principal={"AWS": ACCOUNT}), of(Principal={"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"})),
    "resource case": (of(Resource="a"), of(Resource="A")),
    "operator": (of(Condition={"StringLike": {"a": "b"}}), of(Condition={"StringEquals": {"a": "b"}})),
    "condition key": (of(Condition={"X": {"a": "v"}}), of(Condition={"X": {"b": "v"}})),
    "condition value case": (of(Condition={"X": {"a": "v"}}), of(Condition={"X": {"a": "V"}})),
    "boolean and its capital": (of(Condition={"Bool": {"a": True}}), of(Condition={"Bool": {"a": "True"}})),
    "condition value more": (of(Condition={"X": {"a": "v"}}), of(Condition={"X": {"a": ["v", "w"]}})),
    "the same key tested twice": (
        of(Condition={"StringEquals": {"a": "1"}, "stringequals": {"a": "2"}}),
        of(Condition={"StringEquals": {"a": ["1", "2"]}}),
    ),
    "unknown key case": (of(Owner="x"), of(owner="x")),
    "unknown value case": (of(Owner="x"), of(Owner="X")),
    "null": (of(Owner=None), of()),
    "null and text": (of(Owner=None), of(Owner="null")),
    "list and its text": (of(Owner=["a", "b"]), of(Owner="['a', 'b']")),
    "object and list": (of(Owner={"a": "b"}), of(Owner=["a", "b"])),
    "element case": (of(Action="kms:A"), of(action="kms:A")),
    "empty text": (of(Owner=""), of()),
    "empty condition values": (of(Condition={"Bool": {"aws:x": []}}), of()),
    "one empty condition value of two": (
        of(Condition={"StringEquals": {"aws:x": "y", "aws:z": []}}), of(Condition={"StringEquals": {"aws:x": "y"}})
    ),
    "one empty value of two operators": (of(Condition={"Null": {"aws:x": []}}), of(Condition={"Bool": {"aws:x": []}})),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_statements_that_say_the_same(name: str) -> None:
    one, other = SAME[name]

    assert canonical_statement(one) == canonical_statement(other)
    assert hash(canonical_statement(one)) == hash(canonical_statement(other))
    first, second = parse({"Statement": [one, ROOT]}), parse({"Statement": [ROOT, other]})
    assert equivalent(first, second)
    assert digest_of(first) == digest_of(second)


@pytest.mark.parametrize("name", DIFFERENT)
def test_statements_that_do_not(name: str) -> None:
    one, other = DIFFERENT[name]

    assert canonical_statement(one) != canonical_statement(other)
    first, second = parse({"Statement": [one]}), parse({"Statement": [other]})
    assert not equivalent(first, second)
    assert digest_of(first) != digest_of(second)


DOCUMENTS: list[tuple[JsonValue, JsonValue, bool]] = [
    ({"Statement": ROOT}, {"Statement": [ROOT]}, True),
    ({"Statement": [ROOT], "Version": "2008-10-17"}, {"Statement": [ROOT]}, True),
    ({"Statement": [ROOT], "Version": "2012-10-17"}, {"Statement": [ROOT]}, False),
    ({"Statement": [ROOT, ROOT]}, {"Statement": [ROOT]}, False),
    ({"Statement": [ROOT, of()]}, {"Statement": [of(), ROOT]}, True),
    ({"Statement": [], "Id": "a"}, {"Statement": [], "Id": "A"}, False),
    ({"Statement": [], "Id": "a"}, {"Statement": []}, False),
    ({"Statement": [], "Extra": {"a": []}}, {"Statement": []}, True),
    ({"Statement": [], "Extra": {"a": 1}}, {"Statement": []}, False),
    ({"Statement": [of(a="b")]}, {"Statement": [of(a=["b"])]}, True),
]


@pytest.mark.parametrize(("one", "other", "same"), DOCUMENTS)
def test_documents(one: JsonValue, other: JsonValue, same: bool) -> None:
    assert equivalent(parse(one), parse(other)) is same
    assert (digest_of(parse(one)) == digest_of(parse(other))) is same


def test_an_account_is_its_root_in_the_keys_partition() -> None:
    one = parse({"Statement": of(Principal={"AWS": ACCOUNT})})
    other = parse({"Statement": of(Principal={"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"})})

    assert equivalent(one, other, "aws-cn")
    assert digest_of(one, "aws-cn") == digest_of(other, "aws-cn")
    assert not equivalent(one, other)


def test_the_strict_meaning_takes_no_empty_value_for_absent() -> None:
    """Replacing a text by one that lost an empty condition must be impossible."""
    for name in ("empty condition", "empty operator", "empty action", "empty unknown"):
        one, other = (document(value) for value in SAME[name])
        assert canonical_document(one, keep_empty=True) != canonical_document(other, keep_empty=True)
    for name in ("action order", "empty Sid", "account id", "boolean"):
        one, other = (document(value) for value in SAME[name])
        assert canonical_document(one, keep_empty=True) == canonical_document(other, keep_empty=True)


def shuffled(value: JsonValue, chance: random.Random, *, key: str = "") -> JsonValue:
    """The same policy as another tool would write it."""
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        condition = key in ("Condition", "StringEquals", "StringLike", "Bool", "Null", "NumericLessThan")
        return {
            (chance.choice([name, name.upper(), name.lower()]) if condition else name): shuffled(one, chance, key=name)
            for name, one in items
        }
    if isinstance(value, list):
        items_of = [shuffled(one, chance, key=key) for one in value]
        chance.shuffle(items_of)
        return [*items_of, items_of[0]] if items_of and key != "Statement" and chance.random() < 0.3 else items_of
    if key in ("Action", "NotAction") and isinstance(value, str) and chance.random() < 0.5:
        value = value.swapcase()
    if isinstance(value, str) and value.endswith(":root") and chance.random() < 0.5:
        value = value.split(":")[4]
    if isinstance(value, bool | int) and chance.random() < 0.5:
        value = json.dumps(value)
    return [value] if chance.random() < 0.3 and key not in ("Effect", "Sid", "Version", "Id") else value


@COMMON
@given(values(), st.randoms(use_true_random=False))
def test_meaning_survives_shuffling_and_normalising(value: Value, chance: random.Random) -> None:
    plain = parse(value)
    style = chance.choice(STYLES)

    assert equivalent(plain, PolicyDocument.parse(write(shuffled(value, chance), style)))
    assert equivalent(plain, PolicyDocument.parse(write(stored_by_kms(value), KMS)))
    assert digest_of(plain) == digest_of(PolicyDocument.parse(write(shuffled(value, chance), style)))


def places(value: JsonValue, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    for name, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += places(one, (*path, name))
    return found


@COMMON
@given(values(least=1), st.randoms(use_true_random=False))
def test_every_other_change_shows(value: Value, chance: random.Random) -> None:
    """Removing, renaming, doubling or altering anything, anywhere, changes the meaning."""
    changed = copy.deepcopy(value)
    path = chance.choice(places(value))
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    last = path[-1]
    old = holder[last]
    way = chance.choice(["remove", "alter", "rename", "double"])
    if way == "rename" and isinstance(last, str) and last != "Statement":
        holder["x" + last] = holder.pop(last)
    elif way == "double" and path[:-1] == ("Statement",) and isinstance(holder, list):
        holder.append(copy.deepcopy(old))
    elif way == "remove" and path != ("Statement",):
        del holder[last]
    elif isinstance(old, dict):
        old["new"] = {"new": "new"}
    elif isinstance(old, list):
        old.append({"new": {"new": "new"}})
    else:
        holder[last] = f"{json.dumps(old)}x"

    assert not equivalent(parse(value), parse(changed))
    assert digest_of(parse(value)) != digest_of(parse(changed))


def test_the_digest_is_stable() -> None:
    """People compare it across runs and machines."""
    assert re.fullmatch("[0-9a-f]{64}", digest_of(PolicyDocument.parse(NAMED["default"])))
    assert digest_of(PolicyDocument.parse(NAMED["default"])).startswith("cbc0b1907b5fcb26")
