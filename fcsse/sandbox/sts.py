"""The STS of the sandbox: GetCallerIdentity and AssumeRole.

Source: STS API reference. GetCallerIdentity needs no permission. AssumeRole needs the role's trust policy; across
accounts, and where that policy hands the decision to the account, the caller's own policies too.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from fcsse.arn import Arn
from fcsse.sandbox.authorize import identity_verdict, resource_verdict
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.principals import find_role, session_of
from fcsse.sandbox.state import Session, State
from fcsse.sandbox.wire import AwsError, Call, Reply, elements, xml_reply

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def answer(state: State, call: Call, caller: Caller) -> Reply:
    """Carry an STS call out. Raises AwsError."""
    match call.operation:
        case "GetCallerIdentity":
            pairs = [("UserId", caller.userid), ("Account", caller.account), ("Arn", caller.arn)]
            return _reply(call.operation, elements(pairs))
        case "AssumeRole":
            return _assume_role(state, call, caller)
        case _:
            raise AwsError("InvalidAction", f"The sandbox does not simulate sts:{call.operation}.", 400)


def _reply(operation: str, body: str) -> Reply:
    result = f"<{operation}Result>{body}</{operation}Result>"
    metadata = f"<ResponseMetadata>{elements([('RequestId', secrets.token_hex(16))])}</ResponseMetadata>"
    return xml_reply(f'<{operation}Response xmlns="{_NAMESPACE}">{result}{metadata}</{operation}Response>')


def _assume_role(state: State, call: Call, caller: Caller) -> Reply:
    text = str(call.parameters.get("RoleArn") or "")
    name = str(call.parameters.get("RoleSessionName") or "session")
    if not re.fullmatch(r"[\w+=,.@-]*", name, re.ASCII):
        pattern = "Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        message = (
            f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: {pattern}"
        )
        raise AwsError("ValidationError", message)
    arn = Arn.parse(text)
    if arn is None or arn.service != "iam" or not arn.resource.startswith("role/"):
        raise AwsError("ValidationError", f"{text} is invalid")
    role: Any | None = None
    if arn.account in state.accounts:
        role = find_role(state, arn.account, arn.resource.rpartition("/")[2])
    if role is None or role.arn != text or not _may_assume(caller, role):
        message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {text}"
        raise AwsError("AccessDenied", message, 403)
    seconds = int(call.parameters.get("DurationSeconds") or 3600)
    if not 900 <= seconds <= 43_200:
        raise AwsError("ValidationError", "DurationSeconds must be between 900 and 43200")
    session = Session(
        f"ASIA{secrets.token_hex(8).upper()}",
        secrets.token_urlsafe(30),
        secrets.token_urlsafe(90),
        role.account_id,
        role.name,
        name,
        time.time() + seconds,
    )
    state.sessions[session.access_key] = session
    assumed = session_of(state, role, name)
    expiration = datetime.fromtimestamp(session.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    credentials = [
        ("AccessKeyId", session.access_key),
        ("SecretAccessKey", session.secret),
        ("SessionToken", session.token),
        ("Expiration", expiration),
    ]
    user = [("AssumedRoleId", assumed.userid), ("Arn", assumed.arn)]
    return _reply(
        "AssumeRole",
        f"<Credentials>{elements(credentials)}</Credentials><AssumedRoleUser>{elements(user)}</AssumedRoleUser>",
    )


def _may_assume(caller: Caller, role: Any) -> bool:
    trust = json.loads(role.assume_role_policy_document)
    if resource_verdict(trust, caller, "sts:AssumeRole", role.arn) is not True:
        return False
    named = f'"{caller.principal_arn}"' in json.dumps(trust)
    own = identity_verdict(caller, "sts:AssumeRole", role.arn)
    return own is True or (own is None and named and caller.account == role.account_id)
