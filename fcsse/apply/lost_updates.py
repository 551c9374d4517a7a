"""What others did to a key policy between two readings, and how to give back what a write of ours overwrote. Pure.

Statements are compared by what they say, as multisets: KMS rewrites layout, order and spelling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from fcsse.policy.document import JsonValue, PolicyDocument, Statement, printable
from fcsse.policy.equivalence import CanonicalForm, canonical_statement, equivalent, version_of
from fcsse.policy.statement import is_of_links_alone
from fcsse.policy.statement_edits import with_statements

One = TypeVar("One", "Statement", "LostStatement")


def others_wrote(earlier: PolicyDocument, later: PolicyDocument, partition: str) -> bool:
    """Did statements change that no link makes? If not, whoever wrote may be fcsse, which looks after itself."""
    return _counted(_foreign(earlier.statements), partition) != _counted(_foreign(later.statements), partition)


def has_change(old: PolicyDocument, new: PolicyDocument, document: PolicyDocument, partition: str) -> bool:
    """Are the statements that ``new`` has beyond ``old`` in a document, and those that it lacks not?

    More than having its effect: another statement may give the same access.
    """
    before, after, found = (_counted(one.statements, partition) for one in (old, new, document))
    return after - before <= found and not (before - after) & found


class LostStatement(NamedTuple):
    """A statement of somebody else's that a put of ours overwrote, in its own text."""

    value: dict[str, JsonValue]
    label: str
    text: str


class LostUpdate(NamedTuple):
    """What puts of ours overwrote, apart from statements that links make.

    ``missing``: statements that are gone. ``back``: statements that others had taken out and are there again. ``version``: the
    ``Version`` that they had set, by which all statements are read; empty where that was not overwritten.
    """

    missing: tuple[LostStatement, ...]
    back: tuple[Statement, ...]
    partition: str
    version: str = ""

    @property
    def labels(self) -> str:
        """The statements as people name them; where there is none, what links give was changed."""
        labels = [one.label for one in self.missing] + [one.label for one in self.back]
        said = [f"statement {label}" for label in dict.fromkeys(labels)]
        said += [f"Version {printable(self.version)}"] if self.version else []
        return ", ".join(said) or "a link"

    def with_earlier(self, earlier: LostUpdate) -> LostUpdate:
        """Together with what was missing before, unless its owner has taken it out since."""
        taken = _counted(self.back, self.partition)
        more = _counted(earlier.missing, self.partition) - _counted(self.missing, self.partition) - taken
        missing = (*_those(more, earlier.missing, self.partition), *self.missing)
        return self._replace(missing=missing, version=self.version or earlier.version)

    def reapplied_to(self, now: PolicyDocument) -> PolicyDocument | None:
        """A document with what is owed given back; None where only its owner can tell how, or it has no list."""
        there = _counted(now.statements, self.partition)
        missing = _those(_counted(self.missing, self.partition) - there, self.missing, self.partition)
        if any(there[canonical_statement(one.value, self.partition)] for one in self.back):
            return None
        if self.version and version_of(now) != self.version:
            return None
        return _with_texts(now, [one.text for one in missing]) if missing else now


def find_lost_update(
    base: PolicyDocument,
    theirs: PolicyDocument,
    put: PolicyDocument,
    now: PolicyDocument,
    partition: str,
    earlier: LostUpdate | None = None,
) -> tuple[LostUpdate, PolicyDocument | None] | None:
    """What is owed to others, and the document to plan on so that they get it; None where nothing is.

    ``base``: what the put was planned on; ``theirs``: what was read along with it; ``now``: what was read after it;
    ``earlier``: what puts before this one overwrote. Where nobody wrote since, theirs is the document to plan on. Otherwise
    the statements that links make do not count: whoever made them looks again after a second.
    """
    old, new, current = (_counted(one.statements, partition) for one in (base, theirs, now))
    missing = _those((new - old) - current, theirs.statements, partition)
    back = _those((old - new) & current, now.statements, partition)
    version = version_of(theirs) if version_of(theirs) not in (version_of(base), version_of(now)) else ""
    if not (missing or back or version):
        return None
    lost = (
        LostStatement(one.value, one.label, theirs.text[one.node.start : one.node.end]) for one in _foreign(missing)
    )
    owed = LostUpdate(tuple(lost), _foreign(back), partition, version)
    if earlier is not None:
        owed = owed.with_earlier(earlier)
    if equivalent(now, put, partition):
        return owed, owed.reapplied_to(theirs)
    return (owed, owed.reapplied_to(now)) if owed.missing or owed.back or owed.version else None


def with_additions(
    theirs: PolicyDocument, other: PolicyDocument, base: PolicyDocument, partition: str
) -> PolicyDocument:
    """``theirs`` with what ``other`` alone has beyond ``base``, where nobody knows which of the two is the newer text.

    A statement that somebody took out again at that very moment comes back; the other way round one would be lost.
    """
    new = _counted(other.statements, partition) - _counted(base.statements, partition)
    added = _foreign(_those(new - _counted(theirs.statements, partition), other.statements, partition))
    return with_statements(theirs, set(), [one.value for one in added]) if added else theirs


def merged(base: PolicyDocument, theirs: PolicyDocument, put: PolicyDocument, partition: str) -> PolicyDocument:
    """What a put says, made on ``base``, with what ``theirs`` changed of that: the statements of links among it."""
    old, new, current = (_counted(one.statements, partition) for one in (base, theirs, put))
    missing = _those((new - old) - current, theirs.statements, partition)
    back = _those((old - new) & current, put.statements, partition)
    return with_statements(put, {one.index for one in back}, [one.value for one in missing])


def _with_texts(document: PolicyDocument, statements: Iterable[str]) -> PolicyDocument | None:
    """The document with statements at its end, each in its own text."""
    node = document.tree.member("Statement")
    if node is None or not node.is_array or not node.items:
        return None
    at = node.items[-1].end
    texts = "".join(f", {one}" for one in statements)
    return PolicyDocument.parse(document.text[:at] + texts + document.text[at:])


def _foreign(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    return tuple(one for one in statements if not is_of_links_alone(one.value))


def _counted(statements: Iterable[Statement | LostStatement], partition: str) -> Counter[CanonicalForm]:
    return Counter(canonical_statement(one.value, partition) for one in statements)


def _those(meanings: Counter[CanonicalForm], statements: Iterable[One], partition: str) -> tuple[One, ...]:
    left, found = Counter(meanings), []
    for one in statements:
        meaning = canonical_statement(one.value, partition)
        if left[meaning] > 0:
            left[meaning] -= 1
            found.append(one)
    return tuple(found)
