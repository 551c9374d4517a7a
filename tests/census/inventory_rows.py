"""Inventory tables as S3 Metadata makes them, generated inside DuckDB, with counts that are known beforehand.

Every object number ``i`` below the number asked for: three of four in SSE-KMS (of those every fifth with Bucket Keys), the
rest in SSE-S3; every tenth has two older versions under another key; every hundredth ends in a delete marker.
"""

from __future__ import annotations

from typing import Any

NEW = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-1111-1111-111111111111"
OLD = "arn:aws:kms:eu-west-1:111122223333:key/22222222-2222-2222-2222-222222222222"
TABLE = "inventory"
HEAD = ["encryption_status", "kms_key_arn", "is_bucket_key_enabled", "objects", "bytes", "oldest", "newest", "example"]
"""The first row of Athena's answer."""


def fill(connection: Any, objects: int) -> int:
    """Makes the table; the number of its rows."""
    connection.execute(
        f"""CREATE TABLE {TABLE} AS
        SELECT 'data' AS bucket, name AS key, printf('%016x%04d', i, version) AS sequence_number,
            printf('v%d', version) AS version_id, marker AS is_delete_marker,
            CASE WHEN marker THEN NULL ELSE 10 END::BIGINT AS size,
            TIMESTAMP '2019-01-01' + to_minutes(i % 100000) + to_days(version) AS last_modified_date,
            CASE WHEN marker THEN NULL WHEN version < 2 THEN 'SSE-KMS' WHEN i % 4 = 3 THEN 'SSE-S3'
                ELSE 'SSE-KMS' END AS encryption_status,
            CASE WHEN marker THEN NULL WHEN version = 2 THEN i % 5 = 0 AND i % 4 <> 3 ELSE false END
                AS is_bucket_key_enabled,
            CASE WHEN marker THEN NULL WHEN version < 2 THEN '{OLD}' WHEN i % 4 = 3 THEN NULL ELSE '{NEW}' END
                AS kms_key_arn
        FROM (
            SELECT i, version, version = 3 AS marker,
                CASE WHEN i % 2 = 0 THEN printf('it''s_50%%/%09d', i) ELSE printf('its-50/%09d', i) END AS name
            FROM range({objects}) AS numbers(i), range(4) AS versions(version)
            WHERE version = 2 OR (version < 2 AND i % 10 = 0) OR (version = 3 AND i % 100 = 0)
        )"""
    )
    return int(connection.execute(f"SELECT count(*) FROM {TABLE}").fetchone()[0])


def expected(objects: int, *, even_only: bool = False) -> dict[tuple[str, str | None, bool], int]:
    """How many objects there are of each kind, counted another way."""
    found: dict[tuple[str, str | None, bool], int] = {}
    for residue in range(100):
        number = len(range(residue, objects, 100))
        if residue == 0 or (even_only and residue % 2):
            continue
        plain = residue % 4 == 3
        kind = ("SSE-S3", None, False) if plain else ("SSE-KMS", NEW, residue % 5 == 0)
        found[kind] = found.get(kind, 0) + number
    return {kind: number for kind, number in found.items() if number}


def answer(connection: Any, statement: str, parameters: Any) -> list[list[str | None]]:
    """What Athena would answer: text in every cell, the columns' names first. Parameters are SQL, as Athena's are."""
    for parameter in parameters:
        statement = statement.replace("?", str(parameter), 1)
    found = connection.execute(statement)
    columns: list[str | None] = [column[0] for column in found.description]
    return [columns, *([_text(cell) for cell in row] for row in found.fetchall())]


def _text(cell: object) -> str | None:
    return None if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)
