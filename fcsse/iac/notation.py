"""The notations that ``fcsse statement`` writes. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal, assert_never

from fcsse.iac.cloudformation import yaml
from fcsse.iac.parts import Addition
from fcsse.iac.shell import commands
from fcsse.iac.terraform import hcl


class Notation(StrEnum):
    """What the text is for."""

    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    AWS_CLI = "aws-cli"


NotationWord = Literal["json", "terraform", "cloudformation", "aws-cli"]
"""The same as plain words."""

LANGUAGES = {
    Notation.JSON: "json",
    Notation.TERRAFORM: "hcl",
    Notation.CLOUDFORMATION: "yaml",
    Notation.AWS_CLI: "sh",
}
"""The names by which Markdown knows the notations."""


def write(parts: Sequence[Addition], notation: Notation) -> str:
    """The parts in a notation, ending in a newline; empty where there are none.

    JSON is a statement, or the parameters of CreateGrant, by itself where there is one, else a list of them.
    """
    if not parts:
        return ""
    match notation:
        case Notation.JSON:
            items = [item for part in parts for item in part.items()]
            return json.dumps(items[0] if len(items) == 1 else items, indent=2) + "\n"
        case Notation.TERRAFORM:
            return hcl(parts)
        case Notation.CLOUDFORMATION:
            return yaml(parts)
        case Notation.AWS_CLI:
            return commands(parts)
        case _:
            assert_never(notation)
