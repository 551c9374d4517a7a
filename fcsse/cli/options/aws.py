"""The settings of every AWS program: they come on top of what those read."""

from __future__ import annotations

from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.cli.completion import profiles, regions

AWS = "AWS settings"


def parse_region(text: str) -> str:
    """A Region's name."""
    if not arns.is_region(text):
        message = f"{text!r} is not a Region such as eu-west-1"
        raise typer.BadParameter(message)
    return text


Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        envvar="FCSSE_PROFILE",
        autocompletion=profiles,
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
        autocompletion=regions,
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
        help="AWS endpoint, for simulators and VPC endpoints; default: AWS_ENDPOINT_URL.",
        show_envvar=False,
        rich_help_panel=AWS,
        show_default=False,
    ),
]
