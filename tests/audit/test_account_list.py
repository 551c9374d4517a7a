"""The file of ``--accounts``: every form that people have such lists in, and what is none."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcsse.commands.audit.account_list import parse_accounts
from fcsse.errors import UsageError
from fcsse.model import Member

A, B = "111122223333", "044455556666"
IDS = st.lists(st.from_regex(r"[0-9]{12}", fullmatch=True), min_size=1, max_size=30)


@pytest.mark.parametrize(
    "text",
    [
        f"{A}\n{B}\n",
        f"\ufeff{A}\r\n{B}\r\n{A}\r\n",
        f"# production\n\n{A} # first\n  {B}  \n",
        f"{A},Shop\n{B}\n",
        f'Account ID,Other\n"{A}",x\n{B},y\n',
        f"name,account_id\n,{A}\n,{B}\n",
        json.dumps([A, B, A]),
        json.dumps([{"Id": A}, {"account": B}]),
        json.dumps({"Accounts": [{"Id": A, "Status": "ACTIVE"}, {"Id": B}]}),
        '[111122223333, "044455556666"]',
    ],
)
def test_every_form_names_the_same_accounts(text: str) -> None:
    assert [one.account for one in parse_accounts(text, "f")] == [B, A]


def test_names_and_states_are_taken_over() -> None:
    text = json.dumps({"Accounts": [{"Id": A, "Name": "Shop", "Status": "SUSPENDED"}]})
    assert parse_accounts(text, "f") == (Member(A, "Shop", "SUSPENDED"),)
    assert parse_accounts(f"id,name,state\n{A},Shop, suspended \n", "f") == (Member(A, "Shop", "SUSPENDED"),)
    assert parse_accounts(f"{A},Shop\n{A}\n", "f") == (Member(A, "Shop"),)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{A}\n12345\n", "line 2: '12345'"),
        (f"{A}\n1.11122E+11\n", "line 2"),
        (f"id,name\n{A},x\nshop,y\n", "line 3: 'shop'"),
        (json.dumps([A, 44455556666]), "entry 2: '44455556666'"),
        (json.dumps([{"Name": "Shop"}]), "entry 1: ''"),
        (json.dumps([True]), "entry 1"),
        (f'["{A}"', "not JSON"),
        ('{"Account": 1}', "neither a list"),
        (json.dumps({"Accounts": [{"Id": A}], "NextToken": "x"}), "one page of a longer list"),
        ("", "names no account"),
        ("# nothing\n", "names no account"),
        ("[]", "names no account"),
        ("arn:aws:iam::111122223333:root", "line 1"),
        (f"account,state\n{A},CA\n", "line 2: 'CA' is not a state"),
        (f"account,name,state\n{A},Shop, the big,ACTIVE\n", "line 2: 'THE BIG' is not a state"),
        (json.dumps([{"Id": A, "Status": "Enabled"}]), "entry 1: 'ENABLED' is not a state"),
        (f"id,state\n{A},active\n{A},suspended\n", f"line 3: account {A} is both ACTIVE and SUSPENDED"),
        (f"{A}, {B}\n", "line 1: it names several accounts"),
        (f"{A},Shop,{B}\n", "line 1: it names several accounts"),
        (f"account\n{A},{B}\n", "line 2: it names several accounts"),
        (f"{A}\n{'x' * 200_000}", "not CSV"),
        (f'id\n"{"x" * 200_000}', "not CSV"),
    ],
)
def test_what_is_no_list_of_accounts_is_told_with_its_place(text: str, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_accounts(text, "accounts.csv")
    assert place in caught.value.message
    assert "accounts.csv" in caught.value.message
    assert caught.value.hint


@given(IDS)
def test_all_forms_agree(ids: list[str]) -> None:
    table = io.StringIO()
    csv.writer(table).writerows([["account", "name"], *([one, f"a,{one}"] for one in ids)])
    forms = ["\n".join(ids), table.getvalue(), json.dumps(ids), json.dumps({"Accounts": [{"Id": one} for one in ids]})]
    assert {tuple(one.account for one in parse_accounts(text, "f")) for text in forms} == {tuple(sorted(set(ids)))}
