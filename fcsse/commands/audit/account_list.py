"""The file of ``--accounts``: account ids one a line, as CSV, or as JSON such as ``aws organizations list-accounts``. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from fcsse.arn import is_account
from fcsse.errors import UsageError
from fcsse.model import ACTIVE, Member

IDS = ("id", "account", "accountid", "awsaccountid")
NAMES = ("name", "accountname")
STATES = ("state", "status")
KNOWN_STATES = (ACTIVE, "PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED")
"""Of an account. Source: AWS Organizations API reference, Account (State, Status)."""


def parse_accounts(text: str, source: str) -> tuple[Member, ...]:
    """The accounts in the order of their ids, each once. ``source`` is the file's name, for messages.

    Lines: one id each, and its name after a comma; blank lines and what follows ``#`` do not count. CSV: a row of names with one
    of id, account or account id, and optionally name and state. JSON: a list of ids or objects, or an object with such a list
    as ``Accounts``. Raises ``UsageError``, which names the line or entry: where a state is none as well, since an account that is
    taken for closed is not looked at. Source: Organizations API reference, ListAccounts (NextToken).
    """
    text = text.removeprefix("\ufeff")
    found: dict[str, Member] = {}
    try:
        for place, member in _json(text, source) if text.lstrip()[:1] in ("[", "{") else _lines(text, source):
            if not is_account(member.account):
                raise _wrong(source, f"{place}: {member.account[:40]!r} is not an account id: 12 digits")
            if member.state not in KNOWN_STATES:
                raise _wrong(source, f"{place}: {member.state[:40]!r} is not a state of an account, such as {ACTIVE}")
            known = found.setdefault(member.account, member)
            if known.state != member.state:
                raise _wrong(source, f"{place}: account {member.account} is both {known.state} and {member.state}")
            found[member.account] = known if known.name else member
    except csv.Error as error:
        raise _wrong(source, f"not CSV ({error})") from error
    if not found:
        raise _wrong(source, "it names no account")
    return tuple(found[account] for account in sorted(found))


def _wrong(source: str, reason: str) -> UsageError:
    return UsageError(
        f"reading the accounts in {source}: {reason}",
        "Give one account id a line, CSV with a column account, or JSON as of: aws organizations list-accounts",
    )


def _json(text: str, source: str) -> Iterator[tuple[str, Member]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(source, f"not JSON ({error})") from error
    if isinstance(document, dict):
        if document.get("NextToken"):  # accounts on the pages after it would pass for looked at
            raise _wrong(source, "it is one page of a longer list (NextToken)")
        document = document.get("Accounts", document.get("accounts"))
    if not isinstance(document, list):
        raise _wrong(source, "the JSON is neither a list nor an object with a list Accounts")
    for number, entry in enumerate(document, 1):
        place = f"entry {number}"
        if isinstance(entry, dict):
            cells = {_plain(str(name)): str(value) for name, value in entry.items() if value is not None}
            yield place, _member(cells)
        else:
            yield place, Member(str(entry).strip() if not isinstance(entry, bool) else repr(entry))


def _lines(text: str, source: str) -> Iterator[tuple[str, Member]]:
    lines = text.splitlines()
    first = next((one for one in lines if one.strip() and not one.lstrip().startswith("#")), "")
    heads = [_plain(cell) for cell in next(csv.reader([first]), [])]
    if any(head in IDS for head in heads):
        rows = csv.DictReader(io.StringIO("\n".join(lines[lines.index(first) :])), fieldnames=heads)
        next(rows)
        for row in rows:
            cells = {name: value.strip() for name, value in row.items() if isinstance(name, str) and value is not None}
            place = f"line {rows.line_num + lines.index(first)}"
            _require_one([one for name, beyond in row.items() if name is None for one in beyond], place, source)
            if any(cells.values()):
                yield place, _member(cells)
        return
    for number, line in enumerate(lines, 1):
        words = next(csv.reader([line.partition("#")[0]]), [])
        _require_one(words[1:], f"line {number}", source)
        if any(word.strip() for word in words):
            yield f"line {number}", Member(words[0].strip(), words[1].strip() if len(words) > 1 else "")


def _require_one(more: Iterable[str], place: str, source: str) -> None:
    """Raises ``UsageError`` for an account behind the first one of a line: it would pass for a name, and not be looked at."""
    if any(is_account(word.strip()) for word in more):
        raise _wrong(source, f"{place}: it names several accounts")


def _member(cells: dict[str, str]) -> Member:
    def of(names: tuple[str, ...]) -> str:
        return next((cells[name] for name in names if cells.get(name)), "")

    return Member(of(IDS), of(NAMES), (of(STATES).strip() or ACTIVE).upper())


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
