"""Commands for people to run, as text: what they are told to do next works as it stands. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fcsse.link_options import AccessLevel
from fcsse.masking import mask_url
from fcsse.model import Pair


def _nobody(_: str) -> None:
    return None


def operations(level: AccessLevel) -> tuple[str, ...]:
    """The option of ``link`` and ``check`` for this level; none for the default."""
    return ("--operations", level.value) if level is AccessLevel.READ else ()


@dataclass(frozen=True, slots=True)
class CommandBuilder:
    """Builds shell commands that reproduce this run's profile, Region and endpoint.

    ``region`` is the one that was named, if any; each cache has its own in ``homes``. ``more`` are options of every link
    and unlink, such as --grant-role; ``bucket_role`` names the role that it takes to read a bucket. ``audited`` are the
    options that say what is audited, ``backup_dir`` the folder of copies, if it was named. ``stated`` are the bucket's key
    and what else was stated of it, which do not hold for a command that names another key.
    """

    profile: str | None = None
    endpoint_url: str | None = None
    region: str | None = None
    more: tuple[str, ...] = ()
    audited: tuple[str, ...] = ()
    bucket_role: Callable[[str], str | None] = _nobody
    homes: Mapping[str, str] = field(default_factory=dict)
    backup_dir: str | None = None
    stated: tuple[str, ...] = ()

    def aws(self, service: str, command: str, *words: str, region: str | None) -> str:
        """An AWS CLI command line."""
        place = ["--region", region] if region else []
        return shlex.join(["aws", service, command, *words, *place, *self._settings()])

    def audit(self, *more: str) -> str:
        """The same audit again, with more options."""
        return shlex.join(["fcsse", "audit", *self.audited, *more, *self.more, *self._settings()])

    def fcsse(self, command: str, caches: Iterable[str], buckets: Iterable[str], *more: str) -> tuple[str, ...]:
        """Links or unlinks these caches (none = every cache) and buckets: a command, or one for each role to read with."""
        who = list(dict.fromkeys(caches))
        by_role: dict[str | None, list[str]] = {}
        for bucket in dict.fromkeys(buckets):
            by_role.setdefault(self.bucket_role(bucket), []).append(bucket)
        named = [word for cache in who for word in ("--cache", cache)] or ["--every-cache"]
        region = self.homes.get(who[0], self.region) if self.region and who else self.region
        place = ["--region", region] if region else []
        found = []
        for role, group in by_role.items():
            where = [word for bucket in group for word in ("--bucket", bucket)]
            reading = ["--bucket-role", role] if role else []
            stated = () if "--key" in more else self.stated
            words = [*named, *where, *more, *reading, *stated, *self.more, *place, *self._settings()]
            found.append(shlex.join(["fcsse", command, *words]))
        return tuple(found)

    def link(self, pairs: Iterable[Pair], *more: str) -> tuple[str, ...]:
        """The commands that link these pairs, one for each bucket."""
        buckets: dict[str, list[str]] = {}
        for pair in pairs:
            buckets.setdefault(pair.bucket, []).append(pair.cache or "")
        return tuple(one for bucket, caches in buckets.items() for one in self.fcsse("link", caches, [bucket], *more))

    def census(self, bucket: str, prefix: str = "") -> str:
        """Counts which keys the objects of a bucket, or those under a prefix, use."""
        role = self.bucket_role(bucket)
        place = ["--region", self.region] if self.region else []
        return shlex.join(
            [
                "fcsse",
                "census",
                "--bucket",
                bucket,
                *(["--prefix", prefix] if prefix else []),
                *(["--bucket-role", role] if role else []),
                *place,
                *self._settings(),
            ]
        )

    def restore(self, backup: str, *more: str) -> str:
        """Puts a saved policy back."""
        place = ["--region", self.region] if self.region else []
        return shlex.join(["fcsse", "restore", backup, *more, *self._folder(), *place, *self._settings()])

    def backups(self, *words: str) -> str:
        """Lists the saved policies, or prints one."""
        return shlex.join(["fcsse", "backups", *words, *self._folder()])

    def history(self, *words: str) -> str:
        """Lists the recorded changes of keys, or prints a recorded policy."""
        place = ["--region", self.region] if self.region else []
        return shlex.join(["fcsse", "history", *words, *place, *self._settings()])

    def _folder(self) -> list[str]:
        return ["--backup-dir", self.backup_dir] if self.backup_dir else []

    def _settings(self) -> list[str]:
        found = ["--profile", self.profile] if self.profile else []
        return found + (["--endpoint-url", mask_url(self.endpoint_url)] if self.endpoint_url else [])
