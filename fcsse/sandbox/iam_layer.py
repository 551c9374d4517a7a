"""What the sandbox adds to moto's IAM: roles that appear late, unique names, protected roles, and permissions.

Sources: IAM API reference, CreateRole (names are unique whatever their case), DeleteRole and
DeleteServiceLinkedRole; IAM user guide, "Using service-linked roles" and "Changes that I make are not always
immediately visible".
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from fcsse.sandbox.authorize import require_identity
from fcsse.sandbox.principals import find_role, find_user, iam, reveal
from fcsse.sandbox.wire import AwsError, elements, xml_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from fcsse.sandbox.principals import Caller
    from fcsse.sandbox.state import State
    from fcsse.sandbox.wire import Call, Reply

_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
_LINKED_PATH = "/aws-service-role/"


def answer(state: State, call: Call, caller: Caller, forward: Callable[[], Reply]) -> Reply:
    """Check an IAM call, then let moto carry it out. Raises AwsError."""
    reveal(state, count=True)
    require_identity(caller, f"iam:{call.operation}", _resource(state, call, caller), "AccessDenied")
    name = str(call.parameters.get("RoleName") or "")
    role = find_role(state, caller.account, name) if name else None
    match call.operation:
        case "CreateRole" if role is not None:
            raise AwsError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
        case "GetRole" | "DeleteRole" | "DeleteServiceLinkedRole" if role is None:
            raise AwsError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
        case "DeleteRole" if role is not None and role.path.startswith(_LINKED_PATH):
            message = (
                f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
            )
            raise AwsError("UnmodifiableEntity", message)
        case "DeleteServiceLinkedRole" if role is not None:
            del iam(state, caller.account).roles[role.id]
            task = f"task{role.path}{role.name}/{uuid.uuid4()}"
            result = f"<DeleteServiceLinkedRoleResult>{elements([('DeletionTaskId', task)])}"
            body = f"{result}</DeleteServiceLinkedRoleResult>"
            namespace = f'xmlns="{_NAMESPACE}"'
            return xml_reply(f"<DeleteServiceLinkedRoleResponse {namespace}>{body}</DeleteServiceLinkedRoleResponse>")
        case "ListRoles" if not 1 <= int(call.parameters.get("MaxItems") or 100) <= 1000:
            raise AwsError("ValidationError", "MaxItems must be between 1 and 1000")
        case _:
            pass
    reply = forward()
    if call.operation == "CreateUser" and reply.status == 200:
        mark_user(state, caller.account, str(call.parameters.get("UserName")))
    return reply


def mark_user(state: State, account: str, name: str) -> None:
    """Give a new user of moto's a unique id as AWS forms it: ``AIDA`` and 17 capitals and digits."""
    user = find_user(state, account, name)
    if user is not None and not user.id.startswith("AIDA"):
        user.id = f"AIDA{uuid.uuid4().hex[:17].upper()}"


def _resource(state: State, call: Call, caller: Caller) -> str:
    prefix = f"arn:{state.partition}:iam::{caller.account}:"
    if call.parameters.get("RoleName"):
        name = str(call.parameters["RoleName"])
        role = find_role(state, caller.account, name)
        return str(role.arn) if role else f"{prefix}role{call.parameters.get('Path') or '/'}{name}"
    if call.parameters.get("UserName"):
        name = str(call.parameters["UserName"])
        user = find_user(state, caller.account, name)
        return str(user.arn) if user else f"{prefix}user/{name}"
    if call.operation == "ListRoles":
        return f"{prefix}role{call.parameters.get('PathPrefix') or '/'}"
    return f"{prefix}*"
