"""What an audit finds: each finding where its cause is, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fcsse.commands.audit.facts import OLDER, Located, Refusal
from fcsse.commands.audit.finding import Finding, Fix
from fcsse.commands.audit.finding_kinds import ORDER, Severity
from fcsse.commands.audit.report import audit_of
from fcsse.commands.audit.verdicts import Verdicts
from fcsse.commands.check import check_pair
from fcsse.errors import BusyError, CredentialsError, DeniedError, ImpossibleError, NotFoundError
from fcsse.evaluator.request import Verdict
from fcsse.link_options import Operation, Options
from fcsse.model import Association, Bucket, Encryption
from fcsse.planning.requirements import NotNeeded, requirement_of
from fcsse.suggested_commands import CommandBuilder
from tests.audit.factories import ACCOUNT, OTHER, REGION, ROOT, Made, documented, grant, key_name, policy, refused, slr
from tests.audit.large import large

if TYPE_CHECKING:
    from fcsse.commands.audit.facts import AccountFacts

A, B, C = "fc-0aaa", "fc-0bbb", "fs-0ccc"
DEAD = "AROADEADDEADDEADDEAD1"


def found(facts: AccountFacts) -> list[Finding]:
    return list(audit_of(facts).findings)


def codes(facts: AccountFacts) -> list[str]:
    return [finding.code for finding in found(facts)]


def only(facts: AccountFacts, code: str) -> Finding:
    matching = [finding for finding in found(facts) if finding.code == code]
    assert len(matching) == 1, [finding.title for finding in found(facts)]
    return matching[0]


def test_an_account_in_order_has_no_findings() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A), slr(B))))
    made.link(B, "data", policy(documented("data", slr(A), slr(B))))
    made.link(A, "plain", None, algorithm="AES256")
    audit = audit_of(made.done())
    assert audit.findings == ()
    assert audit.exit_code == 0
    assert "3 of 3 pairs have access; no findings" in audit.summary


def test_an_account_without_caches_is_in_order() -> None:
    audit = audit_of(Made().done())
    assert audit.exit_code == 0
    assert "No cache" in audit.summary


def test_missing_access_is_one_finding_a_bucket_with_one_command() -> None:
    made = Made()
    for cache in (B, A):
        made.link(cache, "data", policy())
    finding = only(made.done(), "access-missing")
    assert finding.severity is Severity.HIGH
    assert finding.fix is Fix.YES
    assert finding.commands == (f"fcsse link --cache {A} --cache {B} --bucket data",)
    assert [pair.cache for pair in finding.pairs] == [A, B]


def test_commands_carry_the_settings_of_the_run() -> None:
    made = Made()
    made.link(A, "data", policy())
    finding = audit_of(made.done(), CommandBuilder("prod", "http://localhost:1")).findings[0]
    assert finding.commands[0].endswith("--profile prod --endpoint-url http://localhost:1")


@pytest.mark.parametrize(("form", "flag", "now"), [("/*", True, "on"), ("", False, "off")])
def test_a_condition_that_no_longer_matches_bucket_keys(form: str, flag: bool, now: str) -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A), form=form)), bucket_keys=flag)
    finding = only(made.done(), "context-changed")
    assert f"its Bucket Keys are {now}" in finding.title
    assert finding.severity is Severity.HIGH
    assert finding.fix is Fix.YES


def test_an_explicit_deny_names_the_statement_and_is_not_for_fix() -> None:
    deny: dict[str, Any] = {
        "Sid": "NoWrites", "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey", "Resource": "*"
    }  # fmt: skip
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A)), deny))
    finding = only(made.done(), "explicit-deny")
    assert "NoWrites" in finding.remedy
    assert finding.fix is Fix.NO
    assert audit_of(made.done()).judged[0].verdict == "partly"


@pytest.mark.parametrize(
    ("state", "code", "command"),
    [
        ("Disabled", "key-disabled", "enable-key"),
        ("PendingDeletion", "key-pending-deletion", "cancel-key-deletion"),
        ("PendingImport", "key-unusable", "describe-key"),
    ],
)
def test_keys_that_cannot_be_used(state: str, code: str, command: str) -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A))), state=state)
    finding = only(made.done(), code)
    assert finding.severity is Severity.HIGH
    assert command in finding.commands[0]
    assert "access-missing" not in codes(made.done())


def test_dead_principals_block_every_edit() -> None:
    made = Made()
    other = {**ROOT, "Sid": "Old admins", "Principal": {"AWS": [DEAD, f"arn:aws:iam::{ACCOUNT}:root"]}}
    made.link(A, "data", policy(documented("data", slr(A)), other))
    finding = only(made.done(), "dead-principals")
    assert finding.severity is Severity.MEDIUM
    assert finding.fix is Fix.PRUNE
    assert "Old admins" in " ".join(finding.detail)
    assert "refuses every new version" in " ".join(finding.detail)
    assert finding.commands[0].endswith("--prune-orphans")
    made.link(B, "data", policy(documented("data", slr(A)), other))
    assert only(made.done(), "dead-principals").severity is Severity.HIGH
    assert only(made.done(), "access-missing").commands[0].endswith("--prune-orphans")


def test_dead_principals_that_no_link_takes_out_are_not_for_fix() -> None:
    lasting = {"Sid": "np", "Effect": "Deny", "NotPrincipal": {"AWS": DEAD}, "Action": "kms:Delete*", "Resource": "*"}
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A)), lasting))
    finding = only(made.done(), "dead-principals")
    assert finding.fix is Fix.NO
    assert "get-key-policy" in finding.commands[0]

    asleep = Made()
    asleep.link(A, "data", policy(documented("data", slr(A), DEAD)), state="Disabled")
    assert only(asleep.done(), "dead-principals").fix is Fix.NO
    assert only(asleep.done(), "cache-gone").fix is Fix.NO


def test_dead_principals_go_with_a_link_that_adds_nothing() -> None:
    made = Made()
    text = policy(documented("data", slr(B), DEAD))
    made.link(A, "data", text, grants=(grant(A, constraint_subset={"aws:s3:arn": "arn:aws:s3:::data"}),))
    made.link(B, "data", text)
    assert only(made.done(), "dead-principals").commands == (f"fcsse link --cache {B} --bucket data",)


def test_a_dead_principal_of_a_statement_of_ours_is_a_cache_that_is_gone() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A), DEAD)))
    assert only(made.done(), "dead-principals").fix is Fix.YES
    assert only(made.done(), "cache-gone").severity is Severity.LOW


def test_a_statement_for_a_role_that_iam_does_not_have() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A), slr("fc-0dead"))))
    finding = only(made.done(), "cache-gone")
    assert finding.commands == ("fcsse unlink --cache fc-0dead --bucket data",)
    assert "cache-gone" not in codes(made.done(roles_known=False)), "unknown is not gone"


def test_access_to_a_bucket_that_the_cache_is_not_linked_to() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A), slr(B))))
    made.link(B, "elsewhere", policy(documented("elsewhere", slr(B))), key=2)
    finding = only(made.done(), "unused-access")
    assert finding.severity is Severity.INFO
    assert finding.commands == (f"fcsse unlink --cache {B} --bucket data",)


def test_a_cache_of_another_region_is_not_taken_for_gone() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A), slr(B))))
    made.add_role(B)
    assert codes(made.done()) == []
    assert "cache-gone" in codes(made.done(all_regions=True))
    assert "role-unused" in codes(made.done(all_regions=True))
    unread = (("us-east-1", DeniedError("no", action="fsx:DescribeDataRepositoryAssociations")),)
    assert "cache-gone" not in codes(made.done(all_regions=True, unread=unread))


def test_nobody_is_told_of_unused_access_where_the_region_was_read_in_part() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A)), documented("elsewhere", slr(A))))
    assert "unused-access" in codes(made.done())
    assert codes(made.done(unread=((REGION, DeniedError("no")),))) == ["unreadable"]


def test_a_statement_for_every_cache_of_another_account_is_not_ours() -> None:
    statement = documented("data", "*")
    statement["Condition"]["StringEquals"]["kms:CallerAccount"] = OTHER
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A)), statement))
    assert codes(made.done()) == []


def test_every_cache_statements() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", "*")))
    finding = only(made.done(all_regions=True), "every-cache")
    assert finding.severity is Severity.LOW
    assert finding.commands == (
        "fcsse unlink --every-cache --bucket data",
        f"fcsse link --cache {A} --bucket data",
    )
    assert audit_of(made.done()).exit_code == 0


def test_a_statement_for_every_cache_stays_while_others_may_rest_on_it() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", "*")))
    elsewhere = only(made.done(), "every-cache")
    assert (elsewhere.commands, "--all-regions" in elsewhere.remedy) == ((), True)
    unlisted = only(made.done(all_regions=True, roles_known=False), "every-cache")
    assert (unlisted.commands, "--all-regions" in unlisted.remedy) == ((), False)
    made.associate(B, "data")
    made.hinder(B, "data", NotFoundError("no role"))
    (without_role,) = [one for one in found(made.done(all_regions=True)) if one.code == "every-cache"]
    assert (without_role.commands, B in without_role.remedy) == ((), True)


def test_duplicate_grants_end_the_spare_ones() -> None:
    made = Made()
    grants = (grant(A, f"fcsse:{A}:data", "g1"), grant(A, "", "g2"), grant(A, f"fcsse:{A}:data-2", "g3"))
    made.link(A, "data", policy(), grants=grants)
    finding = only(made.done(), "duplicate-grant")
    assert [command.split("--grant-id ")[1].split()[0] for command in finding.commands] == ["g2"]


def test_an_aws_managed_key_whose_policy_was_not_read_may_be_that_of_another_service() -> None:
    facts = Made().link(A, "data", None, manager="AWS")
    checked = check_pair(facts)
    assert (checked.read, checked.write) == (Verdict.UNKNOWN, Verdict.UNKNOWN), checked.headline
    need = requirement_of(facts, Options(Operation.LINK))
    assert isinstance(need, NotNeeded)
    assert need.reason.endswith("if it is that of S3; its policy was not read")


@pytest.mark.parametrize("where", ["key", "bucket"])
def test_no_link_is_offered_for_what_a_deny_may_stop(where: str) -> None:
    perhaps = {
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    }
    deny = {"Sid": "Net", "Effect": "Deny", **perhaps}
    made = Made()
    statements = [documented("data", slr(A)), *([deny] if where == "key" else [])]
    made.link(A, "data", policy(*statements), bucket_policy=policy(deny) if where == "bucket" else "")
    finding = only(made.done(), "access-unknown")
    assert (finding.fix, finding.remedy.startswith("See whether")) == (Fix.NO, True)
    assert [one.split()[2] for one in finding.commands] == [f"get-{where}-policy"]


def test_grants_with_constraints_whose_values_are_not_compared_are_no_duplicates() -> None:
    made = Made()
    grants = tuple(
        grant(A, "", name)._replace(other_constraints=("SourceArn",), source_arn=f"arn:aws:s3:::{name}")
        for name in ("g1", "g2")
    )
    made.link(A, "data", policy(documented("data", slr(A))), grants=grants)
    assert "duplicate-grant" not in codes(made.done())


def test_a_grant_is_ended_by_one_command() -> None:
    """The second would fail: KMS does not find a grant that has ended."""
    made = Made()
    made.link(A, "data", policy(), grants=(grant(A, "", "g1"), grant(A, "", "g2")))
    commands = [command for finding in found(made.done()) for command in finding.commands]
    ends = [command.split("--grant-id ")[1].split()[0] for command in commands if "--grant-id" in command]
    assert sorted(ends) == ["g1", "g2"]


def test_a_grant_that_another_bucket_rests_on_is_no_spare_one() -> None:
    made = Made()
    grants = (grant(A, f"fcsse:{A}:data", "g1"), grant(A, "", "g2"), grant(A, "", "g3"))
    for bucket in ("data", "other"):
        made.link(A, bucket, policy(), grants=grants)
    finding = only(made.done(), "duplicate-grant")
    assert [command.split("--grant-id ")[1].split()[0] for command in finding.commands] == ["g3"]


def test_unconstrained_grants_where_something_narrower_would_do() -> None:
    made = Made()
    made.link(A, "data", policy(), grants=(grant(A),))
    finding = only(made.done(), "unconstrained-grant")
    assert finding.severity is Severity.LOW
    assert finding.commands[0] == f"fcsse link --cache {A} --bucket data --via policy --context both"

    full = Made()
    full.link(A, "data", policy({**ROOT, "Sid": "x" * 32_400}), grants=(grant(A),))
    finding = only(full.done(), "unconstrained-grant")
    assert (finding.severity, finding.commands) == (Severity.INFO, ())
    assert "KMS takes 32,768" in finding.remedy

    foreign = Made()
    foreign.link(A, "data", None, account=OTHER, grants=(grant(A),), foreign=True, bucket_policy=None)
    assert only(foreign.done(), "unconstrained-grant").severity is Severity.INFO

    narrow = Made()
    constraint = {"aws:s3:arn": "arn:aws:s3:::data"}
    narrow.link(A, "data", policy(), grants=(grant(A, constraint_subset=constraint),), bucket_keys=True)
    assert codes(narrow.done()) == []


def ended(facts: AccountFacts) -> set[str]:
    """The grants that some finding's command ends."""
    return {
        command.split("--grant-id ")[1].split()[0]
        for finding in found(facts)
        for command in finding.commands
        if "--grant-id" in command
    }


