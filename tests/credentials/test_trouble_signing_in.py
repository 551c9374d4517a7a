"""No sign-in, or one that has ended: exit code 5, and the command that helps, for the profile that was used."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING

import pytest
from botocore import exceptions as boto

from fcsse.aws.credential_origin import Kind, origin_of
from fcsse.aws.sign_in import SignIn
from tests.credentials.conftest import START_URL
from tests.credentials.endpoints import REFRESH_TOKEN, in_an_hour, stamp
from tests.credentials.test_sources import DEV, PAIR, SSO_ROLE, SSO_SESSION, legacy_sso, sso_session, web_identity

if TYPE_CHECKING:
    from tests.credentials.conftest import Ended, Operator

PIP = 'pip install "botocore[crt]"'


def refused(run: Ended, *parts: str) -> None:
    """Exit code 5, each of these in the message or the hint, no call to AWS, no traceback."""
    assert run.code == 5, run.err
    assert run.operations == ()
    assert "Traceback" not in run.err
    for part in parts:
        assert part in run.err, run.err


@pytest.mark.parametrize("command", ["link", "check", "audit", "census"])
def test_an_sso_token_that_has_ended(operator: Operator, command: str) -> None:
    words = sso_session(operator)
    operator.sso_token("corp", -1)
    asked = {"audit": (), "census": ("--bucket", "data")}.get(command, PAIR)
    refused(operator.run(command, *asked, *words), "profile dev", "aws sso login --profile dev")


def test_in_json_too(operator: Operator) -> None:
    operator.config(f"[profile dev]\nsso_session = corp\n{SSO_ROLE}{SSO_SESSION}")
    run = operator.run("check", *PAIR, "-o", "json", env={"AWS_PROFILE": "dev"})
    refused(run)
    error = run.json["error"]
    assert error["code"] == "credentials"
    assert error["message"].startswith("signing in with AWS profile dev: no usable AWS credentials: ")
    assert error["hint"] == "Sign in again: aws sso login --profile dev"


def test_an_sso_token_that_cannot_be_renewed(operator: Operator) -> None:
    sso_session(operator)
    client = {"clientId": "c", "clientSecret": "s", "registrationExpiresAt": stamp(in_an_hour())}
    operator.sso_token("corp", -1, refreshToken=f"not {REFRESH_TOKEN}", **client)
    refused(operator.run("check", *PAIR, *DEV), "aws sso login --profile dev")
    assert operator.endpoints.asked == ["oidc refresh_token"]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("state", ["missing", "ended", "damaged", "revoked"])
def test_legacy_sso(operator: Operator, state: str) -> None:
    words = legacy_sso(operator)
    (cached,) = (operator.home / ".aws" / "sso" / "cache").iterdir()
    match state:
        case "missing":
            cached.unlink()
        case "ended":
            operator.sso_token(START_URL, -1)
        case "damaged":
            cached.write_text('{"startUrl": ', encoding="utf-8")
        case "revoked":
            operator.sso_token(START_URL, 8, accessToken="revoked")
    refused(operator.run("check", *PAIR, *words), "aws sso login --profile dev")


def test_the_default_profile_needs_no_option(operator: Operator) -> None:
    operator.config(f"[default]\nsso_session = corp\n{SSO_ROLE}{SSO_SESSION}")
    run = operator.run("check", *PAIR)
    refused(run, "signing in to AWS", "aws sso login")
    assert "--profile" not in run.err


def test_a_role_whose_source_is_signed_out_names_the_source(operator: Operator) -> None:
    """``aws sso login`` refuses a profile without SSO settings of its own."""
    operator.config(
        f"[profile dev]\nrole_arn = {operator.role}\nsource_profile = my base\n"
        f'[profile "my base"]\n'
        f"\nsso_session = corp\n{SSO_ROLE}{SSO_SESSION}"
    )
    refused(operator.run("check", *PAIR, *DEV), "profile dev", "aws sso login --profile 'my base'")


def test_the_bucket_s_side_is_named(operator: Operator) -> None:
    operator.set(operator.keys)
    operator.config(f"[profile theirs]\nsso_session = corp\n{SSO_ROLE}{SSO_SESSION}")
    run = operator.run("check", *PAIR, "--bucket-profile", "theirs")
    assert run.code == 5, run.err
    assert "aws sso login --profile theirs" in run.err


def test_an_sso_role_that_is_not_assigned(operator: Operator) -> None:
    sso_session(operator)
    operator.endpoints.refusal = (403, "ForbiddenException", "No access")
    refused(operator.run("check", *PAIR, *DEV), "No access", "aws configure sso --profile dev")


def test_an_sso_session_that_is_not_defined(operator: Operator) -> None:
    operator.config(f"[profile dev]\nsso_session = corp\n{SSO_ROLE}")
    refused(operator.run("check", *PAIR, *DEV), "corp", "aws configure sso --profile dev")


def test_a_login_profile_without_crt(operator: Operator) -> None:
    operator.config("[profile dev]\nlogin_session = arn:aws:iam::111122223333:user/her\n")
    (operator.home / "sitecustomize.py").write_text("import sys\nsys.modules['awscrt'] = None\n", encoding="utf-8")
    run = operator.run("check", *PAIR, *DEV, env={"PYTHONPATH": str(operator.home)})
    refused(run, "aws login", PIP)


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (boto.LoginTokenLoadError(error_msg="Unable to load"), "aws login --profile dev"),
        (boto.LoginRefreshRequired(), "aws login --profile dev"),
        (boto.LoginError(), "aws login --profile dev"),
        (boto.LoginInsufficientPermissions(), "signin:CreateOAuth2Token"),
        (boto.MissingDependencyException(msg="crt"), PIP),
        (boto.UnauthorizedSSOTokenError(), "aws sso login --profile dev"),
        (boto.RefreshWithMFAUnsupportedError(), "Run the command again, with a new code"),
        (EOFError(), "enter the code"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_helps(error: Exception, part: str) -> None:
    explained = SignIn("dev", lambda: None, dict).explain(error)
    assert (explained.code, explained.exit_code) == ("credentials", 5)
    assert part in explained.hint


def mfa(operator: Operator) -> tuple[str, ...]:
    device = "arn:aws:iam::111122223333:mfa/her"
    operator.config(f"[profile dev]\nrole_arn = {operator.role}\nsource_profile = base\nmfa_serial = {device}\n")
    operator.shared("base", operator.sandbox.credentials())
    return DEV


@pytest.mark.parametrize("how", ["option", "variable"])
def test_mfa_without_a_terminal(operator: Operator, how: str) -> None:
    mfa(operator)
    words, env = (DEV, {}) if how == "option" else ((), {"AWS_PROFILE": "dev"})
    run = operator.run("link", *PAIR, *words, env=env)
    refused(run, "mfa/her", "terminal", "aws configure export-credentials --profile dev --format env")


def test_mfa_does_not_matter_where_the_environment_has_credentials(operator: Operator) -> None:
    mfa(operator)
    operator.set(operator.keys)
    assert operator.run("check", *PAIR, env={"AWS_PROFILE": "dev"}).code == 3


def test_completion_asks_for_no_code(operator: Operator) -> None:
    mfa(operator)
    asked = {"_FCSSE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "fcsse link --profile dev --cache "}
    run = operator.run(env={**asked, "FCSSE_COMPLETION_SECONDS": "20"})
    assert (run.err, run.operations) == ("", ())
    assert "fc-0123" not in run.out


SECRET = "hunter2-not-to-be-printed"


@pytest.mark.parametrize(
    "program",
    [
        f"import sys; sys.stderr.write('{SECRET}'); sys.exit(1)",
        f"print('{SECRET}')",
        f"print('[\"{SECRET}\"]')",
        f'print(\'{{"Version": 2, "SecretAccessKey": "{SECRET}"}}\')',
        f'print(\'{{"Version": 1, "SecretAccessKey": "{SECRET}"}}\')',
        f'print(\'{{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "{SECRET}", "Expiration": "{SECRET}"}}\')',
        f"import sys; sys.stdout.buffer.write(b'\\xff{SECRET}')",
        "pass",
    ],
    ids=["fails", "text", "list", "version", "no key id", "no date", "no UTF-8", "nothing"],
)
def test_a_credential_process_that_fails(operator: Operator, program: str) -> None:
    operator.config(f"[profile dev]\ncredential_process = {shlex.join([sys.executable, '-c', program])}\n")
    run = operator.run("check", *PAIR, *DEV, "-vv")
    assert run.code == 5, run.err
    assert run.operations == ()
    assert "credential_process" in run.err
    assert "aws sts get-caller-identity --profile dev" in run.err
    assert SECRET not in run.out + run.err


@pytest.mark.parametrize("command", ["/no/such/program", "''", "/"])
def test_a_credential_process_that_is_no_program(operator: Operator, command: str) -> None:
    operator.config(f"[profile dev]\ncredential_process = {command}\n")
    refused(operator.run("check", *PAIR, *DEV), "credential_process", "--profile dev")


def test_an_unknown_profile(operator: Operator) -> None:
    operator.config("[profile other]\nregion = eu-west-1\n")
    refused(operator.run("check", *PAIR, *DEV), "dev", "aws configure list-profiles", "aws configure sso --profile dev")


def test_a_profile_without_credentials(operator: Operator) -> None:
    operator.config("[profile dev]\nregion = eu-west-1\n")
    refused(operator.run("check", *PAIR, *DEV), "profile dev", "aws configure sso --profile dev", "aws login --profile")


def test_no_credentials_at_all(operator: Operator) -> None:
    refused(operator.run("check", *PAIR), "signing in to AWS", "aws sso login", "AWS_PROFILE", "aws login")


def test_half_a_key_in_the_environment(operator: Operator) -> None:
    run = operator.run("check", *PAIR, env={"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
    refused(run, "AWS_SECRET_ACCESS_KEY is not set")


@pytest.mark.parametrize("file", ["credentials", "config"])
def test_half_a_key_in_a_file(operator: Operator, file: str) -> None:
    section = "dev" if file == "credentials" else "profile dev"
    text = f"[{section}]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
    (operator.home / ".aws" / file).write_text(text, encoding="utf-8")
    refused(operator.run("check", *PAIR, *DEV), "aws_secret_access_key", "aws configure --profile dev")


def test_a_config_file_that_cannot_be_parsed(operator: Operator) -> None:
    operator.config("no section\n")
    refused(operator.run("check", *PAIR), ".aws/config", "[profile NAME]")


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ("source_profile = nowhere\n", "nowhere"),
        ("source_profile = dev\n", "dev"),
        ("credential_source = Nothing\n", "Nothing"),
        ("", "source_profile"),
        ("credential_source = Environment\n", "Environment"),
        ("credential_source = EcsContainer\n", "EcsContainer"),
    ],
)
def test_a_role_without_a_source(operator: Operator, settings: str, part: str) -> None:
    operator.config(f"[profile dev]\nrole_arn = {operator.role}\n{settings}")
    refused(operator.run("check", *PAIR, *DEV), "profile dev", part)


def test_a_role_that_may_not_be_assumed(operator: Operator) -> None:
    role = operator.sandbox.add_role("Closed", trust="444455556666")
    operator.config(f"[profile dev]\nrole_arn = {role}\nsource_profile = base\n")
    operator.shared("base", operator.sandbox.credentials())
    run = operator.run("check", *PAIR, *DEV, "-o", "json")
    assert run.code == 5, run.err
    assert run.json["error"]["code"] == "denied"
    assert f"sts:AssumeRole on {role}" in run.err


@pytest.mark.parametrize("state", ["missing", "refused", "ended"])
def test_web_identity(operator: Operator, state: str) -> None:
    web_identity(operator)
    match state:
        case "missing":
            (operator.home / "token").unlink()
        case "refused":
            (operator.home / "token").write_text("another", encoding="utf-8")
        case "ended":
            operator.endpoints.refusal = (400, "ExpiredTokenException", "Token expired")
    refused(operator.run("check", *PAIR), "web identity token")


def test_what_was_sent_to_sign_in_is_hidden_where_the_answer_repeats_it(operator: Operator) -> None:
    """A broker's token looks like no secret that patterns know."""
    web_identity(operator)
    (operator.home / "token").write_text("tulip-of-a-broker", encoding="utf-8")
    operator.endpoints.refusal = (400, "InvalidIdentityToken", "no provider for tulip-of-a-broker, tulip%2Dof-a-broker")
    run = operator.run("check", *PAIR, "-vv")
    assert "no provider for [hidden], [hidden]" in run.err
    assert "of-a-broker" not in run.out + run.err


