"""Cases of Principal, NotPrincipal, Action, Resource, Effect, and of statements that are not as they should be."""

from __future__ import annotations

from typing import Any

from fcsse.model import Grant
from tests.evaluator.case import (
    ACCOUNT,
    ACTION,
    ALLOWED,
    BUCKET,
    DENIED,
    FOREIGN_ROLE,
    KEY,
    KEY_POLICY,
    KLEENE,
    LOGIC_FLOW,
    NAME,
    NOT_PRINCIPAL,
    OTHER,
    PRINCIPAL,
    REASON,
    RESOURCE,
    ROLE,
    ROLE_ID,
    ROOT,
    SESSION,
    SILENT,
    UNKNOWN,
    USER,
    VARIABLES,
    Case,
    ask,
    document,
    statement,
)

IDS = frozenset({ROLE_ID})


def who(name: str, element: Any, expected: str, source: str = PRINCIPAL, **request: Any) -> Case:
    return Case(f"principal: {name}", source, expected, document(statement(Principal=element)), ask(**request))


PROVIDER = "cognito-identity.amazonaws.com"
FEDERATED_USER = f"arn:aws:sts::{ACCOUNT}:federated-user/Ann"
DEAD = "AROADEADDEADDEAD12345"
USERID = {"aws:userid": f"{ROLE_ID}:FSx"}
WHO = [
    who("star", "*", ALLOWED),
    who("star under AWS", {"AWS": "*"}, ALLOWED),
    who("star in a list", {"AWS": ["*"]}, ALLOWED),
    who("star, anonymous caller", "*", ALLOWED, principal="*"),
    who("star under AWS, anonymous caller", {"AWS": "*"}, ALLOWED, principal="*"),
    who("star, service", "*", ALLOWED, principal="s3.amazonaws.com"),
    who("the role", {"AWS": ROLE}, ALLOWED),
    who("the role in a list", {"AWS": [FOREIGN_ROLE, ROLE]}, ALLOWED),
    who("another role", {"AWS": ROLE + "4"}, DENIED),
    who("the role without its path", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{NAME}"}, DENIED),
    who("the role in another partition", {"AWS": ROLE.replace("arn:aws:", "arn:aws-cn:")}, DENIED),
    who("the role in another case", {"AWS": ROLE.lower()}, DENIED),
    who("the role, anonymous caller", {"AWS": ROLE}, DENIED, principal="*"),
    who("part of a name with a star", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, DENIED),
    who("account with a star", {"AWS": "arn:aws:iam::*:root"}, DENIED),
    who("the root of its account", {"AWS": ROOT}, DENIED, KEY_POLICY),
    who("its account's id", {"AWS": ACCOUNT}, DENIED, KEY_POLICY),
    who("root itself", {"AWS": ROOT}, ALLOWED, KEY_POLICY, principal=ROOT),
    who("root itself by account id", {"AWS": ACCOUNT}, ALLOWED, KEY_POLICY, principal=ROOT),
    who("root of another account", {"AWS": f"arn:aws:iam::{OTHER}:root"}, DENIED, principal=ROOT),
    who("root in another partition", {"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}, DENIED, principal=ROOT),
    who("a user", {"AWS": USER}, ALLOWED, principal=USER),
    who("a user in another case", {"AWS": USER.lower()}, DENIED, principal=USER),
    who("the role's session", {"AWS": ROLE}, ALLOWED, principal=SESSION),
    who("the role's session, role known", {"AWS": ROLE}, ALLOWED, principal=SESSION, context={"aws:PrincipalArn": ROLE}),
    who("a session of a role of the same name elsewhere", {"AWS": ROLE.replace(ACCOUNT, OTHER)}, DENIED, principal=SESSION),
    who("role known, entry with another path", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/x/{NAME}"}, DENIED, principal=SESSION, context={"aws:PrincipalArn": ROLE}),
    who("this session", {"AWS": SESSION}, ALLOWED, principal=SESSION),
    who("another session of the role", {"AWS": SESSION.replace("/FSx", "/other")}, DENIED, principal=SESSION),
    who("sessions with a star", {"AWS": SESSION.replace("/FSx", "/*")}, DENIED, principal=SESSION),
    who("a session, asked for the role in it", {"AWS": SESSION}, ALLOWED, context=USERID),
    who("a session, asked for the role in another", {"AWS": SESSION}, DENIED, context={"aws:userid": f"{ROLE_ID}:x"}),
    who("a session, asked for the role, session unknown", {"AWS": SESSION}, UNKNOWN, KLEENE, complete=False),
    who("a session, form of the user id known", {"AWS": SESSION}, ALLOWED, complete=False, partial={"aws:userid": "AROA?*:FSx"}),
    who("its own unique id", {"AWS": ROLE_ID}, ALLOWED, unique_ids=IDS),
    who("a dead unique id", {"AWS": DEAD}, DENIED, unique_ids=IDS),
    who("a dead id, own id from aws:userid", {"AWS": DEAD}, DENIED, complete=False, context=USERID),
    who("own id from aws:userid", {"AWS": ROLE_ID}, ALLOWED, complete=False, context=USERID),
    who("an id, own id unknown", {"AWS": ROLE_ID}, UNKNOWN, KLEENE, complete=False),
    who("a user's id is never a role", {"AWS": "AIDAEXAMPLEEXAMPLE123"}, DENIED, complete=False),
    who("a service", {"Service": "s3.amazonaws.com"}, ALLOWED, principal="s3.amazonaws.com"),
    who("another service", {"Service": "ec2.amazonaws.com"}, DENIED, principal="s3.amazonaws.com"),
    who("a service is no role", {"Service": "fsx.amazonaws.com"}, DENIED),
    who("a service star is no role", {"Service": "*"}, DENIED),
    who("a role is no service", {"AWS": ROLE}, DENIED, principal="s3.amazonaws.com"),
    who("a federation is no role", {"Federated": "cognito-identity.amazonaws.com"}, DENIED),
    who("a canonical user is nothing to KMS", {"CanonicalUser": "79a59df900b949e5"}, DENIED),
    who("two types, the second fits", {"Service": "ec2.amazonaws.com", "AWS": ROLE}, ALLOWED),
    who("nobody", {"AWS": []}, DENIED),
    who("a type that does not exist", {"Nobody": ROLE}, DENIED, REASON),
    who("a bare ARN", ROLE, DENIED, REASON),
    who("a list", ["*"], DENIED, REASON),
    who("an empty mapping", {}, DENIED, REASON),
    who("a number", {"AWS": 111122223333}, DENIED, REASON),
    who("a federated user's own session", {"AWS": f"arn:aws:sts::{ACCOUNT}:federated-user/Ann"}, ALLOWED, principal=f"arn:aws:sts::{ACCOUNT}:federated-user/Ann"),
    who("another user than a federated session's", {"AWS": USER + "e"}, DENIED, principal=FEDERATED_USER),
    who("a role of a federated session's name", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Ann"}, DENIED, principal=FEDERATED_USER),
    who("a role of the user's name", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Ann"}, DENIED, principal=USER),
    who("its federation", {"Federated": ["x.example.com", PROVIDER]}, ALLOWED, principal=SESSION, context={"aws:FederatedProvider": PROVIDER}),
    who("another federation", {"Federated": "x.example.com"}, DENIED, principal=SESSION, context={"aws:FederatedProvider": PROVIDER}),
    who("a federation, its role", {"Federated": PROVIDER}, ALLOWED, context={"aws:FederatedProvider": PROVIDER}),
    who("the user of a federated session", {"AWS": USER}, UNKNOWN, KLEENE, principal=f"arn:aws:sts::{ACCOUNT}:federated-user/Ann"),
]  # fmt: skip


def without(
    name: str, element: Any, expected: str, source: str = NOT_PRINCIPAL, effect: str = "Deny", **request: Any
) -> Case:
    """Under Deny beside an Allow for all; or alone under Allow."""
    rule = statement(Effect=effect, Principal=None, NotPrincipal=element)
    rules = [statement(), rule] if effect == "Deny" else [rule]
    return Case(f"NotPrincipal with {effect}: {name}", source, expected, document(*rules), ask(**request))


IN_SESSION = {"aws:userid": f"{ROLE_ID}:FSx"}
WITHOUT = [
    without("others are denied", {"AWS": [USER, ROOT.replace(ACCOUNT, OTHER)]}, DENIED),
    without("user and account are excepted", {"AWS": [USER, ROOT]}, ALLOWED, principal=USER),
    without("role and account without the session", {"AWS": [ROLE, ROOT]}, UNKNOWN, SILENT, context=IN_SESSION),
    without("session and account without the role", {"AWS": [SESSION, ROOT]}, UNKNOWN, SILENT, context=IN_SESSION),
    without("role and session without the account", {"AWS": [ROLE, SESSION]}, UNKNOWN, SILENT, context=IN_SESSION),
    without("role, session and account are excepted", {"AWS": [ROLE, SESSION, ROOT]}, ALLOWED, context=IN_SESSION),
    without(
        "role, session and account id are excepted", {"AWS": [ROLE, SESSION, ACCOUNT]}, ALLOWED, context=IN_SESSION
    ),
    without(
        "the role by its id, session and account",
        {"AWS": [ROLE_ID, SESSION, ROOT]},
        ALLOWED,
        context=IN_SESSION,
        unique_ids=frozenset({ROLE_ID}),
    ),
    without(
        "a dead id, session and account",
        {"AWS": ["AROADEADDEADDEAD12345", SESSION, ROOT]},
        UNKNOWN,
        SILENT,
        context=IN_SESSION,
        unique_ids=frozenset({ROLE_ID}),
    ),
    without("another session of the role", {"AWS": [ROLE, SESSION + "2", ROOT]}, UNKNOWN, SILENT, context=IN_SESSION),
    without("a session asks: session, role and account", {"AWS": [SESSION, ROLE, ROOT]}, ALLOWED, principal=SESSION),
    without("a session asks: role and account", {"AWS": [ROLE, ROOT]}, UNKNOWN, SILENT, principal=SESSION),
    without("role without its account", {"AWS": ROLE}, UNKNOWN, SILENT),
    without("account without the role", {"AWS": ROOT}, UNKNOWN, SILENT),
    without("root itself is excepted", {"AWS": ROOT}, ALLOWED, principal=ROOT),
    without("everyone is excepted", "*", ALLOWED),
    without("a service is excepted", {"Service": "s3.amazonaws.com"}, ALLOWED, principal="s3.amazonaws.com"),
    without("a role is not a service", {"Service": "s3.amazonaws.com"}, DENIED),
    without("nobody is excepted", {"AWS": []}, UNKNOWN, REASON),
    without("others are allowed", {"AWS": USER}, ALLOWED, effect="Allow"),
    without("the role is left out", {"AWS": ROLE}, DENIED, effect="Allow"),
    without("the account is left out", {"AWS": ROOT}, DENIED, effect="Allow"),
    without("everyone is left out", "*", DENIED, effect="Allow"),
    without("nobody is left out", {"AWS": []}, DENIED, REASON, effect="Allow"),
]


def acts(name: str, element: Any, action: str, expected: str, source: str = ACTION, key: str = "Action") -> Case:
    rule = statement(**{"Action": None, key: element})
    return Case(f"{key}: {name}", source, expected, document(rule), ask(action=action))


ACTS = [
    acts("equal", "kms:Decrypt", "kms:Decrypt", ALLOWED),
    acts("other", "kms:Encrypt", "kms:Decrypt", DENIED),
    acts("letter case of the policy", "KMS:decrypt", "kms:Decrypt", ALLOWED),
    acts("letter case of the request", "kms:Decrypt", "KMS:DECRYPT", ALLOWED),
    acts("star", "*", "kms:Decrypt", ALLOWED),
    acts("star for both parts", "*:*", "kms:Decrypt", ALLOWED, REASON),
    acts("service star", "kms:*", "kms:Decrypt", ALLOWED),
    acts("another service's star", "s3:*", "kms:Decrypt", DENIED),
    acts("prefix", "kms:ReEncrypt*", "kms:ReEncryptFrom", ALLOWED),
    acts("prefix, other", "kms:ReEncrypt*", "kms:Encrypt", DENIED),
    acts("prefix of the data keys", "kms:GenerateDataKey*", "kms:GenerateDataKeyWithoutPlaintext", ALLOWED),
    acts("no prefix meant", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", DENIED),
    acts("question mark", "kms:?ecrypt", "kms:Decrypt", ALLOWED),
    acts("question mark is one character", "kms:?crypt", "kms:Decrypt", DENIED),
    acts("star inside", "kms:D*t", "kms:Decrypt", ALLOWED),
    acts("star in the middle and at the end", "kms:*crypt*", "kms:ReEncryptTo", ALLOWED),
    acts("list", ["kms:Encrypt", "kms:Decrypt"], "kms:Decrypt", ALLOWED),
    acts("empty list", [], "kms:Decrypt", DENIED),
    acts("without a service", "Decrypt", "kms:Decrypt", DENIED),
    acts("a dot is a dot", "kms:D.crypt", "kms:Decrypt", DENIED),
    acts("white space counts", "kms:Decrypt ", "kms:Decrypt", DENIED),
    acts("wildcard in the service", "k*:Decrypt", "kms:Decrypt", UNKNOWN, SILENT),
    acts("wildcard over the colon", "kms*", "kms:Decrypt", UNKNOWN, SILENT),
    acts("a number", 5, "kms:Decrypt", DENIED, REASON),
    acts("equal", "kms:Decrypt", "kms:Decrypt", DENIED, key="NotAction"),
    acts("other", "kms:Encrypt", "kms:Decrypt", ALLOWED, key="NotAction"),
    acts("letter case", "KMS:DECRYPT", "kms:Decrypt", DENIED, key="NotAction"),
    acts("star", "kms:*", "kms:Decrypt", DENIED, key="NotAction"),
    acts("list", ["kms:Encrypt", "kms:Decrypt"], "kms:Decrypt", DENIED, key="NotAction"),
    acts("list of others", ["kms:Encrypt", "s3:*"], "kms:Decrypt", ALLOWED, key="NotAction"),
    acts("empty list", [], "kms:Decrypt", DENIED, REASON, key="NotAction"),
]


def covers(name: str, element: Any, expected: str, source: str = RESOURCE, key: str = "Resource") -> Case:
    rule = statement(**{"Resource": None, key: element})
    return Case(f"{key}: {name}", source, expected, document(rule), ask())


COVERS = [
    covers("star", "*", ALLOWED),
    covers("the key", KEY, ALLOWED),
    covers("another key", KEY[:-1] + "f", DENIED),
    covers("the key in capitals", KEY.upper(), DENIED),
    covers("wildcards in parts", f"arn:aws:kms:*:{ACCOUNT}:key/*", ALLOWED),
    covers("wildcards for another account", f"arn:aws:kms:*:{OTHER}:key/*", DENIED),
    covers("question mark", KEY[:-1] + "?", ALLOWED),
    covers("last star spans the parts", "arn:aws:kms:*", ALLOWED),
    covers("an ARN cut short", "arn:aws:kms:eu-west-1", DENIED),
    covers("list", ["arn:aws:s3:::data", KEY], ALLOWED),
    covers("empty list", [], DENIED),
    covers("an alias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/data", DENIED),
    covers("a mapping", {}, DENIED, REASON),
    covers("the key", KEY, DENIED, key="NotResource"),
    covers("another key", KEY[:-1] + "f", ALLOWED, key="NotResource"),
    covers("star", "*", DENIED, key="NotResource"),
    covers("empty list", [], DENIED, REASON, key="NotResource"),
]


def every(
    name: str, element: Any, expected: str, source: str = RESOURCE, key: str = "Resource", **context: Any
) -> Case:
    """A request for whichever object under a prefix."""
    rule = statement(**{"Action": "s3:GetObject", "Resource": None, key: element})
    asked = ask(action="s3:GetObject", resource=f"{BUCKET}/in/a", context=context, resource_form=f"{BUCKET}/in/*")
    return Case(f"{key} of a form: {name}", source, expected, document(rule), asked, resource_account=ACCOUNT)


FORMS = [
    every("star", "*", ALLOWED),
    every("the form itself", f"{BUCKET}/in/*", ALLOWED),
    every("a wider one", f"{BUCKET}/*", ALLOWED),
    every("one of them", f"{BUCKET}/in/a", UNKNOWN, KLEENE),
    every("a part of them", f"{BUCKET}/in/x/*", UNKNOWN, KLEENE),
    every("two parts of them", [f"{BUCKET}/in/x/*", f"{BUCKET}/in/y/*"], UNKNOWN, KLEENE),
    every("a part of them beside all", [f"{BUCKET}/in/x/*", f"{BUCKET}/i*"], ALLOWED),
    every("none of them", f"{BUCKET}/out/*", DENIED),
    every("the bucket", BUCKET, DENIED),
    every("a variable that takes all in", "arn:aws:s3:::${x:b}/*", ALLOWED, VARIABLES, **{"x:b": "data"}),
    every("a variable that takes some in", "arn:aws:s3:::${x:b}/in/a*", UNKNOWN, KLEENE, **{"x:b": "data"}),
    every("a variable that takes none in", "arn:aws:s3:::${x:b}/out", DENIED, VARIABLES, **{"x:b": "data"}),
    every("a wider one", f"{BUCKET}/*", DENIED, key="NotResource"),
    every("a part of them", f"{BUCKET}/in/x/*", UNKNOWN, KLEENE, key="NotResource"),
    every("none of them", f"{BUCKET}/out/*", ALLOWED, key="NotResource"),
]

DENY = statement(Sid="No", Effect="Deny")
API = "KMS API reference, PutKeyPolicy: a statement without Resource or Action has no effect"


def made(
    name: str,
    expected: str,
    *statements: Any,
    source: str = LOGIC_FLOW,
    version: str | None = "2012-10-17",
    **rest: Any,
) -> Case:
    return Case(f"policy: {name}", source, expected, document(*statements, version=version), ask(), **rest)


FAR_TO_NEAR = [
    statement(Sid="Another action", Principal={"AWS": ROLE}, Action="kms:Encrypt"),
    statement(Sid="Malformed", Principal={"AWS": ROLE}, Condition=[]),
    statement(Sid="Another resource", Principal={"AWS": ROLE}, Resource="arn:aws:kms:x"),
    statement(Sid="Delegation", Principal={"AWS": ROOT}),
    statement(Sid="Condition", Principal={"AWS": ROLE}, Condition={"Null": {"x:a": "false"}}),
]


def broken(name: str, **changes: Any) -> list[Case]:
    """The same fault in an Allow and in a Deny."""
    return [
        made(f"Allow with {name}", DENIED, statement(**changes), source=REASON),
        made(f"Deny with {name}", UNKNOWN, statement(), statement(Effect="Deny", **changes), source=REASON),
    ]


POLICIES = [
    Case("policy: no statements", LOGIC_FLOW, DENIED, {"Version": "2012-10-17", "Statement": []}, ask()),
    Case("policy: empty", LOGIC_FLOW, DENIED, {}, ask()),
    Case("policy: one statement without a list", LOGIC_FLOW, ALLOWED, {"Statement": statement()}, ask()),
    Case("policy: a text for statements", REASON, DENIED, {"Statement": "Allow"}, ask()),
    made("deny after allow", DENIED, statement(), DENY, decided_by="No"),
    made("deny before allow", DENIED, DENY, statement(), decided_by="No"),
    made("deny alone", DENIED, DENY, decided_by="No"),
    made("deny of another action", ALLOWED, statement(), statement(Effect="Deny", Action="kms:Encrypt")),
    made("deny of another principal", ALLOWED, statement(), statement(Effect="Deny", Principal={"AWS": USER})),
    made("deny of the account", DENIED, statement(), statement(Effect="Deny", Principal={"AWS": ROOT})),
    made("deny of the account's id", DENIED, statement(), statement(Effect="Deny", Principal={"AWS": ACCOUNT})),
    made("deny of another account", ALLOWED, statement(), statement(Effect="Deny", Principal={"AWS": OTHER})),
    made("deny all but an action", DENIED, statement(), statement(Effect="Deny", Action=None, NotAction="kms:Encrypt")),
    made("deny on condition, true", DENIED, statement(), statement(Effect="Deny", Condition={"Null": {"x:a": "true"}})),
    made("deny on condition, false", ALLOWED, statement(), statement(Effect="Deny", Condition={"Null": {"x:a": "false"}})),
    made("two allows", ALLOWED, statement(Sid="A", Action="kms:Encrypt"), statement(Sid="B"), decided_by="B"),
    made("named by number without a Sid", ALLOWED, statement(Action="kms:Encrypt"), statement(), decided_by="statement 2"),
    made("named by number with an empty Sid", ALLOWED, statement(Action="kms:Encrypt"), statement(Sid=""), decided_by="statement 2"),
    made("named by number with a number for a Sid", ALLOWED, statement(Sid=5), decided_by="statement 1"),
    made("the nearest of all kinds", DENIED, *FAR_TO_NEAR),
    made("the nearest that have no effect", DENIED, statement(Principal={"AWS": ROLE}, Condition=[]), statement(Principal={"AWS": ROLE}, Resource=None)),
    made("the nearest for another resource", DENIED, statement(Principal={"AWS": ROLE}, Condition=[]), statement(Principal={"AWS": ROLE}, Resource="arn:aws:kms:x")),
    made("the nearest on a condition", DENIED, statement(Principal={"AWS": ROOT}, Condition={"Null": {"x:a": "false"}}), *FAR_TO_NEAR[3:]),
    made("the nearest of many for others", DENIED, *(statement(Principal={"AWS": USER}) for _ in range(5)), statement(Principal={"AWS": USER}, Condition=[])),
    made("the nearest grants", DENIED, *FAR_TO_NEAR[:1], grants=(Grant("g1", ROLE, frozenset({"Encrypt"})),)),
    made("the nearest grant with a constraint", DENIED, *FAR_TO_NEAR[3:4], grants=(Grant("g1", ROLE, frozenset({"Decrypt"}), constraint_equals={"a": "b"}),)),
    made("no version", ALLOWED, statement(), version=None),
    made("old version", ALLOWED, statement(), version="2008-10-17"),
    made("Allow without Action", DENIED, statement(Action=None), source=API),
    made("Deny without Action", ALLOWED, statement(), statement(Effect="Deny", Action=None), source=API),
    made("Allow without Resource", DENIED, statement(Resource=None), source=API),
    made("Deny without Resource", ALLOWED, statement(), statement(Effect="Deny", Resource=None), source=API),
    made("allow in small letters", DENIED, statement(Effect="allow"), source=REASON),
    made("deny in small letters", UNKNOWN, statement(), statement(Effect="deny"), source=REASON),
    made("no effect", UNKNOWN, statement(), statement(Effect=None), source=REASON),
    made("a statement that is a text", UNKNOWN, statement(), "Deny", source=REASON),
    made("two malformed allows", DENIED, statement(Principal=ROLE), statement(Action=5), source=REASON),
    *broken("no principal", Principal=None),
    *broken("both principals", NotPrincipal={"AWS": USER}),
    *broken("a bare ARN for principal", Principal=ROLE),
    *broken("both actions", NotAction="kms:Encrypt"),
    *broken("both resources", NotResource=KEY),
    *broken("a number for action", Action=5),
    *broken("a list for condition", Condition=[]),
    *broken("a text under an operator", Condition={"StringEquals": "x"}),
    *broken("a mapping for a value", Condition={"StringEquals": {"x:a": {}}}),
    *broken("null for a value", Condition={"StringNotEquals": {"x:a": [None]}}),
    *broken("a reserved noncharacter in a value", Condition={"StringEquals": {"x:a": "\ufdd0"}}),
    *broken("a reserved noncharacter for action", Action="\ufdd0"),
    *broken("an element that does not exist", Conditions={"Null": {"x:a": "false"}}),
    made("a malformed Deny of another action", ALLOWED, statement(), statement(Effect="Deny", Action="kms:Encrypt", Principal=ROLE), source=KLEENE),
    made("a malformed Deny, its condition false", ALLOWED, statement(), statement(Effect="Deny", Principal=ROLE, Condition={"Null": {"x:a": "false"}}), source=KLEENE),
]  # fmt: skip


def misspelt(name: str, right: str) -> list[Case]:
    """An element in another letter case than AWS documents, alone and beside a statement that says the opposite."""
    allow, deny = statement(), statement(Effect="Deny")
    for one in (allow, deny):
        one[name] = one.pop(right)
    return [
        made(f"Allow with {name}", UNKNOWN, allow, source=SILENT),
        made(f"Deny with {name}", UNKNOWN, statement(), deny, source=SILENT),
    ]


LETTER_CASE = [
    *(case for name in ("Effect", "Principal", "Action", "Resource") for case in misspelt(name.lower(), name)),
    *misspelt("ACTION", "Action"),
    made("Allow with condition", UNKNOWN, statement(condition={"Null": {"x:a": "false"}}), source=SILENT),
    made("Deny with condition", UNKNOWN, statement(), statement(Effect="Deny", condition={}), source=SILENT),
    made("Allow with aws for the kind of principal", UNKNOWN, statement(Principal={"aws": ROLE}), source=SILENT),
    made("Deny with aws for the kind of principal", UNKNOWN, statement(), statement(Effect="Deny", Principal={"aws": ROLE}), source=SILENT),
    made("Allow and deny at once", UNKNOWN, statement(effect="Deny"), source=SILENT),
    made("Allow and deny at once, beside an Allow", UNKNOWN, statement(), statement(effect="Deny"), source=SILENT),
    made("Allow with action, for another action", DENIED, statement(Action="kms:Encrypt", sid="x"), source=KLEENE),
    made("Deny with sid, its condition false", ALLOWED, statement(), statement(Effect="Deny", sid="x", Condition={"Null": {"x:a": "false"}}), source=KLEENE),
    Case("policy: a variable under a version in small letters", SILENT, UNKNOWN, {"version": "2012-10-17", "Statement": [statement(Condition={"StringLike": {"x:a": "${x:b}"}})]}, ask(context={"x:a": "1", "x:b": "1"})),
    Case("policy: statement in small letters", SILENT, UNKNOWN, {"statement": [statement()]}, ask()),
    Case("policy: STATEMENT beside Statement", SILENT, UNKNOWN, {"Statement": [statement()], "STATEMENT": [DENY]}, ask()),
]  # fmt: skip

CASES = [*LETTER_CASE, *WHO, *WITHOUT, *ACTS, *COVERS, *FORMS, *POLICIES]
