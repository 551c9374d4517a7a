"""Proof that requests go side by side, without a look at a clock: each waits for the others to have arrived."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from fcsse.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fcsse.sandbox import Sandbox
    from fcsse.sandbox.wire import Call

PATIENCE = 20.0


class Meetings:
    """Round trips as groups of operations: none of a group is answered before all of it have arrived.

    ``missed`` holds those that waited in vain, because the others were to be sent only after their answer.
    """

    def __init__(self, sandbox: Sandbox, rounds: Sequence[Sequence[str]]) -> None:
        self.missed: list[str] = []
        seen: Counter[str] = Counter()
        for group in rounds:
            barrier = threading.Barrier(len(group))
            for operation in group:
                seen[operation] += 1
                sandbox.faults.add(Fault(operation, nth=seen[operation], hook=self._waits(barrier, operation)))

    def _waits(self, barrier: threading.Barrier, operation: str) -> Callable[[Call], None]:
        def hook(_: Call) -> None:
            try:
                barrier.wait(PATIENCE)
            except threading.BrokenBarrierError:
                self.missed.append(operation)

        return hook