def test_no_grant_is_to_end_that_something_else_may_need() -> None:
    """Those of other accounts' caches, of caches and buckets that are not linked here, with their older objects."""
    theirs = (grant(B, "", "theirs"))._replace(grantee=slr(B).replace(ACCOUNT, OTHER))
    grants = (
        grant(A, f"fcsse:{A}:data", "mine"),
        grant(A, f"fcsse:{A}:older", "older"),
        grant(B, "", "elsewhere"),
        theirs,
    )
    made = Made()
    made.link(A, "data", policy(), grants=grants)
    assert ended(made.done()) == {"mine"}
    wide = [finding for finding in found(made.done()) if finding.code == "unconstrained-grant"]
    assert [finding.severity for finding in wide] == [Severity.LOW, Severity.INFO]
    assert "fcsse census" in wide[1].remedy


def test_grants_that_another_account_made_are_not_to_end_here() -> None:
    made = Made()
    spare = tuple((grant(A, "", name))._replace(issuing_account=OTHER) for name in ("one", "two"))
    gone = (grant(B, f"fcsse:{B}:data", "dead"))._replace(grantee=DEAD, issuing_account=OTHER)
    made.link(A, "data", None, account=OTHER, grants=(*spare, gone), foreign=True, bucket_policy=None, bucket_keys=True)
    assert ended(made.done()) == set()


