"""The answer of ``settle`` for people (lines), pull requests (Markdown) and programs (JSON). Pure.

The JSON keys are a contract: they are added to, and never change their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.cli.output.documents import Json, declined, endpoint_markdown, error_markdown, escaped, fenced
from fcsse.cli.output.history_documents import lost_entries
from fcsse.cli.output.lines import Line, line, prose
from fcsse.cli.output.plan import diff_lines, endpoint_lines, saved_lines
from fcsse.commands.settle import KeyResult, KeySettlement, Settlement, errors_of
from fcsse.endpoint import endpoints_entry
from fcsse.errors import EXIT_UNEXPECTED, FcsseError
from fcsse.event_history.loss_phrases import loss_note, notes
from fcsse.event_history.observation_phrases import gap_note
from fcsse.model import DOCUMENT_SCHEMA
from fcsse.policy.diff import policy_diff
from fcsse.policy.document import printable
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import count


def settle_lines(found: Settlement) -> list[Line]:
    """What is lost, what the record does not tell, and the change of each policy."""
    out: list[Line] = endpoint_lines(found.endpoints)
    for one in found.keys:
        out += [*([line("")] if out else []), line(f"Key {one.key}", "bold")]
        out += [prose((f"  Lost: {loss_note(loss)}", "red")) for loss in one.found.lost]
        out += [prose((f"  {note}", "dim")) for note in _limits(one)]
        if not one.found.lost:
            out.append(prose(f"  {nothing(one)}"))
        if one.change is not None:
            out += [line(""), *diff_lines(one.change.before, one.change.after)]
    return [*out, *(prose((note, "dim")) for note in general_notes(found))]


def nothing(one: KeySettlement) -> str:
    """That no lost write is recorded, and how many writes that is about."""
    limit = ", as far as the record tells" if one.found.doubts or one.found.is_recent else ""
    return f"{count(one.found.ours, 'recorded write')} of fcsse overwrote nothing that is missing now{limit}."


def _limits(one: KeySettlement) -> list[str]:
    versions = [loss.part.version for loss in one.found.lost if loss.part.version]
    taken = one.undecided - len(versions) if one.undecided else 0
    open_ = [f"{count(taken, 'part')} cannot be given back: another statement has its Sid now."] if taken else []
    open_ += [
        f"Version {printable(version)} is not given back: all that others wrote since would be read by it, too. Set it by hand."
        for version in versions
    ]
    refused = [f"Nothing can be given back: {one.error.message}."] if one.error else []
    return [*notes(one.found), *open_, *refused]


def losses(found: Settlement) -> list[str]:
    """What is lost, or may be, a sentence each, for an answer that shows nothing else."""
    return [text for one in found.keys for text in (*map(loss_note, one.found.lost), *_limits(one))]


def general_notes(found: Settlement) -> list[str]:
    """What limits the whole answer."""
    said = [gap_note(gap) for gap in found.gaps]
    said += [f"Key {key} belongs to account {key.account}: its owner's record is needed." for key in found.foreign]
    said.append("CloudTrail's event history holds 90 days and shows events some minutes late.")
    return said


def closing(found: Settlement, results: Sequence[KeyResult], words: CommandBuilder, *, dry_run: bool) -> list[Line]:
    """What was done."""
    if not found.changes:
        return [
            prose(
                (f"Nothing to give back{', but not all is settled' if found.open or found.unknown else ''}.", "green")
            )
        ]
    if dry_run:
        return [
            prose(
                (
                    f"Would give back what was lost to {count(len(found.changes), 'key policy', 'key policies')}.",
                    "green",
                )
            ),
            line(f"Dry run, nothing was written. Digest: {found.digest}"),
        ]
    out: list[Line] = []
    for one in results:
        if one.error is None:
            gave = "Gave back what was lost" if one.changed else "Somebody else gave back meanwhile what was lost"
            out.append(prose((f"{gave} to the policy of key {one.key}.", "green")))
            out += saved_lines(one.backup, words) if one.backup else []
    return out


def settle_document(found: Settlement, results: Sequence[KeyResult], *, dry_run: bool, code: int) -> Json:
    """The document of ``settle``."""
    done = {one.key: one for one in results}
    return {
        "schema": DOCUMENT_SCHEMA,
        "command": "settle",
        "exit_code": code,
        "dry_run": dry_run,
        "changes_pending": bool(found.changes) and dry_run,
        "changed": any(one.changed for one in results),
        "settled": not (found.open or found.unknown)
        and not errors_of(found, results)
        and not (dry_run and found.changes),
        "digest": found.digest,
        "endpoints": endpoints_entry(found.endpoints),
        "keys": [_key(one, done.get(one.key)) for one in found.keys],
        "notes": general_notes(found),
    }


def declined_document(found: Settlement) -> Json:
    """The document where the question was answered with no."""
    return declined(settle_document(found, (), dry_run=False, code=EXIT_UNEXPECTED))


def _key(one: KeySettlement, done: KeyResult | None) -> Json:
    change, error = one.change, done.error if done else one.error
    return {
        "key": str(one.key),
        "writes_of_fcsse": one.found.ours,
        "lost": lost_entries(one.found),
        "not_in_the_record": [{"event": doubt.event.id, "reason": doubt.reason.value} for doubt in one.found.doubts],
        "open": one.open,
        "notes": _limits(one),
        "diff": list(policy_diff(change.before, change.after)) if change else [],
        "backup": done.backup if done else None,
        "error": {"code": error.code, "message": error.message, "hint": str(error.hint)} if error else None,
    }


def settle_markdown(found: Settlement, closing_texts: Sequence[str], errors: Sequence[FcsseError] = ()) -> str:
    """The answer as GitHub Markdown."""
    out = ["### fcsse settle", *endpoint_markdown(found.endpoints)]
    for one in found.keys:
        out += ["", f"#### Key `{one.key}`", ""]
        out += [f"- Lost: {escaped(loss_note(loss))}" for loss in one.found.lost] or [nothing(one)]
        out += [f"- {escaped(note)}" for note in _limits(one)]
        if one.change is not None:
            out += ["", *fenced(policy_diff(one.change.before, one.change.after))]
    for error in errors:
        out += ["", *error_markdown(error.message, error.hint)]
    out += ["", *(escaped(text) for text in [*closing_texts, *general_notes(found)])]
    return "\n".join(out) + "\n"
