"""The command line against a simulated AWS, with real threads and next to no waits."""

from __future__ import annotations

from tests.simulated import shell, small_world

__all__ = ["shell", "small_world"]
