"""What a reaction of the Lambda function came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from fcsse.apply.pair_result import PairResult
from fcsse.arn import Arn
from fcsse.errors import FcsseError
from fcsse.planning.plan import Outcome


class Refusal(NamedTuple):
    """A change to a key's policy that the rules do not allow."""

    bucket: str
    key: str


@dataclass(slots=True)
class Report:
    """What a reaction came to. ``keys`` are those whose policy or grants were changed as wanted, ``policies`` those whose policy
    was written, also where the change then failed.
    """

    pairs: list[tuple[Outcome, PairResult]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    policies: list[Arn] = field(default_factory=list)
    errors: list[FcsseError] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
