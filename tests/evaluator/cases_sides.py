"""Cases of delegation, other accounts, buckets, grants, key states and unknown context."""

from __future__ import annotations

from typing import Any

from fcsse.model import Grant
from tests.evaluator.case import (
    ACCOUNT,
    ALLOWED,
    BUCKET,
    CONSTRAINTS,
    CROSS,
    DENIED,
    FOREIGN_ROLE,
    GRANTS,
    KEY_ACCESS,
    KEY_POLICY,
    KLEENE,
    LOGIC_FLOW,
    OBJECT,
    OTHER,
    PAGE,
    REASON,
    ROLE,
    ROLE_ID,
    ROOT,
    SESSION,
    SILENT,
    STATES,
    UNKNOWN,
    USER,
    Case,
    ask,
    document,
    statement,
)

DELEGATE = statement(Sid="Enable IAM policies", Principal={"AWS": ROOT})
NAMED = statement(Sid="Named", Principal={"AWS": ROLE})
OWN = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}
OWN_DENY = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}}
OWN_OTHER = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
OWN_MAYBE = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpc": "v"}},
    },
}
THEIRS = statement(Sid="Theirs", Principal={"AWS": FOREIGN_ROLE})
THEIR_ACCOUNT = statement(Sid="Their account", Principal={"AWS": OTHER})


def key(
    name: str, source: str, expected: str, *rules: Any, own: list[Any] | None = None, complete: bool = True, **rest: Any
) -> Case:
    asked = {k: rest.pop(k) for k in ("principal", "action", "context", "unique_ids") if k in rest}
    request = ask(complete=complete, **asked)
    return Case(f"key: {name}", source, expected, document(*rules), request, identity_policies=own, **rest)


KEYS = [
    key("delegation without identity policies", KEY_POLICY, DENIED, DELEGATE),
    key("delegation with identity policies", KEY_POLICY, ALLOWED, DELEGATE, own=[OWN], decided_by="Enable IAM policies"),
    key("delegation with a policy for something else", KEY_ACCESS, DENIED, DELEGATE, own=[OWN_OTHER]),
    key("delegation of another action", KEY_ACCESS, DENIED, {**DELEGATE, "Action": "kms:Encrypt"}, own=[OWN]),
    key("delegation with an identity policy that may allow", KLEENE, UNKNOWN, DELEGATE, own=[OWN_MAYBE], complete=False),
    key("delegation whatever is not known", KLEENE, ALLOWED, {**DELEGATE, "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": ["true", "false"]}}}, own=[OWN], complete=False),
    key("no delegation", KEY_POLICY, DENIED, statement(Action="kms:Encrypt"), own=[OWN]),
    key("an empty policy and identity policies", KEY_POLICY, DENIED, own=[OWN]),
    key("named directly", LOGIC_FLOW, ALLOWED, NAMED, own=[], decided_by="Named"),
    key("named directly, identity policies silent", LOGIC_FLOW, ALLOWED, NAMED, own=[OWN_OTHER]),
    key("named directly, identity policy denies", LOGIC_FLOW, DENIED, NAMED, own=[OWN_DENY]),
    key("delegated, one identity policy denies", LOGIC_FLOW, DENIED, DELEGATE, own=[OWN, OWN_DENY]),
    key("everyone, identity policies silent", KEY_ACCESS, ALLOWED, statement(), own=[OWN_OTHER]),
    key("key policy denies, identity policy allows", LOGIC_FLOW, DENIED, DELEGATE, statement(Effect="Deny"), own=[OWN]),
    key("identity policy with a principal is malformed", REASON, DENIED, DELEGATE, own=[document(statement())]),
    key("foreign role named, no identity policy", CROSS, DENIED, THEIRS, principal=FOREIGN_ROLE),
    key("foreign role named, identity policy allows", CROSS, ALLOWED, THEIRS, principal=FOREIGN_ROLE, own=[OWN]),
    key("foreign account named, identity policy allows", CROSS, ALLOWED, THEIR_ACCOUNT, principal=FOREIGN_ROLE, own=[OWN]),
    key("foreign account named, no identity policy", CROSS, DENIED, THEIR_ACCOUNT, principal=FOREIGN_ROLE),
    key("everyone, foreign role, no identity policy", CROSS, DENIED, statement(), principal=FOREIGN_ROLE),
    key("everyone, foreign role, identity policy allows", CROSS, ALLOWED, statement(), principal=FOREIGN_ROLE, own=[OWN]),
    key("only identity policy, foreign role", CROSS, DENIED, DELEGATE, principal=FOREIGN_ROLE, own=[OWN]),
    key("foreign root named", CROSS, ALLOWED, THEIR_ACCOUNT, principal=f"arn:aws:iam::{OTHER}:root"),
    key("foreign role denied by account", CROSS, DENIED, THEIRS, {**THEIR_ACCOUNT, "Effect": "Deny"}, principal=FOREIGN_ROLE, own=[OWN]),
]  # fmt: skip


