"""What AWS answered the caches: each recorded use of a key by a service-linked role, and the latest of each kind. Pure.

A role is known by ``sessionIssuer.arn`` alone: session names of service-linked roles differ, and so does whatever service
``invokedBy`` names. A success names its key and its encryption context; a refusal as a rule names neither, its message at
best the key. KMS records refusals only in some cases, and S3 asks seldom where Bucket Keys are on: that nothing is
recorded says nothing.

Sources: KMS developer guide, "Logging AWS KMS API calls with CloudTrail" ("all successful operations and, in some
scenarios, attempted calls that failed"); recorded events of other service-linked roles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.arn import Arn
from fcsse.event_history.events import KMS, Event, KeyMatch, mapping_of, oldest_first, text_of

ACTIONS = {"Decrypt": "kms:Decrypt", "GenerateDataKey": "kms:GenerateDataKey"}
"""Event names of the calls that reading and writing need, with their actions."""

CONTEXT = "aws:s3:arn"


class Use(NamedTuple):
    """A role's call to KMS. ``context`` is the value of ``aws:s3:arn``: a bucket's or an object's ARN; empty = not recorded."""

    role: str
    action: str
    context: str
    event: Event

    @property
    def allowed(self) -> bool:
        """Did AWS allow it?"""
        return self.event.failure is None

    def is_on(self, key: Arn) -> KeyMatch:
        """Was it this key?"""
        return self.event.is_about(key)

    def is_for(self, bucket_arn: str, prefix: str | None) -> bool | None:
        """Was it for this bucket's own ARN (``prefix`` None), or for an object under the prefix? None: not recorded."""
        if not self.context:
            return None
        if prefix is None:
            return self.context == bucket_arn
        return self.context.startswith(f"{bucket_arn}/{prefix}")


class Uses(NamedTuple):
    """The recorded uses of the service-linked roles, each role's newest first."""

    of_role: Mapping[str, tuple[Use, ...]]

    def of(self, role: Arn) -> tuple[Use, ...]:
        """Those of one role, newest first."""
        return self.of_role.get(str(role), ())


def use_of(event: Event) -> Use | None:
    """The use that an event records; None where it is another call, another caller's, or says nothing (throttling)."""
    action = ACTIONS.get(event.name)
    role = event.actor.role
    if action is None or event.source not in (KMS, "") or arns.role_cache(role) is None:
        return None
    if event.failure is not None and event.failure.passing:
        return None
    return Use(role, action, text_of(mapping_of(event.parameters, "encryptionContext"), CONTEXT), event)


def uses_in(events: Iterable[Event]) -> Uses:
    """The uses that these events record, whatever their order."""
    found: dict[str, list[Use]] = defaultdict(list)
    for event in reversed(oldest_first(events)):
        use = use_of(event)
        if use is not None:
            found[use.role].append(use)
    return Uses({role: tuple(uses) for role, uses in found.items()})
