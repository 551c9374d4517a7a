"""Lost writes in plain sentences. Pure."""

from __future__ import annotations

from typing import assert_never

from fcsse.event_history.events import Event
from fcsse.event_history.losses import Doubt, Loss, LostWrites, Unknown
from fcsse.policy.document import printable
from fcsse.text import stamp


def part_name(loss: Loss) -> str:
    """What is lost, for people: a statement by its Sid, a principal's access to a bucket, or the policy's ``Version``."""
    part = loss.part
    if part.version:
        return f"Version {printable(part.version)} of the policy"
    if part.is_link:
        buckets = ", ".join(dict.fromkeys(one.bucket for one in part.accesses))
        return f"the access of {printable(part.principal.rpartition('/')[2])} to {printable(buckets)}"
    return f"statement '{printable(part.sid)}'" if part.sid else "a statement without a Sid"


def who(event: Event) -> str:
    """A write, by who made it and when."""
    return f"{event.actor.name} at {stamp(event.time)} (event {event.id or 'without an id'})"


def loss_note(loss: Loss) -> str:
    """What happened to one part, in a sentence."""
    what = "took out, is there again" if loss.back else "wrote, is lost"
    return (
        f"{part_name(loss)}, which {who(loss.of)} {what}: the write of {who(loss.by)} was made from an earlier policy."
    )


def unsure_note(loss: Loss) -> str:
    """The same, where the record does not tell."""
    how = "is there again" if loss.back else "is lost"
    return (
        f"It is not in the record whether {part_name(loss)} of {who(loss.of)} {how} by the write of {who(loss.by)}: both are "
        "of one second, and CloudTrail does not record which came last."
    )


def doubt_note(doubt: Doubt) -> str:
    """Why nothing can be said of one put of ours."""
    event = who(doubt.event)
    match doubt.reason:
        case Unknown.NOT_RECORDED:
            why = "the policy that it was made from is not in the record"
        case Unknown.GAP:
            why = "the record lacks a version between"
        case Unknown.NO_TEXT:
            why = "the event before it holds no key policy"
        case Unknown.TOO_MANY:
            why = "too many writes are of one second"
        case Unknown.RECENT:
            why = "events of the last minutes may still come: look again in 15 minutes"
        case Unknown.NAMELESS:
            why = "another write of that moment does not say which key it was about"
        case _:
            assert_never(doubt.reason)
    return f"Whether the write of {event} overwrote another one is not in the record: {why}."


def notes(found: LostWrites) -> tuple[str, ...]:
    """What the record does not tell, a sentence each."""
    some = [unsure_note(one) for one in found.unsure] + [doubt_note(one) for one in found.doubts]
    if found.newest_missing:
        some.append("The policy was written by a call that the record does not show yet: look again in 15 minutes.")
    elif found.cut_off:
        some.append(
            "A run of fcsse ended before it was known whether KMS took its write, and the record does not show that write yet: "
            "look again in 15 minutes."
        )
    return tuple(some)
