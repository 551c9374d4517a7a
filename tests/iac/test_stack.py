"""Keys of CloudFormation stacks: told by their tag, and what is said of them."""

import shlex

import boto3
import pytest

from fcsse.arn import Arn
from fcsse.aws.clients import Clients, clients_of_boto3
from fcsse.aws.kms import stack_of
from fcsse.cli.main import main
from fcsse.iac.stack import stack_warning
from fcsse.sandbox.build import Credentials
from fcsse.sandbox.server import Sandbox

KEY = Arn("aws", "kms", "eu-west-1", "111122223333", "key/1234abcd-12ab-34cd-56ef-1234567890ab")


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


def test_the_warning_names_the_stack_and_a_command_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    text = stack_warning(KEY, "storage", "fc-0123", "data")
    assert "CloudFormation stack 'storage'" in text
    assert "--via grant" in text
    command = shlex.split(text.partition("(fcsse ")[2].partition(")")[0])
    assert main([*command, "--account", "111122223333", "--region", "eu-west-1", "--no-bucket-keys"]) == 0
    assert "KeyPolicy.Statement" in capsys.readouterr().out


def test_for_every_cache_no_grant_is_proposed() -> None:
    text = stack_warning(KEY, "storage", None, "data")
    assert "--every-cache --bucket data --format cloudformation" in text
    assert "--via grant" not in text
