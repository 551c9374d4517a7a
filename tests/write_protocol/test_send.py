"""One PutKeyPolicy on its way: refusals, lost answers, and the copies that say what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fcsse.apply.backup import BackupFolder
from fcsse.apply.context import WaitBudget
from fcsse.apply.copies import MOST, Copies
from fcsse.apply.lock import RECHECK_DELAY
from fcsse.apply.policy_reader import PolicyReader
from fcsse.apply.send import ANSWERS, Sender, Sent
from fcsse.apply.unknown_ids import NEW, await_arns
from fcsse.errors import (
    BusyError,
    DeniedError,
    NotVisibleError,
    PolicyRefusal,
    PolicyRefusedError,
    UnconfirmedError,
    UnexpectedError,
)
from fcsse.link_options import Operation
from fcsse.model import IamPrincipal, Role
from fcsse.planning.changes import PolicyChange
from fcsse.planning.plan import NEVER
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of
from tests.write_protocol.scripted import Heard, ScriptedAws, ScriptedClock, context
from tests.write_protocol.simulation import ACCOUNT, DEFAULT, START, access, cache_name, change, key

PLANNED = change(0, DEFAULT)
PUT = PLANNED.after.text
ROLE = access(0).role or ""
LOST = UnexpectedError("no answer", "x")
COPY = {"backup_ids": {str(key()): "the-copy"}}


def policy(*principals: str) -> str:
    document = json.loads(DEFAULT)
    theirs = [
        {**document["Statement"][0], "Sid": f"S{n}", "Principal": {"AWS": one}} for n, one in enumerate(principals)
    ]
    return json.dumps({**document, "Statement": [*document["Statement"], *theirs]})


class Sending:
    """A sender whose calls KMS and IAM answer so."""

    def __init__(self, more: Mapping[str, Any] | None = None, **answers: list[Any]) -> None:
        known: dict[str, list[Any]] = {
            "find_role": [Role.computed("aws", ACCOUNT, cache_name(0))],
            "find_principal": [IamPrincipal(exists=True)],
        }
        self.aws, self.clock, self.heard = ScriptedAws(**{**known, **answers}), ScriptedClock(), Heard()
        self.run = context(self.aws, self.clock, progress=self.heard, **(more or {}))
        self.budget = WaitBudget(self.clock, self.run.wait)
        self.reader = PolicyReader(self.run.aws, self.clock, key(), DEFAULT, 0.0)
        self.sender = Sender(self.run, self.reader, self.budget)


def test_a_put_that_is_taken() -> None:
    one = Sending(COPY, put_policy=["request"])
    assert one.sender.send(PLANNED, "mark") is Sent.TAKEN
    assert (one.sender.taken, one.sender.unanswered, one.sender.request_id) == (1, 0, "request")
    assert one.aws.words == [(key(), PUT, "mark")]
    assert one.heard.steps == [f"updating the policy of key {key().resource[4:]}"]
    assert one.run.journal.done == [f"the policy of key {key()} (the old one is backup the-copy)"]
    assert [sent for sent in Sent if sent.arrived] == [Sent.TAKEN, Sent.FOUND]


@pytest.mark.parametrize("error", [LOST, BusyError("KMS is busy", "x")])
def test_a_put_without_an_answer_that_is_there_was_taken(error: Exception) -> None:
    one = Sending(put_policy=["request", error], get_policy=[PUT])
    one.sender.send(PLANNED)
    assert one.sender.send(PLANNED) is Sent.FOUND
    assert (one.sender.taken, one.sender.unanswered, one.sender.request_id) == (2, 0, "")
    assert (one.reader.text, one.clock.slept, one.run.journal.taken) == (PUT, [], 2)


@pytest.mark.parametrize(("shown", "unseen", "overwritten"), [(DEFAULT, 1, 0), (policy(ROLE), 0, 1)])
def test_a_put_without_an_answer_that_is_not_there_is_made_again(shown: str, unseen: int, overwritten: int) -> None:
    one = Sending(put_policy=[LOST], get_policy=[shown])
    assert one.sender.send(PLANNED, is_there=lambda _: False) is Sent.UNANSWERED
    assert (one.sender.taken, one.sender.unanswered, one.reader.text) == (0, 1, DEFAULT)
    assert (len(one.run.journal.unseen), len(one.run.journal.overwritten)) == (unseen, overwritten)
    assert one.heard.steps[-1] == "trying again: no answer"


def test_after_so_many_lost_answers_it_is_looked_for_a_last_time_and_given_up() -> None:
    one = Sending(put_policy=[LOST], get_policy=[DEFAULT])
    for _ in range(ANSWERS - 1):
        assert one.sender.send(PLANNED) is Sent.UNANSWERED
    assert one.clock.slept == []
    with pytest.raises(UnexpectedError, match="no answer"):
        one.sender.send(PLANNED)
    assert one.clock.slept == [RECHECK_DELAY]


def test_without_time_left_the_first_lost_answer_is_the_last() -> None:
    one = Sending({"wait": 0.0}, put_policy=[LOST], get_policy=[DEFAULT, PUT])
    assert one.sender.send(PLANNED) is Sent.FOUND
    assert one.clock.slept == [RECHECK_DELAY]


def test_while_any_time_is_left_a_lost_answer_is_not_the_last() -> None:
    one = Sending({"wait": 0.5}, put_policy=[LOST], get_policy=[DEFAULT])
    assert one.sender.send(PLANNED) is Sent.UNANSWERED
    assert one.clock.slept == []


def test_a_put_without_an_answer_that_cannot_be_looked_for_is_unconfirmed() -> None:
    one = Sending(COPY, put_policy=[LOST], get_policy=[BusyError("KMS is busy", "x")])
    with pytest.raises(UnconfirmedError) as caught:
        one.sender.send(PLANNED)
    said = "no answer; whether the policy was written could not be read back; the old one is backup the-copy"
    assert (caught.value.message, caught.value.hint[:22]) == (said, "Run the command again:")
    assert one.run.journal.begun


def test_what_is_there_already_is_ours_only_where_a_put_got_no_answer() -> None:
    one = Sending(put_policy=[LOST], get_policy=[DEFAULT])
    assert one.sender.found() is Sent.NOTHING_TO_DO
    one.sender.send(PLANNED)
    assert one.sender.found() is Sent.FOUND
    assert (one.sender.taken, one.sender.unanswered, one.run.journal.unseen) == (1, 0, [])
    assert one.run.journal.taken == 1
    assert one.sender.found() is Sent.NOTHING_TO_DO


def test_a_refusal_names_what_it_is_about_and_nothing_was_written() -> None:
    refusal = PolicyRefusedError("KMS refuses an ARN.", "x", PolicyRefusal.ARNS)
    one = Sending(put_policy=[refusal])
    with pytest.raises(PolicyRefusedError, match=f"KMS refuses an ARN. The principals in it: .*{ROLE}"):
        one.sender.send(PLANNED)
    assert not one.run.journal.wrote
    denied = Sending(put_policy=[DeniedError("not allowed", "x")])
    with pytest.raises(DeniedError):
        denied.sender.send(PLANNED)
    assert not denied.run.journal.wrote


REFUSED = NotVisibleError("KMS refuses a principal.", "x")
FOREIGN = "arn:aws:iam::444455556666:role/theirs"


def test_a_new_role_is_waited_for_and_others_that_it_may_be_are_named_once() -> None:
    one = Sending(put_policy=[REFUSED])
    planned = change(0, policy(FOREIGN))
    note = (
        "KMS refused a principal of the policy. A role in it is new, which passes by itself; it may also be one that cannot "
        f"be looked up from here: {FOREIGN} in statement 'S0'."
    )
    for _ in range(2):
        assert one.sender.send(planned) is Sent.NOT_VISIBLE
        assert one.heard.notes == [note]
    assert not one.run.journal.wrote
    assert one.aws.calls.count("find_principal") == 1, "looked up at the first refusal"
    alone = Sending(put_policy=[REFUSED])
    assert alone.sender.send(PLANNED) is Sent.NOT_VISIBLE
    assert alone.heard.notes == []


def test_without_time_left_the_error_names_all_that_it_may_be() -> None:
    one = Sending({"wait": 0.0}, put_policy=[REFUSED])
    with pytest.raises(
        NotVisibleError, match=f"does not see the role after 0 s; it may also be about {FOREIGN} in statement"
    ):
        one.sender.send(change(0, policy(FOREIGN)))
    assert one.heard.notes == []


def test_where_the_role_of_the_link_is_not_new_it_will_not_pass_by_itself() -> None:
    one = Sending({"created": {ROLE: START - timedelta(hours=1)}}, put_policy=[REFUSED])
    with pytest.raises(PolicyRefusedError, match="No role in it is new") as caught:
        one.sender.send(change(0, policy(FOREIGN)))
    assert f"could not be looked up from here: {FOREIGN} in statement 'S0'" in caught.value.message
    assert one.heard.notes == []


@pytest.mark.parametrize(("age", "waits"), [(timedelta(minutes=30), True), (timedelta(minutes=31), False)])
def test_another_role_that_is_new_is_waited_for(age: timedelta, waits: bool) -> None:
    """An unlink gives nothing to its role, so only what others' statements name counts."""
    theirs = f"arn:aws:iam::{ACCOUNT}:role/theirs"
    made = START - age
    one = Sending(
        {"created": {theirs: made}}, put_policy=[REFUSED], find_principal=[IamPrincipal(exists=True, created=made)]
    )
    both = change(0, change(1, policy(theirs)).after.text)
    planned = change(1, both.after.text, Operation.UNLINK)
    if waits:
        assert one.sender.send(planned) is Sent.NOT_VISIBLE
    else:
        with pytest.raises(PolicyRefusedError, match="none that could be looked up is missing"):
            one.sender.send(planned)


