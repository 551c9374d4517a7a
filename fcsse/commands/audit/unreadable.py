"""Findings about what could not be read: a thing is unknown then, and the audit goes on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.commands.audit.facts import OLDER, AccountFacts, Refusal
from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import UNREADABLE, Severity
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.errors import EXIT_DENIED, CredentialsError, DeniedError, FcsseError, NotFoundError
from fcsse.text import count, listed, sentence

OF_BUCKETS = ("encryption", "bucket-policy", "region")
OF_KEYS = ("describe", "policy", "grants")


PATTERN = "--bucket-role 'arn:aws:iam::{account}:role/…' (add --bucket-account ID if fcsse cannot tell the account from a key)"
AUDITED = "which has to be one of the accounts audited"
"""What replaces the pattern where the accounts' own roles read."""


def find(facts: AccountFacts, judged: Sequence[PairAudit]) -> list[Finding]:
    """Everything that could not be read, each once; what was refused alike on several things is told together."""
    refused = {refusal.about[0] for refusal in facts.refusals if refusal.kind == "encryption"}
    found = [_region(reason, regions, error) for reason, (regions, error) in _regions(facts).items()]
    by_thing: dict[tuple[str, ...], list[Refusal]] = {}
    for refusal in facts.refusals:
        # What does not exist is told with the pairs; a bucket that cannot be read at all is told once.
        if isinstance(refusal.error, NotFoundError) or not _matters(refusal, facts):
            continue
        if refusal.kind in ("bucket-policy", "region") and refusal.about[0] in refused:
            continue
        about = () if refusal.kind == OLDER else refusal.about[:1]
        by_thing.setdefault((_family(refusal), *about), []).append(refusal)
    alike: dict[tuple[object, ...], list[_Unread]] = {}
    for number, group in enumerate(by_thing.values()):
        one = _Unread(tuple(group), tuple(one for one in judged if _is_about(group[0], one, facts)), facts)
        alike.setdefault(one.likeness or (number,), []).append(one)
    return found + [_finding(group) for group in alike.values()]


def _family(refusal: Refusal) -> str:
    return "key" if refusal.kind in OF_KEYS else "bucket" if refusal.kind in OF_BUCKETS else refusal.kind


def lacks_permission(facts: AccountFacts, judged: Sequence[PairAudit]) -> bool:
    """Was something refused that an unknown verdict hangs on, or the account's list of file systems?

    Where all access is there, what else is not shown (a grant more, a bucket's own policy) is no lack.
    """
    errors = [error for _, error in facts.unread]
    for refusal in facts.refusals:
        if refusal.kind == "bucket-policy" or not _matters(refusal, facts):
            continue
        if refusal.kind == OLDER or not all(one.allowed for one in judged if _is_about(refusal, one, facts)):
            errors.append(refusal.error)
    return any(error.exit_code == EXIT_DENIED for error in errors)


def _regions(facts: AccountFacts) -> dict[str, tuple[list[str], FcsseError]]:
    """Regions that could not be listed, those with the same reason together."""
    found: dict[str, tuple[list[str], FcsseError]] = {}
    for region, error in facts.unread:
        found.setdefault(title_of(error, thing=""), ([], error))[0].append(region)
    return found


def _region(reason: str, regions: list[str], error: FcsseError) -> Finding:
    return Finding(
        UNREADABLE.code,
        UNREADABLE.severity,
        f"{listed(regions)} {reason}",
        (f"The caches of {count(len(regions), 'Region')} are not known: {error.message}.", *_all(regions)),
        remedy_of_region(error) if isinstance(error, CredentialsError) else error.hint,
        region=regions[0] if len(regions) == 1 else None,
    )


def remedy_of_region(error: CredentialsError) -> str:
    """What helps where a Region does not take credentials that others, or the account's role, were given."""
    return f"Turn the Region on for the account, or leave it out. If it is on: {error.hint}"


def _all(regions: list[str]) -> Iterable[str]:
    return [f"They are {', '.join(regions)}."] if len(regions) > 3 else []


def reason_of(error: FcsseError) -> str:
    """Why an account could not be read: ``no fsx:DescribeFileSystems``, or the message."""
    if not isinstance(error, DeniedError) or not error.action:
        return error.message
    return f"no {error.action}{f' on {error.resource}' if error.resource not in ('', '*') else ''}"


def title_of(*errors: FcsseError, thing: str = "the account") -> str:
    """``key … could not be read: no kms:GetKeyPolicy``, or what else kept it from being read. ``thing``: what
    a permission is about that names no resource; empty where the caller puts it before.
    """
    first = errors[0]
    denied = [error for error in errors if isinstance(error, DeniedError) and error.action]
    if len(denied) < len(errors):
        return f"could not be read: {first.message}"
    told = (
        f"{resource if resource not in ('', '*') else thing} could not be read: no {listed(actions)}".lstrip()
        for resource, actions in _by_resource(denied).items()
    )
    return "; ".join(told)


def _by_resource(denied: Iterable[DeniedError]) -> dict[str, list[str]]:
    """The actions that were refused on each thing."""
    found: dict[str, list[str]] = {}
    for error in denied:
        actions = found.setdefault(error.resource, [])
        actions += [error.action] if error.action not in actions else []
    return found


def _matters(refusal: Refusal, facts: AccountFacts) -> bool:
    """Does anything depend on it? Aliases are looked up in the caller's Region before the bucket's is known."""
    if refusal.kind == "resolved":
        reference, region = refusal.about
        return any(bucket.encryption.key == reference and bucket.region == region for bucket in facts.buckets.values())
    return refusal.kind in (*OF_BUCKETS, *OF_KEYS, "roles", "role", OLDER)


