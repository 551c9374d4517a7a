"""As ``test_recorded_plans``, for pairs that few have: every cache at once, deleted roles, foreign buckets, keys that S3 cannot use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fcsse.errors import FcsseError
from fcsse.evaluator.pair_access import judge
from fcsse.link_options import AccessLevel, Context, Operation, Options, Via
from fcsse.model import Encryption, Facts, Pair
from fcsse.planning.make_plan import make_plan
from fcsse.planning.narrower import narrower
from fcsse.planning.outlook import kept_elsewhere, read_only_by, stops_some, writes_too
from fcsse.planning.requirements import is_linkable
from fcsse.policy.document import denying, parsed, refused_statements
from tests import recorded
from tests.audit.factories import OTHER, grant, slr
from tests.planning.test_recorded_plans import ALLOWS, DENIES, GRANTS, deny, fact, judged, planned
from tests.policy.documents import DEAD, ROOT, ours, role
from tests.policy.test_recorded_edits import CACHE, READ, STATEMENTS, Value, changed

LINK, UNLINK = Options(), Options(Operation.UNLINK)
NARROW = Options(via=Via.GRANT, narrow_grant=True)
BOTH = Options(context=Context.BOTH)
TO_ONE_CACHE = {"Bool": {"aws:SecureTransport": "true"}, "ArnEquals": {"aws:PrincipalArn": slr("fc-9")}}
READ_GRANT = GRANTS["for reading"][0]
ODD: dict[str, Value] = {
    "no action": {"Sid": "odd", "Effect": "Allow", "Principal": {"AWS": slr("fc-9")}, "Resource": "*"},
    "no resource": {"Sid": "odd", "Effect": "Deny", "Principal": {"AWS": slr("fc-9")}, "Action": "kms:Encrypt"},
    "another resource": changed(Sid="odd", Principal={"AWS": slr("fc-9")}, Resource=["*", "arn:aws:kms:*:*:key/x"]),
    "a Deny without actions": {"Sid": "odd", "Effect": "Deny", "Principal": {"AWS": slr("fc-9")}, "Resource": "*"},
    "a Deny of all but": {
        "Sid": "odd",
        "Effect": "Deny",
        "Principal": {"AWS": slr("fc-9")},
        "NotAction": ["kms:Create*"],
        "Resource": "*",
    },
}


def denying_in_s3(action: str, resource: str) -> str:
    """A bucket policy that denies this."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{resource}"}
    return json.dumps({"Version": "2012-10-17", "Statement": [deny]})


BUCKET_POLICIES = {
    "reading a part": denying_in_s3("s3:GetObject", "data/in/*"),
    "reading all": denying_in_s3("s3:GetObject", "data/*"),
    "writing a part": denying_in_s3("s3:PutObject", "data/out/*"),
    "listing": denying_in_s3("s3:ListBucket", "data"),
    "deleting": denying_in_s3("s3:DeleteObject", "data/*"),
    "no JSON": "{",
    "a list": "[]",
    "twice": '{"Statement": [], "Statement": [], "Version": "2012-10-17"}',
}


def of_every_cache(facts: Facts) -> Facts:
    return facts._replace(pair=Pair(None, "data"), role=None)


def of_deleted(facts: Facts) -> Facts:
    return facts._replace(role=facts.role and facts.role._replace(exists=False, role_id=None), dead_ids=frozenset())


def of_foreign_bucket(facts: Facts, **more: Any) -> Facts:
    return facts._replace(bucket=facts.bucket._replace(foreign=True, **more))


def with_key(facts: Facts, **more: Any) -> Facts:
    return facts._replace(key=facts.key and facts.key._replace(**more))


def without_key(named: str | None, region: str | None = "eu-west-1") -> Facts:
    facts = fact(ROOT)
    encryption = Encryption("aws:kms", named, bucket_keys=False)
    return facts._replace(bucket=facts.bucket._replace(encryption=encryption, region=region), key=None, policy=None)


