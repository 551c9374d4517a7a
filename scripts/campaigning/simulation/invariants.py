"""What must be true after every run, however it went; each function yields a sentence for each thing that is not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fcsse.arn import role_arn
from scripts.campaigning.put_log import meaning, saved_texts, sids
from scripts.campaigning.simulation.scene import ACCOUNT, Command, Scene
from scripts.campaigning.simulation.transport import Put, Record
from scripts.campaigning.simulation.trouble import SECRET

CODES = {0, 1, 3, 4, 5, 6, 7, 8, 130}
FRESH = 0.25
"""Seconds that a reading may be old when the write protocol writes upon it."""

RECHECKED = 0.9
"""Seconds after a write before which nobody looks for the last time whether it is still there."""

SAID = ("Nothing was written", "most likely not written", "Written: ", "may have been written")


def own(one: dict[str, Any]) -> bool:
    """Is it a statement for a cache's role, as fcsse makes and takes them?"""
    return "AWSServiceRoleForFSxS3Access_" in json.dumps(one.get("Principal")) or "AROA" in json.dumps(
        one.get("Principal")
    )


@lru_cache(4096)
def foreign(text: str) -> frozenset[str]:
    """The statements of others in a policy, each in one form whatever its layout."""
    found = json.loads(text)["Statement"]
    many = found if isinstance(found, list) else [found]
    return frozenset(json.dumps(_sorted(one), sort_keys=True) for one in many if not own(one))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(one) for name, one in value.items()}
    if isinstance(value, list):
        items = sorted((_sorted(one) for one in value), key=json.dumps)
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


def _sid(one: str) -> str:
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
    if one.code not in (0, 3) and "Error: " not in one.err and one.words[0] != "check":
        yield f"ended with {one.code} and no error: {one.err[-300:]}"
    if "json" in one.words:
        document = _document(one)
        if not document:
            yield f"its output is no JSON document: {one.out[:200]!r}"
        elif "schema" not in document:
            yield f"its document has no schema: {one.out[:200]}"


def _document(one: Command) -> dict[str, Any]:
    """The JSON object that is its whole output; an empty one where it is none."""
    try:
        found = json.loads(one.out)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def of_words(one: Command, scene: Scene, record: Record) -> Iterator[str]:
    """What it said about writes is true. A write that a twin made meanwhile may be taken for one's own."""
    if one.code is None or one.words[0] == "check":
        return
    puts = [put for put in record.puts if put.by == one.name and _changes(put)]
    written = bool(puts) or any(name == one.name for name, _ in record.grants)
    text = one.out + one.err
    twins = any(other is not one and other.cache == one.cache for other in scene.commands)
    if "--dry-run" in one.words and written:
        yield "a dry run wrote"
    if "Nothing was written" in text and written:
        yield f"says that nothing was written, and something was: {one.err}"
    elif "most likely not written" in text and written and not scene.weather.stale and not _undone(one, record):
        yield f"says that most likely nothing was written, and something was: {one.err}"
    elif "Written: " in text and not written and not twins and not any(put.by == one.name for put in record.puts):
        yield f"says that something was written, and nothing was: {one.err}"
    if one.code not in (0, 2, 3) and "--dry-run" not in one.words and not any(said in text for said in SAID):
        yield f"ended with {one.code} and does not say whether anything was written: {one.err}"
    told = "json" in one.words and one.code == 0 and _document(one).get("changed") is True
    if told and not written and not twins and "--dry-run" not in one.words:
        yield "its document says changed, and nothing was written"


def _changes(put: Put) -> bool:
    """Does it say another thing than before? Most differ in their Sids already, and the same text needs no reading."""
    return put.before != put.after and (
        sids(put.before) != sids(put.after) or meaning(put.before) != meaning(put.after)
    )


def _undone(one: Command, record: Record) -> bool:
    """Did somebody else write after its last write? Then what it sees is what was there before."""
    return bool(record.puts) and record.puts[-1].by != one.name


