"""Cases of condition operators on single-valued keys."""

from __future__ import annotations

from typing import Any

from tests.evaluator.case import (
    ARNS,
    CONDITION,
    IF_EXISTS,
    LOGIC,
    MISSING,
    NULL,
    OPERATORS,
    REASON,
    ROLE,
    SILENT,
    Case,
    condition,
)

C = condition


def pairs(family: str, source: str, key: str, rows: list[tuple[str, Any, Any, bool | None]]) -> list[Case]:
    """One case a row: operator, policy value, the request's value (None = absent), outcome."""
    made = []
    for operator, wanted, given, holds in rows:
        context = {} if given is None else {key: given}
        name = f"{family}: {operator} {wanted!r} against {given!r}"
        made.append(C(name, source, {operator: {key: wanted}}, context, holds))
    return made


STRINGS = pairs(
    "strings",
    OPERATORS,
    "x:text",
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a", "ab", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a*", "a*", True),
        ("StringEquals", "a?", "ab", False),
        ("StringEquals", "", "", True),
        ("StringEquals", "a ", "a", False),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", ["b", "c"], "a", False),
        ("StringEquals", [], "a", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", "a", "a", False),
        ("StringNotEquals", "a", "A", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", "*", "a", True),
        ("StringEqualsIgnoreCase", "AbC", "aBc", True),
        ("StringEqualsIgnoreCase", "abc", "abd", False),
        ("StringEqualsIgnoreCase", "a*", "A*", True),
        ("StringNotEqualsIgnoreCase", "ABC", "abc", False),
        ("StringNotEqualsIgnoreCase", "abc", "abd", True),
        ("StringLike", "a*", "abc", True),
        ("StringLike", "a*", "a", True),
        ("StringLike", "a*", "A", False),
        ("StringLike", "a?c", "abc", True),
        ("StringLike", "a?c", "ac", False),
        ("StringLike", "a?c", "abbc", False),
        ("StringLike", "*", "", True),
        ("StringLike", "?*", "", False),
        ("StringLike", "*b*", "abc", True),
        ("StringLike", "*b", "abc", False),
        ("StringLike", "a*c*e", "abcde", True),
        ("StringLike", "a*c*e", "abcd", False),
        ("StringLike", "a.c", "abc", False),
        ("StringLike", "a[b]c", "abc", False),
        ("StringLike", "a+", "aa", False),
        ("StringLike", "a*b", "a\nb", True),
        ("StringLike", "é*", "éa", True),
        ("StringLike", "a?b", "a\nb", True),
        ("StringLike", ["x*", "a*"], "abc", True),
        ("StringLike", "arn:aws:s3:::data/*", "arn:aws:s3:::data/a/b", True),
        ("StringLike", "arn:aws:s3:::data/*", "arn:aws:s3:::data", False),
        ("StringLike", "arn:aws:s3:::data", "arn:aws:s3:::data/a", False),
        ("StringLike", "arn:aws:s3:::data/*", "arn:aws:s3:::data2/a", False),
        ("StringLike", "arn:aws:s3:::data*", "arn:aws:s3:::data2", True),
        ("StringNotLike", "a*", "abc", False),
        ("StringNotLike", "a*", "bc", True),
        ("StringNotLike", ["b*", "a*"], "abc", False),
        ("StringNotLike", ["b*", "c*"], "abc", True),
    ],
) + pairs(
    "strings",
    SILENT,
    "x:text",
    [(f"{one}", [], given, None) for one in ("StringNotEquals", "StringNotLike") for given in ("a", None)],
)

