"""What every suite is given: the places, the simulator, how many rounds, and a way to run a contender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measuring import Contender, Run, run_once
from benchmarks.places import say
from benchmarks.round_trips import traffic_of

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.places import Places
    from benchmarks.simulator import Simulator


@dataclass(frozen=True, slots=True)
class Bench:
    """``rounds`` of paired runs; ``delays`` in milliseconds per request."""

    places: Places
    simulator: Simulator
    home: Path
    rounds: int
    delays: tuple[int, ...]

    @property
    def environment(self) -> dict[str, str]:
        return {**self.places.environment(self.home), **self.simulator.environment}

    def run(self, contender: Contender, *, alias: bool = False, linked: bool = False) -> Run:
        """One run against a fresh simulated account, in which the pair is not linked unless said."""
        self.simulator.world.reset(alias=alias, linked=linked)
        self.simulator.take_log()
        environment = self.environment
        return run_once(
            contender, environment, lambda rechecks: traffic_of(self.simulator.take_log(), rechecks=rechecks)
        )

    def tell(self, text: str) -> None:
        say(f"  {text}")
