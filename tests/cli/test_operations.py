"""``--operations read``: access for caches that never write back."""

from __future__ import annotations

import json

import pytest

import fcsse
from fcsse.iac.notation import Notation
from tests.cli.documented_statements import OTHER, documented, role, without_sid
from tests.cli.shell import WRITES, Shell

CACHE, BUCKET, FAR = "fc-0123", "data", "data-other-account"
READ = ("--operations", "read")
READ_ACTIONS = ["kms:Decrypt", "kms:DescribeKey"]
PAIR = ("--cache", CACHE, "--bucket", BUCKET)


def reading(bucket: str = BUCKET, cache: str = CACHE) -> dict[str, object]:
    """The documented statement with the actions for reading alone, without its Sid."""
    return {**without_sid(documented(cache, bucket)), "Action": READ_ACTIONS}


def test_a_link_for_reading_lets_the_cache_read_and_not_write(shell: Shell) -> None:
    before = shell.sandbox.policy_text(BUCKET)
    run = shell.linked(CACHE, BUCKET, *READ)
    assert "for reading only" in run.out
    assert without_sid(shell.last(BUCKET)) == reading()
    assert shell.works(CACHE, BUCKET) == (True, False)
    again = shell.linked(CACHE, BUCKET, *READ)
    assert "already has read access" in again.out
    assert "Nothing to do" in again.out
    assert not WRITES.intersection(again.operations)
    assert shell.unlink(CACHE, BUCKET).code == 0
    assert shell.sandbox.policy_text(BUCKET) == before
    assert shell.works(CACHE, BUCKET) == (False, False)


@pytest.mark.parametrize("bucket", [BUCKET, FAR])
def test_a_grant_for_reading(shell: Shell, bucket: str) -> None:
    words = (*READ, "--via", "grant") if bucket == BUCKET else READ
    shell.linked(CACHE, bucket, *words)
    [grant] = shell.grants(bucket)
    assert sorted(grant["Operations"]) == ["Decrypt", "DescribeKey"]
    assert shell.works(CACHE, bucket)[0] is True
    assert shell.works(CACHE, bucket)[1] is False
    again = shell.linked(CACHE, bucket, *words)
    assert "Nothing to do" in again.out
    assert len(shell.grants(bucket)) == 1
    assert shell.unlink(CACHE, bucket).code == 0
    assert not shell.grants(bucket)


@pytest.mark.parametrize("via", ["policy", "grant"])
def test_a_later_full_link_adds_writing_and_says_so_before(shell: Shell, via: str) -> None:
    shell.linked(CACHE, BUCKET, *READ, "--via", via)
    dry = shell.link(CACHE, BUCKET, "--via", via, "--dry-run")
    assert "could only read until now" in dry.out
    assert "link with --operations read" in dry.out
    assert shell.works(CACHE, BUCKET) == (True, False)
    shell.linked(CACHE, BUCKET, "--via", via)
    assert shell.works(CACHE, BUCKET) == (True, True)
    assert shell.unlink(CACHE, BUCKET).code == 0
    assert shell.works(CACHE, BUCKET) == (False, False)


def test_the_statement_for_reading_stays_as_it_is(shell: Shell) -> None:
    """Somebody narrowed it on purpose: a full link adds its own, and unlink takes both."""
    shell.linked(CACHE, BUCKET, *READ)
    before = shell.statements(BUCKET)
    run = shell.linked(CACHE, BUCKET)
    assert "it is for reading only; it is not changed" in " ".join(run.out.split())
    assert shell.statements(BUCKET)[:-1] == before
    assert without_sid(shell.last(BUCKET)) == without_sid(documented(CACHE, BUCKET))
    again = shell.linked(CACHE, BUCKET)
    assert "Nothing to do" in again.out
    assert "reading only" not in again.words
    assert shell.unlink(CACHE, BUCKET).code == 0
    assert len(shell.statements(BUCKET)) == len(before) - 1


def test_another_cache_of_the_statement_is_not_widened(shell: Shell) -> None:
    other = "fc-01234567890"
    shell.linked(CACHE, BUCKET, *READ)
    shell.linked(other, BUCKET, *READ)
    assert shell.last(BUCKET)["Principal"]["AWS"] == [role(CACHE), role(other)]
    run = shell.linked(CACHE, BUCKET)
    assert "it is for reading only; it is not changed" in " ".join(run.out.split())
    assert shell.works(CACHE, BUCKET) == (True, True)
    assert shell.works(other, BUCKET) == (True, False)
    assert shell.unlink(CACHE, BUCKET).code == 0
    assert shell.works(CACHE, BUCKET) == (False, False)
    assert shell.works(other, BUCKET) == (True, False)


@pytest.mark.parametrize("via", ["policy", "grant"])
def test_a_link_for_reading_takes_no_writing_away_and_says_so(shell: Shell, via: str) -> None:
    shell.linked(CACHE, BUCKET, "--via", via)
    run = shell.linked(CACHE, BUCKET, *READ, "--via", via)
    assert not WRITES.intersection(run.operations)
    words = " ".join(run.words.split())
    assert "can write as well" in words
    assert "unlink first, then link with --operations read" in words
    assert shell.works(CACHE, BUCKET) == (True, True)


def test_a_statement_of_others_that_gives_reading_is_enough(shell: Shell) -> None:
    full = without_sid(documented(CACHE, BUCKET))
    shell.append(BUCKET, {**full, "Action": "kms:Decrypt"})
    run = shell.linked(CACHE, BUCKET, *READ)
    assert "Nothing to do" in run.out
    assert not WRITES.intersection(run.operations)


def test_check_asks_about_reading_alone(shell: Shell) -> None:
    missing = shell.run("check", *PAIR, *READ)
    assert missing.code == 3
    assert f"fcsse link --cache {CACHE} --bucket {BUCKET} --operations read" in missing.out
    shell.linked(CACHE, BUCKET, *READ)
    run = shell.run("check", *PAIR, *READ)
    assert run.code == 0, run.out
    assert run.out.startswith("fc-0123 can read s3://data; it cannot write, which was not asked about.\n")
    assert "To fix it" not in run.out
    assert "GenerateDataKey" not in run.out
    [pair] = shell.run("check", *PAIR, *READ, "-o", "json").json["pairs"]
    assert (pair["operations"], pair["read"], pair["write"]) == ("read", "allowed", "denied")
    full = shell.run("check", *PAIR)
    assert full.code == 3
    assert "check with --operations read" in " ".join(full.out.split())


def test_check_offers_no_writing_where_reading_was_lost(shell: Shell) -> None:
    shell.linked(CACHE, BUCKET, *READ)
    shell.sandbox.set_bucket_encryption(BUCKET, key=shell.sandbox.key(BUCKET).arn, bucket_keys=True)
    run = shell.run("check", *PAIR)
    assert f"fcsse link --cache {CACHE} --bucket {BUCKET} --operations read" in run.out


def test_check_of_reading_still_fails_where_reading_is_denied(shell: Shell) -> None:
    shell.linked(CACHE, BUCKET, *READ)
    deny = {"Sid": "No", "Effect": "Deny", "Principal": {"AWS": role(CACHE)}, "Action": "kms:Decrypt", "Resource": "*"}
    shell.append(BUCKET, deny)
    assert shell.run("check", *PAIR, *READ).code != 0
    writing = {**deny, "Sid": "NoWriting", "Action": "kms:GenerateDataKey*"}
    shell.sandbox.put_policy(
        BUCKET, {**shell.sandbox.policy(BUCKET), "Statement": [*shell.statements(BUCKET)[:-1], writing]}
    )
    assert shell.run("check", *PAIR, *READ).code == 0
    assert shell.link(CACHE, BUCKET, *READ).code == 0
    assert shell.link(CACHE, BUCKET).code == 4


def test_a_document_is_judged_for_reading(shell: Shell) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [reading()]})
    place = shell.state / "key.json"
    place.write_text(text, encoding="utf-8")
    words = (*PAIR, "--policy", str(place), "--account", "111122223333", "--region", "eu-west-1", "--no-bucket-keys")
    assert shell.run("check", *words).code == 3
    assert shell.run("check", *words, *READ).code == 0
    place.write_text('{"Version": "2012-10-17", "Statement": []}', encoding="utf-8")
    lacking = shell.run("check", *words, *READ)
    assert lacking.code == 3
    assert "--operations read" in lacking.out
    [judged] = fcsse.check_policy(
        text, CACHE, BUCKET, account="111122223333", region="eu-west-1", bucket_keys=False, operations="read"
    )
    assert judged.exit_code == 0


FORMATS = [one.value for one in Notation]


@pytest.mark.parametrize("via", ["policy", "grant"])
@pytest.mark.parametrize("notation", FORMATS)
def test_every_format_of_statement_has_the_two_alone(shell: Shell, notation: str, via: str) -> None:
    words = ("statement", *PAIR, "--format", notation, "--via", via)
    run = shell.run(*words, *READ)
    if notation in ("cloudformation", "jsonencode") and via == "grant":
        assert run.code == shell.run(*words).code
        return
    assert run.code == 0, run.words
    assert "Decrypt" in run.out
    assert "DescribeKey" in run.out
    assert "GenerateDataKey" not in run.out
    assert "ReEncrypt" not in run.out


def test_a_statement_for_a_cache_of_the_template(shell: Shell) -> None:
    words = ("--cache-resource", "Cache", "--bucket", BUCKET, "--format", "cloudformation", "--no-bucket-keys")
    run = shell.run("statement", *words, *READ)
    assert "kms:Decrypt" in run.out
    assert "ReEncrypt" not in run.out


def test_the_environment_says_it_as_well(shell: Shell) -> None:
    run = shell.run("link", *PAIR, FCSSE_OPERATIONS="read")
    assert run.code == 0
    assert shell.works(CACHE, BUCKET) == (True, False)
    assert shell.run("check", *PAIR, FCSSE_OPERATIONS="read").code == 0
    assert shell.run("link", *PAIR, FCSSE_OPERATIONS="write").code == 2