def test_grants_of_roles_that_are_gone() -> None:
    made = Made()
    orphan = grant(A, f"fcsse:{A}:old", "g9")
    gone = type(orphan)(orphan.grant_id, DEAD, orphan.operations, orphan.name)
    made.link(A, "data", policy(documented("data", slr(A))), grants=(gone,))
    assert "revoke-grant" in only(made.done(), "dead-grant").commands[0]


@pytest.mark.parametrize(("filled", "severity"), [(0.5, None), (0.8, Severity.LOW), (0.95, Severity.MEDIUM)])
def test_a_policy_that_is_nearly_full(filled: float, severity: Severity | None) -> None:
    filler = {**ROOT, "Sid": "filler " + "x" * int(32_768 * filled)}
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A)), filler))
    if severity is None:
        assert codes(made.done()) == []
        return
    finding = only(made.done(), "policy-nearly-full")
    assert finding.severity is severity
    assert "of 32,768 bytes" in finding.detail[0]


def test_a_policy_too_full_to_link_says_so() -> None:
    made = Made()
    made.link(A, "data", policy({**ROOT, "Sid": "x" * 32_000}))
    finding = only(made.done(), "access-missing")
    assert finding.fix is Fix.NO
    assert finding.commands[0].endswith("--via grant")


def test_an_alias_in_a_bucket_of_another_account() -> None:
    made = Made()
    made.add_role(A)
    made.hinder(A, "data", ImpossibleError("linking bucket data: it names its key as 'alias/x'", "Have it set."))
    made.buckets["data"] = Bucket("data", Encryption("aws:kms", "alias/x"), REGION, foreign=True)
    finding = only(made.done(), "foreign-alias")
    assert finding.severity is Severity.HIGH
    assert "full ARN" in finding.remedy
    assert "fcsse link with --key ARN" in finding.remedy, "audit itself has no --key"


