"""Fixtures of this folder."""

from tests.no_waiting import no_waiting
from tests.simulated import shell, small_world

__all__ = ["no_waiting", "shell", "small_world"]
