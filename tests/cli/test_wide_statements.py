"""Statements that give a cache more than the documented one: link warns of them, and audit finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.documented_statements import role

if TYPE_CHECKING:
    from tests.cli.shell import Shell

CONTEXT = "kms:EncryptionContext:aws:s3:arn"


def statement(action: Any, pattern: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {"Sid": "By hand", "Effect": "Allow", "Principal": {"AWS": role("fc-0123")}}
    made |= {"Action": action, "Resource": "*"}
    return {**made, "Condition": {"StringLike": {CONTEXT: pattern}}} if pattern else made


USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


@pytest.mark.parametrize(
    ("action", "pattern", "words"),
    [
        ("kms:*", "arn:aws:s3:::data*", ["kms:PutKeyPolicy", "whose names begin with data"]),
        ("kms:*", None, ["kms:PutKeyPolicy", "in every bucket"]),
        (USE, "arn:aws:s3:::*", ["in every bucket"]),
        (USE, "arn:aws:s3:::data/*", []),
    ],
)
def test_link_warns_and_audit_finds(shell: Shell, action: Any, pattern: str | None, words: list[str]) -> None:
    shell.append("data", statement(action, pattern))
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--dry-run")
    warned = " ".join(run.out.split())
    findings = [one for one in shell.run("audit", "-o", "json").json["findings"] if one["code"] == "wide-statement"]
    assert bool(findings) == bool(words) == ("Statement 'By hand' gives fc-0123 more" in warned)
    for word in words:
        assert word in warned
        assert word in findings[0]["detail"][0]
        assert findings[0]["severity"] == "low"


@pytest.mark.parametrize(
    ("principal", "wide"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": ["111122223333", "*"]}}, True),
        ({"Principal": {"AWS": [role("fc-0123"), "arn:aws:iam::111122223333:root"]}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, False),
        ({"Principal": {"AWS": "111122223333", "Service": "fsx.amazonaws.com"}}, False),
        ({"Principal": {"AWS": role("fc-0456")}}, False),
    ],
)
def test_only_statements_that_name_the_role_or_everybody_count(
    shell: Shell, principal: dict[str, Any], wide: bool
) -> None:
    """An account in a Principal names no role: its IAM policies decide, and service-linked roles have none for KMS."""
    shell.append("data", {"Sid": "By hand", "Effect": "Allow", **principal, "Action": USE, "Resource": "*"})
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--dry-run")
    assert wide == ("Statement 'By hand' gives fc-0123 more" in " ".join(run.out.split())), run.out
