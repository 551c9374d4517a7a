"""Every way in which botocore finds credentials, through the command line: link, check and audit."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from tests.credentials.conftest import START_URL, Operator
from tests.credentials.endpoints import (
    CONTAINER_TOKEN,
    REFRESH_TOKEN,
    WEB_TOKEN,
    in_an_hour,
    stamp,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAIR = ("--cache", "fc-0123", "--bucket", "data")
DEV = ("--profile", "dev")
SSO_ROLE = "sso_account_id = 111122223333\nsso_role_name = Operator\n"
SSO_SESSION = (
    f"[sso-session corp]\nsso_start_url = {START_URL}\nsso_region = eu-west-1\n"
    "sso_registration_scopes = sso:account:access\n"
)
ADMIN = "arn:aws:iam::111122223333:user/admin"
OPERATOR = "arn:aws:sts::111122223333:assumed-role/Operator/"


def environment(who: Operator) -> tuple[str, ...]:
    who.set(who.keys)
    return ()


def shared_file(who: Operator) -> tuple[str, ...]:
    who.shared("dev", who.keys)
    return DEV


def config_file(who: Operator) -> tuple[str, ...]:
    keys = who.keys
    who.config(
        f"[profile dev]\naws_access_key_id = {keys.access_key}\naws_secret_access_key = {keys.secret}\n"
        f"aws_session_token = {keys.token}\n"
    )
    return DEV


def process(who: Operator) -> tuple[str, ...]:
    keys = {"AccessKeyId": who.keys.access_key, "SecretAccessKey": who.keys.secret, "SessionToken": who.keys.token}
    answer = who.home / "keys.json"
    answer.write_text(json.dumps({"Version": 1, **keys, "Expiration": stamp(in_an_hour())}), encoding="utf-8")
    program = f"import sys; sys.stdout.write(open({str(answer)!r}).read())"
    who.config(f"[profile dev]\ncredential_process = {shlex.join([sys.executable, '-c', program])}\n")
    return DEV


def sso_session(who: Operator) -> tuple[str, ...]:
    who.config(f"[profile dev]\nsso_session = corp\n{SSO_ROLE}{SSO_SESSION}")
    who.sso_token("corp", 8)
    return DEV


def sso_session_that_is_renewed(who: Operator) -> tuple[str, ...]:
    """The access token has ended, but the session has not: it is exchanged for a new one."""
    who.nursery = None  # in processes that settle by themselves where tokens are
    who.config(f"[default]\nsso_session = corp\n{SSO_ROLE}{SSO_SESSION}")
    client = {"clientId": "c", "clientSecret": "s", "registrationExpiresAt": stamp(in_an_hour())}
    who.sso_token("corp", -1, refreshToken=REFRESH_TOKEN, **client)
    return ()


def legacy_sso(who: Operator) -> tuple[str, ...]:
    who.nursery = None  # in processes that settle by themselves where tokens are
    who.config(f"[profile dev]\nsso_start_url = {START_URL}\nsso_region = eu-west-1\n{SSO_ROLE}")
    who.sso_token(START_URL, 8)
    return DEV


def role_of_a_profile(who: Operator) -> tuple[str, ...]:
    who.config(f"[profile dev]\nrole_arn = {who.role}\nsource_profile = base\n")
    who.shared("base", who.sandbox.credentials())
    return DEV


def role_of_an_sso_profile(who: Operator) -> tuple[str, ...]:
    who.config(
        f"[profile dev]\nrole_arn = {who.role}\nsource_profile = base\n"
        f"[profile base]\nsso_session = corp\n{SSO_ROLE}{SSO_SESSION}"
    )
    who.sso_token("corp", 8)
    return DEV


def role_of_the_environment(who: Operator) -> tuple[str, ...]:
    who.set(who.sandbox.credentials())
    who.config(f"[profile dev]\nrole_arn = {who.role}\ncredential_source = Environment\n")
    return DEV


def role_of_the_container(who: Operator) -> tuple[str, ...]:
    container_full_uri(who)
    who.config(f"[profile dev]\nrole_arn = {who.role}\ncredential_source = EcsContainer\n")
    return DEV


def role_of_the_instance(who: Operator) -> tuple[str, ...]:
    instance_metadata(who)
    who.config(f"[profile dev]\nrole_arn = {who.role}\ncredential_source = Ec2InstanceMetadata\n")
    return DEV


def web_identity(who: Operator) -> tuple[str, ...]:
    (who.home / "token").write_text(WEB_TOKEN, encoding="utf-8")
    who.env |= {
        "AWS_ROLE_ARN": who.role,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(who.home / "token"),
        "AWS_ENDPOINT_URL_STS": who.endpoints.url,
    }
    return ()


def web_identity_of_a_profile(who: Operator) -> tuple[str, ...]:
    (who.home / "token").write_text(WEB_TOKEN, encoding="utf-8")
    who.env["AWS_ENDPOINT_URL_STS"] = who.endpoints.url
    who.config(f"[profile dev]\nrole_arn = {who.role}\nweb_identity_token_file = {who.home / 'token'}\n")
    return DEV


def container_full_uri(who: Operator) -> tuple[str, ...]:
    who.env |= {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{who.endpoints.url}/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN,
    }
    return ()


def container_with_a_token_file(who: Operator) -> tuple[str, ...]:
    (who.home / "token").write_text(CONTAINER_TOKEN, encoding="utf-8")
    who.env |= {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{who.endpoints.url}/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(who.home / "token"),
    }
    return ()


def container_relative_uri(who: Operator) -> tuple[str, ...]:
    """Its address, 169.254.170.2, is fixed: the process is led to loopback instead."""
    (who.home / "sitecustomize.py").write_text(
        "import socket\nconnect = socket.socket.connect\n"
        "def led(self, address):\n"
        f"    return connect(self, ('127.0.0.1', {who.endpoints.port}) if address[0] == '169.254.170.2' else address)\n"
        "socket.socket.connect = led\n",
        encoding="utf-8",
    )
    who.env |= {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/container", "PYTHONPATH": str(who.home)}
    return ()


def instance_metadata(who: Operator) -> tuple[str, ...]:
    who.env |= {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": who.endpoints.url}
    return ()


SOURCES: dict[Callable[[Operator], tuple[str, ...]], set[str]] = {
    environment: set(),
    shared_file: set(),
    config_file: set(),
    process: set(),
    sso_session: {"sso 111122223333 Operator"},
    sso_session_that_is_renewed: {"oidc refresh_token", "sso 111122223333 Operator"},
    legacy_sso: {"sso 111122223333 Operator"},
    role_of_a_profile: set(),
    role_of_an_sso_profile: {"sso 111122223333 Operator"},
    role_of_the_environment: set(),
    role_of_the_container: {"container"},
    role_of_the_instance: {"imds token", "imds ", "imds Operator"},
    web_identity: {"sts AssumeRoleWithWebIdentity"},
    web_identity_of_a_profile: {"sts AssumeRoleWithWebIdentity"},
    container_full_uri: {"container"},
    container_with_a_token_file: {"container"},
    container_relative_uri: {"container"},
    instance_metadata: {"imds token", "imds ", "imds Operator"},
}
"""With what the endpoints must have been asked."""


@pytest.mark.one_in(2)
@pytest.mark.combinations("source", "command")
@pytest.mark.parametrize("command", ["check", "audit"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_link_check_and_audit_run(
    operator: Operator, source: Callable[[Operator], tuple[str, ...]], command: str
) -> None:
    words = source(operator)
    linked = operator.run("link", *PAIR, *words)
    assert linked.code == 0, linked.err
    assert operator.sandbox.cache("fc-0123").read("data", "hello.txt").allowed
    told = operator.run(command, *(PAIR if command == "check" else ()), *words, "-o", "json")
    assert told.code == (0 if command == "check" else 3), told.err
    assert told.json["pairs"]
    for run in (linked, told):
        assert run.callers
        assert all(caller.startswith(OPERATOR) for caller in run.callers), run.callers
    assert SOURCES[source] <= set(operator.endpoints.asked)


@pytest.mark.parametrize("source", [sso_session, legacy_sso, process, instance_metadata], ids=lambda one: one.__name__)
def test_a_role_is_assumed_from_any_source(operator: Operator, source: Callable[[Operator], tuple[str, ...]]) -> None:
    """``--bucket-role`` and ``--grant-role``: the bucket and its key are another account's."""
    words = source(operator)
    reader = operator.sandbox.add_role("Reader", account="444455556666", trust="111122223333", policy=_ALL)
    granter = operator.sandbox.add_role("Granter", trust="111122223333", policy=_ALL)
    other = ("--cache", "fc-0123", "--bucket", "data-other-account", "--bucket-role", reader, "--grant-role", granter)
    run = operator.run("link", *other, *words)
    assert run.code == 0, run.err
    assert operator.sandbox.cache("fc-0123").read("data-other-account", "hello.txt").allowed
    assert any(":444455556666:assumed-role/Reader/" in caller for caller in run.callers)
    made = operator.sandbox.requests.of("kms:CreateGrant")
    assert {entry.caller.split("/")[1] for entry in made} == {"Granter"}


