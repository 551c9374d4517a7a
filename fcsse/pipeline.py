"""The pipe that every command takes: scope, discover, plan; then apply or try.

``Pipeline`` holds what a run needs from outside, so that tests and callers can hand in their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from fcsse.advice import REGION, Parameter, advice
from fcsse.advisories import Advisories
from fcsse.apply.apply import AppliedChange, FailedChange, apply_plan, try_plan
from fcsse.apply.backup import BackupFolder
from fcsse.apply.backup_file import Backup
from fcsse.apply.policy_writer import ApplyContext, PolicyWriter, Written
from fcsse.apply.write_log import WriteLog
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock
from fcsse.discovery.discover import Discovery
from fcsse.discovery.look_ups import with_look_ups
from fcsse.discovery.named_key import with_resolved_key
from fcsse.discovery.suggestions import CacheSuggestions
from fcsse.earlier_keys import with_earlier_keys
from fcsse.errors import ChangedError, FcsseError, NotFoundError, UsageError
from fcsse.link_options import Operation, Options
from fcsse.model import Association, Facts, Obstacle, Pair
from fcsse.named_by_arn import region_named
from fcsse.planning.changes import PolicyChange
from fcsse.planning.make_plan import make_plan
from fcsse.planning.narrower import narrower, whole_bucket
from fcsse.planning.plan import NEVER, Plan
from fcsse.progress import Progress, Silent
from fcsse.suggested_commands import CommandBuilder


class Target(NamedTuple):
    """What a command is about: caches and buckets as they were named; every pair of them is meant.

    Without buckets, each cache's own are meant. ``every_cache`` stands in place of caches.
    """

    caches: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    every_cache: bool = False

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that are named; none where a cache's own buckets are meant."""
        caches: Sequence[str | None] = [None] if self.every_cache else self.caches
        return tuple(dict.fromkeys(Pair(cache, bucket) for cache in caches for bucket in self.buckets))

    def require_caches(self, doing: str, term: Callable[[str], str]) -> None:
        """Raises ``UsageError`` unless it says which caches are meant; ``term`` is what the caller calls an option."""
        every = term("every_cache")
        if not (self.caches or self.every_cache):
            message = f"{doing}: no cache is named"
            raise UsageError(message, f"Name one with {term('cache')}, or all with {every}.")
        if self.caches and self.every_cache:
            message = f"{term('cache')} and {every} exclude each other"
            raise UsageError(message, "Leave one of them out.")
        if self.every_cache and not self.buckets:
            message = f"{every} needs {term('bucket')}"
            raise UsageError(
                message, f"Name buckets with it; or a cache with {term('cache')}, whose own are then meant."
            )

    def require_facts(self, options: Options, term: Callable[[str], str], also: str = "") -> None:
        """Raises ``UsageError`` unless what was stated of a bucket goes together. ``also``: another option it goes with."""
        region, flag, key = term("bucket_region"), term("bucket_keys"), term("key")
        if options.key is None and options.bucket_region is not None and options.bucket_keys is not None:
            message = f"{region} and {flag} go with {key}{also}"
            raise UsageError(message, f"Name the bucket's key with {key}, or leave them out to have the bucket read.")
        if options.key is not None and not self.buckets:
            message = f"{key} needs {term('bucket')}"
            raise UsageError(message, f"Name the bucket with {term('bucket')}.")