def _is_about(refusal: Refusal, one: PairAudit, facts: AccountFacts) -> bool:
    if refusal.kind in OF_BUCKETS:
        return refusal.about[0] == one.pair.bucket
    if refusal.kind in OF_KEYS:
        bucket = facts.buckets.get(one.pair.bucket)
        return refusal.about[0] in (one.key, bucket.encryption.key if bucket else None)
    if refusal.kind == "resolved":
        bucket = facts.buckets.get(one.pair.bucket)
        return bucket is not None and bucket.encryption.key == refusal.about[0]
    return refusal.kind == "roles" or refusal.about[0] == one.pair.cache  # a Region is no cache


class _Unread(NamedTuple):
    """What was refused about one thing, such as a bucket, and the pairs that it is about."""

    refusals: tuple[Refusal, ...]
    judged: tuple[PairAudit, ...]
    facts: AccountFacts

    @property
    def errors(self) -> tuple[FcsseError, ...]:
        return tuple(refusal.error for refusal in self.refusals)

    @property
    def about(self) -> str:
        """The thing's name."""
        return (self.refusals[0].about or ("",))[0]

    def remedy(self, thing: str | None = None) -> str:
        """What would let it be read. ``thing`` is what to call it, None as the errors do."""
        said = _remedy(self.errors, thing)
        match _family(self.refusals[0]):
            case "key":
                return _remedy_of_key(said, self.refusals, self.facts)
            case "bucket":
                return _remedy_of_bucket(said, self.refusals, self.judged, self.facts)
            case _:
                return said

    @property
    def harmless(self) -> bool:
        """Is the access there by all that could be read? A bucket's own policy may always be one that does not let in."""
        unsure = any(refusal.kind == "bucket-policy" for refusal in self.refusals)
        return bool(self.judged) and all(one.allowed for one in self.judged) and not unsure

    @property
    def likeness(self) -> tuple[object, ...] | None:
        """Grouping key: equal for resources refused in the same way. None: do not group."""
        denied = [error for error in self.errors if isinstance(error, DeniedError) and error.action]
        resources = {error.resource for error in denied}
        if len(denied) < len(self.errors) or len(resources) != 1 or "" in resources or not self.about:
            return None
        return (_family(self.refusals[0]), tuple(error.action for error in denied), self.remedy(""), self.harmless)


def _finding(alike: Sequence[_Unread]) -> Finding:
    first, several = alike[0], len(alike) > 1
    family, names = _family(first.refusals[0]), [one.about for one in alike]
    title, remedy = title_of(*first.errors), first.remedy()
    detail = [sentence(error.message) for error in first.errors]
    if several:
        denied = [error for error in first.errors if isinstance(error, DeniedError)]
        told, noun = listed(names), f"{family}s"
        title = f"{noun} {told} could not be read: no {listed([error.action for error in denied])}"
        remedy = first.remedy(f"{noun} {told}")
        detail.append(f"The same holds for {noun} {', '.join(names[1:])}.")
    if first.harmless:
        detail.append("By all that could be read, the access is there; a Deny in what could not be read would win.")
    if family == OLDER:
        detail.append("File systems that were linked to S3 at their creation (ImportPath) are not known.")
    return Finding(
        UNREADABLE.code,
        Severity.LOW if first.harmless else UNREADABLE.severity,
        title,
        tuple(detail),
        remedy,
        (),
        tuple(one.pair for unread in alike for one in unread.judged),
        bucket=first.about if family == "bucket" and not several else None,
        key=first.about if family == "key" and not several else None,
    )


def _remedy(errors: Sequence[FcsseError], thing: str | None) -> str:
    """What would let it be read; several actions on one thing in one sentence. ``thing`` is what to call that."""
    denied = [error for error in errors if isinstance(error, DeniedError) and error.action]
    actions = list(_by_resource(denied).values())
    if len(denied) == len(errors) > 1 == len(actions):
        return _hint(denied[0], thing, tuple(actions[0]))
    return " ".join(dict.fromkeys(hint for error in errors if (hint := _hint(error, thing))))


def _hint(error: FcsseError, thing: str | None, actions: tuple[str, ...] = ()) -> str:
    """The error's hint, for these actions on this thing where it is about a permission."""
    needed = error.needed if isinstance(error, DeniedError) else None
    if needed is None:
        return error.hint
    resource = needed.resource if thing is None else thing
    return needed._replace(actions=actions or needed.actions, resource=resource).remedy


def _remedy_of_key(said: str, group: Sequence[Refusal], facts: AccountFacts) -> str:
    """The same for a key; a role of another account's may read it, too."""
    key = Arn.parse(group[0].about[0])
    denied = all(isinstance(refusal.error, DeniedError) for refusal in group)
    if key is None or key.account == facts.account or not denied:
        return said
    if facts.many_accounts:
        return f"{said} Or allow it to the role in account {key.account}, {AUDITED}."
    return f"{said} Or pass a role in its account: --bucket-role 'arn:aws:iam::{{account}}:role/…'."


def _remedy_of_bucket(said: str, group: Sequence[Refusal], judged: Sequence[PairAudit], facts: AccountFacts) -> str:
    """The same for a bucket, which may belong to another account: then it takes a role of that one."""
    bucket = facts.buckets.get(group[0].about[0])
    if (bucket and bucket.foreign) or any(one.facts and one.facts.bucket.foreign for one in judged):
        if facts.many_accounts:
            return f"Allow it to the role in the bucket's account, {AUDITED}."
        return f"Pass a role in the bucket's account: {PATTERN}."
    if not all(isinstance(refusal.error, DeniedError) for refusal in group):
        return said
    role = f"allow it to the role there, {AUDITED}" if facts.many_accounts else PATTERN
    return f"{said} If the bucket belongs to another account: {role}."
