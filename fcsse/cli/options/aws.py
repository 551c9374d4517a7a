"""The settings of every AWS program: they come on top of what those read."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from fcsse import arn as arns
from fcsse.cli.completion import profiles, regions
from fcsse.cli.options.factory import option

AWS = "AWS settings"


def parse_region(text: str) -> str:
    """A Region's name."""
    if not arns.is_region(text):
        message = f"{text!r} is not a Region such as eu-west-1"
        raise typer.BadParameter(message)
    return text


Profile = Annotated[
    str | None,
    option(
        "--profile",
        help="AWS profile; default: AWS_PROFILE and the usual chain.",
        group=AWS,
        metavar="NAME",
        autocompletion=profiles,
        show_default=False,
    ),
]
Region = Annotated[
    str | None,
    option(
        "--region",
        help="The cache's Region; default: AWS_REGION or the profile's.",
        group=AWS,
        metavar="REGION",
        autocompletion=regions,
        parser=parse_region,
        show_default=False,
    ),
]
EndpointUrl = Annotated[
    str | None,
    option(
        "--endpoint-url",
        help="AWS endpoint, for simulators and VPC endpoints; default: AWS_ENDPOINT_URL.",
        group=AWS,
        metavar="URL",
        show_default=False,
    ),
]


class AwsSettings(NamedTuple):
    """Whose credentials, in which Region, and where AWS is."""

    profile: Profile = None
    region: Region = None
    endpoint_url: EndpointUrl = None
