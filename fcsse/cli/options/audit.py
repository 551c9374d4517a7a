"""The options that only ``audit`` has."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.cli.options import cross_account, output, route, targets
from fcsse.commands.audit.organization import DEFAULT_ROLE


class AuditOutput(StrEnum):
    """Forms of the answer."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"
    SARIF = "sarif"


def parse_pattern(text: str) -> str:
    """A role ARN, with ``{account}`` in place of the account or without."""
    cross_account.parse_role(text.replace("{account}", "000000000000"))
    return text


def parse_role_name(text: str) -> str:
    """The name of a role, with its path if it has one. Source: IAM API reference, CreateRole."""
    if not re.fullmatch(r"(?:[\x21-\x2e\x30-\x7e]+/)*[\w+=,.@-]{1,64}", text, re.ASCII):
        message = f"{text!r} is not the name of a role, such as Audit or path/Audit"
        raise typer.BadParameter(message)
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
        help="Region to look in. Many times. Default: AWS_REGION or the profile's.",
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
        help="Every Region of the partition that botocore knows FSx to be in. Each is asked for its data repository "
        "associations; those that do not accept the account's credentials (opt-in Regions that are off) are skipped and named.",
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
        help="Role to assume in other accounts, such as 'arn:aws:iam::{account}:role/Audit'. Many times. A key's ARN tells "
        "its account.",
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
        help="Account in which to look for buckets that cannot be read from here. Many times.",
        show_envvar=False,
        rich_help_panel=cross_account.BUCKET_SIDE,
        show_default=False,
    ),
]
ORGANIZATION = "Many accounts"

OrganizationOption = Annotated[
    bool,
    typer.Option(
        "--organization",
        envvar="FCSSE_ORGANIZATION",
        help="Audit every account of the organization. Run it in the management account or as a delegated administrator.",
        show_envvar=False,
        rich_help_panel=ORGANIZATION,
    ),
]
AccountsFile = Annotated[
    Path | None,
    typer.Option(
        "--accounts",
        metavar="FILE",
        envvar="FCSSE_ACCOUNTS",
        help="Audit the accounts in this file instead (- reads standard input): one id a line, CSV with a column account, "
        "or the JSON of aws organizations list-accounts.",
        show_envvar=False,
        rich_help_panel=ORGANIZATION,
        show_default=False,
    ),
]
RoleName = Annotated[
    str | None,
    typer.Option(
        "--role-name",
        metavar="NAME",
        envvar="FCSSE_ROLE_NAME",
        help=f"Role to assume in each account but the caller's own. Default: {DEFAULT_ROLE}.",
        show_envvar=False,
        rich_help_panel=ORGANIZATION,
        show_default=False,
    ),
]
State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        envvar="FCSSE_STATE",
        help="With --fix: file that records the accounts that are finished, so that the same command goes on after an "
        "interruption. It holds no secrets. Default: a file in the platform's state folder.",
        show_envvar=False,
        rich_help_panel=ORGANIZATION,
        show_default=False,
    ),
]
Compare = Annotated[
    Path | None,
    typer.Option(
        "--compare",
        metavar="OLD.json",
        envvar="FCSSE_COMPARE",
        help="Report what is new, gone or changed since an earlier audit (a file written with -o json).",
        show_envvar=False,
        rich_help_panel=output.OUTPUT,
        show_default=False,
    ),
]
NewOnly = Annotated[
    bool,
    typer.Option(
        "--new-only",
        envvar="FCSSE_NEW_ONLY",
        help="With --compare: exit 3 only if there is a new finding, or an old one has become more severe or is about "
        "more pairs; otherwise exit 0.",
        show_envvar=False,
        rich_help_panel=output.OUTPUT,
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
