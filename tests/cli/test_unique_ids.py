"""Unique ids that KMS shows in place of principals: those of new roles are alive, and only IAM tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.shell import Shell

CACHE = "fc-0123"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def role_of(shell: Shell, cache: str = CACHE) -> tuple[str, str]:
    """The ARN and the unique id of a cache's role."""
    iam = shell.sandbox.client("iam")
    found = iam.get_role(RoleName=f"AWSServiceRoleForFSxS3Access_{cache}")["Role"]
    return found["Arn"], found["RoleId"]


def show_id(shell: Shell, key: str, cache: str = CACHE) -> None:
    """KMS shows the role's id in the policy, as it may for a minute after the role was made."""
    arn, own = role_of(shell, cache)
    text = shell.sandbox.policy_text(key)
    assert arn in text
    shell.sandbox.put_policy_verbatim(key, text.replace(arn, own))


def show_id_in_grants(shell: Shell, cache: str = CACHE) -> None:
    arn, own = role_of(shell, cache)
    for grant in (one for key in shell.sandbox.state.keys.values() for one in key.grants.value.values()):
        if grant.grantee == arn:
            grant.grantee, grant.grantee_id = own, None


def without(*actions: str) -> dict[str, object]:
    """May do everything but these."""
    deny = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [*ALL["Statement"], deny]}


def test_linking_again_finds_the_live_role_by_its_id(shell: Shell) -> None:
    shell.linked(CACHE, "data")
    show_id(shell, "data")
    run = shell.link(CACHE, "data", "--prune-orphans")

    assert run.code == 0, run.words
    assert "Nothing to do" in run.out
    assert run.count("kms:PutKeyPolicy") == 0


def test_linking_another_cache_keeps_the_live_role(shell: Shell) -> None:
    shell.linked(CACHE, "data")
    show_id(shell, "data")
    shell.sandbox.add_cache("fc-0777", ["data"])
    shell.linked("fc-0777", "data")

    assert set(shell.last("data")["Principal"]["AWS"]) == {role_of(shell)[0], role_of(shell, "fc-0777")[0]}
    assert shell.works(CACHE, "data") == (True, True)


@pytest.mark.parametrize("hidden", [(), ("iam:ListRoles",)])
def test_unlinking_takes_out_the_role_that_stands_by_its_id(shell: Shell, hidden: tuple[str, ...]) -> None:
    """GetRole alone tells the id of the cache's own role."""
    before = shell.sandbox.policy("data")
    shell.linked(CACHE, "data")
    show_id(shell, "data")
    run = shell.unlink(CACHE, "data", credentials=shell.user(without(*hidden) if hidden else ALL))

    assert run.code == 0, run.words
    assert shell.sandbox.policy("data") == before


def test_audit_ends_no_grant_of_a_live_role(shell: Shell) -> None:
    shell.linked(CACHE, "data", "--via", "grant")
    show_id_in_grants(shell)
    shell.linked("fc-01234567890", "data")
    show_id(shell, "data", "fc-01234567890")
    run = shell.run("audit", "-o", "json")
    found = {finding["code"]: finding for finding in run.json["findings"]}

    assert "dead-grant" not in found
    assert not [
        one for one in run.json["findings"] if one["code"] == "cache-gone" and role_of(shell)[1] in json.dumps(one)
    ]
    assert "revoke-grant" not in json.dumps([found.get("dead-grant"), found.get("cache-gone")])


def test_linking_again_by_grant_finds_the_live_role_by_its_id(shell: Shell) -> None:
    shell.linked(CACHE, "data-other-account")
    show_id_in_grants(shell)
    run = shell.link(CACHE, "data-other-account")

    assert run.code == 0, run.words
    assert "Nothing to do" in run.out
    assert run.count("kms:CreateGrant") == 0


@pytest.mark.parametrize("words", [(), ("--prune-orphans",)])
def test_where_iam_cannot_be_asked_nobody_is_called_dead(shell: Shell, words: tuple[str, ...]) -> None:
    """Of a role of which nobody knows whether it is alive; KMS refuses the policy, and every candidate is named."""
    who = shell.user(without("iam:ListRoles"))
    run = shell.link(CACHE, "data-dead", "--wait", "2s", *words, credentials=who)

    assert run.code == 6 if "still does not see" in run.err else 4, run.words
    assert "AROA0000000FORMERROLE in statement 'Allow a former role'" in run.err
    assert "no longer exist" not in run.words
    assert "AROA0000000FORMERROLE" in shell.sandbox.policy_text("data-dead")


