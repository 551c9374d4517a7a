"""``fcsse backups`` and ``fcsse restore``: what was there before can be seen and put back, and nothing of others is lost."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from fcsse.apply import policy_writer
from fcsse.apply.confirm import Confirmer
from fcsse.commands.restore import RestoreChange
from fcsse.errors import PolicyFullError, UnconfirmedError
from tests.cli.documented_statements import OWN
from tests.cli.shell import WRITES, Shell

FOREIGN = {
    "Sid": "Foreign",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"},
    "Action": "kms:ListAliases",
    "Resource": "*",
}


@pytest.fixture
def first(shell: Shell) -> str:
    """The id of the copy from before fc-0123 was linked to data."""
    shell.sandbox.switches.normalise = False
    shell.linked("fc-0123", "data")
    return str(shell.backups[0]["id"])


def test_the_copy_is_exact_private_and_listed(shell: Shell) -> None:
    before = shell.sandbox.policy_text("data")
    run = shell.linked("fc-0123", "data")
    [path] = shell.backup_files
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    copy = shell.backups[0]
    assert copy["policy"] == before
    assert f"fcsse restore {copy['id']}" in run.out
    listed = shell.run("backups")
    assert listed.code == 0
    assert copy["id"] in listed.out
    assert "link fc-0123 to data" in listed.out
    assert shell.run("backups", copy["id"]).out == before + "\n"
    assert shell.run("backups", "-o", "json").json["backups"][0]["id"] == copy["id"]
    assert not listed.operations, "listing asks AWS nothing"


def test_restoring_puts_the_text_back_and_saves_what_was_there(shell: Shell, first: str) -> None:
    linked = shell.sandbox.policy_text("data")
    run = shell.run("restore", first)
    assert run.code == 0, run.words
    assert shell.sandbox.policy_text("data") == shell.backups[0]["policy"]
    assert shell.works("fc-0123", "data") == (False, False)
    assert shell.backups[-1]["policy"] == linked
    assert shell.run("restore", shell.backups[-1]["id"]).code == 0
    assert shell.sandbox.policy_text("data") == linked


def test_a_dry_run_writes_nothing_and_its_digest_binds(shell: Shell, first: str) -> None:
    dry = shell.run("restore", first, "--dry-run", "--exit-code")
    assert dry.code == 3
    assert not WRITES.intersection(dry.operations)
    assert any(line.startswith("-") and "FSx" in line for line in dry.diff)
    wrong = shell.run("restore", first, "--expect", "0" * 16)
    assert wrong.code == 7
    assert not WRITES.intersection(wrong.operations)
    assert shell.run("restore", first, "--expect", dry.digest).code == 0


def test_restoring_what_is_there_has_nothing_to_do(shell: Shell, first: str) -> None:
    assert shell.run("restore", first).code == 0
    again = shell.run("restore", first)
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert not WRITES.intersection(again.operations)


def test_what_others_did_since_is_shown_and_not_lost_by_yes_alone(shell: Shell, first: str) -> None:
    shell.append("data", FOREIGN, verbatim=True)
    refused = shell.run("restore", first, "--yes")
    assert refused.code == 7
    assert "'Foreign'" in refused.words
    assert "--discard-others" in refused.err
    assert not WRITES.intersection(refused.operations)
    assert shell.run("restore", first, "--yes", "--discard-others").code == 0
    assert shell.sandbox.policy_text("data") == shell.backups[0]["policy"]


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_dry_run_ends_as_the_run_would(shell: Shell, first: str, form: str) -> None:
    shell.append("data", FOREIGN, verbatim=True)
    dry = shell.run("restore", first, "--dry-run", "-o", form)
    real = shell.run("restore", first, "--yes", "-o", form)
    assert (dry.code, real.code) == (7, 7)
    assert f"To lose them all the same: fcsse restore {first} --discard-others\n" in dry.err
    assert "Nothing was written to AWS." in real.err.splitlines()
    for run in (dry, real):
        diff = run.json["diff"] if form == "json" else run.out.splitlines()
        assert [line for line in diff if line.startswith("-") and line.endswith('"Sid": "Foreign",')]
        if form == "json":
            assert (run.json["exit_code"], run.json["changed"], run.json["error"]["code"]) == (7, False, "changed")
    assert shell.run("restore", first, "--dry-run", "--discard-others").code == 0


def test_what_else_is_undone_is_said_and_not_blamed_on_others(shell: Shell, first: str) -> None:
    shell.linked("fc-0456", "data")
    assert shell.unlink("fc-0456", "data").code == 0
    shell.linked("fs-0abc", "data")
    assert shell.run("restore", first, "--dry-run").code == 7
    dry = shell.run("restore", first, "--dry-run", "--discard-others")
    assert dry.code == 0
    said = "Warning: It also undoes: link fs-0abc to data; unlink fc-0456 from data; link fc-0456 to data."
    assert said in dry.out.splitlines()
    assert "Others" not in dry.out
    shell.append("data", FOREIGN, verbatim=True)
    mixed = shell.run("restore", first, "--dry-run")
    others = next(line for line in mixed.out.splitlines() if "Others changed" in line)
    assert others.endswith("this would be lost: statement 'Foreign' is new or changed.")
    assert "link fs-0abc to data" in mixed.out
    document = shell.run("restore", first, "--dry-run", "-o", "json").json
    assert document["undone"][0] == "link fs-0abc to data"
    newest = shell.backups[-1]["id"]
    assert "also undoes" not in shell.run("restore", newest, "--dry-run", "--discard-others").out


@pytest.mark.parametrize("joins", [True, False])
def test_links_that_others_made_since_are_told_beside_what_else_would_be_lost(
    shell: Shell, first: str, joins: bool
) -> None:
    """A link from another machine: no copy here tells of it."""
    shell.append("data", FOREIGN, verbatim=True)
    more = () if joins else ("--context", "both")
    assert shell.link("fc-0456", "data", *more, env={"XDG_STATE_HOME": str(shell.state / "other")}).code == 0
    refused = shell.run("restore", first, "--dry-run")
    lost = "statement 'Foreign' is new or changed; links were made or taken back since, as the difference shows"
    assert (refused.code, lost in refused.out, lost in refused.err) == (7, True, True)


def test_a_change_that_kms_refused_is_not_said_to_be_undone(shell: Shell, first: str) -> None:
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", times=1)
    assert shell.link("fc-0456", "data").code == 5
    assert "also undoes" not in shell.run("restore", first, "--dry-run").out


@pytest.mark.parametrize("how", ["--dry-run", "--yes"])
def test_markdown_shows_what_is_put_back_and_the_difference(shell: Shell, first: str, how: str) -> None:
    run = shell.run("restore", first, how, "-o", "markdown")
    assert run.code == 0
    assert "| backup | saved | before | key |" in run.out
    assert f"| `{first}` |" in run.out
    assert f"`{shell.sandbox.key('data').arn}`" in run.out
    assert "```diff\n--- key policy (now)" in run.out
    assert ("Would restore" in run.out) is (how == "--dry-run")


def test_the_end_says_what_was_done_or_would_be_and_quiet_no_more(shell: Shell, first: str) -> None:
    key = shell.sandbox.key("data").arn
    dry = shell.run("restore", first, "--dry-run", "-q")
    assert dry.out.splitlines()[0] == f"Would restore the policy of key {key}."
    done = shell.run("restore", first, "-q")
    assert done.out.splitlines()[0] == f"Restored the policy of key {key}."
    assert shell.run("restore", first, "-q").out.splitlines() == [
        "Nothing to do: the key policy says the same as the backup."
    ]


@pytest.mark.parametrize("command", ["restore", "backups"])
def test_an_empty_id_is_a_slip(shell: Shell, first: str, command: str) -> None:
    run = shell.run(command, "")
    assert (run.code, run.operations) == (2, ())
    assert "fcsse backups" in run.err


def test_backups_of_a_key_without_any_are_told_from_none_at_all(shell: Shell, first: str) -> None:
    other = shell.sandbox.key("data-bucket-keys").arn
    run = shell.run("backups", "--key", other)
    assert run.code == 0
    assert f"No backups of key {other}" in run.out
    assert "1 backup of other keys" in run.out


def test_backups_are_a_table_in_markdown(shell: Shell, first: str) -> None:
    assert shell.unlink("fc-0123", "data").code == 0
    run = shell.run("backups", "-o", "markdown")
    assert "| id | saved (UTC) | key | before |" in run.out
    assert f"`{first}`" in run.out
    assert run.out.index("unlink fc-0123 from data |") < run.out.index("link fc-0123 to data |")


def test_later_links_by_fcsse_are_not_others_but_asked_about_as_well(shell: Shell, first: str) -> None:
    shell.linked("fc-0456", "data")
    shell.linked("fs-0abc", "data")
    refused = shell.run("restore", first, "--yes")
    assert refused.code == 7
    assert "fcsse changed the policy since" in refused.err
    assert "others changed" not in refused.err
    assert shell.run("restore", first, "--yes", "--discard-others").code == 0


def test_a_change_of_others_between_two_links_is_noticed(shell: Shell, first: str) -> None:
    shell.append("data", FOREIGN, verbatim=True)
    shell.linked("fc-0456", "data")
    assert shell.run("restore", first, "--yes").code == 7


def test_a_change_after_the_difference_was_shown_is_not_overwritten(shell: Shell, first: str) -> None:
    shell.sandbox.second_writer("data", statement=FOREIGN, on="kms:GetKeyPolicy", nth=1, times=1, after=True)
    run = shell.run("restore", first, "--yes")
    assert run.code == 7, run.words
    assert "Foreign" in [statement.get("Sid") for statement in shell.statements("data")]


def test_a_copy_with_a_principal_that_is_gone_is_refused_by_name(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.linked("fc-0456", "data")
    shell.sandbox.delete_cache("fc-0123", role=True)
    shell.unlink("fc-0123", "data")
    run = shell.run("restore", shell.backups[-1]["id"], "--discard-others")
    assert run.code in (0, 4)
    if run.code == 4:
        assert "AROA" in run.err


@pytest.mark.parametrize("words", [("restore", "19990101T000000000Z-aaaaaaaa-bbbbbb"), ("backups", "1999")])
def test_an_unknown_id_is_6(shell: Shell, words: tuple[str, ...]) -> None:
    run = shell.run(*words)
    assert run.code == 6
    assert "fcsse backups" in run.err


def test_a_damaged_copy_is_said_to_be_one_and_never_put(shell: Shell, first: str) -> None:
    [path] = [Path(one) for one in shell.backup_files]
    path.write_text(path.read_text(encoding="utf-8").replace("kms:*", "kms:X"), encoding="utf-8")
    assert "damaged" in shell.run("backups").err
    run = shell.run("restore", first)
    assert run.code == 6
    assert "damaged" in run.err
    assert not WRITES.intersection(run.operations)


def edited(shell: Shell) -> str:
    """The text of the saved policy, after somebody changed a Sid in the backup's file."""
    [path] = [Path(one) for one in shell.backup_files]
    path.write_text(path.read_text(encoding="utf-8").replace("Enable IAM User Permissions", "Edited"), encoding="utf-8")
    return str(json.loads(path.read_text(encoding="utf-8"))["policy"])


