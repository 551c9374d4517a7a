"""Keys of CloudFormation stacks: told by their tag, and what is said of them."""

import re
import shlex
from typing import Any

import boto3
import pytest
import yaml

from fcsse.aws.kms import stack_of
from fcsse.aws.make_clients import clients_of_boto3
from fcsse.aws.sessions import Clients
from fcsse.policy.equivalence import canonical_statement
from fcsse.sandbox.build import Credentials
from fcsse.sandbox.server import Sandbox
from tests.simulated import Shell


def clients(sandbox: Sandbox, who: Credentials) -> Clients:
    session = boto3.Session(who.access_key, who.secret, region_name=sandbox.region)
    return clients_of_boto3(session, endpoint_url=sandbox.url)


def test_the_stack_of_a_key_is_read_from_its_tag(small_world: Sandbox) -> None:
    kms = clients(small_world, small_world.credentials())("kms")
    assert stack_of(kms, small_world.key("data-stack").arn) == "storage"
    assert stack_of(kms, small_world.key("data").arn) is None


def test_a_tag_on_a_later_page_counts(small_world: Sandbox) -> None:
    small_world.switches.page = 1
    tags = {"a": "1", "b": "2", "aws:cloudformation:stack-name": "late"}
    key = small_world.add_key("many-tags", tags=tags)
    assert stack_of(clients(small_world, small_world.credentials())("kms"), key.arn) == "late"


def test_a_caller_who_may_not_read_tags_is_told_of_no_stack(small_world: Sandbox) -> None:
    kms = clients(small_world, small_world.add_user("nobody"))("kms")
    assert stack_of(kms, small_world.key("data-stack").arn) is None


@pytest.mark.parametrize(
    "words",
    [
        ("--cache", "fc-0123", "--bucket", "data-stack"),
        ("--cache", "fc-0123", "--bucket", "data-stack", "--context", "both"),
        ("--cache", "fc-0123", "--bucket", "data-stack", "--operations", "read"),
        ("--every-cache", "--bucket", "data-stack"),
        ("--cache", "fc-0123", "--bucket", "data-bucket-keys", "--key", "{key}"),
    ],
    ids=["one cache", "both forms", "for reading only", "every cache", "another key than the bucket's"],
)
def test_the_command_in_the_warning_prints_what_link_wrote_wherever_it_is_run(
    words: tuple[str, ...], shell: Shell
) -> None:
    key = shell.sandbox.key("data-stack").arn
    before = shell.sandbox.policy("data-stack")["Statement"]
    run = shell.run("link", *(word.format(key=key) for word in words))
    assert run.code == 0, run.err
    assert "belongs to CloudFormation stack 'storage'" in run.out
    assert ("--via grant" in run.out) is ("--every-cache" not in words)
    (command,) = set(re.findall(r"(?m)^  fcsse (statement .+)$", run.out))
    shell.sandbox.requests.clear()
    told = shell.run(*shlex.split(command))
    assert told.code == 0, told.err
    assert not len(shell.sandbox.requests)
    added = [one for one in shell.sandbox.policy("data-stack")["Statement"] if one not in before]
    assert [meaning(one) for one in yaml.safe_load(told.out)] == [meaning(one) for one in added]


def meaning(statement: dict[str, Any]) -> object:
    return statement["Sid"], canonical_statement(statement, "aws")