def pairs() -> Iterator[tuple[str, Facts, tuple[Options, ...]]]:
    """Pairs, each by a name, with what is asked for."""
    for name in ("documented", "every cache", "of another cache", "for reading only", "two buckets", "a Deny"):
        yield f"every cache: {name}", of_every_cache(fact(ROOT, *STATEMENTS[name])), (LINK, UNLINK)
    for name in ("to the role", "but for the role by name", "writing", "until a date", "NotPrincipal"):
        yield f"every cache: Deny {name}", of_every_cache(fact(ROOT, ours(), DENIES[name])), (LINK,)
    yield "every cache: a Deny for one", of_every_cache(fact(ROOT, deny(Condition=TO_ONE_CACHE))), (LINK, UNLINK)
    for name in (
        "documented",
        "with another cache",
        "with a dead principal",
        "dead principals of others",
        "every cache",
    ):
        yield f"deleted: {name}", of_deleted(fact(ROOT, *STATEMENTS[name])), (UNLINK,)
    abroad = grant(CACHE, f"fcsse:{CACHE}:data")._replace(grantee=role(CACHE, OTHER))
    yield "deleted, grant to its role elsewhere", of_deleted(fact(ROOT, grants=(abroad,))), (UNLINK,)
    gone = grant(CACHE, f"fcsse:{CACHE}:data")._replace(grantee=DEAD[0])
    yield "a grant to a dead id", fact(ROOT, grants=(gone,)), (UNLINK,)
    yield "a grant to an id nobody looked up", fact(ROOT, grants=(gone,))._replace(dead_ids=frozenset()), (UNLINK,)
    yield "a grant to nobody", fact(ROOT, grants=(gone._replace(grantee=None),)), (LINK, UNLINK)
    yield "foreign bucket", of_foreign_bucket(fact(ROOT)), (LINK, UNLINK)
    yield "foreign bucket, default key", of_foreign_bucket(without_key(None)), (LINK, UNLINK)
    yield "foreign key and bucket", of_foreign_bucket(fact(ROOT, account=OTHER)), (LINK, UNLINK)
    for named in (None, "alias/aws/s3", "arn:aws:kms:eu-west-2:111122223333:alias/aws/s3"):  # fmt: skip
        yield f"default key {named}", without_key(named), (LINK, UNLINK)
    yield "own alias in a foreign bucket", of_foreign_bucket(without_key("arn:aws:kms:eu-west-1:111122223333:alias/aws/s3")), (LINK,)  # fmt: skip
    for algorithm in ("AES256", "aws:fsx", "aws:new"):
        yield f"encrypted with {algorithm}", fact(algorithm=algorithm), (LINK, UNLINK)
    for state in (None, "Updating", "NotFound", "PendingImport", "PendingReplicaDeletion"):
        yield f"key {state}", with_key(fact(ROOT, ours(CACHE)), state=state), (LINK, UNLINK)
    yield "key of another usage", with_key(fact(ROOT), usage="SIGN_VERIFY", spec="RSA_2048"), (LINK, UNLINK)
    yield "key not described", with_key(fact(ROOT), state=None, manager=None, spec=None, usage=None), (LINK,)
    elsewhere = fact(ROOT)
    yield (
        "key of another Region",
        elsewhere._replace(bucket=elsewhere.bucket._replace(region="us-east-1")),
        (LINK, UNLINK),
    )
    yield "Region not known", elsewhere._replace(bucket=elsewhere.bucket._replace(region=None)), (LINK, UNLINK)
    managed = fact(ROOT, manager="AWS")
    for policy in (None, '{"Statement": []}', '{"Statement": [], "s3.": 1}'):
        yield f"AWS managed, policy {policy}", managed._replace(policy=policy), (LINK, UNLINK)
    for bucket_keys in (False, True):
        named = f"{', bucket keys' * bucket_keys}"
        yield f"narrow grant{named}", fact(ROOT, bucket_keys=bucket_keys), (NARROW,)
        yield f"narrow, both ways{named}", fact(ROOT, bucket_keys=bucket_keys), (Options(narrow_grant=True), Options(via=Via.POLICY, narrow_grant=True))  # fmt: skip
        yield f"foreign, by policy{named}", fact(ROOT, account=OTHER, bucket_keys=bucket_keys), (Options(via=Via.POLICY), BOTH, NARROW)  # fmt: skip
    yield "every cache, by grant", of_every_cache(fact(ROOT)), (Options(via=Via.GRANT),)
    yield "every cache, foreign", of_every_cache(fact(ROOT, account=OTHER)), (LINK, UNLINK)
    for name, one in ODD.items():
        yield f"odd: {name}", fact(ROOT, one), (LINK, UNLINK)
        yield f"odd: {name}, linked", fact(ROOT, ours(CACHE), one), (LINK, UNLINK)
    for prefixes in (("in/",), ("in/", "out/")):
        yield (
            f"prefixes {prefixes}",
            fact(ROOT, *STATEMENTS["part of the bucket"])._replace(prefixes=prefixes),
            (LINK, UNLINK),
        )
    yield "prefixes not known", fact(ROOT, *STATEMENTS["part of the bucket"])._replace(prefixes_unknown="no"), (LINK,)
    yield "reading, by everybody's", fact(ROOT, {**READ, "Principal": "*"}), (Options(level=AccessLevel.READ), LINK)
    yield "reading, then all", fact(ROOT, READ, ALLOWS["every bucket"]), (Options(level=AccessLevel.READ), LINK)
    yield "reading, by grant", fact(ROOT, grants=(READ_GRANT,)), (Options(level=AccessLevel.READ), LINK)
    yield (
        "reading of more, by grant",
        fact(ROOT, grants=(READ_GRANT._replace(operations=frozenset({"Decrypt"})),)),
        (LINK,),
    )
    linked = fact(ROOT, ours(CACHE))
    yield "Bucket Keys not known", linked._replace(bucket=linked.bucket._replace(bucket_keys_known=False)), ()
    both = fact(ROOT, changed(Sid="Both", Condition=None))
    yield "Bucket Keys not known, both forms", both._replace(bucket=both.bucket._replace(bucket_keys_known=False)), ()
    for name, text in BUCKET_POLICIES.items():
        yield f"bucket policy: {name}", both._replace(bucket_policy=text, prefixes=("in/", "out/")), ()
    yield "bucket policy: unread", both._replace(bucket_policy=None), ()
    yield "prefixes not known, a part of the bucket denied", both._replace(bucket_policy=BUCKET_POLICIES["reading a part"], prefixes_unknown="no"), ()  # fmt: skip
    yield "a part for everybody", fact(ROOT, {**STATEMENTS["part of the bucket"][0], "Principal": "*"}), (LINK, UNLINK)


