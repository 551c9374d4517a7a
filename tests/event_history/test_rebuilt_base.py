"""The policy that a put was made from, where neither the record nor a copy holds it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcsse.arn import Arn
from fcsse.event_history.losses import LostWrites, Unknown
from fcsse.event_history.lost_writes import find_lost_writes
from fcsse.event_history.rebuilt_base import MOST_SINGLE, default_policy, rebuilt_base
from fcsse.policy.document import PolicyDocument
from fcsse.policy.edit import link
from fcsse.policy.equivalence import digest_of, equivalent
from tests.event_history import made
from tests.event_history.test_lost_writes import find, foreign, mark, ours
from tests.policy.documents import access, documents
from tests.write_protocol.recorded import LATER, event_of, record_of
from tests.write_protocol.simulation import START, Put, key

BASE = made.policy("root", "users")
THEIRS = made.policy("root", "users", "theirs")
OURS = made.policy("root", "users", "ours")


def parse(text: str) -> PolicyDocument:
    return PolicyDocument.parse(text)


def digest(document: PolicyDocument) -> str:
    return digest_of(document)[:16]


def parts(found: LostWrites) -> list[tuple[str, bool]]:
    return [(one.part.sid, one.back) for one in found.lost]


def test_an_added_statement_is_lost_although_the_base_is_older_than_the_record() -> None:
    found = find(foreign(10, THEIRS), ours(10.5, BASE, OURS), now=OURS)
    assert parts(found) == [("theirs", False)]
    assert not found.doubts


def test_a_removed_statement_is_back_although_the_base_is_older_than_the_record() -> None:
    both = made.policy("root", "users", "ours")
    found = find(foreign(10, made.policy("root")), ours(10.5, BASE, both), now=both)
    assert parts(found) == [("users", True)]


def test_what_ours_took_out_is_found_in_theirs() -> None:
    found = find(
        foreign(10, made.policy("root", "users", "old", "theirs")),
        ours(10.5, made.policy("root", "users", "old"), made.policy("root", "users")),
        now=made.policy("root", "users"),
    )
    assert parts(found) == [("theirs", False)]


def test_nothing_is_lost_where_theirs_said_the_same_as_the_base() -> None:
    found = find(foreign(10, json.dumps(json.loads(BASE), indent=7)), ours(10.5, BASE, OURS), now=OURS)
    assert (found.lost, found.unsure, found.doubts) == ((), (), ())


def test_a_base_that_neither_version_holds_stays_unknown() -> None:
    found = find(foreign(10, THEIRS), ours(10.5, made.policy("root", "other"), OURS), now=OURS)
    assert found.lost == ()
    assert [one.reason for one in found.doubts] == [Unknown.NOT_RECORDED]


def test_versions_that_have_too_little_in_common_are_not_tried() -> None:
    many = made.policy("root", *(f"s{number}" for number in range(MOST_SINGLE + 1)))
    assert rebuilt_base(parse(many), [parse(made.policy("root"))], digest(parse(made.policy("root"))), "aws") is None


def test_two_links_in_one_statement() -> None:
    accesses = [access(cache) for cache in ("fc-0aaa", "fc-0bbb", "fc-0ccc")]
    base = link(parse(BASE), accesses[:1]).document
    mine, theirs = (link(base, [one]).document for one in accesses[1:])
    assert len(base.statements) == len(mine.statements) == len(theirs.statements)
    found = rebuilt_base(mine, [theirs], digest(base), "aws")
    assert found is not None
    assert equivalent(found, base)
    seen = find(foreign(10, theirs.text), ours(10.5, base.text, mine.text), now=mine.text)
    (loss,) = seen.lost
    assert loss.part.principal.endswith("fc-0ccc")


def creation(parameters: dict[str, Any]) -> dict[str, Any]:
    return made.raw(
        "CreateKey",
        eventTime=f"{START:%Y-%m-%dT%H:%M:%SZ}",
        requestParameters=parameters,
        resources=[{"ARN": str(key())}],
    )


def created(parameters: dict[str, Any]) -> LostWrites:
    """A key created without a policy, a write of theirs, and one of ours over it that was made from KMS's default policy."""
    base = default_policy(key())
    raw = creation(parameters)
    mine, theirs = (json.loads(base.text) for _ in range(2))
    mine["Statement"] += json.loads(OURS)["Statement"][2:]
    theirs["Statement"] += json.loads(THEIRS)["Statement"][2:]
    puts = [foreign(10, json.dumps(theirs)), Put(10.5, "fcsse", "", json.dumps(mine), mark(base.text))]
    events = [made.event(raw, 9), *(event_of(number, put, 5 - number) for number, put in enumerate(puts, 1))]
    return find_lost_writes(record_of(events), {}, parse(json.dumps(mine)), START + LATER)


def test_a_key_that_was_created_without_a_policy_had_kms_s_default_one() -> None:
    assert parts(created({"description": ""})) == [("theirs", False)]


def test_the_default_policy_is_taken_only_where_a_put_says_that_it_read_it() -> None:
    raw = creation({"description": ""})
    puts = [foreign(10, THEIRS), ours(10.5, made.policy("root", "elsewhere"), OURS)]
    events = [made.event(raw, 9), *(event_of(number, put, 5 - number) for number, put in enumerate(puts, 1))]
    found = find_lost_writes(record_of(events), {}, parse(OURS), START + LATER)
    assert found.lost == ()
    assert found.doubts


@given(documents(), documents(), documents())
def test_only_the_policy_of_the_digest_is_ever_taken(
    base: PolicyDocument, mine: PolicyDocument, other: PolicyDocument
) -> None:
    found = rebuilt_base(mine, [other], digest(base), "aws")
    assert found is None or equivalent(found, base)


@given(documents(), st.data())
def test_a_base_to_which_two_added_is_always_found(base: PolicyDocument, data: st.DataObject) -> None:
    texts = []
    for sid in ("mine", "theirs"):
        statements = [one.value for one in base.statements]
        at = data.draw(st.integers(0, len(statements)))
        statements.insert(at, {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "kms:F", "Resource": "*"})
        texts.append(json.dumps({**base.value, "Statement": statements}))
    found = rebuilt_base(parse(texts[0]), [parse(texts[1])], digest(base), "aws")
    assert found is not None
    assert equivalent(found, base)


def test_the_default_policy_is_of_the_key_s_account_and_partition() -> None:
    arn = Arn.parse("arn:aws-cn:kms:cn-north-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    assert arn is not None
    assert "arn:aws-cn:iam::444455556666:root" in default_policy(arn).text


@pytest.mark.parametrize("text", ["[]", "no JSON"])
def test_versions_that_are_no_policies_rebuild_nothing(text: str) -> None:
    found = find(foreign(10, text), ours(10.5, BASE, OURS), now=OURS)
    assert found.lost == ()
