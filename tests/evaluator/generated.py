"""Hypothesis strategies: policies, requests and grants over a small vocabulary, so that they often meet."""

from __future__ import annotations

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


def some(values: list[str], most: int = 3) -> st.SearchStrategy[Any]:
    """One text, or a list of a few."""
    return st.one_of(st.sampled_from(values), st.lists(st.sampled_from(values), min_size=1, max_size=most))


@st.composite
def condition_blocks(draw: st.DrawFn) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for key in draw(st.lists(st.sampled_from(sorted(FAMILIES)), max_size=2, unique=True)):
        operators, values, _ = FAMILIES[key]
        operator = draw(st.sampled_from([*operators, "Null"]))
        if operator == "Null":
            block.setdefault("Null", {})[key] = draw(st.sampled_from(["true", "false", True, False]))
            continue
        prefix = draw(st.sampled_from(["", "", "", "ForAllValues:", "ForAnyValue:"]))
        suffix = draw(st.sampled_from(["", "", "IfExists"]))
        spelling = draw(st.sampled_from([key, key.upper(), key.lower()]))
        block.setdefault(f"{prefix}{operator}{suffix}", {})[spelling] = draw(some(values))
    return block


@st.composite
def principal_elements(draw: st.DrawFn) -> Any:
    sort = draw(st.sampled_from(["AWS", "AWS", "AWS", "*", "Service", "both"]))
    if sort == "*":
        return "*"
    if sort == "Service":
        return {"Service": draw(some([SERVICE, "ec2.amazonaws.com"]))}
    element = {"AWS": draw(st.one_of(some(NAMED), st.sampled_from(["*", ROLE, [ROLE, ROOT], [ROLE, SESSION, ROOT]])))}
    return {**element, "Service": SERVICE} if sort == "both" else element


@st.composite
def statements(draw: st.DrawFn, identity: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))}
    if not identity:
        made[draw(st.sampled_from(["Principal"] * 5 + ["NotPrincipal"]))] = draw(principal_elements())
    made[draw(st.sampled_from(["Action"] * 4 + ["NotAction"]))] = draw(
        st.one_of(some(ACTION_PATTERNS), st.just("kms:*"))
    )
    made[draw(st.sampled_from(["Resource"] * 5 + ["NotResource"]))] = draw(st.one_of(st.just("*"), some(RESOURCES)))
    block = draw(condition_blocks())
    if block:
        made["Condition"] = block
    return made


@st.composite
def documents(draw: st.DrawFn, identity: bool = False) -> dict[str, Any]:
    made = draw(st.lists(statements(identity), min_size=1, max_size=4))
    document: dict[str, Any] = {"Statement": made if len(made) > 1 or draw(st.booleans()) else made[0]}
    version = draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17", None]))
    return {"Version": version, **document} if version else document


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for key in draw(st.lists(st.sampled_from(sorted(FAMILIES)), max_size=6, unique=True)):
        values = FAMILIES[key][2]
        if key in MANY and draw(st.booleans()):
            context[key] = tuple(draw(st.lists(st.sampled_from(values), max_size=2)))
        else:
            context[key] = draw(st.sampled_from(values))
    return context


@st.composite
def requests(draw: st.DrawFn) -> Request:
    principal = draw(st.sampled_from([*[ROLE] * 5, *PRINCIPALS]))
    ids = draw(st.sampled_from([frozenset[str](), frozenset({ROLE_ID})]))
    return Request(
        principal,
        draw(st.sampled_from(ACTIONS)),
        KEY,
        draw(contexts()),
        complete=True,
        unique_ids=ids if "role" in principal else frozenset(),
    )


@st.composite
def grant_lists(draw: st.DrawFn) -> list[Grant]:
    pair = {"aws:s3:arn": draw(st.sampled_from([OBJECT, BUCKET]))}
    return [
        Grant(
            f"g{index}",
            draw(st.sampled_from([ROLE, SESSION, FOREIGN, USER, ROLE_ID])),
            frozenset(draw(st.lists(st.sampled_from(["Decrypt", "DescribeKey", "GenerateDataKey"]), max_size=2))),
            constraint_equals=draw(st.sampled_from([None, pair])),
            constraint_subset=draw(st.sampled_from([None, None, pair])),
        )
        for index in range(draw(st.integers(0, 2)))
    ]
