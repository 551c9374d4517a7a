"""The changes of a key that CloudTrail records: one row each, with all that is said of its kind. Pure.

A kind that is added here is looked up, shown by ``history`` and taken into account where AWS contradicts a verdict. Each is
one more look-up, of which AWS allows two a second. Only what ``history`` says of one event's details is elsewhere
(``cli/output/history.py``). Source: KMS developer guide, "Logging AWS KMS API calls with AWS CloudTrail".
"""

from __future__ import annotations

from enum import Enum


class KeyChange(Enum):
    """What happened to a key. The value is the event's name.

    ``label`` is a heading, ``sentence`` goes into one. ``gives``: the key may then give access that it did not give before;
    ``takes``: it may no longer give the access that it gave. ``holds_policy``: the event can hold a policy's text.
    """

    _value_: str
    label: str
    sentence: str
    gives: bool
    takes: bool
    holds_policy: bool

    def __new__(
        cls,
        event: str,
        label: str,
        sentence: str,
        *flags: str,
    ) -> KeyChange:
        """``flags``: which of ``gives``, ``takes`` and ``policy`` hold."""
        one = object.__new__(cls)
        one._value_ = event
        one.label = label
        one.sentence = sentence
        one.gives, one.takes, one.holds_policy = (flag in flags for flag in ("gives", "takes", "policy"))
        return one

    CREATED = "CreateKey", "key created", "the key was created", "gives", "policy"
    POLICY = "PutKeyPolicy", "key policy written", "the policy changed", "gives", "takes", "policy"
    GRANT_CREATED = "CreateGrant", "grant created", "a grant was created", "gives"
    GRANT_REVOKED = "RevokeGrant", "grant revoked", "a grant was revoked", "takes"
    GRANT_RETIRED = "RetireGrant", "grant retired", "a grant was retired", "takes"
    DISABLED = "DisableKey", "key disabled", "the key was disabled", "takes"
    ENABLED = "EnableKey", "key enabled", "the key was enabled", "gives"
    DELETION_SCHEDULED = "ScheduleKeyDeletion", "deletion scheduled", "the key's deletion was scheduled", "takes"
    DELETION_CANCELLED = "CancelKeyDeletion", "deletion cancelled", "the key's deletion was cancelled", "gives"


GIVING = frozenset(one.value for one in KeyChange if one.gives)
TAKING = frozenset(one.value for one in KeyChange if one.takes)

AFTER_USE = tuple(one for one in KeyChange if one is not KeyChange.CREATED)
"""What can have happened to a key since it was used."""


def change_sentence(event_name: str) -> str:
    """What a change of a key was, as a part of a sentence."""
    for one in KeyChange:
        if one.value == event_name:
            return one.sentence
    return f"{event_name} changed the key"
