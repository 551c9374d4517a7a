"""Making and ending grants, and seeing that AWS shows it.

A Deny in the key policy wins over a grant. So where the plan was made by the key policy, that is read again in the end.

A grant has a name that is always the same for a pair, so making it twice is making it once (KMS API reference,
CreateGrant): botocore may repeat the call. Changes show "usually in less than five minutes" (KMS developer guide,
"Eventual consistency").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fcsse.advice import WAIT, advice
from fcsse.apply.context import ApplyContext, WaitBudget
from fcsse.apply.new_roles import wait_for_roles
from fcsse.arn import is_unique_id
from fcsse.discovery.fetcher import attempt
from fcsse.errors import (
    BusyError,
    DeniedError,
    DenyingPolicy,
    FcsseError,
    NotFoundError,
    NotVisibleError,
    PolicyRefusedError,
    UnconfirmedError,
    UnexpectedError,
)
from fcsse.model import Grant
from fcsse.planning.changes import GrantAddition, GrantEnding
from fcsse.planning.owner_statement import create_grant_statement
from fcsse.policy.document import PolicyDocument, denying

LATE = 5.0
"""Seconds for which KMS's list is looked at after an answer that was lost, at most."""


class Granted(NamedTuple):
    """What a grant's change came to. ``changed`` is False where the grant was gone already. ``held`` is the key policy
    afterwards, where the plan was made by it.
    """

    grant_id: str
    result: str
    notes: tuple[str, ...] = ()
    changed: bool = True
    held: str | None = None


def add_grant(change: GrantAddition, run: ApplyContext) -> Granted:
    """Creates a grant and waits until KMS lists it. Raises this project's errors."""
    budget = WaitBudget(run.clock, run.wait)
    run.progress.step(f"creating a grant on key {change.key.resource.removeprefix('key/')}")
    grant_id = _create_patiently(change, run, budget)
    run.progress.step("waiting until KMS shows the grant")
    notes = _await(
        change,
        run,
        budget,
        lambda grants: any(grant.grant_id == grant_id for grant in grants),
        f"creating a grant on key {change.key}: KMS answered grant {grant_id}, but did not list it within",
    )
    held = attempt(_policy_now, change, run)
    if isinstance(held, FcsseError):
        notes = (*notes, f"Whether the key policy still lets the grant work could not be read: {held.message}.")
        held = None
    return Granted(grant_id, "created", notes, held=held)


def _policy_now(change: GrantAddition, run: ApplyContext) -> str | None:
    """The text of the key's policy, where the plan was made by it. Raises why it cannot be read."""
    reader = run.readers.get(str(change.key))
    return None if reader is None else PolicyDocument.parse(run.aws.get_policy(change.key, reader)).text


def try_grant(change: GrantAddition, run: ApplyContext) -> None:
    """Asks KMS whether it would create a grant, and goes on asking while it does not see a new role. Raises why not."""
    budget, tries = WaitBudget(run.clock, run.wait), 0
    while True:
        try:
            _create(change, run, dry_run=True)
        except NotVisibleError as error:
            tries += 1
            _wait_for_the_role(change, run, budget, error, tries)
        else:
            return


def _create(change: GrantAddition, run: ApplyContext, *, dry_run: bool = False) -> str:
    """Creates a grant, in a dry run only asks KMS whether it would; returns its id.

    The refusal of a caller who may not says what the key's owner has to add.
    """
    try:
        return run.aws.create_grant(
            change.key, change.grantee, change.operations, change.name, dict(change.subset), dry_run=dry_run
        )
    except DeniedError as error:
        refusal = DeniedError(
            error.message,
            f"{error.hint}\n{_advice(change, run, error)}",
            action=error.action,
            resource=error.resource,
            denied_by=error.denied_by,
        )
        refusal.repeated = error.repeated
        raise refusal from error


def _advice(change: GrantAddition, run: ApplyContext, error: DeniedError) -> str:
    """What lets the call through: a statement to add, or where an explicit Deny refused it, an exception from that."""
    owner = f"its owner (account {change.key.account})"
    match error.denied_by:
        case None:
            return (
                "The key policy does not allow this call, or only with kms:GrantIsForAWSResource, which excludes direct calls. "
                f"Ask {owner} to add:\n"
                + create_grant_statement(change.key.partition, change.grantee, change.operations)
            )
        case DenyingPolicy.RESOURCE | DenyingPolicy.SOME:
            which = _denying_statements(change, run)
            return (
                f"If it is the key's policy{which}, {owner} can except this grant from the Deny by the condition "
                f"kms:GranteePrincipal: {change.grantee}"
            )
        case DenyingPolicy.SERVICE_CONTROL | DenyingPolicy.RESOURCE_CONTROL:
            return (
                "Have the organization's administrator exempt the caller from it, or this grant by the condition "
                "kms:GranteePrincipal (AWS Control Tower's CT.KMS.PV.1 takes the parameter ExemptedPrincipalArns). It binds "
                "the caller only, not the cache: its role is a service-linked one."
            )
        case _:
            return f"Or create the grant as another role of the cache's account. Its grantee is {change.grantee}"


def _denying_statements(change: GrantAddition, run: ApplyContext) -> str:
    """The statements of the key's policy that may be meant, as a phrase; nothing where it cannot be read."""
    try:
        found = denying(PolicyDocument.parse(run.aws.get_policy(change.key)), "kms:CreateGrant")
    except FcsseError:
        return ""
    return f" (statement {' or '.join(found)})" if found else ""