def bucket(
    name: str,
    source: str,
    expected: str,
    *rules: Any,
    own: list[Any] | None = None,
    owner: str | None = ACCOUNT,
    resource: str = OBJECT,
    **rest: Any,
) -> Case:
    request = ask(action="s3:GetObject", resource=resource, **rest)
    return Case(
        f"bucket: {name}", source, expected, document(*rules), request, identity_policies=own, resource_account=owner
    )


def s3(**changes: Any) -> dict[str, Any]:
    return statement(**{"Action": "s3:GetObject", "Resource": f"{BUCKET}/*", "Principal": {"AWS": ROLE}, **changes})


BUCKETS = [
    bucket("no policy, identity policy allows", LOGIC_FLOW, ALLOWED, own=[OWN_OTHER]),
    bucket("no policy, no identity policy", LOGIC_FLOW, DENIED),
    bucket("named, no identity policy", LOGIC_FLOW, ALLOWED, s3()),
    bucket("named, another prefix", LOGIC_FLOW, DENIED, s3(Resource=f"{BUCKET}/x/*")),
    bucket("object rule, bucket asked", LOGIC_FLOW, DENIED, s3(), resource=BUCKET),
    bucket("account named, no identity policy", LOGIC_FLOW, DENIED, s3(Principal={"AWS": ACCOUNT})),
    bucket("account named, identity policy allows", LOGIC_FLOW, ALLOWED, s3(Principal={"AWS": ACCOUNT}), own=[OWN_OTHER]),
    bucket("policy denies, identity policy allows", LOGIC_FLOW, DENIED, s3(Effect="Deny"), own=[OWN_OTHER]),
    bucket("foreign, both allow", CROSS, ALLOWED, s3(), own=[OWN_OTHER], owner=OTHER),
    bucket("foreign, only the bucket policy", CROSS, DENIED, s3(), owner=OTHER),
    bucket("foreign, only the identity policy", CROSS, DENIED, own=[OWN_OTHER], owner=OTHER),
    bucket("owner unknown, both allow", KLEENE, ALLOWED, s3(), own=[OWN_OTHER], owner=None),
    bucket("owner unknown, only the bucket policy", KLEENE, UNKNOWN, s3(), owner=None),
    bucket("owner unknown, only the identity policy", KLEENE, UNKNOWN, own=[OWN_OTHER], owner=None),
    bucket("owner unknown, neither", KLEENE, DENIED, owner=None),
    bucket("owner from aws:ResourceAccount", CROSS, DENIED, s3(), owner=None, context={"aws:ResourceAccount": OTHER}),
    bucket("anonymous, everyone allowed", LOGIC_FLOW, ALLOWED, s3(Principal="*"), principal="*"),
    bucket("anonymous, role allowed", LOGIC_FLOW, DENIED, s3(), principal="*"),
    bucket("service allowed", LOGIC_FLOW, ALLOWED, s3(Principal={"Service": "fsx.amazonaws.com"}), principal="fsx.amazonaws.com"),
    bucket("root of the owner", LOGIC_FLOW, ALLOWED, principal=ROOT),
    bucket("root of the owner, denied", LOGIC_FLOW, DENIED, s3(Effect="Deny", Principal="*"), principal=ROOT),
    bucket("a canonical user may be the account", SILENT, UNKNOWN, s3(Effect="Deny", Principal={"CanonicalUser": "79a5"}), own=[OWN_OTHER]),
    bucket("kms:CallerAccount is none of S3's keys", REASON, ALLOWED, s3(), s3(Effect="Deny", Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}})),
    bucket("derived keys", LOGIC_FLOW, ALLOWED, s3(Principal="*", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}, "StringEquals": {"aws:PrincipalAccount": ACCOUNT}})),
    Case("bucket: aws:ResourceAccount not known", KLEENE, UNKNOWN, document(s3(Condition={"StringEquals": {"aws:ResourceAccount": ACCOUNT}})), ask(action="s3:GetObject", resource=OBJECT, complete=False), resource_account=ACCOUNT),
    bucket("a canonical user that is the account", LOGIC_FLOW, DENIED, s3(Effect="Deny", Principal={"CanonicalUser": "79a5"}), own=[OWN_OTHER], unique_ids=frozenset({"79a5"})),
    bucket("a canonical user beside the account", LOGIC_FLOW, DENIED, s3(Effect="Deny", Principal={"CanonicalUser": "79a5", "AWS": ROOT}), own=[OWN_OTHER]),
    bucket("a user, another account denied", LOGIC_FLOW, ALLOWED, s3(Principal={"AWS": USER}), s3(Effect="Deny", Principal={"AWS": OTHER}), principal=USER),
    bucket("a statement without Action", REASON, UNKNOWN, {**s3(Effect="Deny"), "Action": 5}, own=[OWN_OTHER]),
    bucket("an Allow without Resource is malformed here", REASON, DENIED, s3(Resource=None)),
    bucket("a Deny without Resource is malformed here", REASON, UNKNOWN, s3(), s3(Effect="Deny", Resource=None)),
]  # fmt: skip

