"""The S3 Metadata inventory table of a bucket, asked through Athena.

Source: S3 user guide, "S3 Metadata inventory tables schema" and "Querying metadata tables"; Athena API reference.
"""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.arn import Arn
from fcsse.aws.checked_call import call as ask
from fcsse.aws.checked_call import pages, rejected
from fcsse.aws.errors import error_code, translated
from fcsse.aws.inventory import COLUMNS, query
from fcsse.aws.named_call import Call
from fcsse.clock import Clock, pauses
from fcsse.encryption_algorithms import algorithm_in_inventory
from fcsse.errors import DeniedError, FcsseError, ImpossibleError, UnexpectedError
from fcsse.objects import Group, InventoryTable, ObjectEncryption
from fcsse.progress import Progress

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_s3 import S3Client


AWS_CATALOG = "s3tablescatalog/aws-s3"
LONGEST = 1800.0
"""Seconds that a query may take before it is cancelled."""

INSTEAD = "or leave --engine out to take a sample, or say --all."


def find_table(s3: S3Client, bucket: str) -> InventoryTable:
    """The bucket's inventory table. Raises ``ImpossibleError`` where it is off, failed, or still being filled.

    Source: S3 API reference, GetBucketMetadataConfiguration, DestinationResult, DeleteBucketMetadataConfiguration; S3 user guide, "How metadata tables work": an AWS managed
    table bucket ``aws-s3`` for each Region, a namespace ``b_<bucket>`` with dots as underscores, a table ``inventory``.
    """
    doing = f"finding the S3 Metadata inventory table of bucket {bucket}"
    with translated(Call("s3:GetBucketMetadataTableConfiguration", f"bucket {bucket}", doing)):
        try:
            answer = ask(s3, "GetBucketMetadataConfiguration", Bucket=bucket)
        except ClientError as error:
            if error_code(error) in ("MetadataConfigurationNotFound", "NoSuchConfiguration"):
                raise ImpossibleError(
                    f"{doing}: the bucket has no S3 Metadata configuration",
                    f"Make one: {_create(bucket)} Then S3 fills it in. Or {INSTEAD[3:]}",
                ) from error
            raise
    result = answer.get("GetBucketMetadataConfigurationResult", {}).get("MetadataConfigurationResult", {})
    inventory = result.get("InventoryTableConfigurationResult") or {}
    place = result.get("DestinationResult") or {}
    if inventory.get("ConfigurationState") != "ENABLED":
        raise _off(doing, bucket, first_version=place.get("TableBucketType") == "customer")
    _require_active(doing, inventory)
    arn = str(place.get("TableBucketArn", ""))
    found = Arn.parse(arn)
    table_bucket = arn.rsplit("/", 1)[-1]
    return InventoryTable(
        f"s3tablescatalog/{table_bucket}" if table_bucket else AWS_CATALOG,
        place.get("TableNamespace") or f"b_{bucket.replace('.', '_')}",
        inventory.get("TableName") or "inventory",
        found.region or None if found else None,
    )


def _off(doing: str, bucket: str, *, first_version: bool) -> ImpossibleError:
    if first_version:
        return ImpossibleError(
            f"{doing}: the bucket's S3 Metadata configuration is of the first version, which has no inventory table",
            f"Make it anew: aws s3api delete-bucket-metadata-configuration --bucket {bucket} && {_create(bucket)} Then S3 "
            f"fills it in. Or {INSTEAD[3:]}",
        )
    return ImpossibleError(
        f"{doing}: the bucket's inventory table is off",
        "Turn it on: aws s3api update-bucket-metadata-inventory-table-configuration --bucket "
        f"{bucket} --inventory-table-configuration ConfigurationState=ENABLED (S3 charges for filling it in), {INSTEAD}",
    )


def _create(bucket: str) -> str:
    given = (
        '{"JournalTableConfiguration":{"RecordExpiration":{"Expiration":"ENABLED","Days":7}},'
        '"InventoryTableConfiguration":{"ConfigurationState":"ENABLED"}}'
    )
    words = ["aws", "s3api", "create-bucket-metadata-configuration", "--bucket", bucket, "--metadata-configuration"]
    return shlex.join([*words, given])