def test_an_edited_backup_is_refused_and_the_refusal_says_what_accepts_it(shell: Shell, first: str) -> None:
    edited(shell)
    for words in (("restore", first), ("restore", first, "--dry-run"), ("restore", first, "--discard-others")):
        run = shell.run(*words)
        assert run.code == 6
        assert "edited after it was saved" in run.err
        assert f"fcsse restore {first} --accept-edited --dry-run\n" in run.err
        assert not WRITES.intersection(run.operations)
    refused = shell.run("restore", first, "-o", "json")
    assert "edited" in refused.json["error"]["message"]
    listed = shell.run("backups")
    assert first not in listed.out
    assert "cannot be restored" not in listed.err


def test_an_edited_backup_is_restored_where_that_is_said(shell: Shell, first: str) -> None:
    text = edited(shell)
    dry = shell.run("restore", first, "--accept-edited", "--dry-run")
    assert dry.code == 0, dry.words
    assert "was edited after it was saved" in dry.out
    assert "Edited" in dry.out
    assert "passed over" not in dry.err
    assert not WRITES.intersection(dry.operations)
    as_json = shell.run("restore", first, "--accept-edited", "--dry-run", "-o", "json").json
    assert as_json["backup_edited"] is True
    done = shell.run("restore", first, "--accept-edited", "--expect", as_json["digest"])
    assert done.code == 0, done.words
    assert json.loads(shell.sandbox.policy_text("data")) == json.loads(text)


