"""Where a caller's credentials come from, by the settings of AWS's config files, and how they are renewed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    Profiles = Mapping[str, Mapping[str, Any]]


CONTAINER = "AWS_CONTAINER_CREDENTIALS_"
"""How the environment variables begin that name a container's endpoint for credentials."""


class Kind(Enum):
    """Where credentials come from."""

    NONE = "nowhere"
    ENVIRONMENT = "the environment"
    STATIC = "the keys of a profile"
    SSO = "aws sso login"
    LOGIN = "aws login"
    PROCESS = "a profile's credential_process"
    WEB_IDENTITY = "a web identity token"
    CONTAINER = "the container's endpoint"
    INSTANCE = "the instance's metadata"


KIND_OF_METHOD = {
    "env": Kind.ENVIRONMENT,
    "explicit": Kind.ENVIRONMENT,
    "container-role": Kind.CONTAINER,
    "iam-role": Kind.INSTANCE,
    "assume-role-with-web-identity": Kind.WEB_IDENTITY,
}
"""By ``Credentials.method``; for all others the profile says it."""


_OF_CREDENTIAL_SOURCE = {
    "environment": Kind.ENVIRONMENT,
    "ecscontainer": Kind.CONTAINER,
    "ec2instancemetadata": Kind.INSTANCE,
}


class Origin(NamedTuple):
    """Where a profile's credentials come from, in the end: a role's are those of its source.

    ``profile`` is the one that holds them, None for the default one. ``role`` is the first role on the way, and
    ``mfa_serial`` the first MFA device on the way whose code is asked for.
    """

    kind: Kind
    profile: str | None
    role: str = ""
    mfa_serial: str = ""

    @property
    def option(self) -> str:
        """The AWS CLI's option for this profile; empty for the default one."""
        return f" --profile {shlex.quote(self.profile)}" if self.profile else ""


def origin_of(profiles: Profiles, name: str | None) -> Origin:
    """Follows a profile to where its credentials come from. ``profiles`` as in botocore's ``Session.full_config``."""
    role = mfa_serial = ""
    seen: set[str] = set()
    while True:
        settings = profiles.get(name or "default", {})
        ends = (name or "default") in seen
        seen.add(name or "default")
        if ends or "role_arn" not in settings or "web_identity_token_file" in settings:
            return Origin(_own_kind(settings), name, role, mfa_serial)
        role = role or str(settings["role_arn"])
        mfa_serial = mfa_serial or str(settings.get("mfa_serial", ""))
        if "source_profile" not in settings:
            kind = _OF_CREDENTIAL_SOURCE.get(str(settings.get("credential_source", "")).lower(), Kind.NONE)
            return Origin(kind, name, role, mfa_serial)
        name = str(settings["source_profile"])


def _own_kind(settings: Mapping[str, Any]) -> Kind:
    """In the order in which botocore looks."""
    if "web_identity_token_file" in settings:
        return Kind.WEB_IDENTITY
    if not settings.keys().isdisjoint(("sso_account_id", "sso_role_name", "sso_session", "sso_start_url")):
        return Kind.SSO
    if "login_session" in settings and "aws_access_key_id" not in settings:
        return Kind.LOGIN
    if "credential_process" in settings and "aws_access_key_id" not in settings:
        return Kind.PROCESS
    return Kind.STATIC if "aws_access_key_id" in settings else Kind.NONE


def renewal(origin: Origin) -> str:
    """What to do to have credentials that are valid."""
    option, named = origin.option, f" of profile {origin.profile}" if origin.profile else ""
    match origin.kind:
        case Kind.SSO:
            return f"Sign in again: aws sso login{option}"
        case Kind.LOGIN:
            return f"Sign in again: aws login{option}"
        case Kind.PROCESS:
            return (
                f"Renew what the credential_process{named} uses; to see its error: aws sts get-caller-identity{option}"
            )
        case Kind.STATIC:
            return f"Replace the access key{named}: aws configure{option}"
        case Kind.ENVIRONMENT:
            return (
                "Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and (for temporary credentials) AWS_SESSION_TOKEN again, "
                "or unset them and sign in with aws sso login or aws login."
            )
        case Kind.WEB_IDENTITY:
            return "Get a new web identity token, and check that the role's trust policy accepts it."
        case Kind.CONTAINER:
            return f"Check that the task or pod has a role, and what the {CONTAINER}… variables name."
        case Kind.INSTANCE:
            return "Attach an instance profile with a role to the instance, and check that its metadata can be reached."
        case Kind.NONE if origin.profile:
            return f"Give the profile a way to sign in: aws configure sso{option}, aws login{option} or aws configure{option}"
        case Kind.NONE:
            return (
                "Sign in with aws sso login or aws login, set AWS_PROFILE or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or give the job a role."
            )
