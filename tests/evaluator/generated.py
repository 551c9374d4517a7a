"""Hypothesis strategies: policies, requests and grants over a small vocabulary, so that they often meet."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from fcsse.evaluator.request import Request
from fcsse.model import Grant

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/Reader"
BARE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/Writer"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/FSx"
USER = f"arn:aws:iam::{ACCOUNT}:user/Ann"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
FOREIGN = f"arn:aws:iam::{OTHER}:role/path/Reader"
FOREIGN_ROOT = f"arn:aws:iam::{OTHER}:root"
SERVICE = "s3.amazonaws.com"
ROLE_ID = "AROAEXAMPLEEXAMPLE123"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OBJECT = "arn:aws:s3:::data/a/b"
BUCKET = "arn:aws:s3:::data"

PRINCIPALS = [ROLE, BARE_ROLE, SESSION, USER, ROOT, FOREIGN, SERVICE]
NAMED = [
    *PRINCIPALS[:-1],
    FOREIGN_ROOT,
    ACCOUNT,
    OTHER,
    "*",
    ROLE_ID,
    "AROADEADDEADDEAD12345",
    f"arn:aws:iam::{ACCOUNT}:role/*",
    f"arn:aws-cn:iam::{ACCOUNT}:root",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/other",
]
ACTIONS = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:ReEncryptFrom"]
ACTION_PATTERNS = [
    *ACTIONS,
    "kms:*",
    "*",
    "kms:Re*",
    "kms:GenerateDataKey*",
    "KMS:decrypt",
    "kms:?ecrypt",
    "kms:*Key",
    "s3:*",
    "kms:Dec",
]
RESOURCES = [
    "*",
    KEY,
    KEY[:-1] + "${x:text}",
    KEY.replace(ACCOUNT, "${aws:PrincipalAccount}"),
    KEY[:-1] + "0${x:text}",
    "arn:aws:kms:*:*:key/*",
    f"arn:aws:kms:eu-west-1:{OTHER}:key/*",
    KEY[:-1] + "?",
    "arn:aws:kms:*",
]

TEXTS = ["a", "A", "ab", "", "a*", "*", "?", OBJECT, BUCKET, ACCOUNT, f"{ROLE_ID}:FSx", "${*}"]
PATTERNS = [
    *TEXTS,
    "*:FSx",
    f"{BUCKET}/*",
    f"{BUCKET}*",
    "a?",
    "${aws:username}",
    "${x:text, 'a'}",
    "${x:text}",
    "${$}",
]
ARNS = [ROLE, FOREIGN, OBJECT, BUCKET, f"arn:aws:iam::{ACCOUNT}:role/*", "arn:aws:iam::*:role/path/*", "arn:*:*:*:*:*"]
NUMBERS = ["1", "10", "2.50", "2.5", "-1"]
DATES = ["2024-01-01T00:00:00Z", "2024-01-01", "1704067200", "2030-06-01T12:00:00Z", "2023"]
ADDRESSES = ["10.0.0.1", "10.0.0.0/8", "203.0.113.7", "2001:db8::1", "2001:db8::/32"]
FLAGS = ["true", "false", "True"]
BINARIES = ["QmluYXJ5", "AAECAw=="]

FAMILIES: dict[str, tuple[list[str], list[str], list[str]]] = {
    # operators; values in policies; values in requests
    "x:text": (
        [
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        PATTERNS,
        TEXTS,
    ),
    "aws:PrincipalArn": (["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"], ARNS, [ROLE, FOREIGN]),
    "x:number": (
        [
            f"Numeric{s}"
            for s in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
        ],
        NUMBERS,
        NUMBERS,
    ),
    "aws:CurrentTime": (
        [f"Date{s}" for s in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")],
        DATES,
        DATES,
    ),
    "aws:SourceIp": (["IpAddress", "NotIpAddress"], ADDRESSES, ["10.0.0.1", "10.9.9.9", "203.0.113.7", "2001:db8::1"]),
    "aws:SecureTransport": (["Bool"], FLAGS, FLAGS),
    "x:binary": (["BinaryEquals"], BINARIES, BINARIES),
    "kms:EncryptionContext:aws:s3:arn": (["StringEquals", "StringLike", "StringNotLike"], PATTERNS, [OBJECT, BUCKET]),
    "kms:EncryptionContextKeys": (
        ["StringEquals", "StringNotEquals"],
        ["aws:s3:arn", "other"],
        ["aws:s3:arn", "other"],
    ),
    "aws:userid": (
        ["StringLike", "StringEquals", "StringNotLike"],
        PATTERNS,
        [f"{ROLE_ID}:FSx", "AROAOTHER12345678:x"],
    ),
    "kms:GrantOperations": (
        ["StringEquals", "StringLike", "StringNotEquals"],
        ["Decrypt", "*", "En*"],
        ["Decrypt", "Encrypt"],
    ),
    "aws:MultiFactorAuthPresent": (["Bool"], FLAGS, ["true", "false"]),
    "aws:PrincipalOrgID": (["StringEquals", "StringNotEquals"], ["o-1", "o-2"], ["o-1"]),
}
MANY = {"kms:EncryptionContextKeys", "kms:GrantOperations", "x:text"}


@cache
def one(*values: Any) -> st.SearchStrategy[Any]:
    """One of these. Kept: to make a strategy takes longer than to draw from it."""
    return st.sampled_from(values)


@cache
def several(*values: Any, least: int = 0, most: int, unique: bool = False) -> st.SearchStrategy[list[Any]]:
    """A list of them."""
    return st.lists(one(*values), min_size=least, max_size=most, unique=unique)


@cache
def some(*values: str, most: int = 3) -> st.SearchStrategy[Any]:
    """One text, or a list of a few."""
    return st.one_of(one(*values), several(*values, least=1, most=most))


KEYS = tuple(sorted(FAMILIES))
PRINCIPAL_TEXTS = st.one_of(some(*NAMED), one("*", ROLE, (ROLE, ROOT), (ROLE, SESSION, ROOT))).map(
    lambda value: list(value) if isinstance(value, tuple) else value
)
ACTION_TEXTS = st.one_of(some(*ACTION_PATTERNS), st.just("kms:*"))
RESOURCE_TEXTS = st.one_of(st.just("*"), some(*RESOURCES))


@st.composite
def condition_blocks(draw: st.DrawFn) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for key in draw(several(*KEYS, most=2, unique=True)):
        operators, values, _ = FAMILIES[key]
        operator = draw(one(*operators, "Null"))
        if operator == "Null":
            block.setdefault("Null", {})[key] = draw(one("true", "false", True, False))
            continue
        prefix = draw(one("", "", "", "ForAllValues:", "ForAnyValue:"))
        suffix = draw(one("", "", "IfExists"))
        spelling = draw(one(key, key.upper(), key.lower()))
        block.setdefault(f"{prefix}{operator}{suffix}", {})[spelling] = draw(some(*values))
    return block


@st.composite
def principal_elements(draw: st.DrawFn) -> Any:
    sort = draw(one("AWS", "AWS", "AWS", "*", "Service", "both"))
    if sort == "*":
        return "*"
    if sort == "Service":
        return {"Service": draw(some(SERVICE, "ec2.amazonaws.com"))}
    element = {"AWS": draw(PRINCIPAL_TEXTS)}
    return {**element, "Service": SERVICE} if sort == "both" else element


BLOCKS, PRINCIPALS_OF_ALL_KINDS = condition_blocks(), principal_elements()


@st.composite
def statements(draw: st.DrawFn, identity: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": draw(one("Allow", "Allow", "Allow", "Deny"))}
    if not identity:
        made[draw(one(*["Principal"] * 5, "NotPrincipal"))] = draw(PRINCIPALS_OF_ALL_KINDS)
    made[draw(one(*["Action"] * 4, "NotAction"))] = draw(ACTION_TEXTS)
    made[draw(one(*["Resource"] * 5, "NotResource"))] = draw(RESOURCE_TEXTS)
    block = draw(BLOCKS)
    if block:
        made["Condition"] = block
    return made


STATEMENTS = {identity: st.lists(statements(identity), min_size=1, max_size=4) for identity in (False, True)}


@st.composite
def documents(draw: st.DrawFn, identity: bool = False) -> dict[str, Any]:
    made = draw(STATEMENTS[identity])
    document: dict[str, Any] = {"Statement": made if len(made) > 1 or draw(st.booleans()) else made[0]}
    version = draw(one("2012-10-17", "2012-10-17", "2008-10-17", None))
    return {"Version": version, **document} if version else document


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for key in draw(several(*KEYS, most=6, unique=True)):
        values = FAMILIES[key][2]
        if key in MANY and draw(st.booleans()):
            context[key] = tuple(draw(several(*values, most=2)))
        else:
            context[key] = draw(one(*values))
    return context


CONTEXTS = contexts()


@st.composite
def requests(draw: st.DrawFn) -> Request:
    principal = draw(one(*[ROLE] * 5, *PRINCIPALS))
    ids = draw(one(frozenset[str](), frozenset({ROLE_ID})))
    return Request(
        principal,
        draw(one(*ACTIONS)),
        KEY,
        draw(CONTEXTS),
        complete=True,
        unique_ids=ids if "role" in principal else frozenset(),
    )


@st.composite
def grant_lists(draw: st.DrawFn) -> list[Grant]:
    pair = {"aws:s3:arn": draw(one(OBJECT, BUCKET))}
    return [
        Grant(
            f"g{index}",
            draw(one(ROLE, SESSION, FOREIGN, USER, ROLE_ID)),
            frozenset(draw(several("Decrypt", "DescribeKey", "GenerateDataKey", most=2))),
            constraint_equals=draw(st.sampled_from([None, pair])),
            constraint_subset=draw(st.sampled_from([None, None, pair])),
        )
        for index in range(draw(st.integers(0, 2)))
    ]
