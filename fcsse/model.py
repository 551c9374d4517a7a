"""The nouns of this project, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GRANT_OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "CreateGrant",
    "DescribeKey",
    "ReEncryptFrom",
    "ReEncryptTo",
)
"""The eight operations of the grant that the File Cache page documents for a key of another account."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as ``kms:ListGrants`` shows it.

    ``grantee`` is None where the entry names none of the account's principals (newer fields, service principals) and
    may be a bare ``AROA…`` id once the role is gone. ``constraint_equals`` and ``constraint_subset`` are the
    encryption context constraints; None = no such constraint. ``other_constraints`` names constraints that this
    version does not know, which make the grant's effect unknown.
    """

    grant_id: str
    grantee: str | None
    operations: frozenset[str]
    name: str = ""
    constraint_equals: Mapping[str, str] | None = None
    constraint_subset: Mapping[str, str] | None = None
    other_constraints: tuple[str, ...] = ()
    retiring: str | None = None
    issuing_account: str | None = None
    grantee_service: str | None = None
