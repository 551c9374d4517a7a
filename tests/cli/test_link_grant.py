"""Keys of another account, and grants in one account: the documented grant, its name, its limits."""

from __future__ import annotations

import pytest

from fcsse.sandbox import Sandbox
from tests.cli.documented_statements import OPERATIONS, OTHER, OWN, documented, role
from tests.cli.shell import Shell

ABROAD = "data-other-account"


def test_across_accounts_the_documented_grant_is_created_and_it_works(shell: Shell) -> None:
    assert shell.works("fc-0123", ABROAD) == (False, False)
    run = shell.linked("fc-0123", ABROAD)
    [call] = shell.sandbox.requests.of("kms:CreateGrant")
    key = shell.sandbox.key(ABROAD)
    assert call.parameters["KeyId"] == key.arn
    assert call.parameters["GranteePrincipal"] == role("fc-0123")
    assert sorted(call.parameters["Operations"]) == sorted(OPERATIONS)
    assert "Constraints" not in call.parameters
    assert (call.account, call.region) == (OWN, key.region)
    [grant] = shell.grants(ABROAD)
    assert (grant["GranteePrincipal"], grant["IssuingAccount"]) == (role("fc-0123"), f"arn:aws:iam::{OWN}:root")
    assert grant["GrantId"] in run.out
    assert shell.works("fc-0123", ABROAD) == (True, True)
    assert shell.works("fc-01234567890", ABROAD) == (False, False)
    assert run.count("kms:PutKeyPolicy") == run.count("kms:GetKeyPolicy") == 0