def test_dsse_is_not_called_a_failure_for_certain() -> None:
    made = Made()
    made.link(A, "data", None, algorithm="aws:kms:dsse")
    finding = only(made.done(), "dsse")
    assert finding.severity is Severity.MEDIUM
    (judged,) = audit_of(made.done()).judged
    assert (judged.verdict, "is not known" in judged.headline) == ("unknown", True)
    assert audit_of(made.done()).exit_code == 3
    assert "customer managed key" in finding.remedy


def test_another_accounts_aws_managed_key() -> None:
    made = Made()
    made.link(A, "data", None, account=OTHER, foreign=True, manager="AWS")
    assert only(made.done(), "aws-managed-key").severity is Severity.HIGH


def test_the_aws_managed_key_of_another_service() -> None:
    via = {"StringEquals": {"kms:ViaService": f"ebs.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}}
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*", "Condition": via}
    made = Made()
    made.link(A, "data", policy(statement), manager="AWS")
    finding = only(made.done(), "access-missing")
    assert ("customer managed key" in finding.remedy, finding.commands, finding.fix) == (True, (), Fix.NO)


@pytest.mark.parametrize(("lifecycle", "severity"), [("AVAILABLE", Severity.HIGH), ("CREATING", Severity.LOW)])
def test_a_missing_role(lifecycle: str, severity: Severity) -> None:
    made = Made()
    made.pairs.clear()
    made.associate(A, "data", lifecycle)
    made.hinder(A, "more", NotFoundError("no role"))
    made.associations[-1] = type(made.associations[-1])(
        type(made.associations[-1].association)("dra-1", A, "s3://more/", lifecycle), REGION
    )
    finding = only(made.done(), "role-missing")
    assert finding.severity is severity
    assert ("--every-cache" in finding.commands[0]) is (severity is Severity.HIGH)


def test_a_failed_association_speaks_in_aws_own_words() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A))), lifecycle="MISCONFIGURED", failure="It went wrong.")
    finding = only(made.done(), "association-failed")
    assert "AWS says: It went wrong." in finding.detail
    assert "--association-ids dra-" in finding.commands[0]


def test_several_caches_one_statement_could_serve() -> None:
    made = Made()
    text = policy(documented("data", slr(A), sid="one"), documented("data", slr(B), sid="two"))
    made.link(A, "data", text)
    made.link(B, "data", text)
    finding = only(made.done(), "mergeable")
    assert finding.severity is Severity.INFO
    assert "2 caches" in finding.title
    assert all(B in command for command in finding.commands)


