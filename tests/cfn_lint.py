"""cfn-lint, imported by those tests alone that lint: with sympy, which it brings, it takes longer than collecting all tests."""

from __future__ import annotations

from typing import Any


def problems(template: str) -> list[str]:
    """The errors and warnings in a template, by the rules for all Regions."""
    from cfnlint.api import lint_all

    return _told(lint_all(template))


def problems_where_caches_are(template: str) -> list[str]:
    """As ``problems``, for a Region that has file caches."""
    from cfnlint.api import ManualArgs, lint

    return _told(lint(template, config=ManualArgs(regions=["us-east-1"])))


def resource_types() -> list[str]:
    """The resource types of CloudFormation that it knows."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    return list(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1"))


def parsed(template: str) -> Any:
    """A template with its short forms, such as ``!Sub``, as the functions that they stand for."""
    from cfnlint.decode.cfn_yaml import loads

    return loads(template)


def _told(found: Any) -> list[str]:
    return [str(one) for one in found if one.rule.id[0] in "EW"]
