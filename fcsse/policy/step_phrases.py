"""Steps of an edit as phrases for people. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from fcsse.arn import role_cache
from fcsse.policy import steps
from fcsse.policy.encryption_context import ContextForm

if TYPE_CHECKING:
    from fcsse.policy.statement import Access
    from fcsse.policy.steps import Step

FORMS = {ContextForm.OBJECT: "object ARNs (without Bucket Keys)", ContextForm.BUCKET: "the bucket's ARN (Bucket Keys)"}


def who(role: str | None) -> str:
    """A role by its cache's id, where it is a service-linked role."""
    if role is None:
        return "every cache"
    return role_cache(role) or role


def phrase(step: Step) -> str:
    """What a step does, or found, without a full stop."""
    match step:
        case steps.StatementAdded():
            return f"a new statement {step.label} for {who(step.access.role)}"
        case steps.RoleJoined():
            return f"the role of {who(step.role)} joins statement {step.label}"
        case steps.FormJoined():
            covers = f"statement {step.label} also covers {FORMS[step.form]} from now on"
            if any(len(access.forms) > 1 for access in step.accesses):
                return f"{covers}, beside the other form"
            return (
                f"{covers}, because the Bucket Key setting of {step.bucket} changed since it was made; the other form stays, "
                "for the objects written before"
            )
        case steps.AlreadyThere():
            return f"statement {step.label} gives {who(step.access.role)} the access already"
        case steps.Drift():
            return f"statement {step.label} looks like the one for this access but {step.reason}; it is left as it is"
        case steps.RoleTakenOut():
            return f"the role of {who(step.role)} leaves statement {step.label}, which serves others too"
        case steps.BucketTakenOut():
            return f"bucket {step.bucket} leaves statement {step.label}, which is about others too"
        case steps.StatementTakenOut():
            return f"statement {step.label} goes" + ("" if step.accesses else ": all its principals are gone")
        case steps.NotThere():
            return f"no statement gives {who(step.access.role)} this access"
        case steps.StillNamed():
            return f"statement {step.label} is not one of fcsse's, names the role too and stays"
        case steps.StillCovered():
            return f"statement {step.label}, which is for every cache, still gives {who(step.access.role)} the access"
        case steps.PrincipalPruned():
            return f"{step.principal}, which no longer exists, leaves statement {step.label}"
        case steps.PrincipalKept():
            return f"{step.principal}, which no longer exists, has to stay in statement {step.label}: {step.reason}"
        case _:
            assert_never(step)


def concerns(step: Step, access: Access) -> bool:
    """Is the step about this access?"""
    match step:
        case steps.PrincipalPruned() | steps.PrincipalKept():
            return False
        case steps.FormJoined() | steps.RoleTakenOut() | steps.BucketTakenOut() | steps.StatementTakenOut():
            return access in step.accesses
        case _:
            return step.access == access


def is_warning(step: Step) -> bool:
    """Is it something to know rather than something done?"""
    return isinstance(step, (steps.Drift, steps.StillNamed, steps.StillCovered, steps.PrincipalKept))


def changes(step: Step) -> bool:
    """Does the step change the document?"""
    return not is_warning(step) and not isinstance(step, (steps.AlreadyThere, steps.NotThere))
