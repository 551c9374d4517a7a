"""The answers of both sides, operation by operation: outcomes, members and their types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from live.recording import Exchange, Recording
from live.shapes import shape

AS_ASSUMED, DIFFERS, UNKNOWN = "as assumed", "differs", "not told"


@dataclass(frozen=True)
class Line:
    """One line of the answer."""

    verdict: str
    subject: str
    detail: str = ""
    source: str = ""

    def __str__(self) -> str:
        more = "".join(f"\n{'':12}{part}" for part in (self.detail, self.source and f"source: {self.source}") if part)
        return f"{self.verdict:<12}{self.subject}{more}"


def compare(real: Recording, simulated: Recording) -> list[Line]:
    """A line for each operation of each step that either side met, in the order of the real one."""
    met = dict.fromkeys((one.step, one.name) for one in [*real.exchanges, *simulated.exchanges])
    return [
        _operation(f"{step}: {name}", _at(real, step, name), _at(simulated, step, name), met_there=bool(real.exchanges))
        for step, name in met
    ]


def _at(recording: Recording, step: str, name: str) -> list[Exchange]:
    return [one for one in recording.exchanges if (one.step, one.name) == (step, name)]


def _operation(subject: str, real: list[Exchange], simulated: list[Exchange], *, met_there: bool) -> Line:
    if real and all(one.refused for one in real):
        return Line(UNKNOWN, subject, "the caller may not ask this")
    if not real or not simulated:
        return Line(UNKNOWN, subject, f"asked {'in the sandbox' if simulated else 'of AWS'} only")
    outcomes, assumed = ({one.outcome for one in side if not one.refused} for side in (real, simulated))
    if outcomes != assumed:
        return Line(DIFFERS, subject, f"AWS answered {_list(outcomes)}, the sandbox {_list(assumed)}")
    members, expected = _members(real), _members(simulated)
    missing = sorted(name for name in expected if name not in members and _parent_is_there(name, members))
    other = sorted(
        f"{name} ({members[name]}, not {expected[name]})"
        for name in expected.keys() & members.keys()
        if members[name] != expected[name]
    )
    if missing or other:
        parts = [
            f"AWS leaves out {_list(missing)}" if missing else "",
            f"of other types: {_list(other)}" if other else "",
        ]
        return Line(DIFFERS, subject, "; ".join(part for part in parts if part))
    more = sorted(members.keys() - expected.keys())
    return Line(AS_ASSUMED, subject, f"AWS also tells {_list(more)}" if more else "")


def _members(side: list[Exchange]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in side:
        if not one.code:
            found |= shape(one.answer)
    return found


def _parent_is_there(name: str, members: dict[str, str]) -> bool:
    """Is the list that a member belongs to filled? Of an empty list nothing can be missing."""
    parent = name.rpartition("[].")[0]
    return not parent or any(other.startswith(f"{parent}[].") for other in members)


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"
