"""A plan and its results for people: lines with styles. Pure.

Top-down: the facts, warnings, then the diff or the grant; last what was done.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import assert_never

from fcsse.apply.apply import AppliedChange, FailedChange
from fcsse.apply.pair_result import PairResult, belongs, pair_result
from fcsse.cli.output.lines import Line, line, prose, warning
from fcsse.endpoint import Endpoint, endpoints_text
from fcsse.errors import FcsseError
from fcsse.link_options import Operation, Via
from fcsse.model import Bucket, Facts
from fcsse.planning.changes import Change, GrantAddition, GrantEnding, PolicyChange
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.policy.diff import policy_diff
from fcsse.policy.document import PolicyDocument
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import count

MANY = 3
"""From this many pairs on, a line stands for all pairs of a key and bucket that fare alike."""

VERBS = {Operation.LINK: ("link", "Linked", "to"), Operation.UNLINK: ("unlink", "Unlinked", "from")}


def plan_lines(plan: Plan) -> list[Line]:
    """The whole plan: facts, warnings, changes."""
    out: list[Line] = []
    if len(plan.outcomes) >= MANY:
        out += [*pair_lines(plan.outcomes), *([line("")] if plan.endpoints else [])]
    else:
        for outcome in plan.outcomes:
            if outcome.facts:
                out += [*([line("")] if out else []), *_facts(outcome, outcome.facts)]
    out += endpoint_lines(plan.endpoints)
    warnings = list(dict.fromkeys(warning for outcome in plan.outcomes for warning in outcome.warnings))
    if warnings:
        out.append(line(""))
        out += warning_lines(warnings)
    only_key = len({change.key for change in plan.changes}) == 1 and len(plan.outcomes) < MANY
    for change in plan.changes:
        out += [line(""), *_change(change, "the key" if only_key else f"key {change.key}")]
    if plan.changes:
        out += [line(""), prose((total(plan), "bold"))]
    return out


def total(plan: Plan) -> str:
    """The last line of a plan: how many pairs it changes, and how many it does not."""
    amounts = Counter(outcome.status for outcome in plan.outcomes)
    keys = len({change.key for change in plan.changes})
    doing = f"{count(amounts[Status.TO_DO], 'pair')} on {count(keys, 'key')} to {VERBS[plan.operation][0]}"
    rest = [(amounts[Status.NOTHING], "nothing to do"), (amounts[Status.BLOCKED], "blocked")]
    return f"Plan: {', '.join([doing, *(f'{number:,} {word}' for number, word in rest if number)])}."


def endpoint_lines(endpoints: Sequence[Endpoint]) -> list[Line]:
    """Where AWS was asked, if not at its own endpoints."""
    return [prose((f"{'Endpoint':<12}", "bold"), endpoints_text(endpoints))] if endpoints else []


def warning_lines(warnings: Iterable[str]) -> list[Line]:
    """Warnings as they stand in an answer."""
    return [row for text in warnings for row in warning(text)]


def _facts(outcome: Outcome, facts: Facts) -> list[Line]:
    rows = [("Cache", facts.pair.cache or f"every cache of account {facts.account}")]
    if facts.role:
        rows.append(("Role", str(facts.role.arn) + ("" if facts.role.exists else " (gone)")))
    where = f" ({facts.bucket.region})" if facts.bucket.region else ""
    rows += [("Bucket", facts.bucket.name + where), ("Encryption", encryption_text(facts.bucket))]
    if facts.key:
        state = f" ({_in_words(facts.key.state)})" if facts.key.state else ""
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


def _in_words(state: str) -> str:
    """A key's state as words: ``pending deletion``."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", state).lower()


def encryption_text(bucket: Bucket) -> str:
    """A bucket's encryption in the S3 console's words."""
    encryption = bucket.encryption
    if not encryption.is_kms:
        return encryption.name
    keys = ("on" if encryption.bucket_keys else "off") if bucket.bucket_keys_known else "unknown"
    given = "; as stated on the command line" if bucket.given else ""
    if bucket.other_default:
        given = f"; the key is stated (default encryption: {bucket.other_default})"
    return f"{encryption.name}, Bucket Keys {keys}{given}"


