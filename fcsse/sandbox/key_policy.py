"""A key's policy over time: which roles and users its ARNs stand for, and how it reads once one of them is gone.

Source: IAM user guide, "AWS JSON policy elements: Principal": the ARN in a saved policy is transformed to the
principal's unique id; it shows as the ARN again while that principal exists, and as the bare id (``AROA…``, ``AIDA…``)
once it is deleted. A new role of the same name has another id, so recreating it does not help.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from fcsse.arn import is_account, root_arn
from fcsse.sandbox import policy_text
from fcsse.sandbox.principals import is_new, is_no_arn, is_service, is_valid_principal, unique_id
from fcsse.sandbox.state import Key, State
from fcsse.sandbox.wire import AwsError

INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."
INVALID_SERVICES = "Policy contains a statement with one or more invalid service principals."
INVALID_ARN = "An ARN in the specified key policy is invalid."


def default_policy(partition: str, account: str) -> dict[str, Any]:
    """The policy of a key created without one. Source: KMS developer guide, "Default key policy"."""
    return {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": root_arn(partition, account)},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


def check_principals(state: State, document: dict[str, Any]) -> None:
    """Raise AwsError where the document names a principal that KMS does not know."""
    names = dict.fromkeys(policy_text.aws_principals(document))
    if any(is_no_arn(name) for name in names):
        raise AwsError("InvalidArnException", INVALID_ARN)
    if not all(is_valid_principal(state, name) for name in names):
        message = "" if state.switches.empty_message_for_principals else INVALID_PRINCIPALS
        raise AwsError(policy_text.MALFORMED, message)
    if not all(is_service(state, name) for name in policy_text.service_principals(document)):
        raise AwsError(policy_text.MALFORMED, INVALID_SERVICES)


def store(state: State, key: Key, text: str, *, verbatim: bool | None = None) -> None:
    """Keep a policy's text for a key, unchecked: normalised, unless ``verbatim`` (default: the sandbox's switch)."""
    names = _named(text)
    as_is = not state.switches.normalise if verbatim is None else verbatim
    if not as_is:
        text = _normalised(text, state.partition)
    ids = {name: unique_id(state, name) for name in names}
    key.bindings = {name: found for name, found in ids.items() if found}
    key.policy.set(text, state.switches.late_policy_seconds, state.switches.late_policy_reads)


@lru_cache(maxsize=256)
def _named(text: str) -> tuple[str, ...]:
    """The AWS principals of a policy's text, each once."""
    return tuple(dict.fromkeys(policy_text.aws_principals(json.loads(text))))


@lru_cache(maxsize=256)
def _normalised(text: str, partition: str) -> str:
    """A policy's text as KMS keeps it. Remembered, as a world is built of the same policies each time."""
    roots = policy_text.map_principals(
        json.loads(text), lambda name: root_arn(partition, name) if is_account(name) else name
    )
    return policy_text.write(policy_text.normalise(roots))


def shown(state: State, key: Key, text: str, *, with_new: bool = False) -> str:
    """A stored text as it reads now: ARNs whose principal is gone are bare ids. Layout stays where nothing is gone.

    ``with_new``: those of new roles, too, where the sandbox's switch says so. Source: the policies of SNS and Secrets
    Manager read back that way for a while after a role was made; nothing is recorded of KMS.
    """
    ids = {name: found for name, found in key.bindings.items() if unique_id(state, name) != found}
    if with_new and state.switches.new_id_in_policies:
        ids |= {name: found for name, found in key.bindings.items() if is_new(state, found)}
    if not ids:
        return text
    document = policy_text.map_principals(json.loads(text), lambda name: ids.get(name, name))
    return policy_text.write(policy_text.normalise(document))


def current(state: State, key: Key) -> dict[str, Any]:
    """The document that is in force now, dead principals as bare ids."""
    document: dict[str, Any] = json.loads(shown(state, key, key.policy.value))
    return document
