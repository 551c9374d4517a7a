"""Plans that are looked at before they are applied, and policies that are put back."""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_type

import pytest

import fcsse
from fcsse.apply import policy_writer
from fcsse.errors import ChangedError, ImpossibleError, NotFoundError, UnexpectedError, UsageError
from fcsse.pipeline import Pipeline
from tests.interfaces.program import Program, program, silence

__all__ = ["program", "silence"]

OTHERS = {
    "Sid": "Theirs",
    "Effect": "Allow",
    "Principal": {"AWS": "111122223333"},
    "Action": "kms:Sign",
    "Resource": "*",
}


def interfere(program: Program, bucket: str = "data") -> None:
    """Somebody else changes the key policy."""
    policy: dict[str, Any] = program.sandbox.policy(bucket)
    policy["Statement"] = [*policy["Statement"], OTHERS]
    program.sandbox.put_policy(bucket, policy)


def test_a_plan_is_looked_at_and_then_applied_as_it_is(program: Program) -> None:
    proposal = assert_type(fcsse.plan("fc-0123", ["data", "data-sse-s3"], settings=program.settings()), fcsse.Proposal)
    assert [one.status for one in proposal.outcomes] == [fcsse.Status.TO_DO, fcsse.Status.NOTHING]
    assert len(proposal.changes) == 1
    assert proposal.errors == ()
    assert re.fullmatch(r"[0-9a-f]{16}", proposal.digest)
    added = [row for row in proposal.diff.splitlines() if row.startswith("+ ")]
    assert any("AWSServiceRoleForFSxS3Access_fc-0123" in row for row in added)
    assert not program.writes

    tried = proposal.try_out()
    assert (tried.dry_run, tried.changed, tried.pending) == (True, False, True)
    assert not program.writes

    done = assert_type(proposal.apply(), fcsse.Result)
    assert (done.changed, done.pending, done.digest) == (True, False, proposal.digest)
    assert program.sandbox.cache("fc-0123").read("data", "hello.txt").allowed
    assert [one.id for one in fcsse.backups(settings=program.settings())] == list(done.backups)


def test_a_plan_is_applied_to_what_it_was_made_for_or_not_at_all(program: Program) -> None:
    proposal = fcsse.plan("fc-0123", "data", settings=program.settings())
    interfere(program)
    with pytest.raises(ChangedError) as caught:
        proposal.apply()
    assert isinstance(caught.value.result, fcsse.Result)
    assert not caught.value.result.changed
    assert not program.sandbox.cache("fc-0123").read("data", "hello.txt").allowed
    assert fcsse.link("fc-0123", "data", settings=program.settings()).changed, "link plans anew"


def rekey(program: Program) -> None:
    """Somebody gives the bucket another default key."""
    client = program.session().client("s3", endpoint_url=program.sandbox.url)
    other = program.session().client("kms", endpoint_url=program.sandbox.url).create_key()["KeyMetadata"]["Arn"]
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": other}}
    client.put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration={"Rules": [rule]})


