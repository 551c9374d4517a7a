"""The evaluator against the slow second one, on generated policies."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Request, Verdict
from fcsse.model import Grant
from tests.evaluator import generated as g
from tests.evaluator.generated import some
from tests.evaluator.slow import SilentError, World, decide, glob
from tests.thorough import examples

FEW = settings(max_examples=examples(200), deadline=None)
"""How many cases a test makes."""


def world(request: Request, context: dict[str, Any] | None = None) -> World:
    return World(
        request.principal,
        request.action,
        request.resource,
        dict(request.context) if context is None else context,
        request.unique_ids,
    )


@FEW
@given(
    g.documents(),
    g.requests(),
    g.grant_lists(),
    st.sampled_from(["Enabled", "Enabled", "Enabled", "Disabled", "PendingDeletion", "Updating"]),
    st.one_of(st.none(), st.lists(g.documents(identity=True), max_size=2)),
)
def test_same_answer_under_full_knowledge(
    document: dict[str, Any],
    request: Request,
    grants: list[Grant],
    state: str,
    identities: list[dict[str, Any]] | None,
) -> None:
    try:
        expected = decide(document, world(request), grants, state, identities)
    except SilentError:
        assume(False)
        raise
    found = evaluate(document, request, grants, state, identity_policies=identities)
    event(expected)
    assert found.verdict.value == expected, found.reason


@FEW
@given(
    g.documents(), g.requests(), st.lists(g.documents(identity=True), max_size=1), st.sampled_from([g.ACCOUNT, g.OTHER])
)
def test_same_answer_for_a_bucket_policy(
    document: dict[str, Any], request: Request, identities: list[dict[str, Any]], owner: str
) -> None:
    s3 = Request(
        request.principal,
        "s3:GetObject",
        g.OBJECT,
        request.context,
        complete=True,
        unique_ids=request.unique_ids,
    )
    wider = _for_s3(document)
    own = [_for_s3(one) for one in identities]
    try:
        expected = decide(wider, world(s3), (), "Enabled", own, owner)
    except SilentError:
        assume(False)
        raise
    assert evaluate(wider, s3, identity_policies=own, resource_account=owner).verdict.value == expected


NAMES = ["data/a/b", "data/a/", "data/a/bc", "data/x", "data/", "data/a*", "data/any-object"]
FORMS = ["data/a/*", "data/*", "data/a?", "data/a/b", "dat*", "*"]


@FEW
@given(g.documents(), g.requests(), st.sampled_from(NAMES), st.data())
def test_a_definite_answer_for_a_form_of_the_resource_holds_for_each_of_it(
    document: dict[str, Any], request: Request, name: str, data: st.DataObject
) -> None:
    fitting = [form for form in FORMS if glob(form, name)]
    form = data.draw(st.sampled_from(fitting))
    wider = _for_s3(document)
    for statement in wider["Statement"]:
        for key in ("Resource", "NotResource"):
            if key in statement:
                statement[key] = data.draw(some("*", *(f"arn:aws:s3:::{one}" for one in (*FORMS, *NAMES))))
    one = f"arn:aws:s3:::{name}"
    asked = request._replace(action="s3:GetObject", resource=one, resource_form=f"arn:aws:s3:::{form}")
    found = evaluate(wider, asked, resource_account=g.ACCOUNT).verdict
    event(found.value)
    assume(found is not Verdict.UNKNOWN)
    for other in [other for other in NAMES if glob(form, other)]:
        each = asked._replace(resource=f"arn:aws:s3:::{other}", resource_form=None)
        try:
            expected = decide(wider, world(each), (), "Enabled", None, g.ACCOUNT)
        except SilentError:
            continue
        assert found.value == expected, other


def _for_s3(document: dict[str, Any]) -> dict[str, Any]:
    """The same policy with S3's names in the place of KMS's."""
    listed = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    made = []
    for statement in listed:
        changed = dict(statement)
        for key in ("Action", "NotAction"):
            if key in changed:
                texts = [changed[key]] if isinstance(changed[key], str) else changed[key]
                changed[key] = [text.replace("kms:Decrypt", "s3:GetObject").replace("kms:", "s3:") for text in texts]
        for key in ("Resource", "NotResource"):
            if key in changed:
                texts = [changed[key]] if isinstance(changed[key], str) else changed[key]
                changed[key] = [text.replace(g.KEY, g.OBJECT) for text in texts]
        made.append(changed)
    return {**document, "Statement": made}


FAMILY_KEYS = [key for key in g.FAMILIES if key not in ("aws:PrincipalArn", "aws:userid")]
CANDIDATES: dict[str, list[Any]] = {key: [None, *family[2]] for key, family in g.FAMILIES.items()}


@FEW
@given(g.documents(), g.requests(), st.lists(st.sampled_from(sorted(g.FAMILIES)), min_size=1, max_size=2, unique=True))
def test_a_definite_answer_holds_whatever_the_unknown_keys_are(
    document: dict[str, Any], request: Request, unknown: list[str]
) -> None:
    unknown = [key for key in unknown if key != "aws:PrincipalArn"]
    known = {key: value for key, value in request.context.items() if key not in unknown}
    absent = frozenset(key for key in FAMILY_KEYS if key not in known and key not in unknown)
    absent -= {"kms:EncryptionContextKeys"}  # follows from the pairs
    partly = Request(
        request.principal,
        request.action,
        request.resource,
        known,
        absent | {"kms:EncryptionContext:other*"},
        unique_ids=request.unique_ids,
    )
    found = evaluate(document, partly).verdict
    event(found.value)
    assume(found is not Verdict.UNKNOWN)
    for values in itertools.product(*(CANDIDATES[key] for key in unknown)):
        full = dict(known)
        if request.principal == g.SESSION:  # every session has its role's ARN in the request
            full.setdefault("aws:PrincipalArn", g.ROLE)
        full.update({key: value for key, value in zip(unknown, values, strict=True) if value is not None})
        try:
            expected = decide(document, world(partly, full))
        except SilentError:
            continue
        assert found.value == expected, full
