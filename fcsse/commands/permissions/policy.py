"""What a caller needs: the least IAM policy for each command, and what owners in other accounts must add. Pure.

In: a command and what it is narrowed to. Out: ``Permissions``: permissions one by one, with their reasons, and policies made
of them.

Sources: KMS developer guide, "AWS KMS condition keys", "Allowing users in other accounts to use a KMS key", "Retiring and
revoking grants"; FSx for Lustre user guide, "Unable to validate access to an S3 bucket" (the bucket policy across
accounts) and "Using service-linked roles"; IAM user guide, "Sid" (letters and digits only).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.commands.permissions.permission import Command, Engine, On, Permission, When
from fcsse.commands.permissions.scope import Scope
from fcsse.commands.permissions.table import TABLE
from fcsse.errors import UsageError
from fcsse.evaluator.bucket_requests import ROLE_POLICY
from fcsse.link_options import Via
from fcsse.model import GRANT_OPERATIONS
from fcsse.named_by_arn import refuse_elsewhere
from fcsse.planning.owner_statement import create_grant_statement

Json = dict[str, object]


class Permissions(NamedTuple):
    """What a command needs. ``key_owner`` and ``bucket_owner`` are statements for the policies of another account."""

    command: Command
    scope: Scope
    permissions: tuple[Permission, ...]
    key_owner: tuple[Json, ...] = ()
    bucket_owner: tuple[Json, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line: the command and how many permissions it needs."""
        return f"<Permissions for {self.command.value}: {len(self.permissions)} actions>"

    def __str__(self) -> str:
        """The policy as JSON, as IAM takes it."""
        return json.dumps(self.policy(), indent=2)

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
    _require_sense(command, scope)
    # The buckets of an account's caches may use keys of any account.
    scope = scope._replace(any_key=command is Command.AUDIT)
    now = _circumstances(command, scope)
    # An audit is of all caches, whichever are named.
    whole = command is Command.AUDIT
    permissions = tuple(one for one in TABLE[command] if one.when <= now and (whole or _is_about(one, scope)))
    owner = _key_owner(command, scope, permissions) if scope.foreign else ()
    bucket = _bucket_owner(scope) if scope.foreign and command is not Command.RESTORE else ()
    return Permissions(command, scope, permissions, owner, bucket, _notes(command, scope))


def _require_sense(command: Command, scope: Scope) -> None:
    key = scope.key
    if scope.foreign and scope.alias:
        message = f"--key {key}: permissions are given on keys, and an alias of another account cannot be looked up"
        raise UsageError(message, "Ask its owner for the key's ARN, and name that with --key.")
    if scope.foreign and scope.via is Via.POLICY:
        message = f"--via policy: key {key} does not belong to account {scope.account}, so only a grant helps"
        raise UsageError(message, "Leave --via out, or say --via grant.")
    if scope.fix and command is not Command.AUDIT:
        raise UsageError("--fix works with audit only", "Leave it out, or ask for: fcsse permissions audit --fix.")
    if key and key.partition and scope.partition not in (None, key.partition):
        raise UsageError(f"--key {key} is not of partition {scope.partition}", "Leave --partition out.")
    for name in (*scope.caches, *scope.buckets):
        refuse_elsewhere(name, scope.arn_partition, scope.account or "")
    if scope.every_cache and scope.caches:
        raise UsageError("--cache and --every-cache exclude each other", "Leave one of them out.")
    if scope.every_cache and command not in (Command.LINK, Command.UNLINK):
        raise UsageError(
            "--every-cache works with link and unlink only", "Leave it out: without --cache all caches are meant."
        )
    if scope.every_cache and (scope.foreign or scope.via is Via.GRANT):
        raise UsageError("--every-cache is about key policies: a grant is made to one role", "Leave it out.")


def _circumstances(command: Command, scope: Scope) -> frozenset[When]:
    now = {When.ALWAYS, When.FOREIGN_KEY if scope.foreign else When.OWN_KEY}
    now.add(When.ATHENA if scope.engine is Engine.ATHENA else When.OBJECTS)
    if not scope.every_cache:
        now.add(When.NAMED_CACHE)
    if scope.fix:
        now.add(When.FIX)
    now.add(When.NAMED_BUCKET if scope.buckets or scope.every_cache else When.NO_BUCKET)
    by_grant = scope.via is Via.GRANT or scope.foreign
    if command in (Command.UNLINK, Command.LAMBDA) and scope.via is Via.AUTO:
        now |= {When.POLICY, When.GRANT}
    else:
        now.add(When.GRANT if by_grant else When.POLICY)
    return frozenset(now)


