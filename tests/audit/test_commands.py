"""The commands of findings, run as they are printed: each mends what its finding tells of, and nothing else."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name

from tests.audit.factories import documented, slr

if TYPE_CHECKING:
    from tests.simulated import Shell

MENDED = {
    "access-missing",
    "cache-gone",
    "context-changed",
    "dead-principals",
    "dsse",
    "duplicate-grant",
    "every-cache",
    "key-disabled",
    "key-pending-deletion",
    "mergeable",
    "unconstrained-grant",
    "unused-access",
}
"""Findings whose commands mend them; those of the others show what is to be seen first."""

OPERATIONS = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "DescribeKey",
    "ReEncryptFrom",
]
WIDE = [*OPERATIONS, "ReEncryptTo", "CreateGrant"]


def execute(shell: Shell, command: str) -> None:
    """Runs a printed command; those of the AWS CLI by boto3, which takes the same words."""
    program, first, *words = shlex.split(command)
    if program == "fcsse":
        run = shell.run(first, *words, "--yes", "--wait", "5s")
        assert run.code == 0 or first == "audit", (command, run.out, run.err)
        return
    assert program == "aws", command
    operation, *options = words
    given = dict(zip(options[::2], options[1::2], strict=True))
    account = next((text.split(":")[4] for text in given.values() if text.startswith("arn:aws:kms:")), None)
    own = account in (None, shell.sandbox.account) or operation == "retire-grant"
    client = shell.sandbox.client(
        first if first != "s3api" else "s3", given.pop("--region"), shell.sandbox.account if own else account
    )
    given.pop("--output", None)
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    names = {"--" + xform_name(name, "-"): name for name in shape.members}
    values: dict[str, Any] = {
        names[option]: json.loads(text) if text[:1] in "{[" else [text] if option == "--association-ids" else text
        for option, text in given.items()
    }
    getattr(client, method)(**values)


def audited(shell: Shell, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell.run("audit", *words, "-o", "json").out)
    return found


def add(shell: Shell, key: str, *statements: dict[str, Any]) -> None:
    text = shell.sandbox.policy(key)
    text["Statement"] += statements
    shell.sandbox.put_policy(key, text)


def give(shell: Shell, key: str, cache: str, number: int, **constraints: Any) -> None:
    kms = shell.sandbox.client("kms")
    for _ in range(number):
        kms.create_grant(
            KeyId=shell.sandbox.key(key).arn, GranteePrincipal=slr(cache), Operations=WIDE, Constraints=constraints
        )


@pytest.mark.nightly
def test_the_commands_of_findings_mend_them(shell: Shell) -> None:
    sandbox = shell.sandbox
    awkward = ["data-disabled", "data-deleting", "data-dead", "data-dsse", "data-key-id", "data-alias-arn"]
    sandbox.add_cache("fc-0aaa", awkward)
    sandbox.add_cache("fc-0bbb", ["data-key-id"])
    sandbox.add_cache("fc-0ffff", ["data-alias-arn"])
    add(shell, "data-bucket-keys", documented("data-bucket-keys", slr("fc-0123")))
    add(shell, "data-alias", documented("data-alias", "*"))
    gone = documented("data-alias-arn", slr("fc-0ffff"), sid="a")
    add(shell, "data-alias-arn", gone, documented("elsewhere", slr("fc-0123"), sid="b"))
    sandbox.delete_cache("fc-0ffff")
    add(shell, "data", *(documented("data", slr(cache), sid=cache) for cache in ("fc-0123", "fs-0abc")))
    give(shell, "data-key-id", "fc-0aaa", 1)
    give(shell, "data-key-id", "fc-0bbb", 1)
    give(shell, "data-alias-arn", "fc-0aaa", 2, EncryptionContextSubset={"aws:s3:arn": "arn:aws:s3:::data-stack"})

    seen: set[str] = set()
    for _ in range(2):  # that a cache has no access to a key is told once the key works
        for finding in audited(shell)["findings"]:
            if finding["code"] in MENDED:
                seen.add(finding["code"])
                for command in finding["commands"]:
                    execute(shell, command)
    assert seen == MENDED
    after = audited(shell)
    left = [finding["title"] for finding in after["findings"] if finding["code"] in MENDED and finding["commands"]]
    assert left == [], "what is left is a grant of another account's key, for which nothing narrower works"
    lacking = {(pair["cache"], pair["bucket"]) for pair in after["pairs"] if pair["access"] != "allowed"}
    assert lacking == {("fc-0ace", "data"), ("fc-0bad", "data-gone")}


def test_commands_work_where_no_region_is_set(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = shell.sandbox.env()
    monkeypatch.setattr(shell.sandbox, "env", lambda **_: {**settings, "AWS_REGION": "", "AWS_DEFAULT_REGION": ""})
    run = shell.run("audit", "--region", "us-east-1", "--region", "eu-west-1", "-o", "json")
    (finding,) = [one for one in json.loads(run.out)["findings"] if one["bucket"] == "data-alias"]
    assert finding["commands"] == ["fcsse link --cache fc-0456 --bucket data-alias --region eu-west-1"]
    execute(shell, finding["commands"][0])


def test_commands_name_the_role_that_it_took_to_read_the_bucket(shell: Shell) -> None:
    sandbox = shell.sandbox
    reading = ["s3:Get*", "s3:ListBucket", "kms:Describe*", "kms:Get*", "kms:List*"]
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": reading, "Resource": "*"}]}
    sandbox.add_role("Audit", account=sandbox.other_account, trust=sandbox.account, policy=allow)
    sandbox.add_cache("fc-0eee", ["data-other-secret"])
    pattern = "arn:aws:iam::{account}:role/Audit"
    words = ("--bucket-role", pattern, "--bucket-account", sandbox.other_account)
    grantor = f"arn:aws:iam::{sandbox.account}:role/KeyUser"
    found = audited(shell, *words, "--grant-role", grantor)
    (finding,) = [
        one for one in found["findings"] if one["bucket"] == "data-other-secret" and one["code"] == "access-missing"
    ]
    (command,) = finding["commands"]
    assert f"--bucket-role arn:aws:iam::{sandbox.other_account}:role/Audit --grant-role {grantor}" in command
    text = shell.run("audit", *words).out
    again = f"fcsse audit --bucket-role '{pattern}' --bucket-account {sandbox.other_account} --fix --dry-run"
    assert again in text
    execute(shell, again)