ALL = frozenset({"Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey", "CreateGrant", "RetireGrant"})
EC = "kms:EncryptionContext:aws:s3:arn"
PAIR = {"aws:s3:arn": BUCKET}
NAMES = "kms:EncryptionContextKeys"


def grant(
    name: str, expected: str, source: str = GRANTS, *rules: Any, state: str = "Enabled", complete: bool = True,
    principal: str = ROLE, action: str = "kms:Decrypt", context: dict[str, Any] | None = None, partial: dict[str, str] | None = None,
    absent: frozenset[str] = frozenset(), ids: frozenset[str] = frozenset(), own: list[Any] | None = None, **fields: Any,
) -> Case:  # fmt: skip
    held = Grant(**{"grant_id": "g1", "grantee": ROLE, "operations": ALL, "name": "n", **fields})
    request = ask(
        principal, action, context=context, complete=complete, unique_ids=ids, absent=absent, partial=partial or {}
    )
    return Case(f"grant: {name}", source, expected, document(*rules), request, (held,), state, own)


HELD = [
    grant("of the operation", ALLOWED),
    grant("names the grant", ALLOWED),
    grant("of another operation", DENIED, operations=frozenset({"Encrypt"})),
    grant("operation in another case", ALLOWED, action="kms:decrypt"),
    grant("ReEncryptFrom is not ReEncryptTo", DENIED, action="kms:ReEncryptTo", operations=frozenset({"ReEncryptFrom"})),
    grant("GenerateDataKey is not the one without plaintext", DENIED, action="kms:GenerateDataKeyWithoutPlaintext"),
    grant("for another role", DENIED, grantee=FOREIGN_ROLE),
    grant("for its session", ALLOWED, principal=SESSION),
    grant("for the session alone", ALLOWED, grantee=SESSION, principal=SESSION),
    grant("for another session", DENIED, grantee=SESSION.replace("/FSx", "/x"), principal=SESSION),
    grant("for the role's own id", ALLOWED, grantee=ROLE_ID, ids=frozenset({ROLE_ID})),
    grant("for a dead id", DENIED, grantee="AROADEADDEADDEAD12345", ids=frozenset({ROLE_ID})),
    grant("for an id, own id unknown", UNKNOWN, KLEENE, grantee=ROLE_ID, complete=False),
    grant("for nobody known", DENIED, grantee=None),
    grant("for a service", DENIED, grantee=None, grantee_service="fsx.amazonaws.com"),
    grant("for a service that asks", ALLOWED, grantee=None, grantee_service="fsx.amazonaws.com", principal="fsx.amazonaws.com"),
    grant("for another service that asks", DENIED, grantee=None, grantee_service="s3.amazonaws.com", principal="fsx.amazonaws.com"),
    grant("a star is no grantee", DENIED, grantee="*"),
    grant("for a foreign role, no identity policy", ALLOWED, GRANTS, grantee=FOREIGN_ROLE, principal=FOREIGN_ROLE),
    grant("for the account, no identity policy", DENIED, KEY_ACCESS, grantee=ROOT),
    grant("for the account, identity policy allows", ALLOWED, KEY_ACCESS, grantee=ROOT, own=[OWN]),
    grant("explicit deny in the key policy wins", DENIED, KEY_ACCESS, statement(Effect="Deny")),
    grant("a possible deny in the key policy", UNKNOWN, KLEENE, statement(Effect="Deny", Condition={"StringEquals": {"x:a": "1"}}), complete=False),
    grant("an identity policy denies", DENIED, KEY_ACCESS, own=[OWN_DENY]),
    grant("disabled key", DENIED, STATES, state="Disabled"),
    grant("equals, exactly", ALLOWED, CONSTRAINTS, constraint_equals=PAIR, context={EC: BUCKET}),
    grant("equals, other value", DENIED, CONSTRAINTS, constraint_equals=PAIR, context={EC: OBJECT}),
    grant("equals, value in another case", DENIED, CONSTRAINTS, constraint_equals=PAIR, context={EC: BUCKET.upper()}),
    grant("equals, no context", DENIED, CONSTRAINTS, constraint_equals=PAIR),
    grant("equals, one pair too many", DENIED, CONSTRAINTS, constraint_equals=PAIR, context={EC: BUCKET, "kms:EncryptionContext:x": "1"}),
    grant("equals, further pairs unknown", UNKNOWN, KLEENE, constraint_equals=PAIR, context={EC: BUCKET}, complete=False),
    grant("equals, no further pairs", ALLOWED, CONSTRAINTS, constraint_equals=PAIR, context={EC: BUCKET}, complete=False, absent=frozenset({"kms:EncryptionContext:*"})),
    grant("equals, stars are no wildcards", DENIED, CONSTRAINTS, constraint_equals={"aws:s3:arn": f"{BUCKET}/*"}, context={EC: OBJECT}),
    grant("equals, other keys besides", ALLOWED, CONSTRAINTS, constraint_equals=PAIR, context={EC: BUCKET, "x:other": "1"}),
    grant("equals, name known, value not", UNKNOWN, KLEENE, constraint_equals=PAIR, context={NAMES: ("aws:s3:arn",)}, complete=False),
    grant("equals, name and value known", ALLOWED, CONSTRAINTS, constraint_equals=PAIR, context={EC: BUCKET, NAMES: ("aws:s3:arn",)}, complete=False),
    grant("equals, another name known", DENIED, CONSTRAINTS, constraint_equals=PAIR, context={NAMES: ("x",)}, complete=False),
    grant("equals, no names", DENIED, CONSTRAINTS, constraint_equals=PAIR, complete=False, absent=frozenset({NAMES})),
    grant("equals, form of the value known", UNKNOWN, KLEENE, constraint_equals={"aws:s3:arn": OBJECT}, partial={EC: f"{BUCKET}/*"}, absent=frozenset({"kms:EncryptionContext:*"}), complete=False),
    grant("equals, form of another value known", DENIED, CONSTRAINTS, constraint_equals=PAIR, partial={EC: f"{BUCKET}/*"}, absent=frozenset({"kms:EncryptionContext:*"}), complete=False),
    grant("subset, form of another value known", DENIED, CONSTRAINTS, constraint_subset=PAIR, partial={EC: f"{BUCKET}/*"}, complete=False),
    grant("subset, form of the value known", UNKNOWN, KLEENE, constraint_subset={"aws:s3:arn": OBJECT}, partial={EC: f"{BUCKET}/*", "aws:userid": "*"}, complete=False),
    grant("subset, name in another case, value not known", UNKNOWN, KLEENE, constraint_subset={"AWS:S3:ARN": OBJECT}, partial={EC: f"{BUCKET}/*"}, complete=False),
    grant("subset, exactly", ALLOWED, CONSTRAINTS, constraint_subset=PAIR, context={EC: BUCKET}),
    grant("subset, one pair more", ALLOWED, CONSTRAINTS, constraint_subset=PAIR, context={EC: BUCKET, "kms:EncryptionContext:x": "1"}),
    grant("subset, other value", DENIED, CONSTRAINTS, constraint_subset=PAIR, context={EC: OBJECT}),
    grant("subset, further pairs unknown", ALLOWED, CONSTRAINTS, constraint_subset=PAIR, context={EC: BUCKET}, complete=False),
    grant("subset, pair unknown", UNKNOWN, KLEENE, constraint_subset=PAIR, complete=False),
    grant("subset, pair absent", DENIED, CONSTRAINTS, constraint_subset=PAIR, complete=False, absent=frozenset({"kms:EncryptionContext:*"})),
    grant("subset, two pairs, one missing", DENIED, CONSTRAINTS, constraint_subset={**PAIR, "x": "1"}, context={EC: BUCKET}),
    grant("name in another case: the pages disagree", UNKNOWN, SILENT, constraint_subset={"AWS:S3:ARN": BUCKET}, context={EC: BUCKET}),
    grant("name in another case, value other", DENIED, CONSTRAINTS, constraint_subset={"AWS:S3:ARN": BUCKET}, context={EC: OBJECT}),
    grant("constraint and DescribeKey", ALLOWED, CONSTRAINTS, constraint_equals=PAIR, action="kms:DescribeKey"),
    grant("constraint and RetireGrant", ALLOWED, CONSTRAINTS, constraint_equals=PAIR, action="kms:RetireGrant"),
    grant("constraint and CreateGrant", UNKNOWN, CONSTRAINTS, constraint_equals=PAIR, action="kms:CreateGrant"),
    grant("unknown constraint", UNKNOWN, REASON, other_constraints=("Newer",)),
    grant("unknown constraint and DescribeKey", UNKNOWN, REASON, other_constraints=("Newer",), action="kms:DescribeKey"),
    grant("unknown constraint and RetireGrant", ALLOWED, CONSTRAINTS, other_constraints=("Newer",), action="kms:RetireGrant"),
    grant("unknown constraint, known one fails", DENIED, CONSTRAINTS, other_constraints=("Newer",), constraint_equals=PAIR, context={EC: OBJECT}),
    grant("unknown constraint beside a statement", ALLOWED, KLEENE, statement(), other_constraints=("Newer",)),
    grant("SourceArn, none in the request", DENIED, CONSTRAINTS, other_constraints=("SourceArn",), source_arn="arn:aws:s3:::x"),
    grant("SourceArn, another one", DENIED, CONSTRAINTS, other_constraints=("SourceArn",), source_arn="arn:aws:s3:::x", context={"aws:SourceArn": "arn:aws:s3:::y"}),
    grant("SourceArn, the same", ALLOWED, CONSTRAINTS, other_constraints=("SourceArn",), source_arn="arn:aws:s3:::x", context={"aws:SourceArn": "arn:aws:s3:::x"}),
    grant("SourceArn, not known", UNKNOWN, KLEENE, other_constraints=("SourceArn",), source_arn="arn:aws:s3:::x", partial={"aws:SourceArn": "*"}),
    grant("SourceArn, of the grant not known", UNKNOWN, KLEENE, other_constraints=("SourceArn",), context={"aws:SourceArn": "arn:aws:s3:::x"}),
    grant("SourceArn with a star", UNKNOWN, SILENT, other_constraints=("SourceArn",), source_arn="arn:aws:s3:::*", context={"aws:SourceArn": "arn:aws:s3:::x"}),
    grant("SourceArn and DescribeKey", DENIED, CONSTRAINTS, other_constraints=("SourceArn",), source_arn="arn:aws:s3:::x", action="kms:DescribeKey"),
    grant("SourceArn beside an unknown constraint", DENIED, CONSTRAINTS, other_constraints=("Newer", "SourceArn"), source_arn="arn:aws:s3:::x"),
]  # fmt: skip

