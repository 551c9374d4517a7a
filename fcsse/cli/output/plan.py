"""A plan and its results for people: lines with styles. Pure.

Top-down: the facts, warnings, then the diff or the grant; last what was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from fcsse.apply.apply import AppliedChange, FailedChange
from fcsse.arn import Arn
from fcsse.cli.output.lines import Line, line, prose
from fcsse.endpoint import Endpoint, endpoints_text
from fcsse.errors import FcsseError
from fcsse.model import Bucket, Facts, Operation, Via
from fcsse.planning.plan import Change, GrantAddition, GrantEnding, Outcome, Plan, PolicyChange, Status
from fcsse.planning.requirements import ends, grant_name
from fcsse.policy.diff import policy_diff
from fcsse.policy.document import PolicyDocument
from fcsse.suggested_commands import CommandBuilder

MANY = 3
"""From this many pairs on, facts are told in a line a pair."""

VERBS = {Operation.LINK: ("link", "Linked", "to"), Operation.UNLINK: ("unlink", "Unlinked", "from")}


def plan_lines(plan: Plan) -> list[Line]:
    """The whole plan: facts, warnings, changes."""
    out: list[Line] = []
    if len(plan.outcomes) >= MANY:
        out += [_short(outcome) for outcome in plan.outcomes]
    else:
        for outcome in plan.outcomes:
            if outcome.facts:
                out += [*([line("")] if out else []), *_facts(outcome, outcome.facts)]
    out += endpoint_lines(plan.endpoints)
    warnings = list(dict.fromkeys(warning for outcome in plan.outcomes for warning in outcome.warnings))
    if warnings:
        out.append(line(""))
        out += warning_lines(warnings)
    for change in plan.changes:
        out += [line(""), *_change(change)]
    return out


def endpoint_lines(endpoints: Sequence[Endpoint]) -> list[Line]:
    """Where AWS was asked, if not at its own endpoints."""
    return [prose((f"{'Endpoint':<12}", "bold"), endpoints_text(endpoints))] if endpoints else []


def warning_lines(warnings: Iterable[str]) -> list[Line]:
    """Warnings as they stand in an answer."""
    return [prose(("Warning: ", "yellow"), warning) for warning in warnings]


def _facts(outcome: Outcome, facts: Facts) -> list[Line]:
    rows = [("Cache", facts.pair.cache or f"every cache of account {facts.account}")]
    if facts.role:
        rows.append(("Role", str(facts.role.arn) + ("" if facts.role.exists else " (gone)")))
    where = f" ({facts.bucket.region})" if facts.bucket.region else ""
    rows += [("Bucket", facts.bucket.name + where), ("Encryption", encryption_text(facts.bucket))]
    if facts.key:
        state = f" ({facts.key.state.lower()})" if facts.key.state else ""
        rows.append(("Key", str(facts.key.arn) + state))
    match outcome.via:
        case Via.POLICY:
            rows.append(("Route", "key policy"))
        case Via.GRANT:
            rows.append(("Route", "grant"))
        case _:
            pass
    if outcome.status is Status.TO_DO:
        rows.append(("Change", outcome.summary))
    return [prose((f"{name:<12}", "bold"), text) for name, text in rows]


def encryption_text(bucket: Bucket) -> str:
    """A bucket's encryption in the S3 console's words."""
    encryption = bucket.encryption
    if not encryption.is_kms:
        return encryption.name
    keys = ("on" if encryption.bucket_keys else "off") if bucket.bucket_keys_known else "unknown"
    given = "; as stated on the command line" if bucket.given else ""
    return f"{encryption.name}, Bucket Keys {keys}{given}"


def _short(outcome: Outcome) -> Line:
    marks = {Status.TO_DO: ("change ", "green"), Status.NOTHING: ("as is  ", ""), Status.BLOCKED: ("cannot ", "red")}
    return prose(marks[outcome.status], f"{outcome.pair}: {outcome.summary}")


def _change(change: Change) -> list[Line]:
    match change:
        case PolicyChange():
            heading: list[Line] = [line(f"Policy of key {change.key}", "bold")]
            if (
                change.after.text == change.after.compact().text != change.before.compact().text
                and "\n" in change.before.text
            ):
                heading.append(
                    prose(f"It is written without white space, to fit: {change.after.size:,} of 32,768 bytes.")
                )
            return [*heading, *diff_lines(change.before, change.after)]
        case GrantAddition():
            limits = [f"{name} = {value}" for name, value in change.subset]
            return [
                line(f"Grant on key {change.key}", "bold"),
                line(f"+ grantee     {change.grantee}", "green"),
                line(f"+ operations  {' '.join(change.operations)}", "green"),
                line(f"+ name        {change.name}", "green"),
                line(f"+ only for    {', '.join(limits) if limits else 'no limit'}", "green"),
            ]
        case GrantEnding():
            grant = change.grant
            return [
                line(f"Grant on key {change.key}", "bold"),
                line(f"- id          {grant.grant_id}", "red"),
                line(f"- grantee     {grant.grantee or 'unknown'}", "red"),
                line(f"- operations  {' '.join(sorted(grant.operations))}", "red"),
                *([line(f"- name        {grant.name}", "red")] if grant.name else []),
            ]
        case _:
            assert_never(change)


def diff_lines(before: PolicyDocument, after: PolicyDocument) -> list[Line]:
    """The difference of two policies, coloured."""
    return [_diff_line(text) for text in policy_diff(before, after)]


def _diff_line(text: str) -> Line:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    return line(text, "bold" if text.startswith(("+++", "---")) else styles.get(text[:1], ""))


def closing_lines(
    plan: Plan, results: Sequence[AppliedChange | FailedChange], words: CommandBuilder, *, dry_run: bool
) -> list[Line]:
    """What was done, or would be: a line a pair, then a line a change that is worth one."""
    out: list[Line] = []
    failed = [one for one in results if isinstance(one, FailedChange)]
    verb, done, preposition = VERBS[plan.operation]
    for outcome in plan.outcomes:
        pair = f"{outcome.pair.cache or 'every cache'} {preposition} {outcome.pair.place}"
        match outcome.status:
            case Status.NOTHING:
                out.append(prose((f"Nothing to do to {verb} {pair}: {outcome.summary}.", "green")))
            case Status.TO_DO if unconfirmed := [
                one for one in failed if one.unconfirmed and belongs(one.change, outcome)
            ]:
                backup = unconfirmed[0].backup
                saved = f" The old policy is saved: {words.restore(backup)}" if backup else ""
                out.append(prose((f"Written, but not confirmed yet: {verb} {pair}.{saved}", "yellow")))
            case Status.TO_DO if any(belongs(one.change, outcome) for one in failed):
                out.append(line(f"Not {done.lower()}: {pair}.", "red"))
            case Status.TO_DO:
                said = outcome.short or outcome.summary
                out.append(prose((f"{f'Would {verb}' if dry_run else done} {pair}: {said}.", "green")))
            case Status.BLOCKED:
                pass
            case _:
                assert_never(outcome.status)
    several = sum(isinstance(one, AppliedChange) and bool(one.backup) for one in results) > 1
    for one in results:
        if isinstance(one, AppliedChange):
            out += [prose(note) for note in one.notes]
            if one.backup:
                out.append(saved_line(one.backup, words, one.change.key if several else None))
            elif isinstance(one.change, GrantAddition) and one.grant:
                out.append(line(f"Grant {one.grant}"))
    if dry_run and plan.changes:
        out.append(line(f"Dry run, nothing was written. Digest: {plan.digest}"))
    return out


def saved_line(backup: str, words: CommandBuilder, key: Arn | None = None) -> Line:
    """Where the policy from before is, by the command that puts it back; ``key`` where one must be told from others."""
    which = f" of key {key}" if key else ""
    return prose(f"The policy{which} from before is saved: {words.restore(backup)}")


def belongs(change: Change, outcome: Outcome) -> bool:
    """Is the change (also) for this pair?"""
    facts = outcome.facts
    if facts is None or facts.key is None or facts.key.arn != change.key:
        return False
    match change:
        case PolicyChange():
            return outcome.via is not Via.GRANT and any(one.bucket == facts.bucket.name for one in change.accesses)
        case GrantAddition():
            names = {grant_name(facts.pair.cache or "", facts.bucket.name, narrow=narrow) for narrow in (True, False)}
            return change.name in names
        case GrantEnding():
            return ends(change.grant, facts)
        case _:
            assert_never(change)


def errors_of(plan: Plan, results: Sequence[AppliedChange | FailedChange]) -> list[FcsseError]:
    """Everything that is in the way or went wrong; what reads the same only once."""
    errors = [outcome.error for outcome in plan.outcomes if outcome.error]
    errors += [one.error for one in results if isinstance(one, FailedChange)]
    found: dict[tuple[str, str], FcsseError] = {}
    for error in errors:
        found.setdefault((error.message, error.hint), error)
    return list(found.values())
