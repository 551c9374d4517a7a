"""A simulated AWS on this machine, strict where AWS is strict (extra ``sandbox``).

``Sandbox`` starts it; see ``fcsse.sandbox.server``. moto is imported only when one starts.
"""

from fcsse.sandbox.accounts import Credentials
from fcsse.sandbox.moto_host import SandboxUnavailableError
from fcsse.sandbox.play import Cache, Outcome
from fcsse.sandbox.server import ACCOUNT, OTHER_ACCOUNT, REGION, Sandbox

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
