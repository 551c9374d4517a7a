"""An account's audit from the first question to the last finding, and the plan that fixes what it finds."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

from fcsse.commands.audit.collect import read_account
from fcsse.commands.audit.facts import Scope
from fcsse.commands.audit.fix import fix_options
from fcsse.commands.audit.fix_pairs import to_link
from fcsse.commands.audit.report import Audit, audit_of
from fcsse.commands.audit.verdicts import Verdicts
from fcsse.commands.observed import AUDIT_LIMITS, LEAST_SECONDS, UseReader
from fcsse.model import Facts
from fcsse.pipeline import Pipeline
from fcsse.planning.plan import Plan
from fcsse.suggested_commands import CommandBuilder


def audit_account(
    pipeline: Pipeline,
    scope: Scope,
    words: CommandBuilder,
    roles: tuple[str, ...] = (),
    accounts: tuple[str, ...] = (),
    *,
    observed: bool = False,
    pool: Executor | None = None,
    organization: str | None = None,
) -> Audit:
    """Reads everything in scope and judges it, most of it while answers are on their way.

    ``roles`` are patterns of roles to assume in other accounts, ``accounts`` those in which buckets are looked for.
    ``words`` writes commands, and is told here what is audited. ``observed``: CloudTrail's record is read beside it and
    compared with the verdicts. ``pool``: as in ``read_account``. ``organization`` is the id of the account's organization, for
    conditions on it. Raises what keeps every Region from being read.
    """
    read_at = pipeline.clock.monotonic()
    pipeline.aws.assume_in_others(roles, accounts)
    audited = [word for one in scope.regions for word in ("--region", one)] or ["--all-regions"] * scope.all_regions
    audited += [word for one in roles for word in ("--bucket-role", one)]
    audited += [word for one in accounts for word in ("--bucket-account", one)]
    region = scope.regions[0] if scope.regions else words.region
    words = replace(words, region=region, audited=(*words.audited, *audited), bucket_role=pipeline.aws.role_of)
    verdicts = Verdicts()
    if not observed:
        facts = read_account(pipeline.aws, pipeline.clock, pipeline.progress, scope, verdicts.early, pool, organization)
        return replace(audit_of(facts, words, verdicts), endpoints=pipeline.aws.endpoints, read_at=read_at)
    reader = UseReader(pipeline.aws, pipeline.clock, AUDIT_LIMITS, LEAST_SECONDS)
    try:
        if not scope.all_regions:
            reader.start(scope.regions or (pipeline.aws.region,))
        facts = read_account(pipeline.aws, pipeline.clock, pipeline.progress, scope, verdicts.early, pool, organization)
        pipeline.progress.step("reading CloudTrail's event history")
        pairs = [one for one in facts.pairs if isinstance(one, Facts)]
        record = reader.observe_all(pairs, pipeline.backups)
    finally:
        reader.close()
    return replace(audit_of(facts, words, verdicts, record), endpoints=pipeline.aws.endpoints, read_at=read_at)


def plan_fix(pipeline: Pipeline, audit: Audit, expect: str | None = None, *, prune_orphans: bool = False) -> Plan:
    """What linking all that can be fixed would change. Raises ``ChangedError`` where ``expect`` is not its digest."""
    options = fix_options(prune_orphans=prune_orphans)
    found = to_link(audit, options)
    # Nothing left to fix is what every digest of a fix leads to.
    return pipeline.plan_of(found, options, expect if found else None)._replace(read_at=audit.read_at)