MARKS = {Status.TO_DO: ("change", "green"), Status.NOTHING: ("ok", ""), Status.BLOCKED: ("blocked", "red")}


def pair_lines(outcomes: Sequence[Outcome]) -> list[Line]:
    """Many pairs: a heading a key, below it a line for the buckets whose pairs fare alike, with their caches."""
    keys: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        key = outcome.facts.key if outcome.facts else None
        state = f" ({_in_words(key.state)})" if key and key.state and key.state != "Enabled" else ""
        heading = f"Key {key.arn}{state}" if key else "No key of their own" if outcome.facts else "Not known"
        keys.setdefault(heading, []).append(outcome)
    out: list[Line] = []
    for heading, group in keys.items():
        out += [*([line("")] if out else []), line(heading, "bold")]
        buckets: dict[tuple[Status, str, Via | None, bool], list[Outcome]] = {}
        for outcome in group:
            alike_in = (outcome.status, outcome.pair.bucket, outcome.via, outcome.in_doubt)
            buckets.setdefault(alike_in, []).append(outcome)
        rows: dict[tuple[Status, str, str], list[str]] = {}
        for (status, bucket, via, _), alike in buckets.items():
            caches = ", ".join(outcome.pair.cache or "every cache" for outcome in alike)
            rows.setdefault((status, caches, _in_common(status, via, alike)), []).append(bucket or "its buckets")
        for (status, caches, what), names in rows.items():
            mark, style = MARKS[status]
            text = f"{', '.join(names)}: {caches}{f' ({what})' if what else ''}"
            out.append(prose((f"  {mark:<9}", style), text))
    return out


def _in_common(status: Status, via: Via | None, alike: Sequence[Outcome]) -> str:
    """What holds for all pairs of a bucket; an error is printed by itself, once."""
    if status is Status.BLOCKED:
        return ""
    if via is None:
        return alike[0].summary if len({outcome.summary for outcome in alike}) == 1 else ""
    if status is Status.NOTHING:
        return "linked, but it may be denied access" if alike[0].in_doubt else "access is there"
    match via:
        case Via.POLICY:
            return "statement"
        case Via.GRANT:
            return "grant"
        case _:
            return ""


def _change(change: Change, key: str) -> list[Line]:
    """One write. ``key`` names its key: by its ARN, or where that is already shown, as "the key"."""
    match change:
        case PolicyChange():
            heading: list[Line] = [line(f"Policy of {key}", "bold")]
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
                line(f"Grant on {key}", "bold"),
                line(f"+ grantee     {change.grantee}", "green"),
                line(f"+ operations  {' '.join(change.operations)}", "green"),
                line(f"+ name        {change.name}", "green"),
                line(f"+ limited to  {', '.join(limits) if limits else 'nothing'}", "green"),
            ]
        case GrantEnding():
            grant = change.grant
            return [
                line(f"Grant on {key}", "bold"),
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
    plan: Plan,
    results: Sequence[AppliedChange | FailedChange],
    words: CommandBuilder,
    *,
    dry_run: bool,
    apply_by: str = "",
) -> list[Line]:
    """What was done, or would be: a line a pair, then a line a change that is worth one.

    Of many pairs, those that went as planned are only counted. ``apply_by`` is the command that applies exactly this plan.
    """
    out: list[Line] = []
    failed = [one for one in results if isinstance(one, FailedChange)]
    verb, done, preposition = VERBS[plan.operation]
    many = len(plan.outcomes) >= MANY
    for outcome in plan.outcomes:
        pair = f"{outcome.pair.cache or 'every cache'} {preposition} {outcome.pair.place}"
        became = pair_result(outcome, results, dry_run=dry_run)
        if many and became not in (PairResult.FAILED, PairResult.UNCONFIRMED):
            continue
        said = outcome.short or outcome.summary
        match became:
            case PairResult.NOTHING:
                there = capital(outcome.summary) if outcome.via else f"{pair}: {outcome.summary}"
                out.append(prose((f"{there}. Nothing to do.", "yellow" if outcome.in_doubt else "green")))
            case PairResult.UNCONFIRMED:
                backup = next((one.backup for one in failed if one.backup and belongs(one.change, outcome)), None)
                change = next((one.change for one in failed if belongs(one.change, outcome)), None)
                saved = f" {_saved(backup, words, change)}" if backup else ""
                out.append(prose((f"Written, but not confirmed yet: {verb} {pair}.{saved}", "yellow")))
            case PairResult.FAILED:
                out.append(line(f"Cannot {verb} {pair}." if dry_run else f"Not {done.lower()}: {pair}.", "red"))
            case PairResult.TO_DO:
                out.append(prose((f"Would {verb} {pair}: {said}.", "green")))
            case PairResult.DONE:
                out.append(prose((f"{done} {pair}: {said}. Confirmed.", "green")))
            case PairResult.BLOCKED:
                pass
            case _:
                assert_never(became)
    if many:
        out += _counted(plan, results, dry_run=dry_run)
    several = sum(isinstance(one, AppliedChange) and bool(one.backup) for one in results) > 1
    for one in results:
        if isinstance(one, AppliedChange):
            out += [prose(note) for note in one.notes]
            if one.backup:
                out += saved_lines(one.backup, words, one.change, several=several)
            elif isinstance(one.change, GrantAddition) and one.grant:
                out.append(line(f"Grant {one.grant}"))
    if dry_run and plan.changes:
        out += dry_run_lines(plan.digest, apply_by)
    return out


