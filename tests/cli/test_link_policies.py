"""Key policies as they are found: odd, full, refused, locked, and poisoned by roles that are gone."""

from __future__ import annotations

import json

import pytest

from fcsse.sandbox import policies
from tests.cli.documented_statements import OWN, PAGE_SID, documented, role, without_sid
from tests.cli.shell import WRITES, Shell

LIMIT = 32_768


@pytest.mark.parametrize("text", ["no JSON", "{", "[]", '{"Version": "2012-10-17"}', '{"Statement": [1]}'])
def test_what_is_no_policy_document_is_not_touched(shell: Shell, text: str) -> None:
    policy = shell.sandbox.key("data").policy
    real = policy.value
    policy.set(text)
    policy.set(real, reads=1000)
    run = shell.link("fc-0123", "data")
    assert run.code == 4, run.words
    assert f"reading the policy of key {shell.sandbox.key('data').arn}" in run.err
    assert not WRITES.intersection(run.operations)


def test_an_answer_without_a_policy_is_not_that_of_aws(shell: Shell) -> None:
    """KMS API reference, GetKeyPolicy: a key always has a policy, of at least one character."""
    policy = shell.sandbox.key("data").policy
    real = policy.value
    policy.set("")
    policy.set(real, reads=1000)
    run = shell.link("fc-0123", "data")
    assert run.code == 1, run.words
    assert f"reading the policy of key {shell.sandbox.key('data').arn}: not AWS's answer" in run.err
    assert not WRITES.intersection(run.operations)


def test_where_the_layout_does_not_fit_the_document_is_sent_compact(shell: Shell) -> None:
    """KMS developer guide, "Resource quotas": a key policy holds 32 KB."""
    before = shell.statements("data-long")
    run = shell.linked("fc-0123", "data-long")
    [sent] = shell.sent()
    assert len(sent.encode()) <= LIMIT
    assert sent == json.dumps(json.loads(sent), separators=(",", ":"))
    assert "without white space" in run.out
    assert shell.statements("data-long")[:-1] == before
    assert without_sid(shell.last("data-long")) == without_sid(documented("fc-0123", "data-long"))


def test_where_nothing_fits_any_more_the_grant_is_offered_and_works(shell: Shell) -> None:
    run = shell.link("fc-0123", "data-full")
    assert run.code == 4
    assert "32,768" in run.err
    assert "--via grant" in run.err
    assert not WRITES.intersection(run.operations)
    shell.linked("fc-0123", "data-full", "--via", "grant")
    assert shell.works("fc-0123", "data-full") == (True, True)


@pytest.mark.nightly
def test_two_hundred_caches_fit_one_key_and_bucket(shell: Shell) -> None:
    caches = [f"fc-{number:017x}" for number in range(200)]
    for cache in caches:
        shell.sandbox.add_cache(cache)
    words = [word for cache in caches for word in ("--cache", cache)]
    run = shell.run("link", *words, "--bucket", "data")
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 1
    assert len(shell.sent()[0].encode()) <= LIMIT
    for cache in (caches[0], caches[-1]):
        assert shell.works(cache, "data") == (True, True)


REFUSED = {"Sid": "Left over", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Resource": "*"}


def test_a_statement_that_kms_refuses_is_named_before_and_after(shell: Shell) -> None:
    """Since August 2025 a statement without Action makes PutKeyPolicy fail."""
    shell.append("data", REFUSED)
    text = shell.sandbox.policy_text("data")
    dry = shell.link("fc-0123", "data", "--dry-run")
    assert "Warning: Statement 'Left over' was there before, and KMS may refuse the policy because of it" in dry.out
    run = shell.link("fc-0123", "data")
    assert run.code == 4, run.words
    assert "Left over" in run.words
    assert shell.sandbox.policy_text("data") == text


def test_a_statement_that_kms_may_refuse_does_not_hinder_where_it_takes_it(shell: Shell) -> None:
    """The service model still says that such a document succeeds."""
    shell.append("data", {**REFUSED, "Action": "kms:DescribeKey", "Resource": "arn:aws:kms:eu-west-1:*:key/*"})
    shell.sandbox.switches.elements_required = False
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data") == (True, True)


def test_dead_principals_of_others_stop_the_link_and_are_named(shell: Shell) -> None:
    text = shell.sandbox.policy_text("data-dead")
    run = shell.link("fc-0123", "data-dead")
    assert run.code == 4
    assert "AROA0000000FORMERROLE in statement 'Allow a former role'" in run.err
    assert "'Allow the former cache'" in run.err
    assert "--prune-orphans" in run.err
    assert run.count("kms:PutKeyPolicy") == 0
    assert shell.sandbox.policy_text("data-dead") == text


def test_pruning_takes_them_out_in_the_same_change_and_shows_each(shell: Shell) -> None:
    dry = shell.link("fc-0123", "data-dead", "--prune-orphans", "--dry-run")
    removed = [line for line in dry.diff if line.startswith("-")]
    assert any("AROA0000000FORMERROLE" in line for line in removed)
    run = shell.linked("fc-0123", "data-dead", "--prune-orphans")
    assert run.count("kms:PutKeyPolicy") == 1
    assert "AROA" not in shell.sandbox.policy_text("data-dead")
    assert shell.statements("data-dead")[0]["Sid"] == "Enable IAM User Permissions"
    assert shell.works("fc-0123", "data-dead") == (True, True)


def test_pruning_leaves_the_living_alone(shell: Shell) -> None:
    living = [f"arn:aws:iam::{OWN}:root", f"arn:aws:iam::{OWN}:role/KeyUser", "AROA0000000FORMERROLE", "*"]
    mixed = {**policies.allow("Mixed", "x", "kms:DescribeKey"), "Principal": {"AWS": living}}
    service = policies.allow("Service", {"Service": "cloudtrail.amazonaws.com"}, "kms:Decrypt")
    shell.append("data", mixed, service)
    shell.linked("fc-0123", "data", "--prune-orphans")
    kept = {statement["Sid"]: statement for statement in shell.statements("data")}
    assert set(kept["Mixed"]["Principal"]["AWS"]) == set(living) - {"AROA0000000FORMERROLE"}
    assert kept["Service"]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}


