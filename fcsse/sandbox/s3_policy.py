"""What S3 refuses of a bucket policy.

Sources: S3 API reference, PutBucketPolicy; S3 user guide, "Bucket policies" (20 KB); IAM user guide, the elements of a
policy; for the messages, AWS's recorded answers and public threads that quote them ("Missing required field …", "Policy has
invalid resource", "Invalid principal in policy", "Action does not apply to any resource(s) in statement").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fcsse.sandbox.judge.condition_types import COMPARE
from fcsse.sandbox.judge.wildcards import matches, pattern_of
from fcsse.sandbox.principals import is_service, is_valid_principal
from fcsse.sandbox.s3_actions import BUCKET_ACTIONS, OBJECT_ACTIONS
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError

LIMIT = 20 * 1024
"""Size limit of a bucket policy, in bytes."""

_ELEMENTS = (("Effect",), ("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))
_KNOWN = ("Sid", "Condition", *(name for names in _ELEMENTS for name in names))


def _refused(message: str) -> AwsError:
    return AwsError("MalformedPolicy", message)


def check_policy(state: State, bucket: str, body: bytes) -> None:
    """Raise AwsError where S3 would refuse the policy for the bucket."""
    try:
        document = json.loads(body.decode())
    except ValueError:
        document = None
    if not body.startswith(b"{") or not isinstance(document, dict):
        raise _refused("Policies must be valid JSON and the first byte must be '{'")
    if len(body) > LIMIT:
        raise _refused("Policy exceeds the maximum allowed document size.")
    if "Statement" not in document:
        raise _refused("Missing required field Statement")
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise _refused("The policy must contain a valid version string")
    found = document["Statement"]
    listed = found if isinstance(found, list) else [found]
    if not listed:
        raise _refused("Could not parse the policy: Statement is empty!")
    sids = [one.get("Sid") for one in listed if isinstance(one, dict) and one.get("Sid")]
    if len(set(map(str, sids))) != len(sids):
        raise _refused("Statement IDs (SID) in a single policy must be unique.")
    for statement in listed:
        if not isinstance(statement, dict):
            raise _refused("Syntax errors in policy.")
        _check(state, bucket, statement)


def _check(state: State, bucket: str, statement: Mapping[str, Any]) -> None:
    for names in _ELEMENTS:
        if not any(name in statement for name in names):
            raise _refused(f"Missing required field {names[0]}")
        if all(name in statement for name in names) and len(names) > 1:
            raise _refused("Syntax errors in policy.")
    unknown = [name for name in statement if name not in _KNOWN]
    if unknown:
        raise _refused(f"Unknown field {unknown[0]}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise _refused(f"Invalid effect: {statement['Effect']}")
    _check_principals(state, statement)
    actions = list(_texts(statement, "Action"))
    if not all(_is_action(action) for action in actions):
        raise _refused("Policy has invalid action")
    resources = list(_texts(statement, "Resource"))
    arn = f"arn:{state.partition}:s3:::{bucket}"
    if not resources or not all(_of_bucket(resource, arn) for resource in resources):
        raise _refused("Policy has invalid resource")
    if "Action" in statement and "Resource" in statement:
        _check_pairs(actions, resources, arn)
    _check_condition(statement.get("Condition"))


def _texts(statement: Mapping[str, Any], name: str) -> Iterator[str]:
    value = statement.get(name, statement.get(f"Not{name}"))
    yield from (str(one) for one in (value if isinstance(value, list) else [value]))


def _check_principals(state: State, statement: Mapping[str, Any]) -> None:
    element = statement.get("Principal", statement.get("NotPrincipal"))
    if element == "*":
        return
    if not isinstance(element, dict) or not element:
        raise _refused("Invalid principal in policy")
    for kind, values in element.items():
        for value in values if isinstance(values, list) else [values]:
            match kind:
                case "AWS":
                    known = is_valid_principal(state, str(value))
                case "Service":
                    known = is_service(state, str(value))
                case "CanonicalUser" | "Federated":
                    known = True
                case _:
                    known = False
            if not known:
                raise _refused("Invalid principal in policy")


def _is_action(text: str) -> bool:
    if text == "*":
        return True
    service, colon, name = text.partition(":")
    known = (*BUCKET_ACTIONS, *OBJECT_ACTIONS)
    return bool(colon) and service.lower() == "s3" and any(_covers(name, one) for one in known)


def _covers(pattern: str, action: str) -> bool:
    return matches(pattern_of(pattern.lower()), action.lower())


def _of_bucket(resource: str, arn: str) -> bool:
    """A policy may name its own bucket and what is in it; wildcards in the bucket's name are taken for what they cover."""
    if resource == "*":
        return False
    head, slash, _ = resource.partition("/")
    return head == arn or matches(pattern_of(resource), arn) or (bool(slash) and matches(pattern_of(head), arn))


def _check_pairs(actions: list[str], resources: list[str], arn: str) -> None:
    """Each action must go with one of the resources: those on objects with objects, the others with the bucket."""
    objects = any("/" in one or matches(pattern_of(one), f"{arn}/x") for one in resources)
    whole = any(matches(pattern_of(one), arn) for one in resources)
    for action in actions:
        name = "*" if action == "*" else action.partition(":")[2]
        fits = (objects and any(_covers(name, one) for one in OBJECT_ACTIONS)) or (
            whole and any(_covers(name, one) for one in BUCKET_ACTIONS)
        )
        if not fits:
            raise _refused("Action does not apply to any resource(s) in statement")


def _check_condition(block: object) -> None:
    if block is None:
        return
    if not isinstance(block, dict):
        raise _refused("Syntax errors in policy.")
    for operator, tests in block.items():
        name = str(operator).rpartition(":")[2].lower().removesuffix("ifexists")
        if name != "null" and name not in COMPARE:
            raise _refused(f"Invalid Condition type : {operator}")
        if not isinstance(tests, dict):
            raise _refused("Syntax errors in policy.")
        for key in tests:
            if not str(key).lower().startswith(("aws:", "s3:")):
                raise _refused("Policy has an invalid condition key")
