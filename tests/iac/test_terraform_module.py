"""Inputs of terraform-aws-modules/kms, and jsonencode: read by a real parser, saying what the JSON says."""

import json
from typing import Any

import hcl2
import pytest

from fcsse.cli.main import main
from tests.iac.reading import blocks
from tests.iac.test_terraform import ASKED, as_lists

GRANTS = [name for name in ASKED if "grant" in name]
POLICIES = [name for name in ASKED if name not in GRANTS]
SCHEMA = {
    "sid",
    "actions",
    "not_actions",
    "effect",
    "resources",
    "not_resources",
    "principals",
    "not_principals",
    "condition",
}
"""Source: the module's variables.tf, version 4.2.0."""


def printed(capsys: pytest.CaptureFixture[str], name: str, notation: str) -> str:
    capsys.readouterr()
    assert main(["statement", *ASKED[name], "--format", notation]) == 0
    return capsys.readouterr().out


def plain(statement: dict[str, Any]) -> dict[str, Any]:
    """What the module makes of an entry, in a policy's own words."""
    assert set(statement) - {"conditions"} <= SCHEMA
    # Version 3 takes anything, reads this name, and a statement that lacks it for one without conditions.
    assert statement["conditions"] == statement["condition"]
    conditions: dict[str, dict[str, list[str]]] = {}
    for one in statement["condition"]:
        assert set(one) == {"test", "variable", "values"}
        conditions.setdefault(one["test"], {})[one["variable"]] = one["values"]
    return {
        "Sid": statement["sid"],
        "Effect": statement["effect"],
        "Principal": {one["type"]: one["identifiers"] for one in statement["principals"]},
        "Action": statement["actions"],
        "Resource": statement["resources"],
        "Condition": conditions,
    }


def said_in_json(capsys: pytest.CaptureFixture[str], name: str) -> list[dict[str, Any]]:
    value = json.loads(printed(capsys, name, "json"))
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", POLICIES)
def test_the_module_gets_what_the_json_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = said_in_json(capsys, name)
    inputs = printed(capsys, name, "terraform-module")
    found = [plain(one) for text in inputs.split("\n\n") for one in blocks(text)["key_statements"]]
    assert [as_lists(one) for one in found] == [as_lists(one) for one in wanted]


@pytest.mark.parametrize("name", GRANTS)
def test_the_module_gets_the_grants(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = said_in_json(capsys, name)
    found = blocks(printed(capsys, name, "terraform-module"))["grants"]
    assert set(found) == {one["Name"] for one in wanted}
    for one in wanted:
        entry = found[one["Name"]]
        assert entry["grantee_principal"] == one["GranteePrincipal"]
        assert entry["operations"] == one["Operations"]
        subset = one.get("Constraints", {}).get("EncryptionContextSubset")
        assert entry.get("constraints") == ([{"encryption_context_subset": subset}] if subset else None)
    limited = any("Constraints" in one for one in wanted)
    assert ("make the grant without any limit" in printed(capsys, name, "terraform-module")) is limited


@pytest.mark.parametrize("name", POLICIES)
def test_jsonencode_gets_what_the_json_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = said_in_json(capsys, name)
    text = printed(capsys, name, "jsonencode")
    found = blocks(f"statements = [\n{text}]\n")["statements"]
    assert [as_lists(one) for one in found] == [as_lists(one) for one in wanted]


@pytest.mark.parametrize("notation", ["terraform-module", "jsonencode"])
@pytest.mark.parametrize("name", ASKED)
def test_it_is_laid_out_by_lines_that_end(name: str, notation: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, name, notation)
    assert text.endswith("\n")
    assert all(line == line.rstrip() for line in text.splitlines())
    if notation == "terraform-module":
        hcl2.loads(text)
