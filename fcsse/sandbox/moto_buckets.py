"""The buckets that moto holds, with their objects and tags."""

from __future__ import annotations

from typing import Any

from fcsse.sandbox.state import State


def moto_s3(account: str, partition: str) -> Any:
    """moto's S3 of one account."""
    return _accounts()[account][partition]


def find_bucket(state: State, name: str) -> Any | None:
    """moto's bucket of that name, whoever owns it, or None."""
    owner = _accounts().bucket_accounts.get(name)
    return None if owner is None else moto_s3(owner[1], state.partition).buckets.get(name)


def _accounts() -> Any:
    from moto.s3.models import s3_backends

    return s3_backends
