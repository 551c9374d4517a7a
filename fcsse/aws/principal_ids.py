"""Whose unique ids (``AROA…``, ``AIDA…``) are: IAM is asked once for each id that a policy or grant shows.

KMS shows a unique id where a principal was deleted, and for about a minute also where it was made just now. Only IAM
tells the two apart. Where IAM cannot be asked, an id stays unknown: neither a name is put in its place, nor is it
called dead. Sources: IAM API reference, ListRoles (RoleId) and ListUsers (UserId); IAM user guide, "IAM identifiers".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from fcsse.arn import ROLE_PATH, is_unique_id
from fcsse.aws import iam
from fcsse.errors import FcsseError
from fcsse.model import Role

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


Ask: TypeAlias = "Callable[[IAMClient], dict[str, str]]"
"""A question to IAM: the ids and ARNs of principals of one kind."""

USER, ROLE = "AIDA", "AROA"


class PrincipalIds:
    """The ids of the cache's account, as far as they were looked up. Its methods may be called from many threads."""

    def __init__(self, client: Callable[[], IAMClient]) -> None:
        self._client = client
        self._lock = Lock()
        self._names: dict[str, str] = {}
        self._nobodys: set[str] = set()
        self._refused: set[Ask] = set()

    def learn(self, role: Role | None) -> None:
        """Takes note of a role that IAM showed."""
        if role is not None and role.role_id:
            self._names[role.role_id] = str(role.arn)
            self._nobodys.discard(role.role_id)

    def names(self, ids: Iterable[str]) -> Mapping[str, str]:
        """The ARNs of those of these ids that existing roles and users have. Asks IAM about ids that are new here."""
        wanted = [one for one in dict.fromkeys(ids) if is_unique_id(one)]
        if any(one not in self._names and one not in self._nobodys for one in wanted):
            with self._lock:
                self._look_up([one for one in wanted if one not in self._names and one not in self._nobodys])
        return {one: self._names[one] for one in wanted if one in self._names}

    def dead(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of these ids that no existing role or user of the account has, by IAM's own answer."""
        wanted = list(ids)
        self.names(wanted)
        return frozenset(one for one in wanted if one in self._nobodys and one not in self._names)

    def _look_up(self, ids: Iterable[str]) -> None:
        kinds: dict[str, list[str]] = {}
        for one in ids:
            kinds.setdefault(one[:4], []).append(one)
        for kind, group in kinds.items():
            if kind in (ROLE, USER):
                self._ask(kind, group)
            else:
                self._nobodys.update(group)  # ids of groups and policies, which are no principals

    def _ask(self, kind: str, ids: list[str]) -> None:
        """Asks for FSx's own roles first, which most callers may list, and for all others where that is not enough."""
        asks: tuple[Ask, ...] = (iam.user_ids,) if kind == USER else (_of_fsx, iam.role_ids)
        for ask in asks:
            if ask in self._refused:
                continue
            try:
                self._names |= ask(self._client())
            except FcsseError:
                self._refused.add(ask)
                continue
            if all(one in self._names for one in ids):
                return
        if asks[-1] not in self._refused:
            self._nobodys.update(one for one in ids if one not in self._names)


def _of_fsx(client: IAMClient) -> dict[str, str]:
    return iam.role_ids(client, ROLE_PATH)
