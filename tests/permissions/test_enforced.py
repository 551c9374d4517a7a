"""The printed policy against what the commands really do: run under IAM enforcement, with it and with a piece less."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fcsse.arn import role_arn
from fcsse.commands.permissions.permission import Command
from fcsse.sandbox.query_settings import MetadataConfiguration
from fcsse.sandbox.s3_metadata import set_metadata
from fcsse.sandbox.s3_operations import action_of
from fcsse.sandbox.state import OlderLink
from tests.census.inventory_rows import HEAD
from tests.simulated import Run, Shell

CACHE = "fc-0123"


def nothing(shell: Shell) -> None:
    """No preparation."""


def linked(bucket: str, *routes: str) -> Callable[[Shell], None]:
    """Puts there what link would add, without its waits."""

    def prepare(shell: Shell) -> None:
        for route in routes:
            run = shell.run("statement", "--cache", CACHE, "--bucket", bucket, "--via", route)
            assert run.code == 0, run.err
            added = json.loads(run.out)
            if route == "grant":
                shell.sandbox.client("kms").create_grant(**added)
                continue
            policy = shell.sandbox.policy(bucket)
            shell.sandbox.put_policy(bucket, {**policy, "Statement": [*policy["Statement"], added]})

    return prepare


def really_linked(shell: Shell) -> None:
    """Links, which leaves a backup."""
    assert shell.run("link", *PAIR).code == 0


def cache_gone(shell: Shell) -> None:
    linked("data", "policy", "grant")(shell)
    shell.sandbox.delete_cache(CACHE)


def late_role(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0aaa", ["data"], role_calls=4)


def two_caches_unlinked(shell: Shell) -> None:
    """An account with two caches: one's key is its own, the other's of another account."""
    for cache in list(shell.sandbox.state.caches):
        shell.sandbox.delete_cache(cache)
    shell.sandbox.add_cache("fc-0aaa", ["data"])
    shell.sandbox.add_cache("fc-0bbb", ["data-other-account"])


def two_caches(shell: Shell) -> None:
    """The same, in order: by a grant each, so that nothing goes without reading the grants."""
    two_caches_unlinked(shell)
    for cache, bucket in (("fc-0aaa", "data"), ("fc-0bbb", "data-other-account")):
        assert shell.run("link", "--cache", cache, "--bucket", bucket, "--via", "grant").code == 0


def older(shell: Shell) -> None:
    """A file system that was linked at its creation and has its access, by a grant."""
    shell.sandbox.add_cache("fs-0aaa", older=OlderLink("s3://data/in/", "s3://data/out/"))
    assert shell.run("link", *OLDER, "--via", "grant").code == 0


def counted(shell: Shell) -> None:
    """A bucket whose objects no cache has to decrypt."""


def inventory(shell: Shell) -> None:
    """The same by its inventory table."""
    row = ["SSE-S3", None, "false", "7", "70", "2020-01-01 00:00:00.000000", "2021-01-01 00:00:00.000000", "a"]
    set_metadata(shell.sandbox.state, "data-sse-s3", MetadataConfiguration())
    shell.sandbox.state.athena.engine = lambda *_: [HEAD, row]


ON_THE_CALLERS_BEHALF = (
    *(f"glue:{call}" for call in ("GetCatalog", "GetDatabase", "GetTable")),
    "lakeformation:GetDataAccess",
    *(f"s3tables:{call}" for call in ("GetTable", "GetTableData", "GetTableMetadataLocation")),
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:PutObject",
)
"""What Athena asks for in the caller's name: calls that fcsse does not make itself."""


@dataclass(frozen=True)
class Case:
    """A command line, what has to be there before, and how its policy is asked for.

    ``required``: the actions that it does not do without. ``key_of``: the bucket whose key ``fcsse permissions`` is told. ``words`` end in nothing that depends on the run;
    ``{backup}`` stands for the newest backup.
    """

    name: str
    command: Command
    words: tuple[str, ...]
    options: tuple[str, ...]
    required: tuple[str, ...]
    prepare: Callable[[Shell], None] = nothing
    key_of: str | None = None

    def __str__(self) -> str:
        return self.name


