"""A census as a whole: what to look at, and what was counted together with what the caches may do with it."""

from __future__ import annotations

from typing import NamedTuple

from fcsse.arn import partition_of
from fcsse.commands.census import scan
from fcsse.commands.census.access import AccessReport, levels_of, link_commands, needs_of
from fcsse.commands.census.facts import KeyFacts, facts_of_keys
from fcsse.commands.census.in_place import RekeyTarget
from fcsse.commands.census.manifest import ManifestWriter
from fcsse.commands.census.preconditions import advised, require_caches
from fcsse.commands.census.rekey import RekeyPlan, RekeyRequest, plan_rekey
from fcsse.commands.census.rekey_target import describe_sources, find_target
from fcsse.commands.census.tally import Census
from fcsse.commands.permissions.permission import Engine
from fcsse.endpoint import Endpoint
from fcsse.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_PENDING, FcsseError
from fcsse.named_by_arn import refuse_elsewhere
from fcsse.objects import Group
from fcsse.pipeline import Pipeline
from fcsse.suggested_commands import CommandBuilder


class CensusQuery(NamedTuple):
    """Which objects to look at, and how. ``caches``: those to judge for; none: those that FSx links to the bucket.

    ``sample``: so many objects; None: all of them. ``workgroup`` and ``output`` are Athena's. ``rekey``: also plan how to
    give the objects the bucket's key and context form in place; a manifest takes all objects, one by one.
    """

    bucket: str
    caches: tuple[str, ...] = ()
    prefix: str = ""
    sample: int | None = 200
    engine: Engine = Engine.HEAD
    workgroup: str | None = None
    output: str | None = None
    rekey: RekeyRequest | None = None


class CensusResult(NamedTuple):
    """What ``census`` says of a bucket: ``census`` is what was counted, ``needs`` what the caches may do with it.

    ``rekey``: the plan for objects that are encrypted otherwise than they should be, where one was asked for.
    ``endpoints``: those other than AWS's own that were asked.
    """

    census: Census
    needs: AccessReport
    rekey: RekeyPlan | None = None
    endpoints: tuple[Endpoint, ...] = ()

    def __repr__(self) -> str:
        """One line: the bucket, how many objects were read and how many groups they make."""
        scope = "all" if self.complete else "a sample"
        return f"<CensusResult s3://{self.census.bucket}: {self.census.looked_at} objects ({scope}) in {len(self.groups)} groups>"

    @property
    def groups(self) -> tuple[Group, ...]:
        """Objects encrypted alike, the largest group first."""
        return self.census.groups

    @property
    def complete(self) -> bool:
        """Was every object looked at?"""
        return self.census.complete

    @property
    def fine(self) -> bool:
        """May the caches decrypt all that was to be seen?"""
        return self.needs.fine and not self.census.unreadable

    @property
    def exit_code(self) -> int:
        """0: ``fine``. 3: not, or not known. 130: interrupted. Else that of the error which ended it early."""
        if self.census.interrupted:
            return EXIT_INTERRUPTED
        if self.census.failure is not None:
            return self.census.failure.exit_code
        return EXIT_OK if self.fine else EXIT_PENDING


def take_census(pipeline: Pipeline, question: CensusQuery, words: CommandBuilder) -> CensusResult:
    """Counts, then judges for each cache. ``words`` writes the commands of the remedies.

    Ctrl-C ends the counting, with the answer so far; a second one leaves out the judging. Raises what keeps every object
    from being looked at, and ``NotFoundError`` where a cache that was named is not there.
    """
    refuse_elsewhere(question.bucket, partition_of(pipeline.aws.region or ""))
    require_caches(pipeline, question.caches)
    target = find_target(pipeline, question.bucket, question.rekey) if question.rekey else None
    writer = _writer(question, target)
    try:
        try:
            census = _count(pipeline, question, writer)
        except FcsseError as error:
            raise advised(pipeline.aws, question.bucket, error) from error
        manifest = writer.finish() if writer and census.complete and not census.unreadable else None
    finally:
        if writer:
            writer.discard()
    if census.failure is not None:
        census = census._replace(failure=advised(pipeline.aws, question.bucket, census.failure))
    facts = _facts(pipeline, census, question.caches)
    needs = needs_of(census, facts.caches, facts.found, words, facts.unknown) if facts else _NOT_JUDGED
    if question.rekey is None or target is None:
        return CensusResult(census, needs, endpoints=pipeline.aws.endpoints)
    sources = describe_sources(pipeline.aws, census, target)
    links = _links(target, question.bucket, facts or KeyFacts(), words)
    plan = plan_rekey(census, question.rekey, target, sources, manifest, links)
    return CensusResult(census, needs, plan, pipeline.aws.endpoints)


_NOT_JUDGED = AccessReport(caches_known=False)


def _writer(asked: CensusQuery, target: RekeyTarget | None) -> ManifestWriter | None:
    if target is None or asked.rekey is None or asked.rekey.manifest is None:
        return None
    return ManifestWriter(asked.rekey.manifest, asked.bucket, target)


def _links(target: RekeyTarget, bucket: str, facts: KeyFacts, words: CommandBuilder) -> tuple[str, ...]:
    """The commands that let the caches use the new key."""
    flags = ("--key", str(target.key), "--bucket-keys" if target.bucket_keys else "--no-bucket-keys")
    levels = levels_of(facts.caches, facts.found)
    return tuple(link_commands(facts.caches, bucket, levels, words, *(flags if target.stated else ())))


def _count(pipeline: Pipeline, asked: CensusQuery, writer: ManifestWriter | None) -> Census:
    aws, progress, clock = pipeline.aws, pipeline.progress, pipeline.clock
    if asked.engine is Engine.ATHENA:
        return scan.take_inventory(aws, progress, clock, asked.bucket, asked.prefix, asked.workgroup, asked.output)
    if asked.sample is None:
        return scan.take_all(aws, progress, asked.bucket, asked.prefix, writer.add if writer else None)
    return scan.take_sample(aws, progress, clock, asked.bucket, asked.prefix, asked.sample)


def _facts(pipeline: Pipeline, census: Census, caches: tuple[str, ...]) -> KeyFacts | None:
    """What judging takes; None after a second Ctrl-C: what was counted is told all the same."""
    try:
        return facts_of_keys(pipeline, census, caches)
    except KeyboardInterrupt:
        if not census.interrupted:
            raise
        return None