def _require_active(doing: str, inventory: dict[str, Any]) -> None:
    match inventory.get("TableStatus"):
        case "ACTIVE":
            return
        case "CREATING" | "BACKFILLING" as status:
            raise ImpossibleError(
                f"{doing}: it is {status}, so it does not hold all objects yet",
                f"Filling it in takes from 15 minutes to hours: wait until its status is ACTIVE, {INSTEAD}",
            )
        case status:
            error = inventory.get("Error") or {}
            told = ": ".join(str(error[name]) for name in ("ErrorCode", "ErrorMessage") if error.get(name))
            raise ImpossibleError(
                f"{doing}: its status is {status}{f' ({told})' if told else ''}",
                f"Delete the bucket's metadata configuration and make it anew, {INSTEAD}",
            )


def count(
    athena: AthenaClient,
    table: InventoryTable,
    prefix: str,
    clock: Clock,
    progress: Progress,
    workgroup: str | None = None,
    output: str | None = None,
) -> tuple[tuple[Group, ...], int]:
    """The groups of all objects, and the bytes that Athena scanned. Cancels the query when interrupted.

    Raises ``DeniedError``, and ``UnexpectedError`` for a query that failed or took too long. Source: Athena API reference,
    StartQueryExecution, GetQueryExecution, GetQueryResults, StopQueryExecution.
    """
    doing = f"counting objects in {table}"
    extra: dict[str, Any] = {}
    if workgroup:
        extra["WorkGroup"] = workgroup
    if output:
        extra["ResultConfiguration"] = {"OutputLocation": output}
    sql, parameters = query(table, prefix)
    if parameters:
        extra["ExecutionParameters"] = list(parameters)
    try:
        with translated(Call("athena:StartQueryExecution", f"workgroup {workgroup or 'primary'}", doing)):
            query_id = ask(athena, "StartQueryExecution", QueryString=sql, **extra)["QueryExecutionId"]
    except UnexpectedError as error:
        raise _denial(error.message, doing) or UnexpectedError(
            error.message, _hint(error.message.removeprefix(doing))
        ) from error
    try:
        scanned = _await(athena, query_id, clock, progress, doing)
    except BaseException as error:
        if not isinstance(error, _EndedError | _EndedDeniedError):
            _stop(athena, query_id, progress)
        raise
    return _results(athena, query_id, doing), scanned


class _EndedError(UnexpectedError):
    """The query has ended by itself: there is nothing left to cancel."""


class _EndedDeniedError(DeniedError):
    """The query has ended by itself, since the caller lacks a permission that Athena needs for it."""

    names_all_permissions = True


_ACTION = re.compile(r"not authorized to perform: (\w+:\w+)(?: on resource: (\S+))?")


def _denial(said: str, doing: str) -> DeniedError | None:
    """The error for a query that ended for want of a permission; None where Athena names none."""
    if (found := _ACTION.search(said)) is not None:
        action, resource = found[1], (found[2] or "").rstrip(".,;")
    elif "unable to verify/create output bucket" in said.lower():
        action, resource = "s3:GetBucketLocation", "the bucket of the results"
    elif "access denied when writing" in said.lower():
        action, resource = "s3:PutObject", "the place of the results"
    else:
        return None
    on = f" on {resource}" if resource else ""
    return _EndedDeniedError(
        f"{doing}: Athena may not call {action}{on} for the caller",
        f"Allow {action}{on} in the caller's IAM policy; fcsse permissions census --engine athena prints all it needs.",
        action=action,
        resource=resource,
    ).quoting(said)


def _stop(athena: AthenaClient, query_id: str, progress: Progress) -> None:
    try:
        with translated(Call("athena:StopQueryExecution", f"query {query_id}", f"cancelling query {query_id}")):
            ask(athena, "StopQueryExecution", QueryExecutionId=query_id)
    except FcsseError as error:
        progress.note(f"Athena may go on with it: {error.message}.")
    else:
        progress.note(f"Athena's query {query_id} was cancelled.")


