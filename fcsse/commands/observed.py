"""Reads from CloudTrail what the caches' calls to KMS were answered, and compares it with the verdicts.

In: pairs with their facts. Out: ``Observed``. Each account and Region is looked up once for each event name, however many
pairs there are, beside whatever else is being read; pages and time are bounded. Changes of keys are looked up only where
AWS contradicts a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from fcsse.apply.backup import BackupFolder
from fcsse.aws_calls import AwsCalls, EventRecord
from fcsse.clock import Clock
from fcsse.commands.check import CheckResult, check_pair
from fcsse.errors import DeniedError, FcsseError
from fcsse.evaluator.judgement import Judgement
from fcsse.event_history.agreement import Agreement, Asked, Changes, Observation, observe, unplaced
from fcsse.event_history.events import Event, parse_events
from fcsse.event_history.key_changes import AFTER_USE, GIVING, TAKING
from fcsse.event_history.look_ups import Attribute, Limits, LookedUp
from fcsse.event_history.observation_phrases import gap_note
from fcsse.event_history.observed import Gap, GapReason, Observed
from fcsse.event_history.requests import asked_of, asked_where_recorded
from fcsse.event_history.uses import ACTIONS, Uses, uses_in
from fcsse.link_options import Options
from fcsse.model import Facts
from fcsse.pipeline import Pipeline, Target
from fcsse.policy.document import parsed
from fcsse.policy.equivalence import digest_of

CHECK_LIMITS = Limits(pages=20, seconds=20.0)
AUDIT_LIMITS = Limits(pages=10, seconds=60.0)
LEAST_SECONDS = 3.0
"""So long an audit reads the record at least; longer only while it reads other things anyway."""

LATE = timedelta(minutes=20)
"""After so long CloudTrail shows every event for certain. Source: CloudTrail user guide: "typically … about 5 minutes"."""

CHANGE_LIMITS = Limits(pages=10, seconds=60.0)


class UseReader:
    """Reads the record in the background from when it is started; ``observe_…`` waits for it."""

    def __init__(self, aws: AwsCalls, clock: Clock, limits: Limits, least: float | None = None) -> None:
        self._aws = aws
        self._clock = clock
        self._limits = limits
        self._least = least
        self._began = clock.monotonic()
        self._others_done = self._closed = False
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="fcsse-record")
        self._records: dict[str, EventRecord] = {}
        self._asked: dict[tuple[str, str], Future[LookedUp]] = {}
        self._gaps: list[Gap] = []
        self._newest: datetime | None = None

    def start(self, regions: Sequence[str | None]) -> None:
        """Begins to read these Regions; those that are being read already are left alone."""
        for region in dict.fromkeys(one for one in regions if one):
            if region in self._records:
                continue
            self._records[region] = self._aws.event_record(region, self._clock)
            for name in ACTIONS:
                self._asked[region, name] = self._pool.submit(
                    self._records[region].look_up,
                    Attribute.NAME,
                    name,
                    limits=self._limits,
                    stop=self._stop,
                )

    def close(self) -> None:
        """Ends what is still being read, where the rest of a run failed."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def observe_judged(
        self,
        judged: Sequence[tuple[Facts, Judgement]],
        backups: BackupFolder | None,
        *,
        whole: bool,
    ) -> Observed:
        """What is recorded about these pairs, each with its judgement. ``whole``: they are all pairs of their caches."""
        asked = [one for facts, judgement in judged for one in asked_of(facts, judgement.rows)]
        return self._observe([facts for facts, _ in judged], lambda _: asked, backups, whole=whole)

    def observe_all(self, pairs: Sequence[Facts], backups: BackupFolder | None) -> Observed:
        """The same for all pairs of an account, of which only those are judged about which anything is recorded."""

        def asked(uses: Uses) -> list[Asked]:
            return [
                one for facts in pairs if facts.role for one in asked_where_recorded(facts, uses.of(facts.role.arn))
            ]

        return self._observe(pairs, asked, backups, whole=True)

    def _observe(
        self,
        pairs: Sequence[Facts],
        ask: Callable[[Uses], list[Asked]],
        backups: BackupFolder | None,
        *,
        whole: bool,
    ) -> Observed:
        self._others_done = True
        try:
            self.start(sorted({facts.key.arn.region for facts in pairs if facts.key}))
            uses = uses_in(self._events())
            asked = ask(uses)
            account = {facts.account for facts in pairs}
            times = _own_changes(pairs, backups, self._clock.now() - LATE)
            found = observe(asked, uses, Changes(times=times), whole=whole)
            open_ones = [
                one
                for one in found
                if one.agreement is Agreement.UNSETTLED or (one.agreement is Agreement.CHANGED and one.change is None)
            ]
            if open_ones:
                found = observe(asked, uses, self._changes(open_ones, times, account), whole=whole)
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
        of_pair: dict[object, list[Observation]] = {}
        for one in found:
            of_pair.setdefault(one.asked.pair, []).append(one)
        return Observed(
            {facts.pair: tuple(of_pair.get(facts.pair, ())) for facts in pairs},
            unplaced(asked, found, uses),
            tuple(dict.fromkeys(self._gaps)),
            self._clock.now(),
            self._newest,
        )

    def _stop(self) -> bool:
        """Is the run over, or an audit done with all else it reads after the record had its time?"""
        if self._least is None:
            return self._closed
        return self._closed or (self._others_done and self._clock.monotonic() - self._began >= self._least)

    def _events(self) -> list[Event]:
        found: list[Event] = []
        for (region, name), future in self._asked.items():
            try:
                looked_up = future.result()
            except FcsseError as error:
                self._gaps.append(
                    Gap(region, "" if isinstance(error, DeniedError) else name, GapReason.FAILED, error=error)
                )
                continue
            found += self._taken(region, name, looked_up)
        return found

    def _taken(self, region: str, name: str, looked_up: LookedUp) -> tuple[Event, ...]:
        """The events of a look-up; what it did not read is noted."""
        events, unreadable = parse_events(looked_up.events)
        unreadable += looked_up.unreadable
        if looked_up.cut is not None:
            self._gaps.append(Gap(region, name, GapReason[looked_up.cut.name], looked_up.back_to))
        if unreadable:
            self._gaps.append(Gap(region, name, GapReason.UNREADABLE, number=unreadable))
        if events:
            newest = max(event.time for event in events)
            self._newest = max(newest, self._newest) if self._newest else newest
        return events

    def _changes(self, found: Sequence[Observation], times: Mapping[str, Sequence[datetime]], own: set[str]) -> Changes:
        """The changes of the keys about which AWS contradicts a verdict, from its answer on."""
        events: list[Event] = []
        read_from: dict[str, datetime] = {}
        regions: dict[str, list[Observation]] = {}
        for one in found:
            regions.setdefault(one.asked.key.region, []).append(one)
        for region, some in regions.items():
            start = min(one.last.event.time for one in some if one.last)
            names = {name for one in some if one.last for name in (TAKING if one.last.allowed else GIVING)}
            read = self._records.get(region)
            record = read.renewed() if read else self._aws.event_record(region, self._clock)
            complete = True
            for name in (one.value for one in AFTER_USE if one.value in names):
                try:
                    looked_up = record.look_up(Attribute.NAME, name, start=start, limits=CHANGE_LIMITS)
                except FcsseError as error:
                    self._gaps.append(Gap(region, name, GapReason.FAILED, error=error))
                    complete = False
                    break
                events += self._taken(region, name, looked_up)
                complete = complete and looked_up.cut is None
                if _all_explained(some, Changes(events, times)):
                    break
            if complete:
                # A key's owner alone has the record of what was done to it.
                read_from |= {str(one.asked.key): start for one in some if one.asked.key.account in own}
        return Changes(events, times, read_from)


def check_observed(pipeline: Pipeline, target: Target, options: Options) -> tuple[CheckResult, ...]:
    """The verdicts on pairs, each with what CloudTrail recorded; gaps of the record are noted to the progress."""
    reader = UseReader(pipeline.aws, pipeline.clock, CHECK_LIMITS)
    try:
        reader.start([pipeline.aws.region])
        found = [check_pair(one, level=options.level) for one in pipeline.discover(target, options, ask_prefixes=True)]
        judged = [(one.facts, one.judgement) for one in found if one.facts and one.judgement]
        record = reader.observe_judged(judged, pipeline.backups, whole=not target.buckets)
    finally:
        reader.close()
    for gap in record.gaps:
        pipeline.progress.note(gap_note(gap))
    return tuple(one._replace(observed=record.of(one.pair)) for one in found)


def _all_explained(found: Sequence[Observation], changes: Changes) -> bool:
    """Is there a recorded change for each?"""
    return all(
        changes.since(one.asked.key, one.asked.role, one.last.event.time, TAKING if one.last.allowed else GIVING)[0]
        is not None
        for one in found
        if one.last
    )


def _own_changes(pairs: Sequence[Facts], backups: BackupFolder | None, since: datetime) -> dict[str, list[datetime]]:
    """When fcsse itself wrote the policies that are in force, by its copies, of late: CloudTrail may not show that yet."""
    if backups is None:
        return {}
    found: dict[str, list[datetime]] = {}
    for key, text in {facts.key.arn: facts.policy for facts in pairs if facts.key and facts.policy}.items():
        try:
            digest = digest_of(parsed(text), key.partition)
        except FcsseError:
            continue
        made = [datetime.fromisoformat(one.time) for one in backups.of_key(str(key)) if one.becomes == digest]
        times = [time for time in made if time >= since]
        if times:
            found[str(key)] = times
    return found