def test_a_grant_takes_no_right_to_the_key_policy(shell: Shell) -> None:
    actions = ["iam:GetRole", "s3:GetEncryptionConfiguration", "kms:DescribeKey", "kms:ListGrants", "kms:CreateGrant"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    user = shell.user({"Version": "2012-10-17", "Statement": [statement]})
    run = shell.link("fc-0123", "data", "--via", "grant", credentials=user)
    assert run.code == 0, run.words
    assert shell.works("fc-0123", "data") == (True, True)


def test_a_second_run_creates_nothing(shell: Shell) -> None:
    shell.linked("fc-0123", ABROAD)
    again = shell.linked("fc-0123", ABROAD)
    assert "Nothing to do" in again.out
    assert again.count("kms:CreateGrant") == 0
    assert len(shell.grants(ABROAD)) == 1


def test_a_grant_on_a_key_of_which_no_state_is_told_may_be_of_no_use(shell: Shell) -> None:
    """The key is disabled, and the caller may not call kms:DescribeKey: the grant alone is no access."""
    shell.linked("fc-0123", ABROAD)
    shell.sandbox.set_key_state(ABROAD, "Disabled")
    actions = ["iam:GetRole", "s3:GetEncryptionConfiguration", "kms:ListGrants", "fsx:Describe*"]
    user = shell.user({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
    run = shell.link("fc-0123", ABROAD, "-q", credentials=user)
    assert (run.code, "but it may be denied access" in run.out) == (0, True), run.words
    assert "The key's state is unknown" in run.err
    checked = shell.run("check", "--cache", "fc-0123", "--bucket", ABROAD, credentials=user)
    assert "is not known: the key's state is not known" in checked.out
    assert "no grant allows" not in checked.out


def test_a_grant_may_be_of_no_use_where_the_own_key_s_policy_was_not_read(shell: Shell) -> None:
    shell.linked("fc-0123", "data", "--via", "grant")
    shell.append("data", {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"})
    actions = ["iam:GetRole", "s3:GetEncryptionConfiguration", "kms:DescribeKey", "kms:ListGrants"]
    user = shell.user({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
    run = shell.link("fc-0123", "data", "--via", "grant", "-q", credentials=user)
    assert (run.code, "but it may be denied access" in run.out) == (0, True), run.words
    assert "The key policy is unknown" in run.err


def test_an_empty_constraint_is_one(shell: Shell) -> None:
    """KMS counts it ("More than one constraint supplied", aws-sdk-java issue 328), and S3 always sends a context."""
    shell.linked("fc-0123", "data", "--via", "grant")
    [grant] = shell.sandbox.key("data").grants.value.values()
    grant.constraints["EncryptionContextEquals"] = {}
    check = ("check", "--cache", "fc-0123", "--bucket", "data")
    assert "is not known: it may be allowed" in shell.run(*check).out
    assert "already has access" not in shell.link("fc-0123", "data", "--via", "grant", "--dry-run").out
    assert "may keep access" in shell.unlink("fc-0123", "data").out


def test_a_repetition_that_cannot_see_the_first_grant_adds_no_duplicate(shell: Shell) -> None:
    """KMS API reference, CreateGrant: the same name and parameters answer the same grant."""
    shell.sandbox.late(grant_reads=1000)
    assert shell.link("fc-0123", ABROAD, "--wait", "1s").code == 8
    assert shell.link("fc-0123", ABROAD, "--wait", "1s").code == 8
    first, second = (entry.parameters["Name"] for entry in shell.sandbox.requests.of("kms:CreateGrant"))
    assert first == second
    shell.sandbox.late()
    key = shell.sandbox.key(ABROAD)
    assert len(key.grants.value) == 1


def test_the_call_goes_to_the_key_s_region(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-region", "--via", "grant")
    [call] = shell.sandbox.requests.of("kms:CreateGrant")
    assert call.region == "us-east-1"
    assert shell.works("fc-0123", "data-other-region") == (True, True)


def test_a_bucket_name_with_dots_makes_a_name_that_kms_takes(shell: Shell) -> None:
    """KMS API reference, CreateGrant: names hold letters, digits and ``:/_-``, no dots."""
    shell.sandbox.add_bucket("my.dotted-bucket", algorithm="aws:kms", key=shell.sandbox.key("data").arn)
    shell.linked("fc-0123", "my.dotted-bucket", "--via", "grant")
    [grant] = shell.grants("data")
    assert "." not in grant["Name"]


def test_in_one_account_a_grant_leaves_the_policy_alone(shell: Shell) -> None:
    text = shell.sandbox.policy_text("data")
    run = shell.linked("fc-0123", "data", "--via", "grant")
    assert shell.sandbox.policy_text("data") == text
    assert shell.works("fc-0123", "data") == (True, True)
    assert "KMS cannot limit a grant to S3" in run.out
    assert run.count("kms:PutKeyPolicy") == 0
    again = shell.linked("fc-0123", "data", "--via", "grant")
    assert again.count("kms:CreateGrant") == 0


def test_a_grant_is_said_to_be_wider_than_a_statement(shell: Shell) -> None:
    run = shell.link("fc-0123", ABROAD, "--dry-run")
    assert "Warning: This grant is not limited to this bucket or to S3" in run.out


@pytest.mark.parametrize("cache", ["fc-0123", None])
def test_a_policy_across_accounts_is_refused(shell: Shell, cache: str | None) -> None:
    """KMS developer guide, "Allowing users in other accounts to use a KMS key": both sides must allow."""
    who = ("--cache", cache) if cache else ("--every-cache",)
    run = shell.run("link", *who, "--bucket", ABROAD, "--via", "policy")
    assert run.code == 4
    assert OTHER in run.err
    assert not shell.grants(ABROAD)


def test_every_cache_across_accounts_is_refused(shell: Shell) -> None:
    run = shell.run("link", "--every-cache", "--bucket", ABROAD)
    assert run.code == 4
    assert "one by one with --cache" in run.err


def test_narrow_limits_the_grant_to_the_bucket_where_bucket_keys_are_on(shell: Shell) -> None:
    shell.linked("fc-0123", "data-bucket-keys", "--via", "grant", "--narrow-grant")
    [grant] = shell.grants("data-bucket-keys")
    assert grant["Constraints"] == {"EncryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::data-bucket-keys"}}
    assert sorted(grant["Operations"]) == sorted(OPERATIONS)
    assert shell.works("fc-0123", "data-bucket-keys") == (True, True)
    assert shell.works("fc-0123", "data-bucket-keys", "old.txt") == (False, True)
    again = shell.linked("fc-0123", "data-bucket-keys", "--via", "grant", "--narrow-grant")
    assert again.count("kms:CreateGrant") == 0


def test_narrow_is_impossible_without_bucket_keys(shell: Shell) -> None:
    run = shell.link("fc-0123", "data", "--via", "grant", "--narrow-grant")
    assert run.code == 4
    assert "Bucket Keys" in run.err
    assert not shell.grants("data")


@pytest.mark.parametrize("words", [("--narrow-grant",), ("--narrow-grant", "--via", "policy")])
def test_narrow_without_a_grant_is_a_usage_error(shell: Shell, words: tuple[str, ...]) -> None:
    run = shell.link("fc-0123", "data-bucket-keys", *words)
    assert run.code == 2
    assert "--via" in run.err


def test_a_grant_of_the_cache_s_own_hand_counts(shell: Shell) -> None:
    key = shell.sandbox.key(ABROAD).arn
    shell.sandbox.client("kms").create_grant(
        KeyId=key, GranteePrincipal=role("fc-0123"), Operations=OPERATIONS, Name="by-hand"
    )
    run = shell.linked("fc-0123", ABROAD)
    assert "by-hand" in run.out
    assert "unlinking any of them ends it" in run.out
    assert run.count("kms:CreateGrant") == 0


def test_of_a_wider_grant_that_unlinking_leaves_nothing_else_is_said(shell: Shell) -> None:
    kms = shell.sandbox.client("kms")
    more = [*OPERATIONS, "RetireGrant"]
    kms.create_grant(
        KeyId=shell.sandbox.key(ABROAD).arn, GranteePrincipal=role("fc-0123"), Operations=more, Name="wider"
    )
    run = shell.linked("fc-0123", ABROAD)
    assert "wider" in run.out
    assert "ends it" not in run.out
    assert shell.run("unlink", "--cache", "fc-0123", "--bucket", ABROAD).code == 0
    assert [one["Name"] for one in shell.grants(ABROAD)] == ["wider"]


def test_a_grant_with_fewer_operations_does_not_count(shell: Shell) -> None:
    key = shell.sandbox.key(ABROAD).arn
    shell.sandbox.client("kms").create_grant(KeyId=key, GranteePrincipal=role("fc-0123"), Operations=["Decrypt"])
    shell.linked("fc-0123", ABROAD)
    assert len(shell.grants(ABROAD)) == 2
    assert shell.works("fc-0123", ABROAD) == (True, True)


def test_a_grant_of_a_role_that_is_gone_does_not_count(shell: Shell) -> None:
    """A new role of the same name has another unique id, so the old grant gives it nothing."""
    shell.linked("fc-0123", ABROAD)
    shell.sandbox.delete_cache("fc-0123")
    shell.sandbox.add_cache("fc-0123", [ABROAD])
    shell.linked("fc-0123", ABROAD)
    assert len(shell.grants(ABROAD)) == 2
    assert shell.works("fc-0123", ABROAD)[0]


def test_all_grants_are_read_however_short_the_pages(shell: Shell) -> None:
    kms, key = shell.sandbox.client("kms"), shell.sandbox.key(ABROAD).arn
    for number in range(5):
        kms.create_grant(
            KeyId=key, GranteePrincipal=role("fc-0456"), Operations=["Decrypt", "DescribeKey"], Name=f"n{number}"
        )
    shell.linked("fc-0123", ABROAD)
    shell.sandbox.switches.page = 2
    assert shell.linked("fc-0123", ABROAD).count("kms:CreateGrant") == 0


def test_too_many_grants_on_the_key(shell: Shell) -> None:
    shell.sandbox.switches.grant_limit = 0
    run = shell.link("fc-0123", ABROAD)
    assert run.code == 4
    assert "50,000" in run.err


def test_a_grant_role_of_the_cache_s_account_creates_it(shell: Shell) -> None:
    user = shell.user(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["iam:GetRole", "s3:GetEncryptionConfiguration", "kms:ListGrants", "sts:AssumeRole"],
                    "Resource": "*",
                }
            ],
        }
    )
    assert shell.link("fc-0123", ABROAD, credentials=user).code == 5
    run = shell.link("fc-0123", ABROAD, "--grant-role", f"arn:aws:iam::{OWN}:role/KeyUser", credentials=user)
    assert run.code == 0, run.words
    callers = {entry.caller for entry in shell.sandbox.requests.of("kms:CreateGrant") if entry.outcome == "ok"}
    assert callers == {f"arn:aws:sts::{OWN}:assumed-role/KeyUser/fcsse"}
    assert shell.works("fc-0123", ABROAD) == (True, True)


def test_a_grant_role_of_another_account_is_refused(shell: Shell) -> None:
    """The page's note: the role must be in the cache's account, not in that of the key and bucket."""
    shell.sandbox.add_role("Outside", account=OTHER, trust=OWN)
    run = shell.link("fc-0123", ABROAD, "--grant-role", f"arn:aws:iam::{OTHER}:role/Outside")
    assert run.code == 4
    assert f"it is of account {OTHER}, and the cache is in {OWN}" in run.err
    assert not shell.grants(ABROAD)


def test_the_console_s_cross_account_policy_forbids_the_call_and_the_owner_s_statement_helps(
    shell: Shell, sandbox: Sandbox
) -> None:
    """KMS developer guide: the console allows CreateGrant only with ``kms:GrantIsForAWSResource``."""
    import json

    run = shell.link("fc-0123", "data-other-console")
    assert run.code == 5
    assert "kms:CreateGrant" in run.err
    assert sandbox.key("data-other-console").arn in run.err
    text = run.err[run.err.index("{") : run.err.rindex("}") + 1]
    statement = json.loads(text)
    assert statement["Condition"]["StringEquals"] == {"kms:GranteePrincipal": role("fc-0123")}
    shell.append("data-other-console", statement)
    assert shell.link("fc-0123", "data-other-console").code == 0
    assert shell.works("fc-0123", "data-other-console") == (True, True)


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("service control policy", "the organization's administrator exempt the caller"),
        ("resource-based policy", "by the condition kms:GranteePrincipal"),
        ("permissions boundary", "Or create the grant as another role of the cache's account"),
    ],
)
def test_where_a_deny_refuses_the_grant_the_way_around_is_told(shell: Shell, policy: str, told: str) -> None:
    message = f"not authorized to perform: kms:CreateGrant with an explicit deny in a {policy}"
    shell.sandbox.fault("kms:CreateGrant", "AccessDeniedException", message=message, times=None)
    run = shell.link("fc-0123", ABROAD)
    assert run.code == 5
    assert told in " ".join(run.err.split())


def test_a_statement_does_not_stand_in_for_the_grant(shell: Shell) -> None:
    shell.append(ABROAD, documented("fc-0123", ABROAD))
    assert shell.works("fc-0123", ABROAD) == (False, False)
    shell.linked("fc-0123", ABROAD)
    assert shell.works("fc-0123", ABROAD) == (True, True)


EVERYBODY = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}


@pytest.mark.parametrize(("on", "nth"), [("kms:GetKeyPolicy", 1), ("kms:CreateGrant", 1), ("kms:ListGrants", 2)])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_deny_that_somebody_adds_meanwhile_is_not_called_linked(shell: Shell, form: str, on: str, nth: int) -> None:
    shell.sandbox.second_writer("data", EVERYBODY, on=on, nth=nth, after=True)
    run = shell.link("fc-0123", "data", "--via", "grant", "-o", form)
    assert run.code == 4, run.words
    assert shell.works("fc-0123", "data") == (False, True)
    said = run.err if form == "text" else run.json["pairs"][0]["error"]["message"]
    assert "statement 'No' of the key policy denies kms:Decrypt" in said
    assert "the link itself is written" in said
    if form == "json":
        assert (run.json["changed"], run.json["pairs"][0]["status"]) == (True, "blocked")
    else:
        assert "Linked fc-0123" not in run.out


def test_a_policy_that_cannot_be_read_again_is_told(shell: Shell) -> None:
    shell.sandbox.fault("kms:GetKeyPolicy", "AccessDeniedException", nth=2, times=None)
    run = shell.linked("fc-0123", "data", "--via", "grant")
    assert "Whether the key policy still lets the grant work could not be read: " in run.words


def test_what_others_write_meanwhile_and_denies_others_changes_nothing(shell: Shell) -> None:
    others = {**EVERYBODY, "Condition": {"StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"}}}
    shell.sandbox.second_writer("data", others, on="kms:CreateGrant", after=True)
    run = shell.link("fc-0123", "data", "--via", "grant")
    assert run.code == 0, run.words
    assert shell.works("fc-0123", "data") == (True, True)


