"""File systems that got their bucket at their creation (ImportPath): they have no association, and count like the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fcsse.sandbox.state import OlderLink

if TYPE_CHECKING:
    from tests.simulated import Shell

FS = "fs-0123456789abcdef0"
ROLE = f"AWSServiceRoleForFSxS3Access_{FS}"


def older(shell: Shell, lifecycle: str = "AVAILABLE", failure: str | None = None, **how: Any) -> None:
    link = OlderLink("s3://data-bucket-keys/in", "s3://data-bucket-keys/out/", lifecycle, failure)
    shell.sandbox.add_cache(FS, older=link, **how)


def linked(shell: Shell, bucket: str) -> None:
    run = shell.run("link", "--cache", FS, "--bucket", bucket, "--yes")
    assert run.code == 0, run.err


def works(shell: Shell, bucket: str) -> tuple[bool, bool]:
    player = shell.sandbox.cache(FS)
    return player.read(bucket, "hello.txt").allowed, player.write(bucket, "written.txt").allowed


def audited(shell: Shell, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell.run("audit", *words, "-o", "json").out)
    return found


def test_the_audit_judges_it_and_fix_gives_it_access(shell: Shell) -> None:
    older(shell)
    shell.sandbox.requests.clear()
    (pair,) = [one for one in audited(shell)["pairs"] if one["cache"] == FS]
    assert (pair["bucket"], pair["access"], pair["region"]) == ("data-bucket-keys", "denied", "eu-west-1")
    assert shell.sandbox.requests.count("fsx:DescribeFileSystems") == 1
    shell.run("audit", "--fix", "--yes", "--wait", "0")
    assert works(shell, "data-bucket-keys") == (True, True)


@pytest.mark.parametrize("command", ["check", "link", "unlink"])
def test_without_a_bucket_its_own_is_meant(shell: Shell, command: str) -> None:
    older(shell)
    if command != "link":
        linked(shell, "data-bucket-keys")
    shell.sandbox.requests.clear()
    run = shell.run(command, "--cache", FS, "-o", "json")
    assert run.code == 0, run.err
    assert [pair["bucket"] for pair in json.loads(run.out)["pairs"]] == ["data-bucket-keys"]
    assert shell.sandbox.requests.count("fsx:DescribeFileSystems") == 1
    assert works(shell, "data-bucket-keys")[0] is (command != "unlink")


def test_a_file_system_with_associations_and_a_cache_cost_no_other_request(shell: Shell) -> None:
    shell.sandbox.requests.clear()
    for cache in ("fs-0abc", "fc-01234567890"):
        shell.run("check", "--cache", cache)
    assert shell.sandbox.requests.count("fsx:DescribeFileSystems") == 0


def test_what_it_exports_to_counts_as_well(shell: Shell) -> None:
    """A statement for the prefix that it imports from is not enough."""
    shell.sandbox.add_cache(FS, older=OlderLink("s3://data/in/", "s3://data/out/"))
    linked(shell, "data")
    policy = json.dumps(shell.sandbox.policy("data"))
    shell.sandbox.put_policy("data", policy.replace("s3:::data/*", "s3:::data/in/*"))
    assert shell.run("check", "--cache", FS).code == 3
    shell.sandbox.put_policy("data", policy)
    assert shell.run("check", "--cache", FS).code == 0


def test_one_that_is_misconfigured_speaks_in_aws_own_words_once(shell: Shell) -> None:
    older(shell, "MISCONFIGURED", "Amazon FSx cannot import updates.")
    found = audited(shell)["findings"]
    (finding,) = [one for one in found if one["code"] == "association-failed" and one["cache"] == FS]
    assert "AWS says: Amazon FSx cannot import updates." in finding["detail"]
    assert finding["commands"] == [f"aws fsx describe-file-systems --file-system-ids {FS} --region eu-west-1"]


def test_one_that_is_being_deleted_does_not_count(shell: Shell) -> None:
    older(shell, lifecycle="AVAILABLE")
    shell.sandbox.state.caches[FS].lifecycle = "DELETING"
    assert FS not in {pair["cache"] for pair in audited(shell)["pairs"]}


def test_where_they_may_not_be_listed_that_is_a_finding_and_not_the_end(shell: Shell) -> None:
    older(shell)
    hidden = {"Effect": "Deny", "Action": "fsx:DescribeFileSystems", "Resource": "*"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, hidden],
    }
    found = json.loads(shell.run_with(policy, "audit", "-o", "json").out)
    (finding,) = [one for one in found["findings"] if "fsx:DescribeFileSystems" in one["title"]]
    assert finding["title"] == "the account could not be read: no fsx:DescribeFileSystems"
    remedy = "The caller's IAM policy denies fsx:DescribeFileSystems on *, and an explicit Deny wins over every Allow. "
    assert finding["remedy"] == remedy + "Exclude fsx:DescribeFileSystems from that Deny."
    assert found["summary"]["pairs"] == 10, "all that have associations are judged"
    run = shell.run_with(policy, "link", "--cache", FS)
    assert run.code == 5
    assert "fsx:DescribeFileSystems" in run.err


def test_its_role_is_not_called_unused(shell: Shell) -> None:
    older(shell)
    shell.sandbox.add_cache("fs-0fff")
    (unused,) = [one for one in audited(shell, "--all-regions")["findings"] if one["code"] == "role-unused"]
    assert FS not in str(unused["detail"])
    assert "fs-0fff" in str(unused["detail"])


def test_census_judges_for_it(shell: Shell) -> None:
    older(shell)
    found = json.loads(shell.run("census", "--bucket", "data-bucket-keys", "-o", "json").out)
    assert {one["cache"] for one in found["caches"]} == {"fc-0123", FS}
