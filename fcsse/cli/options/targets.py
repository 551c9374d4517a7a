"""Which caches and buckets are meant, and, where nothing is asked, whose they are."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from fcsse import arn as arns
from fcsse.cli.completion import bucket_names, cache_ids
from fcsse.cli.options.factory import option

WHICH = "Which"


def parse_cache(text: str) -> str:
    """A cache's or file system's id; its ARN is understood too."""
    name = arns.cache_in(text)
    if name is None:
        message = f"{text!r} is not the id of a file cache or file system, such as fc-0123456789abcdef0 or fs-0123456789abcdef0"
        raise typer.BadParameter(message)
    return name


def parse_bucket(text: str) -> str:
    """A bucket's name; an S3 URI and a bucket ARN are understood too."""
    name = arns.bucket_in(text)
    if name is None:
        message = (
            f"{text!r} is not a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, and not the name of a directory "
            "bucket or access point"
        )
        raise typer.BadParameter(message)
    return name


def parse_account(text: str) -> str:
    """An account's id."""
    if not arns.is_account(text):
        message = f"{text!r} is not an account id: 12 digits, leading zeros included"
        raise typer.BadParameter(message)
    return text


def parse_org_id(text: str) -> str:
    """The id of an organization."""
    if not arns.is_organization_id(text):
        message = f"{text!r} is not an organization's id such as o-a1b2c3d4e5"
        raise typer.BadParameter(message)
    return text


def parse_partition(text: str) -> str:
    """A partition's name."""
    if not arns.is_partition(text):
        message = f"{text!r} is not a partition such as aws, aws-cn or aws-us-gov"
        raise typer.BadParameter(message)
    return text


def cache_list(words: list[str] | None) -> list[str] | None:
    """Ids of caches, each checked."""
    return [parse_cache(one) for one in words] if words else words


def bucket_list(words: list[str] | None) -> list[str] | None:
    """Names of buckets, each checked."""
    return [parse_bucket(one) for one in words] if words else words


Caches = Annotated[
    list[str] | None,
    option(
        "--cache",
        help="File cache (fc-…) or FSx for Lustre file system (fs-…). Repeatable; every cache is paired with every bucket.",
        group=WHICH,
        metavar="ID",
        autocompletion=cache_ids,
        callback=cache_list,
        show_default=False,
    ),
]
Buckets = Annotated[
    list[str] | None,
    option(
        "--bucket",
        help="Bucket. Repeatable. Default: the buckets that the cache is linked to.",
        group=WHICH,
        metavar="NAME",
        autocompletion=bucket_names,
        callback=bucket_list,
        show_default=False,
    ),
]
EveryCache = Annotated[
    bool,
    option(
        "--every-cache",
        help="Instead of --cache: the documented statement for all caches of the account. Applies to any role session named FSx in the account.",
        group=WHICH,
    ),
]
Account = Annotated[
    str | None,
    option(
        "--account", help="The cache's account.", group=WHICH, metavar="ID", parser=parse_account, show_default=False
    ),
]
Partition = Annotated[
    str | None,
    option(
        "--partition",
        help="Partition, such as aws-cn; default: that of the key or Region.",
        group=WHICH,
        metavar="NAME",
        parser=parse_partition,
        show_default=False,
    ),
]
OrgId = Annotated[
    str | None,
    option(
        "--org-id",
        help="The organization of the cache's account (o-…), for conditions on it. Default: AWS is asked where it matters.",
        group=WHICH,
        metavar="ID",
        parser=parse_org_id,
        show_default=False,
    ),
]
PolicyFile = Annotated[
    str | None,
    option(
        "--policy",
        help="Judge this key policy document (- for stdin) instead of AWS's, offline. Needs --account and --region.",
        group=WHICH,
        metavar="FILE",
        show_default=False,
    ),
]


class Pairs(NamedTuple):
    """The caches and buckets that were named, each once."""

    cache: Caches = None
    bucket: Buckets = None

    @property
    def caches(self) -> tuple[str, ...]:
        """Ids of caches and file systems, in the given order."""
        return tuple(dict.fromkeys(self.cache or ()))

    @property
    def buckets(self) -> tuple[str, ...]:
        """Names of buckets, in the given order."""
        return tuple(dict.fromkeys(self.bucket or ()))
