"""Key policies that AWS documents, consoles and tools produce, and strategies that generate many more."""

from __future__ import annotations

import json
from functools import cache

from hypothesis import strategies as st

from fcsse import arn as arns
from fcsse.policy.document import PolicyDocument
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement import Access, documented_statement
from tests.policy.layouts import KMS, STYLES, Style, stored_by_kms, write

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
REGION = "eu-west-1"
BOTH = frozenset(ContextForm)
OBJECT = frozenset({ContextForm.OBJECT})
BUCKET = frozenset({ContextForm.BUCKET})
DEAD = ("AROAEXAMPLEEXAMPLE001", "AIDAEXAMPLEEXAMPLE002", "AROAEXAMPLEEXAMPLE003")


def role(cache: str, account: str = ACCOUNT, partition: str = "aws") -> str:
    return arns.role_arn(partition, account, cache)


def access(
    cache: str | None = "fc-0123",
    bucket: str = "data",
    forms: frozenset[ContextForm] = OBJECT,
    region: str = REGION,
    account: str = ACCOUNT,
    partition: str = "aws",
) -> Access:
    return Access(role(cache, account, partition) if cache else None, account, partition, region, bucket, forms)


def ours(
    *caches: str, sid: str = "ours", forms: frozenset[ContextForm] = OBJECT, bucket: str = "data"
) -> dict[str, JsonValue]:
    """The documented statement for some caches; no caches = every cache."""
    value = documented_statement(access(caches[0] if caches else None, bucket, forms), sid)
    if len(caches) > 1:
        value["Principal"] = {"AWS": [role(cache) for cache in caches]}
    return value


def document(*statements: dict[str, JsonValue], style: Style = KMS) -> PolicyDocument:
    return PolicyDocument.parse(write({"Version": "2012-10-17", "Statement": list(statements)}, style))


ROOT: dict[str, JsonValue] = {
    "Sid": "Enable IAM User Permissions",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}

PAGE_STATEMENT = """{
    "Sid": "Allow access through S3 for the FSx SLR to use the KMS key on the objects in the given S3 bucket",
    "Effect": "Allow",
    "Principal": {
        "AWS": "arn:aws:iam::111122223333:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_fc-0123"
    },
    "Action": [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey"
    ],
    "Resource": "*",
    "Condition": {
        "StringEquals": {
            "kms:CallerAccount": "111122223333",
            "kms:ViaService": "s3.eu-west-1.amazonaws.com"
        },
        "StringLike": {
            "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/*"
        }
    }
}"""

PAGE_STATEMENT_EVERY_CACHE = """{
    "Sid": "Allow access through S3 for the FSx SLR to use the KMS key on the objects in the given S3 bucket",
    "Effect": "Allow",
    "Principal": {
        "AWS": "*"
    },
    "Action": [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey"
    ],
    "Resource": "*",
    "Condition": {
        "StringEquals": {
            "kms:CallerAccount": "111122223333",
            "kms:ViaService": "s3.eu-west-1.amazonaws.com"
        },
        "StringLike": {
            "aws:userid": "*:FSx",
            "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/*"
        }
    }
}"""

_ADMIN_ACTIONS = ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:ScheduleKeyDeletion"]
_USE_ACTIONS = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
_AUTO_SCALING = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"

_CONSOLE: JsonValue = {
    "Id": "key-consolepolicy-3",
    "Version": "2012-10-17",
    "Statement": [
        ROOT,
        {
            "Sid": "Allow access for Key Administrators",
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/Admin", f"arn:aws:iam::{ACCOUNT}:user/Alice"]},
            "Action": [*_ADMIN_ACTIONS],
            "Resource": "*",
        },
        {
            "Sid": "Allow attachment of persistent resources",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/App"},
            "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            "Resource": "*",
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    ],
}

_CLOUDTRAIL: JsonValue = {
    "Version": "2012-10-17",
    "Id": "Key policy created by CloudTrail",
    "Statement": [
        ROOT,
        {
            "Sid": "Allow CloudTrail to encrypt logs",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:SourceArn": f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"},
            },
        },
    ],
}

_AUTO_SCALING_POLICY: JsonValue = {
    "Version": "2012-10-17",
    "Statement": [
        ROOT,
        {
            "Sid": "Allow service-linked role use of the customer managed key",
            "Effect": "Allow",
            "Principal": {"AWS": [_AUTO_SCALING]},
            "Action": [*_USE_ACTIONS],
            "Resource": "*",
        },
        {
            "Sid": "Allow attachment of persistent resources",
            "Effect": "Allow",
            "Principal": {"AWS": [_AUTO_SCALING]},
            "Action": ["kms:CreateGrant"],
            "Resource": "*",
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": True}},
        },
    ],
}

_CROSS_ACCOUNT: JsonValue = {
    "Version": "2012-10-17",
    "Statement": [
        {**ROOT, "Principal": {"AWS": ACCOUNT}},
        {
            "Sid": "Allow use of the key",
            "Effect": "Allow",
            "Principal": {"AWS": [OTHER_ACCOUNT, f"arn:aws:iam::{OTHER_ACCOUNT}:role/Writer"]},
            "Action": [*_USE_ACTIONS],
            "Resource": "*",
        },
    ],
}

