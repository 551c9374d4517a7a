"""Roles that came while an account was being read.

All roles are listed at the beginning, and a key policy may be read minutes later: a cache that was made and linked meanwhile
is in the policy and not in the list. So nobody is told that a role is missing, or that a cache is gone, before IAM was asked
about that one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from fcsse.arn import Arn, role_cache
from fcsse.errors import FcsseError
from fcsse.model import Role
from fcsse.policy.document import parsed
from fcsse.policy.statement_edits import named_principals

Ask = Callable[[Iterable[str]], Mapping[str, Role | FcsseError | None]]
"""Asks for the role of each of these caches by itself; an error where that is not known."""


def with_late_roles(ask: Ask, roles: Mapping[str, Role], caches: Iterable[str | None]) -> Mapping[str, Role]:
    """The listed roles, and those of these caches that came since."""
    found = ask(sorted({cache for cache in caches if cache and cache not in roles}))
    came = {cache: role for cache, role in found.items() if isinstance(role, Role)}
    return dict(sorted({**roles, **came}.items())) if came else roles


def newcomers(ask: Ask, roles: Mapping[str, Role], policies: Iterable[str], account: str) -> frozenset[str]:
    """The caches of an account that key policies name and whose role is not listed, unless IAM says that there is none now."""
    named = {cache for text in dict.fromkeys(policies) for cache in _named(text, account)}
    return frozenset(cache for cache, role in ask(sorted(named - set(roles))).items() if role is not None)


def _named(policy: str, account: str) -> Iterator[str]:
    try:
        statements = parsed(policy).statements
    except FcsseError:  # whoever needs to read it says so
        return
    for text in {text for one in statements for text in named_principals(one)}:
        cache, arn = role_cache(text), Arn.parse(text)
        if cache and arn and arn.account == account:
            yield cache
