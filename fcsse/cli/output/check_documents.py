"""The answer of ``check`` as JSON and as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.cli.output.documents import Json, as_code, endpoint_markdown, error_entry, escaped
from fcsse.commands.check import CheckResult
from fcsse.endpoint import Endpoint, endpoints_entry
from fcsse.evaluator.request import Decision
from fcsse.model import DOCUMENT_SCHEMA


def check_document(found: Sequence[CheckResult], code: int, endpoints: Sequence[Endpoint] = ()) -> Json:
    """The document of ``check``."""
    document: Json = {
        "schema": DOCUMENT_SCHEMA,
        "command": "check",
        "exit_code": code,
        "endpoints": endpoints_entry(endpoints),
        "pairs": [checked_pair(one) for one in found],
    }
    error = next((one.error for one in found if one.error), None)
    if error:
        document["error"] = error_entry(error)
    return document


def checked_pair(one: CheckResult) -> Json:
    """One pair's verdict as JSON."""
    facts, judgement = one.facts, one.judgement
    key = facts.key if facts and facts.key and not facts.key.is_any else None
    return {
        "cache": one.pair.cache,
        "bucket": one.pair.bucket or None,
        "operations": one.level.value,
        "read": one.read.value,
        "write": one.write.value,
        "verdict": one.headline,
        "role": str(facts.role.arn) if facts and facts.role else None,
        "key": str(key.arn) if key else None,
        "key_state": key.state if key else None,
        "bucket_keys": facts.bucket.encryption.bucket_keys if facts and facts.bucket.encryption.is_kms else None,
        "requests": [
            {
                "action": row.asked.action,
                "purpose": row.asked.purpose.value,
                "context": row.asked.form.value if row.asked.form else None,
                "prefix": row.asked.prefix,
                "current": row.current,
                "verdict": row.verdict.value,
                "explicit_deny": row.decision.explicit,
                "decided_by": row.decision.decided_by,
                "reason": row.decision.reason,
                "near_misses": [{"where": miss.where, "reason": miss.reason} for miss in row.decision.misses],
                **_grounds(row.decision),
            }
            for row in (judgement.rows if judgement else ())
        ],
        "bucket_policy": None
        if judgement is None or judgement.bucket_rows is None
        else [
            {
                "action": row.action,
                "prefix": row.prefix,
                "verdict": row.decision.verdict.value,
                "reason": row.decision.reason,
                **_grounds(row.decision),
            }
            for row in judgement.bucket_rows
        ],
        "not_read": [source.value for source in facts.not_read] if facts else [],
        "remedies": list(one.remedies),
        "notes": list(one.notes),
        "error": error_entry(one.error) if one.error else None,
        "blocker": error_entry(one.blocker) if one.blocker else None,
    }


def _grounds(decision: Decision) -> Json:
    """What a decision rests on, as values."""
    return {
        "cause": decision.cause.value,
        "conditions": [
            {
                "key": one.key,
                "operator": one.operator,
                "wanted": list(one.wanted),
                "given": one.given,
                "slip": one.slip or None,
            }
            for one in decision.conditions
        ],
        "depends_on": sorted(decision.depends_on),
    }


def check_markdown(found: Sequence[CheckResult], endpoints: Sequence[Endpoint] = ()) -> str:
    """The answer of ``check`` as GitHub Markdown."""
    out = ["### fcsse check", ""]
    out += ["| cache | bucket | read | write | verdict |", "| --- | --- | --- | --- | --- |"]
    for one in found:
        cells = (
            as_code(one.pair.cache) if one.pair.cache else "every cache",
            as_code(one.pair.bucket) if one.pair.bucket else one.pair.place,
            one.read.value,
            one.write.value,
            escaped(one.headline),
        )
        out.append("| " + " | ".join(cells) + " |")
    out += endpoint_markdown(endpoints)
    for one in found:
        remedies = [row for remedy in one.remedies for row in remedy.split("\n") if row]
        out += ["", *(f"- {escaped(str(one.pair))}: {escaped(row)}" for row in remedies)]
    return "\n".join(out).rstrip() + "\n"
