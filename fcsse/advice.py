"""Advice that names parameters: the command line writes them as options, the Python API as arguments. Pure.

Below those two, nobody knows who reads an error. So a text that names a parameter is an ``Advice``: a string in the
command line's words, which carries the API's as well.
"""

from __future__ import annotations

from typing import NamedTuple


class Parameter(NamedTuple):
    """A parameter by its Python name, with the value that is advised: None names the parameter alone, True is a flag."""

    name: str
    value: str | bool | None = None

    @property
    def option(self) -> str:
        """As an option: ``--via grant``, ``--prune-orphans``, ``--no-bucket-keys``."""
        name = self.name.replace("_", "-")
        if self.value is False:
            return f"--no-{name}"
        return f"--{name}" if self.value is None or self.value is True else f"--{name} {self.value}"

    @property
    def argument(self) -> str:
        """As an argument: ``via="grant"``, ``prune_orphans=True``. Profiles are sessions there."""
        name = self.name.replace("profile", "session")
        if self.value is None:
            return name
        return f"{name}={self.value}" if isinstance(self.value, bool) else f'{name}="{self.value}"'


class Advice(str):
    """A text in the command line's words; ``api`` has it in those of the Python API."""

    __slots__ = ("api",)
    api: str


def advice(*parts: str | Parameter) -> Advice:
    """The parts as one text."""
    made = Advice("".join(part.option if isinstance(part, Parameter) else part for part in parts))
    made.api = "".join(part.argument if isinstance(part, Parameter) else in_api(part) for part in parts)
    return made


def in_api(text: str) -> str:
    """The text in the words of the Python API."""
    return text.api if isinstance(text, Advice) else text


VIA = Parameter("via")
BY_GRANT = Parameter("via", "grant")
BY_POLICY = Parameter("via", "policy")
PRUNE = Parameter("prune_orphans", value=True)
LINK_BY_GRANT = advice("link by a grant instead (", BY_GRANT, ")")
"""What still works where a key policy cannot be written: said by every command that writes one."""
NARROW = Parameter("narrow_grant")
READ_ONLY = Parameter("operations", "read")
KEY = Parameter("key")
NEW_KEY = Parameter("new_key")
BUCKET_REGION = Parameter("bucket_region")
BUCKET_KEYS = Parameter("bucket_keys", value=True)
NO_BUCKET_KEYS = Parameter("bucket_keys", value=False)
BUCKET_ROLE = Parameter("bucket_role")
BUCKET_PROFILE = Parameter("bucket_profile")
REGION = Parameter("region")
ENDPOINT_URL = Parameter("endpoint_url")
PROFILE = Parameter("profile")
WAIT = Parameter("wait")
BACKUP_DIR = Parameter("backup_dir")
NO_BACKUP = Parameter("backup", value=False)
ACCOUNTS = Parameter("accounts")

THE_FACTS = advice(KEY, " with the key's ARN, ", BUCKET_REGION, ", and ", BUCKET_KEYS, " or ", NO_BUCKET_KEYS)
"""How the facts of a bucket are stated that the caller cannot read."""
