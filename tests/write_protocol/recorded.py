"""CloudTrail's record of what the simulated key saw, and what ``settle`` makes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from fcsse.apply.backup import BackupFolder
from fcsse.apply.give_back import give_back
from fcsse.commands.lost_record import bases_of
from fcsse.event_history.events import Event, parse_event
from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.losses import LostWrites
from fcsse.event_history.lost_writes import find_lost_writes
from fcsse.event_history.put_basis import PutBasis
from fcsse.event_history.versions import CacheAccess, KeyHistory, history_of
from fcsse.policy.document import PolicyDocument
from tests.event_history import made
from tests.write_protocol.simulation import START, Put, SimulatedKey, key

READ = {kind.value: CacheAccess(True) for kind in KeyChange}
LATER = timedelta(days=1)


def event_of(number: int, put: Put, place: int = 0) -> Event:
    """The event of one put, in the second in which KMS took it."""
    agent = f"Boto3/1.40 fcsse/0.1.0 {put.mark}" if put.mark else "aws-cli/2.31.0 md/prompt#off"
    arn = str(key())
    raw: dict[str, Any] = made.put(
        put.after,
        eventTime=(START + timedelta(seconds=int(put.at))).strftime("%Y-%m-%dT%H:%M:%SZ"),
        eventID=f"00000000-0000-4000-8000-{number:012d}",
        requestID=f"request-{number}",
        userAgent=agent,
        responseElements={"keyId": arn},
        resources=[{"ARN": arn}],
    )
    raw["requestParameters"]["keyId"] = arn
    found = parse_event(json.dumps(raw), place=place)
    assert found is not None
    return found


def events_of(puts: Sequence[Put], random: Random | None = None) -> list[Event]:
    """The events, in an order within each second that says nothing."""
    places = list(range(len(puts)))
    if random:
        random.shuffle(places)
    return [event_of(number, put, places[number - 1]) for number, put in enumerate(puts, 1)]


def record_of(events: Sequence[Event]) -> KeyHistory:
    """The key's history by these events."""
    return history_of(key(), events, READ)


def bases_in(*folders: BackupFolder) -> dict[str, PutBasis]:
    """What the copies say our puts were made from."""
    return {name: one for folder in folders for name, one in bases_of(folder.all(), "aws").items()}


def settled(
    simulated: SimulatedKey,
    bases: dict[str, PutBasis],
    events: Sequence[Event] | None = None,
    moment: datetime = START + LATER,
) -> tuple[LostWrites, str]:
    """What is found lost, and the policy with it given back."""
    now = PolicyDocument.parse(simulated.text)
    history = record_of(events_of(simulated.puts, simulated.world.random) if events is None else events)
    found = find_lost_writes(history, bases, now, moment)
    return found, give_back(now, found.lost, "aws").document.text
