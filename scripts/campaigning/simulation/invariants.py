"""What must be true after every run, however it went; each function yields a sentence for each thing that is not."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from fcsse.arn import role_arn
from scripts.campaigning.put_log import meaning, saved_texts, sids
from scripts.campaigning.simulation.scene import ACCOUNT, CACHES, Command, Scene
from scripts.campaigning.simulation.transport import Put, Record
from scripts.campaigning.simulation.trouble import SECRET

CODES = {0, 1, 3, 4, 5, 6, 7, 8, 130}
FRESH = 0.25
"""Seconds that a reading may be old when the write protocol writes upon it."""

RECHECKED = 0.9
"""Seconds after a write before which nobody looks for the last time whether it is still there."""

SAID = ("Nothing was written", "most likely not written", "Written: ", "may have been written")
DEAD_ID = re.compile(r"A(?:ROA|IDA)[A-Z0-9]{8,}")
SETTLED = ("Nothing to give back", "Gave back what was lost", "Somebody else gave back", "does not show the write yet")


def own(one: dict[str, Any]) -> bool:
    """Is it a statement for a cache's role, as fcsse makes and takes them, or for nobody that is still there?"""
    principal = json.dumps(one.get("Principal"))
    return "AWSServiceRoleForFSxS3Access_" in principal or ("AROA" in principal and "arn:" not in principal)


@lru_cache(4096)
def foreign(text: str) -> frozenset[str]:
    """The statements of others in a policy, each in one form whatever its layout."""
    found = json.loads(text)["Statement"]
    many = found if isinstance(found, list) else [found]
    return frozenset(json.dumps(_sorted(one), sort_keys=True) for one in many if not own(one))


def _sorted(value: Any) -> Any:
    """In one form; without the ids of those who are gone, which may be pruned."""
    if isinstance(value, dict):
        return {name: _sorted(one) for name, one in value.items()}
    if isinstance(value, list):
        items = sorted((_sorted(one) for one in value if not str(one).startswith("AROA")), key=json.dumps)
        return items[0] if len(items) == 1 else items
    return value


@lru_cache(4096)
def has_access(text: str, cache: str) -> bool:
    """Does a statement allow the cache's role to decrypt?"""
    role = role_arn("aws", ACCOUNT, cache)
    found = json.loads(text)["Statement"]
    for one in found if isinstance(found, list) else [found]:
        principal = one["Principal"].get("AWS", []) if isinstance(one["Principal"], dict) else []
        if role in ([principal] if isinstance(principal, str) else principal) and "kms:Decrypt" in json.dumps(one):
            return True
    return False


def sid_of(one: str) -> str:
    """The Sid of a statement in that form."""
    return str(json.loads(one).get("Sid", ""))


def of_output(one: Command) -> Iterator[str]:
    """Exit codes of the contract; output that parses; no secret, no traceback, no defect."""
    text = one.out + one.err
    if SECRET in text:
        yield "prints a secret"
    if one.code is None:
        return
    if one.code not in CODES:
        yield f"ended with {one.code}"
    if "defect of fcsse" in text or "bug in fcsse" in text or ("Traceback" in text and "-vv" not in one.words):
        yield f"a defect: {one.err[-3000:]}"
    if one.code not in (0, 3) and "Error: " not in one.err and not _answers(one):
        yield f"ended with {one.code} and no error: {one.err[-300:]}"
    if "json" in one.words or ("sarif" in one.words and one.code in (0, 3)):
        document = _document(one)
        if not document:
            yield f"its output is no JSON document: {one.out[:200]!r}"
        elif not {"schema", "$schema"} & document.keys():
            yield f"its document has no schema: {one.out[:200]}"
        elif document.get("exit_code", one.code) != one.code:
            yield f"ended with {one.code}, and its document says {document['exit_code']}"
        elif "--dry-run" not in one.words and document.get("settled", one.code == 0) is not (one.code == 0):
            yield f"ended with {one.code}, and its document says settled: {document['settled']}"


def _answers(one: Command) -> bool:
    """Is its exit code one that stands for what it found, not for an error?"""
    match one.words[0]:
        case "check":
            return True
        case "audit":
            return one.code == 5
        case "settle":
            return one.code == 7
        case _:
            return "--settle" in one.words and one.code in (7, 8)


def only_reads(one: Command) -> bool:
    """Is it one that never writes?"""
    return one.words[0] == "check" or (one.words[0] == "audit" and "--fix" not in one.words)


