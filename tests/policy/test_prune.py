"""Dead principals: out, wherever that changes nothing for the living."""

from __future__ import annotations

import json

import pytest

from fcsse.policy import steps as did
from fcsse.policy.edit import link, prune_dead, unlink
from fcsse.policy.equivalence import equivalent
from fcsse.policy.json_text import JsonValue
from fcsse.policy.unique_ids import dead_principals
from tests.policy.documents import ACCOUNT, DEAD, ROOT, access, document, ours, role
from tests.policy.layouts import STYLES, Style

ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
X, Y = DEAD[0], DEAD[1]
Value = dict[str, JsonValue]


def of(principal: JsonValue, name: str = "Principal", effect: str = "Allow") -> Value:
    return {"Sid": "x", "Effect": effect, name: principal, "Action": "kms:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (of({"AWS": [X, ADMIN]}), of({"AWS": ADMIN})),
        (of({"AWS": [X, ADMIN, Y, "*"]}), of({"AWS": [ADMIN, "*"]})),
        (of({"AWS": X, "Service": "s3.amazonaws.com"}), of({"Service": "s3.amazonaws.com"})),
        (of({"Service": "s3.amazonaws.com", "AWS": [X, Y]}), of({"Service": "s3.amazonaws.com"})),
        (of({"AWS": X}), None),
        (of({"AWS": [X, Y]}), None),
        (of({"AWS": X}, effect="Deny"), None),
        (of({"AWS": [X, ADMIN]}, effect="Deny"), of({"AWS": ADMIN}, effect="Deny")),
        (of({"AWS": [X, ADMIN]}, "NotPrincipal", "Deny"), of({"AWS": ADMIN}, "NotPrincipal", "Deny")),
        (of({"AWS": [X, ADMIN]}, "NotPrincipal"), of({"AWS": ADMIN}, "NotPrincipal")),
    ],
)
@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_dead_principals_of_others(before: Value, after: Value | None, style: Style) -> None:
    living = ours("fc-1", "fc-2", sid="ours")
    edit = prune_dead(document(ROOT, before, living, style=style), DEAD, ours_only=False)

    assert equivalent(edit.document, document(ROOT, *([after] if after else []), living))
    assert edit.changed
    assert dead_principals(edit.document, DEAD) == ()
    pruned = [step.principal for step in edit.steps if isinstance(step, did.PrincipalPruned)]
    assert pruned == [dead.id for dead in dead_principals(document(before), DEAD)]
    assert (did.StatementTakenOut("'x'") in edit.steps) == (after is None)
    assert not prune_dead(document(ROOT, before, living, style=style), DEAD, ours_only=True).changed


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("dead", [X, [X, Y]])
def test_what_only_dead_principals_are_excepted_from_is_kept(effect: str, dead: JsonValue) -> None:
    """An empty NotPrincipal would apply to everybody."""
    before = document(of({"AWS": dead}, "NotPrincipal", effect))
    edit = prune_dead(before, DEAD, ours_only=False)

    assert edit.document is before
    assert {type(step) for step in edit.steps} == {did.PrincipalKept}
    assert len(edit.steps) == len(dead_principals(before, DEAD))


@pytest.mark.parametrize("other", [111122223333, None, True, 1.5, [], {}, ["x"], {"a": [X]}])
@pytest.mark.parametrize("name", ["Principal", "NotPrincipal"])
@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_what_is_no_text_stays_as_it_is(other: JsonValue, name: str, style: Style) -> None:
    """Nobody knows what AWS makes of it, so it is no reason to take a statement out."""
    alone: Value = {"AWS": [X, other]}
    edit = prune_dead(document(ROOT, of(alone, name), style=style), DEAD, ours_only=False)
    assert edit.document.statements[1].value in (of({"AWS": other}, name), of({"AWS": [other]}, name))

    services: Value = {"Service": [other]}
    edit = prune_dead(document(ROOT, of({"AWS": X, **services}, name), style=style), DEAD, ours_only=False)
    assert edit.document.statements[1].value == of(services, name)


@pytest.mark.parametrize("other", [444455556666, 444455556666.0])
def test_a_number_beside_a_role_of_ours_stays_a_number(other: JsonValue) -> None:
    value = ours("fc-1", sid="a")
    value["Principal"] = {"AWS": [X, role("fc-1"), other]}
    edit = unlink(document(value, of({"AWS": [X, other]})), [access("fc-1")], prune=True, dead=DEAD)

    assert f"{json.dumps(other)}" in edit.document.text
    assert f'"{other}"' not in edit.document.text


def test_the_living_of_ours_keep_their_statement() -> None:
    value = ours("fc-1", sid="a")
    value["Principal"] = {"AWS": [X, role("fc-1"), Y]}
    edit = prune_dead(document(value), DEAD, ours_only=True)

    assert edit.document == document(ours("fc-1", sid="a"))


def test_only_the_ids_are_dead() -> None:
    living = [ADMIN, "*", ACCOUNT, "arn:aws-cn:iam::444455556666:root", "arn:aws-us-gov:iam::111122223333:user/AIDA"]
    before = document(of({"AWS": list[JsonValue](living), "Service": "kms.amazonaws.com.cn"}))

    assert not prune_dead(before, DEAD, ours_only=False).changed


def test_unlinking_prunes_others_on_request() -> None:
    before = document(of({"AWS": [X, ADMIN]}), ours("fc-1"))

    assert X in unlink(before, [access("fc-1")], dead=DEAD).document.text
    assert unlink(before, [access("fc-1")], prune=True, dead=DEAD).document == document(of({"AWS": ADMIN}))


def test_roles_of_another_account_go_only_on_request() -> None:
    """The account's IAM does not know them, and a living one is shown by its id while it is new."""
    value = ours("fc-9", sid="theirs")
    value["Principal"] = {"AWS": X}
    text = json.dumps(value).replace(ACCOUNT, "444455556666")
    before = document(json.loads(text), ours("fc-1"))

    assert X in link(before, [access("fc-2")], dead=DEAD).document.text
    assert X in unlink(before, [access("fc-1")], dead=DEAD).document.text
    assert X not in link(before, [access("fc-2")], prune=True, dead=DEAD).document.text
