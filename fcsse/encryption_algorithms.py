"""The ways in which S3 encrypts objects: one row each, with what fcsse knows about it. Pure.

A way that S3 adds needs a row here and nothing else; without one it is treated as one that needs a key and that File Cache
does not document. Sources: S3 API reference, ServerSideEncryption; S3 user guide, "Amazon S3 Inventory" (the names in a
report), "Updating server-side encryption for existing data"; File Cache user guide, "Server-side encrypted Amazon S3 buckets".
"""

from __future__ import annotations

from typing import NamedTuple


class Algorithm(NamedTuple):
    """One way of encryption.

    ``code`` is its value in S3's API and in documents of fcsse, ``name`` what the S3 console calls it, ``in_inventory`` what
    an S3 Inventory report calls it. ``needs_key``: S3 alone cannot read it: that takes a KMS key, or with SSE-C the
    key of whoever wrote it. ``documented``: File Cache's user guide says that it works. ``in_place``: S3 Batch Operations
    changes it without a copy of the object.
    """

    code: str
    name: str
    in_inventory: str
    needs_key: bool = True
    documented: bool = False
    in_place: bool = False

    @property
    def known(self) -> bool:
        """Has it a row in the table?"""
        return self.code in _BY_CODE


SSE_S3 = Algorithm("AES256", "SSE-S3", "SSE-S3", needs_key=False, documented=True, in_place=True)
SSE_KMS = Algorithm("aws:kms", "SSE-KMS", "SSE-KMS", documented=True, in_place=True)
DSSE_KMS = Algorithm("aws:kms:dsse", "DSSE-KMS", "DSSE-KMS")
SSE_C = Algorithm("SSE-C", "SSE-C", "SSE-C")
"""Encrypted with a key that whoever writes or reads the object sends along."""
NOT_ENCRYPTED = Algorithm("none", "not encrypted", "NONE", needs_key=False)
"""Objects from before 2023, when S3 began to encrypt every new object."""

ALGORITHMS = (SSE_S3, SSE_KMS, DSSE_KMS, SSE_C, NOT_ENCRYPTED)

DOCUMENTED = " and ".join(one.name for one in ALGORITHMS if one.documented)
"""For sentences: the ways that File Cache documents."""

IN_PLACE = " and ".join(one.name for one in ALGORITHMS if one.in_place)
"""For sentences: the ways that S3 Batch Operations changes in place."""

_BY_CODE = {one.code: one for one in ALGORITHMS}


def algorithm_of(code: str) -> Algorithm:
    """The row of a value in S3's API; one that is not in the table is named by its code."""
    return _BY_CODE.get(code) or Algorithm(code, code, code)


def algorithm_in_inventory(text: str) -> Algorithm:
    """The row of a value in an S3 Inventory report, where nothing stands for an object without encryption."""
    if not text:
        return NOT_ENCRYPTED
    return next((one for one in ALGORITHMS if one.in_inventory == text), algorithm_of(text))
