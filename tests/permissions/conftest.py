"""Fixtures of this folder."""

import pytest

from tests.no_waiting import no_waiting
from tests.simulated import Shell, shell, small_world

__all__ = ["no_waiting", "shell", "small_world"]


@pytest.fixture(autouse=True)
def _at_once(no_waiting: None, shell: Shell) -> None:
    """No test here is about waiting, nor about CloudTrail's two requests a second."""
    shell.sandbox.switches.lookups_per_second = 0
