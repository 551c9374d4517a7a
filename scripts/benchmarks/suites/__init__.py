"""The suites: each takes the bench and returns its result. A new one is a module here and a line in ``SUITES``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.suites import audit, deciding, link, observed, organization, start, traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench
    from benchmarks.result import Result

SUITES: dict[str, Callable[[Bench], Result]] = {
    "start": start.measure,
    "traffic": traffic.measure,
    "link": link.measure,
    "audit": audit.measure,
    "observed": observed.measure,
    "organization": organization.measure,
    "deciding": deciding.measure,
}
