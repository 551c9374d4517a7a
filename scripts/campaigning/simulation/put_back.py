"""What must be true of ``restore`` and ``settle``, which put back what was there before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from scripts.campaigning.simulation.invariants import foreign, overwritten, removes, sid_of
from scripts.campaigning.simulation.scene import Command, Scene
from scripts.campaigning.simulation.transport import Put, Record

LAG = 8.0
"""Seconds for which KMS may show an old policy, at most, where ``settle`` is asked for certainty: it allows for ten."""


RECORDED = 900.0
"""Seconds after which CloudTrail shows every event."""


def of_restore(one: Command, scene: Scene, record: Record, first: str, final: str) -> Iterator[str]:
    """What it takes from others was shown and agreed to, and a success of it is one."""
    source, puts = one.source, [put for put in record.puts if put.by == one.name]
    if source is None:
        return
    if puts and source.text != source.saved and "--accept-edited" not in one.words:
        yield "restored a copy that was edited, without --accept-edited"
    target, saved = (foreign(text) if text else frozenset() for text in (source.text, source.saved))
    agreed = "--discard-others" in one.words or bool(scene.jumps)
    silent = "-q" in one.words or (one.code in (None, 130) and "-o" in one.words)  # its document comes at the end
    for put in puts:
        before, after = foreign(put.before), foreign(put.after)
        for lost in (before - after) - foreign(final):
            if _was_seen(one, put, lost, record) and not scene.weather.stale:
                if lost not in saved and not agreed:
                    yield f"took back {sid_of(lost)}, which came later, without --discard-others"
                if not silent and not _is_shown(one, "-", lost):
                    yield f"took back {sid_of(lost)}, and did not show it"
            elif not scene.weather.stale:
                yield from overwritten(one, scene, record, record.puts.index(put), lost)
        for made in after - before:
            ever = any(made in foreign(other.before) for other in record.puts[: record.puts.index(put) + 1])
            if made not in target and not ever:
                yield f"wrote a statement that is in no version: {sid_of(made)}"
            elif (
                made in saved
                and not (agreed or scene.weather.stale or _is_undone(scene, put, made, record))
                and _was_missing(one, put, made, record)
            ):
                yield f"brought back {sid_of(made)}, which was taken out later, without --discard-others"
    if one.code == 0 and "--dry-run" not in one.words:
        states = [first, *(put.after for put in record.puts if put.at <= one.ended)]
        if not any(target <= foreign(text) for text in states):
            yield "ended with 0, and the key never had that policy"


def _texts(one: Command, put: Put, record: Record) -> list[str]:
    return [seen.text for seen in record.shown if seen.to == one.name and seen.key == put.key and seen.at <= put.sent]


def _was_seen(one: Command, put: Put, statement: str, record: Record) -> bool:
    """Was it in what the process had read last before its put?"""
    texts = _texts(one, put, record)
    return bool(texts) and statement in foreign(texts[-1])


def _was_missing(one: Command, put: Put, statement: str, record: Record) -> bool:
    texts = _texts(one, put, record)
    return bool(texts) and all(statement not in foreign(text) for text in texts)


def _is_undone(scene: Scene, put: Put, statement: str, record: Record) -> bool:
    """Was it a command of fcsse that took it out last? Then the copy made then is there to bring it back."""
    earlier = record.puts[: record.puts.index(put)][::-1]
    last = next((other for other in earlier if removes(other, statement)), None)
    return last is not None and last.by in {command.name for command in scene.commands}


def _is_shown(one: Command, sign: str, statement: str) -> bool:
    """Does a line of the difference say it, or a sentence? In JSON, lines stand in quotes."""
    sid, text = sid_of(statement), one.out + one.err
    lines = (line.lstrip(' "') for line in text.splitlines())
    return f"statement {sid}" in " ".join(text.split()) or any(line.startswith(sign) and sid in line for line in lines)


def of_settle(one: Command, scene: Scene, record: Record) -> Iterator[str]:
    """Where it ends with 0, nothing is missing that writes of ours overwrote; it brings nothing back that others meant to take
    out. Those who only add statements took one out by writing upon an old policy.
    """
    if one.words[0] != "settle" or scene.jumps or scene.weather.stale > LAG or _is_cut(one, record):
        return
    ours = {command.name: _puts_back(command) for command in (*scene.commands, one)}
    adders = {f"w{number}" for number, other in enumerate(scene.others) if other.kind != "revert"}
    if one.code == 0 and "--dry-run" not in one.words:
        elsewhere = {command.name for command in scene.commands if command.home != one.home}
        yield from _missing(one, record, ours, elsewhere if scene.weather.late else set())
    for index, put in enumerate(record.puts):
        if put.by != one.name:
            continue
        for made in foreign(put.after) - foreign(put.before):
            last = next((other for other in record.puts[:index][::-1] if removes(other, made)), None)
            if last is None or last.at >= one.started or last.by in adders:
                continue
            if _on_purpose(record, last, made, ours):
                yield f"brought back {sid_of(made)}, which {last.by} had taken out"


def _puts_back(one: Command) -> bool:
    """Is it a command that may take out what others wrote, to bring back what was there before?"""
    return one.words[0] in ("restore", "settle") or "--settle" in one.words


def _is_cut(one: Command, record: Record) -> bool:
    """Did an answer of CloudTrail's lack what nobody can miss: the token of the next page?"""
    return (one.name, "LookupEvents", "a member missing") in record.troubles


def _on_purpose(record: Record, put: Put, statement: str, ours: Mapping[str, bool]) -> bool:
    """Did whoever took it out mean to? Of ours, only what puts another version back may, and what it had read last."""
    if put.by not in ours:
        return True
    shown = [seen for seen in record.shown if seen.to == put.by and seen.key == put.key and seen.at <= put.sent]
    return ours[put.by] and bool(shown) and statement in foreign(shown[-1].text)


def _missing(one: Command, record: Record, ours: Mapping[str, bool], elsewhere: Collection[str]) -> Iterator[str]:
    """What is missing at its end because of writes that were made before it began. Of one made ``elsewhere``, on another machine,
    only CloudTrail tells, and not at once.
    """
    puts = [put for put in record.puts if put.at <= one.ended]
    for index, put in enumerate(puts):
        if put.at > one.started:
            return
        if put.by in elsewhere and put.at > one.started - RECORDED:
            continue
        for lost in foreign(put.before) - foreign(put.after) - foreign(puts[-1].after):
            taken = (other for other in puts[index:] if removes(other, lost))
            if not any(_on_purpose(record, other, lost, ours) for other in taken):
                yield f"ended with 0, and {sid_of(lost)} is missing, which {put.by} overwrote"