NARROW = ("--cache", CACHE, "--bucket", "data", "--account", "111122223333", "--region", "eu-west-1")
ABROAD = ("--cache", CACHE, "--bucket", "data-other-account", "--account", "111122223333")
PAIR = ("--cache", CACHE, "--bucket", "data")
OTHER = ("--cache", CACHE, "--bucket", "data-other-account")
EVERY = ("--every-cache", "--bucket", "data", "--account", "111122223333")
GRANT, POLICY, BOTH = ("--via", "grant"), ("--via", "policy"), ("policy", "grant")

ROLE = "iam:GetRole"
RECORD = "cloudtrail:LookupEvents"
ENCRYPTION = "s3:GetEncryptionConfiguration"
KEY = "kms:DescribeKey"
GET, PUT = "kms:GetKeyPolicy", "kms:PutKeyPolicy"
LIST, CREATE, REVOKE = "kms:ListGrants", "kms:CreateGrant", "kms:RevokeGrant"
LATE = ("--cache", "fc-0aaa", "--bucket", "data")
ALIAS = ("--cache", CACHE, "--bucket", "data-alias")
OWN = ("--cache", "fc-01234567890")
OLDER = ("--cache", "fs-0aaa")
WHERE = ("--account", "111122223333", "--region", "eu-west-1")
STATED, GRANTED = linked("data", "policy"), linked("data-other-account", "grant")
BY_POLICY = (ROLE, ENCRYPTION, KEY, GET, PUT)
BY_GRANT = (ROLE, ENCRYPTION, KEY, LIST, CREATE)

COUNT, ATHENA = ("--bucket", "data-sse-s3", "--cache", CACHE), ("--engine", "athena")
MEND = ("--fix", "--yes", "--wait", "0")
JUDGED = (
    "iam:ListRoles",
    "fsx:DescribeDataRepositoryAssociations",
    ENCRYPTION,
    KEY,
    GET,
    LIST,
    "fsx:DescribeFileSystems",
)
BY_ATHENA = (
    "s3:GetBucketMetadataTableConfiguration",
    *(f"athena:{call}" for call in ("StartQueryExecution", "GetQueryExecution", "GetQueryResults")),
    *ON_THE_CALLERS_BEHALF,
)

CASES = [
    Case("link by policy", Command.LINK, PAIR, NARROW, BY_POLICY, key_of="data"),
    Case("link a cache's own buckets", Command.LINK, OWN, OWN, ("fsx:DescribeDataRepositoryAssociations", *BY_POLICY)),
    Case(
        "check a file system linked at its creation",
        Command.CHECK,
        OLDER,
        OLDER,
        (ROLE, "fsx:DescribeDataRepositoryAssociations", "fsx:DescribeFileSystems", ENCRYPTION, KEY, GET, LIST),
        older,
    ),
    Case("link every cache", Command.LINK, EVERY[:3], EVERY, BY_POLICY[1:], key_of="data"),
    Case("link by grant", Command.LINK, (*PAIR, *GRANT), (*NARROW, *GRANT), BY_GRANT, key_of="data"),
    Case("link across accounts", Command.LINK, OTHER, ABROAD, (ROLE, ENCRYPTION, CREATE), key_of=OTHER[3]),
    Case("unlink both", Command.UNLINK, PAIR, NARROW, (*BY_POLICY, LIST, REVOKE), linked("data", *BOTH), "data"),
    Case("unlink across accounts", Command.UNLINK, OTHER, ABROAD, (ROLE, ENCRYPTION, LIST, REVOKE), GRANTED, OTHER[3]),
    Case("restore", Command.RESTORE, ("{backup}",), WHERE, (GET, PUT), really_linked, "data"),
    Case("check", Command.CHECK, PAIR, NARROW, (*BY_POLICY[:4], LIST), linked("data", "grant"), "data"),
    Case("check across accounts", Command.CHECK, OTHER, ABROAD, (ROLE, ENCRYPTION, KEY, LIST), GRANTED, OTHER[3]),
    Case("audit", Command.AUDIT, (), WHERE, JUDGED, two_caches),
    Case("audit, mending", Command.AUDIT, MEND, (*WHERE, "--fix"), (*JUDGED, PUT, CREATE), two_caches_unlinked),
    Case("census", Command.CENSUS, COUNT, (*COUNT, *WHERE), ("s3:ListBucket", "s3:GetObject"), counted),
    Case("history of a bucket", Command.HISTORY, PAIR[2:], NARROW[2:], (RECORD, ENCRYPTION), really_linked),
    Case("history of a key", Command.HISTORY, ("--key", "{key}"), WHERE, (RECORD,), really_linked, "data"),
    Case("census by Athena", Command.CENSUS, (*COUNT, *ATHENA), (*COUNT, *ATHENA, *WHERE), BY_ATHENA, inventory),
]
"""Run with the printed policy, and with each required action missing."""

