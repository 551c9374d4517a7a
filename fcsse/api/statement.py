"""``fcsse.statement``: what ``link`` would add, for IaC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.api import validation
from fcsse.api.settings import Settings, for_reading, pipeline_of, settings_of
from fcsse.api.validation import Buckets, ContextWord, Names, OperationsWord, ViaWord
from fcsse.api.wording_of_errors import in_words_of_the_api
from fcsse.iac.additions import Additions, Stated, additions, stated_facts
from fcsse.iac.cache_resource import additions_for_resource
from fcsse.link_options import AccessLevel, Context, Operation, Options, Via
from fcsse.pipeline import Target

if TYPE_CHECKING:
    import boto3


@in_words_of_the_api
def statement(
    cache: Names = (),
    bucket: Buckets = None,
    *,
    every_cache: bool = False,
    cache_resource: str | None = None,
    account: str | None = None,
    region: str | None = None,
    partition: str | None = None,
    via: ViaWord = "auto",
    context: ContextWord = "documented",
    operations: OperationsWord = "full",
    narrow_grant: bool = False,
    key: str | None = None,
    bucket_region: str | None = None,
    bucket_keys: bool | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> Additions:
    """What ``link`` would add, for templates: its ``text`` in a notation, its ``parts`` as values. Changes nothing.

    ``cache_resource``, in place of ``cache``: the logical id of an ``AWS::FSx::FileCache`` in the template that has the
    key, for ``cloudformation``; asks nothing. Notations: ``json``, ``terraform``, ``terraform-module``, ``jsonencode``, ``cloudformation``, ``aws-cli``. With ``account``, ``region`` (the bucket's) and
    ``bucket_keys`` it works offline; a grant needs ``key`` as well. Without ``account``, it reads what ``link`` reads, and
    ``region`` overrules the settings'. Raises ``UsageError``, and the first pair's error: half of a text to paste would be
    taken for all of it.

    >>> import fcsse
    >>> wanted = fcsse.statement(
    ...     "fc-0123", "data", account="111122223333", region="eu-west-1", bucket_keys=False
    ... )
    >>> print(wanted.text("terraform"))  # doctest: +ELLIPSIS
    # For the policy of the key behind bucket data.
    ...
    >>> (part,) = fcsse.statement("fc-0123", "data").parts
    >>> part.document()["route"]
    'policy'
    """
    validation.flags(narrow_grant=narrow_grant)
    options = Options(
        Operation.LINK,
        validation.word(Via, via, "via"),
        validation.word(Context, context, "context"),
        narrow_grant,
        validation.named_key(key),
        validation.one(validation.regions, bucket_region),
        validation.bucket_keys(bucket_keys),
        partition=validation.partition(partition),
        level=validation.word(AccessLevel, operations, "operations"),
    )
    if cache_resource is not None:
        validation.require(not cache and not every_cache, "cache_resource excludes cache and every_cache")
        return _for_resource(cache_resource, validation.buckets(bucket or ()), options)
    target = validation.target("statement", cache, bucket, every_cache=every_cache)
    owner, place = validation.one(validation.accounts, account), validation.one(validation.regions, region)
    if owner is not None:
        return _offline(target, Stated(owner, place, options.partition), options)
    validation.require(options.partition is None, "partition needs account")
    target.require_facts(options, validation.term, also=" or account")
    asked = for_reading(settings_of(session, settings), place)
    return additions(pipeline_of(asked).discover(target, options), options)


def _for_resource(name: str, buckets: tuple[str, ...], options: Options) -> Additions:
    validation.require(buckets, "cache_resource: no bucket is named", "Name one with bucket.")
    return additions_for_resource(name, buckets, options)


def _offline(target: Target, stated: Stated, options: Options) -> Additions:
    """By what the caller states, without asking AWS."""
    validation.require(target.buckets, "working offline (account): no bucket is named", "Name one with bucket.")
    return additions(stated_facts(target.pairs, stated, options), options)
