"""The notations that ``fcsse statement`` writes: one entry each, with all that is said of it. Pure.

A new notation is a module beside this one and an entry here: ``--format``, its help, Markdown and the Python library follow.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

from fcsse.iac.cloudformation import yaml
from fcsse.iac.parts import Addition
from fcsse.iac.shell import commands
from fcsse.iac.terraform import hcl
from fcsse.iac.terraform_module import encoded, module_inputs


class NotationWriter(NamedTuple):
    """How a notation is written. ``write`` takes one part or more and returns a text that ends in a newline.

    ``language`` is what Markdown calls it, ``help`` what ``--format`` says of it. ``refers``: it can name a cache of the same
    template by reference.
    """

    write: Callable[[Sequence[Addition]], str]
    language: str
    help: str
    refers: bool = False


class Notation(StrEnum):
    """What the text is for."""

    JSON = "json"
    TERRAFORM = "terraform"
    TERRAFORM_MODULE = "terraform-module"
    JSONENCODE = "jsonencode"
    CLOUDFORMATION = "cloudformation"
    AWS_CLI = "aws-cli"

    @property
    def writer(self) -> NotationWriter:
        """How it is written."""
        return _WRITERS[self]


NotationWord = Literal["json", "terraform", "terraform-module", "jsonencode", "cloudformation", "aws-cli"]
"""The same as plain words."""


def _json(parts: Sequence[Addition]) -> str:
    """A statement, or the parameters of CreateGrant, by itself where there is one, else a list of them."""
    items = [item for part in parts for item in part.items()]
    return json.dumps(items[0] if len(items) == 1 else items, indent=2) + "\n"


_WRITERS = {
    Notation.JSON: NotationWriter(
        _json,
        "json",
        "the statement, as CDK's PolicyStatement.fromJson takes it, or CreateGrant's parameters; several as a list",
    ),
    Notation.TERRAFORM: NotationWriter(hcl, "hcl", "aws_iam_policy_document, aws_kms_grant"),
    Notation.TERRAFORM_MODULE: NotationWriter(module_inputs, "hcl", "inputs of terraform-aws-modules/kms"),
    Notation.JSONENCODE: NotationWriter(encoded, "hcl", "for a policy written with that function"),
    Notation.CLOUDFORMATION: NotationWriter(yaml, "yaml", "for KeyPolicy.Statement", refers=True),
    Notation.AWS_CLI: NotationWriter(commands, "sh", "commands"),
}

HELP = " ".join(f"{notation}: {writer.help}." for notation, writer in _WRITERS.items())
"""For ``--format``: every notation with what it is for."""


def write(parts: Sequence[Addition], notation: Notation) -> str:
    """The parts in a notation, ending in a newline; empty where there are none."""
    return notation.writer.write(parts) if parts else ""
