"""Audits, censuses and texts through the library."""

import json
import subprocess
import sys
from typing import Any, assert_type

import boto3
import pytest

import fcsse
from fcsse.errors import ChangedError, CredentialsError, DeniedError, UsageError
from fcsse.sandbox.query_settings import MetadataConfiguration
from fcsse.sandbox.s3_metadata import set_metadata
from tests.census.inventory_rows import HEAD
from tests.interfaces.program import Program, program, silence
from tests.sandbox.clients import identity

__all__ = ["program", "silence"]


def test_an_audit_has_verdicts_and_findings_and_changes_nothing(program: Program) -> None:
    answer = assert_type(fcsse.audit(settings=program.settings()), fcsse.Audit)
    verdicts = {(one.pair.cache, one.pair.bucket): one.verdict for one in answer.judged}
    assert verdicts["fc-0123", "data-sse-s3"] == "allowed"
    assert verdicts["fc-0123", "data"] == "denied"
    assert sum(answer.verdicts.values()) == len(answer.judged) == 10
    worst = assert_type(answer.findings[0], fcsse.Finding)
    assert worst.severity is fcsse.Severity.HIGH
    assert any(command.startswith("fcsse link --cache") for one in answer.findings for command in one.commands)
    assert answer.summary.startswith("Account 111122223333, eu-west-1: ")
    assert answer.facts.regions == ("eu-west-1",)
    assert not program.writes


def test_an_audit_is_mended_by_its_plan(program: Program) -> None:
    answer = fcsse.audit(settings=program.settings())
    proposal = assert_type(answer.plan(), fcsse.Proposal)
    assert len(proposal.changes) == len({str(change.key) for change in proposal.changes}) == 4
    assert not program.writes
    with pytest.raises(ChangedError):
        answer.plan(expect="0" * 16)
    assert answer.plan(expect=proposal.digest).digest == proposal.digest
    assert answer.afterwards(proposal.try_out()) == answer.judged, "nothing was written"

    done = proposal.apply()
    assert done.changed
    assert sum(one.allowed for one in answer.afterwards(done)) == 8
    again = fcsse.audit(settings=program.settings())
    assert again.verdicts["allowed"] == 8
    assert again.plan().changes == ()
    for bucket in ("data", "data-bucket-keys", "data-other-account"):
        assert program.sandbox.cache("fc-0123").read(bucket, "hello.txt").allowed


def test_an_audit_prunes_the_dead_only_when_told_to(program: Program) -> None:
    program.sandbox.add_cache("fc-0aaa", ["data-dead"])
    answer = fcsse.audit(settings=program.settings())
    key = program.sandbox.key("data-dead").arn
    assert key not in {str(change.key) for change in answer.plan().changes}
    assert key in {str(change.key) for change in answer.plan(prune_orphans=True).changes}


def test_an_audit_of_other_regions_and_accounts(program: Program) -> None:
    assert fcsse.audit(regions=["us-east-1"], settings=program.settings()).facts.regions == ("us-east-1",)
    everywhere = fcsse.audit(all_regions=True, settings=program.settings())
    assert {"eu-west-1", "us-east-1"} <= set(everywhere.facts.regions)
    program.sandbox.add_cache("fc-0aaa", ["data-other-secret"])
    pattern = "arn:aws:iam::{account}:role/BucketReader"

    def verdict(**more: Any) -> str:
        answer = fcsse.audit(settings=program.settings(), **more)
        return next(one.verdict for one in answer.judged if one.pair.bucket == "data-other-secret")

    assert verdict() == "unknown"
    assert verdict(bucket_roles=pattern, bucket_accounts=["444455556666"]) != "unknown"
    granting = program.settings(grant_role="arn:aws:iam::111122223333:role/KeyUser")
    answer = fcsse.audit(bucket_roles=pattern, bucket_accounts="444455556666", settings=granting)
    commands = [one for found in answer.findings for one in found.commands if "--bucket data-other-secret" in one]
    assert commands
    assert all("--bucket-role arn:aws:iam::444455556666:role/BucketReader" in one for one in commands)
    assert all("--grant-role arn:aws:iam::111122223333:role/KeyUser" in one for one in commands)


