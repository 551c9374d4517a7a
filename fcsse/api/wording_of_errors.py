"""What the Python API says of options: errors and warnings in its own words, where they name a parameter."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from fcsse.advice import in_api
from fcsse.apply.apply import AppliedChange, FailedChange
from fcsse.commands.check import CheckResult
from fcsse.errors import FcsseError
from fcsse.planning.plan import Plan

P = ParamSpec("P")
R = TypeVar("R")


def reworded(error: FcsseError) -> FcsseError:
    """The same error, in the API's words."""
    error.message, error.hint = in_api(error.message), in_api(error.hint)
    return error


def in_words_of_the_api(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose errors name arguments, not options."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except FcsseError as error:
            reworded(error)
            raise

    return wrapped


def reworded_plan(plan: Plan) -> Plan:
    """A plan whose warnings and errors name arguments."""
    for outcome in plan.outcomes:
        if outcome.error:
            reworded(outcome.error)
    outcomes = (one._replace(warnings=tuple(in_api(text) for text in one.warnings)) for one in plan.outcomes)
    return plan._replace(outcomes=tuple(outcomes))


def reworded_results(results: tuple[AppliedChange | FailedChange, ...]) -> tuple[AppliedChange | FailedChange, ...]:
    """Results whose errors name arguments."""
    for one in results:
        error = getattr(one, "error", None)
        if isinstance(error, FcsseError):
            reworded(error)
    return results


def reworded_check(checked: CheckResult) -> CheckResult:
    """A verdict whose remedies and errors name arguments."""
    for error in (checked.error, checked.blocker):
        if error:
            reworded(error)
    return checked._replace(remedies=tuple(in_api(text) for text in checked.remedies))
