"""What is known of the values of a request's condition keys. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from fcsse.evaluator.patterns import wild


class Bound(NamedTuple):
    """A number, or a moment in seconds since 1970, of which only the least value is known.

    What a condition says of values beyond ``horizon`` is taken not to happen: a deadline that is years away.
    """

    least: Decimal
    horizon: Decimal = Decimal("Infinity")


class Form:
    """A value of which only the form is known, as a pattern."""

    __slots__ = ("pattern", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pattern = wild(text)

    def __repr__(self) -> str:
        return f"Form({self.text!r})"


@lru_cache(maxsize=4096)
def form_of(text: str) -> Form:
    """The form of a text; the same object each time."""
    return Form(text)


class AtLeast(Form):
    """A number or time of which only the least value is known."""

    __slots__ = ("bound",)

    def __init__(self, bound: Bound) -> None:
        super().__init__("*")
        self.bound = bound


class Disputed(Form):
    """Values of a key of which AWS's pages leave open whether a condition sees it: these, or none."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[str, ...]) -> None:
        super().__init__("*")
        self.values = values


UNKNOWN: Final = Form("*")
"""Stands for a key of which it is not even known whether the request has it."""

PRESENT: Final = Form("*")
"""Stands for a key that is in the request with a value that is not known."""

FILLED: Final = Form("?*")
"""Stands for a key that is in the request with a value that is not known, and not empty."""

Values = tuple[str, ...] | Form | None
"""Known values, a form, known or no values (``Disputed``), ``UNKNOWN``; None or an empty tuple = absent."""

NO_VALUES: Final[Mapping[str, Values]] = {}


class Prepared(NamedTuple):
    """What a request says of its keys, by their names in lower case, made ready once for many requests.

    ``shared`` holds what many requests have in common, and is never copied; ``given`` wins over it.
    """

    given: Mapping[str, Values]
    many: frozenset[str] = frozenset()
    shared: Mapping[str, Values] = NO_VALUES

    def with_keys(self, more: Mapping[str, Values]) -> Prepared:
        """The same with more keys, or other values."""
        return Prepared({**self.given, **more}, self.many, self.shared)

    def beneath(self, given: Mapping[str, Values], many: frozenset[str] = frozenset()) -> Prepared:
        """These keys over what is made ready here, without a copy of it."""
        return Prepared(given, self.many | many if many else self.many, self.given)
