"""Key policies as they are found in the wild, for the ready-made world and for tests. Pure: no state, no AWS.

Sources: KMS developer guide, "Default key policy" (the console's administrators, users and attachment statements) and
"Allowing users in other accounts to use a KMS key"; CloudTrail user guide, "Configure AWS KMS key policies for
CloudTrail"; Auto Scaling user guide, "Required AWS KMS key policy for use with encrypted volumes".
"""

from __future__ import annotations

import json
from itertools import count
from typing import Any

Statement = dict[str, Any]

ADMINISTRATION = [
    "kms:Create*",
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:Revoke*",
    "kms:Disable*",
    "kms:Get*",
    "kms:Delete*",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
]
USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


def document(*statements: Statement, identifier: str | None = "key-consolepolicy-3") -> dict[str, Any]:
    """A policy of these statements; ``identifier`` is its Id, None for none."""
    head = {"Version": "2012-10-17", **({"Id": identifier} if identifier else {})}
    return {**head, "Statement": list(statements)}


def allow(sid: str, principal: object, actions: object, condition: object = None) -> Statement:
    """An Allow statement; a string as principal is an AWS principal."""
    who = {"AWS": principal} if isinstance(principal, str) and principal != "*" else principal
    statement = {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": actions, "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


def root(account: str) -> Statement:
    """The default policy's only statement: the account's IAM policies decide."""
    return allow("Enable IAM User Permissions", f"arn:aws:iam::{account}:root", "kms:*")


def console(account: str, administrator: str, user: str) -> dict[str, Any]:
    """What the console writes for a key with an administrator and a user of it."""
    role = f"arn:aws:iam::{account}:role/"
    attach = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return document(
        root(account),
        allow("Allow access for Key Administrators", f"{role}{administrator}", ADMINISTRATION),
        allow("Allow use of the key", f"{role}{user}", USE),
        allow(
            "Allow attachment of persistent resources",
            f"{role}{user}",
            ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            attach,
        ),
    )


def console_cross_account(owner: str, other: str) -> dict[str, Any]:
    """What the console writes when another account is added: grants for AWS resources only, no direct CreateGrant."""
    principal = f"arn:aws:iam::{other}:root"
    return document(
        root(owner),
        allow("Allow use of the key", principal, USE),
        allow(
            "Allow attachment of persistent resources",
            principal,
            ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def grants_for(owner: str, other: str) -> dict[str, Any]:
    """A key whose owner lets another account create, list and end grants directly."""
    actions = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant", "kms:RetireGrant", "kms:DescribeKey"]
    return document(
        root(owner), allow("Allow grants by the other account", f"arn:aws:iam::{other}:root", actions), identifier=None
    )


def services(account: str, region: str) -> dict[str, Any]:
    """CloudTrail, the Auto Scaling service-linked role, and denials with NotAction and NotPrincipal."""
    autoscaling = f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    trail = f"arn:aws:cloudtrail:{region}:{account}:trail/management"
    return document(
        root(account),
        allow(
            "Allow CloudTrail to encrypt logs",
            {"Service": "cloudtrail.amazonaws.com"},
            "kms:GenerateDataKey*",
            {
                "StringEquals": {"aws:SourceArn": trail},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{account}:trail/*"},
            },
        ),
        allow("Allow use by Auto Scaling", autoscaling, USE),
        allow(
            "Allow attachment by Auto Scaling",
            autoscaling,
            "kms:CreateGrant",
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        {
            "Sid": "Only the administrator deletes it",
            "Effect": "Deny",
            "NotPrincipal": {"AWS": [f"arn:aws:iam::{account}:root", f"arn:aws:iam::{account}:role/KeyAdministrator"]},
            "Action": ["kms:ScheduleKeyDeletion", "kms:DeleteAlias"],
            "Resource": "*",
        },
        {
            "Sid": "Nothing but reading over plain HTTP",
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": ["kms:Describe*", "kms:List*"],
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def locked(account: str, administrator: str) -> dict[str, Any]:
    """No delegation to the account: only one role may manage the key."""
    return document(
        allow("Only the administrator", f"arn:aws:iam::{account}:role/{administrator}", "kms:*"), identifier=None
    )


def dead(account: str, *ids: str) -> dict[str, Any]:
    """A policy that names roles deleted since: nobody can put it again before they are taken out."""
    return document(
        root(account),
        *(allow(f"Allow access of a former cache {n}", one, USE) for n, one in enumerate(ids, 1)),
        identifier=None,
    )


def near_limit(account: str, size: int) -> dict[str, Any]:
    """A policy whose compact text is nearly ``size`` bytes long, within the length of one statement."""
    policy = document(root(account), identifier=None)
    length = _compact_length(policy)
    for number in count(1):
        context = {"StringEquals": {"kms:EncryptionContext:project": f"project-{number:04}"}}
        statement = allow(f"Allow project {number:04}", f"arn:aws:iam::{account}:root", USE, context)
        length += _compact_length(statement) + len(",")
        if length > size:
            break
        policy["Statement"].append(statement)
    return policy


def _compact_length(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def oddly_laid_out(account: str) -> str:
    """A policy text with one Statement object instead of a list, tabs, and no Version."""
    return (
        '{\t"Id":"oddly laid out",\r\n\t"Statement":\t{"Effect" :"Allow",\n'
        f'\t\t"Principal":{{"AWS":"{account}"}},\n\t\t"Action":"kms:*", "Resource":"*" , "Sid":"The only one" }}\n}}\n'
    )
