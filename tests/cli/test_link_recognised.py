"""Statements that are there already: those that count as linked, whoever wrote them, and those that only look so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.documented_statements import CONTEXT, OTHER, PAGE_SID, documented, role
from tests.cli.shell import Shell

PASTED = documented("fc-0123", "data")
LIKE = PASTED["Condition"]["StringLike"]
EQUALS = PASTED["Condition"]["StringEquals"]

SAME: dict[str, dict[str, Any]] = {
    "as pasted from the page": PASTED,
    "no Sid": {name: value for name, value in PASTED.items() if name != "Sid"},
    "a Sid of its own": {**PASTED, "Sid": "s3 for the cache"},
    "lists of one": {
        **PASTED,
        "Principal": {"AWS": [role("fc-0123")]},
        "Resource": ["*"],
        "Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: ["arn:aws:s3:::data/*"]}},
    },
    "another order": {
        "Condition": {"StringLike": LIKE, "StringEquals": dict(reversed(EQUALS.items()))},
        "Resource": "*",
        "Action": PASTED["Action"][::-1],
        "Principal": PASTED["Principal"],
        "Effect": "Allow",
        "Sid": PASTED["Sid"],
    },
    "other letter case": {
        **PASTED,
        "Action": [action.upper().replace("KMS:", "kms:") for action in PASTED["Action"]],
        "Condition": {
            "stringequals": {key.lower(): value for key, value in EQUALS.items()},
            "STRINGLIKE": {CONTEXT.upper(): "arn:aws:s3:::data/*"},
        },
    },
    "another role beside it": {**PASTED, "Principal": {"AWS": [role("fc-01234567890"), role("fc-0123")]}},
    "both forms": {
        **PASTED,
        "Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]}},
    },
    "two buckets": {
        **PASTED,
        "Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: ["arn:aws:s3:::x/*", "arn:aws:s3:::data/*"]}},
    },
}


@pytest.mark.parametrize("statement", SAME.values(), ids=SAME.keys())
def test_what_says_the_same_counts_as_linked(shell: Shell, statement: dict[str, Any]) -> None:
    shell.append("data", statement, verbatim=True)
    text = shell.sandbox.policy_text("data")
    assert shell.works("fc-0123", "data") == (True, True)
    run = shell.linked("fc-0123", "data")
    assert "Nothing to do" in run.out
    assert run.count("kms:PutKeyPolicy") == 0
    assert shell.sandbox.policy_text("data") == text


def _with(condition: dict[str, Any]) -> dict[str, Any]:
    return {**PASTED, "Condition": condition}


DRIFTED: dict[str, dict[str, Any]] = {
    "fewer actions": {**PASTED, "Action": ["kms:Decrypt", "kms:DescribeKey"]},
    "another Region": _with(
        {**PASTED["Condition"], "StringEquals": {**EQUALS, "kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    ),
    "another account": _with({**PASTED["Condition"], "StringEquals": {**EQUALS, "kms:CallerAccount": OTHER}}),
    "one more condition": _with({**PASTED["Condition"], "Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    "a prefix only": _with({**PASTED["Condition"], "StringLike": {CONTEXT: "arn:aws:s3:::data/prefix/*"}}),
}


@pytest.mark.parametrize("statement", DRIFTED.values(), ids=DRIFTED.keys())
def test_the_same_sid_with_another_meaning_is_shown_and_left_alone(shell: Shell, statement: dict[str, Any]) -> None:
    shell.append("data", statement)
    before = shell.statements("data")
    assert shell.works("fc-0123", "data") != (True, True)
    run = shell.linked("fc-0123", "data")
    assert f"Warning: Statement '{PAGE_SID}' looks like the one for this access, but" in run.out
    assert "it is not changed" in run.out
    assert shell.statements("data")[:-1] == before
    assert shell.works("fc-0123", "data") == (True, True)
    assert shell.link("fc-0123", "data").count("kms:PutKeyPolicy") == 0


def test_the_page_s_sid_for_another_bucket_is_no_drift(shell: Shell) -> None:
    """The page has one fixed Sid for all caches and buckets."""
    shell.append("data", documented("fc-0456", "data-elsewhere"))
    run = shell.linked("fc-0123", "data")
    assert "looks like the one" not in run.out
    assert len(shell.statements("data")) == 3


def test_a_role_joins_a_statement_pasted_by_hand(shell: Shell) -> None:
    shell.append("data", PASTED)
    shell.linked("fc-01234567890", "data")
    assert len(shell.statements("data")) == 2
    assert set(shell.last("data")["Principal"]["AWS"]) == {role("fc-0123"), role("fc-01234567890")}
    assert shell.last("data")["Sid"] == PAGE_SID


def test_a_wide_pattern_of_others_is_not_taken_for_the_link(shell: Shell) -> None:
    """``arn:aws:s3:::data*`` matches other buckets as well: it works, and it is nobody's to rewrite."""
    wide = _with({**PASTED["Condition"], "StringLike": {CONTEXT: "arn:aws:s3:::data*"}})
    shell.append("data", wide)
    before = shell.statements("data")
    run = shell.link("fc-0123", "data")
    assert run.code == 0
    assert shell.statements("data")[: len(before)] == before
    assert shell.works("fc-0123", "data") == (True, True)


def test_delegating_to_iam_is_not_access(shell: Shell) -> None:
    """Nobody can edit the role's own permissions, which are S3 actions only, so the root statement gives it nothing."""
    assert shell.statements("data")[0]["Action"] == "kms:*"
    assert "Would link" in shell.link("fc-0123", "data", "--dry-run").out


def test_a_deny_that_hits_the_role_cannot_be_linked_away(shell: Shell) -> None:
    deny = {"Sid": "No caches", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    condition = {"ArnLike": {"aws:PrincipalArn": role("*")}}
    shell.append("data", {**deny, "Condition": condition})
    run = shell.link("fc-0123", "data")
    assert run.code == 4
    assert "No caches" in run.err
    assert run.count("kms:PutKeyPolicy") == 0