def dry_run_lines(digest: str, apply_by: str) -> list[Line]:
    """The end of a dry run: the command that applies exactly that plan, and its digest."""
    command = [line("To apply exactly this plan:"), line(f"  {apply_by}", "green")] if apply_by else []
    return [*command, line(f"Dry run, nothing was written. Digest: {digest}")]


def _counted(plan: Plan, results: Sequence[AppliedChange | FailedChange], *, dry_run: bool) -> list[Line]:
    """How many of many pairs went as planned."""
    verb, done, _ = VERBS[plan.operation]
    amounts = Counter(pair_result(one, results, dry_run=dry_run) for one in plan.outcomes)
    said = (
        (PairResult.DONE, f"{done} {{}}. Confirmed."),
        (PairResult.TO_DO, f"Would {verb} {{}}."),
        (PairResult.NOTHING, "Nothing to do for {}."),
    )
    return [prose((text.format(count(amounts[one], "pair")), "green")) for one, text in said if amounts[one]]


def capital(text: str) -> str:
    """The text with a capital, unless it begins with a cache's id."""
    return text if text[:3] in ("fc-", "fs-") else text[:1].upper() + text[1:]


def saved_lines(
    backup: str, words: CommandBuilder, change: Change | None = None, *, several: bool = False
) -> list[Line]:
    """Where the policy from before ``change`` is, by the command that puts it back; ``several``: the key is named."""
    if change is None or not several:
        return [prose(_saved(backup, words, change))]
    said, command = _saved_of(f" of key {change.key}", backup, words, change)
    return [prose(said), line(f"  {command}")]


def _saved(backup: str, words: CommandBuilder, change: Change | None) -> str:
    return " ".join(_saved_of("", backup, words, change))


def _saved_of(of: str, backup: str, words: CommandBuilder, change: Change | None) -> tuple[str, str]:
    """That the policy from before was saved, and the command that puts it back, or prints it where KMS would refuse it."""
    if isinstance(change, PolicyChange) and not change.can_go_back:
        said = f"Saved the old policy{of}; KMS would refuse it now, because it names deleted principals. To print it:"
        return said, words.backups(backup)
    return f"Saved the old policy{of}. To undo:", words.restore(backup)


def errors_of(plan: Plan, results: Sequence[AppliedChange | FailedChange]) -> list[FcsseError]:
    """Everything that is in the way or went wrong; what reads the same only once."""
    errors = [outcome.error for outcome in plan.outcomes if outcome.error]
    errors += [one.error for one in results if isinstance(one, FailedChange)]
    found: dict[tuple[str, str], FcsseError] = {}
    for error in errors:
        found.setdefault((error.message, error.hint), error)
    return list(found.values())
