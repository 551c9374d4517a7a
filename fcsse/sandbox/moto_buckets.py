"""The buckets that moto holds."""

from __future__ import annotations

from typing import Any

from fcsse.sandbox.state import State


def find_bucket(state: State, name: str) -> Any | None:
    """moto's bucket of that name, whoever owns it, or None."""
    from moto.s3.models import s3_backends

    owner = s3_backends.bucket_accounts.get(name)
    return None if owner is None else s3_backends[owner[1]][state.partition].buckets.get(name)