def test_the_digest_holds_it(shell: Shell) -> None:
    dry = shell.link(CACHE, BUCKET, *READ, "--dry-run", "-o", "json").json
    assert dry["operations"] == "read"
    assert shell.link(CACHE, BUCKET, "--expect", dry["digest"]).code == 7
    assert shell.works(CACHE, BUCKET) == (False, False)
    assert shell.link(CACHE, BUCKET, *READ, "--expect", dry["digest"]).code == 0
    assert shell.link(CACHE, BUCKET, *READ, "--expect", dry["digest"]).code == 0
    shell.linked(CACHE, BUCKET)
    # Everything is there that is asked for now, but the digest was of another wish.
    assert shell.link(CACHE, BUCKET, "--expect", dry["digest"]).code == 7


def test_every_cache_for_reading(shell: Shell) -> None:
    assert shell.run("link", "--every-cache", "--bucket", BUCKET, *READ).code == 0
    assert shell.last(BUCKET)["Action"] == READ_ACTIONS
    assert shell.works(CACHE, BUCKET) == (True, False)
    again = shell.run("link", "--every-cache", "--bucket", BUCKET, *READ)
    assert "Nothing to do" in again.out
    assert shell.run("link", "--every-cache", "--bucket", BUCKET).code == 0
    full = shell.run("link", "--every-cache", "--bucket", BUCKET, *READ)
    assert "reading and writing" in full.out
    assert shell.run("unlink", "--every-cache", "--bucket", BUCKET).code == 0
    assert shell.works(CACHE, BUCKET) == (False, False)


def test_what_permissions_prints_is_enough(shell: Shell) -> None:
    policy = json.loads(shell.run("permissions", "link", *PAIR, "--account", "111122223333", "--via", "grant").out)
    run = shell.link(CACHE, BUCKET, *READ, "--via", "grant", credentials=shell.user(policy))
    assert run.code == 0, run.words


def test_the_owner_of_a_far_key_is_asked_for_the_two_alone(shell: Shell) -> None:
    key = shell.sandbox.key(FAR)
    policy = shell.sandbox.policy(FAR)
    shell.sandbox.put_policy(FAR, {**policy, "Statement": shell.statements(FAR)[:1]})
    run = shell.link(CACHE, FAR, *READ)
    assert run.code == 5, run.words
    assert key.account == OTHER
    assert '"Decrypt"' in run.err
    assert "GenerateDataKey" not in run.err


def test_the_python_api(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**shell.sandbox.env(), "XDG_STATE_HOME": str(shell.state)}.items():
        monkeypatch.setenv(name, value)
    plan = fcsse.plan(CACHE, BUCKET, operations="read")
    assert fcsse.link(CACHE, BUCKET, operations="read", expect=plan.digest).changed
    assert shell.works(CACHE, BUCKET) == (True, False)
    assert not fcsse.link(CACHE, BUCKET, operations="read").changed
    [read], [full] = fcsse.check(CACHE, BUCKET, operations="read"), fcsse.check(CACHE, BUCKET)
    assert (read.exit_code, full.exit_code) == (0, 3)
    [part] = fcsse.statement(CACHE, BUCKET, operations="read").parts
    assert "ReEncrypt" not in str(part.document())
    with pytest.raises(fcsse.UsageError, match="operations='write'"):
        fcsse.link(CACHE, BUCKET, operations="write")  # type: ignore[arg-type]


def test_an_audit_reports_it_and_its_fix_does_not_widen_it(shell: Shell) -> None:
    shell.linked(CACHE, BUCKET, *READ)
    found = shell.run("audit", "-o", "json").json
    [one] = [finding for finding in found["findings"] if finding["code"] == "read-only"]
    assert (one["severity"], one["fix"]) == ("info", "no")
    assert "as linked" in one["title"]
    missing = [finding for finding in found["findings"] if finding["code"] == "access-missing"]
    assert {"cache": CACHE, "bucket": BUCKET} not in [pair for finding in missing for pair in finding["pairs"]]
    assert shell.run("audit", "--fix", "--yes").code in (0, 3, 4, 5)
    assert shell.works(CACHE, BUCKET) == (True, False)


def test_a_full_link_says_so_where_every_cache_could_only_read(shell: Shell) -> None:
    assert shell.run("link", "--every-cache", "--bucket", BUCKET, *READ).code == 0
    one = " ".join(shell.link(CACHE, BUCKET, "--dry-run").out.split())
    assert f"{CACHE} could only read until now" in one
    assert "which is for every cache, is for reading only; it is not changed" in one
    every = " ".join(shell.run("link", "--every-cache", "--bucket", BUCKET, "--dry-run").out.split())
    assert "every cache could only read until now" in every


def test_a_full_link_of_every_cache_names_those_that_could_only_read(shell: Shell) -> None:
    shell.linked(CACHE, BUCKET, *READ)
    every = " ".join(shell.run("link", "--every-cache", "--bucket", BUCKET).out.split())
    assert f"lets {CACHE} read only, and one for every cache lets them write as well" in every
    assert "could only read until now" not in every
    assert shell.works(CACHE, BUCKET) == (True, True)
