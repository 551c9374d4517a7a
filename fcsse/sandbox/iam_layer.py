"""What the sandbox adds to moto's IAM: roles that appear late, unique names, protected roles, and permissions.

Sources: IAM API reference, CreateRole (names are unique whatever their case), DeleteRole and
DeleteServiceLinkedRole; IAM user guide, "Using service-linked roles" and "Changes that I make are not always
immediately visible".
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

from fcsse.sandbox.authorize import require_identity
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.principals import find_role, find_user, iam, reveal
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError, Call, Reply, elements, xml_reply

_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
_LINKED_PATH = "/aws-service-role/"
_SUFFIXED = (
    "autoscaling.amazonaws.com",
    "connect.amazonaws.com",
    "lex.amazonaws.com",
    "iot",
    "s3.data-source.lustre.fsx",
)
"""Services whose roles take a suffix."""
_NO_DESCRIPTION = re.compile(rb"<Description>\s*</Description>|<Description\s*/>")


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
        case "CreateServiceLinkedRole":
            _check_linked(state, call, caller)
        case "GetServiceLinkedRoleDeletionStatus":
            return _deletion_status()
        case "ListRoles" if not 1 <= int(call.parameters.get("MaxItems") or 100) <= 1000:
            raise AwsError("ValidationError", "MaxItems must be between 1 and 1000")
        case _:
            pass
    reply = forward()
    if "Role" in call.operation:
        # A role made without a description has none in AWS's answers.
        reply = Reply(reply.status, _NO_DESCRIPTION.sub(b"", reply.body), reply.headers)
    if call.operation in ("CreateRole", "CreateServiceLinkedRole") and reply.status == 200:
        _note_birth(state, caller.account, reply)
    if call.operation == "CreateUser" and reply.status == 200:
        mark_user(state, caller.account, str(call.parameters.get("UserName")))
    return reply


def _check_linked(state: State, call: Call, caller: Caller) -> None:
    service, suffix = str(call.parameters.get("AWSServiceName")), call.parameters.get("CustomSuffix")
    if suffix and not service.startswith(_SUFFIXED):
        raise AwsError("InvalidInput", f"Custom suffix is not allowed for {service}")
    path = f"{_LINKED_PATH}{service}/"
    roles = [role for role in iam(state, caller.account).roles.values() if role.path == path]
    taken = next((role.name for role in roles if not suffix or role.name.endswith(f"_{suffix}")), None)
    if taken is not None:
        message = f"Service role name {taken} has been taken in this account, please try a different suffix."
        raise AwsError("InvalidInput", message)


def _deletion_status() -> Reply:
    """The sandbox deletes a service-linked role at once."""
    name = "GetServiceLinkedRoleDeletionStatus"
    body = f"<{name}Result>{elements([('Status', 'SUCCEEDED')])}</{name}Result>"
    return xml_reply(f'<{name}Response xmlns="{_NAMESPACE}">{body}</{name}Response>')


def _note_birth(state: State, account: str, reply: Reply) -> None:
    """A role made through the API is new for a while."""
    name = reply.body.decode().partition("<RoleName>")[2].partition("</RoleName>")[0]
    role = find_role(state, account, name)
    if role is not None:
        state.births[str(role.id)] = time.monotonic()


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
