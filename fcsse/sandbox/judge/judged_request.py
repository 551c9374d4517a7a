"""One request with everything about it known, as the judge is asked about it.

Sources: IAM user guide, "IAM identifiers" (the ARN of a session), "Variables and tags" (principal key values) and "AWS
global condition context keys"; KMS developer guide, "AWS KMS condition keys" (kms:EncryptionContextKeys).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Undocumented(Enum):
    """Stands for a key of which AWS documents neither whether the request has it nor its value."""

    VALUE = "undocumented"


UNDOCUMENTED: Final = Undocumented.VALUE
Value = str | tuple[str, ...] | Undocumented
"""A single-valued key, a multi-valued one, or one that AWS leaves open."""

_PAIR = "kms:encryptioncontext:"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls.

    ``arn``: of a user, a root user, a role or a role's session; a service's name; or ``*`` for nobody known. ``role``:
    the ARN of the role where it is a session. ``unique_id``: the user's or role's own id, empty where it has none.
    """

    arn: str
    role: str = ""
    unique_id: str = ""

    @property
    def account(self) -> str:
        """The caller's account; empty for services and for nobody known."""
        parts = self.arn.split(":", 5)
        return parts[4] if len(parts) == 6 else ""

    @property
    def partition(self) -> str:
        """The partition in the caller's ARN."""
        return self.arn.split(":")[1] if self.account else ""

    @property
    def root(self) -> str:
        """The ARN that stands for the caller's account."""
        return f"arn:{self.partition}:iam::{self.account}:root"

    @property
    def is_root(self) -> bool:
        """Is it the account's root user?"""
        return bool(self.account) and self.arn == self.root


@dataclass(frozen=True, slots=True)
class JudgedRequest:
    """A request. ``context`` holds every condition key that it carries; what is not in it is absent.

    ``notes`` collects, while the request is judged, what no AWS page decides.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, Value]
    notes: list[str] = field(default_factory=list)

    def values(self, key: str) -> Value | None:
        """A key's value, whatever its letter case; None = the request does not carry it."""
        wanted = key.lower()
        found = next((value for name, value in self.context.items() if name.lower() == wanted), None)
        return None if found == () else found

    def encryption_context(self) -> dict[str, str]:
        """The pairs of the request's encryption context."""
        return {
            name[len(_PAIR) :]: value
            for name, value in self.context.items()
            if name.lower().startswith(_PAIR) and isinstance(value, str)
        }

    def silent(self, note: str) -> None:
        """No AWS page decides this; the answer is None."""
        if note not in self.notes:
            self.notes.append(note)