_TERRAFORM: JsonValue = {
    "Statement": [
        {
            "Action": "kms:*",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Resource": "*",
            "Sid": "",
        }
    ],
    "Version": "2012-10-17",
}

_DENIES: JsonValue = {
    "Version": "2012-10-17",
    "Statement": [
        ROOT,
        {
            "Sid": "Deny all but the admins",
            "Effect": "Deny",
            "NotPrincipal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/Admin"]},
            "NotAction": ["kms:Describe*", "kms:List*"],
            "Resource": "*",
        },
    ],
}

NAMED: dict[str, str] = {
    "default": write({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [ROOT]}, KMS),
    "console": write(_CONSOLE, KMS),
    "cloudtrail": write(_CLOUDTRAIL, Style("", unit="    ")),
    "auto scaling": write(_AUTO_SCALING_POLICY, Style("")),
    "cross-account": write(_CROSS_ACCOUNT, Style("", unit="\t")),
    "terraform jsonencode": json.dumps(_TERRAFORM, separators=(",", ":")),
    "cdk": json.dumps(_CONSOLE, indent=1),
    "cloudformation in yaml": json.dumps(_CROSS_ACCOUNT),
    "NotPrincipal and NotAction": write(_DENIES, KMS),
    "single statement object": write({"Version": "2012-10-17", "Statement": ROOT}, Style("")),
    "single statement object, compact": json.dumps({"Statement": ROOT}, separators=(",", ":")),
    "single statement object as KMS prints": write({"Version": "2012-10-17", "Statement": ROOT}, KMS),
    "no version": write({"Statement": [ROOT]}, Style("")),
    "statement first, CRLF": write({"Statement": [ROOT, ROOT], "Id": "x"}, Style("", newline="\r\n", end="\r\n")),
    "empty statement list": '{\n  "Version": "2012-10-17",\n  "Statement": []\n}\n',
    "empty statement list, one line": '{"Statement":[]}',
    "duplicate Sids": write({"Statement": [ROOT, ROOT, {**ROOT, "Sid": "other"}]}, Style("", hugging=True)),
    "unicode": write({"Statement": [{**ROOT, "Sid": "Zugriff für é\u2028\u009b31m 🔑 \u202e"}]}, Style("")),
    "escapes": '{"Statement":[{"Sid":"caf\\u00e9 \\n \\/ \\ud83d\\udd11","Effect":"Allow","n":1.50,"e":1E2}]}',
    "unknown keys": write({"Comment": ["x", {"y": None}], "Statement": [{**ROOT, "Owner": {"b": 1, "a": [2]}}]}, KMS),
    "strange white space": (
        '\n\n  {"Version"\t:"2012-10-17" ,\n"Statement":[ {"Effect" :"Allow"\n,"Principal":"*","Action":["kms:*" ],'
        '\n      "Resource" : [\n"*"] }\n\n ,\t{ "Sid":"b" } ]   }\n \n'
    ),
    "commas first": '{ "Version": "2012-10-17"\n, "Statement":\n  [ { "Sid": "a" }\n  , { "Sid": "b"\n    }\n  ]\n}',
    "closing brace on the last line": '{\n  "Statement": [\n    {\n      "Sid": "a",\n      "Effect": "Deny"}]}',
    "page statement by hand": '{\n  "Version": "2012-10-17",\n  "Statement": [\n' + PAGE_STATEMENT + "\n  ]\n}",
    "nearly 32 KB": write({"Statement": [{**ROOT, "Sid": f"statement {n} " + "x" * 100} for n in range(110)]}, KMS),
    "32 KB": write({"Statement": [{**ROOT, "Sid": f"s{n}" + "x" * 80} for n in range(118)]}, Style("", unit="    ")),
}
"""Name → text. None of them gives any cache of ``access()`` but fc-0123 anything."""


# Strategies

_PRINCIPALS = st.sampled_from(
    [
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::{ACCOUNT}:user/Alice",
        f"arn:aws:iam::{OTHER_ACCOUNT}:role/Writer",
        role("fc-d1"),
        OTHER_ACCOUNT,
    ]
)
_ACTIONS = st.sampled_from(
    ["kms:*", "kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:Describe*", "kms:CreateGrant"]
)
_SIDS = st.one_of(
    st.sampled_from(["a", "b", "Allow FSx to use the key through S3 for bucket data", "Allow use of the key"]),
    st.text(st.characters(min_codepoint=1, max_codepoint=0x2FFF, exclude_categories=["Cs"]), min_size=1, max_size=8),
)


def _one_or_more(items: st.SearchStrategy[str]) -> st.SearchStrategy[JsonValue]:
    """A string, or a list of several; never a list of one, which KMS would not keep."""
    lists: st.SearchStrategy[list[JsonValue]] = st.lists(items, min_size=2, max_size=3, unique=True).map(list)
    return st.one_of(items, lists)


_PRINCIPAL_VALUES, _ACTION_VALUES = _one_or_more(_PRINCIPALS), _one_or_more(_ACTIONS)


