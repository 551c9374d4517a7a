"""Fixtures of this folder."""

from tests.simulated import shell, small_world

__all__ = ["shell", "small_world"]
