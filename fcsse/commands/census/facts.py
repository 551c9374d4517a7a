"""Finding out about the keys that a census met, for the caches of the bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from fcsse.arn import key_arn
from fcsse.commands.census.tally import Census
from fcsse.errors import FcsseError
from fcsse.link_options import Operation, Options
from fcsse.model import Association, Facts, Obstacle
from fcsse.pipeline import Pipeline, Target


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """``found``: by key ARN, the facts of every cache with that key. ``unknown``: why the bucket's caches are not known."""

    caches: tuple[str, ...] = ()
    found: Mapping[str, tuple[Facts | Obstacle, ...]] = field(default_factory=dict)
    unknown: str = ""


def facts_of_keys(pipeline: Pipeline, census: Census, caches: tuple[str, ...]) -> KeyFacts:
    """The facts of each key for each cache. Without ``caches``: those that FSx links to the bucket.

    One that cannot be read hinders only its own pair. A cache is judged by the prefixes that it is linked to, as ``check``
    does: more than a key policy gives for those, it does not need.
    """
    pipeline.progress.step("finding the caches of the bucket")
    unknown = ""
    links: list[Association] = []
    named = bool(caches)
    if not named:
        try:
            links += pipeline.aws.list_associations()
            links += chain.from_iterable(pipeline.aws.older_link_pages(pipeline.aws.region))
        except FcsseError as error:
            unknown = error.message
        links = [one for one in links if one.bucket == census.bucket and one.owner]
        caches = tuple(dict.fromkeys(one.owner for one in links))
    found: dict[str, tuple[Facts | Obstacle, ...]] = {}
    if caches:
        pipeline.progress.step("reading the keys that are in use")
        for text in census.keys:
            key = key_arn(text)
            if key is not None:
                options = Options(Operation.CHECK, key=key, bucket_region=key.region, bucket_keys=False)
                facts = pipeline.discover(Target(caches, (census.bucket,)), options, ask_prefixes=named)
                found[text] = facts if named else tuple(_with_prefixes(one, links) for one in facts)
    return KeyFacts(caches, found, unknown)


def _with_prefixes(found: Facts | Obstacle, links: Sequence[Association]) -> Facts | Obstacle:
    """The facts with what FSx listed of the cache. All links are to the bucket."""
    if isinstance(found, Obstacle):
        return found
    return found._replace(prefixes=tuple(one.prefix for one in links if one.owner == found.pair.cache))
