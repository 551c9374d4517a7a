"""Unique ids that may be those of new roles of other accounts: they are given time to turn into ARNs before they are pruned.

KMS shows an id where a principal was deleted, and for about a minute also where it was made just now. Of the account's own
principals IAM tells the two apart; of those of other accounts, whom only statements of others name, time alone does.
"""

from __future__ import annotations

from fcsse.apply.context import ApplyContext
from fcsse.planning.changes import PolicyChange
from fcsse.planning.plan import NEVER
from fcsse.policy.statement import read_statement
from fcsse.policy.unique_ids import UniqueId, dead_principals
from fcsse.text import listed

NEW = 90.0
"""Seconds after which KMS no longer shows the id of a principal that lives. Sources: as ``fcsse.policy.unique_ids``."""


def await_arns(run: ApplyContext, change: PolicyChange) -> None:
    """Waits until ids that the change prunes have been seen for long enough, however short the run's own wait is.

    The policy is to be read again then: the change is made on what it says by that time.
    """
    unknown = _of_anybody(change)
    seen_at = run.read_at if run.read_at > NEVER else run.planned_at
    left = seen_at + NEW - run.clock.monotonic()
    if not unknown or left <= 0:
        return
    names = listed(list(dict.fromkeys(one.id for one in unknown)), 3)
    run.progress.step(f"waiting whether {names} is a new role of another account")
    run.clock.sleep(left)


def _of_anybody(change: PolicyChange) -> list[UniqueId]:
    """The ids that are pruned from statements of others, or of caches of other accounts."""
    if not change.prune_orphans or change.after == change.before:
        return []
    accounts = {access.account for access in change.accesses}
    readings = ((one.index, read_statement(one.value)) for one in change.before.statements)
    own = {index for index, ours in readings if ours is not None and ours.account in accounts}
    return [one for one in dead_principals(change.before, change.dead) if one.index not in own]
