"""The question to an S3 Metadata inventory table, as SQL that Athena (Trino) and other engines understand. Pure.

Source: S3 user guide, "S3 Metadata inventory tables schema": ``encryption_status``, ``kms_key_arn``,
``is_bucket_key_enabled``, ``size``, ``last_modified_date``, ``is_delete_marker``, ``key``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Where an inventory table is."""

    catalog: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return ".".join(f'"{part.replace(chr(34), chr(34) * 2)}"' for part in (self.catalog, self.namespace, self.name))


def query(table: Table | str, prefix: str = "") -> tuple[str, tuple[str, ...]]:
    """The SQL and its parameters: one row for each way of encryption, the commonest first.

    ``starts_with`` rather than LIKE: a prefix may hold ``%`` and ``_``. The prefix is an execution parameter, so that no
    name can be taken for SQL.
    """
    where = "WHERE NOT coalesce(is_delete_marker, false)"
    parameters: tuple[str, ...] = ()
    if prefix:
        where += " AND starts_with(key, ?)"
        quoted = prefix.replace("'", "''")
        parameters = (f"'{quoted}'",)
    return (  # nothing in it but quoted identifiers from S3's own configuration
        "SELECT encryption_status, kms_key_arn, is_bucket_key_enabled, count(*) AS objects, sum(size) AS bytes, "  # noqa: S608
        "min(last_modified_date) AS oldest, max(last_modified_date) AS newest, min(key) AS example "
        f"FROM {table} {where} "
        "GROUP BY encryption_status, kms_key_arn, is_bucket_key_enabled ORDER BY objects DESC",
        parameters,
    )