REFUSING = [
    "Disabled",
    "PendingDeletion",
    "PendingReplicaDeletion",
    "PendingImport",
    "Unavailable",
    "Creating",
    "NewState",
]
STATED = [
    Case(f"state {state}: {action}", STATES, expected, document(statement()), ask(action=f"kms:{action}"), (), state)
    for state, action, expected in [
        *((state, "Decrypt", DENIED) for state in REFUSING),
        *((state, "DescribeKey", ALLOWED) for state in REFUSING),
        *((state, "PutKeyPolicy", ALLOWED) for state in REFUSING[:3]),
        ("Disabled", "CreateGrant", DENIED),
        ("Unavailable", "CreateGrant", ALLOWED),
        ("Disabled", "RetireGrant", ALLOWED),
        ("Disabled", "ReEncryptFrom", DENIED),
        ("Disabled", "GenerateDataKeyWithoutPlaintext", DENIED),
        ("Updating", "Decrypt", ALLOWED),
        ("Enabled", "Decrypt", ALLOWED),
    ]
] + [
    Case("state unknown, otherwise allowed", KLEENE, UNKNOWN, document(statement()), ask(), (), None),
    Case("state unknown, otherwise denied", KLEENE, DENIED, document(), ask(), (), None),
    Case("state unknown, DescribeKey", STATES, ALLOWED, document(statement()), ask(action="kms:DescribeKey"), (), None),
    Case("state does not matter to buckets", REASON, ALLOWED, document(s3(Principal="*")), ask(action="s3:GetObject", resource=OBJECT), (), "Disabled", None, ACCOUNT),
]  # fmt: skip

