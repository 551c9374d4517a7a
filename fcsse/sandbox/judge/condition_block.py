"""The Condition element of a statement.

Sources: IAM user guide, "IAM JSON policy elements: Condition operators", "Conditions with multiple context keys or
values" (operators and keys are joined by AND, values by OR, those of a negated operator by NOR) and "Single-valued vs.
multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fcsse.sandbox.judge.condition_types import COMPARE, Comparison
from fcsse.sandbox.judge.judged_request import UNDOCUMENTED, JudgedRequest
from fcsse.sandbox.judge.policy_variables import expand
from fcsse.sandbox.judge.wildcards import all_of, any_of, negated


def condition_holds(block: object, request: JudgedRequest, version: str) -> bool | None:
    """Does every test of a Condition element hold? None where no page decides."""
    if not isinstance(block, dict):
        request.silent("what a Condition means that is no object")
        return None
    return all_of(
        _test(str(operator), str(key), _listed(values), request, version)
        for operator, tests in block.items()
        for key, values in _pairs(tests)
    )


def _pairs(tests: object) -> Iterator[tuple[str, Any]]:
    if isinstance(tests, dict):
        yield from tests.items()


def _listed(values: object) -> list[str]:
    return [_text(value) for value in (values if isinstance(values, list) else [values])]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _test(operator: str, key: str, wanted: list[str], request: JudgedRequest, version: str) -> bool | None:
    quantifier, _, name = operator.rpartition(":")
    quantifier, name = quantifier.lower(), name.lower()
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    value = request.values(key)
    if quantifier not in ("", "foranyvalue", "forallvalues"):
        return _silent(request, f"what the operator {operator} means")
    if name == "null":
        if quantifier or if_exists:
            return _silent(request, f"what the operator {operator} means")
        return _null(key, wanted, request)
    comparison = COMPARE.get(name)
    if comparison is None:
        return _silent(request, f"what the operator {operator} means")
    if not wanted:
        return _silent(request, "what a condition without values means")
    if value is UNDOCUMENTED:
        return _silent(request, f"which value {key} has in this request")
    if quantifier:
        return _set_test(quantifier, comparison, value, wanted, request, version, if_exists=if_exists)
    if value is None:
        return if_exists or comparison.negative
    if isinstance(value, tuple):
        return _silent(
            request, f"what {operator} means for {key}, which has several values, without ForAnyValue or ForAllValues"
        )
    return _single(comparison, value, wanted, request, version)


def _set_test(
    quantifier: str,
    comparison: Comparison,
    value: str | tuple[str, ...] | None,
    wanted: list[str],
    request: JudgedRequest,
    version: str,
    *,
    if_exists: bool,
) -> bool | None:
    """Absent keys and empty values: ForAllValues is true, ForAnyValue false."""
    values = () if value is None else (value,) if isinstance(value, str) else value
    if not any(values):
        if quantifier == "forallvalues":
            return True
        return _silent(request, "what ForAnyValue with IfExists means for an absent key") if if_exists else False
    answers = [_single(comparison, one, wanted, request, version) for one in values]
    return all_of(answers) if quantifier == "forallvalues" else any_of(answers)


def _single(comparison: Comparison, value: str, wanted: list[str], request: JudgedRequest, version: str) -> bool | None:
    found = any_of(comparison.equal(value, one, request, version) for one in wanted)
    if comparison.negative and found is False:
        for one in wanted:
            if expand(one, request, version).pattern is None:
                # "There's no equal", so that it holds; and "this might cause the entire statement to be invalid".
                return _silent(request, f"whether nothing is equal to {one!r}, whose variable has no value")
    return negated(found) if comparison.negative else found


def _null(key: str, wanted: list[str], request: JudgedRequest) -> bool | None:
    """``"true"``: the key is absent; ``"false"``: it is there."""
    value = request.values(key)
    if set(wanted) >= {"true", "false"}:
        return True
    if value is UNDOCUMENTED:
        return _silent(request, f"whether {key} is in this request")
    if not wanted or set(wanted) - {"true", "false"}:
        return _silent(request, f"what Null with {wanted} means")
    return (value is None) is (wanted[0] == "true")


def _silent(request: JudgedRequest, note: str) -> bool | None:
    request.silent(note)
    return None