def test_the_remedies_of_an_audit_name_the_session_s_profile(
    program: Program, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = program.sandbox.credentials()
    (tmp_path / "config").write_text(
        f"[profile prod]\nregion = eu-west-1\naws_access_key_id = {who.access_key}\naws_secret_access_key = {who.secret}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    answer = fcsse.audit(settings=program.settings(session=boto3.Session(profile_name="prod")))
    commands = [command for one in answer.findings for command in one.commands]
    assert commands
    assert all(f"--profile prod --endpoint-url {program.sandbox.url}" in command for command in commands)


def test_a_census_tells_groups_and_what_caches_may_do(program: Program) -> None:
    counted = assert_type(fcsse.census("s3://data-bucket-keys", settings=program.settings()), fcsse.CensusResult)
    assert [(one.objects, one.sealed.bucket_key) for one in counted.groups] == [(2, True), (1, False)]
    assert (counted.complete, counted.fine, counted.exit_code) == (True, False, 3)
    assert {(one.cache, one.verdict) for one in counted.needs.reaches} == {("fc-0123", fcsse.Verdict.DENIED)}
    fcsse.link("fc-0123", "data-bucket-keys", context="both", settings=program.settings())
    again = fcsse.census("data-bucket-keys", "fc-0123", settings=program.settings())
    assert (again.fine, again.exit_code, again.needs.remedies) == (True, 0, ())


def test_a_census_of_a_prefix_of_all_and_of_a_sample(program: Program) -> None:
    settings = program.settings()
    for number in range(30):
        program.sandbox.add_object("data", f"many/{number}")
    assert fcsse.census("data", prefix="dir/", settings=settings).census.looked_at == 1
    assert fcsse.census("data", sample=5, all_objects=True, settings=settings).census.looked_at == 32
    some = fcsse.census("data", sample=10, settings=settings)
    assert (some.complete, some.census.looked_at, some.census.listed) == (False, 10, 32)
    assert some.census.unseen_at_most


def test_a_census_by_athena(program: Program) -> None:
    set_metadata(program.sandbox.state, "data", MetadataConfiguration())
    key = program.sandbox.key("data").arn
    row = ["SSE-KMS", key, "false", "7", "70", "2020-01-01 00:00:00.000", "2020-01-02 00:00:00.000", "a"]
    program.sandbox.state.athena.engine = lambda statement, parameters: [HEAD, row]
    output = "s3://data-sse-s3/results/"
    counted = fcsse.census("data", "fc-0123", engine="athena", athena_output=output, settings=program.settings())
    assert [(one.sealed.key, one.objects) for one in counted.groups] == [(key, 7)]
    assert (counted.complete, counted.fine) == (True, False)


def test_a_partial_census_is_an_answer_and_one_of_nothing_an_error(program: Program) -> None:
    statements = identity("*")["Statement"]
    denied = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/dir/*"}
    partly = {"Version": "2012-10-17", "Statement": [*statements, denied]}
    fcsse.link("fc-0123", "data", settings=program.settings())
    settings = program.settings(session=session_of(program, "partly", partly))
    counted = fcsse.census("data", "fc-0123", settings=settings)
    assert counted.census.looked_at == 1
    assert counted.census.unreadable == (("s3:GetObject was refused", 1),)
    assert counted.needs.fine
    assert not counted.fine
    listing = identity("s3:ListBucket")
    with pytest.raises(DeniedError):
        fcsse.census("data", settings=program.settings(session=session_of(program, "lister", listing)))


def session_of(program: Program, name: str, policy: Any) -> boto3.Session:
    who = program.sandbox.add_user(name, policy)
    return boto3.Session(who.access_key, who.secret, region_name="eu-west-1")


def test_ctrl_c_ends_a_census_with_the_answer_so_far(program: Program) -> None:
    class Impatient:
        def step(self, text: str) -> None: ...

        def note(self, text: str) -> None: ...

        def advance(self, done: int, total: int) -> None:
            raise KeyboardInterrupt

    counted = fcsse.census("data", settings=program.settings(progress=Impatient()))
    assert counted.census.interrupted
    assert (counted.complete, counted.exit_code) == (False, 130)
    assert counted.groups


@pytest.mark.parametrize("ask", ["audit", "census", "check"])
def test_a_hook_hears_what_is_done(program: Program, ask: str) -> None:
    heard = program.heard
    settings = program.settings()
    match ask:
        case "audit":
            fcsse.audit(settings=settings)
            assert heard.steps[0] == "listing caches and their buckets"
            assert len(heard.parts) > 5
        case "census":
            fcsse.census("data", settings=settings)
            assert heard.steps[0] == "listing objects of bucket data"
            assert "finding the caches of the bucket" in heard.steps
            assert heard.parts[-1] == (2, 2)
        case _:
            fcsse.check("fc-0123", "data", settings=settings)
            assert "looking up roles and buckets" in heard.steps


@pytest.mark.parametrize("notation", ["json", "terraform", "cloudformation", "aws-cli"])
def test_statements_are_what_the_command_prints(program: Program, notation: Any) -> None:
    found = assert_type(fcsse.statement("fc-0123", "data", settings=program.settings()), fcsse.Additions)
    offline = {"account": "111122223333", "region": "eu-west-1", "bucket_keys": False}
    stated = fcsse.statement("fc-0123", "data", key=program.sandbox.key("data").arn, **offline)  # type: ignore[arg-type]
    assert found.text(notation) == stated.text(notation)
    assert "AWSServiceRoleForFSxS3Access_fc-0123" in found.text(notation)
    assert not program.writes


def test_a_pasted_statement_gives_the_access(program: Program) -> None:
    (part,) = fcsse.statement("fc-0123", "data", settings=program.settings()).parts
    policy: Any = program.sandbox.policy("data")
    policy["Statement"] += part.items()
    program.sandbox.put_policy("data", policy)
    assert program.sandbox.cache("fc-0123").read("data", "hello.txt").allowed
    assert fcsse.plan("fc-0123", "data", settings=program.settings()).changes == ()
    nothing = fcsse.statement("fc-0123", "data-sse-s3", settings=program.settings())
    assert (nothing.parts, nothing.text("json"), len(nothing.nothing)) == ((), "", 1)
    with pytest.raises(UsageError, match="'yaml'"):
        nothing.text(wrong("yaml"))


def test_offline_statements_and_permissions_ask_aws_nothing(program: Program) -> None:
    fcsse.statement("fc-0123", "data", account="111122223333", region="eu-west-1", bucket_keys=True)
    fcsse.permissions("link", "fc-0123", "data")
    assert len(program.sandbox.requests) == 0


def test_permissions_are_enough_for_what_they_are_asked_for(program: Program) -> None:
    found = assert_type(
        fcsse.permissions("link", "fc-0123", "data", account="111122223333", region="eu-west-1"), fcsse.Permissions
    )
    assert json.loads(json.dumps(found.policy(optional=True)))["Version"] == "2012-10-17"
    theirs = session_of(program, "linker", found.policy())
    assert fcsse.link("fc-0123", "data", settings=program.settings(session=theirs)).changed
    fixing = fcsse.permissions("audit", account="111122223333", region="eu-west-1", fix=True)
    settings = program.settings(session=session_of(program, "mender", fixing.policy()))
    assert fcsse.audit(settings=settings).plan().apply().changed
    nobody = session_of(program, "nobody", identity("sts:GetCallerIdentity"))
    with pytest.raises(DeniedError):
        fcsse.link("fc-0123", "data-alias", settings=program.settings(session=nobody))


def wrong(word: str) -> Any:
    """A word that a type checker would not let pass."""
    return word


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda s: fcsse.audit(regions="Ireland", settings=s), "'Ireland'"),
        (lambda s: fcsse.audit(regions="eu-west-1", all_regions=True, settings=s), "all_regions"),
        (lambda s: fcsse.audit(bucket_roles="BucketReader", settings=s), "'BucketReader'"),
        (lambda s: fcsse.audit(bucket_accounts="444455556666", settings=s), "bucket_roles"),
        (lambda s: fcsse.census("Data", settings=s), "'Data'"),
        (lambda s: fcsse.census("data", "x", settings=s), "'x'"),
        (lambda s: fcsse.census("data", sample=0, settings=s), "sample=0"),
        (lambda s: fcsse.census("data", engine=wrong("spark"), settings=s), "engine='spark'"),
        (lambda s: fcsse.census("data", engine="athena", all_objects=True, settings=s), "all_objects"),
        (lambda s: fcsse.census("data", workgroup="primary", settings=s), "workgroup"),
        (lambda s: fcsse.census("data", engine="athena", athena_output="data", settings=s), "athena_output"),
        (lambda s: fcsse.plan("fc-0123", "data", operation=wrong("check"), settings=s), "operation='check'"),
        (lambda s: fcsse.plan("fc-0123", "data", via=wrong("both"), settings=s), "via='both'"),
        (lambda s: fcsse.plan("fc-0123", "data", context=wrong("all"), settings=s), "context='all'"),
        (lambda s: fcsse.plan("fc-0123", "data", bucket_region="x", settings=s), "'x'"),
        (
            lambda s: fcsse.plan("fc-0123", "data", bucket_region="eu-west-1", bucket_keys=True, settings=s),
            "go with key",
        ),
        (lambda s: fcsse.plan(every_cache=True, settings=s), "every_cache needs bucket"),
        (lambda s: fcsse.statement("fc-0123", "data", partition="aws", settings=s), "partition needs account"),
        (lambda s: fcsse.statement("fc-0123", account="111122223333", settings=s), "no bucket is named"),
        (lambda s: fcsse.statement("fc-0123", "data", account="1", settings=s), "'1'"),
        (lambda s: fcsse.permissions(wrong("fix"), "fc-0123"), "command='fix'"),
        (lambda s: fcsse.permissions("link", partition="Aws"), "'Aws'"),
        (lambda s: fcsse.check("fc-0123", "data", session=boto3.Session(), settings=s), "two different sessions"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_asked(program: Program, call: Any, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        call(program.settings())
    assert told in caught.value.message
    assert len(program.sandbox.requests) == 0


def test_a_session_beside_settings_without_one_is_used(program: Program) -> None:
    settings = program.settings(session=None)
    (checked,) = fcsse.check("fc-0123", "data", session=program.session(), settings=settings)
    assert checked.error is None


def test_boto3_s_default_session_is_the_default(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(CredentialsError):
        fcsse.audit(settings=program.settings(session=None, region="eu-west-1"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", program.session())
    assert fcsse.audit(settings=program.settings(session=None)).judged


PROGRAM = """
import fcsse
settings = fcsse.Settings(wait=0)
done = fcsse.plan("fc-0123", "data").apply()
fcsse.restore(done.backups[0])
fcsse.backups()
fcsse.audit().plan().apply()
fcsse.census("data")
fcsse.check("fc-0123")
fcsse.statement("fc-0123", "data").text("terraform")
fcsse.permissions("link").policy()
for call in (lambda: fcsse.link("fc-0123", "data-dsse"), lambda: fcsse.restore("x"), lambda: fcsse.census("no-such")):
    try:
        call()
    except fcsse.FcsseError:
        pass
    else:
        raise SystemExit("nothing was raised")
"""


def test_a_whole_program_prints_nothing_not_even_past_python(program: Program) -> None:
    environment = {**program.sandbox.env(), "XDG_STATE_HOME": str(program.folder), "PYTHONWARNINGS": "default"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
