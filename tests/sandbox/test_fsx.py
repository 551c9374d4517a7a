"""File caches, Lustre file systems and their associations."""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.sandbox import Sandbox
from fcsse.sandbox.state import Association, OlderLink
from tests.sandbox.clients import OTHER, OWN, identity, refused


def associations(sandbox: Sandbox, **given: Any) -> list[str]:
    answer = sandbox.client("fsx").describe_data_repository_associations(**given)
    return [entry["DataRepositoryPath"] for entry in answer["Associations"]]


def test_a_cache_reads_like_one(world: Sandbox) -> None:
    found = {c["FileCacheId"]: c for c in world.client("fsx").describe_file_caches()["FileCaches"]}
    assert sorted(found) == ["fc-0123", "fc-01234567890", "fc-0456", "fc-0ace", "fc-0bad"]
    cache = found["fc-0123"]
    assert (cache["OwnerId"], cache["Lifecycle"], cache["FileCacheType"]) == (OWN, "AVAILABLE", "LUSTRE")
    assert len(cache["DataRepositoryAssociationIds"]) == 4
    assert found["fc-0bad"]["FailureDetails"]["Message"]
    assert (found["fc-0bad"]["Lifecycle"], found["fc-0ace"]["Lifecycle"]) == ("FAILED", "CREATING")


def test_file_systems_are_apart_from_caches(world: Sandbox) -> None:
    (system,) = world.client("fsx").describe_file_systems()["FileSystems"]
    assert (system["FileSystemId"], system["FileSystemType"]) == ("fs-0abc", "LUSTRE")
    by_system = {"Name": "file-system-id", "Values": ["fs-0abc"]}
    assert associations(world, Filters=[by_system]) == ["s3://data/lustre/"]
    assert associations(world, Filters=[{"Name": "file-system-id", "Values": ["fc-0123"]}]) == []


def test_a_link_from_the_creation_stands_in_the_file_system_and_is_no_association(sandbox: Sandbox) -> None:
    """FSx API reference, DataRepositoryConfiguration: "not supported on file systems with a data repository association"."""
    sandbox.add_cache("fs-0abc", older=OlderLink("s3://data/in", "s3://data/out", "MISCONFIGURED", "It went wrong."))
    (system,) = sandbox.client("fsx").describe_file_systems()["FileSystems"]
    lustre = system["LustreConfiguration"]
    link = lustre["DataRepositoryConfiguration"]
    assert (lustre["DeploymentType"], link["ImportPath"], link["ExportPath"]) == (
        "SCRATCH_1",
        "s3://data/in",
        "s3://data/out",
    )
    assert (link["Lifecycle"], link["FailureDetails"]["Message"]) == ("MISCONFIGURED", "It went wrong.")
    assert associations(sandbox) == []
    for cache, links in (("fs-0abd", ["data"]), ("fc-0abd", [])):
        with pytest.raises(ValueError, match="older link"):
            sandbox.add_cache(cache, links, older=OlderLink("s3://data", "s3://data"))


def test_associations_are_filtered_by_cache_and_kind(world: Sandbox) -> None:
    by_cache = {"Name": "file-cache-id", "Values": ["fc-0456"]}
    paths = ["s3://data-alias/", "s3://data-aws-s3/", "nfs://filer.example.com/export/"]
    assert associations(world, Filters=[by_cache]) == paths
    assert associations(world, Filters=[by_cache, {"Name": "data-repository-type", "Values": ["S3"]}]) == paths[:2]
    assert associations(world, Filters=[{"Name": "file-cache-id", "Values": ["fc-0123"]}])[0] == "s3://data/"
    code, _ = refused(
        world.client("fsx").describe_data_repository_associations, Filters=[{"Name": "volume-id", "Values": ["x"]}]
    )
    assert code == "BadRequest"


def test_a_broken_association_says_why(world: Sandbox) -> None:
    fsx = world.client("fsx")
    filters = [{"Name": "file-cache-id", "Values": ["fc-0bad"]}]
    (entry,) = fsx.describe_data_repository_associations(Filters=filters)["Associations"]
    assert entry["Lifecycle"] == "MISCONFIGURED"
    assert "unable to access the S3 bucket" in entry["FailureDetails"]["Message"]


def test_pages_hold_25_at_most_and_may_come_short(sandbox: Sandbox) -> None:
    """FSx API reference: "The implementation might return fewer than MaxResults"."""
    for number in range(30):
        sandbox.add_cache(f"fc-{number:08x}", role=False)
    fsx = sandbox.client("fsx")
    first = fsx.describe_file_caches()
    assert len(first["FileCaches"]) == 25
    rest = fsx.describe_file_caches(NextToken=first["NextToken"])
    assert (len(rest["FileCaches"]), "NextToken" in rest) == (5, False)
    sandbox.switches.page = 2
    assert len(fsx.describe_file_caches(MaxResults=20)["FileCaches"]) == 2
    code, _ = refused(fsx.describe_file_caches, NextToken="YWJj")
    assert code == "BadRequest"


def test_what_is_not_there_is_not_found(world: Sandbox) -> None:
    fsx = world.client("fsx")
    assert refused(fsx.describe_file_caches, FileCacheIds=["fc-09999999"])[0] == "FileCacheNotFound"
    assert refused(fsx.describe_file_systems, FileSystemIds=["fs-09999999"])[0] == "FileSystemNotFound"
    code, _ = refused(fsx.describe_data_repository_associations, AssociationIds=["dra-09999999999999999"])
    assert code == "DataRepositoryAssociationNotFound"
    assert fsx.describe_file_caches(FileCacheIds=["fc-01234567890"])["FileCaches"]


def test_caches_belong_to_an_account_and_a_region(world: Sandbox) -> None:
    assert world.client("fsx", account=OTHER).describe_file_caches()["FileCaches"] == []
    assert world.client("fsx", region="us-east-1").describe_file_caches()["FileCaches"] == []


def test_describing_takes_a_permission(world: Sandbox) -> None:
    fsx = world.client("fsx", credentials=world.add_user("reader", identity("fsx:DescribeFileSystems")))
    assert fsx.describe_file_systems()["FileSystems"]
    code, message = refused(fsx.describe_file_caches)
    assert code == "AccessDeniedException"
    assert "is not authorized to perform: fsx:DescribeFileCaches on resource: arn:aws:fsx:eu-west-1:" in message


def test_an_association_may_be_given_whole(sandbox: Sandbox) -> None:
    sandbox.add_cache("fc-0123", [Association("dra-1", "s3://b/p/", "FAILED", "broken", "/x"), "s3://c/p/", "d"])
    assert associations(sandbox) == ["s3://b/p/", "s3://c/p/", "s3://d/"]


@pytest.mark.parametrize("operation", ["create_backup"])
def test_what_is_not_simulated_is_refused(sandbox: Sandbox, operation: str) -> None:
    assert refused(getattr(sandbox.client("fsx"), operation))[0] == "UnknownOperationException"
