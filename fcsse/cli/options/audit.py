"""The options that only ``audit`` has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from fcsse import arn as arns
from fcsse.cli.completion import regions
from fcsse.cli.options import cross_account, output, route, targets
from fcsse.cli.options.factory import option
from fcsse.cli.options.output import AuditOutput
from fcsse.commands.audit.organization import DEFAULT_ROLE


def parse_pattern(text: str) -> str:
    """A role ARN, with ``{account}`` in place of the account or without."""
    if not arns.is_role_pattern(text):
        message = f"{text!r} is not a role ARN such as arn:aws:iam::{arns.ANY_ACCOUNT}:role/Name"
        raise typer.BadParameter(message)
    return text


def parse_role_name(text: str) -> str:
    """The name of a role, with its path if it has one."""
    if not arns.is_role_name(text):
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
    option(
        "--region",
        help="Region to look in. Repeatable. Default: AWS_REGION or the profile's.",
        group=targets.WHICH,
        metavar="REGION",
        autocompletion=regions,
        show_default=False,
    ),
]
AllRegions = Annotated[
    bool,
    option(
        "--all-regions",
        help="Every Region of the partition where FSx exists. Regions that are not turned on for the account are skipped and "
        "listed.",
        group=targets.WHICH,
    ),
]
BucketRoles = Annotated[
    list[str] | None,
    option(
        "--bucket-role",
        help="Role to assume in other accounts, such as 'arn:aws:iam::{account}:role/Audit'. Repeatable. The account comes "
        "from a key's ARN or --bucket-account.",
        group=cross_account.BUCKET_SIDE,
        metavar="PATTERN",
        show_default=False,
    ),
]
BucketAccounts = Annotated[
    list[str] | None,
    option(
        "--bucket-account",
        help="Account in which to look for buckets that cannot be read from here. Repeatable.",
        group=cross_account.BUCKET_SIDE,
        metavar="ID",
        show_default=False,
    ),
]
ORGANIZATION = "Many accounts"

OrganizationOption = Annotated[
    bool,
    option(
        "--organization",
        help="Audit every account of the organization. Run it in the management account or as a delegated administrator.",
        group=ORGANIZATION,
    ),
]
AccountsFile = Annotated[
    Path | None,
    option(
        "--accounts",
        help="Audit the accounts in this file instead (- reads standard input): one id a line, CSV with a column account, "
        "or the JSON of aws organizations list-accounts.",
        group=ORGANIZATION,
        metavar="FILE",
        show_default=False,
    ),
]
RoleName = Annotated[
    str | None,
    option(
        "--role-name",
        help=f"Role to assume in each account but the caller's own. Default: {DEFAULT_ROLE}.",
        group=ORGANIZATION,
        metavar="NAME",
        show_default=False,
    ),
]
State = Annotated[
    Path | None,
    option(
        "--state",
        help="With --fix: file that records the accounts that are finished, so that the same command goes on after an "
        "interruption. It holds no secrets. Default: a file in the platform's state folder.",
        group=ORGANIZATION,
        metavar="FILE",
        show_default=False,
    ),
]
Compare = Annotated[
    Path | None,
    option(
        "--compare",
        help="Report what is new, gone or changed since an earlier audit (a file written with -o json).",
        group=output.OUTPUT,
        metavar="OLD.json",
        show_default=False,
    ),
]
NewOnly = Annotated[
    bool,
    option(
        "--new-only",
        help="With --compare: exit 3 only if there is a new finding, an old one has become more severe or is about more "
        "pairs, or a pair has lost access or may have lost it; otherwise exit 0.",
        group=output.OUTPUT,
    ),
]
FixOption = Annotated[
    bool,
    option(
        "--fix",
        help="Give the access that is missing: one plan, one diff, one write a key, as link does it. Takes nothing away but "
        "principals that no longer exist.",
        group=route.HOW,
    ),
]
Html = Annotated[
    Path | None,
    option(
        "--html",
        help="Also write all of it as one page that needs no network.",
        group=output.OUTPUT,
        metavar="FILE",
        show_default=False,
    ),
]
Form = Annotated[
    AuditOutput,
    option("--output", "-o", help="Form of the answer on standard output.", group=output.OUTPUT),
]


class Where(NamedTuple):
    """The Regions to look in."""

    region: Regions = None
    all_regions: AllRegions = False


class ManyAccounts(NamedTuple):
    """Which accounts besides the caller's, and how they are reached."""

    organization: OrganizationOption = False
    accounts: AccountsFile = None
    role_name: RoleName = None
    state: State = None

    @property
    def several(self) -> bool:
        """Is it an audit of many accounts?"""
        return self.organization or self.accounts is not None


class BucketAccess(NamedTuple):
    """How buckets and keys of other accounts are read."""

    bucket_role: BucketRoles = None
    bucket_account: BucketAccounts = None


class Report(NamedTuple):
    """The form of the answer, and what it is compared with."""

    output: Form = AuditOutput.TEXT
    html: Html = None
    compare: Compare = None
    new_only: NewOnly = False
