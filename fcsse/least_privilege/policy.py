"""What a caller needs: the least IAM policy for each command, and what owners in other accounts must add. Pure.

In: a command and what it is narrowed to. Out: ``Permissions``: permissions one by one, with their reasons, and policies made
of them.

Sources: KMS developer guide, "AWS KMS condition keys", "Allowing users in other accounts to use a KMS key", "Retiring and
revoking grants"; FSx for Lustre user guide, "Unable to validate access to an S3 bucket" (the bucket policy across
accounts) and "Using service-linked roles"; IAM user guide, "Sid" (letters and digits only).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fcsse import arn as arns
from fcsse.errors import UsageError
from fcsse.least_privilege.table import TABLE, Command, Engine, On, Permission, When
from fcsse.model import GRANT_OPERATIONS, Via
from fcsse.planning.owner import create_grant_statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fcsse.arn import Arn

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the policy is narrowed to; whatever is left out stays a wildcard. ``account`` is the cache's.

    ``fix``: the policy is for ``audit --fix``. ``any_key``: keys of every account are meant, where none is named.
    """

    caches: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    every_cache: bool = False
    key: Arn | None = None
    account: str | None = None
    region: str | None = None
    partition: str | None = None
    via: Via = Via.AUTO
    engine: Engine = Engine.HEAD
    fix: bool = False
    any_key: bool = False

    @property
    def foreign(self) -> bool:
        """Does the key belong to another account than the cache?"""
        return self.key is not None and self.account is not None and self.key.account != self.account

    @property
    def arn_partition(self) -> str:
        """The partition for ARNs."""
        if self.partition:
            return self.partition
        return self.key.partition if self.key else arns.partition_of(self.region or "")

    def roles(self) -> tuple[str, ...]:
        """The service-linked roles' ARNs, as patterns where the account or the caches are open."""
        owner = self.account or "*"
        return tuple(arns.role_arn(self.arn_partition, owner, cache) for cache in self.caches or ("*",))

    def resources(self, on: On) -> tuple[str, ...]:
        """The ARNs or patterns of what a permission is given on."""
        partition, account, region = self.arn_partition, self.account or "*", self.region or "*"
        names = self.buckets or ("*",)
        match on:
            case On.ROLE:
                # IAM cannot tell the path of a role that does not exist (yet, any more), so it judges the bare name.
                bare = tuple(
                    f"arn:{partition}:iam::{account}:role/{arns.role_name(cache)}" for cache in self.caches or ("*",)
                )
                return (*self.roles(), *bare)
            case On.BUCKET:
                return tuple(arns.bucket_arn(partition, name) for name in names)
            case On.OBJECTS:
                return tuple(f"{arns.bucket_arn(partition, name)}/*" for name in names)
            case On.KEY | On.OWN_KEY:
                # A policy is only ever written in the key's own account.
                owner = "*" if on is On.KEY and (self.via is Via.GRANT or self.any_key) else account
                return (str(self.key) if self.key else f"arn:{partition}:kms:{region}:{owner}:key/*",)
            case On.METADATA:
                tables = f"arn:{partition}:s3tables:{region}:{account}:bucket/aws-s3"
                return (tables, f"{tables}/table/*")
            case On.CATALOG:
                glue = f"arn:{partition}:glue:{region}:{account}"
                parts = ("catalog", "catalog/s3tablescatalog", "catalog/s3tablescatalog/*")
                inner = ("database/s3tablescatalog/*/*", "table/s3tablescatalog/*/*/*")
                return tuple(f"{glue}:{part}" for part in (*parts, *inner))
            case On.WORKGROUP:
                return (f"arn:{partition}:athena:{region}:{account}:workgroup/*",)
            case On.RESULTS:
                return (arns.bucket_arn(partition, "aws-athena-query-results-*"),)
            case On.ANY:
                return ("*",)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a command needs. ``key_owner`` and ``bucket_owner`` are statements for the policies of another account."""

    command: Command
    scope: Scope
    permissions: tuple[Permission, ...]
    key_owner: tuple[Json, ...] = ()
    bucket_owner: tuple[Json, ...] = ()
    notes: tuple[str, ...] = ()

    def is_optional(self, permission: Permission) -> bool:
        """Can the command do its work without it?"""
        return permission.optional or (permission.optional_across and self.scope.foreign)

    def policy(self, *, optional: bool = False) -> Json:
        """The least policy for the caller, valid for IAM; with ``optional`` what is good to have as well."""
        chosen = [one for one in self.permissions if not self.is_optional(one)]
        groups = _grouped(chosen, self.scope)
        if optional:
            groups += _grouped([one for one in self.permissions if self.is_optional(one)], self.scope, "Optional")
        return {"Version": "2012-10-17", "Statement": groups}


def needs(command: Command, scope: Scope) -> Permissions:
    """What this command needs of AWS. Raises ``UsageError`` where the narrowing contradicts itself."""
    if scope.foreign and scope.via is Via.POLICY:
        message = f"--via policy: key {scope.key} does not belong to account {scope.account}, so only a grant helps"
        raise UsageError(message, "Leave --via out, or say --via grant.")
    if scope.fix and command is not Command.AUDIT:
        raise UsageError("--fix goes with audit", "Leave it out, or ask for: fcsse permissions audit --fix.")
    # The buckets of an account's caches may use keys of any account.
    scope = replace(scope, any_key=command is Command.AUDIT)
    now = _circumstances(command, scope)
    permissions = tuple(one for one in TABLE[command] if one.when <= now and _is_about(one, scope))
    owner = _key_owner(command, scope, permissions) if scope.foreign else ()
    bucket = _bucket_owner(scope) if scope.foreign and command is not Command.RESTORE else ()
    return Permissions(command, scope, permissions, owner, bucket, _notes(command, scope))


def _circumstances(command: Command, scope: Scope) -> frozenset[When]:
    now = {When.ALWAYS, When.FOREIGN_KEY if scope.foreign else When.OWN_KEY}
    now.add(When.ATHENA if scope.engine is Engine.ATHENA else When.OBJECTS)
    if not scope.every_cache:
        now.add(When.NAMED_CACHE)
    if scope.fix:
        now.add(When.FIX)
    now.add(When.NAMED_BUCKET if scope.buckets else When.NO_BUCKET)
    if not scope.caches:
        now.add(When.NO_CACHE)
    by_grant = scope.via is Via.GRANT or scope.foreign
    if command is Command.UNLINK and scope.via is Via.AUTO:
        now |= {When.POLICY, When.GRANT}
    else:
        now.add(When.GRANT if by_grant else When.POLICY)
    return frozenset(now)


def _is_about(permission: Permission, scope: Scope) -> bool:
    """Leaves out what the kind of the named caches rules out: FSx has one call for caches, one for file systems."""
    kinds = {cache[:3] for cache in scope.caches} or {"fc-", "fs-"}
    if not permission.optional:
        return True
    only = {"fsx:DescribeFileCaches": "fc-", "fsx:DescribeFileSystems": "fs-"}.get(permission.action)
    return only is None or only in kinds


def _grouped(permissions: Iterable[Permission], scope: Scope, suffix: str = "") -> list[Json]:
    """Permissions as statements: one for each thing they are given on; CreateGrant by itself, for its condition."""
    groups: dict[str, Json] = {}
    for one in permissions:
        limited = one.action == "kms:CreateGrant"
        sid = "Fcsse" + ("CreateGrant" if limited else "".join(part.title() for part in one.on.value.split())) + suffix
        group = groups.setdefault(
            sid, {"Sid": sid, "Effect": "Allow", "Action": [], "Resource": _one_or_all(scope.resources(one.on))}
        )
        actions = group["Action"]
        if isinstance(actions, list) and one.action not in actions:
            actions.append(one.action)
        if limited:
            group["Condition"] = _grant_condition(scope)
    return list(groups.values())


def _one_or_all(values: tuple[str, ...]) -> object:
    return values[0] if len(values) == 1 else list(values)


def _grant_condition(scope: Scope) -> Json:
    roles = scope.roles()
    operator = "StringLike" if any("*" in role for role in roles) else "StringEquals"
    return {
        operator: {"kms:GranteePrincipal": _one_or_all(roles)},
        "ForAllValues:StringEquals": {"kms:GrantOperations": list(GRANT_OPERATIONS)},
    }


def _key_owner(command: Command, scope: Scope, permissions: tuple[Permission, ...]) -> tuple[Json, ...]:
    """Statements for the policy of a key of another account; KMS asks for both sides there."""
    statements: list[Json] = []
    account, partition = scope.account or "", scope.arn_partition
    roles = scope.roles()
    if command is Command.LINK or scope.fix:
        create: Json = json.loads(create_grant_statement(partition, roles[0], GRANT_OPERATIONS))
        condition = _grant_condition(scope)
        statements.append({**create, "Condition": condition})
    asked = [one.action for one in permissions if one.on is On.KEY and one.action in _ACROSS]
    if asked:
        doing = "see and end" if "kms:RevokeGrant" in asked else "see"
        statements.append(
            {
                "Sid": f"Allow account {account} to {doing} the grants of its FSx roles",
                "Effect": "Allow",
                "Principal": {"AWS": arns.root_arn(partition, account)},
                "Action": asked,
                "Resource": "*",
            }
        )
    return tuple(statements)


_ACROSS = ("kms:DescribeKey", "kms:ListGrants", "kms:RevokeGrant")
"""Calls that KMS takes from another account and that the key's owner has to allow. RetireGrant is not among them: a key
policy cannot give it. Source: KMS developer guide, "Retiring and revoking grants"."""


def _bucket_owner(scope: Scope) -> tuple[Json, ...]:
    """Statements for the policy of a bucket of another account: for the roles, and for reading its encryption."""
    from fcsse.planning.access import ROLE_POLICY

    own = ROLE_POLICY["Statement"]
    names = scope.resources(On.BUCKET)
    account, partition = scope.account or "", scope.arn_partition
    roles = scope.roles()
    named: Json = {"Principal": {"AWS": _one_or_all(roles)}}
    if any("*" in role for role in roles):
        # A wildcard within a principal's ARN is not allowed, so the account is named and the condition picks the roles.
        named = {"Principal": {"AWS": arns.root_arn(partition, account)}}
        named["Condition"] = {"ArnLike": {"aws:PrincipalArn": _one_or_all(roles)}}
    condition = {"Condition": named.pop("Condition")} if "Condition" in named else {}
    return (
        {
            "Sid": "AllowTheFSxRoles",
            "Effect": "Allow",
            **named,
            "Action": own["Action"] if isinstance(own, dict) else [],
            "Resource": [*names, *scope.resources(On.OBJECTS)],
            **condition,
        },
        {
            "Sid": "AllowReadingTheDefaultEncryption",
            "Effect": "Allow",
            "Principal": {"AWS": arns.root_arn(partition, account)},
            "Action": "s3:GetEncryptionConfiguration",
            "Resource": _one_or_all(names),
        },
    )


def _notes(command: Command, scope: Scope) -> tuple[str, ...]:
    said = []
    if scope.foreign:
        said.append(
            "The bucket owner's statements are for a bucket that belongs to the key's account too. Without the second one, "
            "state the bucket's facts: --key ARN --bucket-region REGION and --bucket-keys or --no-bucket-keys."
        )
    elif command is not Command.CENSUS:
        said.append(
            "The policy of the key must leave the decision to IAM, as its default statement for the account's root does, or "
            "allow the kms actions to the caller itself."
        )
    if not scope.foreign and command in (Command.LINK, Command.UNLINK) and scope.key is None and scope.via is Via.AUTO:
        said.append(
            "This is for keys of the cache's own account. For a key of another account add --key ARN and --account ID."
        )
    if command is Command.AUDIT and not scope.fix:
        said.append("audit --fix also writes: fcsse permissions audit --fix.")
    if scope.engine is Engine.ATHENA and command is Command.CENSUS:
        said.append(
            "Put the workgroup and the place of its query results in the stead of workgroup/* and "
            "aws-athena-query-results-*."
        )
    return tuple(said)
