"""The AWS Organizations of the sandbox, read only.

Sources: AWS Organizations API reference: DescribeOrganization works for every member account, the lists and
DescribeAccount for the management account and delegated administrators; outside of an organization all answer
AWSOrganizationsNotInUseException.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fcsse.sandbox.authorize import require_identity
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.organization_tree import Member, Organization, Unit
from fcsse.sandbox.state import State, page
from fcsse.sandbox.wire import AwsError, Call, Reply, json_reply

_NOT_IN_USE = "Your account is not a member of an organization."
_NO_ACCESS = "You don't have permissions to access this resource."


def answer(state: State, call: Call, caller: Caller) -> Reply:
    """Carry a call out. Raises AwsError."""
    if call.operation not in ("DescribeOrganization", *_LISTS, "DescribeAccount"):
        message = f"The sandbox does not simulate organizations:{call.operation}."
        raise AwsError("UnknownOperationException", message)
    require_identity(caller, f"organizations:{call.operation}", "*")
    found = state.organization
    if found is None or caller.account not in found.members:
        raise AwsError("AWSOrganizationsNotInUseException", _NOT_IN_USE)
    if call.operation == "DescribeOrganization":
        return json_reply({"Organization": _organization(state, found)})
    if caller.account != found.management and caller.account not in found.delegated:
        raise AwsError("AccessDeniedException", _NO_ACCESS)
    given = call.parameters
    if call.operation == "DescribeAccount":
        member = found.members.get(str(given.get("AccountId")))
        if member is None:
            raise AwsError("AccountNotFoundException", "You specified an account that doesn't exist.")
        return json_reply({"Account": _account(state, found, member)})
    name, items = _listed(state, found, call.operation, given)
    return _page(state, given, name, items)


_LISTS = (
    "ListAccounts",
    "ListAccountsForParent",
    "ListChildren",
    "ListOrganizationalUnitsForParent",
    "ListParents",
    "ListRoots",
)


def _listed(
    state: State, found: Organization, operation: str, given: Mapping[str, Any]
) -> tuple[str, Sequence[Mapping[str, Any]]]:
    parent = str(given.get("ParentId"))
    if operation.endswith("ForParent") or operation == "ListChildren":
        _required_parent(found, parent)
    match operation:
        case "ListAccounts":
            return "Accounts", [_account(state, found, member) for member in found.members.values()]
        case "ListAccountsForParent":
            inside = [member for member in found.members.values() if member.parent == parent]
            return "Accounts", [_account(state, found, member) for member in inside]
        case "ListOrganizationalUnitsForParent":
            units = [unit for unit in found.units.values() if unit.parent == parent]
            return "OrganizationalUnits", [_unit(state, found, unit) for unit in units]
        case "ListChildren":
            kind = str(given.get("ChildType"))
            if kind == "ACCOUNT":
                ids = [member.account for member in found.members.values() if member.parent == parent]
            else:
                ids = [unit.id for unit in found.units.values() if unit.parent == parent]
            return "Children", [{"Id": one, "Type": kind} for one in ids]
        case "ListParents":
            return "Parents", [_parent(found, str(given.get("ChildId")))]
        case _:
            arn = _arn(state, found, f"root/{found.id}/{found.root}")
            return "Roots", [{"Id": found.root, "Arn": arn, "Name": "Root", "PolicyTypes": []}]


def _required_parent(found: Organization, parent: str) -> None:
    if parent != found.root and parent not in found.units:
        raise AwsError("ParentNotFoundException", "You specified parent that doesn't exist.")


def _parent(found: Organization, child: str) -> dict[str, str]:
    if child in found.members:
        parent = found.members[child].parent
    elif child in found.units:
        parent = found.units[child].parent
    else:
        raise AwsError("ChildNotFoundException", "You specified child that doesn't exist.")
    return {"Id": parent, "Type": "ROOT" if parent == found.root else "ORGANIZATIONAL_UNIT"}


def _arn(state: State, found: Organization, resource: str) -> str:
    return f"arn:{state.partition}:organizations::{found.management}:{resource}"


def _mail(name: str) -> str:
    return f"{name.lower().replace(' ', '-')}@example.com"


def _organization(state: State, found: Organization) -> dict[str, Any]:
    head = found.members[found.management]
    return {
        "Id": found.id,
        "Arn": _arn(state, found, f"organization/{found.id}"),
        "FeatureSet": "ALL",
        "MasterAccountArn": _arn(state, found, f"account/{found.id}/{found.management}"),
        "MasterAccountId": found.management,
        "MasterAccountEmail": _mail(head.name),
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }


def _account(state: State, found: Organization, member: Member) -> dict[str, Any]:
    return {
        "Id": member.account,
        "Arn": _arn(state, found, f"account/{found.id}/{member.account}"),
        "Email": _mail(member.name),
        "Name": member.name,
        "Status": member.status,
        "State": member.status,
        "JoinedMethod": "INVITED" if member.account == found.management else "CREATED",
        "JoinedTimestamp": member.joined,
    }


def _unit(state: State, found: Organization, unit: Unit) -> dict[str, Any]:
    return {"Id": unit.id, "Arn": _arn(state, found, f"ou/{found.id}/{unit.id}"), "Name": unit.name}


def _page(state: State, given: Mapping[str, Any], name: str, items: Sequence[Mapping[str, Any]]) -> Reply:
    asked = given.get("MaxResults", 20)
    if not isinstance(asked, int) or not 1 <= asked <= 20:
        raise AwsError("InvalidInputException", "You specified an invalid value.")
    token = str(given.get("NextToken") or "n0")
    if not (token.startswith("n") and token[1:].isdigit()):
        raise AwsError("InvalidInputException", "You specified an invalid value.")
    shown, following = page(items, int(token[1:]), min(asked, state.switches.page or asked))
    return json_reply({name: shown, **({"NextToken": f"n{following}"} if following is not None else {})})
