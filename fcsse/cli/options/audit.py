"""The options that only ``audit`` has."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.cli.completion import regions
from fcsse.cli.options import cross_account, output, route, targets


class AuditOutput(StrEnum):
    """Forms of the answer."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"


def parse_pattern(text: str) -> str:
    """A role ARN, with ``{account}`` in place of the account or without."""
    cross_account.parse_role(text.replace("{account}", "000000000000"))
    return text


def parse_account(text: str) -> str:
    """An account id."""
    if not arns.is_account(text):
        message = f"{text!r} is not an account id: 12 digits"
        raise typer.BadParameter(message)
    return text


Regions = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        metavar="REGION",
        envvar="FCSSE_REGION",
        autocompletion=regions,
        help="Region to look in. Repeatable. Default: AWS_REGION or the profile's.",
        show_envvar=False,
        rich_help_panel=targets.WHICH,
        show_default=False,
    ),
]
AllRegions = Annotated[
    bool,
    typer.Option(
        "--all-regions",
        envvar="FCSSE_ALL_REGIONS",
        help="Every Region of the partition where FSx exists. Regions that are not turned on for the account are skipped and "
        "listed.",
        show_envvar=False,
        rich_help_panel=targets.WHICH,
    ),
]
BucketRoles = Annotated[
    list[str] | None,
    typer.Option(
        "--bucket-role",
        metavar="PATTERN",
        envvar="FCSSE_BUCKET_ROLE",
        help="Role to assume in other accounts, such as 'arn:aws:iam::{account}:role/Audit'. Repeatable. The account comes "
        "from a key's ARN or --bucket-account.",
        show_envvar=False,
        rich_help_panel=cross_account.BUCKET_SIDE,
        show_default=False,
    ),
]
BucketAccounts = Annotated[
    list[str] | None,
    typer.Option(
        "--bucket-account",
        metavar="ID",
        envvar="FCSSE_BUCKET_ACCOUNT",
        help="Account in which to look for buckets that cannot be read from here. Repeatable.",
        show_envvar=False,
        rich_help_panel=cross_account.BUCKET_SIDE,
        show_default=False,
    ),
]
FixOption = Annotated[
    bool,
    typer.Option(
        "--fix",
        envvar="FCSSE_FIX",
        help="Give the access that is missing: one plan, one diff, one write a key, as link does it. Takes nothing away but "
        "principals that no longer exist.",
        show_envvar=False,
        rich_help_panel=route.HOW,
    ),
]
Html = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        envvar="FCSSE_HTML",
        help="Also write all of it as one page that needs no network.",
        show_envvar=False,
        rich_help_panel=output.OUTPUT,
        show_default=False,
    ),
]
Form = Annotated[
    AuditOutput,
    typer.Option(
        "--output",
        "-o",
        envvar="FCSSE_OUTPUT",
        help="Form of the answer on standard output.",
        show_envvar=False,
        rich_help_panel=output.OUTPUT,
    ),
]
