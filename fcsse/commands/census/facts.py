"""Finding out about the keys that a census met, for the caches of the bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from fcsse.arn import key_arn
from fcsse.commands.census.tally import Census
from fcsse.errors import FcsseError
from fcsse.model import Association, Facts, Obstacle, Operation, Options
from fcsse.pipeline import Pipeline, Target


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """``found``: by key ARN, the facts of every cache with that key. ``unknown``: why the bucket's caches are not known."""

    caches: tuple[str, ...] = ()
    found: Mapping[str, tuple[Facts | Obstacle, ...]] = field(default_factory=dict)
    unknown: str = ""


def facts_of_keys(pipeline: Pipeline, census: Census, caches: tuple[str, ...]) -> KeyFacts:
    """The facts of each key for each cache. Without ``caches``: those that FSx links to the bucket.

    One that cannot be read hinders only its own pair.
    """
    pipeline.progress.step("finding the caches of the bucket")
    unknown = ""
    if not caches:
        links: list[Association] = []
        try:
            links += pipeline.aws.list_associations()
            links += chain.from_iterable(pipeline.aws.older_link_pages(pipeline.aws.region))
        except FcsseError as error:
            unknown = error.message
        caches = tuple(dict.fromkeys(one.owner for one in links if one.bucket == census.bucket and one.owner))
    found: dict[str, tuple[Facts | Obstacle, ...]] = {}
    if caches:
        pipeline.progress.step("reading the keys that are in use")
        for text in census.keys:
            key = key_arn(text)
            if key is not None:
                options = Options(Operation.CHECK, key=key, bucket_region=key.region, bucket_keys=False)
                found[text] = pipeline.discover(Target(caches, (census.bucket,)), options)
    return KeyFacts(caches, found, unknown)