def end_grant(change: GrantEnding, run: ApplyContext) -> Granted:
    """Revokes or retires a grant and waits until KMS no longer lists it. Raises this project's errors."""
    budget, grant_id = WaitBudget(run.clock, run.wait), change.grant.grant_id
    run.progress.step(f"ending grant {grant_id[:12]}…")

    def is_gone(grants: tuple[Grant, ...]) -> bool:
        return all(grant.grant_id != grant_id for grant in grants)

    how = ""
    # A grant that is new is not known everywhere yet: KMS may answer that there is none, and list it all the same.
    for _ in budget.tries(first=0.2):
        how = _end(change, run, is_gone)
        if how or is_gone(run.aws.list_grants(change.key)):
            break
    else:
        raise NotFoundError(
            f"ending grant {grant_id} on key {change.key}: KMS answers that there is none, but still lists it after {run.wait:.0f} s",
            advice("Run the command again in some minutes, or allow more with ", WAIT, "."),
        )
    if not how:  # ended since it was listed, by somebody else
        return Granted(grant_id, "gone already", changed=False)
    run.progress.step("waiting until KMS no longer shows the grant")
    doing = f"ending grant {grant_id} on key {change.key}: KMS took it, but still lists the grant after"
    return Granted(grant_id, how, _await(change, run, budget, is_gone, doing))


def _end(change: GrantEnding, run: ApplyContext, is_gone: Callable[[tuple[Grant, ...]], bool]) -> str:
    """Ends a grant and returns how; nothing where KMS answers that there is none."""
    run.journal.begin(f"the end of grant {change.grant.grant_id} on key {change.key}")
    try:
        how = run.aws.end_grant(change.key, change.grant.grant_id)
    except NotFoundError:
        run.journal.refuse()
        return ""
    except FcsseError as error:
        if not _may_have_happened(error):
            run.journal.refuse()
            raise
        _look_after(change, run, error, is_gone)
        how = "ended"
    run.journal.finish()
    return how


def _create_patiently(change: GrantAddition, run: ApplyContext, budget: WaitBudget) -> str:
    tries = 0
    while True:
        run.journal.begin(f"grant {change.name} on key {change.key}")
        try:
            grant_id = _create(change, run)
        except NotVisibleError as error:
            if error.repeated:
                run.journal.miss()
            else:
                run.journal.refuse()
            tries += 1
            _wait_for_the_role(change, run, budget, error, tries)
        except FcsseError as error:
            if not _may_have_happened(error):
                run.journal.refuse()
                raise
            made: list[str] = []

            def is_there(grants: tuple[Grant, ...], made: list[str] = made) -> bool:
                made += [one.grant_id for one in grants if one.grant_id not in run.grants and _may_be(one, change)]
                return bool(made)

            _look_after(change, run, error, is_there)
            run.journal.finish()
            return made[0]
        else:
            run.journal.finish()
            return grant_id


def _may_have_happened(error: FcsseError) -> bool:
    """Is it no clear refusal: no answer, or a refusal of a request that was sent before and then got no answer?"""
    return error.repeated or isinstance(error, BusyError | UnexpectedError)


def _may_be(grant: Grant, change: GrantAddition) -> bool:
    """Is it the grant that was asked for? KMS may show a new role's unique id, which cannot always be looked up; such a
    grant that was there before is to a role that is gone, and had the same name.
    """
    return (
        grant.name == change.name
        and (grant.grantee == change.grantee or is_unique_id(grant.grantee or ""))
        and grant.operations == frozenset(change.operations)
        and dict(grant.constraint_subset or {}) == dict(change.subset)
        and not grant.constraint_equals
        and not grant.other_constraints
    )


def _wait_for_the_role(
    change: GrantAddition, run: ApplyContext, budget: WaitBudget, error: NotVisibleError, tries: int
) -> None:
    """Pauses before the next try, where it may help. Raises why not."""
    old = PolicyRefusedError(
        f"{error.message} The role {change.grantee} is not new, so it will not pass by itself",
        "Check the role with: aws iam get-role. If it was made again lately, wait some minutes.",
    )
    wait_for_roles(run, budget, [change.grantee], f"creating a grant on key {change.key}", error, old)
    budget.pause(min(10.0, 0.5 * 1.6**tries))


def _look_after(
    change: GrantAddition | GrantEnding, run: ApplyContext, error: FcsseError, done: Callable[[tuple[Grant, ...]], bool]
) -> None:
    """The answer was lost on the way, or is no answer: only looks tell, as KMS may show it late.

    Raises the error where it is not to be seen, and ``UnconfirmedError`` where nobody can look.
    """
    try:
        for _ in WaitBudget(run.clock, min(run.wait, LATE)).tries(first=0.2):
            if done(run.aws.list_grants(change.key)):
                return
    except FcsseError:
        raise UnconfirmedError(
            f"{error.message}; whether it was done all the same could not be read",
            "Run the command again: it looks first, and changes nothing that is as wanted.",
        ) from error
    run.journal.miss()
    raise error


def _await(
    change: GrantAddition | GrantEnding,
    run: ApplyContext,
    budget: WaitBudget,
    done: Callable[[tuple[Grant, ...]], bool],
    doing: str,
) -> tuple[str, ...]:
    """Waits until KMS's list shows it. Returns notes; raises nothing but ``UnconfirmedError``."""
    why = ""
    for _ in budget.tries(first=0.2):
        try:
            if done(run.aws.list_grants(change.key)):
                return ()
            why = ""
        except (BusyError, UnexpectedError) as error:
            why = f" ({error.message})"
        except DeniedError as error:
            return (f"KMS confirmed it, but it could not be read back: {error.message}.",)
        except FcsseError as error:
            why = f" ({error.message})"
            break
    raise UnconfirmedError(
        f"{doing} {run.wait:.0f} s{why}",
        advice("It usually shows within five minutes: look again with fcsse check, or allow more with ", WAIT, "."),
    )
