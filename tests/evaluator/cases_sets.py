"""Cases of multi-valued keys, policy variables and encryption contexts."""

from __future__ import annotations

from typing import Any

from tests.evaluator.case import (
    ALLOWED,
    BUCKET,
    CONTEXT_CASE,
    CONTEXT_KEYS,
    DENIED,
    GLOBAL_KEYS,
    KEY,
    KLEENE,
    NO_VALUE,
    OBJECT,
    REASON,
    ROLE,
    ROLE_ID,
    ROOT,
    SESSION,
    SETS,
    SILENT,
    UNKNOWN,
    USER,
    VARIABLES,
    Case,
    ask,
    condition,
    document,
    statement,
)

C = condition
S = "x:set"


def sets(name: str, operator: str, wanted: Any, given: Any, holds: bool | None, source: str = SETS) -> Case:
    return C(f"sets: {name}", source, {operator: {S: wanted}}, {} if given is None else {S: given}, holds)


SET_CASES = [
    sets("all in", "ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
    sets("one of them not in", "ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
    sets("all, key absent", "ForAllValues:StringEquals", ["a"], None, True),
    sets("all, no values", "ForAllValues:StringEquals", ["a"], (), True),
    sets("all, a null value", "ForAllValues:StringEquals", ["a"], "", True),
    sets("all, single value in", "ForAllValues:StringEquals", ["a"], "a", True),
    sets("all, single value not in", "ForAllValues:StringEquals", ["a"], "b", False),
    sets("all, wildcards", "ForAllValues:StringLike", ["a*", "b"], ("ax", "b"), True),
    sets("all negated, none in", "ForAllValues:StringNotEquals", ["x", "y"], ("a", "b"), True),
    sets("all negated, one in", "ForAllValues:StringNotEquals", ["x", "a"], ("a", "b"), False),
    sets("all negated, key absent", "ForAllValues:StringNotEquals", ["x"], None, True),
    sets("all IfExists, key absent", "ForAllValues:StringEqualsIfExists", ["a"], None, True),
    sets("all, numbers", "ForAllValues:NumericLessThan", "10", ("1", "9"), True),
    *(
        sets(f"any {operator}IfExists, {about}", f"ForAnyValue:{operator}IfExists", ["a"], given, None, SILENT)
        for operator in ("StringEquals", "StringNotEquals")
        for about, given in (("key absent", None), ("no values", ()), ("a null value", ""))
    ),
    sets("any IfExists, one in", "ForAnyValue:StringEqualsIfExists", ["a", "b"], ("c", "b"), True),
    sets("any IfExists, none in", "ForAnyValue:StringEqualsIfExists", ["a", "b"], ("c", "d"), False),
    sets("any, one in", "ForAnyValue:StringEquals", ["a", "b"], ("c", "b"), True),
    sets("any, none in", "ForAnyValue:StringEquals", ["a", "b"], ("c", "d"), False),
    sets("any, key absent", "ForAnyValue:StringEquals", ["a"], None, False),
    sets("any, no values", "ForAnyValue:StringEquals", ["a"], (), False),
    sets("any, a null value", "ForAnyValue:StringLike", ["*"], "", False),
    sets("any, single value in", "ForAnyValue:StringEquals", ["a"], "a", True),
    sets("any negated, one not in", "ForAnyValue:StringNotEquals", ["a"], ("a", "b"), True),
    sets("any negated, all in", "ForAnyValue:StringNotEquals", ["a", "b"], ("a", "b"), False),
    sets("any negated, key absent", "ForAnyValue:StringNotEquals", ["a"], None, False),
    sets("any, ARNs", "ForAnyValue:ArnLike", "arn:aws:s3:::d*", ("x", BUCKET), True),
    sets("prefix in small letters", "foranyvalue:stringequals", ["a"], ("a",), True, REASON),
    sets("plain operator, one value of a set", "StringEquals", "a", ("a",), None, SILENT),
    sets("plain operator, all values match", "StringLike", "a*", ("ab", "ac"), None, SILENT),
    sets("plain operator, no value matches", "StringEquals", "x", ("a", "b"), None, SILENT),
    sets("plain operator, some values match", "StringEquals", "a", ("a", "b"), None, SILENT),
    sets("plain negated operator, some values match", "StringNotEquals", "a", ("a", "b"), None, SILENT),
    sets("plain operator, a set without values", "StringEquals", "a", (), False),
    sets("plain negated operator, a set without values", "StringNotEquals", "a", (), True),
    sets("unknown prefix", "ForSomeValues:StringEquals", "a", ("a",), None, SILENT),
]


def variable(
    name: str, wanted: str, given: str, holds: bool | None, source: str = VARIABLES, *, version: str | None = "2012-10-17",
    operator: str = "StringEquals", context: dict[str, Any] | None = None, **rest: Any,
) -> Case:  # fmt: skip
    full = {"x:text": given, "x:team": "blue", **(context or {})}
    return C(f"variables: {name}", source, {operator: {"x:text": wanted}}, full, holds, version=version, **rest)


VARIABLE_CASES = [
    variable("replaced", "${x:team}", "blue", True),
    variable("replaced, other", "${x:team}", "red", False),
    variable("inside text", "home/${x:team}/1", "home/blue/1", True),
    variable("twice", "${x:team}-${x:team}", "blue-blue", True),
    variable("names ignore case", "${X:TEAM}", "blue", True),
    variable("2008 version: literal", "${x:team}", "${x:team}", True, version="2008-10-17"),
    variable("2008 version: not replaced", "${x:team}", "blue", False, version="2008-10-17"),
    variable("no version: literal", "${x:team}", "${x:team}", True, version=None),
    variable("no version: not replaced", "${x:team}", "blue", False, version=None),
    variable("version that does not exist", "${x:team}", "blue", None, SILENT, version="2020-01-01"),
    variable("ignoring case", "${x:team}-A", "BLUE-a", True, operator="StringEqualsIgnoreCase"),
    variable("ignoring case, no value", "${x:gone}-A", "BLUE-a", False, operator="StringEqualsIgnoreCase"),
    variable("with StringLike", "a/${x:team}/*", "a/blue/b", True, operator="StringLike"),
    variable("value's star is no wildcard", "${x:star}", "anything", False, operator="StringLike", context={"x:star": "*"}),
    variable("value's star matches itself", "${x:star}", "*", True, operator="StringLike", context={"x:star": "*"}),
    variable("value's noncharacter is no wildcard", "${x:odd}", "anything", False, context={"x:odd": "\ufdd0"}),
    variable("escaped star", "a${*}", "a*", True, operator="StringLike"),
    variable("escaped star is no wildcard", "a${*}", "ab", False, operator="StringLike"),
    variable("escaped question mark", "a${?}", "a?", True, operator="StringLike"),
    variable("escaped question mark is no wildcard", "a${?}", "ab", False, operator="StringLike"),
    variable("escaped dollar", "${$}{x:team}", "${x:team}", True),
    variable("escape under StringEquals", "a${*}", "a*", True),
    variable("escape in the 2008 version", "a${*}", "a${*}", True, version="2008-10-17"),
    variable("default not needed", "${x:team, 'none'}", "blue", True),
    variable("default used", "${x:gone, 'none'}", "none", True),
    variable("default used, other", "${x:gone, 'none'}", "blue", False),
    variable("default with a star, literal", "${x:gone, '*'}", "abc", False, operator="StringLike"),
    variable("no value", "${x:gone}", "", False, NO_VALUE),
    variable("no value, literal text", "${x:gone}", "${x:gone}", False, NO_VALUE),
    variable("no value under a negated operator", "${x:gone}", "blue", None, SILENT, operator="StringNotEquals"),
    variable("no value under StringNotLike", "*${x:gone}*", "blue", None, SILENT, operator="StringNotLike"),
    variable("no value under IfExists", "${x:gone}", "blue", False, NO_VALUE, operator="StringEqualsIfExists"),
    variable("multi-valued keys are no variables", "${x:set}", "a", False, SETS, context={"x:set": ("a",)}),
    variable("not closed: literal", "${x:team", "${x:team", True),
    variable("not closed under StringLike", "${x:team*", "${x:teams", True, operator="StringLike"),
    variable("not closed, under a version that does not exist", "${x:team", "${x:team", True, version="2020-01-01"),
    variable("star before it", "*-${x:team}", "x-blue", True, operator="StringLike"),
    variable("star before it under StringEquals", "*-${x:team}", "x-blue", False),
    variable("star behind it under StringEquals", "${x:team}-*", "blue-x", False),
    variable("unknown value may match", "${x:gone}", "blue", None, KLEENE, complete=False),
    variable("unknown value cannot match", "red-${x:gone}", "blue", False, KLEENE, complete=False),
    variable("unknown value under a negated operator", "${x:gone}", "blue", None, KLEENE, complete=False, operator="StringNotEquals"),
    variable("perhaps no value, cannot match, negated", "red-${x:gone}", "b", None, SILENT, complete=False, operator="StringNotEquals"),
    variable("unknown value, cannot match, negated", "red-${x:gone}", "b", True, KLEENE, complete=False, operator="StringNotEquals", partial={"x:gone": "*"}),
    variable("numbers take no variables", "${x:team}", "1", None, SILENT, operator="NumericEquals", context={"x:team": "1"}),
    C("variables: a whole ARN under an ARN operator", SILENT, {"ArnEquals": {"x:arn": "${aws:PrincipalArn}"}}, {"x:arn": ROLE}, None),
    C("variables: a whole ARN under a string operator", VARIABLES, {"StringEquals": {"x:arn": "${aws:PrincipalArn}"}}, {"x:arn": ROLE}, True),
    C("variables: an ARN's account", SILENT, {"ArnLike": {"x:arn": "arn:aws:iam::${aws:PrincipalAccount}:role/*"}}, {"x:arn": ROLE}, None),
    C("variables: an ARN's account, another resource", VARIABLES, {"ArnLike": {"x:arn": "arn:aws:iam::${aws:PrincipalAccount}:user/*"}}, {"x:arn": ROLE}, False),
    C("variables: an ARN's account, under a string operator", VARIABLES, {"StringLike": {"x:arn": "arn:aws:iam::${aws:PrincipalAccount}:role/*"}}, {"x:arn": ROLE}, True),
    C("variables: unknown, in an ARN whose parts differ", VARIABLES, {"ArnLike": {"x:arn": "arn:aws:some:*:111122223333:f/${x:f}"}}, {"x:arn": "arn:aws:some:us-east-2:999999999999:s:111122223333:f/d"}, False, complete=False),
    C("variables: in an ARN", VARIABLES, {"ArnLike": {"x:arn": "arn:aws:s3:::${x:b}/*"}}, {"x:arn": OBJECT, "x:b": "data"}, True),
    C("variables: aws:username of a user", VARIABLES, {"StringEquals": {"x:t": "${aws:username}"}}, {"x:t": "Ann"}, True, principal=USER),
    C("variables: aws:username of a role", NO_VALUE, {"StringEquals": {"x:t": "${aws:username}"}}, {"x:t": "Ann"}, False),
    C("variables: under Bool the pages disagree", SILENT, {"Bool": {"x:t": "${x:u}"}}, {"x:t": "true", "x:u": "true"}, None),
    Case("variables: in Resource", VARIABLES, ALLOWED, document(statement(Resource=KEY[:-1] + "${x:end}")), ask(context={"x:end": "b"})),
    Case("variables: in Resource, other value", VARIABLES, DENIED, document(statement(Resource=KEY[:-1] + "${x:end}")), ask(context={"x:end": "c"})),
    Case("variables: in Resource, no value", NO_VALUE, DENIED, document(statement(Resource=KEY[:-1] + "${x:end}")), ask()),
    Case("variables: before the fifth colon of Resource", SILENT, UNKNOWN, document(statement(Resource=KEY.replace("111122223333", "${aws:PrincipalAccount}"))), ask()),
    Case("variables: before the fifth colon of Resource, another key", VARIABLES, DENIED, document(statement(Resource=KEY.replace("111122223333", "${aws:PrincipalAccount}")[:-1] + "0")), ask()),
    Case("variables: before the fifth colon of NotResource", SILENT, UNKNOWN, document(statement(Resource=None, NotResource=KEY.replace("aws", "${x:p}"))), ask()),
    Case("variables: in NotResource, perhaps no value", SILENT, UNKNOWN, document(statement(Resource=None, NotResource=KEY[:-1] + "0${x:end}")), ask(complete=False)),
    Case("variables: in NotResource, an unknown value that cannot match", VARIABLES, ALLOWED, document(statement(Resource=None, NotResource=KEY[:-1] + "0${x:end}")), ask(complete=False, partial={"x:end": "*"})),
    Case("variables: in NotResource, a default instead", VARIABLES, ALLOWED, document(statement(Resource=None, NotResource=KEY[:-1] + "0${x:end, 'z'}")), ask(complete=False)),
    Case("variables: in Resource, unknown", KLEENE, UNKNOWN, document(statement(Resource=KEY[:-1] + "${x:end}")), ask(complete=False)),
    Case("variables: in NotResource, no value", SILENT, UNKNOWN, document(statement(Resource=None, NotResource=KEY[:-1] + "${x:end}")), ask()),
    Case("variables: in Resource, 2008 version", VARIABLES, DENIED, document(statement(Resource=KEY[:-1] + "${x:end}"), version="2008-10-17"), ask(context={"x:end": "b"})),
    Case("variables: never in Action", VARIABLES, DENIED, document(statement(Action="kms:${x:a}")), ask(context={"x:a": "Decrypt"})),
    Case("variables: never in Principal", VARIABLES, DENIED, document(statement(Principal={"AWS": "${aws:PrincipalArn}"})), ask()),
]  # fmt: skip

EC = "kms:EncryptionContext:aws:s3:arn"
DEFINED = {EC: OBJECT}
CONTEXT_CASES = [
    C("pair equal", CONTEXT_CASE, {"StringEquals": {EC: OBJECT}}, DEFINED, True),
    C("pair's name in another case", CONTEXT_CASE, {"StringEquals": {"kms:encryptioncontext:AWS:S3:Arn": OBJECT}}, DEFINED, True),
    C("pair's value keeps its case", CONTEXT_CASE, {"StringEquals": {EC: OBJECT.upper()}}, DEFINED, False),
    C("pair's value, ignoring case", CONTEXT_CASE, {"StringEqualsIgnoreCase": {EC: OBJECT.upper()}}, DEFINED, True),
    C("object form against bucket form", CONTEXT_CASE, {"StringLike": {EC: f"{BUCKET}/*"}}, {EC: BUCKET}, False),
    C("bucket form against object form", CONTEXT_CASE, {"StringLike": {EC: BUCKET}}, DEFINED, False),
    C("both forms listed", CONTEXT_CASE, {"StringLike": {EC: [BUCKET, f"{BUCKET}/*"]}}, {EC: BUCKET}, True),
    C("names are derived from the pairs", CONTEXT_KEYS, {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:s3:arn"}}, DEFINED, True),
    C("names keep their case as values", CONTEXT_KEYS, {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "AWS:S3:ARN"}}, DEFINED, False),
    C("only these names", CONTEXT_KEYS, {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["aws:s3:arn"]}}, DEFINED, True),
    C("another name besides", CONTEXT_KEYS, {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["aws:s3:arn"]}}, {EC: OBJECT, "kms:EncryptionContext:x": "1"}, False),
    C("an encryption context must be there", CONTEXT_KEYS, {"Null": {"kms:EncryptionContextKeys": False}}, DEFINED, True),
    C("no encryption context", CONTEXT_KEYS, {"Null": {"kms:EncryptionContextKeys": False}}, {}, False),
    C("names known, value of a pair not", KLEENE, {"StringEquals": {EC: OBJECT}}, {"kms:EncryptionContextKeys": ("aws:s3:arn",)}, None, complete=False),
    C("pair not known", KLEENE, {"Null": {EC: "true"}}, {}, None, complete=False),
    C("names absent, another key not known", KLEENE, {"Null": {"x:a": "true"}}, {}, None, complete=False, absent=frozenset({"kms:EncryptionContextKeys"})),
    C("names absent, and so the pair", CONTEXT_KEYS, {"Null": {EC: "true"}}, {}, True, complete=False, absent=frozenset({"kms:EncryptionContextKeys"})),
    C("a name of the list follows from absence", CONTEXT_KEYS, {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:s3:arn"}}, DEFINED, True, complete=False, absent=frozenset({"kms:EncryptionContext:*"})),
    C("names known, another pair is absent", CONTEXT_KEYS, {"Null": {"kms:EncryptionContext:x": "true"}}, {"kms:EncryptionContextKeys": ("aws:s3:arn",)}, True, complete=False),
    C("names known, this pair is there", CONTEXT_KEYS, {"Null": {EC: "false"}}, {"kms:EncryptionContextKeys": ("aws:s3:arn",)}, True, complete=False),
    C("other pairs known to be absent", KLEENE, {"Null": {"kms:EncryptionContext:x": "true"}}, DEFINED, True, complete=False, absent=frozenset({"kms:EncryptionContext:*"})),
    C("list of names follows from absence", CONTEXT_KEYS, {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "aws:s3:arn"}}, DEFINED, True, complete=False, absent=frozenset({"kms:EncryptionContext:*"})),
]  # fmt: skip

ID = "aws:userid"
DERIVED = [
    C("derived: aws:PrincipalArn of a role", GLOBAL_KEYS, {"ArnEquals": {"aws:PrincipalArn": ROLE}}, {}, True),
    C("derived: aws:PrincipalAccount", GLOBAL_KEYS, {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, {}, True),
    C("derived: kms:CallerAccount", GLOBAL_KEYS, {"StringEquals": {"kms:CallerAccount": "111122223333"}}, {}, True),
    C("derived: aws:PrincipalIsAWSService", GLOBAL_KEYS, {"Bool": {"aws:PrincipalIsAWSService": "false"}}, {}, True),
    C("derived: no aws:PrincipalServiceName", GLOBAL_KEYS, {"Null": {"aws:PrincipalServiceName": "true"}}, {}, True),
    C("derived: aws:PrincipalType", GLOBAL_KEYS, {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, {}, True),
    C("derived: no aws:username for a role", GLOBAL_KEYS, {"Null": {"aws:username": "true"}}, {}, True, complete=False),
    C("derived: aws:userid of a session", GLOBAL_KEYS, {"StringEquals": {ID: f"{ROLE_ID}:FSx"}}, {}, True, principal=SESSION, unique_ids=frozenset({ROLE_ID})),
    C("derived: aws:userid of root", GLOBAL_KEYS, {"StringEquals": {ID: "111122223333"}}, {}, True, principal=ROOT, complete=False),
    C("derived: aws:userid of a user", GLOBAL_KEYS, {"StringEquals": {ID: "AIDAEXAMPLEEXAMPLE123"}}, {}, True, principal=USER, unique_ids=frozenset({"AIDAEXAMPLEEXAMPLE123"}), complete=False),
    C("derived: aws:userid of a role, session not known", KLEENE, {"StringEquals": {ID: ROLE_ID}}, {}, None, unique_ids=frozenset({ROLE_ID}), complete=False),
    C("derived: no aws:PrincipalAccount of nobody", GLOBAL_KEYS, {"Null": {"aws:PrincipalAccount": "true"}}, {}, True, principal="*", complete=False),
    C("derived: no aws:PrincipalIsAWSService of nobody", GLOBAL_KEYS, {"Null": {"aws:PrincipalIsAWSService": "true"}}, {}, True, principal="*", complete=False),
    C("derived: no aws:PrincipalServiceName of a role", GLOBAL_KEYS, {"Null": {"aws:PrincipalServiceName": "true"}}, {}, True, complete=False),
    C("derived: aws:PrincipalServiceNamesList of a service", KLEENE, {"Null": {"aws:PrincipalServiceNamesList": "true"}}, {}, None, principal="s3.amazonaws.com", complete=False),
    C("derived: given values win", REASON, {"StringEquals": {"kms:CallerAccount": "999999999999"}}, {"kms:CallerAccount": "999999999999"}, True),
    C("derived: a session's role, path unknown", KLEENE, {"ArnLike": {"aws:PrincipalArn": ROLE}}, {}, None, principal=SESSION, complete=False),
    C("derived: a session's role, other name", KLEENE, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Other"}}, {}, False, principal=SESSION, complete=False),
    C("derived: a session's role, any role", KLEENE, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}, {}, True, principal=SESSION, complete=False),
    C("derived: another key of a session", KLEENE, {"Null": {"x:a": "true"}}, {}, None, principal=SESSION, complete=False),
    C("derived: aws:ResourceAccount of the key", GLOBAL_KEYS, {"StringEquals": {"aws:ResourceAccount": "111122223333"}}, {}, True, complete=False),
    C("service: aws:PrincipalServiceName", GLOBAL_KEYS, {"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}}, {}, True, principal="s3.amazonaws.com"),
    C("service: aws:PrincipalIsAWSService", GLOBAL_KEYS, {"Bool": {"aws:PrincipalIsAWSService": "true"}}, {}, True, principal="s3.amazonaws.com"),
    C("service: no aws:PrincipalArn", GLOBAL_KEYS, {"Null": {"aws:PrincipalArn": "true"}}, {}, True, principal="s3.amazonaws.com", complete=False),
]  # fmt: skip


def partial(name: str, block: dict[str, Any], holds: bool | None, form: str = "AROA?*:FSx", key: str = ID) -> Case:
    return C(f"known by its form: {name}", KLEENE, block, {}, holds, complete=False, partial={key: form})


FORMS = [
    partial("the documented *:FSx", {"StringLike": {ID: "*:FSx"}}, True),
    partial("another session", {"StringLike": {ID: "*:other"}}, False),
    partial("an exact id may be it", {"StringLike": {ID: f"{ROLE_ID}:FSx"}}, None),
    partial("an exact id of a user is not", {"StringEquals": {ID: "AIDAEXAMPLEEXAMPLE123"}}, False),
    partial("equality may hold", {"StringEquals": {ID: f"{ROLE_ID}:FSx"}}, None),
    partial("negated, certainly another", {"StringNotLike": {ID: "*:other"}}, True),
    partial("negated, certainly this", {"StringNotLike": {ID: "*:FSx"}}, False),
    partial("negated, may be it", {"StringNotEquals": {ID: f"{ROLE_ID}:FSx"}}, None),
    partial("one of several certainly", {"StringLike": {ID: ["x", "AROA*"]}}, True),
    partial("without regard to case", {"StringEqualsIgnoreCase": {ID: "aroa"}}, False),
    partial("it is there", {"Null": {ID: "false"}}, True),
    partial("IfExists does not help", {"StringLikeIfExists": {ID: "*:other"}}, False),
    partial(
        "a time that is not known", {"DateLessThan": {"aws:CurrentTime": "2030-01-01"}}, None, "*", "aws:CurrentTime"
    ),
    partial("whichever object, all allowed", {"StringLike": {EC: f"{BUCKET}/*"}}, True, f"{BUCKET}/*", EC),
    partial("whichever object, some allowed", {"StringLike": {EC: f"{BUCKET}/a/*"}}, None, f"{BUCKET}/*", EC),
    partial("whichever object under a prefix", {"StringLike": {EC: f"{BUCKET}/a/*"}}, True, f"{BUCKET}/a/b/*", EC),
    partial("whichever object, ARN operator", {"ArnLike": {EC: f"{BUCKET}/*"}}, True, f"{BUCKET}/*", EC),
    partial("whichever object, other bucket", {"ArnLike": {EC: "arn:aws:s3:::other/*"}}, False, f"{BUCKET}/*", EC),
    C(
        "known by its form: a variable, ignoring case",
        KLEENE,
        {"StringEqualsIgnoreCase": {ID: "${x:id}:fsx"}},
        {"x:id": "Aroaexample"},
        None,
        complete=False,
        partial={ID: "AROA?*:FSx"},
    ),
    C(
        "known by its form: a variable",
        KLEENE,
        {"StringEquals": {ID: "${x:id}:FSx"}},
        {"x:id": "AROAEXAMPLE"},
        None,
        complete=False,
        partial={ID: "AROA?*:FSx"},
    ),
    C(
        "known by its form: a variable without a value",
        KLEENE,
        {"StringEquals": {ID: "${aws:username}:FSx"}},
        {},
        False,
        complete=False,
        partial={ID: "AROA?*:FSx"},
    ),
    partial("an ARN with a colon in its resource", {"ArnLike": {EC: f"{BUCKET}/a:*"}}, True, f"{BUCKET}/a:b/*", EC),
    partial("an ARN with another colon", {"ArnLike": {EC: f"{BUCKET}/*"}}, True, f"{BUCKET}/a:b/*", EC),
    partial("an ARN with a colon in the pattern", {"ArnLike": {EC: f"{BUCKET}/a:b"}}, None, f"{BUCKET}/a*", EC),
    partial("a star for an ARN", {"ArnLike": {EC: "*"}}, None, f"{BUCKET}/*", EC),
    partial("a pattern that is no ARN", {"ArnLike": {EC: "arn:aws-cn:*"}}, False, f"{BUCKET}/*", EC),
    partial("a form that is no ARN", {"ArnLike": {EC: f"{BUCKET}/*"}}, None, "arn:aws:*", EC),
    partial("a form of ARNs of any service", {"ArnLike": {EC: "arn:aws:*:::data/*"}}, None, "arn:aws:*:::data/*", EC),
    partial("a form of ARNs of others", {"ArnLike": {EC: f"{BUCKET}/*"}}, False, "arn:aws-cn:*", EC),
    partial("negated, a form that is no ARN", {"ArnNotLike": {EC: f"{BUCKET}/*"}}, None, "arn:aws-cn:*", EC),
    partial("negated, ARNs of another bucket", {"ArnNotLike": {EC: f"{BUCKET}/*"}}, True, "arn:aws:s3:::logs/*", EC),
    partial("whichever object, question marks", {"StringLike": {EC: f"{BUCKET}/??*"}}, None, f"{BUCKET}/*", EC),
]

CASES = [*SET_CASES, *VARIABLE_CASES, *CONTEXT_CASES, *DERIVED, *FORMS]
