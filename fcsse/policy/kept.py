"""What was made of a policy's text, kept because many pairs share a key and its policy. Pure.

``forget`` drops it once the pairs are judged: an organization has more policies than fit into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

KEPT_POLICIES = 512
"""Policies of which the results are kept, some 200 kB each: those of all accounts that are audited side by side."""


class HasText(Protocol):
    """A policy document."""

    @property
    def text(self) -> str:
        """Its text, by which two documents are equal."""


K = TypeVar("K", bound="str | HasText")
T = TypeVar("T")


class Kept(Generic[K, T]):
    """A function of a policy, given as text or document, that keeps its latest results. May be called from many threads."""

    def __init__(self, make: Callable[[K], T]) -> None:
        self.make = make
        self._known: dict[str, T] = {}
        self._lock = Lock()
        _ALL.append(self)

    def __call__(self, policy: K) -> T:
        """The result; what the function raises is raised, and not kept."""
        text = policy if isinstance(policy, str) else policy.text
        try:
            return self._known[text]
        except KeyError:
            made = self.make(policy)
        with self._lock:
            self._known[text] = made
            if len(self._known) > KEPT_POLICIES:
                del self._known[next(iter(self._known))]
        return made

    def __len__(self) -> int:
        return len(self._known)

    def texts(self) -> tuple[str, ...]:
        """The policies of which results are kept."""
        return tuple(self._known)

    def forget(self, texts: Iterable[str]) -> None:
        """Drops the results for these policies."""
        with self._lock:
            for text in texts:
                self._known.pop(text, None)


_ALL: list[Kept[Any, Any]] = []


def kept(make: Callable[[K], T]) -> Kept[K, T]:
    """Decorates a function of a policy's text or document."""
    return Kept(make)


def forget(texts: Iterable[str]) -> None:
    """Drops all that was made of these policies. Whoever needs it again makes it anew."""
    texts = tuple(texts)
    for one in _ALL:
        one.forget(texts)