def _is_about(permission: Permission, scope: Scope) -> bool:
    """Leaves out what the kind of the named caches rules out: FSx has one call for caches, one for file systems."""
    kinds = {cache[:3] for cache in scope.caches} or {"fc-", "fs-"}
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
        if scope.alias and one.on in (On.KEY, On.OWN_KEY):
            # A policy cannot name an alias as a resource. Source: KMS developer guide, "kms:ResourceAliases".
            more = group.setdefault("Condition", {})
            if isinstance(more, dict):
                more["ForAnyValue:StringEquals"] = {"kms:ResourceAliases": scope.alias}
    return list(groups.values())


def _one_or_all(values: tuple[str, ...]) -> object:
    return values[0] if len(values) == 1 else list(values)


def _grant_condition(scope: Scope) -> Json:
    roles = scope.roles()
    operator = "StringLike" if any("*" in role for role in roles) else "StringEquals"
    return {
        operator: {"kms:GranteePrincipal": _one_or_all(roles)},
        "ForAllValues:StringEquals": {"kms:GrantOperations": list(GRANT_OPERATIONS)},
        "Null": {"kms:GrantOperations": "false"},
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


PLACEHOLDER = "BUCKET"
"""Stands for a bucket's name where none was given: no bucket can be called so."""


def _bucket_owner(scope: Scope) -> tuple[Json, ...]:
    """Statements for the policy of a bucket of another account: for the roles, and for reading its encryption."""
    own = ROLE_POLICY["Statement"]
    # A bucket policy names its own bucket, so no wildcard stands for one that was not named.
    of_bucket = scope if scope.buckets else scope._replace(buckets=(PLACEHOLDER,))
    names = of_bucket.resources(On.BUCKET)
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
            "Resource": [*names, *of_bucket.resources(On.OBJECTS)],
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
    if scope.foreign and not scope.buckets and command is not Command.RESTORE:
        said.append(f"In the bucket policy, put the bucket's name in place of {PLACEHOLDER}; or pass it with --bucket.")
    if scope.foreign:
        said.append(
            "The bucket owner's statements are for a bucket that belongs to the key's account too. Without the second one, "
            "state the bucket's facts: --key ARN --bucket-region REGION and --bucket-keys or --no-bucket-keys."
        )
    elif command is not Command.CENSUS:
        if scope.key and scope.account is None:
            said.append("Without --account, the key is taken for one of the cache's own account.")
        said.append(
            "The key policy must delegate to IAM (the default root statement does), or allow the kms actions to the caller itself."
        )
    if not scope.foreign and command in (Command.LINK, Command.UNLINK) and scope.key is None and scope.via is Via.AUTO:
        said.append(
            "kms:PutKeyPolicy on every key lets the caller give itself any of them. --key ARN narrows it to one."
        )
        said.append(
            "This is for keys of the cache's own account. For a key of another account add --key ARN and --account ID."
        )
    if (scope.foreign or command is Command.AUDIT) and command is not Command.RESTORE:
        said.append(
            "--bucket-role, --grant-role: the caller also needs sts:AssumeRole on that role. "
            "--bucket-role reads the bucket and key; --grant-role creates and ends grants."
        )
    if command is Command.LAMBDA:
        said.append(
            "This is for the role of the Lambda function, beside its permission to write logs. For buckets with keys of another "
            "account, attach also what fcsse permissions link --key ARN --account ID prints."
        )
    if command is Command.AUDIT:
        said.append(
            "--organization: the caller also needs organizations:ListAccounts (not with --accounts) and sts:AssumeRole on "
            "the role in each account. That role needs this policy, and should have s3:ListAllMyBuckets: an account's list "
            "of buckets tells which of them are its own."
        )
    if command is Command.AUDIT and not scope.fix:
        said.append("audit --fix also writes: fcsse permissions audit --fix.")
    if scope.engine is Engine.ATHENA and command is Command.CENSUS:
        said.append(
            "Put the workgroup and the place of its query results in the stead of workgroup/* and "
            "aws-athena-query-results-*."
        )
    return tuple(said)
