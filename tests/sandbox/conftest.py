"""Sandboxes for these tests: an empty one and the ready-made world, a fresh one for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fcsse.sandbox import Sandbox
from fcsse.sandbox.world import build

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Two accounts, nothing else in them."""
    with Sandbox(world=None) as running:
        yield running


@pytest.fixture
def world(sandbox: Sandbox) -> Sandbox:
    """The ready-made small world, in the same sandbox."""
    build(sandbox)
    return sandbox