def test_a_dead_role_in_a_statement_of_ours_goes_without_asking(shell: Shell) -> None:
    """IAM user guide: the ARN of a deleted role turns into its unique id, and KMS refuses it from then on."""
    shell.linked("fc-0123", "data")
    shell.linked("fc-0456", "data")
    shell.sandbox.delete_cache("fc-0456")
    assert "AROA" in shell.sandbox.policy_text("data")
    run = shell.linked("fs-0abc", "data")
    assert "AROA" not in shell.sandbox.policy_text("data")
    assert "no longer exists" in run.out
    assert set(shell.last("data")["Principal"]["AWS"]) == {role("fc-0123"), role("fs-0abc")}
    assert shell.works("fc-0123", "data") == (True, True)


def test_a_cache_made_anew_under_its_old_id_is_linked_again(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.sandbox.delete_cache("fc-0123")
    shell.sandbox.add_cache("fc-0123", ["data"])
    assert shell.works("fc-0123", "data") == (False, False)
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data") == (True, True)
    assert "AROA" not in shell.sandbox.policy_text("data")


def test_kms_s_lockout_check_is_not_bypassed(shell: Shell) -> None:
    """KMS API reference, PutKeyPolicy: BypassPolicyLockoutSafetyCheck is for nobody in a hurry."""
    only = policies.document(
        policies.allow("Read it", {"AWS": f"arn:aws:iam::{OWN}:user/admin"}, ["kms:Get*", "kms:D*"])
    )
    put = policies.allow(
        "Write it", {"AWS": f"arn:aws:iam::{OWN}:user/admin"}, "kms:PutKeyPolicy", {"Bool": {"kms:made-up": "false"}}
    )
    only["Statement"].append(put)
    shell.sandbox.put_policy("data", only)
    shell.sandbox.fault(
        "kms:PutKeyPolicy",
        "MalformedPolicyDocumentException",
        message="The new key policy will not allow you to update the key policy in the future.",
    )
    run = shell.link("fc-0123", "data")
    assert run.code == 4, run.words
    assert "lockout" in run.err
    assert run.count("kms:PutKeyPolicy") == 1
    [put_call] = shell.sandbox.requests.of("kms:PutKeyPolicy")
    assert "BypassPolicyLockoutSafetyCheck" not in put_call.parameters


def test_a_key_that_only_its_administrator_may_manage_says_what_is_missing(shell: Shell) -> None:
    run = shell.link("fc-0123", "data-locked")
    assert run.code == 5
    assert "kms:" in run.err
    assert shell.sandbox.key("data-locked").arn in run.err
    administrator = f"arn:aws:iam::{OWN}:role/KeyAdministrator"
    credentials = shell.sandbox.assume_role(administrator)
    found = shell.link("fc-0123", "data-locked", credentials=credentials)
    assert found.code == 5
    assert "iam:GetRole" in found.err


@pytest.mark.parametrize("bucket", ["data", "data-alias", "data-alias-arn", "data-key-id"])
def test_no_other_statement_changes(shell: Shell, bucket: str) -> None:
    before = shell.statements(bucket)
    shell.linked("fc-0123", bucket)
    assert json.loads(shell.sent()[0])["Statement"][:-1] == before


def test_no_version_is_added_to_a_policy_without_one(shell: Shell) -> None:
    assert "Version" not in shell.sandbox.policy("data-key-id")
    shell.linked("fc-0123", "data-key-id")
    sent = json.loads(shell.sent()[0])
    assert "Version" not in sent
    assert sent["Id"] == "oddly laid out"


def test_a_sid_with_characters_beyond_latin_1_is_kept_to_the_letter(shell: Shell) -> None:
    """KMS takes U+0020 to U+00FF; what is there stays as it is."""
    shell.append("data", {**documented("fc-0456", "data"), "Sid": 'Zugriff für "März" \\ ÿ'}, verbatim=True)
    shell.linked("fc-0123", "data-bucket-keys")
    shell.linked("fs-0abc", "data")
    assert shell.last("data")["Sid"] == 'Zugriff für "März" \\ ÿ'


def test_the_page_s_sid_is_not_used_twice(shell: Shell) -> None:
    shell.append("data", documented("fc-0456", "data-elsewhere"))
    shell.linked("fc-0123", "data")
    assert [statement["Sid"] for statement in shell.statements("data")].count(PAGE_SID) == 1