YES = statement(Sid="Yes")
MAYBE = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
BOTH = {"StringEquals": {"aws:PrincipalOrgID": "o-1", "x:known": "1"}}


def open_question(name: str, expected: str, *rules: Any, context: dict[str, Any] | None = None, **rest: Any) -> Case:
    return Case(f"unknown: {name}", KLEENE, expected, document(*rules), ask(context=context, complete=False), **rest)


OPEN = [
    open_question("an Allow that may hold", UNKNOWN, statement(Condition=MAYBE)),
    open_question("a Deny that may hold, otherwise allowed", UNKNOWN, YES, statement(Effect="Deny", Condition=MAYBE)),
    open_question("a Deny that may hold, nothing allowed", DENIED, statement(Effect="Deny", Condition=MAYBE)),
    open_question("a Deny that holds", DENIED, statement(Condition=MAYBE), statement(Effect="Deny")),
    open_question("an Allow that holds beside one that may", ALLOWED, statement(Condition=MAYBE), YES),
    open_question("a false entry beside an unknown one", DENIED, statement(Condition=BOTH), context={"x:known": "2"}),
    open_question("a true entry beside an unknown one", UNKNOWN, statement(Condition=BOTH), context={"x:known": "1"}),
    open_question("a false entry in a Deny", ALLOWED, YES, statement(Effect="Deny", Condition=BOTH), context={"x:known": "2"}),
    open_question("IfExists", UNKNOWN, statement(Condition={"StringEqualsIfExists": {"x:a": "1"}})),
    open_question("IfExists with a star holds either way", ALLOWED, statement(Condition={"StringLikeIfExists": {"x:a": "*"}})),
    open_question("a plain star needs the key", UNKNOWN, statement(Condition={"StringLike": {"x:a": "*"}})),
    open_question("nothing is equal to no value", DENIED, statement(Condition={"StringEquals": {"x:a": []}})),
    open_question("a negated operator without values", UNKNOWN, statement(Condition={"StringNotEquals": {"x:a": []}})),
    open_question("Null", UNKNOWN, statement(Condition={"Null": {"x:a": "true"}})),
    open_question("ForAllValues", UNKNOWN, statement(Condition={"ForAllValues:StringEquals": {"x:a": "1"}})),
    open_question("ForAnyValue", UNKNOWN, statement(Condition={"ForAnyValue:StringEquals": {"x:a": "1"}})),
    open_question("source address", UNKNOWN, YES, statement(Effect="Deny", Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
    open_question("a Deny for another action does not matter", ALLOWED, YES, statement(Effect="Deny", Action="kms:Encrypt", Condition=MAYBE)),
    open_question("an absent key is known", DENIED, statement(Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}), context={"kms:GrantIsForAWSResource": ()}),
    Case("unknown: named as absent", KLEENE, DENIED, document(statement(Condition=MAYBE)), ask(complete=False, absent=frozenset({"aws:PrincipalOrgID"}))),
    Case("unknown: named as absent, in another case", KLEENE, DENIED, document(statement(Condition=MAYBE)), ask(complete=False, absent=frozenset({"AWS:principalorgid"}))),
    Case("unknown: named as absent by prefix", KLEENE, DENIED, document(statement(Condition=MAYBE)), ask(complete=False, absent=frozenset({"aws:PrincipalOrg*"}))),
    Case("unknown: absent, negated", KLEENE, ALLOWED, document(statement(Condition={"StringNotEquals": {"x:a": "1"}})), ask(complete=False, absent=frozenset({"x:a"}))),
]  # fmt: skip

VIA = {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
EVERY_CACHE = statement(
    Principal={"AWS": "*"},
    Condition={**VIA, "StringLike": {"aws:userid": "*:FSx", EC: f"{BUCKET}/*"}},
)
FSX = {"aws:userid": f"{ROLE_ID}:FSx", "kms:ViaService": "s3.eu-west-1.amazonaws.com", EC: OBJECT}


def page(name: str, expected: str, rule: dict[str, Any], context: dict[str, Any], **rest: Any) -> Case:
    return Case(f"page: {name}", PAGE, expected, document(rule), ask(context=context, **rest))


ONE_CACHE = statement(Principal={"AWS": ROLE}, Condition={**VIA, "StringLike": {EC: f"{BUCKET}/*"}})
PAGES = [
    page("one cache", ALLOWED, ONE_CACHE, FSX),
    page("one cache, another one asks", DENIED, ONE_CACHE, FSX, principal=ROLE + "4"),
    page("one cache, another bucket", DENIED, ONE_CACHE, {**FSX, EC: "arn:aws:s3:::data2/a"}),
    page("one cache, not through S3", DENIED, ONE_CACHE, {**FSX, "kms:ViaService": "ec2.eu-west-1.amazonaws.com"}),
    page("one cache, another Region", DENIED, ONE_CACHE, {**FSX, "kms:ViaService": "s3.us-east-1.amazonaws.com"}),
    page("one cache, Bucket Keys on", DENIED, ONE_CACHE, {**FSX, EC: BUCKET}),
    page("one cache, DescribeKey carries no context", DENIED, ONE_CACHE, {k: v for k, v in FSX.items() if k != EC}, action="kms:DescribeKey"),
    page("every cache", ALLOWED, EVERY_CACHE, FSX),
    page("every cache, another session", DENIED, EVERY_CACHE, {**FSX, "aws:userid": f"{ROLE_ID}:me"}),
    page("every cache, any role's session of that name", ALLOWED, EVERY_CACHE, FSX, principal=f"arn:aws:iam::{ACCOUNT}:role/Any"),
    page("every cache, another account", DENIED, EVERY_CACHE, FSX, principal=FOREIGN_ROLE),
]  # fmt: skip

CASES = [*KEYS, *BUCKETS, *HELD, *STATED, *OPEN, *PAGES]
