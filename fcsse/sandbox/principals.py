"""Who exists and who is calling: the simulated world's users, roles and sessions, kept in moto's IAM.

Sources: IAM user guide, "IAM identifiers" (unique ids, session ARNs) and "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fcsse.arn import Arn, is_account, root_arn
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.request_context import caller_keys, sender_keys, sender_of_a_service
from fcsse.sandbox.state import PendingRole, State, Veil
from fcsse.sandbox.wire import AwsError, Call

OPT_IN_REGIONS = frozenset(
    {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
    }
)
"""Regions that are off in an account until it turns them on."""

_PRINCIPAL_ARN = re.compile(
    r"arn:[a-z0-9-]+:(?:iam|sts)::[0-9]{12}:"
    r"(?:root|(?:user|role|group|assumed-role|federated-user|saml-provider|oidc-provider|instance-profile|mfa)/.+|\*)"
)
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)")


def iam(state: State, account: str) -> Any:
    """moto's IAM of one account."""
    from moto.iam.models import iam_backends

    return iam_backends[account][state.partition]


def find_role(state: State, account: str, name: str) -> Any | None:
    """moto's role of that name, in any letter case, or None. Role names are unique whatever the case."""
    wanted = name.lower()
    return next((role for role in iam(state, account).roles.values() if role.name.lower() == wanted), None)


def find_user(state: State, account: str, name: str) -> Any | None:
    """moto's user of that name, in any letter case, or None."""
    wanted = name.lower()
    return next((user for user in iam(state, account).users.values() if user.name.lower() == wanted), None)


def unique_id(state: State, arn_text: str) -> str | None:
    """The unique id of the existing role or user whose ARN this is, session ARNs included; else None."""
    arn = Arn.parse(arn_text)
    if arn is None or arn.account not in state.accounts or arn.partition != state.partition:
        return None
    kind, _, rest = arn.resource.partition("/")
    if arn.service == "sts" and kind == "assumed-role":
        role = find_role(state, arn.account, rest.partition("/")[0])
        return str(role.id) if role else None
    if arn.service != "iam" or kind not in ("role", "user"):
        return None
    find = find_role if kind == "role" else find_user
    thing = find(state, arn.account, rest.rpartition("/")[2])
    return str(thing.id) if thing is not None and thing.arn == arn_text else None


def is_valid_principal(state: State, text: str) -> bool:
    """May an AWS principal stand in a key policy: does it exist, and does KMS see it already?

    Dead ids (``AROA…``), groups, wildcards within an ARN and principals of unknown accounts are not valid.
    Source: KMS API reference, PutKeyPolicy: principals "must exist and be visible to AWS KMS".
    """
    if text == "*":
        return True
    if is_account(text):
        return text in state.accounts
    arn = Arn.parse(text)
    if arn is None:
        return False
    if text == root_arn(state.partition, arn.account):
        return arn.account in state.accounts
    return unique_id(state, text) is not None and is_visible(state, text)


def is_no_arn(text: str) -> bool:
    """Does it set out to be an ARN of an account's principal, and is none, such as ``arn:aws:iam:::root``?"""
    return text.startswith("arn:") and _PRINCIPAL_ARN.fullmatch(text) is None


def is_visible(state: State, arn_text: str) -> bool:
    """Does KMS see the principal already? Each question counts as a look."""
    veil = state.veils.get(arn_text)
    if veil is None:
        return True
    if veil.lifted(time.monotonic()):
        del state.veils[arn_text]
        return True
    return False


def is_new(state: State, identifier: str) -> bool:
    """Is it the unique id of a role so new that AWS may still show the id in place of its ARN?"""
    born = state.births.get(identifier)
    return born is not None and time.monotonic() - born < state.switches.new_id_seconds


def is_service(state: State, text: str) -> bool:
    """Is it a service principal that may stand in a policy: well formed, and not of an opt-in Region that is off?

    Source: IAM user guide, "AWS service principals"; AWS Account Management guide, "Specify which AWS Regions your account
    can use": an account must turn opt-in Regions on.
    """
    if _SERVICE.fullmatch(text) is None:
        return False
    on = {state.region, *state.switches.regions_on}
    return not any(part in OPT_IN_REGIONS and part not in on for part in text.split("."))