VARIANTS = [
    Case("link by policy, not narrowed", Command.LINK, PAIR, ("--bucket", "data"), BY_POLICY),
    Case("link by grant, not narrowed", Command.LINK, (*PAIR, *GRANT), ("--bucket", "data", *GRANT), BY_GRANT),
    Case("link a late role", Command.LINK, LATE, (*LATE, *WHERE), BY_POLICY, late_role, "data"),
    Case("link an alias", Command.LINK, ALIAS, (*ALIAS, *WHERE), BY_POLICY, key_of="data-alias"),
    Case("unlink a statement", Command.UNLINK, PAIR, (*NARROW, *POLICY), (*BY_POLICY, LIST), STATED, "data"),
    # Only IAM tells a deleted role from a new one, and no statement loses a principal that may be alive.
    Case(
        "unlink when gone",
        Command.UNLINK,
        PAIR,
        (*NARROW, "--optional"),
        (*BY_POLICY, LIST, REVOKE),
        cache_gone,
        "data",
    ),
    Case("check a statement", Command.CHECK, PAIR, NARROW, (*BY_POLICY[:4], LIST), STATED, "data"),
]
"""Run with the printed policy only."""

REMOVALS = [pytest.param(case, action, id=f"{case}, no {action}") for case in CASES for action in case.required]


def options_of(case: Case, shell: Shell) -> list[str]:
    key = ["--key", shell.sandbox.key(case.key_of).arn] if case.key_of else []
    return [case.command.value, *case.options, *key]


def printed_policy(case: Case, shell: Shell) -> dict[str, Any]:
    """What ``fcsse permissions`` prints on standard output."""
    run = shell.run("permissions", *options_of(case, shell))
    assert run.code == 0, run.err
    policy: dict[str, Any] = json.loads(run.out)
    return policy


def described(case: Case, shell: Shell) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell.run("permissions", *options_of(case, shell), "-o", "json").out)
    return found


def command_builder_of(case: Case, shell: Shell) -> list[str]:
    words = [case.command.value, *case.words]
    if "{key}" in words:
        words[words.index("{key}")] = shell.sandbox.key("data").arn
    if "{backup}" in words:
        listed = json.loads(shell.run("backups", "-o", "json").out)
        words[words.index("{backup}")] = listed["backups"][0]["id"]
    return words


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """The policy with one action taken out."""
    statements = []
    for statement in policy["Statement"]:
        left = [one for one in statement["Action"] if one != action]
        statements += [{**statement, "Action": left}] if left else []
    nothing_else = {"Effect": "Allow", "Action": ["sts:GetCallerIdentity"], "Resource": "*"}
    return {**policy, "Statement": statements or [nothing_else]}


def called(shell: Shell) -> set[str]:
    """The IAM actions of the calls that were made. GetCallerIdentity needs no permission."""
    actions = set()
    for entry in shell.sandbox.requests:
        if entry.operation != "sts:GetCallerIdentity":
            service, _, operation = entry.operation.partition(":")
            actions.add(action_of(operation) if service == "s3" else entry.operation)
    return actions


