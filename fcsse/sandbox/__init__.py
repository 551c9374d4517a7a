"""A simulated AWS on this machine, strict where AWS is strict (extra ``sandbox``).

``Sandbox`` starts it; see ``fcsse.sandbox.server``. Everything is imported on first use, and moto when one starts: the
command line mounts this package's command on every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fcsse.sandbox.accounts import Credentials
    from fcsse.sandbox.moto_host import SandboxUnavailableError
    from fcsse.sandbox.play import Cache, Outcome
    from fcsse.sandbox.server import Sandbox
    from fcsse.sandbox.simulation import ACCOUNT, OTHER_ACCOUNT, REGION

__all__ = [
    "ACCOUNT",
    "OTHER_ACCOUNT",
    "REGION",
    "Cache",
    "Credentials",
    "Outcome",
    "Sandbox",
    "SandboxUnavailableError",
]

_HOMES = {
    "Credentials": "accounts",
    "SandboxUnavailableError": "moto_host",
    "Cache": "play",
    "Outcome": "play",
    "ACCOUNT": "simulation",
    "OTHER_ACCOUNT": "simulation",
    "REGION": "simulation",
    "Sandbox": "server",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
