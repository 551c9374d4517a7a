"""Fixtures of this folder."""

import pytest

from tests.no_waiting import no_waiting
from tests.simulated import shell, small_world

__all__ = ["no_waiting", "shell", "small_world"]


@pytest.fixture(autouse=True)
def _at_once(no_waiting: None) -> None:
    """No test here is about waiting."""