def _await(athena: AthenaClient, query_id: str, clock: Clock, progress: Progress, doing: str) -> int:
    start = clock.monotonic()
    waits = pauses(clock, LONGEST, first=0.5, most=5.0)
    while True:
        with translated(Call("athena:GetQueryExecution", f"query {query_id}", doing)):
            execution = ask(athena, "GetQueryExecution", QueryExecutionId=query_id)["QueryExecution"]
        status = execution.get("Status", {})
        scanned: int = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
        match status.get("State"):
            case "SUCCEEDED":
                return scanned
            case "FAILED" | "CANCELLED" as state:
                said = " ".join(status.get("StateChangeReason", "no reason was given").split())
                if (denied := _denial(said, doing)) is not None:
                    raise denied
                raise _EndedError(f"{doing}: the query {state.lower()}: {said}", _hint(said))
            case state:
                seconds = clock.monotonic() - start
                progress.step(f"Athena: query {str(state).lower()}, {seconds:.0f} s, {scanned:,} bytes scanned")
        if next(waits, None) is None:
            raise UnexpectedError(
                f"{doing}: Athena did not finish within {LONGEST / 60:.0f} minutes", "Narrow it with --prefix."
            )


def _hint(said: str) -> str:
    """What to do about a failed query, by Athena's own words."""
    lower = said.lower()
    if "output" in lower and "location" in lower:
        return "Name a place for results with --athena-output s3://bucket/prefix/, or a workgroup with --workgroup."
    if "workgroup" in lower:
        return "Name a workgroup of the bucket's Region with --workgroup: aws athena list-work-groups shows them."
    if any(word in lower for word in ("catalog", "schema", "does not exist", "not found")):
        return (
            "Table buckets must be integrated with AWS analytics services in this Region (S3 console, Table buckets, Enable "
            "integration), and you need SELECT on the table where Lake Formation guards it."
        )
    return "See the query in Athena's history; fcsse permissions census --engine athena prints what it needs."


def _results(athena: AthenaClient, query_id: str, doing: str) -> tuple[Group, ...]:
    """The rows of the answer, the first of which has the columns' names. Raises ``RejectedAnswerError`` for another answer:
    without its rows, a bucket seems to be empty.

    Source: Athena API reference, GetQueryResults.
    """
    rows: list[list[str | None]] = []
    with translated(Call("athena:GetQueryResults", f"query {query_id}", doing)):
        for page in pages(athena, "GetQueryResults", QueryExecutionId=query_id):
            rows += [[cell.get("VarCharValue") for cell in row.get("Data", ())] for row in page["ResultSet"]["Rows"]]
        if not rows or rows[0] != list(COLUMNS):
            raise rejected(athena, "GetQueryResults", "does not begin with the names of the columns")
        if not all(map(_is_group, rows[1:])):
            raise rejected(athena, "GetQueryResults", "holds a row that counts no objects")
    return tuple(_group(row) for row in rows[1:])


def _is_group(row: list[str | None]) -> bool:
    counted = dict(zip(COLUMNS, row, strict=False))
    numbers = [counted.get("objects") or "", counted.get("bytes") or "0"]  # no object of the group may have a size
    return len(row) == len(COLUMNS) and all(re.fullmatch("[0-9]+", one, re.ASCII) for one in numbers)


def _group(row: list[str | None]) -> Group:
    status, key, bucket_key, objects, size, oldest, newest, example = row
    algorithm = algorithm_in_inventory(status or "")
    sealed = ObjectEncryption(algorithm.code, key or None, (bucket_key or "").lower() == "true")
    return Group(sealed, int(objects or 0), int(size or 0), example or "", _time(oldest), _time(newest))


def _time(text: str | None) -> datetime | None:
    """Athena writes ``2026-11-23 20:13:01.000000`` (UTC), with or without a zone's name."""
    try:
        return datetime.fromisoformat((text or "").removesuffix(" UTC").strip()).replace(tzinfo=UTC)
    except ValueError:
        return None
