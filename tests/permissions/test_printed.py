"""What ``fcsse permissions`` prints: policies that IAM, key policies and bucket policies take."""

import itertools
import json
import re
from typing import Any

import pytest

from fcsse.arn import Arn
from fcsse.cli.main import main
from fcsse.commands.permissions.permission import Command, Engine
from fcsse.commands.permissions.policy import needs
from fcsse.commands.permissions.scope import Scope
from fcsse.errors import UsageError
from fcsse.link_options import Via
from tests.cfn_lint import problems

OWN = Arn.parse("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
FOREIGN = Arn.parse("arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab")
SCOPES = [
    Scope(),
    Scope(("fc-0123",), ("data",), key=OWN, account="111122223333", region="eu-west-1"),
    Scope(("fc-0123", "fs-0abc"), ("data", "my.data"), key=FOREIGN, account="111122223333", region="eu-west-1"),
    Scope(every_cache=True, buckets=("data",), account="111122223333", region="eu-west-1"),
    Scope(("fc-0123",), via=Via.GRANT, region="cn-north-1"),
    Scope(key=FOREIGN, account="111122223333", engine=Engine.ATHENA),
]
MENDING = [(Command.AUDIT, Scope(fix=True)), (Command.AUDIT, Scope(key=FOREIGN, account="111122223333", fix=True))]
BY_POLICY = (Command.LINK, Command.UNLINK)
ALL = [(c, s) for c, s in itertools.product(Command, SCOPES) if c in BY_POLICY or not s.every_cache] + MENDING


def linted(resources: dict[str, dict[str, Any]]) -> list[str]:
    """The errors and warnings of cfn-lint, which knows IAM's actions and their resource types."""
    template = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    return problems(template)


def managed(policy: object) -> dict[str, Any]:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}


def test_iam_takes_every_policy() -> None:
    found: dict[str, dict[str, Any]] = {}
    for (command, scope), optional in itertools.product(ALL, (False, True)):
        policy = needs(command, scope).policy(optional=optional)
        sids = [statement["Sid"] for statement in statements(policy)]
        assert len(set(sids)) == len(sids)
        assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
        found |= {json.dumps(statement, sort_keys=True): statement for statement in statements(policy)}
    # Each statement once: many policies have the same ones.
    whole = {
        "Version": policy["Version"],
        "Statement": [{**one, "Sid": f"S{n}"} for n, one in enumerate(found.values())],
    }
    assert linted({"All": managed(whole)}) == []


@pytest.mark.parametrize(("via", "told"), [(Via.AUTO, [True]), (Via.GRANT, [])])
def test_what_settle_after_a_link_needs_is_told_as_optional(via: Via, told: list[bool]) -> None:
    found = needs(Command.LINK, Scope(via=via)).permissions
    assert [one.optional for one in found if one.action == "cloudtrail:LookupEvents"] == told


def statements(policy: dict[str, object]) -> list[dict[str, Any]]:
    found = policy["Statement"]
    assert isinstance(found, list)
    return found


def test_cfn_lint_would_notice_an_action_that_iam_does_not_know() -> None:
    wrong = {"Effect": "Allow", "Action": "kms:DescribeKeys", "Resource": "*"}
    assert linted({"Wrong": managed({"Version": "2012-10-17", "Statement": [wrong]})})


@pytest.mark.nightly
def test_owners_can_put_the_statements_into_their_policies() -> None:
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    resources: dict[str, dict[str, Any]] = {}
    for number, (command, scope) in enumerate((c, s) for c, s in ALL if s.foreign):
        found = needs(command, scope)
        for statement in (*found.key_owner, *found.bucket_owner):
            assert "*" not in json.dumps(statement["Principal"])
        key = {"Version": "2012-10-17", "Statement": [root, *found.key_owner]}
        bucket = {"Version": "2012-10-17", "Statement": [*found.bucket_owner]}
        resources[f"Key{number}"] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": key}}
        if found.bucket_owner:
            properties = {"Bucket": f"data{number}", "PolicyDocument": bucket}
            resources[f"Bucket{number}"] = {"Type": "AWS::S3::BucketPolicy", "Properties": properties}
    assert len(resources) > 10
    assert linted(resources) == []


