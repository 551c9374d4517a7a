"""Service-linked roles that are not there: waiting for one that may come, and saying why one will not.

A role appears when a cache's data repository associations are made, so right after a cache's creation it may be
seconds away. FSx is asked how the cache stands, to wait for nothing that cannot come; without that permission the
wait goes by IAM alone. Source: Amazon File Cache user guide, "Using service-linked roles".
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

from fcsse.advice import PROFILE, REGION, Parameter, advice
from fcsse.arn import role_name
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock, pauses
from fcsse.discovery.suggestions import CacheSuggestions
from fcsse.errors import BusyError, DeniedError, FcsseError, NotFoundError, UnexpectedError
from fcsse.model import Cache, Role
from fcsse.named_by_arn import region_named
from fcsse.progress import Progress, Waiting

COMING = "CREATING"
"""The lifecycle of a cache or file system that is being made, and may get its role yet. Source: FSx API reference."""

GONE = ("FAILED", "DELETING")
"""Lifecycles of a cache or file system that will not get its role any more. Source: FSx API reference."""


class RoleFinder:
    """Waits for missing roles, all at once, for at most ``wait`` seconds. ``found`` holds those that came."""

    def __init__(self, aws: AwsCalls, clock: Clock, progress: Progress, wait: float) -> None:
        self.found: dict[str, Role] = {}
        self._aws = aws
        self._clock = clock
        self._progress = progress
        self._wait = wait
        self._reasons: dict[str, FcsseError] = {}
        self._troubles: dict[str, FcsseError] = {}
        self._near = CacheSuggestions(aws)
        self._states: dict[str, str] = {}

    def await_missing(self, roles: Mapping[str, Future[Role | None]]) -> None:
        """Waits until each role is there or cannot come. Errors of a look-up stay with its future."""
        missing = [cache for cache, future in roles.items() if future.exception() is None and future.result() is None]
        waiting = [cache for cache in missing if not self._hopeless(cache)]
        if not waiting:
            return
        self._tell(waiting, 0)
        for gone_by in pauses(self._clock, self._wait):
            waiting = [cache for cache in waiting if not self._came(cache) and not self._is_settled(cache)]
            if not waiting:
                return
            self._tell(waiting, gone_by)
        for cache in waiting:
            text = f" after waiting {self._wait:.0f} s" if self._wait else ""
            # Where the last look was not answered, nobody knows whether the role is there.
            self._reasons[cache] = self._troubles.get(cache) or NotFoundError(
                f"finding the role of {cache}: IAM has no role {role_name(cache)}{text}{self._still(cache)}",
                self._advice(cache),
            )

    def why_missing(self, cache: str) -> FcsseError:
        """Why there is no role, and what to do."""
        if cache not in self._reasons and not self._hopeless(cache):
            self._reasons[cache] = NotFoundError(
                f"finding the role of {cache}: IAM has no role {role_name(cache)}{self._still(cache)}",
                self._advice(cache),
            )
        return self._reasons[cache]

    def _is_settled(self, cache: str) -> bool:
        return cache in self._reasons or self._hopeless(cache)

    def is_unknown(self, cache: str) -> bool:
        """Is there no sign of the cache: no role, and FSx does not know it or may not be asked?"""
        return not isinstance(self._state(cache), Cache)

    def _came(self, cache: str) -> bool:
        """Is the role there? What passes in AWS or on the way there is waited out; any other refusal is the reason."""
        self._troubles.pop(cache, None)
        try:
            role = self._aws.find_role(cache)
        except (BusyError, UnexpectedError) as error:
            self._troubles[cache] = error
            return False
        except FcsseError as error:
            self._reasons[cache] = error
            return False
        if role is not None:
            self.found[cache] = role
        return role is not None

    def _tell(self, waiting: list[str], gone_by: float) -> None:
        told = [cache + (f", which is still {COMING}" if self._is_coming(cache) else "") for cache in waiting[:3]]
        names = "; ".join(told) + (" …" if len(waiting) > 3 else "")
        self._progress.step(Waiting(f"waiting for the service-linked role of {names}", gone_by, self._wait))

    def _is_coming(self, cache: str) -> bool:
        """Did FSx say, when it was last asked, that the cache is still being made?"""
        return self._states.get(cache) == COMING

    def _still(self, cache: str) -> str:
        return f", and FSx says that {cache} is still {COMING}" if self._is_coming(cache) else ""

    def _hopeless(self, cache: str) -> bool:
        """Is it sure that waiting will not help? Then the reason is kept."""
        kind = "file system" if cache.startswith("fs-") else "cache"
        state = self._state(cache)
        if isinstance(state, FcsseError):
            if any(other.startswith(cache) or cache.startswith(other) for other in self._near.to(cache)):
                # All real ids have one length: a part of another id is a slip, not a cache yet to come.
                self._reasons[cache] = NotFoundError(
                    f"finding the role of {cache}: IAM has no role {role_name(cache)}", self._advice(cache)
                )
            return cache in self._reasons
        if state is None:
            self._reasons[cache] = NotFoundError(
                f"finding {kind} {cache}: neither FSx in {region_named(cache) or self._aws.region or 'this Region'} nor IAM knows it",
                self._advice(cache) or advice("Check the id, ", PROFILE, " and ", REGION, "."),
            )
        elif state.lifecycle in GONE:
            because = f" ({state.failure})" if state.failure else ""
            self._reasons[cache] = NotFoundError(
                f"finding the role of {cache}: the {kind} is {state.lifecycle}{because}, so its role will not appear",
                "Create it again, then link it.",
            )
        return cache in self._reasons

    def _state(self, cache: str) -> Cache | FcsseError | None:
        try:
            found = self._aws.find_cache(cache)
        except FcsseError as error:
            return error
        self._states[cache] = found.lifecycle if found else ""
        return found

    def _advice(self, cache: str) -> str:
        state = self._state(cache)
        if not isinstance(state, Cache):
            meant = self._near.advice(cache)
            if meant or state is None or isinstance(state, DeniedError):
                return meant or advice("Check the id, ", PROFILE, " and ", REGION, ".")
        if self._is_coming(cache):
            return f"Run this again once {cache} is AVAILABLE: its role comes with its S3 data repository associations."
        makes = "FSx makes the role with the first S3 data repository association"
        linked = self._has_bucket(cache)
        if linked is False:
            return f"{makes}, and {cache} has none."
        return (
            advice(
                f"{makes}. Where the creator lacked iam:AttachRolePolicy and iam:PutRolePolicy, there is none: link with ",
                Parameter("every_cache", value=True),
                " instead.",
            )
            if linked
            else f"{makes}."
        )

    def _has_bucket(self, cache: str) -> bool | None:
        """Has the cache an S3 data repository association? None: FSx does not say."""
        try:
            return any(association.bucket for association in self._aws.list_associations(cache))
        except FcsseError:
            return None