def test_an_id_that_is_nobody_s_is_dead(shell: Shell) -> None:
    run = shell.link(CACHE, "data-dead", "--prune-orphans")

    assert run.code == 0, run.words
    assert run.count("iam:ListRoles") == 2
    assert "AROA" not in shell.sandbox.policy_text("data-dead")
    assert "To undo" not in run.out, "KMS would refuse the policy from before"
    assert shell.run(*run.out.rsplit("fcsse ", 1)[1].split()).code == 0


def test_unlink_is_advised_no_option_that_it_has_not(shell: Shell) -> None:
    shell.linked(CACHE, "data")
    shell.append("data-dead", json.loads(json.dumps(shell.last("data")).replace(":::data/", ":::data-dead/")))
    run = shell.unlink(CACHE, "data-dead")

    assert run.code == 4, run.words
    assert "--prune-orphans" in run.err
    assert "--via" not in run.err


def test_nobody_asks_iam_about_ids_where_there_are_none(shell: Shell) -> None:
    run = shell.link(CACHE, "data")

    assert run.code == 0, run.words
    assert run.count("iam:ListRoles") == run.count("iam:ListUsers") == 0


def test_a_live_user_s_id_is_not_dead(shell: Shell) -> None:
    iam = shell.sandbox.client("iam")
    iam.create_user(UserName="reader")
    user = iam.get_user(UserName="reader")["User"]
    allow = {
        "Sid": "Reader",
        "Effect": "Allow",
        "Principal": {"AWS": user["Arn"]},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
    shell.append("data", allow)
    text = shell.sandbox.policy_text("data")
    shell.sandbox.put_policy_verbatim("data", text.replace(user["Arn"], user["UserId"]))
    shell.linked(CACHE, "data", "--prune-orphans")

    assert [one for one in shell.statements("data") if one.get("Sid") == "Reader"] == [allow]


def test_restoring_a_policy_with_a_live_id_puts_its_arn_back(shell: Shell) -> None:
    shell.linked(CACHE, "data")
    show_id(shell, "data")
    shell.unlink(CACHE, "data")
    backup = shell.backups[-1]
    run = shell.run("restore", backup["id"])

    assert run.code == 0, run.words
    assert shell.last("data")["Principal"] == {"AWS": role_of(shell)[0]}


def foreign_statement(shell: Shell) -> tuple[dict[str, Any], str]:
    """A statement for a role of another account, and that role's id."""
    iam = shell.sandbox.client("iam", account=shell.sandbox.other_account)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="Reader", AssumeRolePolicyDocument=trust)["Role"]
    principal = {"AWS": role["Arn"]}
    allow = {"Sid": "Reader", "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*"}
    return allow, str(role["RoleId"])


@pytest.mark.parametrize("wait", [(), ("--wait", "0")])
def test_a_new_role_of_another_account_is_not_pruned(shell: Shell, wait: tuple[str, ...]) -> None:
    """No IAM that can be asked here knows it, so its id is given time to turn into its ARN again."""
    allow, own = foreign_statement(shell)
    shell.append("data", allow)
    named = shell.sandbox.policy_text("data")
    shell.sandbox.put_policy_verbatim("data", named.replace(allow["Principal"]["AWS"], own))

    def turn(_: object) -> None:
        if shell.clock.slept > 60:
            shell.sandbox.put_policy_verbatim("data", named)

    shell.sandbox.fault("kms:GetKeyPolicy", hook=turn, times=1, nth=2)
    run = shell.link(CACHE, "data", "--prune-orphans", *wait)

    assert run.code == 0, run.words
    assert [one for one in shell.statements("data") if one.get("Sid") == "Reader"] == [allow]
    assert shell.works(CACHE, "data") == (True, True)


def test_a_deleted_role_of_another_account_is_pruned_after_a_while(shell: Shell) -> None:
    allow, own = foreign_statement(shell)
    shell.append("data", {**allow, "Principal": {"AWS": own}}, verbatim=True)
    shell.linked(CACHE, "data", "--prune-orphans")

    assert own not in shell.sandbox.policy_text("data")
    assert shell.clock.slept > 60


def test_nobody_waits_where_iam_knows_that_an_id_is_nobody_s(shell: Shell) -> None:
    shell.linked(CACHE, "data")
    text = shell.sandbox.policy_text("data")
    shell.sandbox.put_policy_verbatim("data", text.replace(role_of(shell)[0], "AROADEADDEADDEAD12345"))
    shell.linked(CACHE, "data", "--prune-orphans")

    assert shell.clock.slept < 60
