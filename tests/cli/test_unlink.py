"""``fcsse unlink``: takes back exactly what link gives, and leaves the policy as it was."""

from __future__ import annotations

import pytest

from tests.cli.documented_statements import CONTEXT, OPERATIONS, OTHER, OWN, documented, role
from tests.cli.shell import WRITES, Shell


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("cache", "bucket", "words"),
    [
        ("fc-0123", "data", ()),
        ("fs-0abc", "data", ()),
        ("fc-0123", "data", ("--context", "both")),
        ("fc-0123", "data-bucket-keys", ()),
        ("fc-0123", "data-other-region", ()),
        ("fc-0123", "data-alias", ()),
        ("fc-0123", "data-alias-arn", ()),
        ("fc-0123", "data-key-id", ()),
    ],
)
def test_link_then_unlink_leaves_the_document_byte_for_byte(
    shell: Shell, cache: str, bucket: str, words: tuple[str, ...]
) -> None:
    shell.sandbox.switches.normalise = False
    before = shell.sandbox.policy_text(bucket)
    shell.linked(cache, bucket, *words)
    assert shell.sandbox.policy_text(bucket) != before
    run = shell.unlink(cache, bucket)
    assert run.code == 0, run.words
    assert shell.sandbox.policy_text(bucket) == before
    assert shell.works(cache, bucket) == (False, False)
    assert f"Unlinked {cache} from {bucket}" in run.out


def test_a_document_that_had_to_be_written_compactly_says_the_same_as_before(shell: Shell) -> None:
    before = shell.sandbox.policy("data-long")
    shell.linked("fc-0123", "data-long")
    assert shell.unlink("fc-0123", "data-long").code == 0
    assert shell.sandbox.policy("data-long") == before


def test_unlinking_without_the_copy_restores_the_text_too(shell: Shell) -> None:
    before = shell.sandbox.policy_text("data")
    shell.linked("fc-0123", "data", "--no-backup")
    assert shell.unlink("fc-0123", "data", "--no-backup").code == 0
    assert shell.sandbox.policy_text("data") == before


def test_a_second_unlink_has_nothing_to_do(shell: Shell) -> None:
    for _ in range(2):
        run = shell.unlink("fc-0123", "data")
        assert run.code == 0
        assert "Nothing to do." in run.out
        assert not WRITES.intersection(run.operations)


def test_only_the_role_leaves_a_statement_that_serves_others(shell: Shell) -> None:
    for cache in ("fc-0123", "fc-01234567890", "fs-0abc"):
        shell.linked(cache, "data")
    assert shell.unlink("fc-0123", "data").code == 0
    assert set(shell.last("data")["Principal"]["AWS"]) == {role("fc-01234567890"), role("fs-0abc")}
    assert shell.works("fc-0123", "data") == (False, False)
    assert shell.works("fc-01234567890", "data") == (True, True)


def test_the_last_role_takes_the_statement_with_it(shell: Shell) -> None:
    before = shell.sandbox.policy_text("data")
    shell.linked("fc-0123", "data")
    shell.linked("fs-0abc", "data")
    run = shell.run("unlink", "--cache", "fc-0123", "--cache", "fs-0abc", "--bucket", "data")
    assert (run.code, run.count("kms:PutKeyPolicy")) == (0, 1)
    assert shell.sandbox.policy_text("data") == before


@pytest.mark.parametrize("verbatim", [True, False])
def test_a_statement_pasted_by_hand_is_taken_back(shell: Shell, verbatim: bool) -> None:
    before = shell.statements("data")
    shell.append("data", documented("fc-0123", "data"), verbatim=verbatim)
    run = shell.unlink("fc-0123", "data")
    assert run.code == 0, run.words
    assert shell.statements("data") == before


def test_another_bucket_of_the_same_statement_stays(shell: Shell) -> None:
    pasted = documented("fc-0123", "data")
    pasted["Condition"]["StringLike"][CONTEXT] = ["arn:aws:s3:::data/*", "arn:aws:s3:::elsewhere/*"]
    shell.append("data", pasted)
    assert shell.unlink("fc-0123", "data").code == 0
    assert shell.last("data")["Condition"]["StringLike"][CONTEXT] == "arn:aws:s3:::elsewhere/*"
    assert shell.works("fc-0123", "data") == (False, False)