def test_a_principal_that_iam_does_not_know_is_no_matter_of_time() -> None:
    theirs = f"arn:aws:iam::{ACCOUNT}:role/theirs"
    one = Sending(put_policy=[REFUSED], find_principal=[IamPrincipal(exists=False)])
    with pytest.raises(PolicyRefusedError, match=f"(?m)The reason: IAM knows no {theirs} in statement 'S0'$"):
        one.sender.send(change(0, policy(theirs)))


# What the copies say


class Copying(Sending):
    """A sender with a folder of copies."""

    def __init__(self, folder: Path, **answers: list[Any]) -> None:
        super().__init__({"backups": BackupFolder(folder)}, **answers)
        self.folder, self.copies = BackupFolder(folder), Copies(self.run)

    @property
    def saved(self) -> list[str]:
        return [one.policy for one in reversed(self.folder.all())]

    def next_moment(self) -> None:
        self.clock.time += 0.01


def test_a_copy_says_what_followed_it(tmp_path: Path) -> None:
    one = Copying(tmp_path)
    one.copies.save(PLANNED, PLANNED.before)
    one.copies.save(PLANNED, PLANNED.before)
    [copy] = one.folder.all()
    assert (copy.policy, copy.reason, copy.key) == (DEFAULT, f"link {cache_name(0)} to data", str(key()))
    assert copy.becomes == digest_of(PLANNED.after, "aws")
    assert (one.copies.first, one.run.backup_ids) == (copy.id, {str(key()): copy.id})
    one.next_moment()
    one.copies.save(change(0, PUT, Operation.UNLINK), PLANNED.after)
    assert one.folder.all()[0].reason == f"unlink {cache_name(0)} from data"
    assert one.copies.first == copy.id