@pytest.mark.parametrize("case", [*CASES, *VARIANTS], ids=str)
def test_the_printed_policy_is_enough_and_the_calls_made_are_exactly_those_told(case: Case, shell: Shell) -> None:
    case.prepare(shell)
    told = described(case, shell)["permissions"]
    required = {one["action"] for one in told if not one["optional"]}
    assert required == set(case.required)
    policy, words = printed_policy(case, shell), command_builder_of(case, shell)
    shell.sandbox.requests.clear()
    run = shell.run_with(policy, *words)
    assert run.code == 0, run.err
    assert "Nothing to do" not in run.out
    actions = called(shell)
    if ATHENA[1] in case.words:
        actions |= set(ON_THE_CALLERS_BEHALF)
    assert required <= actions <= {one["action"] for one in told}


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("case", "action"), REMOVALS)
def test_with_one_required_action_less_the_command_is_refused_and_names_it(
    case: Case, action: str, shell: Shell
) -> None:
    case.prepare(shell)
    policy = printed_policy(case, shell)
    run = shell.run_with(without(policy, action), *command_builder_of(case, shell))
    assert run.code == 5, run.out + run.err
    assert action in named_actions(run), run.out + run.err


def test_a_refused_bucket_is_told_although_the_role_is_missing_too(shell: Shell) -> None:
    late_role(shell)
    policy = json.loads(shell.run("permissions", "link", *LATE, *WHERE).out)
    run = shell.run_with(without(policy, ENCRYPTION), "link", *LATE)
    assert (run.code, refused_action(run)) == (5, ENCRYPTION)


@pytest.mark.parametrize("command", [Command.LINK, Command.UNLINK, Command.CHECK])
def test_a_mistyped_bucket_is_told_without_the_rights_to_suggest_another(command: Command, shell: Shell) -> None:
    words = ("--cache", CACHE, "--bucket", "data-bucket-key")
    asked = ("permissions", command.value, *words, *WHERE)
    for optional in ((), ("--optional",)):
        run = shell.run_with(json.loads(shell.run(*asked, *optional).out), command.value, *words)
        assert run.code == 6, run.err
        assert ("Did you mean data-bucket-keys" in run.err) is bool(optional)
    told = json.loads(shell.run(*asked, "-o", "json").out)["permissions"]
    extra = {"s3:ListAllMyBuckets", "fsx:DescribeDataRepositoryAssociations"}
    assert extra <= {one["action"] for one in told if one["optional"]}


def refused_action(run: Run) -> str:
    """The action that the first error line names."""
    line = next((line for line in run.err.splitlines() if line.startswith("Error:")), "")
    found = re.search(r"may not call (\S+)", line)
    return found[1] if found else ""


def named_actions(run: Run) -> list[str]:
    """The actions that the first error line names as refused, or else the answer, which goes on without them."""
    if refused_action(run):
        return [refused_action(run)]
    return re.findall(r"(?:may not call|unknown: no|could not be read: no|needs|Allow|and)\s+(\w+:\w+)", run.out)


def test_what_is_optional_is_in_the_policy_only_when_asked_for(shell: Shell) -> None:
    lean = shell.run("permissions", "link", *NARROW)
    rich = shell.run("permissions", "link", *NARROW, "--optional")
    assert "iam:ListRoles" not in lean.out
    assert "iam:ListRoles" in lean.err
    assert "iam:ListRoles" in rich.out


def test_across_accounts_the_key_owners_statements_are_what_was_missing(shell: Shell) -> None:
    """With the console's cross-account key policy a direct grant is refused; with the printed statements it works."""
    bucket = "data-other-console"
    key = shell.sandbox.key(bucket)
    asked = ("link", "--cache", CACHE, "--bucket", bucket, "--account", "111122223333", "--key", key.arn)
    needs_told = json.loads(shell.run("permissions", *asked, "-o", "json").out)
    link = ("link", "--cache", CACHE, "--bucket", bucket)
    assert shell.run_with(needs_told["policy"], *link).code == 5
    policy = shell.sandbox.policy(key)
    shell.sandbox.put_policy(key, {**policy, "Statement": [*policy["Statement"], *needs_told["key_owner"]]})
    assert shell.run_with(needs_told["policy"], *link).code == 0


