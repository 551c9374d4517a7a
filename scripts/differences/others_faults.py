"""Disagreements that are not the product's: each with the page of AWS that decides it. None of them is common in the policies.

A fault is looked for where the answers differ, and only in the statements that could decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fcsse.evaluator.condition_keys import is_multivalued


def fault_of(policy: dict[str, Any]) -> str:
    """The known fault that a policy meets, empty where it meets none."""
    return next(_faults(policy), "")


def _faults(policy: dict[str, Any]) -> Iterator[str]:
    if policy["Version"] == "2008-10-17" and "${" in str(policy):
        # IAM user guide, "Policy elements: Variables and tags": variables need Version 2012-10-17.
        yield "fault of the other: it fills variables in policies of Version 2008-10-17"
    for statement in policy["Statement"]:
        named = statement.get("Principal", statement.get("NotPrincipal"))
        if isinstance(named, dict) and "AROA" in str(named.get("AWS", "")):
            # IAM user guide, "Principal": a role's unique id stands for the role.
            yield "fault of the other: it takes no unique id for the role's"
        if "NotPrincipal" in statement and statement["Effect"] == "Deny":
            yield "not documented: which of role, session and account NotPrincipal needs"
        for operator, keys in statement.get("Condition", {}).items():
            for key, value in keys.items():
                if "IpAddress" in operator and "0.0.0.0/0" in str(value):
                    # IAM user guide, "IP address condition operators", and RFC 4632: /0 covers every IPv4 address.
                    yield "fault of the other: no address is within 0.0.0.0/0"
                if ":" not in operator and operator != "Null" and is_multivalued(key):
                    # IAM user guide, "Single-valued vs. multivalued context keys": they require a set operator.
                    yield "not documented: a plain operator on a key with several values"
                if operator.startswith("ForAnyValue:") and operator.endswith("IfExists"):
                    yield "not documented: ForAnyValue with IfExists, and the key absent"