def test_without_a_folder_nothing_is_kept() -> None:
    one = Sending()
    copies = Copies(one.run)
    copies.save(PLANNED, PLANNED.before)
    copies.note_unsent()
    assert (copies.first, one.run.backup_ids) == (None, {})


def test_a_copy_whose_put_was_taken_says_when_and_by_which_request(tmp_path: Path) -> None:
    one = Copying(tmp_path, put_policy=["request"])
    one.copies.save(PLANNED, PLANNED.before)
    with one.copies.sending(one.sender):
        one.sender.send(PLANNED)
    one.copies.note_held(PUT, "aws")
    assert not one.folder.all()[0].held_at, "nobody knows yet what was put"
    one.copies.note_put(PLANNED.after, START, START + timedelta(seconds=1), one.sender.request_id)
    one.copies.note_unsent()
    one.copies.note_held(DEFAULT, "aws")
    [copy] = one.folder.all()
    assert (copy.read_at, copy.put_at) == ("2026-01-01T00:00:00.000+00:00", "2026-01-01T00:00:01.000+00:00")
    assert (copy.request_id, copy.unsent_at, copy.held_at) == ("request", "", "")
    one.copies.note_held(PUT, "aws")
    assert one.folder.all()[0].held_at == "2026-01-01T00:00:00.000+00:00"


@pytest.mark.parametrize(
    ("answer", "unsent"), [(DeniedError("not allowed", "x"), True), (LOST, False), (KeyboardInterrupt(), True)]
)
def test_a_copy_whose_put_was_not_made_says_so(tmp_path: Path, answer: BaseException, unsent: bool) -> None:
    one = Copying(tmp_path, put_policy=[answer], get_policy=[DEFAULT])
    one.copies.save(PLANNED, PLANNED.before)
    try:
        with one.copies.sending(one.sender):
            one.sender.send(PLANNED)
    except (DeniedError, KeyboardInterrupt):
        pass
    one.copies.note_unsent()
    assert bool(one.folder.all()[0].unsent_at) is unsent