@pytest.mark.parametrize(("principals", "code"), [((slr(A), slr(B)), "mergeable"), (("*", "*"), "every-cache")])
@pytest.mark.parametrize(("form", "bucket_keys", "both"), [("/*", False, False), ("/*", True, True), ("", True, False)])
def test_what_replaces_statements_gives_every_form_of_context_that_they_gave(
    principals: tuple[str, str], code: str, form: str, bucket_keys: bool, both: bool
) -> None:
    made = Made()
    text = policy(*(documented("data", one, form=form, sid=str(at)) for at, one in enumerate(principals)))
    for cache in (A, B):
        made.link(cache, "data", text, bucket_keys=bucket_keys)
    links = [
        one
        for finding in found(made.done(all_regions=True))
        if finding.code == code
        for one in finding.commands
        if " link " in one
    ]
    assert links
    assert all(("--context both" in one) is both for one in links)


def test_statements_of_roles_that_have_more_than_those_are_not_for_merging() -> None:
    made = Made()
    reading = documented("data", slr(B), sid="three", form="")
    text = policy(documented("data", slr(A), sid="one"), documented("data", slr(B), sid="two"), reading)
    for cache in (A, B):
        made.link(cache, "data", text)
    assert "mergeable" not in codes(made.done())


@pytest.mark.parametrize("operations", [{"Decrypt", "DescribeKey"}, {"Decrypt"}])
def test_narrower_access_in_place_of_grants_is_for_reading_where_a_grant_was(operations: set[str]) -> None:
    made = Made()
    reading = grant(A)._replace(operations=frozenset(operations))
    for cache in (A, B):
        made.link(cache, "data", policy(), grants=(reading, grant(B, grant_id="g2")))
    links = [one for one in only(made.done(), "unconstrained-grant").commands if " link " in one]
    assert sorted((A in one, B in one, "--operations read" in one) for one in links) == [
        (False, True, False),
        (True, False, True),
    ]


def test_dead_principals_go_by_no_link_that_would_let_a_cache_write_too() -> None:
    made = Made()
    reading = documented("data", slr(A)) | {"Action": ["kms:Decrypt", "kms:DescribeKey"]}
    made.link(A, "data", policy(reading, documented("data", DEAD)))
    assert {one.fix for one in found(made.done())} == {Fix.NO}


@pytest.mark.parametrize("given", ["statement", "grant"])
def test_what_is_linked_for_reading_only_is_not_fixed_by_a_link_for_writing_too(given: str) -> None:
    made = Made()
    reading = documented("data", slr(A), form="/*") | {"Action": ["kms:Decrypt", "kms:DescribeKey"]}
    narrow = grant(A, f"fcsse:{A}:data:narrow:read", constraint_subset={"aws:s3:arn": "arn:aws:s3:::data"})
    narrow = narrow._replace(operations=frozenset({"Decrypt", "DescribeKey"}))
    text = policy(reading) if given == "statement" else policy()
    made.link(A, "data", text, bucket_keys=given == "statement", grants=(narrow,) if given == "grant" else ())
    made.link(B, "data", text, bucket_keys=given == "statement")
    mine, other = ([one for one in found(made.done()) if one.cache == cache] for cache in (A, B))
    assert [(one.fix, one.commands) for one in mine] == [
        (Fix.NO, (f"fcsse link --cache {A} --bucket data --operations read",))
    ]
    assert [one.fix for one in other] == [Fix.YES]


def test_what_every_cache_may_only_read_is_not_fixed_by_a_link_for_writing_too() -> None:
    reading = documented("data", "*", form="/*") | {"Action": ["kms:Decrypt", "kms:DescribeKey"]}
    for text, fix in ((policy(reading), Fix.NO), (policy(reading, documented("data", slr(A), sid="full")), Fix.YES)):
        made = Made()
        made.link(A, "data", text, bucket_keys=True)
        [finding] = [one for one in found(made.done()) if one.cache == A]
        read = ("--operations read" in finding.commands[0],)
        assert (finding.fix, *read) == (fix, fix is Fix.NO)


@pytest.mark.parametrize("bucket_keys", [False, True])
def test_a_grant_that_was_limited_to_a_bucket_is_not_fixed_by_one_for_all(bucket_keys: bool) -> None:
    made = Made()
    narrow = grant(A, f"fcsse:{A}:data:narrow", constraint_subset={"aws:s3:arn": "arn:aws:s3:::data"})
    made.link(A, "data", None, account=OTHER, grants=(narrow,), foreign=True, bucket_keys=bucket_keys)
    made.link(B, "data", None, account=OTHER, grants=(narrow,), foreign=True, bucket_keys=bucket_keys)
    missing = [one for one in found(made.done()) if one.code != "bucket-policy"]
    mine, other = ([one for one in missing if one.cache == cache] for cache in (A, B))
    assert [(one.fix, "limited to this bucket" in (one.remedy or "")) for one in mine] == (
        [] if bucket_keys else [(Fix.NO, True)]
    )
    assert [one.fix for one in other] == [Fix.YES]


