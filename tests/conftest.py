"""What holds for every test: nothing of the machine's own AWS settings, and no credentials but those a test gives."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader
from hypothesis import HealthCheck, settings

from tests import neutral_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

neutral_environment.enter()

# How long an example takes measures the machine; what an example shows is what a test is about.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@cache
def _one_loader(_: str | None = None) -> Loader:
    """botocore's service models, read once for all sessions of this process instead of once a session."""
    return create_loader()


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", _one_loader)
        yield
