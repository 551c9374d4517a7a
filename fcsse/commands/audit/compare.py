"""What changed since an earlier audit: its JSON document against this one's. Pure.

A finding is the same one where account, code, cache, bucket, key and Region are; of several that agree in all of these, the
one with the same title. What the new audit could not look at is never gone: it is not checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fcsse.commands.audit.finding_kinds import ACCESS_MISSING, UNREADABLE
from fcsse.errors import UsageError
from fcsse.model import DOCUMENT_SCHEMA

Json = Mapping[str, Any]
RANKS = {"high": 0, "medium": 1, "low": 2, "info": 3}
PLACE = ("code", "cache", "bucket", "key", "region")


_LESS = {"allowed": ("partly", "denied", "unknown"), "partly": ("denied", "unknown")}
"""What is less than a pair had, for certain."""


class Change(NamedTuple):
    """A finding that was there before and is different now. ``worse``: about more pairs, or more severe."""

    account: str
    before: Json
    now: Json
    worse: bool


class Comparison(NamedTuple):
    """Of findings: those that are new, gone, changed, and not checked this time; each with its account.

    ``pairs_new`` and ``pairs_gone`` are (account, pair); ``pairs_changed`` (account, pair, access before).
    """

    new: tuple[tuple[str, Json], ...] = ()
    gone: tuple[tuple[str, Json], ...] = ()
    changed: tuple[Change, ...] = ()
    unchanged: int = 0
    unchecked: tuple[tuple[str, Json], ...] = ()
    pairs_new: tuple[tuple[str, Json], ...] = ()
    pairs_gone: tuple[tuple[str, Json], ...] = ()
    pairs_changed: tuple[tuple[str, Json, str], ...] = ()

    @property
    def is_worse(self) -> bool:
        """Is there a new finding, an old one that is about more pairs or more severe, or a pair that has lost what it had, or of
        which that is not known any more?
        """
        lost = any(pair["access"] in _LESS.get(before, ()) for _, pair, before in self.pairs_changed)
        return bool(self.new) or lost or any(one.worse for one in self.changed)

    def plus(self, other: Comparison) -> Comparison:
        """Both together."""
        return Comparison(
            self.new + other.new,
            self.gone + other.gone,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.unchecked + other.unchecked,
            self.pairs_new + other.pairs_new,
            self.pairs_gone + other.pairs_gone,
            self.pairs_changed + other.pairs_changed,
        )

    def state_of(self, account: str, finding: str) -> str:
        """``new``, ``updated`` or ``unchanged``: what SARIF calls it. ``finding`` is its id."""
        if any(where == account and one["id"] == finding for where, one in self.new):
            return "new"
        return (
            "updated"
            if any(one.account == account and one.now["id"] == finding for one in self.changed)
            else "unchanged"
        )


class EarlierAudit(NamedTuple):
    """An earlier audit's document: an entry for each account, in the form of a single account's document."""

    accounts: Mapping[str, Json]
    organization: bool

    @classmethod
    def parse(cls, text: str | bytes, source: str) -> EarlierAudit:
        """Raises ``UsageError`` where it is not the JSON of an audit that came to its end."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _wrong(source, f"not JSON ({error})") from error
        if not isinstance(document, dict) or document.get("command") != "audit":
            raise _wrong(source, "not the document of an audit")
        if document.get("schema") != DOCUMENT_SCHEMA:
            raise _wrong(source, f"its schema is {document.get('schema')!r}, not {DOCUMENT_SCHEMA!r}")
        if "error" in document:
            raise _wrong(source, "that audit failed")
        several = isinstance(document.get("accounts"), list)
        entries = document["accounts"] if several else [document]
        if not all(_is_account(one) for one in entries):
            raise _wrong(source, "it lacks pairs or findings")
        return cls({one["account"]: one for one in entries}, several)


def _wrong(source: str, reason: str) -> UsageError:
    return UsageError(
        f"reading the earlier audit {source}: {reason}", "Name a file that was written by: fcsse audit -o json"
    )


def _is_account(one: object) -> bool:
    if not isinstance(one, dict) or not _is_text(one.get("account")):
        return False
    pairs, findings = one.get("pairs"), one.get("findings")
    if not isinstance(pairs, list) or not isinstance(findings, list):
        return False
    regions = one.get("regions", [])
    if not isinstance(regions, list) or not all(isinstance(region, str) for region in regions):
        return False
    sound = all(_has(pair, ("bucket", "access"), ("cache", "region")) for pair in pairs)
    return sound and all(_is_finding(found) for found in findings)


def _is_finding(one: object) -> bool:
    return (
        isinstance(one, dict)
        and _has(one, ("id", "severity", "title", "code"), ("cache", "bucket", "key", "region"))
        and one["severity"] in RANKS
        and isinstance(one.get("pairs"), list)
        and all(_has(pair, ("bucket",), ("cache",)) for pair in one["pairs"])
    )


def _has(one: object, texts: Iterable[str], or_null: Iterable[str]) -> bool:
    """Is it an object with these members, texts or, where that is allowed, null?"""
    return (
        isinstance(one, dict)
        and all(_is_text(one.get(name)) for name in texts)
        and all(name in one and (one[name] is None or _is_text(one[name])) for name in or_null)
    )


def _is_text(one: object) -> bool:
    """Is it a text that can be written out again? JSON has escapes for halves of characters, too."""
    return isinstance(one, str) and (one.isascii() or not _HALVES.search(one))


_HALVES = re.compile("[\ud800-\udfff]")


def compare_account(before: Json | None, now: Json) -> Comparison:
    """One account. ``before`` None: it was not audited then, so all of it is new."""
    account = str(now["account"])
    old = before or {"pairs": [], "findings": [], "regions": []}
    new: list[tuple[str, Json]] = []
    gone: list[tuple[str, Json]] = []
    unchecked: list[tuple[str, Json]] = []
    changed: list[Change] = []
    same = 0
    for was, is_now in _matched(old["findings"], now["findings"]):
        if was is None and is_now is not None:
            new.append((account, is_now))
        elif was is not None and is_now is None:
            (gone if _was_checked(was, old, now) else unchecked).append((account, was))
        elif was is not None and is_now is not None:
            difference = _difference(account, was, is_now)
            changed += [difference] if difference else []
            same += difference is None
    then = {(one["cache"], one["bucket"]): one for one in old["pairs"]}
    today = {(one["cache"], one["bucket"]): one for one in now["pairs"]}
    return Comparison(
        tuple(new),
        tuple(gone),
        tuple(changed),
        same,
        tuple(unchecked),
        tuple((account, today[name]) for name in today if name not in then),
        tuple(
            (account, then[name])
            for name in then
            if name not in today and then[name]["region"] in _regions(now) and not _may_be_unlisted(name[0], now)
        ),
        tuple(
            (account, today[name], then[name]["access"])
            for name in today
            if name in then and then[name]["access"] != today[name]["access"]
        ),
    )


def missing_account(before: Json) -> Comparison:
    """An account of the earlier audit that is not among those of now: nothing of it was checked."""
    account = str(before["account"])
    return Comparison(unchecked=tuple((account, one) for one in before["findings"]))


def _matched(before: Sequence[Json], now: Sequence[Json]) -> Iterator[tuple[Json | None, Json | None]]:
    """Each finding with the same one of the other audit, in the order of now; those that are gone come last."""
    left: dict[tuple[object, ...], list[Json]] = {}
    for one in before:
        left.setdefault(_place(one), []).append(one)
    titles = {_place(one): {other["title"] for other in now if _place(other) == _place(one)} for one in _repeated(now)}
    for one in now:
        group = left.get(_place(one), [])
        found = next((other for other in group if other["title"] == one["title"]), None)
        if found is None:
            taken = titles.get(_place(one), set())
            found = next((other for other in group if other["title"] not in taken), None)
        if found is not None:
            group.remove(found)
        yield found, one
    for group in left.values():
        for one in group:
            yield one, None


def _repeated(findings: Sequence[Json]) -> Iterable[Json]:
    """Findings of which another has the same place."""
    seen: dict[tuple[object, ...], int] = {}
    for one in findings:
        seen[_place(one)] = seen.get(_place(one), 0) + 1
    return [one for one in findings if seen[_place(one)] > 1]


def _place(one: Json) -> tuple[object, ...]:
    return tuple(one[name] for name in PLACE)


def _pairs(one: Json) -> frozenset[tuple[object, object]]:
    return frozenset((pair["cache"], pair["bucket"]) for pair in one["pairs"])


def _difference(account: str, was: Json, now: Json) -> Change | None:
    if was["severity"] == now["severity"] and was["title"] == now["title"] and _pairs(was) == _pairs(now):
        return None
    more = bool(_pairs(now) - _pairs(was))
    severer = RANKS[now["severity"]] < RANKS[was["severity"]]
    return Change(account, was, now, more or severer)


def _was_checked(was: Json, before: Json, now: Json) -> bool:
    """Could the new audit have found it again? Not in a Region that it did not read, nor of a pair that is unknown now, nor
    where it could not read the bucket or the key and the earlier one could.
    """
    read, then = _regions(now), set(before.get("regions", []))
    places = {pair["region"] for pair in before["pairs"] if (pair["cache"], pair["bucket"]) in _pairs(was)}
    if not places:
        places = {was["region"]} if was["region"] else then
    if places - read:
        return False
    today = {(pair["cache"], pair["bucket"]) for pair in now["pairs"]}
    if any(_may_be_unlisted(cache, now) for cache, _ in _pairs(was) - today):
        return False
    if was["code"] in ("access-unknown", UNREADABLE.code):
        return True
    access = {(pair["cache"], pair["bucket"]): pair["access"] for pair in now["pairs"]}
    verdicts = {access.get(name) for name in _pairs(was)}
    if was["code"] == ACCESS_MISSING.code and verdicts == {"allowed"}:
        return True
    return "unknown" not in verdicts and not any(_hides(one, was) for one in _unread_since(before, now))


def _may_be_unlisted(cache: object, now: Json) -> bool:
    """Is it a file system, and could those not be listed of which some are linked without an association? That finding, of all
    that could not be read, is about no pair, bucket, key or Region.
    """
    return str(cache).startswith("fs-") and any(
        one["code"] == UNREADABLE.code and not one["pairs"] and all(one[name] is None for name in PLACE[1:])
        for one in now["findings"]
    )


def _regions(now: Json) -> set[str]:
    """The Regions that an audit read; none where it could not read the account, or did not."""
    return set() if now.get("error") else set(now.get("regions", []))


def _unread_since(before: Json, now: Json) -> Iterator[Json]:
    """Findings of what could not be read, and could before."""
    titles = {one["title"] for one in before["findings"]}
    yield from (one for one in now["findings"] if one["code"] == UNREADABLE.code and one["title"] not in titles)


def _hides(unread: Json, was: Json) -> bool:
    """Is a finding about what could not be read now?"""
    same = any(was[name] is not None and was[name] == unread[name] for name in ("bucket", "key"))
    return same or bool(_pairs(was) & _pairs(unread))