def test_caches_keep_writing_where_a_statement_for_every_cache_to_read_is_replaced_beside_one_to_write() -> None:
    """``unlink --every-cache`` takes both."""
    reading = documented("data", "*", sid="reading") | {"Action": ["kms:Decrypt", "kms:DescribeKey"]}
    for text, read in ((policy(reading), True), (policy(reading, documented("data", "*", sid="all")), False)):
        made = Made()
        made.link(A, "data", text)
        every = [one for one in found(made.done(all_regions=True)) if one.code == "every-cache"]
        assert ["--operations read" in one.commands[1] for one in every] == ([True] if read else [False, False])


@pytest.mark.parametrize("limited", [False, True])
def test_access_to_an_unused_bucket_is_not_to_go_with_a_grant_for_the_others(limited: bool) -> None:
    made = Made()
    constraint = {"aws:s3:arn": "arn:aws:s3:::data"} if limited else None
    by_hand = grant(A, "by-hand", constraint_subset=constraint)
    made.link(A, "data", policy(documented("old", slr(A))), grants=(by_hand,), bucket_keys=True)
    unused = only(made.done(), "unused-access")
    assert (bool(unused.commands), "grant g1" in unused.remedy) == (limited, not limited)


def test_a_bucket_policy_that_does_not_let_the_role_in() -> None:
    made = Made()
    made.link(A, "data", None, account=OTHER, grants=(grant(A),), foreign=True, bucket_policy='{"Statement": []}')
    finding = only(made.done(), "bucket-policy")
    assert slr(A) in finding.remedy


def test_what_cannot_be_read_is_a_finding_of_its_own() -> None:
    made = Made()
    made.link(A, "data", None)
    made.link(B, "other", policy(documented("other", slr(B))), key=2)
    arn = key_name(1)
    denied = DeniedError(
        f"reading the policy of key {arn}: no", "Allow it.", action="kms:GetKeyPolicy", resource=f"key {arn}"
    )
    audit = audit_of(made.done(Refusal("policy", (arn, ACCOUNT), denied)))
    finding = audit.findings[0]
    assert finding.title == f"key {arn} could not be read: no kms:GetKeyPolicy"
    assert finding.severity is Severity.MEDIUM
    assert [pair.bucket for pair in finding.pairs] == ["data"]
    assert [one.verdict for one in audit.judged] == ["unknown", "allowed"], "the other pair is judged all the same"
    assert audit.exit_code == 5
    made.link("fc-0ccc", "third", policy(documented("third", slr(A))), key=3)
    missing = audit_of(made.done(Refusal("policy", (arn, ACCOUNT), denied)))
    assert missing.exit_code == 3, "access that is known to be missing is worse than what is not known"


def test_a_verdict_says_why_apart_from_the_answer() -> None:
    made = Made()
    made.link(A, "data", policy())
    made.link(B, "data", policy(documented("data", slr(B))), key=2)
    lacking, linked = audit_of(made.done()).judged
    assert (lacking.headline, lacking.why) == (
        f"{A} cannot read or write s3://data: {lacking.why}",
        "no statement of the key policy and no grant allows kms:Decrypt",
    )
    assert (linked.headline, linked.why) == (f"{B} can read and write s3://data", "")


@pytest.mark.parametrize(
    ("prefixes", "form", "part"),
    [
        (("a/", "b/"), "/a/*", True),
        ((), "/a/*", True),
        (("a/", "b/"), "/c/*", False),
        (("b/",), "/a/*", False),
        (("a/", "b/"), "", False),
    ],
)
def test_access_to_a_part_is_not_called_none(prefixes: tuple[str, ...], form: str, part: bool) -> None:
    made = Made()
    facts = made.link(A, "data", policy(documented("data", slr(A), form=form)))
    made.pairs[:] = [facts._replace(prefixes=prefixes)]
    (judged,) = audit_of(made.done()).judged
    place = "all of s3://data" if part else "s3://data"
    assert judged.headline.startswith(f"{A} cannot read or write {place}: "), judged.headline
    assert judged.headline.endswith("allows kms:Decrypt for every object") is (part and not prefixes)
    assert judged.verdict == "denied"


