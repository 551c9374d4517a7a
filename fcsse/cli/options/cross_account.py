"""A bucket of another account: whose credentials for which side, and what is known of a bucket that cannot be read."""

from __future__ import annotations

from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.cli.completion import profiles, regions
from fcsse.cli.options.aws import parse_region

BUCKET_SIDE = "A bucket of another account"


def parse_key(text: str) -> arns.Arn:
    """A key ARN."""
    arn = arns.whole_key_arn(text)
    if arn is None:
        message = f"{text!r} is not a key ARN such as arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        raise typer.BadParameter(message)
    return arn


def parse_role(text: str) -> str:
    """The ARN of an IAM role."""
    if arns.iam_role_arn(text) is None:
        message = f"{text!r} is not a role ARN such as arn:aws:iam::111122223333:role/Name"
        raise typer.BadParameter(message)
    return text


KeyOption = Annotated[
    arns.Arn | None,
    typer.Option(
        "--key",
        metavar="ARN",
        envvar="FCSSE_KEY",
        parser=parse_key,
        help="The bucket's key, where the bucket cannot be read, or another key that its objects use.",
        show_envvar=False,
        rich_help_panel=BUCKET_SIDE,
        show_default=False,
    ),
]
BucketRegion = Annotated[
    str | None,
    typer.Option(
        "--bucket-region",
        metavar="REGION",
        envvar="FCSSE_BUCKET_REGION",
        autocompletion=regions,
        parser=parse_region,
        help="The bucket's Region.",
        show_envvar=False,
        rich_help_panel=BUCKET_SIDE,
        show_default=False,
    ),
]
BucketKeys = Annotated[
    bool | None,
    typer.Option(
        "--bucket-keys/--no-bucket-keys",
        envvar="FCSSE_BUCKET_KEYS",
        help="Whether the bucket uses Bucket Keys.",
        show_envvar=False,
        rich_help_panel=BUCKET_SIDE,
        show_default=False,
    ),
]
BucketProfile = Annotated[
    str | None,
    typer.Option(
        "--bucket-profile",
        metavar="NAME",
        envvar="FCSSE_BUCKET_PROFILE",
        autocompletion=profiles,
        help="AWS profile for reading the bucket and its key.",
        show_envvar=False,
        rich_help_panel=BUCKET_SIDE,
        show_default=False,
    ),
]
BucketRole = Annotated[
    str | None,
    typer.Option(
        "--bucket-role",
        metavar="ARN",
        envvar="FCSSE_BUCKET_ROLE",
        parser=parse_role,
        help="Role to assume for reading the bucket and its key.",
        show_envvar=False,
        rich_help_panel=BUCKET_SIDE,
        show_default=False,
    ),
]
GrantProfile = Annotated[
    str | None,
    typer.Option(
        "--grant-profile",
        metavar="NAME",
        envvar="FCSSE_GRANT_PROFILE",
        autocompletion=profiles,
        help="AWS profile that may create the grant: of the cache's account, with permissions to the key.",
        show_envvar=False,
        rich_help_panel=BUCKET_SIDE,
        show_default=False,
    ),
]
GrantRole = Annotated[
    str | None,
    typer.Option(
        "--grant-role",
        metavar="ARN",
        envvar="FCSSE_GRANT_ROLE",
        parser=parse_role,
        help="Role to assume for creating the grant: of the cache's account, with permissions to the key.",
        show_envvar=False,
        rich_help_panel=BUCKET_SIDE,
        show_default=False,
    ),
]
