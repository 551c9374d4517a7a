"""What the owner of a key or bucket in another account has to add, for pasting into their policy. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fcsse.arn import Arn, root_arn


def create_grant_statement(partition: str, grantee: str, operations: Sequence[str]) -> str:
    """A key policy statement that lets the cache's account create exactly this grant, as JSON text.

    The console's own cross-account statement allows CreateGrant only with ``kms:GrantIsForAWSResource``, which a
    direct call never carries. Source: KMS developer guide, condition keys ``kms:GranteePrincipal``,
    ``kms:GrantOperations`` and ``kms:GrantIsForAWSResource``.
    """
    role = Arn.parse(grantee)
    account = role.account if role else ""
    return json.dumps(
        {
            "Sid": f"Allow account {account} to create the grant for its FSx role",
            "Effect": "Allow",
            "Principal": {"AWS": root_arn(partition, account)},
            "Action": "kms:CreateGrant",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"kms:GranteePrincipal": grantee},
                "ForAllValues:StringEquals": {"kms:GrantOperations": list(operations)},
                # ForAllValues is also true of a request without the key. Source: IAM user guide, "ForAllValues".
                "Null": {"kms:GrantOperations": "false"},
            },
        },
        indent=2,
    )
