"""A library user's progress object that raises: the run goes on, and ends as it would have ended."""

from __future__ import annotations

from pathlib import Path

import fcsse
from tests.cli.shell import Shell


class Broken:
    """Prints to a stream that is closed, as it were."""

    def step(self, text: str) -> None:
        raise BrokenPipeError

    def note(self, text: str) -> None:
        raise BrokenPipeError

    def advance(self, done: int, total: int) -> None:
        raise BrokenPipeError


def test_a_progress_object_that_raises_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    for name, value in shell.sandbox.env().items():
        shell.patch.setenv(name, value)
    settings = fcsse.Settings(backup_dir=tmp_path / "backups", progress=Broken())
    assert fcsse.link("fc-0123", "data", settings=settings).changed
    assert [one.read.value for one in fcsse.check("fc-0123", "data", settings=settings)] == ["allowed"]
    [saved] = fcsse.backups(settings=settings)
    (tmp_path / "backups" / f"{saved.id[:-6]}ffffff.json").write_text("", encoding="utf-8")
    assert len(fcsse.backups(settings=settings)) == 1
    assert fcsse.restore(saved.id, settings=settings).changed
