"""Links that were made while an account was being read.

FSx is listed at the beginning, and a key policy may be read minutes later: a cache that got its bucket meanwhile, and was linked,
is in the policy and not in the list. So nobody is told that a cache is not linked to a bucket before FSx was asked about that
cache alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from fcsse.arn import role_cache
from fcsse.commands.audit.facts import Located
from fcsse.errors import FcsseError, NotFoundError
from fcsse.model import Association
from fcsse.policy.document import parsed
from fcsse.policy.statement import read_statement

Asked = tuple[str, str]
"""A cache and a Region."""
Ask = Callable[[Iterable[Asked]], Mapping[Asked, tuple[Association, ...] | FcsseError]]
"""Asks for the links of each of these caches in a Region; an error where they are not known."""


def changed_since(
    ask: Ask, associations: Sequence[Located], elsewhere: Sequence[str], given: Iterable[tuple[str, str]]
) -> frozenset[str]:
    """The caches of which FSx shows a link now that was not listed, or does not say what they are linked to.

    ``given``: caches with buckets that key policies give them. A cache of which nothing was listed may be in any of the
    Regions ``elsewhere``.
    """
    places: dict[str, set[str]] = {}
    known: dict[str, set[str]] = {}
    for region, one in ((located.region, located.association) for located in associations):
        if one.bucket:
            places.setdefault(one.owner, set()).add(region)
            known.setdefault(one.owner, set()).add(one.bucket)
    doubted = sorted({cache for cache, bucket in given if bucket not in known.get(cache, ())})
    answers = ask([(cache, region) for cache in doubted for region in sorted(places.get(cache, elsewhere))])
    return frozenset(cache for (cache, _), answer in answers.items() if _is_new(answer, known.get(cache, set())))


def _is_new(answer: tuple[Association, ...] | FcsseError, known: set[str]) -> bool:
    if isinstance(answer, FcsseError):
        return not isinstance(answer, NotFoundError)
    return any(one.bucket and one.bucket not in known for one in answer)


def buckets_given(policies: Iterable[str], account: str) -> Iterator[tuple[str, str]]:
    """The caches of an account, each with a bucket, to which statements of links in key policies give access."""
    for text in dict.fromkeys(policies):
        try:
            statements = parsed(text).statements
        except FcsseError:  # whoever needs to read it says so
            continue
        for ours in (read_statement(one.value) for one in statements):
            if ours is not None and ours.account == account:
                caches = [cache for cache in map(role_cache, ours.roles) if cache]
                yield from ((cache, arn.rsplit(":", 1)[-1]) for cache in caches for arn in ours.buckets)
