"""The write protocol for a key policy.

KMS has no version on a key policy and no dry run for it: PutKeyPolicy replaces the whole document, and whoever writes
last wins (KMS API reference, PutKeyPolicy). So, for each write:

1. read again when the plan's reading is not fresh, and plan again if the document changed;
2. save the old text on disk, and read once more meanwhile: if somebody wrote since, plan again;
3. put the new one, once: a put that got no answer is never repeated before the policy was read again;
4. read back until it says what was meant;
5. look once more after the recheck delay, because another writer who read before us may have written after us;
6. if our part is gone, do it all again, a bounded number of times.

What cannot be had without a version: a write of others that falls between our last read and our put is overwritten. That
gap is the time of one request, less where a second reading goes out right before the put. Where others are seen at work it is moved to where their next write is furthest away,
right after one of theirs, and a reading sent along with the put shows what, if anything, it overwrote: that is put back.
What nobody saw is found afterwards: each put says what it was made from, and CloudTrail which came before which (``settle``).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

from fcsse.apply.confirm import Confirmer, holds
from fcsse.apply.context import ApplyContext, WaitBudget
from fcsse.apply.copies import Copies
from fcsse.apply.lock import key_lock
from fcsse.apply.lost_updates import LostUpdate, find_lost_update, others_wrote, with_additions
from fcsse.apply.policy_reader import BRIEFLY, LAST, PolicyReader
from fcsse.apply.put_readings import PutReadings
from fcsse.apply.send import Sender, Sent
from fcsse.apply.write_failure import complete, place
from fcsse.errors import ChangedError, FcsseError, UnconfirmedError
from fcsse.event_history.put_basis import PutBasis
from fcsse.planning.changes import PolicyChange
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of, equivalent

__all__ = ["ApplyContext", "PolicyWriter", "Written"]

FRESH = 0.25
"""Seconds for which the plan's reading counts as current, so that a run without questions needs no second one."""

GLANCE = 0.015
"""Seconds that an undisturbed write lets the second reading take before it goes on without its answer."""

LONG_AGO = 0.15
"""Seconds after which a second reading is too old to write upon: something held this machine up."""

REPAIRS = 12
"""How often our part is put back before giving up."""

DOUBTED = 3
"""How often, before one put, a reading beside the copy counts that differs from the one after it: others may write all the time."""

TRIES = 25
"""How often one put is planned anew because others wrote meanwhile."""


class Written(NamedTuple):
    """How a write ended. ``result``: written, or that there was nothing left to do; then ``changed`` is False.

    ``made`` is the change as it was made in the end, on what others had written meanwhile; ``held`` the policy's text as KMS
    showed it last.
    """

    result: str
    backup: str | None
    notes: tuple[str, ...]
    changed: bool = True
    made: PolicyChange | None = None
    held: str | None = None


