"""KMS refused a key policy for a principal, and does not say which: finding it, or naming everyone it may be.

In: the document that was refused. Out: ``Suspects``, by which the writer either waits or gives up at once. The principals
of the key's own account are looked up in IAM at the first refusal, so that nobody waits for a role that will never be.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple, assert_never

from fcsse.advice import BY_GRANT, PRUNE, advice
from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.errors import FcsseError, NotVisibleError, PolicyRefusal, PolicyRefusedError
from fcsse.policy.document import PolicyDocument
from fcsse.policy.principal_places import Place, PrincipalKind, joined, principal_places

MOST = 100
"""Principals that are looked up in IAM."""


CORRECT = advice("Correct or remove it in the key policy, or link with ", BY_GRANT, ", which leaves the policy alone.")


class Suspects(NamedTuple):
    """What there is to know of a document's principals.

    ``missing``: of the key's account, and IAM knows no such role or user. ``dead``: unique ids that are nobody's.
    ``no_arns``: texts that are no ARNs. ``young``: of the key's account, there, and made since the time that was given.
    ``others``: everything else that KMS may refuse, such as principals of other accounts, which nobody can look up here.
    """

    missing: tuple[Place, ...]
    dead: tuple[Place, ...]
    no_arns: tuple[Place, ...]
    young: tuple[Place, ...]
    others: tuple[Place, ...]


class LookUp(Enum):
    """What IAM says of a principal. UNKNOWN: it could not be asked, or tells nothing of principals of this kind."""

    MISSING = auto()
    YOUNG = auto()
    THERE = auto()
    UNKNOWN = auto()


def suspects_of(document: PolicyDocument, account: str, aws: AwsCalls, since: datetime) -> Suspects:
    """Looks up the principals of a document that KMS refused. ``account`` is the key's, and the caller's own."""
    places = principal_places(document)
    ids = {place.text for place in places if place.kind is PrincipalKind.UNIQUE_ID}
    dead = aws.dead_ids(ids) if ids else frozenset[str]()
    own = dict.fromkeys(place.text for place in places if place.kind is PrincipalKind.IAM and place.account == account)
    found = {text: _look_up(text, aws, since) for text in list(own)[:MOST]}
    harmless = (PrincipalKind.EVERYBODY, PrincipalKind.SERVICE, PrincipalKind.NO_ARN)
    return Suspects(
        tuple(place for place in places if found.get(place.text) is LookUp.MISSING),
        tuple(place for place in places if place.text in dead),
        tuple(place for place in places if place.kind is PrincipalKind.NO_ARN),
        tuple(place for place in places if found.get(place.text) is LookUp.YOUNG),
        tuple(
            place
            for place in places
            if found.get(place.text, LookUp.UNKNOWN) is LookUp.UNKNOWN
            and place.kind not in harmless
            and place.text not in dead
            and not (place.kind is PrincipalKind.ACCOUNT and place.account == account)
        ),
    )


def _look_up(text: str, aws: AwsCalls, since: datetime) -> LookUp:
    arn = Arn.parse(text)
    try:
        found = aws.find_principal(arn) if arn else None
    except FcsseError:
        return LookUp.UNKNOWN
    if found is None:
        return LookUp.UNKNOWN
    if not found.exists:
        return LookUp.MISSING
    return LookUp.YOUNG if found.created is not None and found.created >= since else LookUp.THERE


def explained(error: PolicyRefusedError, document: PolicyDocument) -> PolicyRefusedError:
    """The refusal of a document, with the principals by name that it is about, where it is about some."""
    match error.cause:
        case PolicyRefusal.SERVICE_PRINCIPALS:
            return of_services(error, document)
        case PolicyRefusal.ARNS:
            return of_arns(error, document)
        case PolicyRefusal.PRINCIPALS | PolicyRefusal.LOCKOUT | PolicyRefusal.DOCUMENT:
            return error
        case _:
            assert_never(error.cause)


def never_valid(error: NotVisibleError, suspects: Suspects, linked: Collection[str]) -> PolicyRefusedError | None:
    """The error for principals that are certainly not valid, so that no waiting helps; None where there are none.

    ``linked``: roles that the change itself gives something to, which are looked after elsewhere.
    """
    missing = [place for place in suspects.missing if place.text not in linked]
    found = [
        *([f"IAM knows no {joined(missing)}"] if missing else []),
        *([f"no role or user has the unique id {joined(suspects.dead)}"] if suspects.dead else []),
        *([f"no ARN at all: {joined(suspects.no_arns)}"] if suspects.no_arns else []),
    ]
    if not found:
        return None
    hint = CORRECT
    if suspects.dead and not (missing or suspects.no_arns):
        hint = advice("Remove it in the same change with ", PRUNE, " (the diff shows it), or link with ", BY_GRANT, ".")
    return PolicyRefusedError(f"{error.message} The reason: {'; '.join(found)}", hint, PolicyRefusal.PRINCIPALS)


def nobody_is_new(error: NotVisibleError, suspects: Suspects) -> PolicyRefusedError:
    """The error where no principal is new, so that it will not pass by itself: it names everyone whom it may be about."""
    every = joined(suspects.others) or "none that could be looked up is missing"
    return PolicyRefusedError(
        f"{error.message} No role in it is new, so it will not pass by itself. KMS does not say which principal it "
        f"is; these could not be looked up from here: {every}",
        advice("One of them may be a closed account, or a role or user that is gone. ", CORRECT),
        PolicyRefusal.PRINCIPALS,
    )


def of_services(error: PolicyRefusedError, document: PolicyDocument) -> PolicyRefusedError:
    """The refusal of a service principal, with all of the document's by name."""
    services = [place for place in principal_places(document) if place.kind is PrincipalKind.SERVICE]
    return PolicyRefusedError(
        f"{error.message} The service principals in it: {joined(services)}",
        advice(
            "One of them does not exist in this Region, or is of a Region that is not enabled for the account. ",
            CORRECT,
        ),
        error.cause,
    )


def of_arns(error: PolicyRefusedError, document: PolicyDocument) -> PolicyRefusedError:
    """The refusal of an ARN, with the texts in the document that are none; else everyone it may be about."""
    places = [
        place
        for place in principal_places(document)
        if place.kind not in (PrincipalKind.EVERYBODY, PrincipalKind.SERVICE)
    ]
    wrong = [place for place in places if place.kind is PrincipalKind.NO_ARN]
    named = f"No ARN of a principal: {joined(wrong)}" if wrong else f"The principals in it: {joined(places)}"
    return PolicyRefusedError(
        f"{error.message} {named}",
        CORRECT,
        error.cause,
    )
