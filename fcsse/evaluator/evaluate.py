"""May this principal do this? The verdict of a resource policy, grants and a key's state on one request.

Explicit Deny wins over everything, grants included. Then, in the resource's own account, an Allow that names the caller
suffices; one that names only its account delegates to the account's identity policies, which count where they are
given. A key policy is mandatory: without its delegation identity policies allow nothing, while for a bucket they
suffice alone. Across accounts both sides must allow. What is not known stays unknown unless it makes no difference.

Sources: IAM user guide, "Policy evaluation logic", "Cross-account policy evaluation logic"; KMS developer guide,
"Troubleshooting key access" (its flowchart), "Default key policy", "Grants in AWS KMS". Session policies, permissions
boundaries and organisation policies are outside of what is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fcsse.evaluator.case_analysis import decided_by_cases
from fcsse.evaluator.compiled import compile_policy
from fcsse.evaluator.context import Context
from fcsse.evaluator.decider import Decider
from fcsse.evaluator.quick_decision import by_statements, is_usual, quick_decision
from fcsse.evaluator.request import Decision, Request, Verdict
from fcsse.evaluator.rules import Named, Policy
from fcsse.model import Grant

__all__ = ["Policy", "compile_policy", "evaluate", "evaluate_alike"]


def evaluate(
    document: Mapping[str, object] | Policy,
    request: Request,
    grants: Sequence[Grant] = (),
    key_state: str | None = "Enabled",
    *,
    identity_policies: Sequence[Mapping[str, object] | Policy] | None = None,
    resource_account: str | None = None,
    explain: bool = True,
) -> Decision:
    """Judge one request.

    ``document`` is the resource's policy: a key policy for ``kms:`` actions, else a bucket policy or the like (``{}``
    where a bucket has none); ``compile_policy`` makes one ready for many requests. ``grants`` and ``key_state`` count
    for keys only; a state of None is not known. ``identity_policies`` are those of the caller, None or empty where
    none allows anything. ``resource_account`` is needed where the resource's ARN does not carry its account (buckets)
    and a caller's identity policies count. Without ``explain`` the decision carries no misses.
    """
    policy = compile_policy(document)
    context = Context(request)
    if not identity_policies:
        quick = quick_decision(policy, context, grants, key_state, resource_account, explain=explain)
        if quick is not None:
            return quick
    decider = Decider(policy, context, grants, key_state, identity_policies, resource_account)
    found = decider.decide(explain)
    return found if found.verdict is not Verdict.UNKNOWN else decided_by_cases(decider, found)


def evaluate_alike(
    policy: Policy, requests: Sequence[Request], grants: Sequence[Grant] = (), key_state: str | None = "Enabled"
) -> Iterator[Decision]:
    """As ``evaluate`` for each request, without explanations; all are of one caller on one resource, so who is named is found
    once.
    """
    named: Named | None = None
    usual = False
    for request in requests:
        context = Context(request)
        if named is None:
            named = policy.naming(context, keep=False)
            usual = is_usual(context, None)
        quick = by_statements(named, context, grants, key_state, explain=False) if usual else None
        yield quick or evaluate(policy, request, grants, key_state, explain=False)