def test_arns_take_the_partition_of_the_region() -> None:
    policy = needs(Command.LINK, Scope(("fc-0123",), ("data",), account="111122223333", region="cn-north-1")).policy()
    assert {arn.split(":")[1] for arn in re.findall(r'"(arn:[^"]+)"', json.dumps(policy))} == {"aws-cn"}


def test_a_grant_may_be_on_a_key_of_any_account_where_no_key_is_named() -> None:
    policy = needs(Command.LINK, Scope(account="111122223333", region="eu-west-1", via=Via.GRANT)).policy()
    keys = [one["Resource"] for one in statements(policy) if "kms:CreateGrant" in one["Action"]]
    assert keys == ["arn:aws:kms:eu-west-1:*:key/*"]


def test_a_policy_of_another_account_cannot_be_the_route() -> None:
    with pytest.raises(UsageError, match="only a grant helps"):
        needs(Command.LINK, Scope(key=FOREIGN, account="111122223333", via=Via.POLICY))


@pytest.mark.parametrize("command", Command)
def test_nothing_that_writes_is_asked_for_where_nothing_is_written(command: Command) -> None:
    writes = {"kms:PutKeyPolicy", "kms:CreateGrant", "kms:RevokeGrant", "kms:RetireGrant"}
    asked = {one.action for one in needs(command, Scope()).permissions}
    assert bool(asked & writes) is (
        command in (Command.LINK, Command.UNLINK, Command.RESTORE, Command.SETTLE, Command.LAMBDA)
    )


def test_audit_that_mends_is_allowed_to_write_in_its_own_account_and_to_grant_to_its_own_roles() -> None:
    policy = needs(Command.AUDIT, Scope(account="111122223333", region="eu-west-1", fix=True)).policy()
    found = {action: one for one in statements(policy) for action in one["Action"]}
    assert found["kms:PutKeyPolicy"]["Resource"] == "arn:aws:kms:eu-west-1:111122223333:key/*"
    assert found["kms:CreateGrant"]["Resource"] == "arn:aws:kms:eu-west-1:*:key/*"
    (grantee,) = found["kms:CreateGrant"]["Condition"]["StringLike"].values()
    assert grantee.startswith("arn:aws:iam::111122223333:role/aws-service-role/")


def test_fix_is_about_audit_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "link", "--fix"]) == 2
    assert "fcsse permissions audit --fix" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("link --every-cache --cache fc-0123", "exclude each other"),
        ("check --every-cache --bucket data", "works with link and unlink only"),
        ("link --every-cache --bucket data --via grant", "a grant is made to one role"),
        (f"link --every-cache --bucket data --account 111122223333 --key {FOREIGN}", "a grant is made to one role"),
        (f"link --partition aws-cn --key {OWN}", "is not of partition aws-cn"),
    ],
)
def test_what_the_command_itself_refuses_is_refused(words: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", *words.split()]) == 2
    caught = capsys.readouterr()
    assert told in caught.err
    assert not caught.out


def test_a_key_without_an_account_is_told_to_be_taken_for_one_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (((), True), (("--account", "111122223333"), False)):
        assert main(["permissions", "link", "--key", str(OWN), *words]) == 0
        assert (
            "Without --account, the key is taken for one of the cache's own account." in capsys.readouterr().err
        ) is said


@pytest.mark.parametrize("named", [False, True])
def test_where_every_key_s_policy_may_be_put_the_way_to_narrow_it_is_told(
    named: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ("--key", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    assert main(["permissions", "link", *(key if named else ())]) == 0
    assert ("--key ARN narrows it to one" in capsys.readouterr().err) is not named


def test_standard_output_is_the_policy_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "link", "--cache", "fc-0123"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"Version", "Statement"}


def test_markdown_has_the_reasons_and_the_owners_statements(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "link", "-o", "markdown", "--account", "111122223333", "--key", str(FOREIGN)]) == 0
    out = capsys.readouterr().out
    assert "| `kms:CreateGrant` | creates the grant, or tries it in a dry run | yes |" in out
    assert "The key's owner (account 444455556666) must add to the key policy:" in out


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "sing"]) == 2
    assert "link" in capsys.readouterr().err
