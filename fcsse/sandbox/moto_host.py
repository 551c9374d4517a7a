"""Loading moto, whose state is the process's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


class SandboxUnavailableError(RuntimeError):
    """moto is not installed, or this process runs a sandbox already."""


def web() -> ModuleType:
    """``moto_web``. Raises SandboxUnavailableError where moto is not installed."""
    try:
        from fcsse.sandbox import moto_web
    except ImportError as error:
        message = 'The sandbox needs moto. Install it with: pip install "fcsse[sandbox]"'
        raise SandboxUnavailableError(message) from error
    return moto_web


@contextmanager
def without_profile() -> Iterator[None]:
    """moto makes a boto3 session of its own, which fails where the user's profile does not exist."""
    names = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
