"""DynamoDB, by moto: tables and items, for callers whose IAM policies allow the call.

Source: Service Authorization Reference, DynamoDB (calls about a table are authorized on its ARN).
"""

from __future__ import annotations

from collections.abc import Callable

from fcsse.sandbox.authorize import require_identity
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import Call, Reply


def answer(state: State, call: Call, caller: Caller, forward: Callable[[], Reply]) -> Reply:
    """Check the caller's permission, then let moto carry the call out. Raises AwsError."""
    table = str(call.parameters.get("TableName") or "*")
    arn = f"arn:{state.partition}:dynamodb:{call.region}:{caller.account}:table/{table}"
    require_identity(caller, f"dynamodb:{call.operation}", arn)
    return forward()
