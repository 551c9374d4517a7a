"""The answer of ``link`` and ``unlink`` for machines (JSON) and for pull requests and job summaries (Markdown). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from fcsse.apply.apply import AppliedChange, FailedChange, left_to_do
from fcsse.apply.pair_result import PairResult, pair_result
from fcsse.cli.output.documents import (
    Json,
    as_code,
    endpoint_markdown,
    error_entry,
    error_markdown,
    escaped,
    fenced,
    warning_markdown,
)
from fcsse.cli.output.plan import VERBS, closing_lines, encryption_text, errors_of
from fcsse.endpoint import endpoints_entry
from fcsse.link_options import Operation
from fcsse.model import DOCUMENT_SCHEMA
from fcsse.planning.changes import Change, GrantAddition, GrantEnding, PolicyChange
from fcsse.planning.plan import Outcome, Plan
from fcsse.policy.diff import policy_diff
from fcsse.suggested_commands import CommandBuilder


def plan_document(
    plan: Plan, results: Sequence[AppliedChange | FailedChange], *, dry_run: bool, code: int, told: str = ""
) -> Json:
    """The document of ``link`` and ``unlink``. ``told``: whether anything was written, where something went wrong."""
    first = plan.error or next((one.error for one in results if isinstance(one, FailedChange)), None)
    document: Json = {
        "schema": DOCUMENT_SCHEMA,
        "command": plan.operation.value,
        "exit_code": code,
        "dry_run": dry_run,
        "changes_pending": left_to_do(plan, () if dry_run else results),
        "changed": not dry_run and any(one.changed for one in results),
        "digest": plan.digest,
        **({"operations": plan.level.value} if plan.operation is Operation.LINK else {}),
        "endpoints": endpoints_entry(plan.endpoints),
        "pairs": [_pair(outcome, pair_result(outcome, results, dry_run=dry_run)) for outcome in plan.outcomes],
        "changes": [_change(change, result) for change, result in _with_results(plan, results)],
    }
    if first:
        document["error"] = error_entry(first)
        if told and not dry_run:
            document["written"] = told
    return document


def _with_results(
    plan: Plan, results: Sequence[AppliedChange | FailedChange]
) -> list[tuple[Change, AppliedChange | FailedChange | None]]:
    by_change = {id(one.change): one for one in results}
    return [(change, by_change.get(id(change))) for change in plan.changes]


def _done(change: Change, result: AppliedChange | FailedChange | None) -> Change:
    """The change as it was made, where others wrote after the plan."""
    return result.made or change if isinstance(result, AppliedChange) else change


def _pair(outcome: Outcome, became: PairResult) -> Json:
    facts = outcome.facts
    bucket, key = (facts.bucket, facts.key) if facts else (None, None)
    return {
        "cache": outcome.pair.cache,
        "bucket": outcome.pair.bucket or None,
        "status": became.value,
        "summary": outcome.summary,
        "route": outcome.via.value if outcome.via else None,
        "account": facts.account if facts else None,
        "role": str(facts.role.arn) if facts and facts.role else None,
        "bucket_region": bucket.region if bucket else None,
        "encryption": bucket.encryption.algorithm if bucket else None,
        "bucket_keys": bucket.encryption.bucket_keys if bucket and bucket.encryption.is_kms else None,
        "key": str(key.arn) if key else None,
        "key_state": key.state if key else None,
        "warnings": list(outcome.warnings),
        "error": error_entry(outcome.error) if outcome.error else None,
    }


def _change(change: Change, result: AppliedChange | FailedChange | None) -> Json:
    document: Json = {"key": str(change.key)}
    match _done(change, result):
        case PolicyChange() as change:
            document |= {
                "type": "policy",
                "diff": list(policy_diff(change.before, change.after)),
                "before": change.before.text,
                "after": change.after.text,
                "bytes": change.after.size,
            }
        case GrantAddition() as change:
            document |= {
                "type": "grant",
                "grantee": change.grantee,
                "name": change.name,
                "operations": list(change.operations),
                "encryption_context_subset": dict(change.subset) or None,
            }
        case GrantEnding() as change:
            document |= {"type": "end-grant", "grantee": change.grant.grantee, "name": change.grant.name or None}
            document["grant_id"] = change.grant.grant_id
        case _:
            assert_never(change)
    match result:
        case AppliedChange():
            document["result"] = result.result
            document["notes"] = list(result.notes)
            document["backup"] = result.backup
            if result.grant:
                document["grant_id"] = result.grant
        case FailedChange():
            how = "unconfirmed" if result.unconfirmed else "failed"
            document |= {"result": how, "error": error_entry(result.error), "backup": result.backup}
        case None:
            document["result"] = "not applied"
    return document


def plan_markdown(
    plan: Plan, results: Sequence[AppliedChange | FailedChange], words: CommandBuilder, *, dry_run: bool
) -> str:
    """The answer as GitHub Markdown."""
    title = f"fcsse {plan.operation.value}" + (" (dry run)" if dry_run else "")
    out = [f"### {title}", ""]
    out += ["| cache | bucket | encryption | key | result |", "| --- | --- | --- | --- | --- |"]
    for outcome in plan.outcomes:
        facts = outcome.facts
        key = f"`{facts.key.arn}`" if facts and facts.key else "none"
        cells = [
            as_code(outcome.pair.cache) if outcome.pair.cache else "every cache",
            as_code(outcome.pair.bucket) if outcome.pair.bucket else outcome.pair.place,
            encryption_text(facts.bucket) if facts else "unknown",
            key,
            f"{_state(outcome, plan, results, dry_run=dry_run)}: {escaped(outcome.summary)}",
        ]
        out.append("| " + " | ".join(cells) + " |")
    out += endpoint_markdown(plan.endpoints)
    warnings = list(dict.fromkeys(warning for outcome in plan.outcomes for warning in outcome.warnings))
    if warnings:
        out += ["", *(row for warning in warnings for row in warning_markdown(warning))]
    for change, result in _with_results(plan, results):
        out += ["", *_change_markdown(_done(change, result))]
    for error in errors_of(plan, results):
        out += ["", *error_markdown(error.message, error.hint)]
    for parts in closing_lines(plan, results, words, dry_run=dry_run):
        out += ["", escaped("".join(text for text, _ in parts))]
    return "\n".join(out) + "\n"


def _state(outcome: Outcome, plan: Plan, results: Sequence[AppliedChange | FailedChange], *, dry_run: bool) -> str:
    """How a pair stands, in a word or two."""
    done = VERBS[plan.operation][1].lower()
    match pair_result(outcome, results, dry_run=dry_run):
        case PairResult.NOTHING:
            return "nothing to do"
        case PairResult.BLOCKED:
            return "**blocked**"
        case PairResult.TO_DO:
            return "**change**"
        case PairResult.FAILED:
            return f"**not {done}**"
        case PairResult.UNCONFIRMED:
            return "**not confirmed**"
        case PairResult.DONE:
            return f"**{done}**"
        case became:
            assert_never(became)


def _change_markdown(change: Change) -> list[str]:
    match change:
        case PolicyChange():
            return [f"Policy of key `{change.key}`", "", *fenced(policy_diff(change.before, change.after))]
        case GrantAddition():
            limit = ", ".join(f"`{name}` = `{value}`" for name, value in change.subset) or "nothing"
            return [
                f"New grant `{change.name}` on key `{change.key}` for `{change.grantee}`: "
                f"{', '.join(change.operations)}; limited to: {limit}"
            ]
        case GrantEnding():
            return [f"Grant `{change.grant.grant_id}` on key `{change.key}` ends"]
        case _:
            assert_never(change)
