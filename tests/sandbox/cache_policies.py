"""Random key policies over what a cache's requests carry, for holding the product against the judge.

Made from a seed, and cheap: thousands a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox.clients import OTHER, OWN, ROOT, slr

if TYPE_CHECKING:
    from random import Random

BUCKET = "arn:aws:s3:::data"
OBJECT = f"{BUCKET}/any-object-of-the-cache"
ROLE = slr("fc-0123")
ROLE_ID = "AROAEXAMPLEEXAMPLE123"
_PRINCIPALS: list[object] = [
    {"AWS": ROLE},
    {"AWS": ROLE},
    {"AWS": "*"},
    "*",
    {"AWS": [ROLE, ROOT]},
    {"AWS": ROOT},
    {"AWS": OWN},
    {"AWS": slr("fc-0456")},
    {"AWS": OTHER},
    {"AWS": ROLE_ID},
    {"AWS": f"arn:aws:sts::{OWN}:assumed-role/AWSServiceRoleForFSxS3Access_fc-0123/FSx"},
    {"Service": "fsx.amazonaws.com"},
]
_ACTIONS: list[object] = [
    "kms:*",
    "kms:Decrypt",
    ["kms:Decrypt", "kms:GenerateDataKey*"],
    "kms:*crypt",
    "*",
    "kms:List*",
]
_TESTS: list[tuple[list[str], str, list[object]]] = [
    (["StringEquals", "StringNotEquals", "StringLike"], "kms:CallerAccount", [OWN, OTHER, "1111*"]),
    (
        ["StringEquals", "StringNotEquals", "StringLike"],
        "kms:ViaService",
        ["s3.eu-west-1.amazonaws.com", "s3.*", "fsx.*"],
    ),
    (
        ["StringEquals", "StringLike", "StringNotLike", "ArnLike", "ArnNotEquals"],
        "kms:EncryptionContext:aws:s3:arn",
        [BUCKET, f"{BUCKET}/*", f"{BUCKET}*", OBJECT, "arn:aws:s3:::other/*", f"{BUCKET}/any-*"],
    ),
    (
        ["StringEquals", "ForAnyValue:StringEquals", "ForAllValues:StringLike"],
        "kms:EncryptionContextKeys",
        ["aws:s3:arn", "x"],
    ),
    (["StringEquals", "StringNotEquals"], "kms:EncryptionAlgorithm", ["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1"]),
    (["StringEquals", "StringNotEquals"], "kms:KeyOrigin", ["AWS_KMS", "EXTERNAL"]),
    (["StringEquals", "StringNotEquals"], "kms:KeySpec", ["SYMMETRIC_DEFAULT", "RSA_2048"]),
    (["Bool"], "kms:MultiRegion", ["true", "false"]),
    (["Bool", "BoolIfExists"], "kms:GrantIsForAWSResource", ["true", "false"]),
    (["StringEquals", "ForAnyValue:StringLike"], "kms:ResourceAliases", ["alias/data", "alias/*", "alias/other"]),
    (["StringLike", "StringNotLike", "StringEquals"], "aws:userid", ["*:FSx", f"{ROLE_ID}:*", "AROAOTHER:*"]),
    (["ArnLike", "ArnEquals", "ArnNotLike", "StringLike"], "aws:PrincipalArn", [ROLE, "arn:aws:iam::*:role/*", ROOT]),
    (["StringEquals", "StringNotEquals"], "aws:PrincipalAccount", [OWN, OTHER, "${aws:ResourceAccount}"]),
    (["StringEquals", "StringNotEquals"], "aws:PrincipalType", ["AssumedRole", "User"]),
    (["StringEquals", "StringNotEquals", "StringLike"], "aws:RequestedRegion", ["eu-west-1", "us-*"]),
    (["StringEquals", "StringNotEquals"], "aws:ResourceAccount", [OWN, OTHER]),
    (["StringEquals", "StringNotEquals"], "aws:PrincipalOrgID", ["o-exampleorgid", "o-another0org"]),
    (["StringEquals", "StringNotEqualsIfExists"], "aws:ResourceOrgID", ["o-exampleorgid", "${aws:PrincipalOrgID}"]),
    (["ForAnyValue:StringLike", "StringLike"], "aws:PrincipalOrgPaths", ["o-exampleorgid/*", "o-another/*"]),
    (["Bool", "BoolIfExists"], "aws:SecureTransport", ["true", "false", ["true", "false"]]),
    (["Bool", "BoolIfExists"], "aws:ViaAWSService", ["true", "false"]),
    (["Bool", "BoolIfExists"], "aws:PrincipalIsAWSService", ["true", "false"]),
    (["Bool", "BoolIfExists", "Null"], "aws:MultiFactorAuthPresent", ["true", "false"]),
    (["IpAddress", "NotIpAddress", "NotIpAddressIfExists"], "aws:SourceIp", ["10.0.0.0/8", "0.0.0.0/0"]),
    (["StringEquals", "StringNotEquals", "StringNotEqualsIfExists"], "aws:SourceVpce", ["vpce-1", "vpce-2"]),
    (["StringEquals", "StringLike", "ArnLike", "Null"], "aws:SourceArn", [f"{BUCKET}", "arn:aws:fsx:*:*:*"]),
    (["StringEquals", "StringNotEquals", "Null"], "aws:SourceAccount", [OWN, OTHER]),
    (["DateLessThan", "DateGreaterThan"], "aws:CurrentTime", ["2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z"]),
    (["NumericLessThan", "NumericGreaterThan"], "aws:EpochTime", ["1577836800", "7226582400"]),
    (["StringEquals", "StringNotEquals", "Null"], "aws:ResourceTag/team", ["red", "blue"]),
    (["StringEquals", "StringNotEquals", "Null"], "aws:PrincipalTag/team", ["red", "blue"]),
    (["StringEquals", "ForAnyValue:StringEquals", "Null"], "aws:CalledVia", ["s3.amazonaws.com"]),
    (["StringEquals", "Null"], "aws:username", ["Ann", "${aws:username}"]),
    (["StringEquals", "StringNotEquals", "Null"], "kms:RequestAlias", ["alias/data"]),
    (["Null"], "kms:EncryptionContext:other", ["true", "false"]),
]
_RESOURCES: list[object] = [
    "*",
    "*",
    "*",
    f"arn:aws:kms:eu-west-1:{OWN}:key/*",
    f"arn:aws:kms:*:{OTHER}:key/*",
    "arn:aws:kms:*",
]


def condition(random: Random) -> dict[str, Any]:
    """A Condition element of up to three tests."""
    block: dict[str, Any] = {}
    for operators, key, values in random.sample(_TESTS, random.randint(0, 3)):
        operator = random.choice(operators)
        chosen = random.choice(values)
        if operator == "Null":
            chosen = random.choice(["true", "false"])
        elif not isinstance(chosen, list) and random.random() < 0.3:
            chosen = [chosen, random.choice([one for one in values if not isinstance(one, list)])]
        block.setdefault(operator, {})[key] = chosen
    return block


def policy(random: Random) -> dict[str, Any]:
    """A key policy of one to four statements."""
    made = []
    for _ in range(random.randint(1, 4)):
        one: dict[str, Any] = {"Effect": random.choice(["Allow", "Allow", "Deny"])}
        one["NotPrincipal" if random.random() < 0.05 else "Principal"] = random.choice(_PRINCIPALS)
        one["NotAction" if random.random() < 0.1 else "Action"] = random.choice(_ACTIONS)
        one["NotResource" if random.random() < 0.05 else "Resource"] = random.choice(_RESOURCES)
        block = condition(random)
        if block:
            one["Condition"] = block
        made.append(one)
    return {"Version": random.choice(["2012-10-17", "2012-10-17", "2008-10-17"]), "Statement": made}