def test_plans_and_verdicts_of_unusual_pairs(pytestconfig: pytest.Config) -> None:
    found = {}
    for name, facts, asked in pairs():
        for number, options in enumerate(asked):
            found[f"{name}: {options.operation.value} {number}"] = planned(make_plan([facts], options))
        found[f"{name}: said"] = said_of(facts)
        if facts.key is not None and facts.role is not None and facts.role.exists:
            found[f"{name}: check"] = judged(facts, AccessLevel.FULL)
    recorded.compare(pytestconfig, "unusual_plans", found)


def said_of(facts: Facts) -> dict[str, Any]:
    """What parts of a plan say by themselves."""
    document = parsed(facts.policy) if facts.policy else None
    grants = facts.grants or ()
    verdict = (
        judge(facts, document, grants, explain=False) if facts.key else None
    )  # without explanations, as an audit asks
    found: dict[str, Any] = {
        "linkable": linkable(facts),
        "writes too": list(writes_too(facts, document, grants)) if facts.key else [],
        "elsewhere": list(kept_elsewhere(facts, document, grants)),
        "read only by": read_only_by(verdict, document, grants) if verdict else "",
    }
    if document is not None:
        found |= {
            "stops some": list(stops_some(facts, document, AccessLevel.FULL)),
            "narrower": list(narrower(facts)),
            "denying": [denying(document, action) for action in ("kms:CreateGrant", "kms:encrypt")],
            "refused": list(refused_statements(document)),
        }
    return {name: value for name, value in found.items() if value}


def linkable(facts: Facts) -> str:
    try:
        return str(is_linkable(facts))
    except FcsseError as error:
        return error.message
