"""The progress bar: how far, how fast and how long yet, in one line whatever the width."""

from __future__ import annotations

import pytest

from fcsse.cli.output.progress_bar import BAR, Pace, bar, duration
from fcsse.cli.output.spinner import PlainProgress, Spinner
from fcsse.cli.output.terminal import Terminal


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (59.6, "1 min 0 s"), (184, "3 min 4 s"), (7500, "2 h 5 min"), (-1, "0 s")]
)
def test_times_for_people(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_rate_and_time_left_come_once_there_is_something_to_tell_them_by() -> None:
    pace = Pace()
    assert pace.told(1, 1000, 10.0) == ""
    assert pace.told(20, 1000, 10.5) == "", "the first moments say little"
    assert pace.told(101, 1000, 15.0) == ", 20/s, 45 s left"


def test_no_time_left_is_told_while_more_is_found_to_do() -> None:
    pace = Pace()
    pace.told(0, 100, 0.0)
    assert pace.told(50, 200, 5.0) == ", 10/s"
    assert pace.told(60, 200, 5.5) == ", 11/s"
    assert pace.told(100, 200, 10.0) == ", 10/s, 10 s left"


def test_what_takes_long_is_told_by_the_minute() -> None:
    pace = Pace()
    pace.told(0, 10, 0.0)
    assert pace.told(1, 10, 20.0) == ", 3/min, 3 min 0 s left"


@pytest.mark.parametrize("width", [10, 40, 60, 80, 200])
def test_a_bar_fits_whatever_the_width(width: int) -> None:
    drawn = bar("Looking at objects", 81, 152, ", 22/s, 3 s left", width)
    assert len(drawn) <= width
    assert drawn == "Looking at objects  81 of 152, 22/s, 3 s left"[:width] or "━" in drawn
    assert sum(sign in "━╌" for sign in drawn) <= BAR


def test_a_full_bar_is_full() -> None:
    assert bar("x", 5, 5, "", 80) == f"x  {'━' * BAR} 5 of 5"
    assert bar("x", 0, 5, "", 80) == f"x  {'╌' * BAR} 0 of 5"


def test_a_step_too_long_for_the_screen_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    spinner = Spinner(Terminal())
    spinner.stop()
    spinner.step("reading the policy of bucket " + "x" * 63 + " \x1b[31m")
    drawn = spinner._styled(60)
    assert len(drawn) == 57
    assert drawn.endswith("…")
    spinner.step("looking at [bold] objects")
    assert spinner._styled(60) == r"Looking at \[bold] objects"


def test_in_a_log_it_is_a_line_a_tenth_at_the_most(capsys: pytest.CaptureFixture[str]) -> None:
    progress = PlainProgress(Terminal(verbose=1))
    progress.step("looking at objects")
    for done in range(1, 201):
        progress.advance(done, 200)
    progress.stop()
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "looking at objects"
    assert said[1:] == [f"looking at objects: {20 * tenth} of 200" for tenth in range(1, 11)]
    silent = PlainProgress(Terminal())
    silent.step("looking at objects")
    silent.advance(100, 200)
    silent.stop()
    assert capsys.readouterr().err == ""