def test_nor_is_what_others_wrote_since_an_edited_backup_lost_unasked(shell: Shell, first: str) -> None:
    edited(shell)
    shell.append("data", FOREIGN)
    shell.linked("fs-0abc", "data")
    before = shell.sandbox.policy_text("data")
    run = shell.run("restore", first, "--accept-edited")
    assert run.code == 7, run.words
    assert "statement 'Foreign' is new or changed" in run.err
    assert "by fcsse: link fs-0abc to data" in run.err
    assert f"fcsse restore {first} --discard-others --accept-edited" in run.err
    assert shell.sandbox.policy_text("data") == before


def test_the_digest_of_an_edited_backup_is_another(shell: Shell, first: str) -> None:
    digest = shell.run("restore", first, "--dry-run").digest
    edited(shell)
    run = shell.run("restore", first, "--accept-edited", "--expect", digest)
    assert run.code == 7
    assert not WRITES.intersection(run.operations)


def test_lacking_permission_is_5_and_names_it(shell: Shell, first: str) -> None:
    somebody = shell.user(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:GetKeyPolicy", "Resource": "*"}]}
    )
    run = shell.run("restore", first, credentials=somebody)
    assert run.code == 5
    assert "kms:PutKeyPolicy" in run.err


def written_at_the_same_moment(shell: Shell, **members: str) -> None:
    """Somebody writes right after our last reading; another reading, sent before the put, shows it when the put is done.

    ``members``: what else the writer changes.
    """

    def write(_: object) -> None:
        policy = shell.sandbox.policy("data")
        shell.sandbox.put_policy("data", {**policy, **members, "Statement": [*policy["Statement"], FOREIGN]})

    shell.patch.setattr(policy_writer, "GLANCE", 0.06)
    shell.sandbox.fault("kms:GetKeyPolicy", nth=2, after=True, hook=write)
    shell.hold_readings(3, after=True)


