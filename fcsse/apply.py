"""From a plan to what AWS holds: the only module that changes anything.

In: a plan. Out: one ``Applied`` or ``Failed`` per change, in the plan's order; one that fails does not stop those on
other keys. KMS has no version on a key policy, so whoever writes last wins; ``PolicyWriter`` is the answer to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from fcsse.clock import pauses
from fcsse.errors import (
    DeniedError,
    FcsseError,
    NotFoundError,
    NotVisibleError,
    UnconfirmedError,
)
from fcsse.owner import create_grant_statement
from fcsse.plan import GrantAddition, GrantEnding, PolicyChange
from fcsse.write import PolicyWriter, Run

if TYPE_CHECKING:
    from fcsse.plan import Change, Plan


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that AWS holds now.

    ``result`` says what was done; ``backup`` is the id of the saved policy, ``grant`` the id of the grant; ``notes``
    are sentences about what happened on the way. ``changed`` is False where it turned out that nothing was to do.
    """

    change: Change
    result: str
    backup: str | None = None
    grant: str | None = None
    notes: tuple[str, ...] = ()
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """A change that was not made, or not seen in time."""

    change: Change
    error: FcsseError
    backup: str | None = None


def apply_plan(plan: Plan, run: Run) -> tuple[Applied | Failed, ...]:
    """Makes the changes of a plan, one after the other."""
    results: list[Applied | Failed] = []
    for change in plan.changes:
        try:
            results.append(_apply(change, run))
        except FcsseError as error:
            results.append(Failed(change, error, run.backup_ids.get(str(change.key))))
    return tuple(results)


def try_plan(plan: Plan, run: Run) -> tuple[Applied | Failed, ...]:
    """The dry run's last step: KMS itself says whether grants would be made or ended; policies are left alone.

    Source: KMS developer guide, "Testing your permissions" (DryRun). KMS offers nothing such for key policies.
    """
    results: list[Applied | Failed] = []
    for change in plan.changes:
        try:
            match change:
                case GrantAddition():
                    _create(change, run, dry_run=True)
                    results.append(Applied(change, "KMS would create the grant (tried with its DryRun)", changed=False))
                case GrantEnding():
                    run.aws.end_grant(change.key, change.grant.grant_id, dry_run=True)
                    results.append(Applied(change, "KMS would end the grant (tried with its DryRun)", changed=False))
                case PolicyChange():
                    results.append(Applied(change, "not written: dry run", changed=False))
                case _:
                    assert_never(change)
        except FcsseError as error:
            results.append(Failed(change, error))
    return tuple(results)


def _apply(change: Change, run: Run) -> Applied:
    match change:
        case PolicyChange():
            written = PolicyWriter(run, change).write()
            return Applied(
                change, written.result, written.backup, notes=written.notes, changed=written.result == "written"
            )
        case GrantAddition():
            return _add_grant(change, run)
        case GrantEnding():
            return _end_grant(change, run)
        case _:
            assert_never(change)


def _add_grant(change: GrantAddition, run: Run) -> Applied:
    key = change.key
    run.progress.step(f"creating a grant on key {key.resource.removeprefix('key/')}")
    grant_id = _create_patiently(change, run)
    run.progress.step("waiting until KMS shows the grant")
    try:
        seen = _await_grant(key=change, run=run, grant_id=grant_id, there=True)
    except DeniedError as error:
        note = f"KMS confirmed it, but it could not be read back: {error.message}."
        return Applied(change, "created", grant=grant_id, notes=(note,))
    if not seen:
        raise UnconfirmedError(
            f"creating a grant on key {key}: KMS answered grant {grant_id}, but did not list it within {run.wait:.0f} s",
            "It usually shows within five minutes: look again with fcsse check, or allow more with --wait.",
        )
    return Applied(change, "created", grant=grant_id)


def _create_patiently(change: GrantAddition, run: Run) -> str:
    try:
        return _create(change, run)
    except NotVisibleError as error:
        last = error
    for gone_by in pauses(run.clock, run.wait):
        run.progress.step(f"waiting until KMS sees the new role ({gone_by:.0f} of {run.wait:.0f} s)")
        try:
            return _create(change, run)
        except NotVisibleError as error:
            last = error
    raise NotFoundError(
        f"{last.message} (after waiting {run.wait:.0f} s): KMS does not see the role {change.grantee}",
        "A new role can take minutes to reach KMS: run the command again, or allow more with --wait.",
    ) from last


def _create(change: GrantAddition, run: Run, *, dry_run: bool = False) -> str:
    if not dry_run:
        run.journal.begin(f"grant {change.name} on key {change.key}")
    try:
        grant_id = run.aws.create_grant(
            change.key, change.grantee, change.operations, change.name, dict(change.subset), dry_run=dry_run
        )
    except DeniedError as error:
        run.journal.refuse()
        raise DeniedError(
            error.message,
            f"{error.hint}\nIf the key's policy allows CreateGrant only with kms:GrantIsForAWSResource, which forbids this "
            f"direct call, or not at all, its owner (account {change.key.account}) must add:\n"
            + create_grant_statement(change.key.partition, change.grantee, change.operations),
            action=error.action,
            resource=error.resource,
        ) from error
    except NotVisibleError:
        run.journal.refuse()
        raise
    run.journal.finish()
    return grant_id


def _end_grant(change: GrantEnding, run: Run) -> Applied:
    key, grant_id = change.key, change.grant.grant_id
    run.progress.step(f"ending grant {grant_id[:12]}…")
    run.journal.begin(f"the end of grant {grant_id} on key {key}")
    try:
        how = run.aws.end_grant(key, grant_id)
    except DeniedError:
        run.journal.refuse()
        raise
    except NotFoundError:
        run.journal.refuse()
        return Applied(change, "gone already", grant=grant_id, changed=False)
    run.journal.finish()
    run.progress.step("waiting until KMS no longer shows the grant")
    if not _await_grant(key=change, run=run, grant_id=grant_id, there=False):
        raise UnconfirmedError(
            f"ending grant {grant_id} on key {key}: KMS took it, but still lists the grant after {run.wait:.0f} s",
            "It usually takes less than five minutes: look again with fcsse check.",
        )
    return Applied(change, how, grant=grant_id)


def _await_grant(*, key: GrantAddition | GrantEnding, run: Run, grant_id: str, there: bool) -> bool:
    def as_meant() -> bool:
        return any(grant.grant_id == grant_id for grant in run.aws.list_grants(key.key)) is there

    return as_meant() or any(as_meant() for _ in pauses(run.clock, run.wait, first=0.2))
