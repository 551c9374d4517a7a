"""Cases of values that are not known, or known in part: disputed keys, times, lists, and keys that do not exist."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fcsse.evaluator.known_values import Bound
from tests.evaluator.case import (
    ACCOUNT,
    ALLOWED,
    BUCKET,
    DENIED,
    GLOBAL_KEYS,
    KEY,
    KLEENE,
    LOGIC,
    NULL,
    OBJECT,
    OPERATORS,
    SETS,
    SILENT,
    UNKNOWN,
    Case,
    ask,
    condition,
    document,
    statement,
)

C = condition
TAG = "aws:ResourceTag/team"
ABAC = "KMS developer guide, ABAC for AWS KMS (IAM policy only) against its permissions table"


def disputed(name: str, block: dict[str, Any], holds: bool | None, **more: Any) -> Case:
    """The key has a tag and an alias, and whether a key policy can test them is open."""
    given = {TAG: "x", "kms:ResourceAliases": ("alias/data",), **more}
    known = frozenset({TAG.lower(), "kms:resourcealiases"})
    return C(f"disputed: {name}", ABAC, block, given, holds, complete=False, disputed=known)


DISPUTED = [
    disputed("equal", {"StringEquals": {TAG: "x"}}, None),
    disputed("equal, IfExists", {"StringEqualsIfExists": {TAG: "x"}}, True),
    disputed("other", {"StringEquals": {TAG: "y"}}, False),
    disputed("other, IfExists", {"StringEqualsIfExists": {TAG: "y"}}, None),
    disputed("negated, other", {"StringNotEquals": {TAG: "y"}}, True),
    disputed("negated, equal", {"StringNotEquals": {TAG: "x"}}, None),
    disputed("absent", {"Null": {TAG: "true"}}, None),
    disputed("absent or there", {"Null": {TAG: ["true", "false"]}}, True),
    disputed("absent, or nobody knows what", {"Null": {TAG: "maybe"}}, None),
    disputed("an alias of these", {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/data"}}, None),
    disputed("no alias but these", {"ForAllValues:StringEquals": {"kms:ResourceAliases": "alias/data"}}, True),
    disputed("an alias that is none", {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/x"}}, False),
    disputed("an operator that is none", {"Odd": {TAG: "x"}}, None),
    disputed("a negated operator without values", {"StringNotEquals": {TAG: []}}, None),
    disputed("no aliases", {"Null": {"kms:ResourceAliases": "true"}}, True, **{"kms:ResourceAliases": ()}),
    disputed("a variable", {"StringEquals": {"x:t": "${aws:ResourceTag/team}"}}, None, **{"x:t": "x"}),
    disputed("a variable that cannot match", {"StringLike": {"x:t": "a-${aws:ResourceTag/team}"}}, False, **{"x:t": "x"}),
    disputed("a variable, negated", {"StringNotLike": {"x:t": "a-${aws:ResourceTag/team}"}}, None, **{"x:t": "x"}),
    Case(
        "disputed: allowed with the tag, denied without it",
        ABAC,
        UNKNOWN,
        document(statement(), statement(Effect="Deny", Condition={"StringNotEquals": {TAG: "x"}})),
        ask(context={TAG: "x"}, complete=False, disputed=frozenset({TAG.lower()})),
    ),
    Case(
        "disputed: allowed with the tag and without it",
        ABAC,
        ALLOWED,
        document(
            statement(Sid="With", Condition={"StringEquals": {TAG: "x"}}),
            statement(Sid="Without", Condition={"Null": {TAG: "true"}}),
        ),
        ask(context={TAG: "x"}, complete=False, disputed=frozenset({TAG.lower()})),
    ),
]  # fmt: skip

SLIP = "aws:Nonsense"
SLIPS = [
    C(f"no such key: {operator}", SILENT, {operator: {SLIP: "1"}}, {}, None, complete=False)
    for operator in (
        "StringEquals", "StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals", "ForAnyValue:StringEquals",
        "ForAnyValue:StringNotEquals", "ForAnyValue:StringEqualsIfExists", "Null", "Odd",
    )
] + [
    C(f"no such key: {key}", SILENT, {"StringEquals": {key: "1"}}, {}, None, complete=False)
    for key in ("userid", "kms:EncryptionContext", "aws:PrincipalTag/")
]  # fmt: skip

NOW = Decimal(1_780_272_000)  # 2026-06-01
CLOCK = Bound(NOW, NOW + 365 * 24 * 3600)
TIME, EPOCH = "aws:CurrentTime", "aws:EpochTime"
TIMES = "reasoning: time only goes forward"
BOUNDS = {TIME: CLOCK, EPOCH: CLOCK, "s3:TlsVersion": Bound(Decimal("1.2"))}


def timed(name: str, block: dict[str, Any], holds: bool | None, source: str = TIMES) -> Case:
    return C(f"at least: {name}", source, block, {}, holds, complete=False, at_least=BOUNDS)


AT_LEAST = [
    *(
        timed(f"{operator} {wanted}", {operator: {TIME: wanted}}, holds)
        for operator, wanted, holds in (
            ("DateLessThan", "2026-05-31", False),
            ("DateLessThan", "2026-06-01", False),
            ("DateLessThan", "2026-06-01T00:00:01Z", None),
            ("DateLessThan", "2099-01-01", True),
            ("DateLessThanEquals", "2026-06-01", None),
            ("DateLessThanEquals", "2027-06-01", True),
            ("DateLessThan", "2027-06-01", None),
            ("DateLessThan", "2027-06-01T00:00:01Z", True),
            ("DateGreaterThan", "2026-05-31", True),
            ("DateGreaterThan", "2026-06-01", None),
            ("DateGreaterThan", "2099-01-01", False),
            ("DateGreaterThanEquals", "2026-06-01", True),
            ("DateEquals", "2026-05-31", False),
            ("DateEquals", "2026-06-01", None),
            ("DateEquals", "2026-07-01", None),
            ("DateEquals", "2027-06-01", None),
            ("DateNotEquals", "2026-05-31", True),
            ("DateNotEquals", "2026-07-01", None),
            ("DateGreaterThan", "x", None),
        )
    ),
    timed("a number against a time", {"NumericGreaterThan": {TIME: "1"}}, None, SILENT),
    timed("a number against the epoch", {"NumericGreaterThan": {EPOCH: "1"}}, True, GLOBAL_KEYS),
    timed("a date against the epoch", {"DateGreaterThan": {EPOCH: "2020-01-01"}}, True, GLOBAL_KEYS),
    timed("a date against a number", {"DateGreaterThan": {"s3:TlsVersion": "1"}}, None, SILENT),
    timed("a number", {"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}}, True, OPERATORS),
    timed("a number that need not be reached", {"NumericLessThan": {"s3:TlsVersion": "1.3"}}, None, OPERATORS),
    timed("there", {"Null": {TIME: "false"}}, True, NULL),
    timed("a text", {"StringLike": {TIME: "*"}}, True, OPERATORS),
    timed("a text of some", {"StringLike": {TIME: "2026*"}}, None, OPERATORS),
    timed("one of two", {"DateGreaterThan": {TIME: ["x", "2020-01-01"]}}, True, LOGIC),
    *(
        Case(f"at least: {name}", TIMES, expected, document(*rules), ask(complete=False, at_least=BOUNDS, context=context))
        for name, expected, rules, context in (
            ("two deadlines", ALLOWED, [statement(Condition={"DateLessThan": {TIME: ["2098-01-01", "2099-01-01"]}}), statement(Condition={"DateLessThan": {TIME: "2097-01-01"}})], {}),
            ("a deadline of another statement", ALLOWED, [statement(Action="kms:Encrypt", Condition={"DateLessThan": {TIME: "2099-01-01"}}), statement()], {}),
            ("a Deny that comes", ALLOWED, [statement(), statement(Effect="Deny", Condition={"DateGreaterThan": {TIME: "2098-01-01"}})], {}),
            ("a Deny that comes for another action", ALLOWED, [statement(), statement(Effect="Deny", Action="kms:Encrypt", Condition={"DateGreaterThan": {TIME: "2098-01-01"}})], {}),
            ("a Deny that ends", DENIED, [statement(), statement(Sid="No", Effect="Deny", Condition={"DateLessThan": {TIME: "2098-01-01"}})], {}),
            ("an Allow that comes", DENIED, [statement(Condition={"DateGreaterThan": {TIME: "2098-01-01"}})], {}),
            ("an Allow that comes for another", DENIED, [statement(Principal={"AWS": "444455556666"}, Condition={"DateGreaterThan": {TIME: "2098-01-01"}})], {}),
            ("a deadline beside another key", ALLOWED, [statement(Condition={"DateLessThan": {TIME: "2099-01-01"}, "NumericLessThan": {"x:n": "5"}})], {"x:n": "1"}),
            ("no condition", ALLOWED, [statement()], {}),
        )
    ),
]  # fmt: skip

PATHS = "aws:PrincipalOrgPaths"


def listed(
    name: str, block: dict[str, Any], holds: bool | None, key: str = PATHS, form: str = "o-1/*", **more: Any
) -> Case:
    return C(f"a list by its form: {name}", SETS, block, more, holds, complete=False, partial={key: form})


LISTS = [
    listed("any, certainly", {"ForAnyValue:StringLike": {PATHS: "o-1/*"}}, True),
    listed("any, never", {"ForAnyValue:StringLike": {PATHS: "o-2/*"}}, False),
    listed("any, perhaps", {"ForAnyValue:StringLike": {PATHS: "o-1/r/*"}}, None),
    listed("all, certainly", {"ForAllValues:StringLike": {PATHS: "o-1/*"}}, True),
    listed("all, never", {"ForAllValues:StringLike": {PATHS: "o-2/*"}}, False),
    listed("all, perhaps", {"ForAllValues:StringLike": {PATHS: ["o-1/r/*", "o-2/*"]}}, None),
    listed("any negated, never", {"ForAnyValue:StringNotLike": {PATHS: "o-1/*"}}, False),
    listed("any negated, certainly", {"ForAnyValue:StringNotLike": {PATHS: "o-2/*"}}, True),
    listed("all negated, certainly", {"ForAllValues:StringNotLike": {PATHS: ["o-2/*", "o-3/*"]}}, True),
    listed("one of two, certainly", {"ForAnyValue:StringLike": {PATHS: ["o-2/*", "o-1/*"]}}, True),
    listed("without a prefix", {"StringLike": {PATHS: "o-1/*"}}, None),
    listed("without a prefix, negated", {"StringNotLike": {PATHS: "o-2/*"}}, None),
    listed("negated without values", {"ForAllValues:StringNotLike": {PATHS: []}}, None),
    listed("there", {"Null": {PATHS: "false"}}, True),
    listed("a variable", {"ForAnyValue:StringLike": {PATHS: "${x:o}/*"}}, True, **{"x:o": "o-1"}),
    listed("a variable of no value, negated", {"ForAnyValue:StringNotLike": {PATHS: "o-2/${x:o}"}}, None),
    listed("a variable of no value", {"ForAnyValue:StringLike": {PATHS: "o-2/${x:o}"}}, False),
    listed("numbers", {"ForAnyValue:NumericLessThan": {"x:n": "5"}}, None, "x:n", "*"),
    listed("no numbers", {"ForAnyValue:NumericLessThan": {"x:n": "five"}}, None, "x:n", "*"),
    listed("of a key of no known type", {"ForAnyValue:StringLike": {"x:n": "o-1/*"}}, True, "x:n"),
    listed("of a key with one value", {"ForAnyValue:StringLike": {"aws:userid": "o-1/*"}}, True, "aws:userid"),
]  # fmt: skip

CALLED = "aws:CalledVia"
VPC = "aws:SourceVpc"
IP, ARN = "aws:SourceIp", "aws:PrincipalTag/arn"
AGE = "aws:MultiFactorAuthAge"


def cases(name: str, expected: str, *rules: dict[str, Any], source: str = KLEENE, **asked: Any) -> Case:
    return Case(f"by cases: {name}", source, expected, document(*rules), ask(complete=False, **asked))


def allow(block: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return statement(Condition=block, **changes)


def deny(block: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return statement(Effect="Deny", Condition=block, **changes)


BY_CASES = [
    cases("any of a list, or none", ALLOWED, allow({"ForAnyValue:StringEquals": {CALLED: "a"}}, Sid="Any"), allow({"ForAllValues:StringNotEquals": {CALLED: "a"}}, Sid="None")),
    cases("all of a list, or another one", ALLOWED, allow({"ForAllValues:StringEquals": {CALLED: ["a", "b"]}}), allow({"ForAnyValue:StringNotEquals": {CALLED: ["b", "a"]}})),
    cases("any of a list, or another one", UNKNOWN, allow({"ForAnyValue:StringEquals": {CALLED: "a"}}), allow({"ForAllValues:StringNotEquals": {CALLED: "b"}})),
    cases("any of a list is something", ALLOWED, allow({"Null": {CALLED: "true"}}), allow({"ForAnyValue:StringEquals": {CALLED: "a"}}), allow({"ForAnyValue:StringNotEquals": {CALLED: "a"}})),
    cases("none of a list, and all of it", DENIED, allow({"ForAllValues:StringEquals": {CALLED: "a"}, "ForAllValues:StringNotEquals": {CALLED: "a"}, "Null": {CALLED: "false"}})),
    cases("absent and there", DENIED, allow({"Null": {VPC: "true"}, "StringEquals": {VPC: "a"}})),
    cases("absent or there", ALLOWED, allow({"Null": {VPC: ["true", "false"]}})),
    cases("a key of numbers that may be anything", ALLOWED, allow({"NumericLessThan": {"x:n": "5"}}), allow({"NumericEquals": {"x:n": "5"}}), allow({"NumericGreaterThan": {"x:n": "5"}}), allow({"Null": {"x:n": "true"}})),
    cases("numbers apart", DENIED, allow({"NumericLessThan": {AGE: "5"}, "NumericGreaterThan": {AGE: "6"}})),
    cases("numbers apart, the other way", DENIED, allow({"NumericGreaterThan": {AGE: "6"}, "NumericLessThan": {AGE: "5"}})),
    cases("numbers that meet", UNKNOWN, allow({"NumericLessThan": {AGE: "6"}, "NumericGreaterThan": {AGE: "5"}})),
    cases("a number equal to two", DENIED, allow({"NumericEquals": {AGE: "5"}}), deny({"NumericNotEquals": {AGE: "6"}})),
    cases("what does not lie in between", ALLOWED, allow({"NumericLessThanIfExists": {AGE: "6"}}), allow({"NumericGreaterThan": {AGE: "5"}})),
    cases("a text and no number", UNKNOWN, allow({"NumericEquals": {AGE: "five"}})),
    cases("MFA either way", ALLOWED, allow({"Bool": {"aws:MultiFactorAuthPresent": "true"}}), allow({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})),
    cases("truth of a key of no known type", UNKNOWN, allow({"Bool": {"x:b": "true"}}), allow({"BoolIfExists": {"x:b": "false"}})),
    cases("two texts", UNKNOWN, allow({"StringEquals": {VPC: "a"}}), allow({"StringNotEquals": {VPC: "b"}})),
    cases("a variable", UNKNOWN, allow({"StringEquals": {"aws:PrincipalTag/t": "${aws:SourceVpc}"}})),
    cases("a variable with a default, either way", ALLOWED, allow({"StringEquals": {"aws:PrincipalTag/t": "${aws:SourceVpc, 'x'}"}}), allow({"StringNotEquals": {"aws:PrincipalTag/t": "${aws:SourceVpc, 'x'}"}})),
    cases("a known value against a variable", UNKNOWN, allow({"StringEquals": {"aws:PrincipalAccount": "${aws:SourceVpc}"}})),
    cases("a known value against a variable, either way", ALLOWED, allow({"StringEquals": {"aws:PrincipalAccount": "${aws:SourceVpc, 'x'}"}}, Sid="A"), allow({"StringNotEquals": {"aws:PrincipalAccount": "${aws:SourceVpc, 'x'}"}}, Sid="B")),
    cases("a resource with a variable, either way", ALLOWED, allow(Resource=KEY[:-1] + "${aws:SourceVpc, 'x'}"), allow(Resource=None, NotResource=KEY[:-1] + "${aws:SourceVpc, 'x'}")),
    cases("objects of a part or not", ALLOWED, allow({"Null": {VPC: "true"}}, Resource=f"{BUCKET}/*", Action="s3:*"), allow({"Null": {VPC: "false"}}, Resource=f"{BUCKET}/*", Action="s3:*"), action="s3:GetObject", resource=OBJECT, context={"aws:ResourceAccount": ACCOUNT}),
    cases("objects of two parts", ALLOWED, allow(Resource=f"{BUCKET}/a/*", Action="s3:*"), allow(Resource=None, NotResource=f"{BUCKET}/a/*", Action="s3:*"), action="s3:GetObject", resource=OBJECT, resource_form=f"{BUCKET}/*", context={"aws:ResourceAccount": ACCOUNT}),
    cases("a value that is not empty, or none", ALLOWED, allow({"StringLike": {VPC: "?*"}}), allow({"Null": {VPC: "true"}})),
    cases("a list with a value that is not empty, or none", UNKNOWN, allow({"ForAnyValue:StringLike": {CALLED: "?*"}}), allow({"Null": {CALLED: "true"}})),
    cases("any of one value, and that value", DENIED, allow({"ForAnyValue:StringEquals": {VPC: "a"}}), deny({"StringEquals": {VPC: "a"}})),
    cases("one of a list, and another one", UNKNOWN, allow({"ForAnyValue:StringEquals": {"x:l": "a"}, "ForAnyValue:StringNotEquals": {"x:l": "a"}})),
    cases("a variable with a default", UNKNOWN, allow({"StringEquals": {"aws:PrincipalTag/t": "${aws:SourceVpc, 'x'}"}})),
    cases("addresses of a range and of a wider one", DENIED, allow({"IpAddress": {IP: "10.0.0.0/8"}}), deny({"IpAddress": {IP: "0.0.0.0/0"}})),
    cases("addresses of a range and of a narrower one", UNKNOWN, allow({"IpAddress": {IP: "10.0.0.0/8"}}), deny({"IpAddress": {IP: "10.1.0.0/16"}})),
    cases("addresses of a range and of another", DENIED, allow({"IpAddress": {IP: "10.0.0.0/8"}, "NotIpAddress": {VPC: "x"}}), deny({"NotIpAddress": {IP: "172.16.0.0/12"}})),
    cases("addresses of a range twice", DENIED, allow({"IpAddress": {IP: "10.0.0.0/8"}}), deny({"IpAddress": {IP: "10.0.0.1/8"}})),
    cases("addresses of both families", UNKNOWN, allow({"IpAddress": {IP: "10.0.0.0/8"}}), deny({"NotIpAddress": {IP: "2001:db8::/32"}})),
    cases("addresses of IPv6, a wider range", UNKNOWN, allow({"IpAddress": {IP: "2001:db8::/48"}}), deny({"IpAddress": {IP: "2001:db8::/32"}})),
    cases("an address either way", ALLOWED, allow({"IpAddress": {IP: "10.0.0.1"}}), allow({"NotIpAddress": {IP: "10.0.0.1"}})),
    cases("a range of IPv6 either way", ALLOWED, allow({"IpAddress": {IP: "2001:db8::/64"}}), allow({"NotIpAddress": {IP: "2001:db8::/64"}})),
    cases("an address of IPv6 without a prefix, either way", UNKNOWN, allow({"IpAddress": {IP: "2001:db8::1"}}), allow({"NotIpAddress": {IP: "2001:db8::1"}}), source=SILENT),
    cases("an address that is none, either way", UNKNOWN, allow({"IpAddress": {IP: "x/y"}}), allow({"NotIpAddress": {IP: "x/y"}}), source=SILENT),
    cases("an ARN either way", ALLOWED, allow({"ArnLike": {ARN: "arn:aws:s3:::d*"}}), allow({"ArnNotLike": {ARN: "arn:aws:s3:::d*"}}), allow({"Null": {ARN: "true"}})),
    cases("an ARN of a wider pattern", DENIED, allow({"ArnLike": {ARN: "arn:aws:s3:::da*"}}), deny({"ArnLike": {ARN: "arn:aws:s3:::d*"}})),
    cases("a pattern that is no ARN, either way", UNKNOWN, allow({"ArnLike": {ARN: "*"}}), allow({"ArnNotLike": {ARN: "*"}}), source=SILENT),
    cases("binary data", UNKNOWN, allow({"BinaryEquals": {"x:b": "QQ=="}}), deny({"BinaryEquals": {"x:b": "QQ=="}}), source=SILENT),
    cases("text in either letter case", DENIED, allow({"StringEqualsIgnoreCase": {VPC: "A"}}), deny({"StringEqualsIgnoreCase": {VPC: "a"}})),
    cases("a variable, and a text of the same key", UNKNOWN, allow({"StringEquals": {VPC: "${aws:PrincipalTag/t}"}}), allow({"StringEquals": {VPC: "a"}})),
    cases("a text, and a variable of the same key", UNKNOWN, allow({"StringEquals": {VPC: "a"}}), allow({"StringEquals": {VPC: "${aws:PrincipalTag/t}"}})),
    cases("a number equal to a smaller one", DENIED, allow({"NumericEquals": {AGE: "6"}}), deny({"NumericNotEquals": {AGE: "5"}})),
    cases("a number above two", UNKNOWN, allow({"NumericGreaterThan": {AGE: "5"}, "NumericGreaterThanEquals": {AGE: "6"}})),
    cases("two keys", ALLOWED, allow({"StringEquals": {VPC: "a"}}), allow({"StringNotEquals": {VPC: "a"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}}), allow({"StringNotEquals": {VPC: "a"}, "BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})),
    cases("a Deny either way", DENIED, allow(), deny({"StringEquals": {VPC: "a"}}, Sid="A"), deny({"StringNotEquals": {VPC: "a"}}, Sid="B")),
    cases("a Deny, or nothing that allows", DENIED, allow({"StringEquals": {VPC: "a"}}), deny({"StringEquals": {VPC: "a"}})),
    cases("too many questions", UNKNOWN, *(allow({"StringEquals": {f"x:k{one}": "a"}, "StringLike": {f"x:l{one}": "b*"}}) for one in range(8))),
]  # fmt: skip

CASES = [*DISPUTED, *SLIPS, *AT_LEAST, *LISTS, *BY_CASES]