def test_a_text_that_was_saved_is_not_saved_again_as_an_old_one(tmp_path: Path) -> None:
    one = Copying(tmp_path)
    one.copies.save(PLANNED, PLANNED.before)
    one.copies.save(change(1, PUT), PLANNED.after)
    one.copies.save_disregarded(PLANNED, [DEFAULT, PUT])
    assert sorted(one.saved) == sorted([DEFAULT, PUT])


def test_texts_that_were_taken_for_old_ones_are_saved_too(tmp_path: Path) -> None:
    one = Copying(tmp_path, put_policy=["request"])
    one.copies.save(PLANNED, PLANNED.before)
    texts = [policy(f"arn:aws:iam::{ACCOUNT}:role/theirs-{number}") for number in range(MOST + 5)]
    one.copies.save_disregarded(PLANNED, [DEFAULT, texts[0], texts[0]])
    assert sorted(one.saved) == sorted([DEFAULT, texts[0]])
    one.copies.save_disregarded(PLANNED, texts)
    assert len(one.saved) == MOST
    one.copies.save(PLANNED, PLANNED.before)
    assert len(one.saved) == MOST, "the last copy is still that of the text to replace"
    with one.copies.sending(one.sender):
        one.sender.send(PLANNED)
    one.copies.note_put(PLANNED.after, START, START, "request")
    one.copies.note_unsent()
    assert [copy.policy for copy in one.folder.all() if copy.put_at] == [DEFAULT]
    assert len([copy for copy in one.folder.all() if copy.unsent_at]) == MOST - 1


# Ids that may be those of new roles


DEAD, OWN = "AROADEADDEADDEAD12345", "AROADEADDEADDEAD12346"


def pruning(before: str, dead: frozenset[str] = frozenset({DEAD}), *, prune: bool = True) -> PolicyChange:
    document = PolicyDocument.parse(before)
    planned = change(0, DEFAULT)
    return replace(planned, before=document, after=planned.after, prune_orphans=prune, dead=dead)


def waited(planned: PolicyChange, at: float = 100.0, **more: float) -> tuple[float, list[str]]:
    clock, heard = ScriptedClock(at), Heard()
    await_arns(context(ScriptedAws(), clock, progress=heard, **{"read_at": at, **more}), planned)
    return clock.time - at, heard.steps


def test_ids_are_watched_until_they_cannot_be_new_roles() -> None:
    planned = pruning(policy(DEAD))
    assert waited(planned) == (NEW, [f"waiting whether {DEAD} is a new role of another account"])
    assert waited(planned, read_at=60.0) == (NEW - 40, [f"waiting whether {DEAD} is a new role of another account"])
    assert waited(planned, read_at=100.5 - NEW)[0] == 0.5
    assert waited(planned, read_at=100.0 - NEW) == (0.0, [])
    assert waited(planned, read_at=NEVER, planned_at=70.0)[0] == NEW - 30
    assert waited(planned, read_at=NEVER) == (0.0, [])


def test_three_of_many_ids_are_named() -> None:
    ids = [f"AROADEADDEADDEAD1234{number}" for number in range(5)]
    named = f"waiting whether {', '.join(ids[:3])} and 2 more is a new role of another account"
    assert waited(pruning(policy(*ids), frozenset(ids))) == (NEW, [named])


def test_ids_that_are_not_pruned_are_not_watched() -> None:
    assert waited(pruning(policy(DEAD), prune=False)) == (0.0, [])
    assert waited(pruning(policy(DEAD), frozenset())) == (0.0, [])
    unchanged = pruning(policy(DEAD))
    assert waited(replace(unchanged, after=unchanged.before)) == (0.0, [])


@pytest.mark.parametrize(("account", "seconds"), [(ACCOUNT, 0.0), ("444455556666", NEW)])
def test_ids_in_links_of_the_own_account_are_known_to_be_nobody_s(account: str, seconds: float) -> None:
    linked = json.loads(PUT)
    text = json.dumps(linked).replace(ROLE, DEAD)
    before = text.replace(f'"kms:CallerAccount": "{ACCOUNT}"', f'"kms:CallerAccount": "{account}"')
    assert account == ACCOUNT or before != text
    assert waited(pruning(before))[0] == seconds
