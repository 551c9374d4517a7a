"""What Athena asks for on the caller's behalf: the catalog, the metadata tables, and the place of the results.

Sources: Athena user guide, "Manage Lake Formation and Athena user permissions" and "Querying S3 Tables"; S3 user guide,
"Permissions for querying metadata tables"; Athena's messages as public threads show them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fcsse.arn import bucket_arn
from fcsse.sandbox.authorize import identity_refusal
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError, Call

_TABLE = re.compile(r'"s3tablescatalog/([^"]+)"\."([^"]+)"\."([^"]+)"')


def refuse_start(state: State, call: Call, caller: Caller) -> None:
    """Raise AwsError where Athena cannot look at the bucket of the results."""
    bucket = _results(call, caller)
    if identity_refusal(caller, "s3:GetBucketLocation", bucket_arn(state.partition, bucket)):
        raise AwsError("InvalidRequestException", f"Unable to verify/create output bucket {bucket}")


def failure(state: State, call: Call, caller: Caller) -> str | None:
    """Why the query fails for want of a permission, in Athena's words; None where it does not."""
    for action, resource in _reads(state, call, caller):
        refused = identity_refusal(caller, action, resource)
        if refused:
            return f"{refused} (Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException)"
    bucket = _results(call, caller)
    if identity_refusal(caller, "s3:PutObject", f"{bucket_arn(state.partition, bucket)}/result.csv"):
        return f"Access denied when writing output to url: s3://{bucket}/result.csv. Please ensure you are allowed to access the S3 bucket."
    return None


def refuse_results(state: State, call: Call, caller: Caller) -> None:
    """Raise AwsError where the caller may not read the results, which are objects in S3."""
    resource = f"{bucket_arn(state.partition, _results(call, caller))}/result.csv"
    refused = identity_refusal(caller, "s3:GetObject", resource)
    if refused:
        raise AwsError("AccessDeniedException", refused)


def _reads(state: State, call: Call, caller: Caller) -> Iterator[tuple[str, str]]:
    found = _TABLE.search(str(call.parameters.get("QueryString")))
    if found is None:
        return
    tables, namespace, table = found.groups()
    where = f"{call.region}:{caller.account}"
    glue, name = f"arn:{state.partition}:glue:{where}", f"s3tablescatalog/{tables}"
    yield "glue:GetCatalog", f"{glue}:catalog/{name}"
    yield "glue:GetDatabase", f"{glue}:database/{name}/{namespace}"
    yield "glue:GetTable", f"{glue}:table/{name}/{namespace}/{table}"
    yield "lakeformation:GetDataAccess", "*"
    arn = f"arn:{state.partition}:s3tables:{where}:bucket/{tables}/table/{namespace}"
    for action in ("GetTable", "GetTableMetadataLocation", "GetTableData"):
        yield f"s3tables:{action}", arn


def _results(call: Call, caller: Caller) -> str:
    """The bucket of the results: the one that the call names, or the one that Athena's console makes."""
    place = str((call.parameters.get("ResultConfiguration") or {}).get("OutputLocation") or "")
    return place.removeprefix("s3://").split("/", 1)[0] or f"aws-athena-query-results-{caller.account}-{call.region}"