def move_alias(program: Program) -> None:
    """Somebody points the alias by which a bucket names its key to another one."""
    kms = program.session().client("kms", endpoint_url=program.sandbox.url)
    kms.update_alias(AliasName="alias/data-alias", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


@pytest.mark.parametrize(("bucket", "change"), [("data", rekey), ("data-alias", move_alias)])
def test_a_plan_is_not_applied_to_a_key_that_is_the_bucket_s_no_more(
    program: Program, bucket: str, change: Callable[[Program], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = fcsse.plan("fc-0123", [bucket, "data-key-id"], settings=program.settings())
    monkeypatch.setattr("fcsse.planning.review.STALE_AFTER", -1.0)
    change(program)
    with pytest.raises(ChangedError, match=f"fc-0123 to {bucket}") as caught:
        proposal.apply()
    assert "Make a new plan" in caught.value.hint
    assert not program.writes
    assert fcsse.plan("fc-0123", [bucket, "data-key-id"], settings=program.settings()).apply().changed


def test_an_old_plan_is_applied_where_nothing_has_changed(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcsse.planning.review.STALE_AFTER", -1.0)
    proposal = fcsse.plan("fc-0123", ["data", "data-key-id"], settings=program.settings())
    assert proposal.apply().changed
    assert not proposal.apply().changed, "it was applied already"


def test_an_audit_s_plan_is_not_applied_to_a_key_that_is_the_bucket_s_no_more(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcsse.planning.review.STALE_AFTER", -1.0)
    program.sandbox.add_cache("fc-0bbb0bbb", ["data"])
    found = fcsse.audit(settings=program.settings())
    proposal = found.plan()
    rekey(program)
    with pytest.raises(ChangedError, match="to data, ") as caught:
        proposal.apply()
    assert "Make a new plan" in caught.value.hint
    assert not program.writes
    found = fcsse.audit(settings=program.settings())
    result = found.plan().apply()
    assert result.changed
    assert program.sandbox.cache("fc-0bbb0bbb").write("data", "new.txt").allowed
    assert not any("--" in warning for one in result.outcomes for warning in one.warnings)


def test_a_plan_s_digest_binds_later_calls(program: Program) -> None:
    settings = program.settings()
    digest = fcsse.plan("fc-0123", "data", settings=settings).digest
    assert fcsse.link("fc-0123", "data", dry_run=True, settings=settings).digest == digest
    assert fcsse.plan("fc-0123", "data", expect=digest, settings=settings).digest == digest
    interfere(program)
    with pytest.raises(ChangedError):
        fcsse.plan("fc-0123", "data", expect=digest, settings=settings)
    with pytest.raises(ChangedError):
        fcsse.link("fc-0123", "data", expect=digest, settings=settings)
    assert not program.writes


def test_a_digest_binds_to_the_last_moment(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, apply = program.settings(), Pipeline.apply
    digest = fcsse.plan("fc-0123", "data", settings=settings).digest

    def disturbed(pipeline: Pipeline, *given: Any, **more: Any) -> Any:
        interfere(program)
        return apply(pipeline, *given, **more)

    monkeypatch.setattr(Pipeline, "apply", disturbed)
    with pytest.raises(ChangedError, match="changed after the plan was made"):
        fcsse.link("fc-0123", "data", expect=digest, settings=settings)
    assert not program.sandbox.cache("fc-0123").read("data", "hello.txt").allowed


def test_a_pair_that_cannot_be_linked_is_told_by_the_plan_and_raised_by_applying_it(program: Program) -> None:
    proposal = fcsse.plan("fc-0123", ["data-dsse", "data"], settings=program.settings())
    assert [one.status.value for one in proposal.outcomes] == ["blocked", "to-do"]
    (error,) = proposal.errors
    with pytest.raises(ImpossibleError, match="DSSE") as caught:
        proposal.apply()
    assert caught.value is error
    assert program.sandbox.cache("fc-0123").read("data", "hello.txt").allowed


def test_a_plan_to_unlink(program: Program) -> None:
    settings, before = program.settings(), program.sandbox.policy_text("data")
    fcsse.link("fc-0123", "data", settings=settings)
    proposal = fcsse.plan("fc-0123", "data", operation="unlink", settings=settings)
    assert "-" in {row[:1] for row in proposal.diff.splitlines()[2:]}
    assert proposal.apply().changed
    assert program.sandbox.policy_text("data") == before
    assert fcsse.plan("fc-0123", "data", operation="unlink", settings=settings).changes == ()


def test_a_grant_is_tried_out_with_kms_itself(program: Program) -> None:
    proposal = fcsse.plan("fc-0123", "data-other-account", settings=program.settings())
    assert (proposal.diff, len(proposal.changes)) == ("", 1)
    assert any("This grant is not limited to this bucket or to S3" in warning for warning in proposal.warnings)
    proposal.try_out()
    assert [one.parameters.get("DryRun") for one in program.sandbox.requests.of("kms:CreateGrant")] == [True]
    (applied,) = proposal.apply().applied
    assert isinstance(applied, fcsse.AppliedChange)
    assert applied.grant
    assert program.sandbox.cache("fc-0123").read("data-other-account", "hello.txt").allowed


@pytest.mark.parametrize("how", ["plan", "dry run", "link"])
def test_a_key_of_a_stack_is_warned_of(program: Program, how: str) -> None:
    settings = program.settings()
    match how:
        case "plan":
            outcomes = fcsse.plan("fc-0123", "data-stack", settings=settings).outcomes
        case "dry run":
            outcomes = fcsse.link("fc-0123", "data-stack", dry_run=True, settings=settings).outcomes
        case _:
            outcomes = fcsse.link("fc-0123", "data-stack", settings=settings).outcomes
    assert any("storage" in warning for warning in outcomes[0].warnings)


def test_roles_for_the_other_sides_are_assumed(program: Program) -> None:
    role = f"arn:aws:iam::{program.sandbox.other_account}:role/BucketReader"
    own = f"arn:aws:iam::{program.sandbox.account}:role/KeyUser"
    done = fcsse.link("fc-0123", "data-other-account", settings=program.settings(bucket_role=role, grant_role=own))
    assert done.changed
    assert {one.account for one in program.sandbox.requests.of("s3:GetBucketEncryption")} == {"444455556666"}
    assumed = [one.parameters["RoleArn"] for one in program.sandbox.requests.of("sts:AssumeRole")]
    assert assumed == [role, own]


def test_backups_and_restore(program: Program) -> None:
    settings, before = program.settings(), program.sandbox.policy_text("data")
    first = fcsse.link("fc-0123", "data", settings=settings)
    fcsse.link("fc-0123", "data-bucket-keys", settings=settings)
    newest, oldest = assert_type(fcsse.backups(settings=settings), tuple[fcsse.Backup, ...])
    assert (oldest.id,) == first.backups
    assert oldest.policy == before
    assert fcsse.backups(key=newest.key, settings=settings) == (newest,)
    assert fcsse.backups(oldest.id[:-2], settings=settings) == (oldest,)

    planned = assert_type(fcsse.restore(oldest.id, dry_run=True, settings=settings), fcsse.RestoreResult)
    assert (planned.pending, planned.changed, planned.others, planned.backup) == (True, False, (), None)
    assert planned.diff.startswith("--- ")
    assert program.sandbox.policy_text("data") != before
    with pytest.raises(ChangedError):
        fcsse.restore(oldest.id, expect="0" * 16, settings=settings)
    done = fcsse.restore(oldest.id[:-2], expect=planned.digest, settings=settings)
    assert (done.changed, done.pending, done.digest) == (True, False, planned.digest)
    assert program.sandbox.policy_text("data") == before
    assert done.backup in [one.id for one in fcsse.backups(settings=settings)]
    again = fcsse.restore(oldest.id, settings=settings)
    assert (again.changed, again.pending, again.diff) == (False, False, "")


def failing(after: int) -> Callable[[fcsse.Backup], None]:
    """A hook that takes so many copies and then fails."""
    taken: list[fcsse.Backup] = []

    def take(backup: fcsse.Backup) -> None:
        if len(taken) == after:
            raise OSError("the archive is full, aws_secret_access_key=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY")
        taken.append(backup)

    return take


def test_a_hook_that_fails_keeps_its_policy_as_it_is_and_hides_no_other_write(program: Program) -> None:
    with pytest.raises(UnexpectedError, match="the archive is full") as caught:
        fcsse.link("fc-0123", ["data", "data-bucket-keys"], settings=program.settings(on_backup=failing(1)))
    assert isinstance(caught.value.__cause__, OSError)
    assert "wJalr" not in str(caught.value)
    result = caught.value.result
    assert isinstance(result, fcsse.Result)
    assert result.pair_results == (fcsse.PairResult.DONE, fcsse.PairResult.FAILED)
    assert len([one for one in program.writes if "Put" in one]) == 1
    assert not program.sandbox.cache("fc-0123").read("data-bucket-keys", "hello.txt").allowed


def test_what_a_failing_hook_keeps_from_being_put_back_is_named(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_writer, "GLANCE", 0.015)
    put = threading.Event()
    program.sandbox.second_writer("data", nth=1, after=True)
    program.sandbox.fault("kms:PutKeyPolicy", times=None, after=True, hook=lambda _: put.set())
    program.sandbox.fault("kms:GetKeyPolicy", nth=2, after=True, hook=lambda _: put.wait(20))
    with pytest.raises(UnexpectedError, match=r"at the same moment.* may be lost: statement 'Foreign 1'") as caught:
        fcsse.link("fc-0123", "data", settings=program.settings(on_backup=failing(1)))
    assert isinstance(caught.value.result, fcsse.Result)
    assert caught.value.result.changed


def test_what_others_did_is_lost_only_when_that_is_said(program: Program) -> None:
    settings, before = program.settings(), program.sandbox.policy_text("data")
    (saved,) = fcsse.link("fc-0123", "data", settings=settings).backups
    interfere(program)
    wrote = len(program.writes)
    assert any("Theirs" in text for text in fcsse.restore(saved, dry_run=True, settings=settings).others)
    with pytest.raises(ChangedError, match="Theirs"):
        fcsse.restore(saved, settings=settings)
    assert len(program.writes) == wrote
    assert fcsse.restore(saved, discard_others=True, settings=settings).changed
    assert program.sandbox.policy_text("data") == before


def test_backups_that_are_damaged_or_not_there(program: Program) -> None:
    settings = program.settings()
    assert fcsse.backups(settings=settings) == ()
    with pytest.raises(NotFoundError):
        fcsse.backups("20260101", settings=settings)
    with pytest.raises(NotFoundError):
        fcsse.restore("20260101", settings=settings)
    (saved,) = fcsse.link("fc-0123", "data", settings=settings).backups
    path: Path = program.folder / "backups" / f"{saved}.json"
    path.write_text(path.read_text().replace("kms:", "kmz:"))
    program.heard.notes.clear()
    assert fcsse.backups(settings=settings) == ()
    assert program.heard.notes == [f"{path} names no key ARN: damaged, it cannot be restored."]
    with pytest.raises(UsageError):
        fcsse.backups(key="data", settings=settings)


def test_without_copies_none_are_kept_and_no_folder_is_looked_for(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcsse.apply.backup.default_folder", lambda: pytest.fail("looked for"))
    done = fcsse.link("fc-0123", "data", settings=program.settings(backup=False, backup_dir=None))
    assert (done.changed, done.backups) == (True, ())