_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.mark.parametrize("source", [sso_session, process], ids=lambda one: one.__name__)
def test_profiles_of_other_accounts_sign_in_as_well(
    operator: Operator, source: Callable[[Operator], tuple[str, ...]]
) -> None:
    _, profile = source(operator)
    operator.set(operator.sandbox.credentials())
    run = operator.run("link", *PAIR, "--bucket-profile", profile)
    assert run.code == 0, run.err
    assert any(caller.startswith(OPERATOR) for caller in run.callers)


def test_settings_of_a_profile_hold_for_its_roles(operator: Operator, tmp_path: Path) -> None:
    """The endpoint stands only in the profile: a role that is assumed by it works there too."""
    del operator.env["AWS_ENDPOINT_URL"]
    operator.config(
        f"[profile dev]\nendpoint_url = {operator.sandbox.url}\nregion = eu-west-1\n"
        "max_attempts = 1\nretry_mode = legacy\n"
    )
    operator.shared("dev", operator.keys)
    reader = operator.sandbox.add_role("Reader", account="444455556666", trust="111122223333", policy=_ALL)
    run = operator.run("link", "--cache", "fc-0123", "--bucket", "data-other-account", "--bucket-role", reader, *DEV)
    assert run.code == 0, run.err


def test_endpoints_may_stand_in_a_services_section(operator: Operator) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"):
        del operator.env[name]
    url = operator.endpoints.url
    operator.config(
        f"[profile dev]\nservices = here\nsso_session = corp\nendpoint_url = {operator.sandbox.url}\n{SSO_ROLE}"
        f"[services here]\nsso =\n  endpoint_url = {url}\nsso_oidc =\n  endpoint_url = {url}\n{SSO_SESSION}"
    )
    operator.sso_token("corp", 8)
    run = operator.run("check", *PAIR, *DEV)
    assert run.code == 3, run.err
    assert "sso 111122223333 Operator" in operator.endpoints.asked
