"""The CloudFormation text: YAML that fits into a key's policy, and what is said of grants."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from fcsse.cli.main import main
from tests.cfn_lint import problems, problems_where_caches_are, resource_types
from tests.iac.test_terraform import ASKED

POLICIES = [name for name in ASKED if "grant" not in name]
GRANTS = [name for name in ASKED if "grant" in name]

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  DataKey:
    Type: AWS::KMS::Key
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Sid: Enable IAM User Permissions
            Effect: Allow
            Principal:
              AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root
            Action: kms:*
            Resource: "*"
"""
Print = Callable[..., str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Print:
    def print_it(name: str, notation: str = "cloudformation") -> str:
        capsys.readouterr()
        assert main(["statement", *ASKED[name], "--format", notation]) == 0
        return capsys.readouterr().out

    return print_it


def embedded(text: str) -> str:
    return TEMPLATE + "".join(f"          {line}\n" for line in text.splitlines())


@pytest.mark.parametrize("name", POLICIES)
def test_the_yaml_says_what_the_json_says(name: str, printed: Print) -> None:
    value = json.loads(printed(name, "json"))
    assert yaml.safe_load(printed(name)) == (value if isinstance(value, list) else [value])


@pytest.mark.nightly  # what cfn-lint loads takes long: by default the template of the function is shown to it
@pytest.mark.parametrize("name", POLICIES)
def test_cfn_lint_finds_nothing_in_a_template_that_has_it(name: str, printed: Print) -> None:
    assert problems(embedded(printed(name))) == []


@pytest.mark.parametrize("notation", ["cloudformation", "terraform"])
@pytest.mark.parametrize("name", POLICIES)
def test_a_template_that_names_roles_is_told_that_they_must_exist(name: str, notation: str, printed: Print) -> None:
    assert ("a role which does not exist" in printed(name, notation)) is (name != "every cache")


@pytest.mark.nightly
def test_cfn_lint_would_find_something(printed: Print) -> None:
    assert problems(embedded(printed("one")).replace("Effect: Allow", "Effect: Perhaps"))


def test_an_account_id_stays_text(printed: Print, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--cache", "fc-0123", "--bucket", "data", "--account", "011122223333", "--region", "eu-west-1")
    assert main(["statement", *words, "--no-bucket-keys", "--format", "cloudformation"]) == 0
    (statement,) = yaml.safe_load(capsys.readouterr().out)
    assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == "011122223333"


def test_cloudformation_still_has_no_resource_for_grants() -> None:
    found = resource_types()
    assert [kind for kind in found if kind.startswith("AWS::KMS::") and "Grant" in kind] == []
    assert "AWS::KMS::Key" in found


@pytest.mark.parametrize("name", GRANTS)
def test_for_a_grant_it_says_so_and_has_the_command(name: str, printed: Print) -> None:
    text = printed(name)
    assert "# CloudFormation has no resource for KMS grants." in text
    lines = [line for line in text.splitlines() if not line.startswith("# CloudFormation has no resource")]
    assert lines == [line.removesuffix(" &&") for line in printed(name, "aws-cli").splitlines()]
    assert "To be run in account 111122223333, the one of the cache." in text


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no POSIX shell")
@pytest.mark.parametrize("name", GRANTS)
def test_the_grants_command_reaches_the_aws_cli_word_by_word(name: str, printed: Print, tmp_path: Any) -> None:
    """A stand-in for ``aws`` writes down what the shell hands it."""
    stand_in = tmp_path / "aws"
    stand_in.write_text('#!/bin/sh\nfor word do printf "%s\\n" "$word"; done\nprintf "%s\\n" --end--\n')
    stand_in.chmod(0o755)
    env = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["sh"], input=printed(name), env=env, capture_output=True, text=True, check=True)
    calls = [call.strip().splitlines() for call in done.stdout.split("--end--\n") if call]
    value = json.loads(printed(name, "json"))
    requests = value if isinstance(value, list) else [value]
    assert [parsed(call) for call in calls] == requests


def parsed(words: list[str]) -> dict[str, Any]:
    """The parameters that the AWS CLI makes of the words, by its own rules for kms create-grant."""
    assert words[:4] == ["kms", "create-grant", "--region", "eu-west-1"]
    options: dict[str, list[str]] = {}
    for word in words[4:]:
        if word.startswith("--"):
            options[word] = []
        else:
            options[list(options)[-1]].append(word)
    found: dict[str, Any] = {
        "KeyId": options["--key-id"][0],
        "GranteePrincipal": options["--grantee-principal"][0],
        "Operations": options["--operations"],
    }
    if "--constraints" in options:
        found["Constraints"] = json.loads(options["--constraints"][0])
    return {**found, "Name": options["--name"][0]}


CACHE = """\
  Cache:
    Type: AWS::FSx::FileCache
    Properties:
      FileCacheType: LUSTRE
      FileCacheTypeVersion: "2.12"
      StorageCapacity: 1200
      SubnetIds: [subnet-0123456789abcdef0]
      LustreConfiguration:
        DeploymentType: CACHE_1
        PerUnitStorageThroughput: 1000
        MetadataConfiguration: {StorageCapacity: 2400}
"""


class _References(yaml.SafeLoader):  # type: ignore[misc]
    """Reads !Sub as the text that it has."""


_References.add_constructor("!Sub", lambda loader, node: loader.construct_scalar(node))


def for_resource(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    asked = ("--cache-resource", "Cache", "--bucket", "data", "--format", "cloudformation", *words)
    assert main(["statement", *asked]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("words", [("--bucket-keys",), ("--no-bucket-keys",), ("--context", "both")])
def test_a_cache_of_the_same_template_is_named_by_reference(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    text = for_resource(capsys, *words)
    (found,) = yaml.load(text, _References)
    filled = json.loads(
        json.dumps(found)
        .replace("${AWS::Partition}", "aws")
        .replace("${AWS::AccountId}", "111122223333")
        .replace("${AWS::Region}", "eu-west-1")
        .replace("${Cache.FileCacheId}", "fc-0123")
    )
    asked = ("--cache", "fc-0123", "--bucket", "data", "--account", "111122223333", "--region", "eu-west-1")
    assert main(["statement", *asked, *words]) == 0
    assert filled == json.loads(capsys.readouterr().out)
    template = embedded(text) + CACHE
    assert problems_where_caches_are(template) == []
    assert problems_where_caches_are(template.replace("${Cache.FileCacheId}", "${Other.FileCacheId}"))


def test_a_resource_is_for_cloudformation_and_needs_the_form(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ("--cache-resource", "Cache", "--bucket", "data", "--bucket-keys"),
        ("--cache-resource", "Cache", "--bucket", "data", "--format", "cloudformation"),
        ("--cache-resource", "a b", "--bucket", "data", "--bucket-keys", "--format", "cloudformation"),
        ("--cache-resource", "Cache", "--bucket-keys", "--format", "cloudformation"),
        (
            "--cache-resource",
            "Cache",
            "--cache",
            "fc-0123",
            "--bucket",
            "data",
            "--bucket-keys",
            "--format",
            "cloudformation",
        ),
    ):
        assert main(["statement", *words]) == 2, words
    assert "Traceback" not in capsys.readouterr().err
