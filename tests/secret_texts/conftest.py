"""Fixtures of this folder: the command line of ``tests/cli``, with waits that pass at once."""

from tests.cli.conftest import clock, idle, running_sandbox, sandbox, shell

__all__ = ["clock", "idle", "running_sandbox", "sandbox", "shell"]