@pytest.mark.parametrize("state", ["no listener", "wrong token", "host", "token of two lines"])
def test_the_container_s_endpoint(operator: Operator, state: str) -> None:
    url = {"no listener": "http://127.0.0.1:9/x", "host": "http://example.com/x"}.get(state)
    operator.env |= {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url or f"{operator.endpoints.url}/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\nb" if state == "token of two lines" else "wrong",
    }
    refused(operator.run("check", *PAIR), "AWS_CONTAINER_CREDENTIALS_")


def test_an_instance_without_a_role(operator: Operator) -> None:
    operator.env |= {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9"}
    refused(operator.run("check", *PAIR), "no usable AWS credentials")


def test_a_metadata_endpoint_that_is_no_url(operator: Operator) -> None:
    operator.env |= {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "nonsense"}
    refused(operator.run("check", *PAIR), "AWS_EC2_METADATA_SERVICE_ENDPOINT")


@pytest.mark.parametrize(
    ("how", "part"),
    [
        ("environment", "AWS_SESSION_TOKEN"),
        ("profile", "aws configure --profile dev"),
        ("sso", "aws sso login --profile dev"),
    ],
)
def test_credentials_that_aws_refuses(operator: Operator, how: str, part: str) -> None:
    operator.sandbox.expire(operator.keys)
    words: tuple[str, ...] = DEV
    match how:
        case "environment":
            operator.set(operator.keys)
            words = ()
        case "profile":
            operator.shared("dev", operator.keys)
        case "sso":
            sso_session(operator)
    run = operator.run("check", *PAIR, *words, "-o", "json")
    assert run.code == 5, run.err
    assert run.json["error"]["code"] == "credentials"
    assert "expired" in run.err
    assert part in run.err


def test_an_identity_center_out_of_reach_is_no_missing_sign_in(operator: Operator) -> None:
    sso_session(operator)
    run = operator.run(
        "check", *PAIR, *DEV, env={"AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    )
    assert run.code == 1, run.err
    assert "http://127.0.0.1:9" in run.err
    assert "defect" not in run.err


def test_where_credentials_come_from() -> None:
    profiles = {
        "a": {"role_arn": "arn:1", "source_profile": "b", "mfa_serial": "device"},
        "b": {"role_arn": "arn:2", "source_profile": "c"},
        "c": {"sso_session": "corp"},
        "loop": {"role_arn": "arn:1", "source_profile": "loop", "aws_access_key_id": "A"},
        "ring": {"role_arn": "arn:1", "source_profile": "gnir"},
        "gnir": {"role_arn": "arn:2", "source_profile": "ring"},
    }
    found = origin_of(profiles, "a")
    assert (found.kind, found.profile, found.role, found.mfa_serial) == (Kind.SSO, "c", "arn:1", "device")
    assert origin_of(profiles, "loop").kind is Kind.STATIC
    assert origin_of(profiles, "ring").kind is Kind.NONE
    assert origin_of({}, None) == (Kind.NONE, None, "", "")
    assert json.dumps(origin_of(profiles, "c").option) == '" --profile c"'
