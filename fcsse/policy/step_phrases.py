"""Steps of an edit as phrases for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from fcsse.arn import role_cache
from fcsse.link_options import AccessLevel
from fcsse.policy import steps
from fcsse.policy.difference import Difference, DifferenceKind
from fcsse.policy.document import printable
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access
from fcsse.policy.steps import Step
from fcsse.text import listed

FORMS = {ContextForm.OBJECT: "object ARNs (without Bucket Keys)", ContextForm.BUCKET: "the bucket's ARN (Bucket Keys)"}


def who(role: str | None) -> str:
    """A role by its cache's id, where it is a service-linked role."""
    if role is None:
        return "every cache"
    return role_cache(role) or role


def uses(bucket: str, form: ContextForm) -> str:
    """Which encryption context a bucket's setting calls for, and why, as a clause."""
    if form is ContextForm.BUCKET:
        return f"bucket {bucket} uses Bucket Keys, so the encryption context is the bucket's ARN"
    return f"bucket {bucket} does not use Bucket Keys, so the encryption context is the object's ARN"


def other_form_only(bucket: str, form: ContextForm) -> str:
    """Why access fails that is given for the other form than the one that the bucket's setting calls for."""
    given = "object ARNs" if form is ContextForm.BUCKET else "the bucket's ARN"
    return f"access is given for {given} only, and {uses(bucket, form)}"


def phrase(step: Step) -> str:
    """What a step does, or found, without a full stop."""
    match step:
        case steps.StatementAdded():
            reading = ", for reading only" if step.access.level is AccessLevel.READ else ""
            return f"a new statement {step.label} for {who(step.access.role)}{reading}"
        case steps.RoleJoined():
            reading = ", for reading only" if step.access.level is AccessLevel.READ else ""
            return f"{who(step.role)} added to the existing statement {step.label}{reading}"
        case steps.FormJoined():
            covers = f"statement {step.label} also covers {FORMS[step.form]} from now on"
            if any(len(access.forms) > 1 for access in step.accesses):
                return f"{covers}, beside the other form"
            return (
                f"{covers}, because {uses(step.bucket, step.form)}; the other form stays, for objects written that way"
            )
        case steps.AlreadyThere():
            extent = {
                (AccessLevel.READ, AccessLevel.READ): "read access",
                (AccessLevel.READ, AccessLevel.FULL): "access (reading and writing)",
            }.get((step.access.level, step.level), "access")
            return f"{who(step.access.role)} already has {extent} to {step.access.bucket}, by statement {step.label}"
        case steps.Drift():
            return f"statement {step.label} looks like the one for this access, but {step.reason}; it is not changed"
        case steps.PartlyThere():
            return (
                f"statement {step.label} names {who(step.access.role)} as well and is not changed: "
                f"{why_not_ours(step.differences)}"
            )
        case steps.ReadOnlyKept(whose=("*",)):
            return f"statement {step.label}, which is for every cache, is for reading only; it is not changed"
        case steps.ReadOnlyKept() if step.whose:
            return (
                f"statement {step.label} lets {listed([who(one) for one in step.whose], 3)} read only, and one for every cache "
                "lets them write as well; it is not changed"
            )
        case steps.ReadOnlyKept():
            return (
                f"statement {step.label} looks like the one for this access, but it is for reading only; it is not changed, "
                "and unlink takes both back"
            )
        case steps.RoleTakenOut():
            return f"{who(step.role)} removed from statement {step.label}; others in it keep their access"
        case steps.BucketTakenOut():
            return f"bucket {step.bucket} removed from statement {step.label}; its other buckets stay"
        case steps.StatementTakenOut():
            return f"statement {step.label} removed" + ("" if step.accesses else ": all its principals are deleted")
        case steps.NotThere():
            return f"no statement gives {who(step.access.role)} this access"
        case steps.StillNamed():
            return f"statement {step.label} names the role too and stays: {why_not_ours(step.differences)}"
        case steps.StillCovered():
            return f"statement {step.label}, which is for every cache, still gives {who(step.access.role)} the access"
        case steps.PrincipalPruned():
            return f"{step.principal}, which no longer exists, removed from statement {step.label}"
        case steps.PrincipalKept():
            return f"{step.principal}, which no longer exists, has to stay in statement {step.label}: {step.reason}"
        case _:
            assert_never(step)


def why_not_ours(found: Sequence[Difference]) -> str:
    """Why a statement is not taken for one that fcsse may take out, as a clause."""
    if not found:
        return "it is not the documented statement for this cache and bucket alone"
    return "; ".join(_difference(one) for one in found[:3])


def _difference(one: Difference) -> str:
    about = printable(listed(list(one.about), 3))
    match one.kind:
        case DifferenceKind.OTHERS:
            return f"it is also for {about}"
        case DifferenceKind.ELEMENT:
            return f"it has {about}, which the documented statement has not"
        case DifferenceKind.PRINCIPAL:
            return f"its principal is {about}, not the role itself"
        case DifferenceKind.FEWER_ACTIONS:
            return f"it allows {about} only, which is a part of the documented actions"
        case DifferenceKind.MORE_ACTIONS:
            return f"it also allows {about}"
        case DifferenceKind.NO_CONDITION:
            return f"it has no condition on {about}"
        case DifferenceKind.MORE_CONDITION:
            return f"it has a condition on {about}, which the documented statement has not"
        case DifferenceKind.OPERATOR:
            return f"it tests {one.about[0]} by {printable(one.about[1])}"
        case DifferenceKind.VALUE:
            return f"it is for {one.about[0]} {printable(listed(one.about[1:]))}"
        case DifferenceKind.CONTEXT:
            return f"it is for a part of the bucket only, {about}"
        case _:
            assert_never(one.kind)


def concerns(step: Step, access: Access) -> bool:
    """Is the step about this access?"""
    match step:
        case steps.PrincipalPruned() | steps.PrincipalKept():
            return False
        case steps.FormJoined() | steps.RoleTakenOut() | steps.BucketTakenOut() | steps.StatementTakenOut():
            return access in step.accesses
        case _:
            return step.access == access


WARNINGS = (
    steps.Drift,
    steps.PartlyThere,
    steps.ReadOnlyKept,
    steps.StillNamed,
    steps.StillCovered,
    steps.PrincipalKept,
)


def is_warning(step: Step) -> bool:
    """Is it something to know rather than something done?"""
    return isinstance(step, WARNINGS)


def changes(step: Step) -> bool:
    """Does the step change the document?"""
    return not is_warning(step) and not isinstance(step, (steps.AlreadyThere, steps.NotThere))
