"""What KMS refuses a key policy for, row by row, and what is said and done about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from fcsse.aws.errors import from_client_error
from fcsse.aws.named_call import Call
from fcsse.errors import NotVisibleError

if TYPE_CHECKING:
    from tests.cli.shell import Shell

PUT, MALFORMED = "kms:PutKeyPolicy", "MalformedPolicyDocumentException"
INVALID = "Policy contains a statement with one or more invalid principals."
OWN, OTHER = "111122223333", "999988887777"
DAYS = 2 * 24 * 3600.0


def allow(sid: str, principal: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*"}


def test_a_new_role_is_waited_for(shell: Shell) -> None:
    shell.sandbox.fault(PUT, MALFORMED, message=INVALID, times=3)
    run = shell.link("fc-0123", "data")

    assert run.code == 0, run.words
    assert run.count(PUT) == 4


def test_a_refusal_without_words_is_one_of_principals() -> None:
    """Seen in 2016 and 2017 for principals that were too new."""
    answer = ClientError({"Error": {"Code": MALFORMED, "Message": ""}}, "PutKeyPolicy")

    assert isinstance(from_client_error(answer, Call("kms:PutKeyPolicy")), NotVisibleError)


def test_a_role_of_the_own_account_that_is_gone_is_named_at_once(shell: Shell) -> None:
    """However young the cache's own role is: no waiting helps."""
    gone = f"arn:aws:iam::{OWN}:role/Gone"
    shell.append("data", allow("For the old app", {"AWS": gone}), verbatim=True)
    run = shell.link("fc-0123", "data")

    assert run.code == 4, run.words
    assert f"{gone} in statement 'For the old app'" in run.err
    assert run.count(PUT) == 1
    assert shell.clock.slept < 5
    assert run.count("iam:GetRole") >= 2


def test_a_session_of_a_role_that_is_gone_counts_as_gone(shell: Shell) -> None:
    gone = f"arn:aws:sts::{OWN}:assumed-role/Gone/app"
    shell.append("data", allow("For a session", {"AWS": gone}), verbatim=True)
    run = shell.link("fc-0123", "data")

    assert run.code == 4, run.words
    assert f"{gone} in statement 'For a session'" in run.err


def test_principals_that_cannot_be_looked_up_are_named_before_the_wait(shell: Shell) -> None:
    """The role is new, so both may be the cause: it is waited for, and everybody else is named at the first refusal."""
    other = f"arn:aws:iam::{OTHER}:root"
    shell.append("data", allow("For the partner", {"AWS": other}), verbatim=True)
    run = shell.link("fc-0123", "data", "--wait", "10s")

    assert run.code == 6, run.words
    first, _, last = run.err.partition("Error:")
    assert f"{other} in statement 'For the partner'" in first
    assert f"{other} in statement 'For the partner'" in last
    assert shell.clock.slept >= 10


def test_where_no_role_is_new_nobody_waits(shell: Shell) -> None:
    other = f"arn:aws:iam::{OTHER}:role/Partner"
    shell.append("data", allow("For the partner", {"AWS": [other, OTHER]}), verbatim=True)
    shell.clock.slept = DAYS
    run = shell.link("fc-0123", "data")

    assert run.code == 4, run.words
    assert f"{other} in statement 'For the partner'; {OTHER} in statement 'For the partner'" in run.err
    assert run.count(PUT) == 1


def test_service_principals_are_named(shell: Shell) -> None:
    message = "Policy contains a statement with one or more invalid service principals."
    shell.sandbox.fault(PUT, MALFORMED, message=message, times=None)
    run = shell.link("fc-0123", "data-alias-arn")

    assert run.code == 4, run.words
    assert "cloudtrail.amazonaws.com in statement 'Allow CloudTrail to encrypt logs'" in run.err
    assert "not enabled" in run.err
    assert "Action and Resource" not in run.err
    assert run.count(PUT) == 1


def test_what_is_no_arn_is_named(shell: Shell) -> None:
    shell.append("data", allow("For nobody", {"AWS": "arn:aws:iam:::root"}), verbatim=True)
    message = "An ARN in the specified key policy is invalid."
    shell.sandbox.fault(PUT, "InvalidArnException", message=message, times=None)
    run = shell.link("fc-0123", "data")

    assert run.code == 4, run.words
    assert message in run.err
    assert "arn:aws:iam:::root in statement 'For nobody'" in run.err
    assert run.count(PUT) == 1


def test_the_lockout_check_is_never_retried(shell: Shell) -> None:
    message = "The new key policy will not allow you to update the key policy in the future."
    shell.sandbox.fault(PUT, MALFORMED, message=message, times=None)
    run = shell.link("fc-0123", "data")

    assert run.code == 4, run.words
    assert "kms:PutKeyPolicy" in run.err
    assert run.count(PUT) == 1


SENTENCE = (
    "User: arn:aws:iam::111122223333:user/admin is not authorized to perform: kms:CreateGrant on resource: "
    "arn:aws:kms:eu-west-1:444455556666:key/1 with an explicit deny in a {}"
)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("service control policy", "ExemptedPrincipalArns"),
        ("resource control policy", "resource control policy (RCP)"),
        ("resource-based policy", "kms:GranteePrincipal"),
        ("permissions boundary", "permissions boundary"),
        ("VPC endpoint policy", "VPC endpoint policy"),
    ],
)
def test_no_allow_is_advised_against_an_explicit_deny(shell: Shell, policy: str, said: str) -> None:
    shell.sandbox.fault("kms:CreateGrant", "AccessDeniedException", message=SENTENCE.format(policy), times=None)
    run = shell.link("fc-0123", "data-other-account", "--dry-run")

    assert run.code == 5, run.words
    assert said in run.err
    assert "explicit Deny wins" in run.err
    assert "must add" not in run.err
    assert '"Effect": "Allow"' not in run.err


def test_the_deny_of_the_key_s_own_policy_is_named(shell: Shell) -> None:
    condition = {"BoolIfExists": {"kms:GrantIsForAWSResource": "false"}}
    deny = {
        "Sid": "CT",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:Create*",
        "Resource": "*",
        "Condition": condition,
    }
    shell.append("data", deny, verbatim=True)
    run = shell.link("fc-0123", "data", "--via", "grant", "--dry-run")

    assert run.code == 5, run.words
    assert "statement 'CT'" in run.err
    assert "must add" not in run.err