@dataclass(slots=True)
class Pipeline:
    """One run. ``wait`` is in seconds; ``backups`` None = write without a copy; ``locks`` None = take no turns.

    ``words`` write the commands that are suggested.
    """

    aws: AwsCalls
    clock: Clock
    progress: Progress = field(default_factory=Silent)
    wait: float = 300.0
    backups: BackupFolder | None = None
    locks: Path | None = None
    journal: WriteLog = field(default_factory=WriteLog)
    words: CommandBuilder = field(default_factory=CommandBuilder)
    _advisories: Advisories | None = None
    _reported: set[Path] = field(default_factory=set)

    def discover(self, target: Target, options: Options, *, ask_prefixes: bool = False) -> tuple[Facts | Obstacle, ...]:
        """The facts of every pair, in the order in which the pairs were named.

        ``ask_prefixes``: where buckets are named, FSx is asked for the caches' prefixes in them.
        """
        return self._discover(target, options, ask_prefixes=ask_prefixes)[0]

    def _discover(
        self, target: Target, options: Options, *, ask_prefixes: bool = False
    ) -> tuple[tuple[Facts | Obstacle, ...], float]:
        """The facts, and when the policies in them were read, in seconds of the run's clock.

        Where a role came while it was waited for, all is read anew: a bucket may have got another key in those minutes.
        """
        found, read_at, waited = self._read(target, options, ask_prefixes=ask_prefixes)
        return self._read(target, options, ask_prefixes=ask_prefixes)[:2] if waited else (found, read_at)

    def _read(
        self, target: Target, options: Options, *, ask_prefixes: bool
    ) -> tuple[tuple[Facts | Obstacle, ...], float, bool]:
        """The facts, when the policies in them were read, and whether a role was waited for that came."""
        self._advisories = None  # its answers are as old as the facts were
        options = with_resolved_key(self.aws, options, target.buckets)
        with Discovery(self.aws, options, self.clock, self.progress, self.wait, words=self.words) as discovery:
            prefixes: dict[Pair, tuple[str, ...]] = {}
            wanted = self._wanted(target, discovery, prefixes)
            pairs = [one for one in wanted if isinstance(one, Pair)]
            asked = None if ask_prefixes and target.buckets else prefixes
            facts = dict(zip(pairs, discovery.facts(pairs, asked), strict=True))
            found = tuple(facts[one] if isinstance(one, Pair) else one for one in wanted)
        if options.operation in (Operation.LINK, Operation.CHECK):
            found = with_look_ups(self.aws, found)
        if options.operation is Operation.LINK and target.buckets:
            found = tuple(self._with_prefixes(one) if isinstance(one, Facts) else one for one in found)
        return found, self.clock.monotonic() - discovery.age_of_policies(), discovery.waited

    def _with_prefixes(self, facts: Facts) -> Facts:
        """The facts with the cache's prefixes, where a statement for a part of the bucket may be enough for those."""
        labels = narrower(facts)
        if not labels or facts.pair.cache is None:
            return facts
        try:
            linked = self.aws.list_associations(facts.pair.cache)
        except FcsseError as error:
            return facts._replace(unreadable=(*facts.unreadable, whole_bucket(facts, labels, error.message)))
        return facts._replace(prefixes=tuple(one.prefix for one in linked if one.bucket == facts.pair.bucket))

    def plan(self, target: Target, options: Options, expect: str | None = None) -> Plan:
        """What would be changed. Raises ``ChangedError`` where ``expect`` is not the plan's digest."""
        found, read_at = self._discover(target, options)
        return self.plan_of(found, options, expect)._replace(read_at=read_at)

    def plan_of(self, found: Sequence[Facts | Obstacle], options: Options, expect: str | None = None) -> Plan:
        """What would be changed, by facts that were read elsewhere: before a write, each policy is read again.

        Raises ``ChangedError`` where ``expect`` is not the plan's digest.
        """
        saved: dict[str, tuple[str, ...]] = {}
        if options.operation is Operation.UNLINK and self.backups:
            for facts in found:
                if isinstance(facts, Facts) and facts.key and facts.policy:
                    arn = str(facts.key.arn)
                    saved[arn] = saved.get(arn) or tuple(backup.policy for backup in self.backups_of_key(arn))
        plan = make_plan(found, options, saved)._replace(endpoints=self.aws.endpoints)
        if options.operation is Operation.UNLINK and self.backups:
            plan = with_earlier_keys(plan, self.aws, self.backups.all(), self.words, key_named=options.key is not None)
        if expect is not None and not plan.answers(expect):
            raise ChangedError(
                f"checking the plan: it has changed since it was reviewed (expected {expect}, now {plan.digest})",
                "Look at the new plan with a dry run.",
            )
        return plan

    def backups_of_key(self, key: str, most: int = 20, accepted: str = "") -> tuple[Backup, ...]:
        """The newest backups of a key; damaged files are reported once and passed over.

        ``accepted``: the id of one that the caller uses although it was edited, so there is nothing to report of it.
        """
        found, damaged = self.backups.read_of_key(key, most) if self.backups else ((), ())
        for file in damaged:
            if file.path not in self._reported and file.path.stem != accepted:
                self._reported.add(file.path)
                self.progress.note(f"{file.message} It was passed over.")
        return found

    def apply(
        self, plan: Plan, *, expected: bool = False, ask_advisories: bool = False
    ) -> tuple[AppliedChange | FailedChange, ...]:
        """Makes the plan's changes. ``ask_advisories``: ``with_advisories`` will follow, so its questions are asked on the way."""
        run = self._context(expected, plan)
        if ask_advisories and plan.operation is Operation.LINK:
            run.at_look = lambda key: self._beside.begin(plan, key)
        return apply_plan(plan, run)

    def try_out(self, plan: Plan) -> tuple[AppliedChange | FailedChange, ...]:
        """The dry run's last step."""
        return try_plan(plan, self._context(False, plan))

    def with_advisories(self, plan: Plan) -> Plan:
        """The plan with the warnings that take a request of their own (see ``Advisories``)."""
        return self._beside.added_to(plan)

    @property
    def _beside(self) -> Advisories:
        if self._advisories is None:
            self._advisories = Advisories(self.aws, self.clock)
        return self._advisories

    def write_policy(self, change: PolicyChange, *, expected: bool, saved: dict[str, str] | None = None) -> Written:
        """Makes one change to one key policy by the write protocol. ``saved`` takes the id of the first copy, by key, also
        where it fails.
        """
        run = self._context(expected)
        if saved is not None:
            run.backup_ids = saved
        return PolicyWriter(run, change).write()

    def _context(self, expected: bool, plan: Plan | None = None) -> ApplyContext:
        known = [one.facts for one in plan.outcomes if one.facts] if plan else []
        roles = [facts.role for facts in known if facts.role]
        return ApplyContext(
            aws=self.aws,
            clock=self.clock,
            progress=self.progress,
            wait=self.wait,
            read_at=plan.read_at if plan else NEVER,
            backups=self.backups,
            locks=self.locks,
            expected=expected,
            created={str(role.arn): role.created for role in roles if role.exists},
            journal=self.journal,
            grants=frozenset(grant.grant_id for facts in known for grant in facts.grants or ()),
            readers={str(facts.key.arn): facts.account for facts in known if facts.key and facts.policy is not None},
            planned_at=self.clock.monotonic(),
        )

    def _wanted(
        self, target: Target, discovery: Discovery, prefixes: dict[Pair, tuple[str, ...]]
    ) -> list[Pair | Obstacle]:
        """The pairs that are meant, in the order of their caches; an obstacle for a cache whose buckets are not known."""
        if target.buckets:
            return list(target.pairs)
        wanted: list[Pair | Obstacle] = []
        near = CacheSuggestions(self.aws)
        for cache, answer in self._associations(tuple(dict.fromkeys(target.caches)), discovery):
            if isinstance(answer, FcsseError):
                if isinstance(answer, NotFoundError):
                    answer.hint = near.advice(cache) or answer.hint
                wanted.append(Obstacle(Pair(cache, ""), answer))
                continue
            for association in answer:
                if association.bucket:
                    pair = Pair(cache, association.bucket)
                    prefixes[pair] = (*prefixes.get(pair, ()), association.prefix)
                    wanted.append(pair)
            if not any(association.bucket for association in answer):
                message = f"listing the buckets of {cache}: FSx knows no S3 data repository association of it in {region_named(cache) or self.aws.region}"
                hint = near.advice(cache) if self._is_unknown(cache) else ""
                hint = hint or advice(
                    "Name the bucket with ", Parameter("bucket"), ", or the cache's Region with ", REGION, "."
                )
                wanted.append(Obstacle(Pair(cache, ""), NotFoundError(message, hint)))
        return list(dict.fromkeys(wanted))

    def _is_unknown(self, cache: str) -> bool:
        """Does FSx not know the cache in this Region, or not say?"""
        try:
            return self.aws.find_cache(cache) is None
        except FcsseError:
            return True

    def _associations(
        self, caches: tuple[str, ...], discovery: Discovery
    ) -> Iterator[tuple[str, tuple[Association, ...] | FcsseError]]:
        """Each cache's associations, in the given order, asked for side by side."""
        many = len(caches) > 1
        self.progress.step(f"listing the buckets of {f'{len(caches):,} caches' if many else ''.join(caches)}")
        if many:
            self.aws.prepare("fsx")  # once, rather than on each thread
        asked = [discovery.submit(self.aws.list_associations, cache) for cache in caches]
        for number, (cache, answer) in enumerate(zip(caches, asked, strict=True), 1):
            try:
                yield cache, answer.result()
            except FcsseError as error:
                yield cache, error
            if many:
                self.progress.advance(number, len(caches))


def exit_code(plan: Plan, results: Sequence[AppliedChange | FailedChange]) -> int:
    """What a program should end with: 0, or the code of the first thing that went wrong, pairs before changes."""
    error = plan.error or next((one.error for one in results if isinstance(one, FailedChange)), None)
    return error.exit_code if error else 0
