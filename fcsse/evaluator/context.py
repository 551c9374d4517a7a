"""The context of a request as conditions see it: each key has known values, is absent, known by its form, or unknown.

Sources: IAM user guide, "The request context" (key names ignore case); KMS developer guide, "kms:EncryptionContext"
(the pair's own name ignores case, too) and "kms:EncryptionContextKeys".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from fcsse.evaluator.assumptions import Assumptions, Matches
from fcsse.evaluator.caller import Caller, Kind, caller, derived
from fcsse.evaluator.condition_keys import is_multivalued
from fcsse.evaluator.known_values import PRESENT, UNKNOWN, AtLeast, Bound, Disputed, Form, Prepared, Values, form_of
from fcsse.evaluator.patterns import GAP, covers, matches, variables, wild
from fcsse.evaluator.request import Request

PAIRS = "kms:encryptioncontext"
PAIR = "kms:encryptioncontext:"
PAIR_KEYS = "kms:encryptioncontextkeys"


@lru_cache(maxsize=1024)
def _absence(absent: frozenset[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    exact = frozenset(name.lower() for name in absent if not name.endswith("*"))
    prefixes = tuple(name[:-1].lower() for name in absent if name.endswith("*"))
    return exact, prefixes


def prepare(
    context: Mapping[str, str | tuple[str, ...]],
    partial: Mapping[str, str],
    at_least: Mapping[str, Bound],
    disputed: frozenset[str] = frozenset(),
) -> Prepared:
    """The keys of ``Request.context``, ``partial``, ``at_least`` and ``disputed``, made ready."""
    given: dict[str, Values] = {}
    many = set()
    for key, value in context.items():
        if isinstance(value, str):
            given[key.lower()] = (value,)
        else:
            given[key.lower()] = tuple(value)
            many.add(key.lower())
    for key, form in partial.items():
        given[key.lower()] = form_of(form)
    for key, bound in at_least.items():
        given[key.lower()] = AtLeast(bound)
    for key in disputed:
        values = given.get(key)
        if isinstance(values, tuple) and values:
            given[key] = Disputed(values)
    return Prepared(given, frozenset(many))


class Context:
    """The keys of one request. ``values`` looks one up; ``text`` gives a value for messages.

    ``many`` are the keys, in lower case, that were given with a list of values.
    """

    __slots__ = ("_absent", "_given", "_identity", "_kms", "_prefixes", "_shared", "assumed", "many", "request", "who")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.assumed = Assumptions()
        self.who: Caller = caller(request.principal)
        ready = request.prepared or prepare(request.context, request.partial, request.at_least, request.disputed)
        self._given: dict[str, Values] = dict(ready.given)
        self._shared = ready.shared
        self.many = ready.many
        self._absent, self._prefixes = _absence(request.absent)
        self._kms = request.action[:4].lower() == "kms:"
        self._identity: tuple[object, ...] | None = None

    def values(self, key: str) -> Values:
        """The values of a key, given in lower case."""
        given = self._given
        if key in given:
            return given[key]
        if key in self._shared:
            return self._shared[key]
        found = self._find(key)
        given[key] = found
        return found

    def _told(self, key: str) -> Values:
        """What was told of a key, and nothing that follows from other keys."""
        return self._given[key] if key in self._given else self._shared.get(key, UNKNOWN)

    def _find(self, key: str) -> Values:
        if key in self._absent:
            return None
        value = derived(self.who, key, self.request.unique_ids)
        if value is False:
            return None
        if isinstance(value, str) and (key != "kms:calleraccount" or self._kms):
            return (value,)
        if self._kms and key.startswith(PAIRS):
            pair = self._pair(key)
            if pair is not UNKNOWN:
                return pair
        if key == "aws:resourceaccount" and not self.request.complete:
            parts = self.request.resource.split(":")
            if len(parts) > 5 and parts[4]:
                return (parts[4],)
        if self._no_other(key):
            return None
        if key == "aws:principalarn" and self.who.kind is Kind.SESSION:
            return Form(f"arn:{self.who.partition}:iam::{self.who.account}:role/*{self.who.name}")
        return UNKNOWN

    def _no_other(self, key: str) -> bool:
        return self.request.complete or key.startswith(self._prefixes)

    def _pair(self, key: str) -> Values:
        """What the rest of the context says about an encryption context key, or about the list of them."""
        if key == PAIR_KEYS:
            if not self.pairs_known:
                return UNKNOWN
            return tuple(self.pairs()) or None
        names = self._told(PAIR_KEYS)
        if PAIR_KEYS in self._absent:
            return None
        if isinstance(names, tuple) and key.startswith(PAIR) and not self._no_other(key):
            return PRESENT if key[len(PAIR) :] in {name.lower() for name in names} else None
        return UNKNOWN

    def pairs(self) -> dict[str, str | None]:
        """The pairs of the encryption context that are known, by name; None = the value is not known."""
        found: dict[str, str | None] = {}
        for key, value in self.request.context.items():
            if key[: len(PAIR)].lower() == PAIR and isinstance(value, str):
                found[key[len(PAIR) :]] = value
        for key in self.request.partial:
            if key[: len(PAIR)].lower() == PAIR:
                found[key[len(PAIR) :]] = None
        names = self._told(PAIR_KEYS)
        if isinstance(names, tuple) and not self._no_other(PAIR):
            lower = {name.lower() for name in found}
            found.update({name: None for name in names if name.lower() not in lower})
        return found

    @property
    def pairs_known(self) -> bool:
        """Are ``pairs`` all the pairs there are?"""
        request = self.request
        names = self._told(PAIR_KEYS)
        told = request.complete or isinstance(names, tuple) or names is None
        return told or PAIR in self._prefixes or PAIR_KEYS in self._absent

    def resource(self, pattern: str, text: str | None = None) -> bool | None:
        """Does the resource match a pattern? None where some of its form do, or a gap decides.

        ``text``: the element with variables that the pattern was made of.
        """
        found = self.resource_fits(pattern)
        if found is not None:
            return found
        fixed = pattern if text is None else None
        return self.assumed.matches(Matches("", "resource", text or pattern, fixed), covers)

    def resource_fits(self, pattern: str) -> bool | None:
        """As ``resource``, without assuming anything where that is not known."""
        form = self.request.resource_form
        return matches(pattern, self.request.resource) if form is None else covers(pattern, wild(form))

    def may_lack(self, text: str) -> bool:
        """May a variable in ``text`` have no value: is it not known whether its key is in the request?"""
        return any(
            not default and not self.is_many(name) and self.may_be_absent(name) for name, default in variables(text)
        )

    def may_be_absent(self, key: str) -> bool:
        """Is it not known whether the key, given in lower case, is in the request?"""
        found = self.values(key)
        return found is UNKNOWN or isinstance(found, Disputed)

    def is_many(self, key: str) -> bool:
        """May the key, given in lower case, hold several values?"""
        return key in self.many or is_multivalued(key)

    def identity(self) -> tuple[object, ...]:
        """Everything that decides who the caller is."""
        if self._identity is None:
            request = self.request
            told = [self.values(key) for key in ("aws:principalarn", "aws:userid", "aws:federatedprovider")]
            values = (v.text if isinstance(v, Form) else v for v in told)
            self._identity = (self._kms, request.principal, request.unique_ids, *values)
        return self._identity

    def value_of(self, key: str) -> str | None:
        """A policy variable's value: None = no value, GAP = not known. A multi-valued key is no variable.

        Source: "Single-valued vs. multivalued context keys".
        """
        if self.is_many(key):
            return None
        found = self.values(key)
        if isinstance(found, Form):
            return GAP
        return found[0] if found and len(found) == 1 else None

    def text(self, key: str) -> str:
        """A key's value for people, to follow "has"."""
        found = self.values(key)
        if found is UNKNOWN:
            return "a value that is not known"
        if isinstance(found, Disputed):
            return f"{' and '.join(found.values)}, or none"
        if isinstance(found, AtLeast):
            return f"at least {found.bound.least}"
        if isinstance(found, Form):
            form = found.text.replace("?*", "*")
            return f"the form {form}" if form != "*" else "a value that is not known"
        return " and ".join(found) if found else "none"
