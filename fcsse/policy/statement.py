"""The statements that the File Cache page documents: writing one, and recognising one by what it says.

Source: Amazon File Cache user guide (word for word also in the FSx for Lustre user guide), "Working with server-side
encrypted Amazon S3 buckets".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.link_options import AccessLevel
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.json_text import JsonValue

ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
"""The actions of the documented statement, in the page's order."""

READ_ACTIONS = ("kms:Decrypt", "kms:DescribeKey")
"""Those that a cache which never writes back needs of them."""

ACTIONS_OF = {AccessLevel.FULL: ACTIONS, AccessLevel.READ: READ_ACTIONS}

CONTEXT_KEY = "kms:EncryptionContext:aws:s3:arn"
"""Condition key for the encryption context that S3 gives KMS."""

PAGE_SID = "Allow access through S3 for the FSx SLR to use the KMS key on the objects in the given S3 bucket"
"""The one Sid that the page has for every cache and bucket."""

FSX_SESSION = "*:FSx"
"""Value of ``aws:userid`` in the documented form for every cache: any role session that is named ``FSx``."""

# What the two wildcards stand for. Source: KMS service authorization reference.
_SPELLINGS = {
    "kms:reencrypt*": ("kms:reencryptfrom", "kms:reencryptto"),
    "kms:generatedatakey*": (
        "kms:generatedatakey",
        "kms:generatedatakeywithoutplaintext",
        "kms:generatedatakeypair",
        "kms:generatedatakeypairwithoutplaintext",
    ),
}


def concrete_actions(action: str) -> frozenset[str]:
    """The actions, in small letters, that one of the documented ones stands for; any other stands for itself."""
    return frozenset(_SPELLINGS.get(action.lower(), (action.lower(),)))


CONCRETE_ACTIONS = {
    level: frozenset(one for action in actions for one in concrete_actions(action))
    for level, actions in ACTIONS_OF.items()
}
"""Everything that a statement of each level allows, in small letters."""

_VIA = re.compile(r"s3\.([a-z0-9-]+)\.amazonaws\.com")
# Old buckets of us-east-1 may have capitals and underscores. Source: S3 user guide, "Bucket naming rules".
_PATTERN = re.compile(r"(?P<bucket_arn>arn:(?P<partition>[a-z0-9-]+):s3:::[A-Za-z0-9._-]+)(?P<objects>/\*)?")


@dataclass(frozen=True, slots=True)
class Access:
    """What one wish grants.

    ``role`` is the ARN of a service-linked role; None stands for every cache of the account (the documented form with
    ``Principal`` ``*`` and ``aws:userid``). ``account`` is the cache's, ``region`` the bucket's. ``forms``: not empty.
    ``level``: with or without writing.
    """

    role: str | None
    account: str
    partition: str
    region: str
    bucket: str
    forms: frozenset[ContextForm]
    level: AccessLevel = AccessLevel.FULL

    def __post_init__(self) -> None:
        if not self.forms:
            text = "an access needs at least one form of the encryption context"
            raise ValueError(text)

    @property
    def principal(self) -> str:
        """What stands in the statement's Principal: the role, or ``*``."""
        return "*" if self.role is None else self.role

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN, in the cache's partition."""
        return arns.bucket_arn(self.partition, self.bucket)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The values of the encryption context that it needs, the bucket's own ARN first."""
        return tuple(
            form.arn(self.bucket_arn) for form in (ContextForm.BUCKET, ContextForm.OBJECT) if form in self.forms
        )


class LinkStatement(NamedTuple):
    """What a recognised statement says.

    ``principals`` are as written (ARNs, ids; dead ones too), ``("*",)`` with ``every_cache``. ``patterns`` are the
    encryption context values. ``exact``: they stand under StringEquals, where ``/*`` would be no pattern. ``level``: are
    its actions all of the documented ones, or those for reading?
    """

    principals: tuple[str, ...]
    every_cache: bool
    account: str
    region: str
    patterns: frozenset[str]
    exact: bool = False
    level: AccessLevel = AccessLevel.FULL

    @property
    def buckets(self) -> frozenset[str]:
        """The ARNs of the buckets that it is about."""
        return frozenset(pattern.removesuffix("/*") for pattern in self.patterns)

    @property
    def roles(self) -> tuple[str, ...]:
        """The principals of a statement that names some; empty for the form for every cache."""
        return () if self.every_cache else self.principals


def documented_statement(access: Access, sid: str) -> dict[str, JsonValue]:
    """The statement of the page for an access: same keys, same order, same actions; for reading alone, fewer actions."""
    patterns = access.patterns
    like: dict[str, JsonValue] = {} if access.role is not None else {"aws:userid": FSX_SESSION}
    like[CONTEXT_KEY] = patterns[0] if len(patterns) == 1 else list(patterns)
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": access.principal},
        "Action": list(ACTIONS_OF[access.level]),
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": access.account,
                "kms:ViaService": arns.via_service(access.region),
            },
            "StringLike": like,
        },
    }


