"""``--engine athena``: the table is found, the query is right by a real SQL engine, and every failure says what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from fcsse.aws.inventory import LONGEST_PARAMETER, query
from fcsse.sandbox.athena import queue_rows
from fcsse.sandbox.query_settings import MetadataConfiguration
from fcsse.sandbox.s3_metadata import set_metadata
from tests.census.conftest import Shell
from tests.census.inventory_rows import HEAD, NEW, TABLE, answer, expected, fill

OBJECTS = 200_000


@pytest.fixture(scope="module")
def inventory() -> Any:
    duckdb = pytest.importorskip("duckdb", reason="the SQL engine that proves the query is not installed")
    connection = duckdb.connect()
    assert fill(connection, OBJECTS) == OBJECTS + 2 * OBJECTS // 10 + OBJECTS // 100
    return connection


def kinds(rows: list[list[str | None]]) -> dict[tuple[str, str | None, bool], int]:
    return {(str(row[0]), row[1], row[2] == "true"): int(str(row[3])) for row in rows[1:]}


def test_the_query_counts_current_versions_and_leaves_out_what_is_deleted(inventory: Any) -> None:
    rows = answer(inventory, *query(TABLE))
    assert rows[0] == HEAD
    assert kinds(rows) == expected(OBJECTS)
    assert [int(str(row[3])) for row in rows[1:]] == sorted((int(str(row[3])) for row in rows[1:]), reverse=True)
    assert sum(int(str(row[4])) for row in rows[1:]) == 10 * sum(expected(OBJECTS).values())


def test_a_prefix_is_text_and_neither_pattern_nor_sql(inventory: Any) -> None:
    assert kinds(answer(inventory, *query(TABLE, "it's_50%/"))) == expected(OBJECTS, even_only=True)
    for prefix in ("it's_50_/", "%", "' OR 1=1 --", "its-50/x"):
        assert answer(inventory, *query(TABLE, prefix))[1:] == []
    long = "it's_50%/" + "0" * LONGEST_PARAMETER
    statement, parameters = query(TABLE, long)
    assert parameters == ()
    assert answer(inventory, statement, parameters)[1:] == []


def active(shell: Shell, bucket: str = "data", **given: Any) -> None:
    set_metadata(shell.sandbox.state, bucket, MetadataConfiguration(**given))


def test_the_answer_of_the_engine_reaches_the_user(shell: Shell, inventory: Any) -> None:
    active(shell)
    traits = shell.sandbox.state.athena
    traits.engine = lambda statement, parameters: answer(
        inventory, statement.replace('"s3tablescatalog/aws-s3"."b_data"."inventory"', TABLE), parameters
    )
    traits.polls, traits.scanned = 1, 123_456_789
    run = shell.census("data", "--engine", "athena", "--prefix", "it's_50%/", "--cache", "fc-0123")
    assert run.code == 3, run.err
    assert run.json["complete"] is True
    assert run.json["looked_at"] == sum(expected(OBJECTS, even_only=True).values())
    found = {(g["key"], g["context"]): g["objects"] for g in run.json["groups"]}
    assert found[NEW, "bucket"] == expected(OBJECTS, even_only=True)["SSE-KMS", NEW, True]
    assert run.json["groups"][0]["oldest"].startswith("2019-01-")
    assert "Athena scanned 123 MB" in run.json["notes"][0]
    ((statement, parameters),) = traits.statements
    assert '"s3tablescatalog/aws-s3"."b_data"."inventory"' in statement
    assert parameters == ("'it''s_50%/'",)


def test_the_objects_of_an_inventory_are_planned_for_without_listing_them(shell: Shell, inventory: Any) -> None:
    active(shell)
    shell.sandbox.state.athena.engine = lambda statement, parameters: answer(
        inventory, statement.replace('"s3tablescatalog/aws-s3"."b_data"."inventory"', TABLE), parameters
    )
    run = shell.census("data", "--engine", "athena", "--cache", "fc-0123", "--rekey", "--job-bucket", "jobs")
    plan = run.json["rekey"]
    movable = sum(number for (how, *_), number in expected(OBJECTS).items() if how in ("SSE-S3", "SSE-KMS"))
    assert sum(one["objects"] for one in plan["strays"] if one["in_place"]) == movable
    assert sum(one["objects"] for one in plan["strays"]) == sum(expected(OBJECTS).values())
    assert "sample" not in plan["caveats"]
    assert f"Cost: {movable:,} requests" in " ".join(plan["notes"])
    filters = plan["job"]["ManifestGenerator"]["S3JobManifestGenerator"]["Filter"]["MatchAnyObjectEncryption"]
    assert {"SSEKMS": {"KmsKeyArn": NEW, "BucketKeyEnabled": True}} in filters
    assert not [one for one in shell.sandbox.requests if one.operation in ("s3:ListObjectsV2", "s3:HeadObject")]


def test_results_that_moto_queues_are_told_and_options_reach_athena(shell: Shell) -> None:
    active(shell, "data-sse-s3", table_bucket="mine", namespace="ns", table="t")
    rows: list[list[str | None]] = [
        [*HEAD],
        ["SSE-S3", None, "false", "7", "70", "2020-01-01 00:00:00.000000", "2021-01-01 00:00:00.000000", "a"],
    ]
    queue_rows(shell.sandbox.state, shell.sandbox.account, shell.sandbox.region, rows)
    run = shell.run(
        "census",
        "--bucket",
        "data-sse-s3",
        "--engine",
        "athena",
        "--athena-output",
        "s3://data/out/",
        "--workgroup",
        "primary",
    )
    assert run.code == 0, run.err
    assert run.out.startswith("s3://data-sse-s3: 7 objects, all encrypted the same way, with no KMS key.\n")
    assert "2020-01-01 to 2021-01-01" in run.out
    assert '"s3tablescatalog/mine"."ns"."t"' in shell.sandbox.state.athena.statements[0][0]
    (entry,) = shell.sandbox.requests.of("athena:StartQueryExecution")
    assert entry.parameters["ResultConfiguration"] == {"OutputLocation": "s3://data/out/"}
    assert entry.parameters["WorkGroup"] == "primary"


def test_the_query_runs_in_the_region_of_the_bucket(shell: Shell) -> None:
    active(shell, "data-other-region")
    shell.sandbox.state.athena.engine = lambda *_: [HEAD]
    assert shell.census("data-other-region", "--engine", "athena").code == 0
    (entry,) = shell.sandbox.requests.of("athena:StartQueryExecution")
    assert entry.region == "us-east-1"


ROW = ["SSE-S3", None, "false", "7", "70", "2020-01-01 00:00:00.000000", "2021-01-01 00:00:00.000000", "a"]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [ROW],
        [HEAD[1:], ROW],
        [HEAD, ROW[:3]],
        [HEAD, [*ROW[:3], None, *ROW[4:]]],
        [HEAD, [*ROW[:3], "many", *ROW[4:]]],
    ],
)
def test_an_answer_of_another_shape_is_no_empty_bucket(shell: Shell, rows: list[list[str | None]]) -> None:
    active(shell)
    shell.sandbox.state.athena.engine = lambda *_: rows
    run = shell.census("data", "--engine", "athena")

    assert (run.code, run.json["error"]["code"]) == (1, "unexpected")
    assert "GetQueryResults" in run.json["error"]["message"]


@pytest.mark.parametrize(
    ("given", "says", "hint"),
    [
        (None, "has no S3 Metadata configuration", "create-bucket-metadata-configuration"),
        ({"inventory": None}, "inventory table is off", "update-bucket-metadata-inventory-table-configuration"),
        ({"inventory": None, "table_bucket": "mine"}, "of the first version", "delete-bucket-metadata-configuration"),
        ({"inventory": "CREATING"}, "it is CREATING", "wait until its status is ACTIVE"),
        ({"inventory": "BACKFILLING"}, "it is BACKFILLING", "wait until its status is ACTIVE"),
        (
            {"inventory": "FAILED", "error": ("AccessDeniedCreatingResources", "No.")},
            "AccessDeniedCreatingResources: No.",
            "",
        ),
    ],
)
def test_a_table_that_cannot_answer_is_told_with_what_to_do(
    shell: Shell, given: dict[str, Any] | None, says: str, hint: str
) -> None:
    if given is not None:
        active(shell, **given)
    run = shell.census("data", "--engine", "athena")
    assert (run.code, run.json["error"]["code"]) == (4, "impossible")
    assert says in run.json["error"]["message"]
    assert hint in run.json["error"]["hint"]
    assert "--engine" in run.json["error"]["hint"]
    assert not list(shell.sandbox.requests.of("athena:StartQueryExecution"))


def test_failed_queries_and_a_missing_place_for_results_say_what_to_do(shell: Shell) -> None:
    active(shell)
    traits = shell.sandbox.state.athena
    traits.failure = "Catalog 's3tablescatalog/aws-s3' does not exist"
    run = shell.census("data", "--engine", "athena")
    assert run.code == 1
    assert "the query failed: Catalog" in run.json["error"]["message"]
    assert "integrated with AWS analytics services" in run.json["error"]["hint"]
    assert traits.stopped == []
    traits.located = False
    run = shell.census("data", "--engine", "athena")
    assert (run.code, "--athena-output" in run.json["error"]["hint"]) == (1, True)
    traits.located = True
    run = shell.census("data", "--engine", "athena", "--workgroup", "nobodys")
    assert (run.code, "list-work-groups" in run.json["error"]["hint"]) == (1, True), run.out
    shell.sandbox.fault("athena:StartQueryExecution", "InvalidRequestException")
    hint = shell.census("data", "--engine", "athena").json["error"]["hint"]
    assert "table buckets" not in hint.lower(), "the table's own name is no reason"


def test_ctrl_c_cancels_the_query(shell: Shell) -> None:
    active(shell)
    traits = shell.sandbox.state.athena
    traits.polls = 10_000
    words = [sys.executable, "-m", "fcsse", "census", "--bucket", "data", "--engine", "athena"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FCSSE_"))}
    process = subprocess.Popen(
        words, env={**inherited, **shell.sandbox.env()}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 20
    while not list(shell.sandbox.requests.of("athena:GetQueryExecution")) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert len(traits.stopped) == 1
    assert "was cancelled" in err