def test_a_statement_of_another_meaning_is_named_and_stays(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    other = {**documented("fc-0123", "data", sid="Theirs"), "Action": ["kms:Decrypt"]}
    shell.append("data", other)
    run = shell.unlink("fc-0123", "data")
    assert run.code == 0
    assert "'Theirs'" in run.out
    assert shell.last("data")["Sid"] == "Theirs"
    assert len(shell.statements("data")) == 2


def test_every_cache_goes_by_its_own_name_only(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.run("link", "--every-cache", "--bucket", "data").code == 0
    run = shell.unlink("fc-0123", "data")
    assert run.code == 0
    assert "for every cache" in run.out
    assert shell.works("fc-0123", "data") == (True, True)
    assert shell.run("unlink", "--every-cache", "--bucket", "data").code == 0
    assert shell.works("fc-0123", "data") == (False, False)
    assert len(shell.statements("data")) == 1


def test_a_cache_that_is_gone_is_unlinked_from_the_policy(shell: Shell) -> None:
    before = shell.sandbox.policy_text("data")
    shell.linked("fc-0123", "data")
    shell.sandbox.delete_cache("fc-0123")
    run = shell.unlink("fc-0123", "data")
    assert run.code == 0, run.words
    assert shell.sandbox.policy_text("data") == before
    assert "AROA" in run.out


def test_a_role_that_is_gone_leaves_the_others_of_its_statement(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.linked("fs-0abc", "data")
    shell.sandbox.delete_cache("fc-0123")
    assert shell.unlink("fc-0123", "data").code == 0
    assert shell.last("data")["Principal"]["AWS"] == role("fs-0abc")


@pytest.mark.parametrize(
    ("bucket", "words"),
    [
        ("data", ("--via", "grant")),
        ("data-other-account", ()),
        ("data-bucket-keys", ("--via", "grant", "--narrow-grant")),
        ("data-other-region", ("--via", "grant")),
    ],
)
def test_a_grant_is_ended(shell: Shell, bucket: str, words: tuple[str, ...]) -> None:
    shell.linked("fc-0123", bucket, *words)
    assert len(shell.grants(bucket)) == 1
    run = shell.unlink("fc-0123", bucket)
    assert run.code == 0, run.words
    assert shell.grants(bucket) == []
    assert shell.works("fc-0123", bucket) == (False, False)


def test_a_grant_whose_role_is_gone_is_ended(shell: Shell) -> None:
    """KMS API reference, ListGrants: the grantee then shows as a bare unique id."""
    shell.linked("fc-0123", "data-other-account")
    shell.sandbox.delete_cache("fc-0123")
    assert shell.grants("data-other-account")[0]["GranteePrincipal"].startswith("AROA")
    run = shell.unlink("fc-0123", "data-other-account")
    assert run.code == 0, run.words
    assert shell.grants("data-other-account") == []


def test_the_grant_of_a_cache_of_another_account_is_named_to_the_keys_owner(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0999", account=OTHER)
    key = shell.sandbox.key("data").arn
    grantee = role("fc-0999", OTHER)
    made = shell.sandbox.client("kms").create_grant(
        KeyId=key, GranteePrincipal=grantee, Name="fcsse:fc-0999:data", Operations=list(OPERATIONS)
    )
    run = shell.unlink("fc-0999", "data")
    assert run.code == 0, run.words
    assert shell.grants("data")[0]["GrantId"] == made["GrantId"]
    said = " ".join(run.out.split())
    assert (
        f"fc-0999 keeps access to the key by grant fcsse:fc-0999:data: it is to the cache's role in account {OTHER}"
        in said
    )
    assert "gives fc-0999 access" not in run.out, "something does"
    assert f"is to a role of fc-0999 in account {OWN}" in run.out


@pytest.mark.parametrize("via", ["policy", "grant"])
def test_a_bucket_that_is_gone_is_unlinked_by_its_key(shell: Shell, via: str) -> None:
    key = shell.sandbox.add_key("short-lived")
    shell.sandbox.add_bucket("short-lived", algorithm="aws:kms", key=key.arn, bucket_keys=True)
    before = shell.statements(key.arn)
    shell.linked("fc-0123", "short-lived", "--via", via)
    shell.sandbox.client("s3").delete_bucket(Bucket="short-lived")
    run = shell.unlink("fc-0123", "short-lived")
    assert run.code == 6
    assert "--bucket short-lived --key ARN" in run.err
    again = shell.unlink("fc-0123", "short-lived", "--key", key.arn)
    assert again.code == 0, again.words
    assert not [operation for operation in again.operations if operation.startswith("s3:")]
    assert (shell.statements(key.arn), shell.grants(key.arn)) == (before, [])


def test_a_grant_is_retired_where_revoking_is_not_allowed(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-account")
    shell.sandbox.fault(
        "kms:RevokeGrant", "AccessDeniedException", message="no identity-based policy allows it", times=None
    )
    run = shell.unlink("fc-0123", "data-other-account")
    assert run.code == 0, run.words
    assert shell.grants("data-other-account") == []
    assert run.count("kms:RetireGrant") == 1


def test_where_neither_is_allowed_the_revocation_is_what_is_asked_for(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-account")
    shell.sandbox.fault(
        "kms:Re*Grant", "AccessDeniedException", message="no identity-based policy allows it", times=None
    )
    run = shell.unlink("fc-0123", "data-other-account")
    assert run.code == 5
    assert "kms:RevokeGrant" in run.err
    assert len(shell.grants("data-other-account")) == 1


def test_a_grant_for_another_bucket_or_cache_stays(shell: Shell) -> None:
    shell.sandbox.add_bucket("data-two", algorithm="aws:kms", key=shell.sandbox.key("data").arn)
    shell.linked("fc-0123", "data", "--via", "grant")
    shell.linked("fc-0123", "data-two", "--via", "grant")
    shell.linked("fc-01234567890", "data", "--via", "grant")
    assert shell.unlink("fc-0123", "data").code == 0
    assert len(shell.grants("data")) == 2


@pytest.mark.parametrize("refused", [False, True])
def test_a_grant_that_ends_for_another_bucket_of_the_run_is_kept_only_where_that_fails(
    shell: Shell, refused: bool
) -> None:
    """It was said to give access, by the plan that ended it."""
    sandbox = shell.sandbox
    key = sandbox.add_key("shared")
    for bucket in ("one", "two"):
        sandbox.add_bucket(bucket, algorithm="aws:kms", key=key.arn)
    sandbox.add_cache("fc-0aaa", ["one", "two"])
    shell.linked("fc-0aaa", "one", "--via", "grant")
    shell.linked("fc-0aaa", "two")
    if refused:
        for operation in ("kms:RevokeGrant", "kms:RetireGrant"):
            sandbox.fault(operation, "AccessDeniedException", times=None)
    run = shell.run("unlink", "--cache", "fc-0aaa")
    assert run.code == (5 if refused else 0), run.words
    kept = "Warning: fc-0aaa keeps access to the key by grant fcsse:fc-0aaa:one"
    assert (kept in run.out) is refused
    assert "Unlinked fc-0aaa from two" in run.out


def test_a_grant_made_by_hand_goes_with_a_warning(shell: Shell) -> None:
    shell.sandbox.client("kms").create_grant(
        KeyId=shell.sandbox.key("data-other-account").arn, GranteePrincipal=role("fc-0123"), Operations=OPERATIONS
    )
    run = shell.unlink("fc-0123", "data-other-account")
    assert run.code == 0
    assert "was not made by fcsse" in run.out
    assert shell.grants("data-other-account") == []


@pytest.mark.parametrize(
    "constraints",
    [
        {"EncryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::data-two"}},
        {"EncryptionContextSubset": {"department": "arn:aws:s3:::data"}},
        {"EncryptionContextEquals": {"aws:s3:arn": "arn:aws:s3:::data", "department": "arn:aws:s3:::data"}},
    ],
)
@pytest.mark.parametrize("name", [None, "fcsse:fc-0123:data"])
def test_a_grant_with_constraints_other_than_the_bucket_s_stays(
    shell: Shell, name: str | None, constraints: dict[str, dict[str, str]]
) -> None:
    named: dict[str, str] = {"Name": name} if name else {}
    shell.sandbox.client("kms").create_grant(
        KeyId=shell.sandbox.key("data").arn,
        GranteePrincipal=role("fc-0123"),
        Operations=OPERATIONS,
        Constraints=constraints,
        **named,
    )
    run = shell.unlink("fc-0123", "data")
    assert (run.code, len(shell.grants("data"))) == (0, 1), run.words
    assert not WRITES.intersection(run.operations)


@pytest.mark.parametrize("grantee", ["fc-01234567890", "fs-0abc"])
def test_a_grant_to_another_role_stays_whatever_its_name(shell: Shell, grantee: str) -> None:
    shell.linked("fc-0123", "data", "--via", "grant")
    shell.sandbox.client("kms").create_grant(
        KeyId=shell.sandbox.key("data").arn,
        GranteePrincipal=role(grantee),
        Operations=OPERATIONS,
        Name="fcsse:fc-0123:data",
    )
    assert shell.unlink("fc-0123", "data").code == 0
    assert [grant["GranteePrincipal"] for grant in shell.grants("data")] == [role(grantee)]


def test_a_grant_to_an_id_that_nobody_could_look_up_stays_and_is_named(shell: Shell) -> None:
    """KMS shows such an id for a new role, too: only IAM tells whose it is."""
    shell.linked("fc-0123", "data-other-account")
    shell.sandbox.delete_cache("fc-0123")
    shell.sandbox.fault("iam:ListRoles", "AccessDenied", times=None)
    run = shell.unlink("fc-0123", "data-other-account")
    assert run.code == 0, run.words
    [grant] = shell.grants("data-other-account")
    assert f"Grant {grant['GrantId']} stays: it is to {grant['GranteePrincipal']}" in " ".join(run.out.split())


def test_a_grant_made_by_hand_for_the_bucket_alone_goes_without_a_warning(shell: Shell) -> None:
    shell.sandbox.client("kms").create_grant(
        KeyId=shell.sandbox.key("data").arn,
        GranteePrincipal=role("fc-0123"),
        Operations=OPERATIONS,
        Constraints={"EncryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::data"}},
    )
    run = shell.unlink("fc-0123", "data")
    assert (run.code, shell.grants("data")) == (0, [])
    assert "not limited" not in run.out


def test_a_statement_and_a_grant_go_together(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.linked("fc-0123", "data", "--via", "grant")
    run = shell.unlink("fc-0123", "data")
    assert run.code == 0
    assert (shell.grants("data"), len(shell.statements("data"))) == ([], 1)


@pytest.mark.parametrize("bucket", ["data-sse-s3", "data-aws-s3", "data-dsse"])
def test_what_cannot_be_linked_has_nothing_to_take_back(shell: Shell, bucket: str) -> None:
    run = shell.unlink("fc-0123", bucket)
    assert (run.code, bool(WRITES.intersection(run.operations))) == (0, False)
    assert "Nothing to do" in run.out


def test_a_disabled_key_can_be_unlinked(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.sandbox.set_key_state("data", "Disabled")
    assert shell.unlink("fc-0123", "data").code == 0
    assert len(shell.statements("data")) == 1


def test_the_owner_unlinks_by_the_bucket_s_role(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-account")
    run = shell.unlink("fc-0123", "data-other-secret", "--bucket-role", f"arn:aws:iam::{OTHER}:role/BucketReader")
    assert run.code == 0, run.words
    # The grant was made for data-other-account, on the same key.
    assert len(shell.grants("data-other-account")) == 1


def test_dead_principals_of_others_stop_an_unlink_too(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.append(
        "data",
        {
            "Sid": "Former",
            "Effect": "Allow",
            "Principal": {"AWS": ["AROA0000000FORMERROLE", f"arn:aws:iam::{OWN}:root"]},
            "Action": "kms:DescribeKey",
            "Resource": "*",
        },
    )
    assert shell.unlink("fc-0123", "data").code == 4
    assert shell.unlink("fc-0123", "data", "--prune-orphans").code == 0
    assert [statement["Sid"] for statement in shell.statements("data")] == ["Enable IAM User Permissions", "Former"]


@pytest.mark.parametrize("how", ["error", "drop"])
def test_a_lost_answer_to_the_end_of_a_grant_is_no_grant_gone_already(shell: Shell, how: str) -> None:
    """botocore repeats the call, and KMS answers that there is no such grant."""
    shell.linked("fc-0123", "data-other-account")
    lost = {"drop": True} if how == "drop" else {"code": "KMSInternalException"}
    shell.sandbox.fault("kms:RevokeGrant", after=True, **lost)
    run = shell.unlink("fc-0123", "data-other-account", "-o", "json")
    assert run.code == 0, run.words
    assert run.json["changed"] is True
    assert run.count("kms:RevokeGrant") == 2
    assert shell.grants("data-other-account") == []


@pytest.mark.parametrize(("times", "code"), [(2, 0), (None, 6)])
def test_a_grant_that_kms_does_not_find_but_lists_is_not_gone(shell: Shell, times: int | None, code: int) -> None:
    """One that is new is not known everywhere yet, and may work already."""
    shell.linked("fc-0123", "data-other-account")
    shell.sandbox.fault("kms:RevokeGrant", "NotFoundException", times=times)
    run = shell.unlink("fc-0123", "data-other-account", "-o", "json")
    assert run.code == code, run.words
    assert run.json["changed"] is (code == 0)
    assert (shell.grants("data-other-account") == []) is (code == 0)
    assert code == 0 or "still lists it" in run.err


def test_a_grant_that_somebody_ends_meanwhile_is_gone_already(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-account")
    grants = shell.sandbox.key("data-other-account").grants.value
    shell.sandbox.fault("kms:RevokeGrant", hook=lambda _: grants.clear())
    run = shell.unlink("fc-0123", "data-other-account", "-o", "json")
    assert (run.code, run.json["changed"]) == (0, False), run.words
    assert run.count("kms:RevokeGrant") == 1


def test_unlinking_right_after_linking_waits_for_nothing_but_the_settling_looks(shell: Shell) -> None:
    """The text from before the link is the last one again, and no old one that KMS still shows."""
    shell.linked("fc-0123", "data")
    assert shell.unlink("fc-0123", "data").code == 0
    shell.linked("fc-0123", "data")
    assert shell.clock.slept < 5


def test_a_mistyped_cache_is_warned_of_with_the_near_ids(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    run = shell.unlink("fc-012", "data")
    assert run.code == 0, "to unlink a cache that is gone is no error"
    said = "Warning: Neither FSx nor IAM knows fc-012. Did you mean fc-0123 or fc-01234567890? Ids are matched exactly."
    assert said in run.out.splitlines()
    assert "Did you mean fc-0123" in shell.unlink("fc-012", "data", "-o", "json").json["pairs"][0]["warnings"][0]
    assert "Did you mean fc-0123" in shell.unlink("fc-012", "data", "--dry-run").out


@pytest.mark.parametrize("refused", ["iam:ListRoles", "fsx:DescribeFileCaches"])
def test_what_may_not_be_listed_keeps_no_unlink_from_its_end(shell: Shell, refused: str) -> None:
    shell.sandbox.fault(refused, "AccessDenied", times=None)
    run = shell.unlink("fc-012", "data")
    assert run.code == 0
    assert ("IAM has no role of fc-012. Did you mean fc-0123" in run.out) is (refused != "iam:ListRoles")


def test_an_unlink_that_finds_something_asks_for_no_near_ids(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    for run in (shell.unlink("fc-0123", "data"), shell.unlink("fc-0123", "data")):
        assert run.code == 0
        assert (run.count("iam:ListRoles"), run.count("fsx:DescribeFileCaches")) == (0, 0)
        assert "Warning" not in run.out


def test_dead_principals_may_be_what_became_of_a_cache_that_is_gone(shell: Shell) -> None:
    run = shell.unlink("fc-0dead", "data-dead")
    assert run.code == 0
    [warning] = [line for line in run.out.splitlines() if "--prune-orphans" in line]
    assert "AROA0000000FORMERROLE in statement 'Allow a former role'" in warning
    assert "in statement 'Allow the former cache'" in warning
    assert "--prune-orphans" not in shell.unlink("fc-0123", "data-dead").out, "its role is there"
    done = shell.unlink("fc-0dead", "data-dead", "--prune-orphans")
    assert done.code == 0
    assert "AROA" not in shell.sandbox.policy_text("data-dead")
    assert done.out.splitlines()[-2] == "Unlinked fc-0dead from data-dead: 2 dead principals removed. Confirmed."
