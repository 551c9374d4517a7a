"""What a run of the command line takes from outside, so that a whole command can be simulated: its clock and its clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fcsse.clock import Clock, SystemClock

if TYPE_CHECKING:
    from fcsse.aws.sessions import Clients


class MakeClients(Protocol):
    """How the clients of a profile are made; ``may_ask``: somebody is there to enter the code of an MFA device."""

    def __call__(
        self, profile: str | None, region: str | None = None, endpoint_url: str | None = None, *, may_ask: bool = False
    ) -> Clients:
        """The clients."""


def _of_profile(
    profile: str | None, region: str | None = None, endpoint_url: str | None = None, *, may_ask: bool = False
) -> Clients:
    from fcsse.aws.make_clients import clients_of_profile

    return clients_of_profile(profile, region, endpoint_url, may_ask=may_ask)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The machine's own clock and ordinary clients, unless others are given."""

    clock: Clock = field(default_factory=SystemClock)
    clients: MakeClients = _of_profile
