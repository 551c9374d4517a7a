"""What is planned and judged for one pair, whatever its key policy and grants are: all that people are told, kept and compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest

from fcsse.commands.check import check_pair
from fcsse.evaluator.pair_access import judge
from fcsse.link_options import AccessLevel, Context, Operation, Options, Via
from fcsse.model import Facts
from fcsse.planning.changes import Change, GrantAddition, GrantEnding, PolicyChange
from fcsse.planning.make_plan import make_plan
from fcsse.planning.plan import Plan
from fcsse.planning.width import says, wide_statements
from fcsse.policy.document import parsed
from tests import recorded
from tests.audit.factories import OTHER, Made, grant
from tests.policy.documents import DEAD, ROOT, document, ours
from tests.policy.layouts import KMS
from tests.policy.test_recorded_edits import CACHE, CONTEXT, STATEMENTS, Value, changed

FOR_ALL: Value = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
BUCKET_ARN = "arn:aws:s3:::data"


def deny(**elements: Any) -> Value:
    return {"Sid": "No", **FOR_ALL, **elements}


DENIES: dict[str, Value] = {
    "everything": deny(),
    "writing": deny(Action="kms:GenerateDataKey*"),
    "describing": deny(Action="kms:DescribeKey"),
    "to the role": deny(Principal={"AWS": ours(CACHE)["Principal"]["AWS"]}),  # type: ignore[index,call-overload]
    "but for the role by name": deny(Condition={"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/x"}}),
    "but for an address": deny(Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    "but for a network": deny(Condition={"StringNotEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}),
    "but for another account": deny(Condition={"StringNotEquals": {"kms:CallerAccount": "444455556666"}}),
    "but for an organization": deny(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
    "until a date": deny(Condition={"DateLessThan": {"aws:CurrentTime": "2099-01-01"}}),
    "of a part of the bucket": deny(Condition={"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET_ARN}/in/*"}}),
    "of the bucket": deny(Condition={"StringEquals": {"kms:EncryptionContext:aws:s3:arn": BUCKET_ARN}}),
    "of objects": deny(Condition={"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET_ARN}/*"}}),
    "but for another bucket": deny(Condition={"StringNotLike": {CONTEXT: "arn:aws:s3:::logs/*"}}),
    "but for another bucket by its ARN": deny(Condition={"StringNotEquals": {CONTEXT: "arn:aws:s3:::logs"}}),
    "but for buckets by a pattern": deny(Condition={"ForAnyValue:ArnNotLike": {CONTEXT: ["arn:aws:s3:::l*", "arn:aws:s3:::m*"]}}),
    "but for a bucket and a role": deny(
        Condition={
            "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/x"},
            "StringNotEquals": {CONTEXT: "arn:aws:s3:::logs"},
        }
    ),
    "with a context": deny(Condition={"Null": {CONTEXT: "false"}}),
    "without a context": deny(Condition={"Null": {"kms:EncryptionContext:aws:s3:arn": "true"}}),
    "by an operator that is none": deny(Condition={"StringEqual": {"aws:userid": "x"}}),
    "unless a service calls": deny(Condition={"Bool": {"aws:ViaAWSService": "false"}}),
    "NotPrincipal": {**deny(), "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}},
}  # fmt: skip
ALLOWS: dict[str, Value] = {
    "everything to everybody": changed(Sid="All", Principal="*", Action="kms:*", Condition=None),
    "everything to the role": changed(Sid="All", Action="kms:*", Condition=None),
    "every bucket": changed(
        Sid="Wide", Condition={"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::*"}}
    ),
    "similar buckets": changed(
        Sid="Wide", Condition={"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data*"}}
    ),
    "through S3": changed(Sid="Wide", Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
    "until a date": changed(Sid="Wide", Condition={"DateLessThan": {"aws:CurrentTime": "2099-01-01"}}),
    "to an organization": changed(Sid="Wide", Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    "to a network": changed(Sid="Wide", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}),
}
GRANTS: dict[str, tuple[Any, ...]] = {
    "documented": (grant(CACHE, f"fcsse:{CACHE}:data"),),
    "by hand": (grant(CACHE),),
    "by hand, named": (grant(CACHE, "theirs"),),
    "for the bucket alone": (grant(CACHE, "theirs", constraint_equals={"aws:s3:arn": BUCKET_ARN}),),
    "for another bucket": (grant(CACHE, f"fcsse:{CACHE}:logs", constraint_subset={"aws:s3:arn": "arn:aws:s3:::logs"}),),
    "of a source": (grant(CACHE, "theirs", other_constraints=("SourceArn",), source_arn=BUCKET_ARN),),
    "of another cache": (grant("fc-9", "fcsse:fc-9:data"),),
    "two": (grant(CACHE, f"fcsse:{CACHE}:data"), grant(CACHE, "theirs", "g2")),
    "for reading": (grant(CACHE, "theirs")._replace(operations=frozenset({"Decrypt", "DescribeKey"})),),
}
ALWAYS = ("Not checked: ", "This is about objects ")
"""How notes begin that stand with every verdict."""

FACTS_OF_JUDGEMENTS = (
    "reads_partly", "writes_partly", "complete", "form_changed", "other_form_missing", "by_grant", "by_statement"
)  # fmt: skip
OPTIONS: dict[str, Options] = {
    "link": Options(),
    "link, both contexts": Options(context=Context.BOTH),
    "link by grant": Options(via=Via.GRANT),
    "link by narrow grant": Options(via=Via.GRANT, narrow_grant=True),
    "link for reading": Options(level=AccessLevel.READ),
    "link, pruning": Options(prune_orphans=True),
    "unlink": Options(Operation.UNLINK),
    "unlink, pruning": Options(Operation.UNLINK, prune_orphans=True),
}


def test_plans_and_verdicts(pytestconfig: pytest.Config) -> None:
    found = {}
    for name, facts in pairs():
        number = crc32(name.encode())  # and not its place, which changes where another one is put before it
        for at, (doing, options) in enumerate(OPTIONS.items()):
            if (
                at == 0 or (number + at) % 3 == 0
            ):  # each option with a third of the pairs: all of it takes three times as long
                found[f"{name}: {doing}"] = planned(make_plan([facts], options))
        found[f"{name}: check"] = judged(facts, AccessLevel.READ if number % 5 == 0 else AccessLevel.FULL)
    recorded.compare(pytestconfig, "plans", found)


def pairs() -> Iterator[tuple[str, Facts]]:
    """Pairs of every kind, each by a name."""
    for name, statements in STATEMENTS.items():
        for bucket_keys in (False, True):
            yield f"{name}{', bucket keys' * bucket_keys}", fact(ROOT, *statements, bucket_keys=bucket_keys)
    for name, one in DENIES.items():
        yield f"Deny {name}", fact(ROOT, ours(CACHE), one)
        yield f"Deny {name}, bucket keys", fact(ROOT, ours(CACHE), one, bucket_keys=True)
    for name, one in ALLOWS.items():
        yield f"Allow {name}", fact(ROOT, one)
    for name, grants in GRANTS.items():
        yield f"grant {name}", fact(ROOT, grants=grants)
        yield f"grant {name}, linked", fact(ROOT, ours(CACHE), grants=grants)
        yield f"grant {name}, foreign", fact(ROOT, grants=grants, account=OTHER, foreign=True)
        yield f"grant {name}, denied", fact(ROOT, DENIES["writing"], grants=grants, bucket_keys=True)
    for state in ("Disabled", "PendingDeletion", "Unavailable", "Creating"):
        yield f"key {state}", fact(ROOT, ours(CACHE), state=state)
    yield "policy unread", fact()._replace(policy=None, unreadable=("no",))
    yield "grants unread", fact(ROOT, ours("fc-9"))._replace(grants=None, unreadable=("no",))
    yield "nothing read", fact()._replace(policy=None, grants=None, unreadable=("no", "nor these"))
    yield "AWS managed", fact(ROOT, manager="AWS")
    yield "foreign, AWS managed", fact(ROOT, manager="AWS", account=OTHER, foreign=True)
    yield "other encryption", fact(algorithm="AES256")
    yield "dual-layer", fact(algorithm="aws:kms:dsse")


def fact(*statements: Value, **given: Any) -> Facts:
    text = document(*statements, style=KMS).text if statements else None
    facts = Made().link(CACHE, "data", text, **given)
    return facts._replace(dead_ids=facts.dead_ids | frozenset(one for one in DEAD if one in (text or "")))


def planned(plan: Plan) -> dict[str, Any]:
    (outcome,) = plan.outcomes
    found = {
        "status": outcome.status.value,
        "said": outcome.summary,
        "short": outcome.short if outcome.short != outcome.summary else "",
        "via": outcome.via.value if outcome.via else "",
        "warnings": list(outcome.warnings),
        "hint": outcome.error.hint if outcome.error else "",
        "ends": list(outcome.ends),
        "in doubt": outcome.in_doubt,
        "changes": [_change(one) for one in plan.changes],
    }
    return {name: value for name, value in found.items() if value}


def _change(change: Change) -> str:
    match change:
        case PolicyChange():
            return f"{len(change.steps)} steps"
        case GrantAddition():
            return f"grant {change.name} to {change.grantee[-7:]}: {' '.join(change.operations)}; {change.subset}"
        case GrantEnding():
            return f"end of {change.grant.grant_id}"


def judged(facts: Facts, level: AccessLevel) -> dict[str, Any]:
    checked = check_pair(facts, level=level)
    wide = wide_statements(facts, parsed(facts.policy)) if facts.policy else ()
    found = {
        "verdicts": f"{checked.read.value}, {checked.write.value}",
        "headline": checked.headline,
        "why": checked.why,
        "remedies": list(checked.remedies),
        "notes": [one for one in checked.notes if not one.startswith(ALWAYS)],
        "blocker": checked.blocker.message if checked.blocker else "",
        "wide": [f"{one.label}: {says(one, 'data')}" for one in wide],
        "exit code": checked.exit_code,
        **_rows(facts, level),
    }
    return {name: value for name, value in found.items() if value}


def _rows(facts: Facts, level: AccessLevel) -> dict[str, Any]:
    """What the judgement behind a verdict says of itself."""
    judged = judge(facts, parsed(facts.policy) if facts.policy else None, facts.grants, level=level)
    if judged is None:
        return {}
    return {
        "verdict": judged.verdict.value,
        "is": [name for name in FACTS_OF_JUDGEMENTS if getattr(judged, name)],
        "by": list(judged.deciders),
        "denied": [str(row.asked.action) for row in judged.denials],
        "in doubt": [str(row.asked.action) for row in judged.doubts],
    }