def sid_for(bucket: str, every_cache: bool) -> str:
    """The Sid of a statement of ours: it names the bucket, which stays true while roles come and go."""
    who = "every FSx cache" if every_cache else "FSx"
    return f"Allow {who} to use the key through S3 for bucket {bucket}"


def is_sid_for(sid: str | None, bucket: str, every_cache: bool) -> bool:
    """Is it the Sid of a statement of ours for the bucket, with or without the number that keeps it unique?"""
    base = sid_for(bucket, every_cache)
    return sid is not None and (sid == base or (sid.startswith(f"{base} ") and sid[len(base) + 1 :].isdecimal()))


def read_statement(value: dict[str, JsonValue]) -> LinkStatement | None:
    """What a statement says, if it is one of ours by meaning, whatever its Sid; None for every other statement.

    Ours: it allows the documented actions (or the actions that their wildcards stand for), or just those for reading, on
    ``*``, to AWS principals, a role of a cache among them (or to every cache), under exactly the documented conditions: one
    account, S3 in one Region, and whole buckets only. Letter case of actions, condition operators and condition keys is
    free, and one value may be a list of one. StringLike without a wildcard is as good as StringEquals.
    """
    if not value.keys() <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}:
        return None
    if value.get("Effect") != "Allow" or value.get("Resource") not in ("*", ["*"]):
        return None
    principals = _principals(value.get("Principal"))
    tests = _tests(value.get("Condition"))
    level = _level(value.get("Action"))
    if principals is None or tests is None or level is None:
        return None
    every_cache = principals == ("*",)
    if ("*" in principals and not every_cache) or len(tests) != (4 if every_cache else 3):
        return None
    if every_cache and tests.get("aws:userid") != ("stringlike", (FSX_SESSION,)):
        return None
    if not (every_cache or any(map(_may_be_a_cache, principals))):
        return None
    account, via = _literal(tests, "kms:calleraccount"), _VIA.fullmatch(_literal(tests, "kms:viaservice"))
    operator, patterns = tests.get(CONTEXT_KEY.lower(), ("", ()))
    exact = operator == "stringequals"
    if not arns.is_account(account) or via is None or not (exact or operator == "stringlike"):
        return None
    parts = [_PATTERN.fullmatch(pattern) for pattern in patterns]
    if not parts or not all(part and not (exact and part["objects"]) for part in parts):
        return None
    return LinkStatement(principals, every_cache, account, via.group(1), frozenset(patterns), exact, level)


def is_of_links_alone(value: dict[str, JsonValue]) -> bool:
    """Is it a statement of ours that names nobody else? One that does is also somebody else's: its loss is theirs."""
    found = read_statement(value)
    return found is not None and (found.every_cache or all(map(_may_be_a_cache, found.principals)))


def _may_be_a_cache(principal: str) -> bool:
    """Is it the role of a cache, or a unique id, which may be that of one?"""
    return arns.role_cache(principal) is not None or arns.is_unique_id(principal)


def _principals(value: JsonValue) -> tuple[str, ...] | None:
    """The AWS principals of a Principal that has nothing else; None where it has, or has none."""
    if value == "*":
        return ("*",)
    return _texts(value["AWS"]) if isinstance(value, dict) and value.keys() == {"AWS"} else None


def _level(value: JsonValue) -> AccessLevel | None:
    """Which level these actions are, all of them and no others; None for every other set of actions."""
    there = {one for action in _texts(value) or () for one in concrete_actions(action)}
    return next((level for level, actions in CONCRETE_ACTIONS.items() if there == actions), None)


def _tests(value: JsonValue) -> dict[str, tuple[str, tuple[str, ...]]] | None:
    """Condition key → operator and values, keys and operators in small letters.

    None for anything unusual: a key that is tested twice, values that are no strings or numbers, no values, no keys at all.
    """
    tests: dict[str, tuple[str, tuple[str, ...]]] = {}
    for operator, block in value.items() if isinstance(value, dict) else ():
        if not isinstance(block, dict):
            return None
        for key, expected in block.items():
            values = _texts(expected)
            if values is None or key.lower() in tests:
                return None
            tests[key.lower()] = (operator.lower(), values)
    return tests


def _literal(tests: dict[str, tuple[str, tuple[str, ...]]], key: str) -> str:
    """The one value that a key must equal, or nothing."""
    operator, values = tests.get(key, ("", ()))
    return values[0] if len(values) == 1 and operator in ("stringequals", "stringlike") else ""


def _texts(value: JsonValue) -> tuple[str, ...] | None:
    """One or more values as texts, each once, in order; None where there is none or one is not a text."""
    items = value if isinstance(value, list) else [value]
    texts = []
    for item in items:
        if isinstance(item, bool) or not isinstance(item, str | int):
            return None
        texts.append(str(item))
    return tuple(dict.fromkeys(texts)) or None
