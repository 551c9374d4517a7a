"""Every option of the command line, once: its words, its help, its environment variable.

Each reads ``FCSSE_<OPTION>``; those of the AWS settings are on top of what every AWS program reads.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.cli.completion import bucket_names, cache_ids
from fcsse.model import Context, Via

WHICH = "Which"
HOW = "How"
BUCKET_SIDE = "A bucket of another account"
SAFETY = "Waiting and safety"
OUTPUT = "Output"
AWS = "AWS settings"


class Output(StrEnum):
    """Forms of the answer."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def term(name: str) -> str:
    """What an option is called here: ``bucket_keys`` is ``--bucket-keys``."""
    return f"--{name.replace('_', '-')}"


def parse_cache(text: str) -> str:
    """A cache's or file system's id."""
    if not arns.is_cache_id(text):
        message = f"{text!r} is not the id of a file cache or file system, such as fc-0123456789abcdef0 or fs-0123456789abcdef0"
        raise typer.BadParameter(message)
    return text


def parse_bucket(text: str) -> str:
    """A bucket's name; ``s3://name`` and a bucket ARN are understood too."""
    name = arns.bucket_in(text)
    if name is None:
        message = f"{text!r} is not a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens"
        raise typer.BadParameter(message)
    return name


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


def parse_region(text: str) -> str:
    """A Region's name."""
    if not arns.is_region(text):
        message = f"{text!r} is not a Region such as eu-west-1"
        raise typer.BadParameter(message)
    return text


def parse_account(text: str) -> str:
    """An account's id."""
    if not arns.is_account(text):
        message = f"{text!r} is not an account id: 12 digits, leading zeros included"
        raise typer.BadParameter(message)
    return text


def parse_partition(text: str) -> str:
    """A partition's name."""
    if not arns.is_partition(text):
        message = f"{text!r} is not a partition such as aws, aws-cn or aws-us-gov"
        raise typer.BadParameter(message)
    return text


def parse_duration(text: str) -> float:
    """Seconds in a duration such as 90, 90s, 5m, 1h30m."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip(), re.ASCII)
    if not text.strip() or parts is None:
        message = f"{text!r} is not a duration such as 30s, 5m or 1h30m"
        raise typer.BadParameter(message)
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds


def parse_digest(text: str) -> str:
    """A plan's digest."""
    if not re.fullmatch(r"[0-9a-f]{16}", text.strip().lower()):
        message = f"{text!r} is not a digest: 16 hexadecimal digits, as a dry run prints them"
        raise typer.BadParameter(message)
    return text.strip().lower()


