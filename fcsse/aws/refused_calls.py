"""Refusals for want of a permission: what is needed, and in which policy, by AWS's words.

Source: IAM user guide, "Troubleshoot access denied error messages".
"""

from __future__ import annotations

import re

from fcsse.aws.named_call import Call
from fcsse.errors import DeniedError, DenyingPolicy, NeededPermission

_NAMED = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?")


def denied(message: str, said: str, call: Call) -> DeniedError:
    """The error for a call that was refused. ``message`` are AWS's words, ``said`` these with the error's code."""
    named = _NAMED.search(message)
    if named and named[1] != call.action:  # a service that asks another one on the caller's behalf
        call = call._replace(action=named[1], resource=(named[2] or call.resource).strip('",;.'))
    side = call.side
    if "no resource-based policy" in message:
        side = "the key policy" if call.action.startswith("kms:") else "the resource's policy"
    elif "no identity-based policy" in message:
        side = "the caller's IAM policy"
    elif "service control policy" in message or "resource control policy" in message:
        side = "the organization's control policies (SCP, RCP), which deny it"
    elif "permissions boundary" in message:
        side = "the caller's permissions boundary"
    elif "session policy" in message:
        side = "the policy of the caller's session"
    elif "VPC endpoint policy" in message:
        side = "the VPC endpoint's policy"
    elif "with an explicit deny" in message:
        side = "the policy with the explicit deny that AWS names"
    who = re.search(r"User: (\S+)", message)
    on = f" on {call.resource}" if call.resource else ""
    denied_by = _denying(message)
    needed = NeededPermission((call.action,), call.resource, side, who.group(1) if who else "", denied_by)
    return DeniedError(
        f"{call.opening}: the caller may not call {call.action}{'' if call.resource in call.opening else on}",
        needed.remedy,
        action=call.action,
        resource=call.resource,
        denied_by=denied_by,
        needed=needed,
    ).quoting(said)


_DENYING = {
    "service control policy": DenyingPolicy.SERVICE_CONTROL,
    "resource control policy": DenyingPolicy.RESOURCE_CONTROL,
    "resource-based policy": DenyingPolicy.RESOURCE,
    "identity-based policy": DenyingPolicy.IDENTITY,
    "permissions boundary": DenyingPolicy.BOUNDARY,
    "session policy": DenyingPolicy.SESSION,
    "VPC endpoint policy": DenyingPolicy.VPC_ENDPOINT,
}
"""How AWS names the policy. Source: IAM user guide, "Troubleshoot access denied error messages"."""


def _denying(message: str) -> DenyingPolicy | None:
    """Which policy denies it, where AWS says that an explicit Deny does."""
    _, explicit, rest = message.partition("explicit deny")
    if not explicit:
        return None
    return next((kind for words, kind in _DENYING.items() if words in rest), DenyingPolicy.SOME)
