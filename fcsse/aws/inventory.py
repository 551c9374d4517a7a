"""The question to an S3 Metadata inventory table, as SQL that Athena (Trino) and other engines understand. Pure.

Source: S3 user guide, "S3 Metadata live inventory tables schema": a row for each object and each of its versions, with
``key``, ``sequence_number``, ``is_delete_marker``, ``size``, ``last_modified_date``, ``encryption_status``,
``kms_key_arn``, ``is_bucket_key_enabled``. Of the rows of one key, the lexicographically largest ``sequence_number`` came
last.
"""

from __future__ import annotations

from fcsse.objects import InventoryTable

LONGEST_PARAMETER = 1024
"""Characters of an execution parameter at the most. Source: Athena API reference, StartQueryExecution."""

COLUMNS = (
    "encryption_status",
    "kms_key_arn",
    "is_bucket_key_enabled",
    "objects",
    "bytes",
    "oldest",
    "newest",
    "example",
)
"""The columns of the answer."""


def query(table: InventoryTable | str, prefix: str = "") -> tuple[str, tuple[str, ...]]:
    """The SQL and its parameters: one row for each way of encryption, the commonest first.

    Only current versions count, since a cache reads no others: rows are ranked before delete markers are left out, so
    that a deleted object's last version does not count as current. ``starts_with`` rather than LIKE: a prefix may hold
    ``%`` and ``_``. The prefix is an execution parameter; those are SQL themselves, text in single quotes (source:
    Athena user guide, "Use parameterized queries"). One that is too long for that goes into the statement.
    """
    where: str = ""
    parameters: tuple[str, ...] = ()
    if prefix:
        literal = "'" + prefix.replace("'", "''") + "'"
        fits = len(literal) <= LONGEST_PARAMETER
        where = f"WHERE starts_with(key, {'?' if fits else literal}) "
        parameters = (literal,) if fits else ()
    return (  # nothing in it but quoted identifiers from S3's own configuration, and a quoted literal
        "SELECT encryption_status, kms_key_arn, is_bucket_key_enabled, count(*) AS objects, sum(size) AS bytes, "  # noqa: S608
        "min(last_modified_date) AS oldest, max(last_modified_date) AS newest, min(key) AS example "
        "FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY sequence_number DESC) AS age "
        "FROM (SELECT key, sequence_number, is_delete_marker, size, last_modified_date, encryption_status, kms_key_arn, "
        f"is_bucket_key_enabled FROM {table} {where}) AS versions) AS ranked "
        "WHERE age = 1 AND NOT coalesce(is_delete_marker, false) "
        "GROUP BY encryption_status, kms_key_arn, is_bucket_key_enabled ORDER BY objects DESC, example",
        parameters,
    )