Caches = Annotated[
    list[str] | None,
    typer.Option(
        "--cache",
        metavar="ID",
        envvar="FCSSE_CACHE",
        autocompletion=cache_ids,
        help="File cache (fc-…) or FSx for Lustre file system (fs-…). Many times: every pair of cache and bucket.",
        show_envvar=False,
        rich_help_panel=WHICH,
        show_default=False,
    ),
]
Buckets = Annotated[
    list[str] | None,
    typer.Option(
        "--bucket",
        metavar="NAME",
        envvar="FCSSE_BUCKET",
        autocompletion=bucket_names,
        help="Bucket. Many times. Default: the buckets that the cache is linked to.",
        show_envvar=False,
        rich_help_panel=WHICH,
        show_default=False,
    ),
]
EveryCache = Annotated[
    bool,
    typer.Option(
        "--every-cache",
        envvar="FCSSE_EVERY_CACHE",
        help="Instead of --cache: the documented statement for all caches of the account. Any role session named FSx meets it.",
        show_envvar=False,
        rich_help_panel=WHICH,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        envvar="FCSSE_DRY_RUN",
        help="Everything but the writes: read, plan, show the diff and the plan's digest.",
        show_envvar=False,
        rich_help_panel=SAFETY,
    ),
]
Expect = Annotated[
    str | None,
    typer.Option(
        "--expect",
        metavar="DIGEST",
        envvar="FCSSE_EXPECT",
        parser=parse_digest,
        help="Apply only if the plan still has the digest that a dry run printed.",
        show_envvar=False,
        rich_help_panel=SAFETY,
        show_default=False,
    ),
]
ExitCode = Annotated[
    bool,
    typer.Option(
        "--exit-code",
        envvar="FCSSE_EXIT_CODE",
        help="With --dry-run: exit 3 when there is something to do.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
ViaOption = Annotated[
    Via,
    typer.Option(
        "--via",
        envvar="FCSSE_VIA",
        help="auto: policy in the key's own account, grant across accounts.",
        show_envvar=False,
        rich_help_panel=HOW,
    ),
]
ContextOption = Annotated[
    Context,
    typer.Option(
        "--context",
        envvar="FCSSE_CONTEXT",
        help="documented: bucket ARN with Bucket Keys, object ARNs without. both: for buckets with objects of both kinds.",
        show_envvar=False,
        rich_help_panel=HOW,
    ),
]
NarrowGrant = Annotated[
    bool,
    typer.Option(
        "--narrow-grant",
        envvar="FCSSE_NARROW_GRANT",
        help="Limit a grant to the bucket's ARN, where Bucket Keys make that possible.",
        show_envvar=False,
        rich_help_panel=HOW,
    ),
]
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
        help="AWS profile for the bucket's side.",
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
        help="Role to assume for the bucket's side.",
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
        help="The same as a role to assume.",
        show_envvar=False,
        rich_help_panel=BUCKET_SIDE,
        show_default=False,
    ),
]
Account = Annotated[
    str | None,
    typer.Option(
        "--account",
        metavar="ID",
        envvar="FCSSE_ACCOUNT",
        parser=parse_account,
        help="The cache's account.",
        show_envvar=False,
        rich_help_panel=WHICH,
        show_default=False,
    ),
]
Partition = Annotated[
    str | None,
    typer.Option(
        "--partition",
        metavar="NAME",
        envvar="FCSSE_PARTITION",
        parser=parse_partition,
        help="Partition, such as aws-cn; default: that of the key or Region.",
        show_envvar=False,
        rich_help_panel=WHICH,
        show_default=False,
    ),
]
PruneOrphans = Annotated[
    bool,
    typer.Option(
        "--prune-orphans",
        envvar="FCSSE_PRUNE_ORPHANS",
        help="Also remove principals that no longer exist (AROA…), because of which KMS would refuse the policy. The diff shows each.",
        show_envvar=False,
        rich_help_panel=HOW,
    ),
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="DURATION",
        envvar="FCSSE_WAIT",
        parser=parse_duration,
        help="How long to wait for a role that is not there yet, and for AWS to show the change; 0: not at all.",
        show_envvar=False,
        rich_help_panel=SAFETY,
    ),
]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes",
        "-y",
        envvar="FCSSE_YES",
        help="Ask no question. Without a terminal, none is ever asked.",
        show_envvar=False,
        rich_help_panel=SAFETY,
    ),
]
OutputOption = Annotated[
    Output,
    typer.Option(
        "--output",
        "-o",
        envvar="FCSSE_OUTPUT",
        help="Form of the answer on standard output.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
BackupDir = Annotated[
    Path | None,
    typer.Option(
        "--backup-dir",
        metavar="DIR",
        envvar="FCSSE_BACKUP_DIR",
        help="Where policies are saved before a write. Default: this platform's state folder.",
        show_envvar=False,
        rich_help_panel=SAFETY,
        show_default=False,
    ),
]
NoBackup = Annotated[
    bool,
    typer.Option(
        "--no-backup",
        envvar="FCSSE_NO_BACKUP",
        help="Write without saving the old policy first.",
        show_envvar=False,
        rich_help_panel=SAFETY,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        envvar="FCSSE_PROFILE",
        help="AWS profile; default: AWS_PROFILE and the usual chain.",
        show_envvar=False,
        rich_help_panel=AWS,
        show_default=False,
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="REGION",
        envvar="FCSSE_REGION",
        parser=parse_region,
        help="The cache's Region; default: AWS_REGION or the profile's.",
        show_envvar=False,
        rich_help_panel=AWS,
        show_default=False,
    ),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        metavar="URL",
        envvar="FCSSE_ENDPOINT_URL",
        help="Where AWS is, for simulators and VPC endpoints; default: AWS_ENDPOINT_URL.",
        show_envvar=False,
        rich_help_panel=AWS,
        show_default=False,
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        envvar="FCSSE_VERBOSE",
        help="Say each step; twice: tracebacks too.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        envvar="FCSSE_QUIET",
        help="Only the last line, and errors.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
NoColor = Annotated[
    bool,
    typer.Option(
        "--no-color",
        envvar="FCSSE_NO_COLOR",
        help="No colours; NO_COLOR is honoured too.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
