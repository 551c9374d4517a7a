"""An endpoint other than AWS's own is shown, wherever it was set, without its user info; AWS's own is not."""

from __future__ import annotations

from pathlib import Path

import boto3
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fcsse
from fcsse.aws.make_clients import clients_of_boto3, clients_of_botocore, clients_of_role
from fcsse.aws.sessions import Role, RoleKeys
from fcsse.endpoint import AWS_SUFFIXES, Endpoint, endpoints_text, is_default
from tests.cli.shell import Run, Shell

PAIR = ("--cache", "fc-0123", "--bucket", "data")
COMMANDS = [("link", *PAIR, "--dry-run"), ("check", *PAIR), ("audit",), ("audit", "--fix", "--dry-run")]
USER = "alice:hunter2hunter2"


def run_with(shell: Shell, place: str, url: str, tmp_path: Path, *words: str) -> Run:
    """Runs a command with the endpoint set in one of the places there are, and nowhere else."""
    config = tmp_path / "config"
    without, env = ("AWS_ENDPOINT_URL",), {"AWS_CONFIG_FILE": str(config)}
    services = ("athena", "fsx", "iam", "kms", "s3", "sts")
    if place == "--endpoint-url":
        return shell.run(*words, "--endpoint-url", url, without=without)
    if place == "FCSSE_ENDPOINT_URL":
        return shell.run(*words, without=without, FCSSE_ENDPOINT_URL=url)
    if place == "AWS_ENDPOINT_URL":
        return shell.run(*words, AWS_ENDPOINT_URL=url)
    if place == "AWS_ENDPOINT_URL_SERVICE":
        return shell.run(*words, without=without, env={f"AWS_ENDPOINT_URL_{one.upper()}": url for one in services})
    if place == "profile":
        config.write_text(f"[default]\nendpoint_url = {url}\n", encoding="utf-8")
    else:
        sections = "".join(f"{one} =\n  endpoint_url = {url}\n" for one in services)
        config.write_text(f"[default]\nservices = local\n[services local]\n{sections}", encoding="utf-8")
    return shell.run(*words, without=without, env=env)


PLACES = ["--endpoint-url", "FCSSE_ENDPOINT_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SERVICE", "profile", "services"]


@pytest.mark.one_in(3)
@pytest.mark.combinations("place", "words")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_in_every_form(shell: Shell, tmp_path: Path, place: str, words: tuple[str, ...]) -> None:
    url = shell.sandbox.url
    given_url = url.replace("://", f"://{USER}@")
    shown = url.replace("://", "://[hidden]@")
    text = run_with(shell, place, given_url, tmp_path, *words)
    assert text.code in (0, 3), text.words
    [row] = [row for row in text.out.splitlines() if row.startswith("Endpoint")]
    assert row.split(maxsplit=1)[1] == shown
    document = run_with(shell, place, given_url, tmp_path, *words, "-o", "json").json
    assert {one["url"] for one in document["endpoints"]} == {shown}
    assert {"iam", "kms", "s3"} <= {one["service"] for one in document["endpoints"]}
    markdown = run_with(shell, place, given_url, tmp_path, *words, "-o", "markdown")
    escaped = shown.replace("[", "\\[").replace("]", "\\]").replace("@", "@<!-- -->")
    assert f"Endpoint: {escaped}\n" in markdown.out
    assert "hunter2" not in text.words + str(document) + markdown.words


@pytest.mark.parametrize("words", COMMANDS[:3], ids=" ".join)
def test_without_its_query(shell: Shell, words: tuple[str, ...]) -> None:
    """A gateway's key may stand there under any name."""
    run = shell.run(*words, "--endpoint-url", f"{shell.sandbox.url}/?any=tulip-4711", AWS_MAX_ATTEMPTS="1")
    assert f"{shell.sandbox.url}/?[hidden]" in run.words
    assert "tulip" not in run.words


@pytest.mark.parametrize(
    ("words", "services"),
    [
        (("history", *PAIR[2:]), {"cloudtrail", "s3"}),
        (("census", *PAIR[2:]), {"s3", "kms"}),
        (("settle", *PAIR[2:]), {"kms"}),
    ],
    ids=["history", "census", "settle"],
)
def test_by_commands_that_only_read(shell: Shell, words: tuple[str, ...], services: set[str]) -> None:
    shell.sandbox.switches.lookups_per_second = 0  # two a second in the real time that nothing here waits for
    url = shell.sandbox.url
    text = shell.run(*words)
    assert f"Endpoint    {url}\n" in text.out, text.words
    document = shell.run(*words, "-o", "json").json
    assert {one["url"] for one in document["endpoints"]} == {url}
    assert services <= {one["service"] for one in document["endpoints"]}
    assert f"\nEndpoint: {url}\n" in shell.run(*words, "-o", "markdown").out


