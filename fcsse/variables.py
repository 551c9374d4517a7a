"""Environment variables that are named as this program's are, but are none of them: most are slips of the fingers. Pure.

A variable that nobody reads does nothing, and nothing is what ``FCSSE_DRYRUN=1`` must not do in silence. It is told, and is
no error: other programs may have variables of that name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from fcsse.discovery.suggestions import closest

PREFIX = "FCSSE_"


def unknown_variables(names: Iterable[str], known: Collection[str], whose: str) -> Iterator[str]:
    """A sentence or two for each of these names that is ignored, though it was probably meant for ``whose``.

    ``known`` are the names that are read. Names in lower case count where they are one of those otherwise. Values are not
    told: they may be secrets.
    """
    for name in sorted(names):
        if name not in known and (name.startswith(PREFIX) or name.upper() in known):
            meant = _meant(name.upper(), known)
            asked = f" Did you mean {meant}?" if meant else ""
            yield f"{name} is set, but it is no variable of {whose} and is ignored.{asked}"


def _meant(name: str, known: Collection[str]) -> str:
    positive = name.replace(f"{PREFIX}NO_", PREFIX, 1)  # of --no-bucket-keys
    if positive in known:
        return positive
    ends = [one.removeprefix(PREFIX) for one in known]
    return next((PREFIX + one for one in closest(name.removeprefix(PREFIX), ends)), "")
