"""The S3 Metadata inventory table of a bucket, asked through Athena.

Source: S3 user guide, "S3 Metadata inventory tables schema" and "Querying metadata tables"; Athena API reference.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.aws.faults import Call, error_code, translated
from fcsse.census.inventory import Table, query
from fcsse.census.tally import Group, Sealed
from fcsse.clock import pauses
from fcsse.errors import ImpossibleError, UnexpectedError

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_s3 import S3Client

    from fcsse.clock import Clock
    from fcsse.progress import Progress

AWS_CATALOG = "s3tablescatalog/aws-s3"
LONGEST = 1800.0
"""Seconds that a query may take before it is cancelled."""

TURN_ON = (
    "Turn it on (aws s3api create-bucket-metadata-configuration with an inventory table, which S3 then fills in), or leave "
    "--engine out to take a sample."
)


def find_table(s3: S3Client, bucket: str) -> Table:
    """The bucket's inventory table. Raises ``ImpossibleError`` where it is off, failed, or still being filled."""
    doing = f"finding the S3 Metadata inventory table of bucket {bucket}"
    with translated(Call("s3:GetBucketMetadataTableConfiguration", f"bucket {bucket}", doing)):
        try:
            answer: dict[str, Any] = dict(s3.get_bucket_metadata_configuration(Bucket=bucket))
        except ClientError as error:
            if error_code(error) in ("MetadataConfigurationNotFound", "NoSuchConfiguration", "404"):
                raise ImpossibleError(f"{doing}: the bucket has no S3 Metadata configuration", TURN_ON) from error
            raise
    result = answer.get("GetBucketMetadataConfigurationResult", answer).get("MetadataConfigurationResult", {})
    inventory = result.get("InventoryTableConfigurationResult") or {}
    if inventory.get("ConfigurationState") != "ENABLED":
        message = f"{doing}: its inventory table is off"
        raise ImpossibleError(message, TURN_ON)
    status = inventory.get("TableStatus")
    if status != "ACTIVE":
        why = (inventory.get("Error") or {}).get("ErrorMessage", "")
        raise ImpossibleError(
            f"{doing}: its status is {status}{f' ({why})' if why else ''}, so its answers would not be complete",
            "Wait until S3 has filled it in, or leave --engine out to take a sample."
            if status in ("CREATING", "BACKFILLING")
            else TURN_ON,
        )
    place = result.get("DestinationResult") or {}
    bucket_name = str(place.get("TableBucketArn", "")).rsplit("/", 1)[-1]
    catalog = f"s3tablescatalog/{bucket_name}" if bucket_name else AWS_CATALOG
    namespace = place.get("TableNamespace") or f"b_{bucket.replace('.', '_')}"
    return Table(catalog, namespace, inventory.get("TableName") or "inventory")


def count(
    athena: AthenaClient,
    table: Table,
    prefix: str,
    clock: Clock,
    progress: Progress,
    workgroup: str | None = None,
    output: str | None = None,
) -> tuple[tuple[Group, ...], int]:
    """The groups of all objects, and the bytes that Athena scanned. Cancels the query when interrupted."""
    doing = f"counting the objects in {table}"
    extra: dict[str, Any] = {}
    if workgroup:
        extra["WorkGroup"] = workgroup
    if output:
        extra["ResultConfiguration"] = {"OutputLocation": output}
    sql, parameters = query(table, prefix)
    if parameters:
        extra["ExecutionParameters"] = list(parameters)
    with translated(Call("athena:StartQueryExecution", f"workgroup {workgroup or 'primary'}", doing)):
        query_id = athena.start_query_execution(QueryString=sql, **extra)["QueryExecutionId"]
    try:
        scanned = _await(athena, query_id, clock, progress, doing)
    except BaseException:
        with translated(Call("athena:StopQueryExecution", f"query {query_id}", f"cancelling query {query_id}")):
            athena.stop_query_execution(QueryExecutionId=query_id)
        raise
    return _results(athena, query_id, doing), scanned


def _await(athena: AthenaClient, query_id: str, clock: Clock, progress: Progress, doing: str) -> int:
    start = clock.monotonic()
    waits = pauses(clock, LONGEST, first=0.5, most=5.0)
    while True:
        with translated(Call("athena:GetQueryExecution", f"query {query_id}", doing)):
            execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        status = execution.get("Status", {})
        scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
        match status.get("State"):
            case "SUCCEEDED":
                return scanned
            case "FAILED" | "CANCELLED" as state:
                raise UnexpectedError(
                    f"{doing}: Athena {state.lower()} the query: {status.get('StateChangeReason', 'no reason given')}",
                    "Check --workgroup and --athena-output, and that the table bucket is integrated with AWS analytics services.",
                )
            case state:
                progress.step(
                    f"Athena: {str(state).lower()} for {clock.monotonic() - start:.0f} s, {scanned:,} bytes scanned"
                )
        if next(waits, None) is None:
            raise UnexpectedError(
                f"{doing}: Athena did not finish within {LONGEST / 60:.0f} minutes", "Narrow it with --prefix."
            )


def _results(athena: AthenaClient, query_id: str, doing: str) -> tuple[Group, ...]:
    rows: list[list[str | None]] = []
    with translated(Call("athena:GetQueryResults", f"query {query_id}", doing)):
        for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
            rows += [[cell.get("VarCharValue") for cell in row.get("Data", ())] for row in page["ResultSet"]["Rows"]]
    return tuple(_group(row) for row in rows[1:])


def _group(row: list[str | None]) -> Group:
    status, key, bucket_key, objects, size, oldest, newest, example = [*row, *[None] * 8][:8]
    names = {"SSE-S3": "AES256", "SSE-KMS": "aws:kms", "DSSE-KMS": "aws:kms:dsse", "NONE": "none", "": "none"}
    sealed = Sealed(names.get(status or "", status or "none"), key or None, (bucket_key or "").lower() == "true")
    return Group(sealed, int(objects or 0), int(size or 0), example or "", _time(oldest), _time(newest))


def _time(text: str | None) -> datetime | None:
    """Athena writes ``2026-11-23 20:13:01.000000`` (UTC), with or without a zone's name."""
    try:
        return datetime.fromisoformat((text or "").removesuffix(" UTC").strip()).replace(tzinfo=UTC)
    except ValueError:
        return None
