"""``fcsse statement`` says what ``link`` adds: compared with what link really adds, in every notation."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from fcsse.arn import Arn
from fcsse.iac.notation import Notation, NotationWord
from fcsse.iac.parts import NewStatements
from fcsse.iac.shell import commands
from fcsse.policy.equivalence import canonical_statement
from tests.simulated import Shell

OFFLINE = ("--account", "111122223333", "--region", "eu-west-1")
READS = ("Get", "Describe", "List", "Head")

WISHES = {
    "object form": ("--cache fc-0123 --bucket data", "--no-bucket-keys"),
    "bucket form": ("--cache fc-0123 --bucket data-bucket-keys", "--bucket-keys"),
    "both forms": ("--cache fc-0123 --bucket data --context both", ""),
    "every cache": ("--every-cache --bucket data", "--no-bucket-keys"),
    "two caches and a file system": (
        "--cache fc-0123 --cache fc-0456 --cache fs-0abc --bucket data",
        "--no-bucket-keys",
    ),
}


def added_by_link(shell: Shell, bucket: str, words: list[str]) -> list[dict[str, Any]]:
    before = shell.sandbox.policy(bucket)["Statement"]
    run = shell.run("link", *words)
    assert run.code == 0, run.err
    after: list[dict[str, Any]] = shell.sandbox.policy(bucket)["Statement"]
    return [statement for statement in after if statement not in before]


def meanings(statements: list[dict[str, Any]]) -> list[object]:
    return [(statement["Sid"], canonical_statement(statement, "aws")) for statement in statements]


def as_list(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("operation", WISHES)
def test_online_and_offline_it_is_what_link_adds(operation: str, shell: Shell) -> None:
    words, stated = (text.split() for text in WISHES[operation])
    bucket = words[words.index("--bucket") + 1]
    online = shell.run("statement", *words)
    offline = shell.run("statement", *words, *OFFLINE, *stated)
    assert (online.code, offline.code) == (0, 0), online.err + offline.err
    assert online.out == offline.out
    added = added_by_link(shell, bucket, words)
    assert meanings(as_list(json.loads(online.out))) == meanings(added)


@pytest.mark.parametrize("operation", WISHES)
def test_once_it_is_pasted_link_finds_nothing_to_do(operation: str, shell: Shell) -> None:
    words, stated = (text.split() for text in WISHES[operation])
    bucket = words[words.index("--bucket") + 1]
    printed = as_list(json.loads(shell.run("statement", *words, *OFFLINE, *stated).out))
    policy = shell.sandbox.policy(bucket)
    shell.sandbox.put_policy(bucket, {**policy, "Statement": [*policy["Statement"], *printed]})
    run = shell.run("link", *words)
    assert "Linked" not in run.out
    pairs = words.count("--cache")
    assert run.out.endswith("Nothing to do.\n" if pairs < 2 else f"Nothing to do for {pairs} pairs.\n")
    assert shell.sandbox.cache("fc-0123").write(bucket, "new.txt").allowed


def test_it_only_reads(shell: Shell) -> None:
    shell.sandbox.requests.clear()
    assert shell.run("statement", "--cache", "fc-0123", "--bucket", "data").code == 0
    operations = [operation.partition(":")[2] for operation in shell.sandbox.requests.operations]
    assert operations
    assert all(operation.startswith(READS) for operation in operations)


def test_without_a_bucket_it_takes_those_of_the_cache(shell: Shell) -> None:
    run = shell.run("statement", "--cache", "fc-0123")
    found = json.loads(run.out)
    contexts = [json.dumps(one.get("Condition", {}).get("StringLike", "")) for one in found if "Sid" in one]
    assert [("data/*" in one, "data-bucket-keys" in one) for one in contexts] == [(True, False), (False, True)]
    assert [one["Name"] for one in found if "Name" in one] == ["fcsse:fc-0123:data-other-account"]
    assert "Nothing to add for fc-0123 to data-sse-s3" in run.err


def test_the_grant_is_the_one_that_link_makes(shell: Shell) -> None:
    words = ("--cache", "fc-0123", "--bucket", "data-bucket-keys", "--via", "grant", "--narrow-grant")
    online = shell.run("statement", *words)
    key = shell.sandbox.key("data-bucket-keys").arn
    offline = shell.run("statement", *words, "--account", "111122223333", "--key", key, "--bucket-keys")
    assert online.out == offline.out
    shell.sandbox.client("kms").create_grant(**json.loads(online.out))
    run = shell.run("link", *words)
    assert "Nothing to do." in run.out
    assert shell.sandbox.cache("fc-0123").read("data-bucket-keys", "hello.txt").allowed


def test_across_accounts_it_is_a_grant_by_itself(shell: Shell) -> None:
    run = shell.run("statement", "--cache", "fc-0123", "--bucket", "data-other-account")
    key = shell.sandbox.key("data-other-account").arn
    stated = ("--account", "111122223333", "--key", key)
    assert json.loads(run.out)["KeyId"] == key
    assert run.out == shell.run("statement", "--cache", "fc-0123", "--bucket", "data-other-account", *stated).out


def test_what_link_refuses_is_refused_here_too(shell: Shell) -> None:
    for bucket, code in (("data-dsse", 4), ("data-disabled", 4), ("data-nowhere", 6), ("data-other-alias", 4)):
        run = shell.run("statement", "--cache", "fc-0123", "--bucket", bucket)
        assert (run.code, run.out) == (code, ""), bucket
        assert run.err.startswith("Error:")


def test_one_pair_that_cannot_be_linked_leaves_nothing_to_paste(shell: Shell) -> None:
    run = shell.run("statement", "--cache", "fc-0123", "--bucket", "data", "--bucket", "data-dsse")
    assert (run.code, run.out) == (4, "")


def test_offline_takes_no_credentials_no_network_and_no_botocore(tmp_path: Path) -> None:
    words = ["statement", "--cache", "fc-0123", "--bucket", "data", *OFFLINE, "--no-bucket-keys"]
    program = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('the network was used')\n"
        "socket.socket.connect = refuse\n"
        "from fcsse.cli.main import main\n"
        f"code = main({words!r})\n"
        "assert not {'botocore', 'boto3'} & set(sys.modules)\n"
        "sys.exit(code)\n"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Condition"]["StringEquals"]["kms:CallerAccount"] == "111122223333"


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("--region eu-west-1", "--bucket-keys or --no-bucket-keys"),
        ("--no-bucket-keys", "--region"),
        ("--region eu-west-1 --via grant", "--key ARN"),
        ("--bucket-region us-east-1 --no-bucket-keys --key {key}", "the bucket's own Region"),
        ("--partition aws-cn --no-bucket-keys --key {key}", "the bucket's own Region"),
    ],
)
def test_offline_says_what_is_missing_or_does_not_fit(words: str, missing: str, shell: Shell) -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    run = shell.run(
        "statement",
        "--cache",
        "fc-0123",
        "--bucket",
        "data",
        "--account",
        "111122223333",
        *words.format(key=key).split(),
    )
    assert (run.code, run.out) == (2, "")
    assert missing in run.err


def test_an_account_id_keeps_its_leading_zeros_and_is_checked(shell: Shell) -> None:
    asked = ("statement", "--cache", "fc-0123", "--bucket", "data", "--region", "eu-west-1", "--no-bucket-keys")
    assert shell.run(*asked, "--account", "12345").code == 2
    printed = json.loads(shell.run(*asked, "--account", "000000000012").out)
    assert printed["Condition"]["StringEquals"]["kms:CallerAccount"] == "000000000012"


def test_in_china_the_arns_take_the_partition_and_the_service_name_does_not(shell: Shell) -> None:
    asked = ("statement", "--cache", "fc-0123", "--bucket", "data", "--account", "111122223333", "--no-bucket-keys")
    printed = json.loads(shell.run(*asked, "--region", "cn-north-1").out)
    assert printed["Principal"]["AWS"].startswith("arn:aws-cn:iam::111122223333:role/")
    assert printed["Condition"]["StringEquals"]["kms:ViaService"] == "s3.cn-north-1.amazonaws.com"
    assert printed["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"] == "arn:aws-cn:s3:::data/*"


def test_for_programs_everything_is_in_one_document(shell: Shell) -> None:
    run = shell.run("statement", "--cache", "fc-0123", "--bucket", "data", "-o", "json", "--format", "terraform")
    document = json.loads(run.out)
    assert document["schema"] == "fcsse/2"
    assert document["additions"][0]["route"] == "policy"
    assert document["additions"][0]["key"] == shell.sandbox.key("data").arn
    assert document["text"].count('data "aws_iam_policy_document"') == 1
    failed = json.loads(shell.run("statement", "--cache", "fc-0123", "--bucket", "data-dsse", "-o", "json").out)
    assert failed["error"]["code"] == "impossible"


def test_markdown_is_a_block_of_the_notation(shell: Shell) -> None:
    run = shell.run("statement", "--cache", "fc-0123", "--bucket", "data", "-o", "markdown", "--format", "terraform")
    assert run.out.startswith("```hcl\n#")
    assert run.out.endswith("}\n```\n")


def test_the_library_takes_every_notation_as_a_word() -> None:
    assert get_args(NotationWord) == tuple(Notation)


def test_commands_for_replicas_of_a_key_keep_their_policies_apart() -> None:
    parts = [
        NewStatements(
            Arn("aws", "kms", region, "111122223333", "key/mrk-1234abcd12ab34cd56ef1234567890ab"), region, (bucket,), ()
        )
        for region, bucket in (("eu-west-1", "here"), ("us-east-1", "there"))
    ]
    files = re.findall(r"before=(\S+)", commands(parts))
    assert len(set(files)) == 2