NUMBERS = pairs(
    "numbers",
    OPERATORS,
    "x:number",
    [
        ("NumericEquals", "10", "10", True),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", 10, "10", True),
        ("NumericEquals", "10", "11", False),
        ("NumericEquals", "2.5", "2.50", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericNotEquals", "10", "10.0", False),
        ("NumericNotEquals", ["1", "10"], "10", False),
        ("NumericLessThan", "10", "9.99", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThan", "9", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericLessThanEquals", "10", "11", False),
        ("NumericGreaterThan", "10", "11", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThan", "9", "10", True),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericGreaterThanEquals", "-1", "0", True),
        ("NumericEquals", ["x", "10"], "10", True),
    ],
) + pairs(
    "numbers",
    SILENT,
    "x:number",
    [
        (operator, wanted, given, None)
        for operator in ("NumericNotEquals", "NumericEquals", "NumericLessThan")
        for wanted, given in (("10", "x"), ("x", "1"), ("ten", "ten"))
    ],
)

DATES = pairs(
    "dates",
    OPERATORS,
    "aws:CurrentTime",
    [
        ("DateEquals", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", True),
        ("DateEquals", "2024-01-01", "2024-01-01T00:00:00Z", True),
        ("DateEquals", "2024-01", "2024-01-01", True),
        ("DateEquals", "1704067200", "2024-01-01T00:00:00Z", True),
        ("DateEquals", "2024-01-01T01:00:00+01:00", "2024-01-01T00:00:00Z", True),
        ("DateEquals", "2023-12-31T19:00:00-05:00", "2024-01-01T00:00:00Z", True),
        ("DateEquals", "2024-01-01T10:30:00+10:30", "2024-01-01T00:00:00Z", True),
        ("DateEquals", "2024-01-01T00:00Z", "2024-01-01T00:00:00.000Z", True),
        ("DateNotEquals", "2024-01-01", "2024-01-02", True),
        ("DateNotEquals", "2024-01-01", "1704067200", False),
        ("DateLessThan", "2024-01-01", "2023-12-31T23:59:59Z", True),
        ("DateLessThan", "2024-01-01", "2024-01-01", False),
        ("DateLessThanEquals", "2024-01-01", "2024-01-01", True),
        ("DateGreaterThan", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z", True),
        ("DateGreaterThan", "2024-01-01", "2023-01-01", False),
        ("DateGreaterThanEquals", "2024-01-01", "2024-01-01", True),
        ("DateGreaterThan", "1704067200", "1704067201", True),
    ],
) + pairs(
    "dates",
    SILENT,
    "aws:CurrentTime",
    [
        (operator, wanted, given, None)
        for operator in ("DateNotEquals", "DateLessThan")
        for wanted, given in (
            ("tomorrow", "2024-01-01"),
            ("2024-13-01", "2024-01-01"),
            ("2024-01-01", "soon"),
            ("2030", "2024-01-01"),
        )
    ],
)

OTHERS = (
    pairs(
        "truth",
        OPERATORS,
        "aws:SecureTransport",
        [
            ("Bool", "true", "true", True),
            ("Bool", "True", "true", True),
            ("Bool", "true", "TRUE", True),
            ("Bool", True, "true", True),
            ("Bool", False, "false", True),
            ("Bool", "false", "true", False),
            ("Bool", ["true", "false"], "false", True),
        ],
    )
    + pairs(
        "binary",
        OPERATORS,
        "x:binary",
        [
            ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
            ("BinaryEquals", "QmluYXJ5", "Binary", True),
            ("BinaryEquals", "QmluYXJ5", "qmluyxj5", False),
            ("BinaryEquals", "AAECAw==", "AAECAw==", True),
        ],
    )
    + pairs(
        "addresses",
        OPERATORS,
        "aws:SourceIp",
        [
            ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
            ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
            ("IpAddress", "203.0.113.7", "203.0.113.7", True),
            ("IpAddress", "203.0.113.7", "203.0.113.8", False),
            ("IpAddress", "203.0.113.7/24", "203.0.113.200", True),
            ("IpAddress", "0.0.0.0/0", "198.51.100.1", True),
            ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
            ("IpAddress", "2001:db8:1234:5678::/64", "2001:db8:1234:5679::1", False),
            ("IpAddress", "2001:db8::1", "2001:0db8:0:0:0:0:0:1", True),
            ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
            ("IpAddress", ["10.0.0.0/8", "203.0.113.0/24"], "203.0.113.7", True),
            ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
            ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
            ("NotIpAddress", ["10.0.0.0/8", "203.0.113.0/24"], "203.0.113.7", False),
            ("NotIpAddress", "0.0.0.0/0", "2001:db8::1", True),
        ],
    )
    + pairs(
        "addresses",
        SILENT,
        "aws:SourceIp",
        [
            ("IpAddress", "2001:db8::1", "2001:db8::2", None),
            ("NotIpAddress", "x", "203.0.113.7", None),
            ("IpAddress", "x", "203.0.113.7", None),
            ("IpAddress", "203.0.113.0/24", "x", None),
            ("IpAddress", ["203.0.113.0/24", "x"], "203.0.113.7", True),
        ],
    )
    + pairs(
        "truth",
        SILENT,
        "aws:SecureTransport",
        [
            ("Bool", "yes", "yes", None),
            ("Bool", "true", "1", None),
            ("Bool", "yes", "true", None),
            ("Bool", ["yes", "true"], "true", True),
        ],
    )
    + pairs(
        "binary",
        SILENT,
        "x:binary",
        [
            ("BinaryEquals", "not base64!", "x", None),
            ("BinaryEquals", "QmluYXJ5", "not base64!", None),
            ("BinaryEquals", "QUJD!", "ABC", None),
        ],
    )
)

OWN = "arn:aws:iam::111122223333:role/path/Reader"
ARN_CASES = pairs(
    "ARNs",
    ARNS,
    "aws:SourceArn",
    [
        (operator, wanted, given, holds)
        for operator in ("ArnLike", "ArnEquals")
        for wanted, given, holds in [
            (OWN, OWN, True),
            ("arn:aws:iam::111122223333:role/*", OWN, True),
            ("arn:aws:iam::*:role/path/Reader", OWN, True),
            ("arn:*:iam::111122223333:role/path/R?ader", OWN, True),
            ("arn:aws:iam::111122223333:user/*", OWN, False),
            ("arn:aws:iam::111122223333:role/path/reader", OWN, False),
            (
                "arn:aws:someservice:*:111122223333:finance/*",
                "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
                False,
            ),
            ("arn:aws:sns:*:*:*", "arn:aws:sns:eu-west-1:111122223333:topic:sub", True),
            ("arn:aws:sns:*:*:topic:*", "arn:aws:sns:eu-west-1:111122223333:topic:sub", True),
            ("arn:aws:sns:*:*:topic:*", "arn:aws:sns:eu-west-1:111122223333:topic", False),
            ("arn:aws:iam::111122223333", OWN, False),
        ]
    ]
    + [
        (operator, wanted, OWN, holds)
        for operator in ("ArnNotLike", "ArnNotEquals")
        for wanted, holds in [
            (OWN, False),
            ("arn:aws:iam::*:role/*", False),
            ("arn:aws:iam::444455556666:*", True),
            (["arn:aws:iam::444455556666:*", OWN], False),
        ]
    ],
) + pairs(
    "ARNs",
    SILENT,
    "aws:SourceArn",
    [
        ("ArnLike", "*", OWN, None),
        ("ArnNotLike", "arn:aws:*", OWN, None),
        ("ArnNotLike", "arn:aws-cn:*", OWN, None),
        ("ArnNotEquals", "arn:aws:sns:*:*:*", "sns.amazonaws.com", None),
    ],
)

POSITIVE = ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "NumericEquals"]
POSITIVE += [
    "NumericLessThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateGreaterThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
]
NEGATED = ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike"]
NEGATED += ["NumericNotEquals", "DateNotEquals", "NotIpAddress"]
ABSENT = [
    C(f"absent key: {operator}", MISSING, {operator: {"x:gone": "1"}}, {}, operator in NEGATED)
    for operator in POSITIVE + NEGATED
] + [
    C(f"absent key: {operator}IfExists", IF_EXISTS, {f"{operator}IfExists": {"x:gone": "1"}}, {}, True)
    for operator in POSITIVE + NEGATED
]

PRESENT = [
    C("IfExists with the key there and equal", IF_EXISTS, {"StringEqualsIfExists": {"x:a": "1"}}, {"x:a": "1"}, True),
    C("IfExists with the key there and other", IF_EXISTS, {"StringEqualsIfExists": {"x:a": "1"}}, {"x:a": "2"}, False),
    C("negated IfExists, other", IF_EXISTS, {"StringNotEqualsIfExists": {"x:a": "1"}}, {"x:a": "2"}, True),
    C("negated IfExists, equal", IF_EXISTS, {"StringNotEqualsIfExists": {"x:a": "1"}}, {"x:a": "1"}, False),
    C("BoolIfExists, other", IF_EXISTS, {"BoolIfExists": {"x:a": "true"}}, {"x:a": "false"}, False),
    C("Null true on an absent key", NULL, {"Null": {"x:a": "true"}}, {}, True),
    C("Null true on a present key", NULL, {"Null": {"x:a": "true"}}, {"x:a": "1"}, False),
    C("Null false on an absent key", NULL, {"Null": {"x:a": "false"}}, {}, False),
    C("Null false on a present key", NULL, {"Null": {"x:a": "false"}}, {"x:a": "1"}, True),
    C("Null with a JSON truth value", NULL, {"Null": {"x:a": False}}, {"x:a": "1"}, True),
    C("Null in capitals", NULL, {"Null": {"x:a": "TRUE"}}, {}, True),
    C("Null with both values", NULL, {"Null": {"x:a": ["true", "false"]}}, {}, True),
    C("Null with neither value", SILENT, {"Null": {"x:a": "maybe"}}, {}, None),
    C("Null with neither value, on a present key", SILENT, {"Null": {"x:a": "maybe"}}, {"x:a": "1"}, None),
    C("Null with no value", SILENT, {"Null": {"x:a": []}}, {}, None),
    C(
        "Null with one value that does not fit and one that is none",
        SILENT,
        {"Null": {"x:a": ["true", 1]}},
        {"x:a": "1"},
        None,
    ),
    C("Null with one value that fits and one that is none", NULL, {"Null": {"x:a": ["true", 1]}}, {}, True),
    C("Null true on an empty value, which is null", NULL, {"Null": {"x:a": "true"}}, {"x:a": ""}, True),
    C("Null false on a list without values", NULL, {"Null": {"x:a": "false"}}, {"x:a": ()}, False),
    C("key names ignore case", CONDITION, {"StringEquals": {"AWS:sourceip": "1"}}, {"aws:SourceIp": "1"}, True),
    C("operator names ignore case", REASON, {"stringequals": {"x:a": "1"}}, {"x:a": "1"}, True),
    C("an empty block holds", CONDITION, {}, {}, True),
    C("an operator without keys holds", CONDITION, {"StringEquals": {}}, {}, True),
    C("numbers equal their text", CONDITION, {"StringEquals": {"x:a": 5}}, {"x:a": "5"}, True),
    C("truth values equal their text", CONDITION, {"StringEquals": {"x:a": True}}, {"x:a": "true"}, True),
    C("an unknown operator", SILENT, {"StringResembles": {"x:a": "1"}}, {"x:a": "1"}, None),
    C(
        "an unknown operator beside a false one",
        REASON,
        {"Odd": {"x:a": "1"}, "StringEquals": {"x:a": "2"}},
        {"x:a": "1"},
        False,
    ),
    C("NullIfExists is no operator", SILENT, {"NullIfExists": {"x:a": "true"}}, {}, None),
    C("BinaryNotEquals is no operator", SILENT, {"BinaryNotEquals": {"x:a": "QQ=="}}, {"x:a": "QQ=="}, None),
]

COMBINED = [
    C(
        "two operators, both true",
        LOGIC,
        {"StringEquals": {"x:a": "1"}, "Bool": {"x:b": "true"}},
        {"x:a": "1", "x:b": "true"},
        True,
    ),
    C(
        "two operators, one false",
        LOGIC,
        {"StringEquals": {"x:a": "1"}, "Bool": {"x:b": "true"}},
        {"x:a": "1", "x:b": "false"},
        False,
    ),
    C("two keys, both true", LOGIC, {"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": "1", "x:b": "2"}, True),
    C("two keys, one false", LOGIC, {"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": "1", "x:b": "3"}, False),
    C("two keys, one absent", LOGIC, {"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": "1"}, False),
    C("values are alternatives", LOGIC, {"StringEquals": {"x:a": ["1", "2"]}}, {"x:a": "2"}, True),
    C("values of a negated operator are not", LOGIC, {"StringNotEquals": {"x:a": ["1", "2"]}}, {"x:a": "2"}, False),
    C(
        "the documented pair of Like and Equals",
        LOGIC,
        {"StringLike": {"aws:PrincipalArn": ROLE}, "StringEquals": {"x:a": "1"}},
        {"x:a": "1"},
        True,
    ),
]

CASES = [*STRINGS, *NUMBERS, *DATES, *OTHERS, *ARN_CASES, *ABSENT, *PRESENT, *COMBINED]