def _document(one: Command) -> dict[str, Any]:
    """The JSON object that is its whole output; an empty one where it is none."""
    try:
        found = json.loads(one.out)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def of_words(one: Command, scene: Scene, record: Record) -> Iterator[str]:
    """What it said about writes is true. A write that a twin made meanwhile may be taken for one's own."""
    puts = [put for put in record.puts if put.by == one.name and _changes(put)]
    written = bool(puts) or any(name == one.name for name, _ in record.grants)
    if only_reads(one) and written:
        yield "only reads, and wrote"
    if one.code is None or only_reads(one):
        return
    text, twins = one.out + one.err, _has_twins(one, scene)
    if "--dry-run" in one.words and written:
        yield "a dry run wrote"
    if "Nothing was written" in text and written:
        yield f"says that nothing was written, and something was: {one.err}"
    elif "most likely not written" in text and written and not scene.weather.stale and not _undone(one, record):
        yield f"says that most likely nothing was written, and something was: {one.err}"
    elif "Written: " in text and not written and not twins and not any(put.by == one.name for put in record.puts):
        yield f"says that something was written, and nothing was: {one.err}"
    if one.code not in (0, 2, 3) and "--dry-run" not in one.words and not _tells(one, text):
        yield f"ended with {one.code} and does not say whether anything was written: {one.err}"
    document = _document(one) if "json" in one.words else {}
    told = document.get("fix", document).get("changed")
    if told is True and one.code == 0 and not written and not twins and "--dry-run" not in one.words:
        yield "its document says changed, and nothing was written"
    if told is False and written and "most likely not written" not in text:
        yield "its document says unchanged, and something was written"


def _has_twins(one: Command, scene: Scene) -> bool:
    """May others write just what it writes? To all others' statements, whoever edits them does."""
    others = (other for other in scene.commands if other is not one and not only_reads(other))
    return (not one.cache and bool(scene.others)) or any(
        not one.cache or not other.cache or other.cache == one.cache for other in others
    )


def _tells(one: Command, text: str) -> bool:
    """Does it say whether anything was written? What an audit cannot read is no write; nor is what stays lost."""
    found = " ".join(text.split())
    settled = (one.words[0] == "settle" or "--settle" in one.words) and any(said in found for said in SETTLED)
    answer = _answers(one) and ("Error: " not in one.err or "changed" in _document(one))
    return any(said in found for said in SAID) or settled or answer


def _changes(put: Put) -> bool:
    """Does it say another thing than before? Most differ in their Sids already, and the same text needs no reading."""
    return put.before != put.after and (
        sids(put.before) != sids(put.after) or meaning(put.before) != meaning(put.after)
    )


def _undone(one: Command, record: Record) -> bool:
    """Did somebody else write after its last write? Then what it sees is what was there before."""
    return bool(record.puts) and record.puts[-1].by != one.name


def of_backups(one: Command, put: Put, record: Record, edited: Collection[str]) -> Iterator[str]:
    """Never a write without its backup: to be asked when the put takes its effect. ``edited``: the texts of copies before
    somebody edited them.
    """
    saved = (saved_texts([one.home]) if one.home.exists() else set()) | set(edited)
    shown = [seen for seen in record.shown if seen.to == one.name and seen.key == put.key and seen.at <= put.sent]
    if not saved & {seen.text for seen in shown}:
        yield "a write without a backup"
    elif any(other.by == one.name and other.after == put.before for other in record.puts):
        return  # its own text
    elif shown and shown[-1].text == put.before and put.before not in saved:
        yield "the text that it replaced, and had read last, is in no backup"


def removes(put: Put, one: str) -> bool:
    """Is it this put that takes a statement away?"""
    return one in foreign(put.before) and one not in foreign(put.after)


def of_statements(one: Command, scene: Scene, record: Record, final: str) -> Iterator[str]:
    """Others' statements are intact, or came too late to be seen, or the command names them."""
    text = one.out + one.err
    for index, put in enumerate(record.puts):
        if put.by != one.name:
            continue
        before = [seen for seen in record.shown if seen.to == one.name and seen.key == put.key and seen.at <= put.sent]
        for lost in foreign(put.before) - foreign(put.after):
            if lost in foreign(final) or sid_of(lost) in text:
                continue
            if any(removes(other, lost) for other in record.puts[:index] if other.by != one.name):
                continue  # a put of others took it away first; ours gave back what that put had changed
            if scene.weather.stale:
                # Which of two texts that come by turns is the newer one, nobody can know: but it must be recoverable.
                if before and lost in foreign(before[-1].text) and not _is_saved(one, lost):
                    yield f"removed {sid_of(lost)}, which it had read last, and which is in no backup"
                continue
            if before and lost in foreign(before[-1].text):
                yield f"removed {sid_of(lost)}, which it had read last"
            yield from overwritten(one, scene, record, index, lost)
        made = foreign(put.after) - foreign(put.before)
        ever = {found for other in record.puts[: index + 1] for found in foreign(other.before)}
        if made - ever:
            yield f"wrote a statement that was never there: {sorted(map(sid_of, made - ever))}"


