"""What a decision says: who decides, and why the near misses miss."""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.evaluator.context import Context
from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Verdict
from fcsse.model import Grant
from tests.evaluator.case import ACCOUNT, BUCKET, FOREIGN_ROLE, OBJECT, ROLE, ROOT, ask, document, statement

EC = "kms:EncryptionContext:aws:s3:arn"
OBJECTS = statement(Sid="Objects", Principal={"AWS": ROLE}, Condition={"StringLike": {EC: f"{BUCKET}/*"}})
DELEGATE = statement(Sid="Enable IAM", Principal={"AWS": ROOT})


def test_an_allow_names_its_statement() -> None:
    found = evaluate(document(DELEGATE, OBJECTS), ask(context={EC: OBJECT}))
    assert (found.decided_by, found.statement, found.grant, found.explicit) == ("Objects", 1, None, False)
    assert found.misses == ()


def test_a_deny_names_its_statement_and_is_explicit() -> None:
    found = evaluate(document(statement(), statement(Sid="No", Effect="Deny")), ask())
    assert (found.verdict, found.decided_by, found.statement, found.explicit) == (Verdict.DENIED, "No", 1, True)
    assert found.reason == "statement 'No' denies kms:Decrypt"


def test_what_a_request_has_reads_after_has() -> None:
    """A form of values, no value that is known, none."""
    given = Context(ask(context={"k:b": ("x",)}, partial={EC: f"{BUCKET}/?*"}, complete=False))
    assert [given.text(key) for key in (EC.lower(), "k:a", "k:b")] == [
        f"the form {BUCKET}/*",
        "a value that is not known",
        "x",
    ]


def test_a_deny_of_an_identity_policy_is_no_statement_of_the_document() -> None:
    own = document({"Effect": "Deny", "Action": "*", "Resource": "*", "Sid": "Mine"})
    found = evaluate(document(statement()), ask(), identity_policies=[own])
    assert (found.decided_by, found.statement, found.explicit) == ("identity policy 1, Mine", None, True)


def test_absence_is_not_explicit() -> None:
    found = evaluate(document(), ask())
    assert (found.decided_by, found.statement, found.explicit, found.misses) == (None, None, False, ())


def test_a_grant_is_named_with_its_id() -> None:
    grant = Grant("abc", ROLE, frozenset({"Decrypt"}), name="mine")
    found = evaluate(document(), ask(), [grant])
    assert (found.decided_by, found.statement, found.grant) == ("grant mine", None, "abc")


def test_bucket_keys_turned_on_after_linking_is_said_in_plain_words() -> None:
    found = evaluate(document(DELEGATE, OBJECTS), ask(context={EC: BUCKET}))
    assert found.verdict is Verdict.DENIED
    assert found.misses[0].where == "Objects"
    assert found.misses[0].reason == (
        f"statement 'Objects' allows kms:Decrypt only for {EC} like {BUCKET}/*; this request has {BUCKET}"
    )


def reasons(*rules: Any, grants: Any = (), state: str | None = "Enabled", **asked: Any) -> str:
    found = evaluate(document(*rules), ask(**asked), grants, state)
    assert found.verdict is not Verdict.ALLOWED
    return " | ".join([found.reason, *(miss.reason for miss in found.misses)])


