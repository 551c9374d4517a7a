"""Service-linked roles, as IAM knows them. IAM answers by name, so the size of the account does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.arn import ROLE_PATH, ROLE_PREFIX, Arn, is_cache_id, role_name
from fcsse.aws.checked_call import call as ask
from fcsse.aws.checked_call import pages
from fcsse.aws.errors import translated
from fcsse.aws.named_call import Call
from fcsse.errors import DeniedError, FcsseError, UnexpectedError
from fcsse.model import IamPrincipal, Role

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


def find_role(iam: IAMClient, cache: str) -> Role | None:
    """The service-linked role of a cache, by its exact name; None where there is none.

    A role of that name under another path is not a service-linked role and does not count. A caller who may not ask
    for one role, but may list them, gets the answer that way.
    Source: IAM API reference, GetRole.
    """
    try:
        return _get_role(iam, cache)
    except (DeniedError, UnexpectedError) as refusal:
        if not isinstance(refusal.__cause__, ClientError):
            raise
        try:
            listed = list_roles(iam)
        except FcsseError:
            raise refusal from refusal.__cause__
        return next((role for role in listed if role.cache == cache), None)


def _get_role(iam: IAMClient, cache: str) -> Role | None:
    name = role_name(cache)
    with translated(Call("iam:GetRole", f"role {name}", doing=f"looking up the service-linked role of {cache}")):
        try:
            answer = ask(iam, "GetRole", RoleName=name)
        except iam.exceptions.NoSuchEntityException:
            return None
    return _role(answer["Role"]) if answer["Role"]["RoleName"] == name else None


def list_roles(iam: IAMClient) -> tuple[Role, ...]:
    """Every FSx S3 service-linked role of the account, in IAM's order. Source: IAM API reference, ListRoles."""
    found: list[Role] = []
    with translated(Call("iam:ListRoles", f"path {ROLE_PATH}", doing="listing the account's FSx service-linked roles")):
        for page in pages(iam, "ListRoles", PathPrefix=ROLE_PATH, MaxItems=1000):
            found += [role for entry in page["Roles"] if (role := _role(entry))]
    return tuple(found)


def role_ids(iam: IAMClient, path: str = "/") -> dict[str, str]:
    """The unique ids of the account's roles under a path, and their ARNs. Source: IAM API reference, ListRoles."""
    with translated(Call("iam:ListRoles", f"path {path}", doing="listing the account's roles")):
        found = pages(iam, "ListRoles", PathPrefix=path, MaxItems=1000)
        return {entry["RoleId"]: entry["Arn"] for page in found for entry in page["Roles"]}


def user_ids(iam: IAMClient) -> dict[str, str]:
    """The unique ids of the account's users, and their ARNs. Source: IAM API reference, ListUsers."""
    with translated(Call("iam:ListUsers", "path /", doing="listing the account's users")):
        found = pages(iam, "ListUsers", MaxItems=1000)
        return {entry["UserId"]: entry["Arn"] for page in found for entry in page["Users"]}


def find_principal(iam: IAMClient, arn: Arn) -> IamPrincipal | None:
    """The role or user of an ARN, or that there is none; None for principals of other kinds.

    ``arn`` is of the caller's own account; a session's stands for its role. Source: IAM API reference, GetRole, GetUser.
    """
    kind, _, rest = arn.resource.partition("/")
    session = arn.service == "sts" and kind == "assumed-role"
    name = rest.partition("/")[0] if session else rest.rpartition("/")[2]
    if not session and (arn.service != "iam" or kind not in ("role", "user")):
        return None
    user = kind == "user"
    what = "user" if user else "role"
    with translated(
        Call("iam:GetUser" if user else "iam:GetRole", f"{what} {name}", doing=f"looking up {what} {name}")
    ):
        try:
            found = ask(iam, "GetUser", UserName=name)["User"] if user else ask(iam, "GetRole", RoleName=name)["Role"]
        except iam.exceptions.NoSuchEntityException:
            return IamPrincipal(exists=False)
    return IamPrincipal(session or found["Arn"] == str(arn), found.get("CreateDate"))


def _role(entry: Mapping[str, Any]) -> Role | None:
    name, arn = entry["RoleName"], Arn.parse(entry["Arn"])
    cache = name.removeprefix(ROLE_PREFIX)
    if arn is None or entry["Path"] != ROLE_PATH or not name.startswith(ROLE_PREFIX) or not is_cache_id(cache):
        return None
    return Role(arn, cache, entry.get("RoleId"), entry.get("CreateDate"))
