"""The command line behind a proxy that spoils answers, in front of the simulated AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.answers.proxy import Proxy
from tests.cli.conftest import clock, running_sandbox, sandbox, shell
from tests.no_sockets import no_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.shell import Shell

__all__ = ["clock", "proxy", "running_sandbox", "sandbox", "shell"]


@pytest.fixture
def proxy(shell: Shell) -> Iterator[Proxy]:
    """Between the command line and the sandbox. Requests whose answers it spoils go through sockets, the others need none."""
    with Proxy(shell.sandbox.url) as between, no_sockets(shell.sandbox, between.url, between.passes):
        yield between