def test_a_grant_to_the_role_from_before_is_not_taken_for_the_one_whose_answer_was_lost(shell: Shell) -> None:
    """The cache's role was deleted and made again: the old grant has the same name, and shows the old role's bare id."""
    shell.linked("fc-0123", "data", "--via", "grant")
    shell.sandbox.delete_role(role("fc-0123").rpartition("/")[2])
    shell.sandbox.add_cache("fc-0123", ["data"])
    lost = shell.sandbox.fault("kms:CreateGrant", drop=True, times=None)
    run = shell.link("fc-0123", "data", "--via", "grant")
    assert run.code == 1, run.words
    assert "Confirmed" not in run.out
    assert shell.works("fc-0123", "data") == (False, False)
    lost.times, lost.after = lost.seen + 1, True
    assert "Confirmed" in shell.linked("fc-0123", "data", "--via", "grant").out
    assert shell.works("fc-0123", "data") == (True, True)


def reader(shell: Shell, *actions: str) -> tuple[str, str]:
    """The option that names a role of the other account, which may do this and read the bucket."""
    allowed = {"Effect": "Allow", "Action": [*actions, "s3:Get*", "s3:ListBucket"], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    shell.sandbox.add_role("Reader", account=OTHER, trust=OWN, policy=policy)
    return "--bucket-role", f"arn:aws:iam::{OTHER}:role/Reader"


READING = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants")


def test_a_deny_in_another_account_s_key_policy_is_seen_where_its_side_may_read_it(shell: Shell) -> None:
    side = reader(shell, *READING)
    shell.append(ABROAD, EVERYBODY)
    run = shell.link("fc-0123", ABROAD, *side)
    assert run.code == 4, run.words
    assert "statement 'No' of the key policy denies kms:Decrypt" in run.err
    assert run.count("kms:CreateGrant") == 0


def test_one_that_comes_while_the_grant_is_made_is_seen_there_too(shell: Shell) -> None:
    side = reader(shell, *READING)
    shell.sandbox.second_writer(ABROAD, EVERYBODY, on="kms:CreateGrant", after=True)
    run = shell.link("fc-0123", ABROAD, *side)
    assert run.code == 4, run.words
    assert "the link itself is written" in run.err


def test_a_side_that_may_not_read_the_key_policy_keeps_no_grant_from_being_made(shell: Shell) -> None:
    run = shell.linked("fc-0123", ABROAD, *reader(shell, "kms:DescribeKey"))
    assert "The key policy is unknown" in run.words
    assert shell.works("fc-0123", ABROAD) == (True, True)
