"""Recorded facts on IAM, STS and FSx."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from scripts.conformity.fact_bench import OWN, REGION, holds, same

if TYPE_CHECKING:
    from scripts.conformity.fact_bench import Bench
    from scripts.conformity.recorded_facts import Fact

_LINKED = "AWSServiceRoleForFSxS3Access_fc-0123"
_SERVICE = "s3.data-source.lustre.fsx.amazonaws.com"


def i01(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.iam.get_role, {"name": "Missing"}, RoleName="Missing")


def i02(bench: Bench, fact: Fact) -> None:
    bench.sandbox.add_cache("fc-0123")
    bench.refuses(fact, bench.iam.delete_role, {"name": _LINKED}, RoleName=_LINKED)


def i04(bench: Bench, _: Fact) -> None:
    bench.sandbox.add_cache("fc-0123")
    task = bench.iam.delete_service_linked_role(RoleName=_LINKED)["DeletionTaskId"]
    form = rf"task/aws-service-role/{re.escape(_SERVICE)}/{_LINKED}/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
    holds(re.fullmatch(form, task), f"task {task}")


def i06(bench: Bench, _: Fact) -> None:
    bench.sandbox.add_cache("fc-0123")
    role = bench.iam.get_role(RoleName=_LINKED)["Role"]
    same((role["Path"], role["RoleLastUsed"], role["MaxSessionDuration"]), (f"/aws-service-role/{_SERVICE}/", {}, 3600))
    holds(not {"Description", "Tags"} & set(role), f"members {sorted(role)}")


def i07(bench: Bench, _: Fact) -> None:
    given = {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": "recorded"}
    made = bench.iam.create_service_linked_role(**given)["Role"]
    same(made["RoleName"], "AWSServiceRoleForAutoScaling_recorded")


def i08(bench: Bench, _: Fact) -> None:
    bench.sandbox.add_cache("fc-0123")
    bench.role("Tagged", "/team/")
    bench.iam.tag_role(RoleName="Tagged", Tags=[{"Key": "a", "Value": "b"}])
    for prefix, name in ((f"/aws-service-role/{_SERVICE}/", _LINKED), ("/team/", "Tagged")):
        answer = bench.iam.list_roles(PathPrefix=prefix)
        same((answer["IsTruncated"], [role["RoleName"] for role in answer["Roles"]]), (False, [name]))
        holds(not {"RoleLastUsed", "Tags", "PermissionsBoundary"} & set(answer["Roles"][0]), "members too many")


def i10(bench: Bench, _: Fact) -> None:
    bench.role()
    identifier = bench.iam.get_role(RoleName="Reader")["Role"]["RoleId"]
    holds(re.fullmatch(r"AROA[A-Z0-9]{17}", identifier), f"id {identifier}")


def u01(bench: Bench, fact: Fact) -> None:
    caller = f"arn:aws:iam::{OWN}:user/admin"
    closed = bench.sandbox.add_role("Closed", trust={"Version": "2012-10-17", "Statement": []})
    for role in (f"arn:aws:iam::{OWN}:role/Missing", closed):
        names = {"arn": caller, "role arn": role}
        bench.refuses(fact, bench.client("sts").assume_role, names, RoleArn=role, RoleSessionName="recorded")


def u02(bench: Bench, fact: Fact) -> None:
    values = (
        "nothing-valid-in-here",
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
        "arn:a:a::aaaaaaaaaa:",
    )
    for value in values:
        bench.refuses(
            fact, bench.client("sts").assume_role, {"value": value}, RoleArn=value, RoleSessionName="recorded"
        )


def u04(bench: Bench, _: Fact) -> None:
    role = bench.role()
    identifier = bench.iam.get_role(RoleName="Reader")["Role"]["RoleId"]
    answer = bench.client("sts").assume_role(RoleArn=role, RoleSessionName="recorded")
    arn = f"arn:aws:sts::{OWN}:assumed-role/Reader/recorded"
    same(answer["AssumedRoleUser"], {"AssumedRoleId": f"{identifier}:recorded", "Arn": arn})
    wanted = ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken"]
    same(sorted(answer["Credentials"]), wanted, "members")


def x01(bench: Bench, _: Fact) -> None:
    bench.sandbox.add_cache("fs-0123456789abcdef0", deployment="SCRATCH_1", tags={"Name": "scratch"})
    (system,) = bench.client("fsx").describe_file_systems()["FileSystems"]
    lustre = system["LustreConfiguration"]
    holds("KmsKeyId" not in system, "a KmsKeyId")
    found = lustre["MountName"], system["FileSystemTypeVersion"], lustre["LogConfiguration"], system["Tags"]
    same(found, ("fsx", "2.10", {"Level": "DISABLED"}, [{"Key": "Name", "Value": "scratch"}]))


def x03(bench: Bench, _: Fact) -> None:
    for number, kind in enumerate(("ONTAP", "OPENZFS", "LUSTRE")):
        bench.sandbox.add_cache(f"fs-{number}123456789abcdef0", kind=kind)
    systems = {one["FileSystemType"]: one for one in bench.client("fsx").describe_file_systems()["FileSystems"]}
    same(sorted(systems), ["LUSTRE", "ONTAP", "OPENZFS"])
    same([kind for kind, one in systems.items() if "LustreConfiguration" in one], ["LUSTRE"])
    holds("DNSName" not in systems["ONTAP"] and "DNSName" in systems["OPENZFS"], "a DNSName")


def x04(bench: Bench, _: Fact) -> None:
    system = "fs-0123456789abcdef0"
    bench.sandbox.add_cache(system)
    given = {"FileSystemId": system, "FileSystemPath": "/data", "DataRepositoryPath": "s3://recorded-bucket"}
    made = bench.client("fsx").create_data_repository_association(**given)["Association"]
    same((made["DataRepositoryPath"], made["FileSystemPath"]), ("s3://recorded-bucket", "/data"))
    same(made["Lifecycle"], "CREATING")
    holds(re.fullmatch(r"dra-[0-9a-f]{17}", made["AssociationId"]), f"id {made['AssociationId']}")
    holds(made["ResourceARN"].endswith(f":association/{system}/{made['AssociationId']}"), made["ResourceARN"])


def x05(bench: Bench, _: Fact) -> None:
    """Over the wire: botocore shows the member of either spelling."""
    scope = f"{bench.sandbox.credentials().access_key}/20260101/{REGION}/fsx/aws4_request"
    headers = {
        "X-Amz-Target": "AWSSimbaAPIService_v20180301.DescribeFileSystems",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, x",
    }
    request = urllib.request.Request(bench.sandbox.url, b'{"FileSystemIds": ["fs-0123456789abcdef0"]}', headers)
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)
    except urllib.error.HTTPError as error:
        same(error.status, 400, "status")
        same(sorted(json.loads(error.read())), ["Message", "__type"], "members")
    else:
        raise AssertionError("it succeeded")


def x07(bench: Bench, _: Fact) -> None:
    for name, lifecycle in (("fs-0123456789abcdef0", "AVAILABLE"), ("fs-1123456789abcdef0", "DELETING")):
        bench.sandbox.add_cache(name, lifecycle=lifecycle)
    here, going = bench.client("fsx").describe_file_systems()["FileSystems"]
    same((going["Lifecycle"], sorted(going)), ("DELETING", sorted(here)))


FACTS = {name: check for name, check in globals().items() if re.fullmatch(r"[a-z]\d\d", name)}
