"""Counting writes per key and day, so that many invocations at once together stay within a limit.

One conditional update does both, asking and counting: DynamoDB carries out updates of one item one after the other, and
each sees the one before. Source: DynamoDB developer guide, "Condition expressions" and "Working with items" (conditional
writes); "Time to Live" (items end some time after the number in ``expires``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from fcsse.aws.checked_call import call as ask
from fcsse.aws.errors import error_code, translated
from fcsse.aws.named_call import Call

if TYPE_CHECKING:
    from botocore.client import BaseClient

KEPT = 7 * 24 * 3600
"""Seconds that a count outlives its day."""


def count_write(client: BaseClient, table: str, key: str, now: float, limit: int) -> bool:
    """Counts a write to a key on the day (UTC) of ``now`` (seconds since 1970). False: the day's limit is reached.

    A repetition by botocore after a lost answer counts twice, which errs towards fewer writes. ``table`` has the partition
    key ``id`` (a string). Raises ``DeniedError``, ``NotFoundError`` (no such table) and others.
    """
    day = int(now // 86400)
    with translated(Call("dynamodb:UpdateItem", f"table {table}", f"counting changes of key {key} in table {table}")):
        try:
            ask(
                client,
                "UpdateItem",
                TableName=table,
                Key={"id": {"S": f"{key} {day}"}},
                UpdateExpression="ADD writes :one SET expires = :expires",
                ConditionExpression="attribute_not_exists(writes) OR writes < :limit",
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":limit": {"N": str(limit)},
                    ":expires": {"N": str(day * 86400 + KEPT)},
                },
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
    return True
