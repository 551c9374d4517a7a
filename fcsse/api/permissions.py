"""``fcsse.permissions``: the least IAM policy that a command's caller needs."""

from __future__ import annotations

from typing import Literal

from fcsse.api import validation
from fcsse.api.validation import Names, ViaWord
from fcsse.api.wording_of_errors import in_words_of_the_api
from fcsse.commands.permissions.permission import Command, Engine
from fcsse.commands.permissions.policy import Permissions, needs
from fcsse.commands.permissions.scope import Scope
from fcsse.link_options import Via


@in_words_of_the_api
def permissions(
    command: Literal["link", "unlink", "check", "audit", "census", "restore", "history", "settle", "lambda"],
    cache: Names = (),
    bucket: Names = (),
    *,
    every_cache: bool = False,
    key: str | None = None,
    account: str | None = None,
    region: str | None = None,
    partition: str | None = None,
    via: ViaWord = "auto",
    engine: Literal["head", "athena"] = "head",
    fix: bool = False,
) -> Permissions:
    """The least IAM policy for the caller of a command, and what owners in other accounts must add. Asks AWS nothing.

    Whatever is given narrows it: ``account`` is the cache's, ``region`` the bucket's, ``key`` the bucket's key. ``fix``:
    for an audit whose plan is applied. ``policy()`` is the policy as a JSON value, with ``optional=True`` including what
    the command can do without. Raises ``UsageError``.

    >>> import fcsse
    >>> found = fcsse.permissions("link", "fc-0123", "data", account="111122223333", region="eu-west-1")
    >>> found.policy()["Statement"][0]["Action"]
    ['iam:GetRole']
    >>> [one.action for one in found.permissions if found.is_optional(one)]  # doctest: +ELLIPSIS
    [...]
    """
    arn = validation.named_key(key)
    scope = Scope(
        validation.caches(cache),
        validation.buckets(bucket),
        every_cache,
        arn,
        validation.one(validation.accounts, account),
        validation.one(validation.regions, region) or (arn.region if arn else None) or None,
        validation.partition(partition),
        validation.word(Via, via, "via"),
        validation.word(Engine, engine, "engine"),
        fix,
    )
    return needs(validation.word(Command, command, "command"), scope)
