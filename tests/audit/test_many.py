"""Many caches and buckets in one command: the caches' own buckets, side by side, in the order in which they were named."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from fcsse.cli.output.spinner import PlainProgress

if TYPE_CHECKING:
    from fcsse.sandbox.wire import Call
    from tests.simulated import Shell

CACHES = ("fc-0a03", "fc-0a01", "fc-0a02", "fc-0a00")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is heard of a run's progress."""
    heard: list[str] = []
    monkeypatch.setattr(PlainProgress, "step", lambda _, text: heard.append(text))
    monkeypatch.setattr(PlainProgress, "advance", lambda _, done, total: heard.append(f"{done} of {total}"))
    return heard


def named(caches: tuple[str, ...]) -> list[str]:
    return [word for cache in caches for word in ("--cache", cache)]


@pytest.mark.parametrize("command", ["check", "link", "unlink"])
def test_results_are_in_input_order_whatever_finishes_first(shell: Shell, command: str) -> None:
    for cache in CACHES:
        shell.sandbox.add_cache(cache, ["data-bucket-keys", "data"])

    def dawdle(call: Call) -> None:
        filters: Any = call.parameters.get("Filters")
        if filters:
            time.sleep(0.05 * (3 - int(filters[0]["Values"][0][-1])))

    shell.sandbox.fault("*", hook=dawdle, times=None)
    caches = (CACHES[0], "fc-0aff", *CACHES[1:])  # the second one has no buckets
    words = [] if command == "check" else ["--dry-run"]
    run = shell.run(command, *named(caches), *words, "-o", "json")
    got = [(pair["cache"], pair["bucket"]) for pair in json.loads(run.out)["pairs"]]
    own = [(cache, bucket) for cache in CACHES for bucket in ("data-bucket-keys", "data")]
    assert [one[0] for one in got] == [one[0] for one in [*own[:2], ("fc-0aff", ""), *own[2:]]]
    assert [one for one in got if one[0] != "fc-0aff"] == own


def test_buckets_of_many_caches_are_asked_for_side_by_side_once_each(shell: Shell, steps: list[str]) -> None:
    for cache in CACHES:
        shell.sandbox.add_cache(cache, ["data"])
    shell.sandbox.requests.clear()
    together = threading.Barrier(len(CACHES), timeout=5)

    def meet(call: Call) -> None:
        together.wait()

    shell.sandbox.fault("fsx:DescribeDataRepositoryAssociations", hook=meet, times=None)
    shell.run("check", *named((*CACHES, CACHES[0])))
    assert not together.broken
    assert shell.sandbox.requests.count("fsx:DescribeDataRepositoryAssociations") == len(CACHES)
    assert steps[:5] == ["listing the buckets of 4 caches", "1 of 4", "2 of 4", "3 of 4", "4 of 4"]


def test_steps_of_many_changes_say_which_one_they_belong_to(shell: Shell, steps: list[str]) -> None:
    words = ("--wait", "0", "--yes", "-q")
    shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--bucket", "data-bucket-keys", *words)
    assert any(text.startswith("change 1 of 2: ") for text in steps)
    assert any(text.startswith("change 2 of 2: ") for text in steps)
    steps.clear()
    shell.run("unlink", "--cache", "fc-0123", "--bucket", "data", *words)
    assert not any("change 1" in text for text in steps)
