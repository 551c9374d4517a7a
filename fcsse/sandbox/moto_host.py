"""Hosting moto: its web application for IAM and S3, made once a process, and its state, which is the process's own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


class SandboxUnavailableError(RuntimeError):
    """moto is not installed, or this process runs a sandbox already."""


@cache
def application() -> Any:
    """moto's WSGI application. Raises SandboxUnavailableError where moto is not installed."""
    try:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    except ImportError as error:
        message = 'The sandbox needs moto. Install it with: pip install "fcsse[sandbox]"'
        raise SandboxUnavailableError(message) from error
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with without_profile():
        return DomainDispatcherApplication(create_backend_app)


def reset() -> None:
    """Forget everything that moto holds."""
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data

    BackendDict.reset()
    reset_model_data()  # the list of all that was ever made, which no backend holds any more


@contextmanager
def without_profile() -> Iterator[None]:
    """moto makes a boto3 session of its own, which fails where the user's profile does not exist."""
    names = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