def test_a_part_that_the_bucket_policy_closes_is_no_access() -> None:
    made = Made()
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/a/*"}
    facts = made.link(A, "data", policy(documented("data", slr(A), form="/a/*")), bucket_policy=policy(deny))
    headline = check_pair(facts._replace(prefixes=("a/", "b/"))).headline
    assert headline.startswith(f"{A} cannot read or write all of s3://data: "), "what is under a/ can be written"
    assert "read s3://data" not in headline


def test_a_foreign_bucket_policy_that_allows_a_part_is_not_called_one_that_allows_nothing() -> None:
    made = Made()
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": slr(A)},
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/a/*"],
    }
    facts = made.link(A, "data", None, account=OTHER, grants=(grant(A),), foreign=True, bucket_policy=policy(allow))
    headline = check_pair(facts).headline
    assert headline.startswith(f"{A} cannot read or write all of s3://data: ")
    assert headline.endswith("allows s3:GetObject for every object")


def test_a_bucket_policy_that_cannot_be_read_is_told_and_changes_no_exit_code() -> None:
    """As in ``check``, which judges the bucket policy where it can be read."""
    made = Made()
    made.link(A, "data", None, account=OTHER, grants=(grant(A),), foreign=True, bucket_policy=None)
    made.link(B, "own", policy(documented("own", slr(B))), key=2, bucket_policy=None)
    denied = DeniedError("no", "Allow it.", action="s3:GetBucketPolicy")
    for bucket in ("data", "own"):
        audit = audit_of(made.done(Refusal("bucket-policy", (bucket,), denied)))
        assert audit.exit_code == 0
        (finding,) = [one for one in audit.findings if one.code == "unreadable"]
        assert finding.severity is Severity.MEDIUM
    open_question = Made()
    open_question.link(A, "data", None, algorithm="aws:kms:dsse", bucket_policy=None)
    assert audit_of(open_question.done(Refusal("bucket-policy", ("data",), denied))).exit_code == 3


def test_what_the_access_does_not_hang_on_is_no_lack() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A))))
    denied = DeniedError("no", "Allow it.", action="kms:ListGrants", resource=f"key {key_name(1)}")
    audit = audit_of(made.done(Refusal("grants", (key_name(1), ACCOUNT), denied)))
    assert audit.exit_code == 0, "a grant could only give more"
    assert audit.findings[0].severity is Severity.LOW
    made.link(B, "data", None)
    unknown = audit_of(made.done(Refusal("policy", (key_name(1), ACCOUNT), denied)))
    assert unknown.exit_code == 5


def test_what_another_account_hides_takes_a_role_of_it() -> None:
    made = Made()
    made.link(A, "data", None, account=OTHER, foreign=True, bucket_policy=None)
    key = key_name(1, OTHER)
    denied = DeniedError("no", "Allow it.", action="kms:ListGrants", resource=f"key {key}")
    hidden = DeniedError("no", "Name --bucket-profile.", action="s3:GetBucketPolicy", resource="bucket data")
    facts = made.done(Refusal("grants", (key,), denied), Refusal("bucket-policy", ("data",), hidden))
    remedies = [finding.remedy for finding in found(facts) if finding.code == "unreadable"]
    assert len(remedies) == 2
    for remedy in remedies:
        assert "--bucket-role 'arn:aws:iam::{account}:role/…'" in remedy
        assert "--bucket-profile" not in remedy, "audit has no such option"


def test_several_refusals_on_one_key_are_one_finding() -> None:
    made = Made()
    made.link(A, "data", None)
    arn = key_name(1)
    refusals = [
        Refusal(kind, (arn, ACCOUNT), refused(action, f"key {arn}"))
        for kind, action in (("policy", "kms:GetKeyPolicy"), ("grants", "kms:ListGrants"))
    ]
    finding = only(made.done(*refusals), "unreadable")
    assert finding.title == f"key {arn} could not be read: no kms:GetKeyPolicy and kms:ListGrants"
    told = f"needs kms:GetKeyPolicy and kms:ListGrants on key {arn}, in the caller's IAM policy."
    assert finding.remedy == f"The caller {told}"

    role = DeniedError("no", "Let the role be assumed.", action="sts:AssumeRole", resource="role Audit")
    finding = only(made.done(*refusals, Refusal("describe", (arn,), role)), "unreadable")
    assert (
        finding.title
        == f"key {arn} could not be read: no kms:GetKeyPolicy and kms:ListGrants; role Audit could not be read: no sts:AssumeRole"
    )
    assert finding.remedy.endswith("Let the role be assumed.")


def test_the_same_refusal_on_many_things_is_one_finding() -> None:
    made = Made()
    refusals = []
    for number in range(1, 7):
        bucket, key = f"data-{number}", f"key {key_name(number)}"
        made.link(A, bucket, None, key=number, bucket_policy=None)
        refusals += [
            Refusal("bucket-policy", (bucket,), refused("s3:GetBucketPolicy", f"bucket {bucket}")),
            Refusal("policy", (key_name(number), ACCOUNT), refused("kms:GetKeyPolicy", key)),
        ]
    told = [finding for finding in found(made.done(*refusals)) if finding.code == "unreadable"]
    assert [len(finding.pairs) for finding in told] == [6, 6]
    buckets = next(finding for finding in told if "s3:" in finding.title)
    assert buckets.title == "buckets data-1, data-2, data-3 and 3 more could not be read: no s3:GetBucketPolicy"
    assert buckets.remedy.startswith("The caller needs s3:GetBucketPolicy on buckets data-1, data-2, data-3 and 3 more")
    assert "data-6" in buckets.detail[-1]

    other = DeniedError("no", "Another side.", action="s3:GetBucketPolicy", resource="bucket data-1")
    refusals[0] = Refusal("bucket-policy", ("data-1",), other)
    told = [finding for finding in found(made.done(*refusals)) if "s3:" in finding.title]
    assert sorted(len(finding.pairs) for finding in told) == [1, 5], "what helps is not the same"


def test_what_is_known_to_fail_comes_before_what_cannot_be_read() -> None:
    made = Made()
    made.add_role(A)
    made.hinder(A, "gone", NotFoundError("there is no bucket gone"))
    made.link(B, "data", None)
    denied = DeniedError("no", "Allow it.", action="kms:GetKeyPolicy", resource=f"key {key_name(1)}")
    audit = audit_of(made.done(Refusal("policy", (key_name(1), ACCOUNT), denied)))
    assert [one.verdict for one in audit.judged] == ["unknown", "unknown"]
    assert audit.exit_code == 3


def test_an_older_link_that_failed_is_told_once_and_no_association() -> None:
    made = Made()
    made.link(C, "data", policy(documented("data", slr(C))))
    for path in ("s3://data/in/", "s3://data/out/"):
        made.associations.append(Located(Association("", C, path, "MISCONFIGURED", "It went wrong."), REGION))
    finding = only(made.done(), "association-failed")
    assert finding.title == f"the S3 link of {C} to bucket data is MISCONFIGURED"
    assert finding.commands == (f"aws fsx describe-file-systems --file-system-ids {C} --region {REGION}",)


def test_file_systems_that_may_not_be_listed_leave_the_account_incomplete() -> None:
    made = Made()
    made.link(A, "data", policy(documented("data", slr(A), C)))
    made.add_role(C)
    denied = DeniedError("listing: no", "Allow it.", action="fsx:DescribeFileSystems", resource="*")
    audit = audit_of(made.done(Refusal(OLDER, (REGION,), denied), all_regions=True))
    assert audit.exit_code == 5
    busy = BusyError("listing: AWS kept answering ThrottlingException to every try", "It usually passes.")
    assert audit_of(made.done(Refusal(OLDER, (REGION,), busy), all_regions=True)).exit_code == 3
    assert [finding.code for finding in audit.findings] == ["unreadable"], "nobody knows whether its role is unused"
    assert "ImportPath" in " ".join(audit.findings[0].detail)


def test_an_unread_region_is_unknown_access_and_an_off_one_is_not() -> None:
    denied = DeniedError("listing: no", action="fsx:DescribeDataRepositoryAssociations")
    audit = audit_of(Made().done(unread=(("eu-north-1", denied), ("us-east-1", denied)), off=("me-south-1",)))
    assert audit.exit_code == 5
    assert [finding.title for finding in audit.findings] == [
        "eu-north-1 and us-east-1 could not be read: no fsx:DescribeDataRepositoryAssociations"
    ]
    assert audit_of(Made().done(off=("me-south-1",))).exit_code == 0
    expired = (("eu-west-1", CredentialsError("they have expired")),)
    assert "they have expired" in audit_of(Made().done(unread=expired)).findings[0].title


def test_an_obstacle_that_nothing_else_tells_of_is_told() -> None:
    made = Made()
    made.add_role(A)
    made.hinder(A, "data", ImpossibleError("linking bucket data: S3 did not return its Region", "Name it."))
    assert only(made.done(), "unreadable").remedy == "Name it."


def test_the_verdict_is_that_of_check_on_every_pair() -> None:
    facts = large()
    regions = {one.association.owner: one.region for one in facts.associations}
    judged = Verdicts().all(facts.pairs, regions, facts.buckets, facts.roleless)
    checked = [check_pair(found) for found in facts.pairs]
    assert [(one.pair, one.read, one.write) for one in judged] == [(one.pair, one.read, one.write) for one in checked]
    assert len({one.verdict for one in judged}) == 4, "the account has something of everything"


def test_a_verdict_from_before_is_not_used_for_facts_that_changed() -> None:
    made = Made()
    narrow = documented("data", slr(A), form="/one/*")
    facts = made.link(A, "data", policy(narrow))
    verdicts = Verdicts()
    verdicts.early(facts._replace(prefixes=("one/",)))
    known = facts._replace(prefixes=("one/", "two/"))
    (judged,) = verdicts.all([known], {}, made.buckets, ())
    assert judged.verdict == "denied"
    verdicts.early(facts._replace(prefixes=("one/",)))
    (judged,) = verdicts.all([facts._replace(prefixes=("one/",))], {}, made.buckets, ())
    assert judged.verdict == "allowed"


def test_every_pair_without_access_has_a_finding() -> None:
    audit = audit_of(large())
    told = {pair for finding in audit.findings for pair in finding.pairs}
    assert {one.pair for one in audit.judged if not one.allowed} <= told


def test_findings_are_sorted_and_known_by_code() -> None:
    audit = audit_of(large())
    assert list(audit.findings) == sorted(audit.findings, key=lambda finding: finding.sort_key)
    assert {finding.code for finding in audit.findings} <= set(ORDER)
    assert all(finding.title and finding.detail for finding in audit.findings)
    assert audit.findings == audit_of(large()).findings
