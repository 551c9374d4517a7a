"""The objects of a bucket as S3 lists them, and how they are encrypted. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from fcsse.policy.encryption_context import ContextForm

END = "\U0010ffff"
"""Comes after every other character, in the order of S3 (UTF-8 bytes) and of Python alike."""


class Listed(NamedTuple):
    """An object as a listing shows it, which is without its encryption."""

    name: str
    size: int
    modified: datetime | None


class Page(NamedTuple):
    """A page of a listing. ``prefixes`` are common prefixes, ``more`` tells that the listing goes on."""

    objects: tuple[Listed, ...]
    prefixes: tuple[str, ...] = ()
    more: bool = False


class ObjectEncryption(NamedTuple):
    """How an object is encrypted: ``algorithm`` as S3 names it (``SSE-C`` for customer-provided keys, ``none`` without encryption), ``key`` an ARN."""

    algorithm: str
    key: str | None = None
    bucket_key: bool = False

    @property
    def form(self) -> ContextForm | None:
        """The form of encryption context that reading it takes; None where no KMS key is involved."""
        if self.key is None:
            return None
        return ContextForm.BUCKET if self.bucket_key else ContextForm.OBJECT


class Group(NamedTuple):
    """Objects encrypted alike. ``size`` is in bytes; ``oldest`` and ``newest`` bound their last changes."""

    sealed: ObjectEncryption
    objects: int
    size: int
    example: str
    oldest: datetime | None = None
    newest: datetime | None = None

    def joined(self, one: Listed) -> Group:
        """With one more object."""
        times = [time for time in (self.oldest, self.newest, one.modified) if time is not None]
        return self._replace(
            objects=self.objects + 1,
            size=self.size + one.size,
            example=min(self.example, one.name),  # the same one, whichever answer comes first
            oldest=min(times, default=None),
            newest=max(times, default=None),
        )


class InventoryTable(NamedTuple):
    """Where the S3 Metadata inventory table of a bucket is. ``region`` None: in the Region of the caller's settings."""

    catalog: str
    namespace: str
    name: str
    region: str | None = None

    def __str__(self) -> str:
        """As SQL names it."""
        return ".".join(f'"{part.replace(chr(34), chr(34) * 2)}"' for part in (self.catalog, self.namespace, self.name))