def test_those_at_which_only_another_account_s_role_was_used(shell: Shell, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts"
    accounts.write_text(f"{shell.sandbox.other_account}\n", encoding="utf-8")
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    shell.sandbox.add_role("Audit", account=shell.sandbox.other_account, trust=shell.sandbox.account, policy=everything)
    words = ("audit", "--accounts", str(accounts), "--role-name", "Audit", "-o", "json")
    run = run_with(shell, "AWS_ENDPOINT_URL_SERVICE", shell.sandbox.url, tmp_path, *words)
    assert {"fsx", "sts"} <= {one["service"] for one in run.json["endpoints"]}


def test_one_service_alone_is_named(shell: Shell) -> None:
    other = shell.sandbox.url.replace("127.0.0.1", "localhost")
    run = shell.link("fc-0123", "data", "--dry-run", AWS_ENDPOINT_URL_KMS=other)
    assert run.code == 0, run.words
    [row] = [row for row in run.out.splitlines() if row.startswith("Endpoint")]
    assert f"kms {other}" in row
    assert f"s3 {shell.sandbox.url}" in row


def test_restore_and_the_python_api(shell: Shell, tmp_path: Path) -> None:
    shell.linked("fc-0123", "data")
    run = shell.run("restore", shell.backups[0]["id"], "--dry-run")
    assert f"Endpoint    {shell.sandbox.url}\n" in run.out
    document = shell.run("restore", shell.backups[0]["id"], "--dry-run", "-o", "json").json
    assert document["endpoints"] == [{"service": "kms", "url": shell.sandbox.url}]
    who = shell.sandbox.credentials()
    session = boto3.Session(who.access_key, who.secret, region_name=shell.sandbox.region)
    settings = fcsse.Settings(session, endpoint_url=shell.sandbox.url, backup_dir=tmp_path)
    assert Endpoint("kms", shell.sandbox.url) in fcsse.plan("fc-0456", "data", settings=settings).plan.endpoints


def test_the_question_and_the_digest(shell: Shell) -> None:
    """Where AWS is asked is a part of the digest: what was reviewed at one endpoint is not applied at another."""
    first = shell.link("fc-0123", "data", "--dry-run")
    elsewhere = {"AWS_ENDPOINT_URL": shell.sandbox.url.replace("127.0.0.1", "localhost")}
    other = shell.link("fc-0123", "data", "--dry-run", **elsewhere)
    assert other.code == 0, other.words
    assert first.digest != other.digest
    before = shell.sandbox.policy_text("data")
    assert shell.link("fc-0123", "data", "--expect", first.digest, **elsewhere).code == 7
    assert shell.sandbox.policy_text("data") == before
    assert shell.link("fc-0123", "data", "--expect", other.digest, **elsewhere).code == 0


@pytest.mark.parametrize("make", ["boto3", "botocore"])
def test_aws_s_own_endpoints_are_not_shown(monkeypatch: pytest.MonkeyPatch, make: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    regions = [
        "eu-west-1",
        "us-east-1",
        "cn-north-1",
        "us-gov-west-1",
        "eusc-de-east-1",
        "us-iso-east-1",
        "us-isob-east-1",
    ]
    for region in regions:
        clients = (
            clients_of_boto3(boto3.Session(), region)
            if make == "boto3"
            else clients_of_botocore(botocore.session.Session(), region)
        )
        for service in ("iam", "kms", "s3", "sts", "fsx", "athena"):
            clients(service)
        assert clients.endpoints == {}, region


def test_what_a_profile_sets_is_shown_for_a_role_that_it_assumes_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config, url = tmp_path / "config", "https://abc123.execute-api.eu-west-1.amazonaws.com"
    config.write_text(
        f"[default]\nservices = local\n[services local]\nkms =\n  endpoint_url = {url}\n", encoding="utf-8"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setattr(Role, "keys", lambda _: RoleKeys("ASIAIOSFODNN7EXAMPLE", "x", "y"))
    source = clients_of_botocore(botocore.session.Session(), "eu-west-1")
    clients = clients_of_role(source, "arn:aws:iam::444455556666:role/BucketReader")
    clients("kms")
    assert clients.endpoints == {"kms": Endpoint("kms", url)}


def test_settings_that_are_ignored_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_ENDPOINT_URL", "http://localhost:1"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
    ):
        monkeypatch.setenv(name, value)
    clients = clients_of_botocore(botocore.session.Session(), "eu-west-1")
    clients("kms")
    assert clients.endpoints == {}


@pytest.mark.parametrize(
    "url",
    [
        "https://vpce-0123-abcd.kms.eu-west-1.vpce.amazonaws.com",
        "https://kms.eu-west-1.amazonaws.com.evil.example",
        "https://evilamazonaws.com",
        "http://localhost:4566",
        "https://amazonaws.com@evil.example",
        "http://169.254.169.254",
    ],
)
def test_what_only_looks_like_aws_is_not(url: str) -> None:
    assert not is_default(url, ())


@given(st.sampled_from(AWS_SUFFIXES), st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True))
def test_what_is_configured_is_shown_even_where_it_is_aws(suffix: str, name: str) -> None:
    url = f"https://{name}.{suffix}"
    assert is_default(url, ())
    assert not is_default(url, (f"{url}/",))


def test_one_line_names_services_only_where_they_differ() -> None:
    one, two = Endpoint("kms", "http://a"), Endpoint("s3", "http://b")
    assert endpoints_text(()) == ""
    assert endpoints_text((one, Endpoint("s3", "http://a"))) == "http://a"
    assert endpoints_text((one, two)) == "kms http://a, s3 http://b"