def reveal(state: State, *, count: bool) -> None:
    """Create the roles whose time has come. ``count``: an IAM call is being made, which counts for some of them."""
    now = time.monotonic()
    for role in list(state.pending_roles):
        if role.calls > 0:
            role.calls -= count
        elif now >= role.at:
            state.pending_roles.remove(role)
            made = _make_role(state, role)
            if role.new:
                state.births[str(made.id)] = now
            if role.kms_delay > 0 or role.kms_calls > 0:
                state.veils[made.arn] = Veil(now + role.kms_delay, role.kms_calls)


def _make_role(state: State, role: PendingRole) -> Any:
    return iam(state, role.account).create_role(
        role_name=role.name,
        assume_role_policy_document=role.trust,
        path=role.path,
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )


def caller_of(state: State, call: Call) -> Caller:
    """Who makes the call, with the condition keys of the request that follow from caller and connection.

    Raises AwsError, with each service's own code, where the credentials are none.
    """
    who = _credentials_of(state, call)
    sent = sender_keys(str(call.environ.get("REMOTE_ADDR") or "127.0.0.1"), call.header("user-agent") or "")
    return replace(who, keys={**caller_keys(state, who, call.region), **sent}, access_key=call.access_key)


def _credentials_of(state: State, call: Call) -> Caller:
    session = state.sessions.get(call.access_key)
    if call.access_key in state.expired or (session and session.expires <= time.time()):
        raise _expired(call)
    if session:
        role = find_role(state, session.account, session.role_name)
        if role is None:
            raise _unknown(call)
        return session_of(state, role, session.session_name, session.issued)
    administrator = state.administrators.get(call.access_key)
    if administrator:
        account, _, name = administrator.partition("/")
        return _user(state, account, name)
    for account in state.accounts:
        key = iam(state, account).access_keys.get(call.access_key)
        if key is not None and key.status == "Active":
            return _user(state, account, str(key.user_name))
    raise _unknown(call)


def session_of(state: State, role: Any, name: str, issued: float | None = None) -> Caller:
    """The caller that a session of a role is; ``issued``: when it began, now if not given."""
    arn = f"arn:{state.partition}:sts::{role.account_id}:assumed-role/{role.name}/{name}"
    return Caller(
        role.account_id,
        arn,
        role.arn,
        role.id,
        f"{role.id}:{name}",
        _policies(role),
        _tags(role),
        issued or time.time(),
    )


def service_session(state: State, session: Caller, region: str) -> Caller:
    """A session in which a service works by its service-linked role, with the condition keys of its requests."""
    return replace(session, keys={**caller_keys(state, session, region), **sender_of_a_service()})


def _user(state: State, account: str, name: str) -> Caller:
    user = iam(state, account).users[name]
    return Caller(account, user.arn, user.arn, user.id, user.id, _policies(user), _tags(user))


def _tags(thing: Any) -> dict[str, str]:
    """moto keeps a role's tags by name, a user's with its tagger."""
    tags = thing.tags or ()
    return {tag["Key"]: tag["Value"] for tag in (tags.values() if isinstance(tags, dict) else tags)}


def _policies(thing: Any) -> tuple[Mapping[str, Any], ...]:
    documents = [*thing.policies.values(), *(policy.document for policy in thing.managed_policies.values())]
    return tuple(json.loads(text) if isinstance(text, str) else text for text in documents)


def _unknown(call: Call) -> AwsError:
    match call.service:
        case "s3":
            message = "The AWS Access Key Id you provided does not exist in our records."
            return AwsError("InvalidAccessKeyId", message, 403)
        case "iam" | "sts":
            return AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
        case _:
            return AwsError("UnrecognizedClientException", "The security token included in the request is invalid.")


def _expired(call: Call) -> AwsError:
    match call.service:
        case "s3":
            return AwsError("ExpiredToken", "The provided token has expired.")
        case "iam" | "sts":
            return AwsError("ExpiredToken", "The security token included in the request is expired", 403)
        case _:
            return AwsError("ExpiredTokenException", "The security token included in the request is expired")
