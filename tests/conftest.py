"""What holds for every test: nothing of the machine's own AWS settings, and no credentials but those a test gives."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = ("AWS_", "FCSSE_", "BOTO_")
_SCREEN = ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@cache
def _one_loader(_: str | None = None) -> Loader:
    """botocore's service models, read once for all sessions of this process instead of once a session."""
    return create_loader()


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", _one_loader)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_this_machine() -> Iterator[None]:
    """Hides profiles, credentials, instance metadata, proxies and screen settings from every test."""
    with pytest.MonkeyPatch.context() as patch:
        proxies = (*_PROXIES, *(name.lower() for name in _PROXIES))
        for name in [name for name in os.environ if name.startswith(_SETTINGS) or name in (*_SCREEN, *proxies)]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield
