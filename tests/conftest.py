"""What holds for every test: nothing of the machine's own AWS settings, and no credentials but those a test gives."""

from __future__ import annotations

import gc
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest
import typer.main
from hypothesis import HealthCheck, settings

from fcsse.cli.main import COLLECT_EVERY
from tests import left_threads, neutral_environment, recorded, thorough
from tests.quick_clients import quick_clients

if TYPE_CHECKING:
    from collections.abc import Iterator

neutral_environment.enter()

EXAMPLES = 100
"""How many hypothesis makes up for a test that does not say."""

# As in the command's own process, which the entry point makes so; here commands run without it.
gc.set_threshold(COLLECT_EVERY)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares ``--thorough`` and ``--record``."""
    parser.addoption(thorough.OPTION, action="store_true", help="try all combinations and more examples")
    parser.addoption(recorded.OPTION, action="store_true", help="keep the answers of now in tests/data")


def pytest_configure(config: pytest.Config) -> None:
    """Tells the test modules how much they are to try, and keeps a worker where its threads are."""
    thorough.begin(config)
    # How long an example takes measures the machine; what an example shows is what a test is about.
    settings.register_profile(
        "any machine",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        max_examples=thorough.examples(EXAMPLES),
        derandomize=not thorough.is_on(),  # new ones are looked for at night, when they hold nobody up
    )
    settings.load_profile("any machine")
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    if worker.startswith("gw") and sys.platform == "linux":
        # A command's threads take turns: handing over to one on another processor takes an eighth more time.
        there = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {there[int(worker[2:]) % len(there)]})


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests with a browser come last: it may be on its way (``.ci/run``)."""
    thorough.leave_out(config, items)
    items.sort(key=lambda one: "browser" in getattr(one, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: no garbage collection need look at it."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Nor at what is left when all is over."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _what_a_test_leaves_behind_asks_nothing_in_the_next() -> Iterator[None]:
    yield
    left_threads.wait_for_them()


@pytest.fixture(scope="session", autouse=True)
def _what_is_the_same_each_time_is_made_once() -> Iterator[None]:
    """Of clients, and of Typer's options."""
    with quick_clients(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield
