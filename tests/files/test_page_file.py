"""``audit --html``: the page goes to the file that was named, whole or not at all, and to no other."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from fcsse.cli.html_file import try_place, write_page
from fcsse.errors import UnexpectedError
from fcsse.safe_files import is_planted
from tests.cli.shell import Shell


def test_the_name_of_the_part_cannot_be_foreseen(shell: Shell, tmp_path: Path) -> None:
    victim, place = tmp_path / "victim", tmp_path / "open"
    victim.write_text("somebody's own words", encoding="utf-8")
    place.mkdir()
    page = place / "audit.html"
    (place / f".audit.html.{os.getpid()}.part").symlink_to(victim)
    run = shell.run("audit", "--html", str(page))
    assert run.code == 3, run.words
    assert victim.read_text(encoding="utf-8") == "somebody's own words"
    assert "</html>" in page.read_text(encoding="utf-8")
    assert len(list(place.iterdir())) == 2, "nothing else was left"


def test_a_folder_is_refused_before_any_request(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedError, match="Is a directory"):
        try_place(tmp_path)


def test_a_pipe_that_nobody_reads_is_an_error_before_it_is_a_wait(shell: Shell, tmp_path: Path) -> None:
    pipe = tmp_path / "page"
    os.mkfifo(pipe)
    run = shell.run("audit", "--html", str(pipe))
    assert run.code == 1
    assert "nobody reads" in run.err
    assert "Account" in run.out, "the answer is printed all the same"


def test_a_pipe_that_somebody_reads_gets_the_page(shell: Shell, tmp_path: Path) -> None:
    pipe, read = tmp_path / "page", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    while not read and reader.is_alive():
        run = shell.run("audit", "--html", str(pipe))
        if run.code == 3:
            break
    reader.join(20)
    assert "</html>" in read[0]


@pytest.mark.parametrize("linked", [False, True])
def test_names_of_open_files_are_never_replaced(tmp_path: Path, linked: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    with target.open("wb") as file:
        before, page = target.stat().st_ino, Path(f"/proc/self/fd/{file.fileno()}")
        link.symlink_to(page)
        write_page(link if linked else page, "page")
    assert (target.read_text(encoding="utf-8"), target.stat().st_ino) == ("page", before)


def test_a_link_to_the_name_of_an_open_pipe_is_followed(tmp_path: Path) -> None:
    """What ``/dev/stdout`` leads to has no name of its own there."""
    reading, writing = os.pipe()
    link = tmp_path / "link"
    link.symlink_to(f"/proc/self/fd/{writing}")
    try_place(link)
    write_page(link, "page")
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as read:
        assert read.read() == "page"


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o644])
def test_a_file_that_is_replaced_keeps_its_mode_and_a_link_to_it_stays(tmp_path: Path, mode: int) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old", encoding="utf-8")
    target.chmod(mode)
    link.symlink_to(target)
    write_page(link, "new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(target.stat().st_mode) == mode


LINK, PIPE, FILE = stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o666, stat.S_IFREG | 0o666
OURS, ROOTS, THEIRS = 1000, 0, 1001


@pytest.mark.parametrize(
    ("kind", "owner", "folder_mode", "planted"),
    [
        (LINK, THEIRS, 0o1777, True),
        (PIPE, THEIRS, 0o1777, True),
        (LINK, THEIRS, 0o777, True),
        (LINK, OURS, 0o1777, False),
        (LINK, ROOTS, 0o1777, False),
        (LINK, THEIRS, 0o755, False),
        (FILE, THEIRS, 0o1777, False),
    ],
)
def test_what_another_user_may_have_planted_is_told(kind: int, owner: int, folder_mode: int, planted: bool) -> None:
    def status(mode: int, owner: int) -> os.stat_result:
        return os.stat_result((mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))

    assert is_planted(status(kind, owner), status(stat.S_IFDIR | folder_mode, ROOTS), OURS) is planted


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("kind", ["link", "chain", "pipe"])
def test_nothing_that_another_user_planted_in_a_shared_folder_is_followed(tmp_path: Path, kind: str) -> None:
    shared, victim = tmp_path / "shared", tmp_path / "victim"
    shared.mkdir()
    shared.chmod(0o1777)
    victim.write_text("somebody's own words", encoding="utf-8")
    page = planted = shared / "audit.html"
    if kind == "pipe":
        os.mkfifo(planted)
    else:
        planted.symlink_to(victim)
    if kind == "chain":
        page = tmp_path / "page"
        page.symlink_to(planted)
    os.chown(planted, 54321, -1, follow_symlinks=False)
    with pytest.raises(UnexpectedError, match="another user"):
        try_place(page)
    with pytest.raises(UnexpectedError, match="another user"):
        write_page(page, "page")
    assert victim.read_text(encoding="utf-8") == "somebody's own words"
    assert list(shared.iterdir()) == [planted]