def test_across_accounts_the_statement_does_not_let_the_caller_grant_to_anybody_else(shell: Shell) -> None:
    bucket = "data-other-console"
    key = shell.sandbox.key(bucket)
    asked = ("link", "--cache", "fc-0456", "--bucket", bucket, "--account", "111122223333", "--key", key.arn)
    policy = shell.sandbox.policy(key)
    more = json.loads(shell.run("permissions", *asked, "-o", "json").out)["key_owner"]
    shell.sandbox.put_policy(key, {**policy, "Statement": [*policy["Statement"], *more]})
    assert shell.run("link", "--cache", CACHE, "--bucket", bucket).code == 5
    assert shell.run("link", "--cache", "fc-0456", "--bucket", bucket).code == 0


def test_the_bucket_owners_statements_let_the_cache_in_and_the_caller_read(shell: Shell) -> None:
    bucket = "data-other-secret"
    key = shell.sandbox.key("data-other-account")
    asked = ("link", "--cache", CACHE, "--bucket", bucket, "--account", "111122223333", "--key", key.arn)
    told = json.loads(shell.run("permissions", *asked, "-o", "json").out)
    link = ("link", "--cache", CACHE, "--bucket", bucket)
    assert shell.run_with(told["policy"], *link).code == 5
    document = {"Version": "2012-10-17", "Statement": told["bucket_owner"]}
    s3 = shell.sandbox.client("s3", account=shell.sandbox.other_account)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
    assert shell.run_with(told["policy"], *link).code == 0
    cache = shell.sandbox.cache(CACHE)
    assert cache.write(bucket, "new.txt").allowed
    assert cache.read(bucket, "new.txt").allowed
    assert not shell.sandbox.cache("fc-0456").read(bucket, "new.txt").allowed


def test_with_a_role_for_the_bucket_s_side_the_caller_has_to_assume_it_and_reads_nothing_there(shell: Shell) -> None:
    bucket, reader = "data-other-secret", "arn:aws:iam::444455556666:role/BucketReader"
    key = shell.sandbox.key("data-other-account")
    asked = ("link", "--cache", CACHE, "--bucket", bucket, "--account", "111122223333", "--key", key.arn)
    told = json.loads(shell.run("permissions", *asked, "-o", "json").out)
    assert any("sts:AssumeRole on that role" in note for note in told["notes"])
    lean = without(told["policy"], ENCRYPTION)
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": reader}
    link = ("link", "--cache", CACHE, "--bucket", bucket, "--bucket-role", reader)
    refused = shell.run_with(lean, *link)
    assert (refused.code, refused_action(refused)) == (5, "sts:AssumeRole"), refused.err
    done = shell.run_with({**lean, "Statement": [*lean["Statement"], assume]}, *link)
    assert done.code == 0, done.err


def test_a_narrowed_policy_helps_with_nothing_else(shell: Shell) -> None:
    key = shell.sandbox.key("data").arn
    policy = json.loads(shell.run("permissions", "link", *NARROW, "--via", "grant", "--key", key).out)
    others = (
        (("--cache", "fc-0456", "--bucket", "data"), ROLE),
        (("--cache", CACHE, "--bucket", "data-bucket-keys"), ENCRYPTION),
        (("--cache", CACHE, "--bucket", "data", "--key", shell.sandbox.key("data-alias").arn), KEY),
    )
    for words, action in others:
        run = shell.run_with(policy, "link", *words, "--via", "grant")
        assert (run.code, refused_action(run)) == (5, action), run.err


