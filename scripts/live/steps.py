"""What is done, on the real side and in the sandbox alike."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import fcsse
from fcsse.arn import ROLE_PATH
from fcsse.errors import UnconfirmedError
from live.recording import Recording


@dataclass
class Steps:
    """The steps for one pair. Without ``write`` nothing is changed."""

    cache: str
    bucket: str
    write: bool
    told: Callable[[str], None]

    def take(self, recording: Recording, settings: fcsse.Settings) -> fcsse.CheckResult:
        """Takes them all; answers the first check. An error ends a step, not the run."""
        recording.step = "check"
        (first,) = fcsse.check(self.cache, self.bucket, settings=settings)
        self.told(first.headline)
        self._look_around(recording, settings)
        planned = self._try(
            recording, "link --dry-run", lambda: fcsse.link(self.cache, self.bucket, dry_run=True, settings=settings)
        )
        if not self.write or planned is None:
            return first
        if not planned.pending:
            self.told("nothing to link: this access was there before, so it is not taken away")
            return first
        recording.step = "link"
        wrote = False
        try:
            wrote = fcsse.link(self.cache, self.bucket, expect=planned.digest, settings=settings).changed
            self.told(f"link: {'changed' if wrote else 'nothing to do'}")
            recording.step = "check again"
            (second,) = fcsse.check(self.cache, self.bucket, settings=settings)
            self.told(second.headline)
        except fcsse.FcsseError as error:
            # Only what was written here is taken back: somebody else may have linked the pair at the same moment.
            wrote = wrote or isinstance(error, UnconfirmedError)
            self.told(f"{recording.step}: {error.message} {error.hint}".rstrip())
        finally:
            if wrote:
                self._try(recording, "unlink", lambda: fcsse.unlink(self.cache, self.bucket, settings=settings))
        return first

    def _look_around(self, recording: Recording, settings: fcsse.Settings) -> None:
        """Asks what fcsse asks in other cases: reads, too."""
        recording.step = "look around"
        session = settings.session or boto3.Session()
        kind = "file-system-id" if self.cache.startswith("fs-") else "file-cache-id"
        asked = (
            ("s3", "head_bucket", {"Bucket": self.bucket}),
            ("fsx", "describe_data_repository_associations", {"Filters": [{"Name": kind, "Values": [self.cache]}]}),
            ("iam", "list_roles", {"PathPrefix": ROLE_PATH}),
        )
        for service, call, words in asked:
            client = session.client(service, region_name=settings.region, endpoint_url=settings.endpoint_url)
            with contextlib.suppress(ClientError, BotoCoreError):  # it is recorded, which is what matters
                getattr(client, call)(**words)

    def _try(self, recording: Recording, step: str, call: Callable[[], fcsse.Result]) -> fcsse.Result | None:
        recording.step = step
        try:
            done = call()
        except fcsse.FcsseError as error:
            self.told(f"{step}: {error.message} {error.hint}".rstrip())
            return None
        self.told(f"{step}: {'changed' if done.changed else 'pending' if done.pending else 'nothing to do'}")
        return done