def test_what_its_write_ran_over_is_given_back(shell: Shell, first: str) -> None:
    written_at_the_same_moment(shell)
    run = shell.run("restore", first, "--yes")
    assert run.code == 0, run.words
    assert "what that write changed is put back" in run.err
    saved = json.loads(shell.backups[0]["policy"])["Statement"]
    assert shell.statements("data") == [*saved, FOREIGN]
    assert shell.works("fc-0123", "data") == (False, False)


def test_a_version_that_its_write_ran_over_is_named(shell: Shell, first: str) -> None:
    written_at_the_same_moment(shell, Version="2008-10-17")
    run = shell.run("restore", first, "--yes")
    assert run.code == 7, run.words
    assert "was lost: statement 'Foreign', Version 2008-10-17; the change itself was written" in run.words


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_its_write_ran_over_and_cannot_be_given_back_is_not_called_replaced(
    shell: Shell, first: str, form: str
) -> None:
    """As where the policy has no room for both."""

    def refuse(*_: object) -> RestoreChange:
        text = "no room"
        raise PolicyFullError(text)

    written_at_the_same_moment(shell)
    shell.patch.setattr(RestoreChange, "giving_back", refuse)
    run = shell.run("restore", first, "--yes", "-o", form)
    assert run.code == 7, run.words
    said = run.err if form == "text" else run.json["error"]["message"]
    said = " ".join(said.split())
    assert "was lost: statement 'Foreign'; the change itself was written" in said
    assert "replaced it" not in said
    assert '"Foreign"' in str(shell.backups[-1]["policy"])


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_a_restore_that_fails_on_the_way_says_what_it_took_back(shell: Shell, first: str, form: str) -> None:
    def fail(*_: object) -> bool:
        text = "KMS took it, but still shows the old one"
        raise UnconfirmedError(text)

    shell.patch.setattr(Confirmer, "read_back", fail)
    run = shell.run("restore", first, "--yes", "-o", form)
    assert run.code == 8, run.words
    gone = '-    "Sid" : "Allow FSx'
    if form == "json":
        assert any(row.startswith(gone) for row in run.json["diff"])
        assert (run.json["changed"], run.json["error"]["code"]) == (True, "unconfirmed")
    else:
        assert gone in run.out
    assert "Written: " in run.err


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_what_somebody_else_restored_meanwhile_is_not_said_to_be_done(shell: Shell, first: str, form: str) -> None:
    before = str(shell.backups[0]["policy"])
    shell.sandbox.fault("kms:GetKeyPolicy", after=True, hook=lambda _: shell.sandbox.put_policy("data", before))
    run = shell.run("restore", first, "--yes", "-o", form)
    assert (run.code, run.count("kms:PutKeyPolicy")) == (0, 0), run.words
    if form == "json":
        assert (run.json["changed"], run.json["backup"]) == (False, None)
    else:
        assert "Nothing was written: somebody else restored the policy" in run.out
        assert "Restored the policy" not in run.out
