"""The simulated AWS for these tests."""

from tests.simulated import shell, small_world

__all__ = ["shell", "small_world"]