def test_create_grant_is_narrowed_to_the_role_and_the_documented_operations(shell: Shell) -> None:
    key = shell.sandbox.key("data").arn
    policy = json.loads(shell.run("permissions", "link", *NARROW, "--via", "grant", "--key", key).out)
    kms = shell.sandbox.client("kms", credentials=shell.sandbox.add_user("granter", policy))
    own, other = (role_arn("aws", "111122223333", cache) for cache in (CACHE, "fc-0456"))
    kms.create_grant(KeyId=key, GranteePrincipal=own, Operations=["Decrypt", "DescribeKey"], Name="fine")
    for grantee, operations in ((other, ["Decrypt"]), (own, ["Decrypt", "RetireGrant"])):
        with pytest.raises(kms.exceptions.ClientError, match="AccessDenied"):
            kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=operations, Name="not-fine")


def test_with_the_printed_policy_audit_knows_as_much_as_an_administrator(shell: Shell) -> None:
    told = json.loads(shell.run("permissions", "audit", "--optional", "-o", "json").out)
    shell.sandbox.requests.clear()
    lean, full = shell.run_with(told["policy"], "audit"), shell.run("audit")
    assert lean.out.count("unknown") == full.out.count("unknown")
    assert lean.code == full.code
    assert called(shell) <= {one["action"] for one in told["permissions"]}


@pytest.mark.parametrize("action", ["s3:ListBucket", "s3:GetObject"])
def test_census_counts_with_what_is_required_and_judges_with_what_is_optional(action: str, shell: Shell) -> None:
    asked = ("permissions", "census", "--bucket", "data", *WHERE)
    told = json.loads(shell.run(*asked, "-o", "json").out)
    census = ("census", "--bucket", "data")
    shell.sandbox.requests.clear()
    counted = shell.run_with(told["policy"], *census)
    assert "SSE-KMS" in counted.out
    rich = json.loads(shell.run(*asked, "--optional").out)
    assert shell.run_with(rich, *census).out == shell.run(*census).out
    assert called(shell) <= {one["action"] for one in told["permissions"]}
    run = shell.run_with(without(told["policy"], action), *census)
    assert (run.code, refused_action(run)) == (5, action)


@pytest.mark.parametrize("command", [("check", *PAIR), ("audit",)], ids=["check", "audit"])
def test_without_the_right_to_look_up_events_observed_is_a_note(command: tuple[str, ...], shell: Shell) -> None:
    assert shell.run("link", *PAIR).code == 0
    told = json.loads(shell.run("permissions", command[0], "--optional", "-o", "json").out)
    lean, rich = without(told["policy"], RECORD), told["policy"]
    plain = shell.run_with(lean, *command)
    noted = shell.run_with(lean, *command, "--observed")
    assert noted.code == plain.code
    assert RECORD in noted.out
    assert "could not be read" in noted.out
    assert RECORD not in shell.run_with(rich, *command, "--observed").out


def test_a_recorded_version_is_restored_with_the_right_to_look_it_up(shell: Shell) -> None:
    shell.sandbox.put_policy("data", shell.sandbox.policy("data"))
    event = shell.sandbox.state.trail.events[-1].event["eventID"]
    assert shell.run("link", *PAIR).code == 0
    told = json.loads(shell.run("permissions", "restore", *WHERE, "--optional", "-o", "json").out)
    refused = shell.run_with(without(told["policy"], RECORD), "restore", event)
    assert (refused.code, refused_action(refused)) == (5, RECORD)
    done = shell.run_with(told["policy"], "restore", event, "--discard-others")
    assert done.code == 0, done.err


def test_a_statement_for_a_role_that_could_not_be_looked_up_stays_and_is_named(shell: Shell) -> None:
    cache_gone(shell)
    case = next(one for one in VARIANTS if one.name == "unlink when gone")
    policy = without(printed_policy(case, shell), "iam:ListRoles")
    before = shell.sandbox.key("data").policy.value
    run = shell.run_with(policy, *command_builder_of(case, shell))
    assert run.code == 0, run.err
    assert "iam:ListRoles" in run.out + run.err
    assert "stays: it names AROA" in " ".join((run.out + run.err).split())
    assert shell.sandbox.key("data").policy.value == before
