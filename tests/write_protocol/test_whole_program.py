"""The simulation of the whole program in short; as a whole it is ``scripts/campaigns simulate``."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from fcsse import masking
from fcsse.apply import grants
from fcsse.apply.backup import BackupFolder
from fcsse.apply.confirm import Confirmer
from fcsse.apply.copies import Copies
from fcsse.apply.give_back import GivenBack
from fcsse.apply.policy_writer import PolicyWriter, Written
from fcsse.apply.send import Sender, Sent
from fcsse.apply.write_log import WriteLog
from fcsse.cli import audit, link, restore
from fcsse.cli import settle as cli_settle
from fcsse.cli.output import plan, plan_documents
from fcsse.commands import restore as restoring
from fcsse.commands import settle
from fcsse.errors import UnconfirmedError
from fcsse.planning import pairs
from fcsse.planning.changes import GrantAddition, PolicyChange
from fcsse.planning.wanted_grant import WantedGrant
from fcsse.policy.document import PolicyDocument
from fcsse.policy.statement_edits import with_statements
from scripts.campaigning.simulation.play import Stage, stage
from scripts.campaigning.simulation.writers import statement
from tests.thorough import examples

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the locks are those of POSIX")


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.mark.parametrize("first", range(0, examples(2000, few=40), 20))
def test_no_seed_breaks_an_invariant(here: Stage, first: int) -> None:
    assert [(seed, broken) for seed in range(first, first + 20) if (broken := here.play(seed).broken)] == []


OLDER = (
    *(20, 243, 437, 629, 664, 738, 889, 1030, 2108, 2364, 2473, 2679, 2689, 10215, 10395, 10883, 11663, 16322, 16514),
    *(16646, 20000168, 20304901, 20306477, 20307281, 20315449),
)
NEWER = (20320889, 20321538, 20322342, 20705623, 20819891, 24501531, 24511493)


@pytest.mark.parametrize("seed", [*(pytest.param(one, marks=pytest.mark.nightly) for one in OLDER), *NEWER])
def test_seeds_that_once_broke_one(here: Stage, seed: int) -> None:
    assert here.play(seed, basic=True).broken == []


@pytest.mark.parametrize(
    "seed",
    [
        614,
        26000719,
        *(pytest.param(one, marks=pytest.mark.nightly) for one in (882, 1024, 1290, 2371, 26001172, 26100387)),
    ],
)
def test_seeds_with_settle_restore_and_audit_that_once_broke_one(here: Stage, seed: int) -> None:
    assert here.play(seed).broken == []


def test_a_seed_replays_exactly(here: Stage) -> None:
    seeds = (3, 664, *range(36, 45))
    first, second = ([here.play(seed).trace for seed in seeds] for _ in range(2))
    assert first == second
    assert "PutKeyPolicy" in first[1]


def broken(here: Stage, seeds: Iterable[int]) -> str:
    return "\n".join(one for seed in seeds for one in here.play(seed, basic=True).broken)


def broken_by_more(here: Stage, seed: int) -> str:
    """With settle, restore and audit."""
    return "\n".join(here.play(seed).broken)


def test_a_write_without_a_backup_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Copies, "save", lambda *_: None)
    assert "a write without a backup" in broken(here, range(8))


def test_an_untrue_word_about_writes_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WriteLog, "told", lambda _: "Nothing was written to AWS.")
    assert "says that nothing was written, and something was" in broken(here, (20, 437, 664))


def test_a_lost_statement_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Sender.send

    def careless(sender: Sender, change: PolicyChange, *more: Any) -> Sent:
        document = json.loads(change.after.text)
        found = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        document["Statement"] = [one for one in found if not str(one.get("Sid")).startswith(("old ", "w"))]
        return send(sender, replace(change, after=PolicyDocument.parse(json.dumps(document))), *more)

    monkeypatch.setattr(Sender, "send", careless)
    found = broken(here, range(8))
    assert "removed old 0, which it had read last" in found
    assert "a defect" not in found


def test_a_write_of_others_that_was_overwritten_and_not_given_back_is_seen(
    here: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PolicyWriter, "_has_lost_update", lambda _: False)
    assert "did not put it back" in broken(here, (459,))


def test_a_secret_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "mask", lambda text, _=(): text)
    assert "prints a secret" in broken(here, (24,))


def test_access_that_is_not_there_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sender, "send", lambda *_: Sent.TAKEN)
    monkeypatch.setattr(Confirmer, "read_back", lambda *_: True)
    monkeypatch.setattr(Confirmer, "holds_at_recheck", lambda *_: True)
    found = broken(here, (0, 3))
    assert "link ended with 0, and the access was never there" in found
    assert "unlink ended with 0, and the access was there all the time" in found


def test_a_link_that_others_overwrote_at_once_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Confirmer, "holds_at_recheck", lambda *_: True)
    assert "had overwritten it after" in broken(here, (9, 11))


def test_a_run_without_an_end_is_seen_also_in_the_clean_run(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(confirmer: Confirmer, *_: object) -> bool:
        while True:
            confirmer._run.clock.sleep(1)

    monkeypatch.setattr(Confirmer, "read_back", forever)
    assert broken(here, (0,)).startswith("HangError: no end")
    assert re.search("clean run 1 of .*: HangError: no end", broken(here, (1,)))


def test_a_second_run_that_writes_again_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    create, names = grants._create, itertools.count()

    def another(change: GrantAddition, *given: Any, **more: Any) -> str:
        return create(replace(change, name=f"{change.name}-{next(names)}"), *given, **more)

    monkeypatch.setattr(WantedGrant, "is_met_by", lambda *_: False)
    monkeypatch.setattr(grants, "_create", another)
    assert "wrote again" in broken(here, (45,))


def test_a_defect_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_save(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(BackupFolder, "save", broken_save)
    assert "a defect" in broken(here, range(4))


def test_an_exit_code_outside_of_the_contract_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnconfirmedError, "exit_code", 99)
    assert "ended with 99" in broken(here, (9, 23))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("Linking: {}", "its output is no JSON document"), ('{"changed": false}', "its document has no schema")],
)
def test_output_that_is_no_document_is_seen(
    here: Stage, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    monkeypatch.setattr(link, "to_text", lambda _: text)
    assert sentence in broken(here, range(12))


def test_a_dry_run_that_writes_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = link._Run.all
    monkeypatch.setattr(link._Run, "all", lambda one: run(one._replace(options=one.options._replace(dry_run=False))))
    assert "a dry run wrote" in broken(here, (19, 26))


def test_a_grant_that_is_made_twice_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    create = grants._create

    def twice(change: GrantAddition, *given: Any, **more: Any) -> str:
        create(change, *given, **more)
        return create(replace(change, subset=(("aws:s3:arn", "arn:aws:s3:::far"),)), *given, **more)

    monkeypatch.setattr(grants, "_create", twice)
    assert "2 grants fcsse:" in broken(here, (15, 46, 58))


def test_a_grant_of_somebody_else_that_is_ended_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "ends", lambda *_: True)
    assert "that somebody else made is gone" in broken(here, (2944,))


def test_what_settle_does_not_give_back_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "give_back", lambda document, *_: GivenBack(document, ()))
    assert "ended with 0, and w1 1 is missing, which fcsse 0 overwrote" in broken_by_more(here, 1244)


def test_what_settle_gives_back_that_others_took_out_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(document: PolicyDocument, *_: object) -> GivenBack:
        return GivenBack(with_statements(document, set(), [statement("w0 0")]), ())

    monkeypatch.setattr(settle, "give_back", too_much)
    assert "brought back w0 0, which w1 had taken out" in broken_by_more(here, 57)


def test_a_document_that_calls_another_end_settled_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_settle, "code_of", lambda *_, **__: 0)
    assert "ended with 0, and its document says settled: False" in broken_by_more(here, 8)


def test_a_document_with_another_exit_code_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "to_text", lambda _: '{"schema": "fcsse/2", "exit_code": 99}')
    assert "and its document says 99" in broken(here, range(12))


def test_what_a_restore_takes_back_unasked_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "_refusal", lambda *_, **__: None)
    assert "took back w0 5, which came later, without --discard-others" in broken_by_more(here, 135)


def test_what_a_restore_takes_back_and_does_not_show_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "_restoration", lambda _: [])
    monkeypatch.setattr(restore, "restore_document", lambda *_, code, **__: {"schema": "x", "exit_code": code})
    monkeypatch.setattr(restore, "restore_markdown", lambda *_, **__: "")
    assert "took back w0 2, and did not show it" in broken_by_more(here, 13)


def test_a_restore_that_did_nothing_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "apply_restore", lambda *_, **__: Written("written", None, ()))
    assert "ended with 0, and the key never had that policy" in broken_by_more(here, 178)


def test_an_edited_copy_that_is_restored_unasked_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    find = BackupFolder.find
    monkeypatch.setattr(BackupFolder, "find", lambda folder, name, **_: find(folder, name, accept_edited=True))
    assert "restored a copy that was edited, without --accept-edited" in broken_by_more(here, 322)


def test_an_audit_that_calls_access_there_that_is_not_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "standing", lambda *_: 0)
    monkeypatch.setattr(Sender, "send", lambda *_: Sent.TAKEN)
    monkeypatch.setattr(Confirmer, "read_back", lambda *_: True)
    monkeypatch.setattr(Confirmer, "holds_at_recheck", lambda *_: True)
    assert "audit ended with 0, and the access was never there" in broken_by_more(here, 49)


def test_an_audit_whose_dry_run_writes_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    options = link.RunOptions
    monkeypatch.setattr(audit, "RunOptions", lambda *given: options(*given)._replace(dry_run=False))
    assert "a dry run wrote" in broken_by_more(here, 105)


def test_pruning_that_is_not_shown_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "diff_lines", lambda *_: [])
    monkeypatch.setattr(plan_documents, "policy_diff", lambda *_: [])
    assert "took AROADEADDEADDEADDEAD1 out and did not show it" in broken_by_more(here, 3526)