@pytest.mark.parametrize(
    ("rules", "asked", "words"),
    [
        ([DELEGATE], {}, f"delegates to the IAM policies of account {ACCOUNT}; no IAM policy that fcsse could see allows it"),
        ([OBJECTS], {}, f"this request has no {EC}"),
        ([statement(Resource="arn:aws:kms:x")], {}, "is for another resource"),
        ([statement(Action="kms:Encrypt", Sid="E", Principal={"AWS": ROLE})], {}, "names the principal, but not kms:Decrypt"),
        ([statement(Principal={"AWS": FOREIGN_ROLE})], {}, "allows kms:Decrypt to other principals"),
        ([statement(Principal={"AWS": FOREIGN_ROLE})], {"principal": FOREIGN_ROLE}, "own account must allow it, too"),
        ([statement(Principal=ROLE)], {}, "is not understood: its principal is neither * nor a mapping"),
        ([statement(Resource=None)], {}, "has no effect: it has no Resource"),
        ([statement(Condition={"Null": {"x:a": "false"}})], {}, "only for x:a present; this request has no x:a"),
        ([statement(Condition={"Bool": {"x:a": "true"}})], {"context": {"x:a": "false"}}, "x:a equal to true; this request has false"),
        ([statement(Condition={"ForAnyValue:StringEquals": {"x:a": ["1", "2"]}})], {"context": {"x:a": ("3", "4")}}, "a value of x:a equal to 1 or 2; this request has 3 and 4"),
        ([statement(Condition={"StringEquals": {"x:a": list("12345")}})], {}, "equal to 1 or 2 or 3 or 2 others;"),
        ([statement(Condition={"StringEquals": {"x:a": list("1234")}})], {}, "equal to 1 or 2 or 3 or 4;"),
        ([statement(Condition={"StringEquals": {"x:a": "1"}})], {"complete": False}, "depends on x:a, which is not known"),
        ([statement(Condition={"Odd": {"x:a": "1"}})], {}, "x:a with the unknown operator Odd"),
        ([statement(), statement(Sid="D", Effect="Deny", Condition={"Null": {"x:a": "true"}})], {"complete": False}, "it may be denied: statement 'D' depends on x:a"),
        ([statement(Sid="D", Effect="deny"), statement()], {}, "is not understood: its effect is 'deny'"),
        ([statement(), statement(Sid="D", Effect="Deny", Principal=None, NotPrincipal={"AWS": ROLE})], {}, "'D' may or may not except this principal: for certain it would by a NotPrincipal with the principal, its account"),
        ([statement(Principal={"AWS": "AROAOTHEROTHEROTHER12"})], {"complete": False}, "may or may not name this principal"),
    ],
)  # fmt: skip
def test_reasons(rules: list[Any], asked: dict[str, Any], words: str) -> None:
    assert words in reasons(*rules, **asked)


@pytest.mark.parametrize(
    ("fields", "asked", "words"),
    [
        ({"operations": frozenset({"Encrypt"})}, {}, "grant mine does not have the operation Decrypt"),
        ({"constraint_equals": {"aws:s3:arn": BUCKET}}, {"context": {EC: OBJECT}}, f"exactly aws:s3:arn={BUCKET}"),
        ({"other_constraints": ("Newer",)}, {}, "as far as is known, only for Newer"),
        ({"other_constraints": ("SourceArn",), "source_arn": BUCKET}, {}, f"holds only for aws:SourceArn {BUCKET}"),
    ],
)
def test_reasons_of_grants(fields: dict[str, Any], asked: dict[str, Any], words: str) -> None:
    grant = Grant(**{"grant_id": "g", "grantee": ROLE, "operations": frozenset({"Decrypt"}), "name": "mine", **fields})
    assert words in reasons(grants=[grant], **asked)


def test_the_state_is_named() -> None:
    assert "the key's state is Disabled: Decrypt fails in it" in reasons(statement(), state="Disabled")
    assert "the key's state is not known" in reasons(statement(), state=None)


def test_misses_are_few_and_the_nearest_come_first() -> None:
    others = [statement(Sid=f"O{n}", Principal={"AWS": FOREIGN_ROLE}) for n in range(9)]
    found = evaluate(document(*others), ask())
    assert len(found.misses) == 5
    found = evaluate(document(*others, DELEGATE, OBJECTS), ask(context={EC: BUCKET}))
    assert [miss.where for miss in found.misses] == ["Objects", "Enable IAM"]


def test_without_explain_nothing_but_the_misses_changes() -> None:
    rules = document(DELEGATE, OBJECTS)
    full, short = (evaluate(rules, ask(context={EC: BUCKET}), explain=flag) for flag in (True, False))
    assert short.misses == ()
    assert (full.verdict, full.reason, full.decided_by) == (short.verdict, short.reason, short.decided_by)
