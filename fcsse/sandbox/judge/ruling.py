"""The judge's verdict on one request: a resource's policy, grants and the caller's IAM policies put together.

Sources: IAM user guide, "Policy evaluation logic" (an explicit Deny wins; within an account one Allow suffices) and
"Cross-account policy evaluation logic" (both accounts must allow); KMS developer guide, "Default key policy" and
"Troubleshooting AWS KMS key access" (IAM policies count only where the key policy lets the account decide; a grant
suffices by itself); IAM user guide, "IAM role trust policies" (the trust policy is needed in every case).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fcsse.sandbox.judge.condition_block import condition_holds
from fcsse.sandbox.judge.grant_rules import JudgedGrant, for_account, grant_allows
from fcsse.sandbox.judge.judged_request import JudgedRequest
from fcsse.sandbox.judge.policy_variables import before_fifth_colon, expand
from fcsse.sandbox.judge.principal_element import Named, named
from fcsse.sandbox.judge.wildcards import all_of, any_of, matches, negated, pattern_of, resource_matches

Document = Mapping[str, Any]

MANDATORY = ("kms:", "sts:")
"""Services whose resources' policies must let even their own account's principals in."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict. ``explicit``: a Deny statement hits; ``by_identity``: it is one of the caller's own policies.

    ``decided_by`` names the statement or grant. ``undocumented``: what no AWS page decides and the verdict hangs on; the
    request is then denied.
    """

    allowed: bool
    explicit: bool = False
    by_identity: bool = False
    decided_by: str | None = None
    undocumented: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """What statements or grants of one sort say: the answer, and the name of the first that gives it."""

    answer: bool | None = False
    name: str | None = None


def judge(
    request: JudgedRequest,
    resource_policy: Document | None,
    identity_policies: Sequence[Document] | None,
    owner: str,
    grants: Sequence[JudgedGrant] = (),
) -> Decision:
    """May the request be made?

    ``resource_policy``: None where the resource has none. ``identity_policies``: the caller's own; None = they allow
    everything. ``owner``: the account of the resource.
    """
    del request.notes[:]
    resource = list(_statements(resource_policy, request, resource=True))
    identity = [one for policy in identity_policies or () for one in _statements(policy, request, resource=False)]
    denied = _best((all_of((s.applies, s.naming.at_all)), s.name) for s in resource if s.effect == "Deny")
    own_denied = _best((s.applies, s.name) for s in identity if s.effect == "Deny")
    if denied.answer is True:
        return Decision(False, explicit=True, decided_by=denied.name)
    if own_denied.answer is True:
        return Decision(False, explicit=True, by_identity=True, decided_by=own_denied.name)
    allowed = _allowed(request, resource, identity, identity_policies, owner, grants)
    if allowed.answer is False:
        return Decision(False)
    if None in (denied.answer, own_denied.answer, allowed.answer):
        return Decision(False, undocumented=tuple(request.notes))
    return Decision(True, decided_by=allowed.name)


def _allowed(
    request: JudgedRequest,
    resource: list[_Statement],
    identity: list[_Statement],
    identity_policies: Sequence[Document] | None,
    owner: str,
    grants: Sequence[JudgedGrant],
) -> _Said:
    who = request.principal
    allows = [one for one in resource if one.effect == "Allow"]
    direct = _best((all_of((s.applies, s.naming.directly)), s.name) for s in allows)
    delegated = _best((all_of((s.applies, s.naming.by_account)), s.name) for s in allows)
    own = _best((s.applies, s.name) for s in identity if s.effect == "Allow")
    if identity_policies is None:
        own = _Said(True, "the caller's IAM policies")
    granted = _best((grant_allows(grant, request), f"grant {grant.name}") for grant in grants)
    through = _best((all_of((for_account(grant, request), own.answer)), f"grant {grant.name}") for grant in grants)
    by_grant = _best(((granted.answer, granted.name), (through.answer, through.name)))
    mandatory = request.action.lower().startswith(MANDATORY)
    if not who.account:
        return _best(((direct.answer, direct.name), (by_grant.answer, by_grant.name)))
    if who.account != owner:
        theirs = _best(((direct.answer, direct.name), (delegated.answer, delegated.name)))
        across = (all_of((theirs.answer, own.answer)), theirs.name)
        return _best((across, (by_grant.answer, by_grant.name)))
    by_iam = (all_of((delegated.answer, own.answer)), delegated.name) if mandatory else (own.answer, own.name)
    return _best(((direct.answer, direct.name), (by_grant.answer, by_grant.name), by_iam))


@dataclass(frozen=True, slots=True)
class _Statement:
    name: str
    effect: str
    applies: bool | None
    naming: Named


def _statements(policy: Document | None, request: JudgedRequest, *, resource: bool) -> Iterator[_Statement]:
    if policy is None:
        return
    found = policy.get("Statement")
    version = str(policy.get("Version") or "2008-10-17")
    listed = found if isinstance(found, list) else [] if found is None else [found]
    for number, statement in enumerate(listed, 1):
        name = str(statement.get("Sid") or f"statement {number}")
        effect = str(statement.get("Effect"))
        naming = named(statement, request) if resource else Named(True)
        # What cannot apply anyhow leaves no note of what it might mean.
        if naming.at_all is False or not _action(statement, request):
            yield _Statement(name, effect, False, Named())
            continue
        applies = _resource(statement, request, version, needed=not request.action.lower().startswith("sts:"))
        if applies is not False and "Condition" in statement:
            applies = all_of((applies, condition_holds(statement["Condition"], request, version)))
        yield _Statement(name, effect, applies, naming)


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _action(statement: Mapping[str, Any], request: JudgedRequest) -> bool:
    wanted = request.action.lower()

    def covered(element: str) -> bool:
        return any(matches(pattern_of(text.lower()), wanted) for text in _listed(statement[element]))

    if "Action" in statement:
        return covered("Action")
    return "NotAction" in statement and not covered("NotAction")


def _resource(statement: Mapping[str, Any], request: JudgedRequest, version: str, *, needed: bool) -> bool | None:
    """A trust policy has no Resource; without one, a statement of any other policy has no effect."""
    if "Resource" in statement:
        return any_of(_covers(text, request, version) for text in _listed(statement["Resource"]))
    if "NotResource" in statement:
        texts = _listed(statement["NotResource"])
        if any(expand(text, request, version).pattern is None for text in texts):
            request.silent("what a NotResource with a variable without a value leaves out")
            others = [_covers(text, request, version) for text in texts]
            return False if True in others else None
        return negated(any_of(_covers(text, request, version) for text in texts))
    return not needed


def _covers(text: str, request: JudgedRequest, version: str) -> bool | None:
    if version == "2012-10-17" and before_fifth_colon(text):
        request.silent("what a variable before the fifth colon of an ARN means")
        return None
    found = expand(text, request, version)
    if found.pattern is None:
        return None if found.silent else False
    answer = resource_matches(found.pattern, request.resource)
    if answer is None:
        request.silent(f"whether a wildcard of {text!r} reaches over a colon")
    return answer


def _best(offers: Iterable[tuple[bool | None, str | None]]) -> _Said:
    """The first that is True, else the first that is undecided."""
    found = [_Said(*offer) for offer in offers]
    for answer in (True, None):
        for one in found:
            if one.answer is answer:
                return one
    return _Said()
