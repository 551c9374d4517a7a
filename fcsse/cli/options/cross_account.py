"""A bucket of another account: whose credentials for which side, and what is known of a bucket that cannot be read."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from fcsse import arn as arns
from fcsse.cli.completion import profiles, regions
from fcsse.cli.options.aws import parse_region
from fcsse.cli.options.factory import option
from fcsse.discovery.named_key import key_named_by

BUCKET_SIDE = "A bucket of another account"


def parse_named_key(text: str) -> arns.Arn:
    """A key ARN; an alias, its ARN or a bare id of the caller's account are understood too."""
    arn = key_named_by(text)
    if arn is None:
        message = f"{text!r} is not a key ARN, an alias such as alias/data, or a key's id"
        raise typer.BadParameter(message)
    return arn


def parse_role(text: str) -> str:
    """The ARN of an IAM role."""
    if arns.iam_role_arn(text) is None:
        message = f"{text!r} is not a role ARN such as arn:aws:iam::111122223333:role/Name"
        raise typer.BadParameter(message)
    return text


NamedKeyOption = Annotated[
    arns.Arn | None,
    option(
        "--key",
        help="The bucket's key, where the bucket cannot be read, or another key that its objects use: an ARN, or an alias "
        "or id of the caller's own account.",
        group=BUCKET_SIDE,
        metavar="KEY",
        parser=parse_named_key,
        show_default=False,
    ),
]
BucketRegion = Annotated[
    str | None,
    option(
        "--bucket-region",
        help="The bucket's Region.",
        group=BUCKET_SIDE,
        metavar="REGION",
        autocompletion=regions,
        parser=parse_region,
        show_default=False,
    ),
]
BucketKeys = Annotated[
    bool | None,
    option(
        "--bucket-keys/--no-bucket-keys",
        help="Whether the bucket uses Bucket Keys.",
        group=BUCKET_SIDE,
        show_default=False,
    ),
]
BucketProfile = Annotated[
    str | None,
    option(
        "--bucket-profile",
        help="AWS profile for reading the bucket and its key.",
        group=BUCKET_SIDE,
        metavar="NAME",
        autocompletion=profiles,
        show_default=False,
    ),
]
BucketRole = Annotated[
    str | None,
    option(
        "--bucket-role",
        help="Role to assume for reading the bucket and its key.",
        group=BUCKET_SIDE,
        metavar="ARN",
        parser=parse_role,
        show_default=False,
    ),
]
GrantProfile = Annotated[
    str | None,
    option(
        "--grant-profile",
        help="AWS profile that may create the grant: of the cache's account, with permissions to the key.",
        group=BUCKET_SIDE,
        metavar="NAME",
        autocompletion=profiles,
        show_default=False,
    ),
]
GrantRole = Annotated[
    str | None,
    option(
        "--grant-role",
        help="Role to assume for creating the grant: of the cache's account, with permissions to the key.",
        group=BUCKET_SIDE,
        metavar="ARN",
        parser=parse_role,
        show_default=False,
    ),
]


class KnownBucket(NamedTuple):
    """What the caller states of a bucket. ``key`` may also be another key than the bucket's default one."""

    key: NamedKeyOption = None
    bucket_region: BucketRegion = None
    bucket_keys: BucketKeys = None


class BucketCredentials(NamedTuple):
    """Whose credentials read a bucket of another account, and its key."""

    bucket_profile: BucketProfile = None
    bucket_role: BucketRole = None


class GrantCredentials(NamedTuple):
    """Whose credentials make a grant on a key of another account."""

    grant_profile: GrantProfile = None
    grant_role: GrantRole = None
