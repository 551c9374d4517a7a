"""The Terraform text: read by a real parser, laid out as Terraform does, and saying what the JSON says."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fcsse.cli.main import main
from fcsse.iac.terraform import SAME_SID, quoted
from tests.iac.reading import blocks, statements_of

KEY = "arn:aws:kms:eu-west-1:{}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OWN = ("--account", "111122223333", "--region", "eu-west-1", "--bucket-keys")
ABROAD = ("--account", "111122223333", "--key", KEY.format("444455556666"), "--bucket-keys")
ASKED = {
    "one": ("--cache", "fc-0123", "--bucket", "data", *OWN),
    "both forms, many caches": ("--cache", "fc-0123", "--cache", "fs-0abc", "--bucket", "data", "--context", "both", *OWN),
    "every cache": ("--every-cache", "--bucket", "my.data", *OWN),
    "names that differ in signs only": ("--cache", "fc-0123", "--bucket", "my.data", "--bucket", "my-data", *OWN),
    "one key for two buckets": ("--cache", "fc-0123", "--bucket", "a.b", "--bucket", "c-d", "--key", KEY.format("111122223333"), *OWN),
    "a grant": ("--cache", "fc-0123", "--bucket", "data", *ABROAD),
    "narrow grants": ("--cache", "fc-0123", "--cache", "fc-0456", "--bucket", "my.data", "--narrow-grant", *ABROAD),
}  # fmt: skip
TERRAFORM = shutil.which("terraform")
PLUGINS = os.environ.get("TF_PLUGIN_DIR")
needs_terraform = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")


def printed(capsys: pytest.CaptureFixture[str], name: str, notation: str) -> str:
    capsys.readouterr()
    assert main(["statement", *ASKED[name], "--format", notation]) == 0
    return capsys.readouterr().out


def as_lists(statement: Any) -> Any:
    """A statement with every single value as a list of one, which means the same."""
    if not isinstance(statement, dict):
        return statement if isinstance(statement, list) else [statement]
    return {key: value if key in ("Sid", "Effect") else as_lists(value) for key, value in statement.items()}


def terraform(*words: str, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [str(TERRAFORM), *words], cwd=folder, env=env, input=text, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ASKED)
def test_a_real_parser_reads_what_the_json_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = blocks(printed(capsys, name, "terraform"))
    value = json.loads(printed(capsys, name, "json"))
    values = value if isinstance(value, list) else [value]
    documents = [one["aws_iam_policy_document"] for one in found.get("data", [])]
    statements = [one for document in documents for block in document.values() for one in statements_of(block)]
    grants = [grant for one in found.get("resource", []) for grant in one["aws_kms_grant"].values()]
    assert [as_lists(one) for one in statements] == [as_lists(one) for one in values if "Sid" in one]
    assert [request(one) for one in grants] == [one for one in values if "GranteePrincipal" in one]
    assert len(statements) + len(grants) == len(values)


@pytest.mark.parametrize("notation", ["terraform", "terraform-module"])
def test_it_is_said_that_terraform_keeps_one_of_two_statements_with_one_sid(
    notation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The statement of another cache for the bucket has the same sid: merging both, Terraform drops one."""
    said = [SAME_SID in printed(capsys, name, notation) for name in ("one", "a grant")]
    assert said == [True, False]


def request(block: dict[str, Any]) -> dict[str, Any]:
    """What the provider asks KMS for; it takes these arguments and no others of ours."""
    assert set(block) <= {"name", "key_id", "grantee_principal", "operations", "constraints"}
    found = {
        "KeyId": block["key_id"],
        "GranteePrincipal": block["grantee_principal"],
        "Operations": block["operations"],
    }
    for constraints in block.get("constraints", []):
        assert set(constraints) == {"encryption_context_subset"}
        found["Constraints"] = {"EncryptionContextSubset": constraints["encryption_context_subset"]}
    return {**found, "Name": block["name"]}


@pytest.mark.parametrize("name", ASKED)
def test_every_block_has_a_name_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, name, "terraform")
    heads = [line for line in text.splitlines() if line.startswith(("data ", "resource "))]
    assert len(set(heads)) == len(heads)
    for head in heads:
        assert head.split('"')[3].replace("_", "").isalnum()


@needs_terraform
@pytest.mark.parametrize("name", ASKED)
def test_it_is_laid_out_as_terraform_fmt_does(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = printed(capsys, name, "terraform")
    done = terraform("fmt", "-", text=text, folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, text), done.stderr


@needs_terraform
@pytest.mark.skipif(not PLUGINS, reason="validating needs the AWS provider on disk: set TF_PLUGIN_DIR to its folder")
@pytest.mark.parametrize("name", ASKED)
def test_terraform_validates_it(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(printed(capsys, name, "terraform"))
    done = terraform("init", f"-plugin-dir={PLUGINS}", "-input=false", text="", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = terraform("validate", text="", folder=tmp_path)
    assert done.returncode == 0, done.stderr


ODD = [
    "${var.x}",
    "%{ if x }",
    "$${x}",
    "$ {x} % {y}",
    'a "quoted" \\ text',
    "line\nfeed\tand\rmore",
    "bell\a",
    "ünïcödé ☃",
]


@needs_terraform
@pytest.mark.parametrize("text", ODD)
def test_a_quoted_string_stands_for_its_text_and_evaluates_nothing(text: str, tmp_path: Path) -> None:
    done = terraform("console", text=f"jsonencode({quoted(text)})\n", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(json.loads(done.stdout)) == text


@pytest.mark.parametrize("text", ["${aws:username}", "%{x}", "$%{x}"])
def test_templates_are_escaped(text: str) -> None:
    assert quoted(text).strip('"').replace("$${", "").replace("%%{", "").count("{") == 0
