"""The history of keys for people (lines), pull requests (Markdown), spreadsheets (CSV) and programs (JSON). Pure.

The JSON keys and CSV columns are a contract: they are added to, and never change their meaning.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, assert_never

from fcsse.cli.output.documents import endpoint_markdown, escaped, fenced
from fcsse.cli.output.lines import Line, line, prose, visible
from fcsse.cli.output.plan import endpoint_lines
from fcsse.commands.history import Histories
from fcsse.event_history.events import mapping_of, member, text_of
from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.loss_phrases import loss_note, unsure_note
from fcsse.event_history.observation_phrases import gap_note
from fcsse.event_history.tools import tool_of
from fcsse.event_history.versions import Before, Change, KeyHistory, Version
from fcsse.masking import mask
from fcsse.text import count, stamp


class Shown(NamedTuple):
    """What is shown besides: refused tries, source addresses. ``since`` is where the answer begins (None: 90 days ago)."""

    failed: bool = False
    addresses: bool = False
    since: datetime | None = None


def history_lines(found: Histories, shown: Shown) -> list[Line]:
    """The whole answer for people, newest last."""
    out: list[Line] = []
    for one in found.keys:
        out += [*([line("")] if out else []), line(f"Key {one.key}", "bold")]
        changes = one.shown(failed=shown.failed)
        grants = grants_by_id(one)
        for change in changes:
            out += [line(""), *_change(change, grants, shown)]
        if not changes:
            out.append(line(f"  No change of it is recorded{_since(shown)}."))
    if found.endpoints:
        out += [line(""), *endpoint_lines(found.endpoints)]
    limits = notes_of(found, shown)
    return [*out, *([line("")] if limits else []), *(prose((note, "dim")) for note in limits)]


def _change(change: Change, grants: dict[str, Change], shown: Shown) -> list[Line]:
    event = change.event
    head = f"{stamp(event.time)}  {what(change, grants)}"
    out: list[Line] = [line(head, "bold red" if change.failed else "bold")]
    where = f" from {event.source_address or 'an address that is not recorded'}" if shown.addresses else ""
    out.append(prose(mask(f"  by {event.actor.name}{where}, with {tool_of(event.user_agent)}")))
    if event.id:
        out.append(line(f"  id {event.id}", "dim"))
    if event.failure:
        out.append(prose((f"  {event.failure.code}: {event.failure.message}".rstrip(": "), "red")))
    if change.version is None or change.failed:
        return out
    if note := version_note(change.version):
        out.append(prose((f"  {note}", "dim")))
    styles = {"+": "green", "-": "red", "@": "cyan"}
    out += [line(f"  {row}", styles.get(row[:1], "")) for row in change.version.diff]
    return out


def what(change: Change, grants: dict[str, Change]) -> str:
    """What happened, in a few words."""
    text = change.kind.label
    event = change.event
    match change.kind:
        case KeyChange.CREATED if change.version is not None and change.version.text is None and event.parameters:
            text += " without a policy: KMS attached its default one"
        case KeyChange.POLICY if change.version is not None and not change.failed:
            same = change.version.same
            text = (
                "key policy changed" if same is False else "key policy written, no change in meaning" if same else text
            )
        case KeyChange.GRANT_CREATED:
            text += f": {grant_words(change)}"
        case KeyChange.GRANT_REVOKED | KeyChange.GRANT_RETIRED:
            made = grants.get(event.grant_id)
            text += f": {grant_words(made)}" if made else f": {event.grant_id or 'id not recorded'}"
        case KeyChange.DELETION_SCHEDULED:
            days = member(event.parameters, "pendingWindowInDays")
            text += f", in {count(days, 'day')}" if isinstance(days, int) else ""
        case _:
            pass
    return mask(f"failed: {text}" if change.failed else text)


def grant_words(change: Change) -> str:
    """A grant in words: its name, for whom, for what, and what it is limited to."""
    given = change.event.parameters
    operations = member(given, "operations")
    listed = ", ".join(dict.fromkeys(str(one) for one in operations)) if isinstance(operations, list) else ""
    limits = []
    for kind, value in mapping_of(given, "constraints").items():
        pairs = value if isinstance(value, dict) else {kind: value}
        limits += [f"{name}={text}" for name, text in pairs.items()]
    name = text_of(given, "name") or change.event.grant_id or "without a name"
    limit = f", limited to {', '.join(limits)}" if limits else ""
    grantee = text_of(given, "granteePrincipal") or text_of(given, "granteeServicePrincipal")
    return f"{name}, for {grantee or 'a grantee that is not recorded'}" + (
        f" ({listed}{limit})" if listed or limit else ""
    )


def version_note(version: Version) -> str:
    """What there is to say of a version besides its difference; empty where that says all."""
    if version.text is None:
        return "" if version.before is Before.NONE else "The event does not hold the policy's text."
    if version.document is None:
        return f"The recorded text is not a key policy ({version.problem}), so nothing can be compared with it."
    match version.before:
        case Before.KNOWN:
            return "" if version.diff else "It says the same as the version before."
        case Before.SAME_SECOND:
            return (
                "Written in the same second as another version, or after two of one second: CloudTrail does not record which "
                "of them came last. Compared with the one listed before:"
            )
        case Before.NOT_RECORDED:
            return (
                "The version before is not in the record (90 days), or not as a key policy: no difference can be shown."
            )
        case Before.NOT_READ:
            return "The version before lies outside what was read of the record: no difference can be shown."
        case Before.DEFAULT:
            return "The version before is KMS's default key policy, whose text the record does not hold."
        case Before.NONE:
            return "The first version: the key was created with it."
        case _:
            assert_never(version.before)


def notes_of(found: Histories, shown: Shown) -> list[str]:
    """What limits the answer, a sentence or two each."""
    notes = [gap_note(gap) for gap in found.gaps]
    notes += [
        f"Key {key} belongs to account {key.account}: what its owner did is recorded in that account only. Pass --bucket-role "
        "or --bucket-profile to read there."
        for key in found.foreign
    ]
    for key, lost in found.lost.items():
        notes += [f"Lost: {loss_note(one)}" for one in lost.lost]
        notes += [unsure_note(one) for one in lost.unsure]
        if lost.lost:
            notes.append(f"To give it back: fcsse settle --key {key}")
    if shown.failed:
        # The same calls for every key of a record: nobody can say which key they were about.
        nameless = max((sum(one.unattributed.values()) for one in found.keys), default=0)
        if nameless:
            notes.append(
                f"{count(nameless, 'call')} that {'names' if nameless == 1 else 'name'} no key {'is' if nameless == 1 else 'are'} left out."
            )
    newest = max((change.event.time for one in found.keys for change in one.changes), default=None)
    if newest and (newest - found.now).total_seconds() > 60:
        notes.append(f"This machine's clock is behind AWS's: an event is recorded for {stamp(newest)}.")
    notes.append("CloudTrail's event history holds 90 days and shows events some minutes late.")
    return notes


def _since(shown: Shown) -> str:
    return f" since {stamp(shown.since)}" if shown.since else " in the last 90 days"


def grants_by_id(one: KeyHistory) -> dict[str, Change]:
    """The events that created the grants of a history, by grant id."""
    return {
        change.event.grant_id: change
        for change in one.changes
        if change.kind is KeyChange.GRANT_CREATED and change.event.grant_id and not change.failed
    }


def history_markdown(found: Histories, shown: Shown) -> str:
    """The answer as GitHub Markdown."""
    out = ["### fcsse history", *endpoint_markdown(found.endpoints)]
    for one in found.keys:
        out += ["", f"#### Key `{one.key}`", ""]
        changes, grants = one.shown(failed=shown.failed), grants_by_id(one)
        if not changes:
            out.append(f"No change of it is recorded{_since(shown)}.")
            continue
        address = " from |" if shown.addresses else ""
        out += [
            f"| time (UTC) | change | by |{address} with | id |",
            "| --- | --- | --- |" + " --- |" * (3 if shown.addresses else 2),
        ]
        for change in changes:
            event = change.event
            failure = f" ({event.failure.code})" if event.failure else ""
            cells = [
                f"{event.time:%Y-%m-%d %H:%M:%S}",
                escaped(what(change, grants) + failure),
                escaped(event.actor.name),
                *([escaped(mask(event.source_address))] if shown.addresses else []),
                escaped(mask(tool_of(event.user_agent))),
                f"`{visible(event.id).replace('`', '')}`",
            ]
            out.append("| " + " | ".join(cells) + " |")
        for change in changes:
            version = change.version
            if version is None or change.failed:
                continue
            note = version_note(version)
            if note or version.diff:
                out += ["", f"**{stamp(change.event.time)}** {escaped(note)}".rstrip()]
            if version.diff:
                out += ["", *fenced(version.diff)]
    out += ["", *(f"- {escaped(note)}" for note in notes_of(found, shown))]
    return "\n".join(out) + "\n"


def summary(found: Histories, shown: Shown) -> str:
    """One line about all of it."""
    number = sum(len(one.shown(failed=shown.failed)) for one in found.keys)
    limit = ", as far as the record was read" if found.gaps or found.foreign else ""
    return f"{count(number, 'change')} of {count(len(found.keys), 'key')} recorded{_since(shown)}{limit}."
