"""What several KMS operations check: whose key it is, the caller's permission, policies, values, and pages.

Sources: KMS API reference, the page of each operation, and PutKeyPolicy for the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fcsse.sandbox import key_policy, policy_text
from fcsse.sandbox.authorize import keeps_control, require_key
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.kms_keys import find_key
from fcsse.sandbox.state import Key, State, page
from fcsse.sandbox.wire import AwsError

Given = Mapping[str, Any]

LOCKOUT = "The new key policy will not allow you to update the key policy in the future."


def invalid(message: str) -> AwsError:
    """A ValidationException in KMS's form."""
    return AwsError("ValidationException", f"1 validation error detected: {message}")


def one_of(value: str, name: str, values: Iterable[str]) -> None:
    """Raise AwsError where a value is none of an enumeration's."""
    if value not in values:
        raise invalid(
            f"Value '{value}' at '{name}' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(values)}]"
        )


def in_range(value: object, name: str, least: int, most: int) -> int:
    """The integer, checked against its range. Raises AwsError."""
    if not isinstance(value, int) or not least <= value <= most:
        small = isinstance(value, int) and value < least
        bound = f"greater than or equal to {least}" if small else f"less than or equal to {most}"
        raise invalid(f"Value '{value}' at '{name}' failed to satisfy constraint: Member must have value {bound}")
    return value


def own_key(state: State, caller: Caller, region: str, given: Given, action: str, **context: str) -> Key:
    """The key, for an operation that works within one account only; another account's is refused."""
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    if key.account != caller.account:
        message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {key.arn}"
        raise AwsError("AccessDeniedException", message)
    require_key(state, key, caller, action, {f"kms:{name}": value for name, value in context.items()})
    return key


def checked_policy(state: State, key: Key, caller: Caller, text: str, *, bypass: bool = False) -> None:
    """Raise AwsError where KMS would refuse the document for this key; ``bypass`` leaves the lockout check out."""
    switches = state.switches
    document = policy_text.parse(text, limit=switches.policy_limit, elements_required=switches.elements_required)
    key_policy.check_principals(state, document)
    if not bypass and not keeps_control(state, key, caller, document):
        raise AwsError(policy_text.MALFORMED, LOCKOUT)


def limit(state: State, given: Given, most: int, usual: int = 50) -> int:
    """The page size asked for, checked against 1 to ``most``."""
    size = in_range(given.get("Limit", usual), "limit", 1, most)
    return min(size, state.switches.page or size)


def marker(given: Given) -> int:
    """Where the page asked for starts."""
    text = str(given.get("Marker") or "m0")
    if not re.fullmatch(r"m\d+", text):
        raise AwsError("InvalidMarkerException", f"Invalid marker {text}")
    return int(text[1:])


def listed(state: State, given: Given, name: str, items: Iterable[Mapping[str, Any]], most: int) -> dict[str, Any]:
    """One page of a list, in KMS's form."""
    shown, following = page(items, marker(given), limit(state, given, most))
    more = {"NextMarker": f"m{following}"} if following is not None else {}
    return {name: shown, "Truncated": following is not None, **more}


def stop_dry_run(given: Given) -> None:
    """Raise what AWS answers to a call with DryRun that would have succeeded; it was recorded with the status 400."""
    if given.get("DryRun"):
        message = "The request would have succeeded, but the DryRun option is set."
        raise AwsError("DryRunOperationException", message)
