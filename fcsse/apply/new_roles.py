"""KMS refuses a principal: will that pass by itself?

Only a role made just now does, since IAM's changes take their time to be seen everywhere. Source: IAM user guide,
"Changes that I make are not always immediately visible"; KMS API reference, PutKeyPolicy (Policy), CreateGrant.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from fcsse.advice import WAIT, advice
from fcsse.apply.context import ApplyContext, WaitBudget
from fcsse.arn import role_cache
from fcsse.errors import FcsseError, NotFoundError, NotVisibleError
from fcsse.progress import Waiting

YOUNG = timedelta(minutes=30)
"""Age up to which a role that KMS refuses is taken for one it does not see yet."""


def wait_for_roles(
    run: ApplyContext,
    budget: WaitBudget,
    roles: Iterable[str],
    doing: str,
    refusal: NotVisibleError,
    otherwise: FcsseError,
    others: str = "",
) -> None:
    """Tells that KMS does not see a role yet. Raises why not, where waiting will not help, or has helped nothing.

    Unless one of the ``roles`` that the change gives something to is young, the refusal is about something else:
    ``otherwise`` says what. ``others``: whom else in a key policy it may be about, for the error.
    """
    named, now = sorted(set(roles)), run.clock.now()
    if not any(_is_young(run, role, now - YOUNG) for role in named):
        raise otherwise from refusal
    gone = next((role for role in named if _is_gone(run, role)), None)
    if gone:
        raise NotFoundError(
            f"{doing}: the role {gone} was deleted meanwhile", "Is its cache gone? Check the id."
        ) from (refusal)
    if budget.left() <= 0:
        raise NotVisibleError(
            f"{doing}: KMS still does not see the role after {run.wait:.0f} s"
            + (f"; it may also be about {others}" if others else ""),
            advice("A new role can take minutes to reach KMS: try again, or allow more with ", WAIT, "."),
        ) from refusal
    passed = run.wait - budget.left()
    run.progress.step(Waiting("waiting until KMS sees the new role", passed, run.wait))


def _is_young(run: ApplyContext, role: str, since: datetime) -> bool:
    made = run.created.get(role)
    return made is None or made >= since


def _is_gone(run: ApplyContext, role: str) -> bool:
    try:
        return run.aws.find_role(role_cache(role) or "") is None
    except FcsseError:
        return False