class PolicyWriter:
    """Carries out one change to one key policy."""

    def __init__(self, run: ApplyContext, change: PolicyChange) -> None:
        self._run = run
        self._change = change
        self._key = change.key
        self._doing = f"updating the policy of key {change.key}"
        self._old = change.before  # what the next put replaces
        self._reader = PolicyReader(run.aws, run.clock, change.key, change.before.text, run.read_at)
        self._patience = WaitBudget(run.clock, run.wait)
        self._confirmer = Confirmer(run, self._reader, self._patience)
        self._sender = Sender(run, self._reader, self._patience)
        self._turns = 0
        self._copies = Copies(run)
        self._marked: set[str] = set()  # what the lock remembers of our own puts, of which the reader knows better
        self._notes: list[str] = []
        self._reread_before_put = run.expected  # somebody wrote, or must not have: know before each put that nobody did
        self._others_writing = False  # somebody who is not fcsse writes: put right after one of their writes
        self._beside = PutReadings(self._reader, run.clock, change)
        self._lost: LostUpdate | None = None
        self._not_given_back: FcsseError | None = None

    def write(self) -> Written:
        """Writes, confirms and if need be repairs. Raises this project's errors; see the module's protocol."""
        try:
            written = self._write()
        except FcsseError as error:
            self._copies.note_unsent()
            complete(error, self._run, self._key, self._sender, lost=error is self._not_given_back)
            raise
        self._copies.note_unsent()
        self._run.journal.owed.pop(place(self._key), None)
        return written

    def _write(self) -> Written:
        run, lost = self._run, 0
        while lost <= REPAIRS:
            with key_lock(run.locks, str(self._key), run.clock, self._patience.left()) as lock:
                if lock.problem:
                    self._note(lock.problem)
                others = {one: age for one, age in lock.replaced.items() if one not in self._marked}
                self._reader.mark_stale(others)
                taken = self._sender.taken
                try:
                    put = self._attempt(lock.since)
                    held = put is Sent.NOTHING_TO_DO
                    if put.arrived:
                        replaced = self._beside.replaced
                        self._marked.add(lock.mark(replaced.text, run.clock.now().timestamp()))
                        found = put is Sent.FOUND and self._beside.found()
                        held = found or self._beside.show() or self._confirmer.read_back(self._change, replaced)
                        if not self._beside.unseen:
                            lock.mark_in_force(self._reader.text, run.clock.now().timestamp())
                        owes = self._has_lost_update()
                except UnconfirmedError:
                    self._note_unread_loss(LAST)
                    raise
                except KeyboardInterrupt:
                    if run.journal.begun or self._sender.taken > taken:
                        self._note_unread_loss(BRIEFLY)
                    raise
            self._turns += 1
            match put:
                case Sent.NOT_VISIBLE | Sent.UNANSWERED:
                    self._reread_before_put = self._reread_before_put or put is Sent.UNANSWERED
                    self._patience.pause(min(10.0, 0.5 * 1.6**self._turns))
                    continue
                case Sent.NOTHING_TO_DO if not self._sender.taken:
                    return Written(
                        "nothing left to do: somebody else did the same meanwhile",
                        None,
                        tuple(self._notes),
                        changed=False,
                        made=self._change,
                        held=self._reader.text,
                    )
                case Sent.TAKEN | Sent.FOUND if owes:
                    lost += 1
                    continue
            old = self._beside.replaced if self._beside.unseen else None
            if held and self._confirmer.holds_at_recheck(self._change, old):
                self._copies.note_held(self._reader.text, self._key.partition)
                return Written(
                    "written", self._copies.first, tuple(self._notes), made=self._change, held=self._reader.text
                )
            lost += 1
            self._note("Another writer overwrote the change, so it was made again.")
            self._reread_before_put = True
            self._patience.pause(min(4.0, 0.2 * 2**lost))
        raise ChangedError(
            f"{self._doing}: others kept overwriting it, {lost} times over",
            "Find out who edits this policy (CloudTrail, PutKeyPolicy), stop them for a minute, and run this again.",
        )

    def _attempt(self, last_write: float) -> Sent:
        """One turn: brings the plan up to date, saves the old text, puts the new one.

        ``last_write``: how many seconds ago another run on this machine wrote.
        """
        run, reader = self._run, self._reader
        old_news = reader.is_stale(reader.text)
        if old_news:
            run.progress.step("waiting until KMS shows what was written last")
        if self._turns or reader.age > min(FRESH, last_write - 0.05) or old_news:
            self._plan_on(reader.read())
            if self._others_writing:
                self._plan_on(reader.next_version(self._patience.left()))
        doubted = 0
        for _ in range(TRIES):
            if self._change.after.text == reader.text:
                return self._sender.found()
            base, start, look = reader.text, run.clock.monotonic(), reader.in_background()
            self._copies.save(self._change, self._old)
            seen = None if self._reread_before_put else look.answer(GLANCE)
            late = reader.age > FRESH if seen is None else run.clock.monotonic() - start > LONG_AGO
            if late or look.failed() or (seen and reader.is_stale(seen)):
                self._reread_before_put = True
            self._beside.begin(look)
            if self._reread_before_put:
                seen, beside = reader.read(), look.answer(0.0) or base
                if seen == base != beside and not reader.is_stale(beside) and doubted < DOUBTED:
                    # Of two readings at the same time, one shows what somebody just wrote.
                    seen, doubted = beside, doubted + 1
            elif seen is None:
                newer = self._beside.look_again()
                seen = newer.answer(0.0) or look.answer(0.0)  # they may have come meanwhile
                if look.failed():
                    self._reread_before_put, seen = True, reader.read()
            if seen is None or seen == base:
                return self._put(watched=self._reread_before_put)
            crowded = self._others_writing
            self._plan_on(reader.take(seen))
            if self._others_writing and not crowded:
                self._plan_on(reader.next_version(self._patience.left()))
        raise ChangedError(
            f"{self._doing}: others write it faster than a change can be planned",
            "Find out who edits this policy (CloudTrail, PutKeyPolicy), stop them for a minute, and run this again.",
        )

    def _plan_on(self, text: str) -> None:
        """Makes the change one to this text. Takes note of what its difference from the last one says of others."""
        if text == self._old.text:
            return
        partition, old, self._old = self._key.partition, self._old, PolicyDocument.parse(text)
        known = (old, self._change.after)
        if (self._run.expected or not self._others_writing) and not any(
            equivalent(self._old, one, partition) for one in known
        ):
            if self._run.expected:
                raise ChangedError(
                    f"{self._doing}: it changed after the plan was made, so the plan is no longer the expected one",
                    "Review a new dry run and use its digest.",
                )
            if not self._sender.taken:
                self._note("Somebody else changed the policy meanwhile, so the change was planned anew on theirs.")
            self._reread_before_put = True
            self._others_writing = self._others_writing or others_wrote(old, self._old, partition)
        base = self._lost.reapplied_to(self._old) if self._lost else self._old
        if base is None:
            raise self._cannot_reapply()
        self._change = self._change.again(base)

    def _put(self, *, watched: bool) -> Sent:
        """Sends the document once. ``watched``: the policy is read again and again meanwhile."""
        self._copies.save_disregarded(self._change, self._reader.take_disregarded())
        basis = PutBasis(digest_of(self._old, self._key.partition), self._reader.wall_age)
        put_at = self._run.clock.now()
        with self._beside.around(self._old, self._change, watched=watched), self._copies.sending(self._sender):
            sent = self._sender.send(self._change, basis.mark, self._is_there)
            if sent.arrived:
                read_at = put_at - timedelta(seconds=basis.age)
                self._copies.note_put(self._change.after, read_at, put_at, self._sender.request_id)
            return sent

    def _has_lost_update(self) -> bool:
        """Did the put overwrite a write that came after the last reading? Then the next put gives that back, too."""
        strange = self._beside.others()
        if not strange:
            return False
        old, put = self._beside.replaced, self._beside.put
        now = put if self._beside.unseen else PolicyDocument.parse(self._reader.text)
        theirs = shown = PolicyDocument.parse(strange[-1])
        for other in self._beside.perhaps_newer():
            theirs = with_additions(theirs, PolicyDocument.parse(other), old, self._key.partition)
        found = find_lost_update(old, theirs, put, now, self._key.partition, self._lost)
        if found is None:
            return False
        self._lost, base = found
        self._run.journal.owed[place(self._key)] = self._lost.labels
        self._copies.save(self._change, shown)
        if base is None:
            raise self._cannot_reapply()
        try:
            self._old, self._change = now, self._change.giving_back(base, theirs, now)
        except FcsseError as error:
            raise self._cannot_reapply() from error
        self._note("Somebody else wrote at the same moment; what that write changed is put back.")
        self._reread_before_put = self._others_writing = True
        return True

    def _note_unread_loss(self, longest: float) -> None:
        """Takes note of what the put may have overwritten, where the policy cannot be read after it or nobody waits for that,
        whether or not it was answered.
        """
        strange, put = self._beside.others(longest), self._beside.put
        if strange:
            theirs = PolicyDocument.parse(strange[-1])
            found = find_lost_update(self._beside.replaced, theirs, put, put, self._key.partition, self._lost)
            if found is not None:
                self._lost = found[0]
                self._run.journal.owed[place(self._key)] = self._lost.labels
                with suppress(FcsseError):
                    self._copies.save(self._change, theirs)

    def _is_there(self, text: str) -> bool:
        """Does a text say what the change wants, and what is to be given back to others?"""
        if not holds(self._change, text):
            return False
        document = PolicyDocument.parse(text)
        given_back = self._lost.reapplied_to(document) if self._lost else document
        return given_back is not None and equivalent(given_back, document, self._key.partition)

    def _cannot_reapply(self) -> ChangedError:
        labels = self._lost.labels if self._lost else "a link"
        error = ChangedError(
            f"{self._doing}: somebody else wrote at the same moment, and what that write changed was lost: {labels}",
            f"Make it again; it is in the newest copy: {self._run.backups.listed_by}"
            if self._run.backups
            else "Make it again.",
        )
        self._not_given_back = error
        return error

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)
            self._run.progress.note(text)
