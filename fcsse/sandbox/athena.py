"""Athena, by moto: queries are not run but answered from results that are queued, or by an engine that is plugged in.

Sources: Athena API reference, StartQueryExecution ("No output location provided" where neither the call nor the
workgroup names one), GetQueryExecution (states QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED; Statistics), and
StopQueryExecution; moto's Athena backend for how results are queued.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from fcsse.sandbox.athena_access import failure, refuse_results, refuse_start
from fcsse.sandbox.authorize import require_identity
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.query_settings import AthenaTraits
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError, Call, Reply, json_reply

_SIMULATED = ("StartQueryExecution", "GetQueryExecution", "GetQueryResults", "StopQueryExecution")


def queue_rows(state: State, account: str, region: str, rows: Sequence[Sequence[str | None]]) -> None:
    """The next query of that account and Region is answered with these rows, the first one the columns' names.

    What moto's own ``moto-api/static/athena/query-results`` does.
    """
    from moto.moto_api._internal.models import moto_api_backend

    shaped = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
    with state.lock:
        moto_api_backend.set_athena_result(rows=shaped, column_info=[], account_id=account, region=region)


def answer(state: State, call: Call, caller: Caller, forward: Callable[[str], Reply]) -> Reply:
    """Check an Athena call, then let moto carry it out. Raises AwsError."""
    if call.operation not in _SIMULATED:
        raise AwsError("UnknownOperationException", f"The sandbox does not simulate athena:{call.operation}.", 404)
    group = call.parameters.get("WorkGroup") or "primary"
    arn = f"arn:{state.partition}:athena:{call.region}:{caller.account}:workgroup/{group}"
    require_identity(caller, f"athena:{call.operation}", arn)
    traits = state.athena
    query = str(call.parameters.get("QueryExecutionId") or "")
    match call.operation:
        case "StartQueryExecution":
            refuse_start(state, call, caller)
            _start(state, call, caller)
            reply = forward(caller.account)
            if reply.status == 200 and (reason := failure(state, call, caller)):
                traits.refused[json.loads(reply.body)["QueryExecutionId"]] = reason
            return reply
        case "GetQueryResults":
            refuse_results(state, call, caller)
        case "StopQueryExecution":
            traits.stopped.append(query)
        case "GetQueryExecution":
            return _told(traits, query, forward(caller.account))
        case _:
            pass
    return forward(caller.account)


def _start(state: State, call: Call, caller: Caller) -> None:
    traits, given = state.athena, call.parameters
    if not traits.located and not (given.get("ResultConfiguration") or {}).get("OutputLocation"):
        message = (
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
        raise AwsError("InvalidRequestException", message)
    statement, parameters = str(given.get("QueryString")), tuple(given.get("ExecutionParameters") or ())
    traits.statements.append((statement, parameters))
    if traits.engine is not None:
        queue_rows(state, caller.account, call.region, traits.engine(statement, parameters))


def _told(traits: AthenaTraits, query: str, reply: Reply) -> Reply:
    if reply.status != 200:
        return reply
    found: dict[str, Any] = json.loads(reply.body)
    execution = found["QueryExecution"]
    traits.asked[query] = traits.asked.get(query, 0) + 1
    execution["Statistics"]["DataScannedInBytes"] = traits.scanned
    if query in traits.stopped:
        execution["Status"]["State"] = "CANCELLED"
    elif traits.asked[query] <= traits.polls:
        execution["Status"]["State"] = "QUEUED" if traits.asked[query] == 1 else "RUNNING"
    elif reason := traits.refused.get(query, traits.failure):
        execution["Status"].update(State="FAILED", StateChangeReason=reason)
    return json_reply(found)
