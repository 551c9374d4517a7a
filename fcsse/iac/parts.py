"""What linking adds, as values: statements for the policy of a key, and grants. Pure."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from fcsse.arn import Arn
from fcsse.planning.wanted_grant import WantedGrant
from fcsse.policy.json_text import JsonValue

ROLES_MUST_EXIST = (
    "# KMS refuses a policy that names a role which does not exist: apply this once the cache is there, and take it out\n"
    "# when the cache goes.\n"
)
"""For templates, which outlive caches. Source: KMS API reference, PutKeyPolicy (principals must exist)."""


WITH_THE_CACHE = "# The reference makes the key wait for the cache, whose role it names. The cache must not be encrypted with this key.\n"
"""For a template that makes key and cache: KmsKeyId of the cache would close a circle."""


class NewStatements(NamedTuple):
    """Statements for the policy of one key. ``key`` is None where it was not told; ``region`` is the key's.

    ``resource``: the logical id of the cache that the same CloudFormation template makes, empty where none does.
    """

    key: Arn | None
    region: str
    buckets: tuple[str, ...]
    statements: tuple[dict[str, JsonValue], ...]
    resource: str = ""

    @property
    def whose(self) -> str:
        """The key as a phrase for comments."""
        behind = f"behind bucket{'s' if len(self.buckets) > 1 else ''} {', '.join(self.buckets)}"
        return f"key {self.key}, {behind}" if self.key else f"the key {behind}"

    @property
    def caution(self) -> str:
        """What templates say of the roles that are named, as comment lines; empty where none is."""
        if self.resource:
            return WITH_THE_CACHE
        return "" if all(one["Principal"] in ("*", {"AWS": "*"}) for one in self.statements) else ROLES_MUST_EXIST

    def items(self) -> list[dict[str, JsonValue]]:
        """The statements as JSON values."""
        return list(self.statements)

    def document(self) -> dict[str, JsonValue]:
        """The addition as one JSON value that says what it is."""
        key = str(self.key) if self.key else None
        return {"route": "policy", "key": key, "buckets": list(self.buckets), "statements": list(self.statements)}


class NewGrant(NamedTuple):
    """A grant for one pair."""

    grant: WantedGrant
    cache: str
    bucket: str

    def request(self) -> dict[str, JsonValue]:
        """The parameters of CreateGrant, as ``aws kms create-grant --cli-input-json`` takes them."""
        wanted = self.grant
        request: dict[str, JsonValue] = {
            "KeyId": str(wanted.key),
            "GranteePrincipal": wanted.grantee,
            "Operations": list(wanted.operations),
        }
        if wanted.subset:
            request["Constraints"] = {"EncryptionContextSubset": dict(wanted.subset)}
        return {**request, "Name": wanted.name}

    def items(self) -> list[dict[str, JsonValue]]:
        """The request, as the one JSON value of a list."""
        return [self.request()]

    def document(self) -> dict[str, JsonValue]:
        """The addition as one JSON value that says what it is."""
        return {"route": "grant", "key": str(self.grant.key), "buckets": [self.bucket], "grant": self.request()}


Addition: TypeAlias = NewStatements | NewGrant
