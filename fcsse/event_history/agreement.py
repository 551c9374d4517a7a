"""Does what AWS recorded agree with the verdict? Pure.

In: the requests of each pair with their verdicts, the recorded uses, and the recorded changes of the keys. Out: an
``Observation`` for each request: the last success, the last refusal, and how they stand to the verdict. What is not
recorded is never taken for an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.evaluator.request import Verdict
from fcsse.event_history.events import Event, KeyMatch, text_of
from fcsse.event_history.key_changes import GIVING, TAKING, KeyChange
from fcsse.event_history.uses import Use, Uses
from fcsse.model import Pair

ALLOWED, DENIED, UNKNOWN = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNKNOWN


class Agreement(Enum):
    """How the latest recorded answer of AWS stands to a verdict.

    NOT_RECORDED: there is none, which says nothing. AGREES. CHANGED: they differ, and the key was changed after AWS's
    answer. UNEXPLAINED: they differ, and no such change is recorded. UNSETTLED: they differ, and the changes since could
    not be read. UNDECIDED: the verdict itself is unknown.
    """

    NOT_RECORDED = "not recorded"
    AGREES = "agrees"
    CHANGED = "changed since"
    UNEXPLAINED = "unexplained"
    UNSETTLED = "changes not known"
    UNDECIDED = "verdict unknown"


class Asked(NamedTuple):
    """A request of a pair with its verdict. ``prefix`` None: the bucket form; else objects under this prefix.

    ``current``: in the form that the bucket's setting calls for. ``verdict_on`` gives the verdict on one object's or
    bucket's ARN, since AWS may have answered about an object to which another rule applies.
    """

    pair: Pair
    role: Arn
    key: Arn
    bucket_arn: str
    action: str
    prefix: str | None
    current: bool
    verdict: Verdict
    verdict_on: Callable[[str], Verdict] | None = None

    @property
    def form(self) -> str:
        """The form of the encryption context, as documents call it."""
        return "bucket" if self.prefix is None else "object"


class Observation(NamedTuple):
    """What is recorded about one request. ``change`` is the event that explains a difference, ``changed`` its time.

    ``verdict`` is that on the very object that AWS answered about last. ``vague``: the refusal does not say for which
    bucket or object it was.
    """

    asked: Asked
    success: Use | None
    refusal: Use | None
    agreement: Agreement
    verdict: Verdict
    change: Event | None = None
    changed: datetime | None = None
    vague: bool = False

    @property
    def last(self) -> Use | None:
        """The latest recorded answer; a refusal where both came in one second."""
        if self.success is None or self.refusal is None:
            return self.success or self.refusal
        return self.success if self.success.event.time > self.refusal.event.time else self.refusal

    @property
    def disagrees(self) -> bool:
        """Does AWS contradict the verdict, with no change of the key known to explain it?"""
        return self.agreement in (Agreement.UNEXPLAINED, Agreement.UNSETTLED)


class Changes(NamedTuple):
    """Recorded changes of keys, and further times at which a key is known to have been changed, by key ARN.

    ``read_from`` is the time from which on all changes were read, by key ARN; missing: they were not read.
    """

    events: Sequence[Event] = ()
    times: Mapping[str, Sequence[datetime]] = {}
    read_from: Mapping[str, datetime] = {}

    def since(
        self, key: Arn, role: Arn, moment: datetime, names: frozenset[str]
    ) -> tuple[Event | None, datetime | None]:
        """The first known change of the key at or after a moment that may be about the role; the event where there is one, and
        the time.
        """
        found = [
            event
            for event in self.events
            if event.name in names
            and event.failure is None
            and event.time >= moment
            and event.is_about(key) is KeyMatch.YES
            and not _is_grant_to_another(event, role)
        ]
        if found:
            # One of the same second may have come before; it counts where there is no later one.
            first = min(found, key=lambda event: (event.time == moment, event.time))
            return first, first.time
        return None, min((time for time in self.times.get(str(key), ()) if time >= moment), default=None)

    def known_from(self, key: Arn, moment: datetime) -> bool:
        """Were all changes from this moment on read?"""
        start = self.read_from.get(str(key))
        return start is not None and start <= moment


NO_CHANGES = Changes()


def _is_grant_to_another(event: Event, role: Arn) -> bool:
    """Is it a grant that was made to somebody else by name? Services make them on busy keys all the time."""
    if event.name != KeyChange.GRANT_CREATED.value:
        return False
    to = [text_of(event.parameters, name) for name in ("granteePrincipal", "granteeServicePrincipal")]
    return any(to) and str(role) not in to


def observe(
    asked: Sequence[Asked], uses: Uses, changes: Changes = NO_CHANGES, *, whole: bool = False
) -> tuple[Observation, ...]:
    """What is recorded about each request. ``whole``: these are all pairs of the roles, so none other can be meant."""
    by_role: dict[Arn, list[Asked]] = {}
    for one in asked:
        by_role.setdefault(one.role, []).append(one)
    return tuple(_observation(one, uses.of(one.role), by_role[one.role], changes, whole=whole) for one in asked)


def unplaced(asked: Sequence[Asked], observations: Iterable[Observation], uses: Uses) -> tuple[Use, ...]:
    """The latest refusal of each role and action that could be put down to none of the requests."""
    placed = {one.refusal.event.id for one in observations if one.refusal}
    keys: dict[Arn, set[Arn]] = {}
    for one in asked:
        keys.setdefault(one.role, set()).add(one.key)
    found: dict[tuple[str, str], Use] = {}
    for role, own in keys.items():
        for use in uses.of(role):
            nameless = not use.allowed and all(use.is_on(key) is KeyMatch.UNKNOWN for key in own)
            if nameless and use.event.id not in placed:
                found.setdefault((use.role, use.action), use)
    return tuple(found.values())


def _observation(
    one: Asked, uses: Sequence[Use], others: Sequence[Asked], changes: Changes, *, whole: bool
) -> Observation:
    mine = [use for use in uses if use.action == one.action]
    success = next((use for use in mine if use.allowed and _is_success_of(use, one)), None)
    refusal = next((use for use in mine if not use.allowed and _is_refusal_of(use, one, others, whole=whole)), None)
    vague = refusal is not None and not refusal.context
    found = Observation(one, success, refusal, Agreement.NOT_RECORDED, one.verdict, vague=vague)
    last = found.last
    if last is None:
        return found
    verdict = one.verdict
    if last.context and one.verdict_on is not None and (verdict is ALLOWED) is not last.allowed:
        verdict = one.verdict_on(last.context)
    return _judged(found._replace(verdict=verdict), last, changes)


def _judged(found: Observation, last: Use, changes: Changes) -> Observation:
    if found.verdict is UNKNOWN:
        return found._replace(agreement=Agreement.UNDECIDED)
    if (found.verdict is ALLOWED) is last.allowed:
        return found._replace(agreement=Agreement.AGREES)
    key, moment = found.asked.key, last.event.time
    event, changed = changes.since(key, found.asked.role, moment, TAKING if last.allowed else GIVING)
    if changed is not None:
        return found._replace(agreement=Agreement.CHANGED, change=event, changed=changed)
    known = changes.known_from(key, moment)
    return found._replace(agreement=Agreement.UNEXPLAINED if known else Agreement.UNSETTLED)


def _is_success_of(use: Use, one: Asked) -> bool:
    return use.is_on(one.key) is KeyMatch.YES and use.is_for(one.bucket_arn, one.prefix) is True


def _is_refusal_of(use: Use, one: Asked, others: Sequence[Asked], *, whole: bool) -> bool:
    """Can a refusal be put down to this request? One that names little, only where nothing likelier is known."""
    on_key, for_this = use.is_on(one.key), use.is_for(one.bucket_arn, one.prefix)
    if on_key is KeyMatch.NO or for_this is False:
        return False
    if on_key is KeyMatch.YES and for_this is True:
        return True
    if not one.current:
        return False  # what names no form is taken for the one in use
    same_action = [other for other in others if other.action == one.action and other.current]
    if on_key is KeyMatch.YES:
        same_action = [other for other in same_action if other.key == one.key]
    if one.verdict is not ALLOWED:
        return True
    if any(other.verdict is not ALLOWED for other in same_action):
        return False  # it is told of there
    return on_key is KeyMatch.YES or (whole and len({other.key for other in same_action}) == 1)
