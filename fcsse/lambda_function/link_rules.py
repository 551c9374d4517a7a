"""What the function may change: keys and buckets that are tagged or listed, and how often it may undo others' changes. Pure.

Whoever may create a cache names its buckets freely. Without these rules that person would get the cache's access to the
key of any bucket in the account, so nothing is allowed that no tag or list names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from fcsse.arn import Arn, is_bucket_name, whole_key_arn
from fcsse.errors import UsageError

DEFAULT_TAG = "fcsse=link"
DEFAULT_LIMIT = 5
MOST = 1000

ALLOW, TAG, LIMIT, TABLE = "FCSSE_ALLOW", "FCSSE_ALLOW_TAG", "FCSSE_RELINKS_PER_DAY", "FCSSE_RELINK_TABLE"
"""The function's environment variables."""


class Allowed(Enum):
    """By what a change is allowed."""

    EVERYTHING = "everything"
    KEY_LISTED = "key listed"
    BUCKET_LISTED = "bucket listed"
    KEY_TAGGED = "key tagged"
    BUCKET_TAGGED = "bucket tagged"


class LinkRules(NamedTuple):
    """``tag`` (name, value) on a key or bucket allows it; so do ``keys`` (ARNs) and ``buckets`` (names).

    ``relinks``: how often a day a key's policy may be written because somebody else changed it or the bucket's encryption.
    ``table``: the DynamoDB table that counts those writes; None: there is none, and such writes are not made.
    """

    everything: bool = False
    keys: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    tag: tuple[str, str] | None = None
    relinks: int = DEFAULT_LIMIT
    table: str | None = None

    @classmethod
    def from_environment(cls, settings: Mapping[str, str]) -> LinkRules:
        """The rules that environment variables set. Raises ``UsageError`` where one makes no sense.

        ``FCSSE_ALLOW``: key ARNs and bucket names, or ``*``, separated by commas or white space. ``FCSSE_ALLOW_TAG``:
        ``name=value``; empty: tags allow nothing. ``FCSSE_RELINKS_PER_DAY``: 0 to 1000. ``FCSSE_RELINK_TABLE``: a name.
        """
        words = re.split(r"[\s,]+", settings.get(ALLOW, "").strip(" \t\r\n,"))
        listed = [word for word in words if word]
        keys = frozenset(word for word in listed if whole_key_arn(word))
        buckets = frozenset(word for word in listed if word not in keys and is_bucket_name(word))
        wrong = [word for word in listed if word not in keys | buckets | {"*"}]
        if wrong:
            raise UsageError(
                f"reading {ALLOW}: {wrong[0]!r} is neither a key ARN nor a bucket name", f"Correct {ALLOW}."
            )
        name, _, value = settings.get(TAG, DEFAULT_TAG).strip().partition("=")
        if value and not name:
            raise UsageError(f"reading {TAG}: the tag has no name", f"Write {TAG} as {DEFAULT_TAG}.")
        number = settings.get(LIMIT, "").strip() or str(DEFAULT_LIMIT)
        if not re.fullmatch(r"[0-9]{1,4}", number, re.ASCII) or int(number) > MOST:
            raise UsageError(f"reading {LIMIT}: {number!r} is not a number from 0 to {MOST}", f"Correct {LIMIT}.")
        table = settings.get(TABLE, "").strip() or None
        return cls("*" in listed, keys, buckets, (name, value) if name else None, int(number), table)

    def listed(self, key: Arn, bucket: str) -> Allowed | None:
        """Is a change to this key's policy for this bucket allowed whatever the tags?"""
        if self.everything:
            return Allowed.EVERYTHING
        if str(key) in self.keys:
            return Allowed.KEY_LISTED
        return Allowed.BUCKET_LISTED if bucket in self.buckets else None

    def has_tag(self, tags: Mapping[str, str]) -> bool:
        """Do the tags of a key or bucket allow it?"""
        return self.tag is not None and tags.get(self.tag[0]) == self.tag[1]

    @property
    def advice(self) -> str:
        """What an operator does to allow a key."""
        tagged = f"tag the key or the bucket {self.tag[0]}={self.tag[1]}, or " if self.tag else ""
        text = f"{tagged}add the key's ARN or the bucket's name to {ALLOW}."
        return f"To allow it, {text}"