@st.composite
def foreign_statements(draw: st.DrawFn) -> dict[str, JsonValue]:
    """A statement that is not ours."""
    value: dict[str, JsonValue] = {}
    if draw(st.booleans()):
        value["Sid"] = draw(_SIDS)
    value["Effect"] = draw(st.sampled_from(["Allow", "Deny"]))
    aws = draw(_PRINCIPAL_VALUES)
    kinds: list[JsonValue] = [{"AWS": aws}, "*", {"AWS": "*"}, {"Service": "cloudtrail.amazonaws.com"}]
    kinds.append({"AWS": aws, "Service": ["logs.eu-west-1.amazonaws.com", "sns.amazonaws.com"]})
    value[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = draw(st.sampled_from(kinds))
    value[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(_ACTION_VALUES)
    value["Resource"] = "*"
    if draw(st.booleans()):
        conditions: list[JsonValue] = [
            {"Bool": {"kms:GrantIsForAWSResource": True}},
            {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": ACCOUNT}},
            {"StringLike": {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::data/*", "arn:aws:s3:::other"]}},
            {"NumericLessThan": {"kms:GrantOperations": 5}, "Null": {"aws:SourceArn": "false"}},
        ]
        value["Condition"] = draw(st.sampled_from(conditions))
    if draw(st.booleans()):
        owners: list[JsonValue] = [[{"team": "x"}, {"n": 1}], {"é": [1.5, None]}, 'a \\ " b']
        value["Owner"] = draw(st.sampled_from(owners))
    return {key: value[key] for key in draw(st.permutations(list(value)))}


CACHES_IN_DOCUMENTS = ("fc-d1", "fc-d2", "fs-d3")
CACHES_WISHED = ("fc-a1", "fc-a2", "fs-a3", "fc-a4")
BUCKETS = ("data", "logs.example")
FORMS = st.sampled_from([OBJECT, BUCKET, BOTH])


@st.composite
def our_statements(draw: st.DrawFn, caches: tuple[str, ...] = CACHES_IN_DOCUMENTS) -> dict[str, JsonValue]:
    """A statement of ours: one bucket or several, one role or several, or every cache."""
    chosen = draw(st.lists(st.sampled_from(caches), max_size=3, unique=True))
    value = ours(*chosen, sid=draw(_SIDS), forms=draw(FORMS), bucket=draw(st.sampled_from(BUCKETS)))
    several = draw(st.sampled_from([False, False, True]))
    region = draw(st.sampled_from([REGION, REGION, REGION, "us-east-1"]))
    condition = value["Condition"]
    assert isinstance(condition, dict)
    equals, like = condition["StringEquals"], condition["StringLike"]
    assert isinstance(equals, dict)
    assert isinstance(like, dict)
    equals["kms:ViaService"] = f"s3.{region}.amazonaws.com"
    if several:
        like["kms:EncryptionContext:aws:s3:arn"] = [
            form.arn(arns.bucket_arn("aws", one)) for one in BUCKETS for form in draw(FORMS)
        ]
    return value


@cache
def _statement_lists(caches: tuple[str, ...], least: int) -> st.SearchStrategy[list[dict[str, JsonValue]]]:
    """Kept: to make a strategy takes longer than to draw from it."""
    one = st.one_of(foreign_statements(), our_statements(caches), our_statements(caches))
    return st.lists(one, min_size=least, max_size=4)


@st.composite
def values(draw: st.DrawFn, caches: tuple[str, ...] = CACHES_IN_DOCUMENTS, least: int = 0) -> dict[str, JsonValue]:
    """What a policy says: statements of others and of ours, mixed."""
    statements = draw(_statement_lists(caches, least))
    value: dict[str, JsonValue] = {"Version": "2012-10-17", "Id": "key-default-1", "Comment": {"b": [1], "a": "x"}}
    for key in draw(st.lists(st.sampled_from(list(value)), unique=True)):
        del value[key]
    single = len(statements) == 1 and draw(st.booleans())
    value["Statement"] = statements[0] if single else list(statements)
    return {key: value[key] for key in draw(st.permutations(list(value)))}


_kept_values = cache(values)


@st.composite
def documents(draw: st.DrawFn, caches: tuple[str, ...] = CACHES_IN_DOCUMENTS, least: int = 0) -> PolicyDocument:
    """A policy in any layout."""
    return PolicyDocument.parse(write(draw(_kept_values(caches, least)), draw(st.sampled_from(STYLES))))


def stored_documents() -> st.SearchStrategy[PolicyDocument]:
    """A policy as KMS stores and prints it."""
    return values(least=1).map(lambda value: PolicyDocument.parse(write(stored_by_kms(value), KMS)))


def accesses(caches: tuple[str, ...] = CACHES_WISHED, *, every_cache: bool = False) -> st.SearchStrategy[list[Access]]:
    """What a call wishes for, buckets with the same Region everywhere."""
    which: list[str | None] = [*caches, None] if every_cache else [*caches]
    one = st.builds(access, st.sampled_from(which), st.sampled_from(BUCKETS), FORMS)
    return st.lists(one, min_size=1, max_size=5)