def of_backups(one: Command, put: Put, record: Record) -> Iterator[str]:
    """Never a write without its backup: to be asked when the put takes its effect."""
    saved = saved_texts([one.home]) if one.home.exists() else set()
    shown = [seen for seen in record.shown if seen.to == one.name and seen.key == put.key and seen.at <= put.sent]
    if not saved & {seen.text for seen in shown}:
        yield "a write without a backup"
    elif any(other.by == one.name and other.after == put.before for other in record.puts):
        return  # its own text
    elif shown and shown[-1].text == put.before and put.before not in saved:
        yield "the text that it replaced, and had read last, is in no backup"


def _removes(put: Put, one: str) -> bool:
    return one in foreign(put.before) and one not in foreign(put.after)


def of_statements(one: Command, scene: Scene, record: Record, final: str) -> Iterator[str]:
    """Others' statements are intact, or came too late to be seen, or the command names them."""
    text = one.out + one.err
    for index, put in enumerate(record.puts):
        if put.by != one.name:
            continue
        before = [seen for seen in record.shown if seen.to == one.name and seen.key == put.key and seen.at <= put.sent]
        for lost in foreign(put.before) - foreign(put.after):
            if lost in foreign(final) or _sid(lost) in text:
                continue
            if any(_removes(other, lost) for other in record.puts[:index] if other.by != one.name):
                continue  # a put of others took it away first; ours gave back what that put had changed
            if scene.weather.stale:
                # Which of two texts that come by turns is the newer one, nobody can know: but it must be recoverable.
                if before and lost in foreign(before[-1].text) and not _is_saved(one, lost):
                    yield f"removed {_sid(lost)}, which it had read last, and which is in no backup"
                continue
            if before and lost in foreign(before[-1].text):
                yield f"removed {_sid(lost)}, which it had read last"
            born = max((other.at for other in record.puts[:index] if lost not in foreign(other.before)), default=0.0)
            slow = scene.weather.latency[1] * 2 + 4.5 * bool(scene.weather.rate)
            if put.at - born > FRESH + slow:
                yield f"removed {_sid(lost)}, which was there for {put.at - born:.2f} s"
            known = [seen for seen in record.shown if seen.to == one.name and seen.at <= one.ended]
            again = any(lost in foreign(other.after) for other in record.puts[index + 1 :])
            if one.code == 0 and not again and any(lost in foreign(seen.text) for seen in known):
                yield f"ended with 0, knew of {_sid(lost)}, and did not put it back"
        made = foreign(put.after) - foreign(put.before)
        ever = {found for other in record.puts[: index + 1] for found in foreign(other.before)}
        if made - ever:
            yield f"wrote a statement that was never there: {sorted(map(_sid, made - ever))}"


def _is_saved(one: Command, statement: str) -> bool:
    return one.home.exists() and any(statement in foreign(text) for text in saved_texts([one.home]))


def of_access(one: Command, record: Record, first: str) -> Iterator[str]:
    """Access that is reported was there, and a success of link or unlink is one."""
    if one.code != 0 or one.bucket != "data" or "--dry-run" in one.words or record.grants:
        return
    states = [first, *(put.after for put in record.puts if put.at <= one.ended)]
    seen = [has_access(text, one.cache) for text in states]
    if one.words[0] in ("link", "check") and not any(seen):
        yield f"{one.words[0]} ended with 0, and the access was never there"
    if one.words[0] == "unlink" and all(seen):
        yield "unlink ended with 0, and the access was there all the time"


def of_lasting(one: Command, scene: Scene, record: Record) -> Iterator[str]:
    """What overwrote a link's last write soon after it was put right, or the link did not end with 0."""
    twins = any(other is not one and other.cache == one.cache for other in scene.commands)
    if one.code != 0 or one.words[0] != "link" or one.bucket != "data" or scene.weather.stale or twins:
        return
    mine = [at for at, put in enumerate(record.puts) if put.by == one.name and has_access(put.after, one.cache)]
    if not mine:
        return
    put, later = record.puts[mine[-1]], record.puts[mine[-1] + 1 :]
    after = [other for other in later if other.at < put.at + RECHECKED]
    if after and not any(has_access(other.after, one.cache) for other in later):
        yield f"ended with 0, and {after[0].by} had overwritten it after {after[0].at - put.at:.2f} s"


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
