"""All that is said of every named case: the reason, the near misses, the conditions, what an open answer depends on."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Decision
from tests import recorded
from tests.evaluator.case import ask, decide, document, statement
from tests.evaluator.test_cases import CASES


def test_what_is_said_of_every_case(pytestconfig: pytest.Config) -> None:
    recorded.compare(pytestconfig, "decisions", {case.name: _shown(decide(case)) for case in CASES})


def _shown(decision: Decision) -> dict[str, Any]:
    """What differs from the defaults."""
    defaults = Decision._field_defaults
    return {name: _plain(value) for name, value in decision._asdict().items() if value != defaults.get(name)}


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.name
        case frozenset():
            return sorted(map(str, value))
        case tuple() if hasattr(value, "_asdict"):
            return {name: _plain(one) for name, one in value._asdict().items() if one}
        case tuple() | list():
            return [_plain(one) for one in value]
        case bool() | int() | str() | None:
            return value
        case _:
            return str(value)


def test_a_statement_without_a_sid_is_counted_from_one() -> None:
    found = evaluate(document(statement(Effect="Deny", Action="kms:Encrypt"), statement()), ask())
    assert (found.decided_by, found.statement) == ("statement 2", 1)