def overwritten(one: Command, scene: Scene, record: Record, index: int, lost: str) -> Iterator[str]:
    """A statement that the put of this number removed unseen: it came just then, and once it is known, it is put back."""
    put, earlier, later = record.puts[index], record.puts[:index], record.puts[index + 1 :]
    born = max((other.at for other in earlier if lost not in foreign(other.before)), default=0.0)
    slow = scene.weather.latency[1] * 2 + 4.5 * bool(scene.weather.rate)
    if put.at - born > FRESH + slow:
        yield f"removed {sid_of(lost)}, which was there for {put.at - born:.2f} s"
    known = [seen for seen in record.shown if seen.to == one.name and seen.at <= one.ended]
    again = any(lost in foreign(other.after) for other in later)
    if one.code == 0 and not again and any(lost in foreign(seen.text) for seen in known):
        yield f"ended with 0, knew of {sid_of(lost)}, and did not put it back"


def _is_saved(one: Command, statement: str) -> bool:
    return one.home.exists() and any(statement in foreign(text) for text in saved_texts([one.home]))


def of_access(one: Command, scene: Scene, record: Record, first: str) -> Iterator[str]:
    """Access that is reported was there, and a success of link or unlink is one. Of repeated pages, some caches are in none."""
    if one.code != 0 or one.bucket != "data" or "--dry-run" in one.words or record.grants:
        return
    states = [first, *(put.after for put in record.puts if put.at <= one.ended)]
    verb, caches = one.words[0], _caches(one, scene)
    if verb in ("link", "check", "audit") and not all(
        any(has_access(text, cache) for text in states) for cache in caches
    ):
        yield f"{verb} ended with 0, and the access was never there"
    if verb == "unlink" and all(has_access(text, one.cache) for text in states):
        yield "unlink ended with 0, and the access was there all the time"


def _caches(one: Command, scene: Scene) -> tuple[str, ...]:
    return (one.cache,) if one.cache else () if scene.weather.pages else CACHES


def of_lasting(one: Command, scene: Scene, record: Record) -> Iterator[str]:
    """What overwrote a link's last write soon after it was put right, or the link did not end with 0."""
    links = one.words[0] == "link" or (one.words[0] == "audit" and "--fix" in one.words)
    if one.code != 0 or not links or one.bucket != "data" or scene.weather.stale or _has_twins(one, scene):
        return
    for cache in _caches(one, scene):
        mine = [at for at, put in enumerate(record.puts) if put.by == one.name and has_access(put.after, cache)]
        if not mine:
            continue
        put, later = record.puts[mine[-1]], record.puts[mine[-1] + 1 :]
        after = [other for other in later if other.at < put.at + RECHECKED]
        if after and not any(has_access(other.after, cache) for other in later):
            yield f"ended with 0, and {after[0].by} had overwritten it after {after[0].at - put.at:.2f} s"


def of_pruning(one: Command, record: Record) -> Iterator[str]:
    """Ids of the gone are taken out only where that was asked for, and are shown, unless others wrote after that."""
    for index, put in enumerate(record.puts):
        gone = sorted(set(DEAD_ID.findall(put.before)) - set(DEAD_ID.findall(put.after)))
        if put.by != one.name or not gone or one.words[0] == "restore":
            continue
        if "--prune-orphans" not in one.words:
            yield f"took {', '.join(gone)} out without --prune-orphans"
        told = "-q" in one.words or one.code in (None, 130)
        told = told or any(other.by != one.name for other in record.puts[index + 1 :])
        if not told and not all(name in one.out + one.err for name in gone):
            yield f"took {', '.join(gone)} out and did not show it"


def of_grants(grants: dict[str, Any], scene: Scene) -> Iterator[str]:
    """Grants of others are there, and none of fcsse's is there twice."""
    held = Counter((grant.grantee, grant.name, grant.operations) for grant in grants.values())
    for cache in scene.grants:
        role = role_arn("aws", ACCOUNT, cache)
        if not any(grantee == role for grantee, _, _ in held):
            yield f"the grant of {cache} that somebody else made is gone"
    for (grantee, name, _), count in held.items():
        if count > 1 and name:
            yield f"{count} grants {name} for {grantee}"
