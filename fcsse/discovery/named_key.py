"""``--key`` as people have it: an alias, an alias ARN or a bare id of the caller's own account, resolved to the key's ARN."""

from __future__ import annotations

from fcsse.advice import KEY, advice
from fcsse.arn import Arn, alias_arn, is_alias, is_key_id, whole_key_arn
from fcsse.aws_calls import AwsCalls
from fcsse.discovery.fetcher import attempt
from fcsse.errors import NotFoundError, UsageError
from fcsse.link_options import Options


def key_named_by(text: str) -> Arn | None:
    """What names a key: its ARN, an alias ARN, or a name (``alias/…``, an id) as an ARN without account and Region.

    None for anything else.
    """
    found = whole_key_arn(text) or alias_arn(text)
    if found is None and is_alias(text):
        found = Arn("", "kms", "", "", text)
    if found is None and is_key_id(text):
        found = Arn("", "kms", "", "", f"key/{text}")
    return found


def is_resolved(key: Arn | None) -> bool:
    """Is it a key's own ARN, or nothing?"""
    return key is None or (bool(key.account) and key.resource.startswith("key/"))


def with_resolved_key(aws: AwsCalls, options: Options, buckets: tuple[str, ...]) -> Options:
    """The options with the ARN of the key that they name.

    A name is looked up in the bucket's Region, as far as that can be found out, else in the caller's. Raises
    ``UsageError`` for an alias of another account, and ``NotFoundError``.
    Source: KMS developer guide, "Alias authorization" (permissions are given on keys, and an alias of another account
    cannot be looked up).
    """
    key = options.key
    if key is None or is_resolved(key):
        return options
    name = str(key) if key.account else key.resource.removeprefix("key/")
    if key.account and key.account != aws.caller().account:
        raise UsageError(
            f"resolving {name}: the alias is of account {key.account}, not the caller's, and permissions are given on keys "
            "and not on aliases",
            advice("Ask its owner for the key's ARN, and name that with ", KEY, "."),
        )
    region = key.region or options.bucket_region
    if not region and buckets:
        found = attempt(aws.find_region, buckets[0])
        region = found if isinstance(found, str) else None
    region = region or aws.region
    if not region:
        raise UsageError(f"resolving {name}: no Region is known", advice("Name the key by its ARN with ", KEY, "."))
    try:
        return options._replace(key=aws.resolve_key(name, region).arn)
    except NotFoundError as error:
        kind = "aliases" if key.resource.startswith("alias/") else "keys"
        raise NotFoundError(
            f"resolving {name}: the caller's account has no such {'alias' if kind == 'aliases' else 'key'} in {region}",
            f"See what there is: aws kms list-{kind} --region {region}",
        ) from error
