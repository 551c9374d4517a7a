"""What commands print, in each form, where AWS, a proxy, a URL or a credential_process hands them a secret."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

import fcsse
from fcsse.sandbox.state import Association
from tests.cli.shell import Shell
from tests.interfaces.deployed_function import cache_created
from tests.secret_texts.samples import CANONICAL, SECRET_KEY, TOKEN

LINK = ("link", "--cache", "fc-0123", "--bucket", "data")
FORMS = [(), ("-o", "json"), ("-o", "markdown"), ("-v",), ("-vv",), ("-vv", "-o", "json")]
REFUSALS = [
    "SignatureDoesNotMatch",
    "InvalidClientTokenId",
    "AccessDeniedException",
    "InternalFailure",
    "ValidationException",
]


@pytest.mark.one_in(2)
@pytest.mark.combinations("form", "code")
@pytest.mark.parametrize("form", FORMS, ids=" ".join)
@pytest.mark.parametrize("code", REFUSALS)
def test_a_canonical_request_is_hidden_in_every_form(shell: Shell, form: tuple[str, ...], code: str) -> None:
    shell.sandbox.fault("kms:GetKeyPolicy", code, message=CANONICAL.format(secret=TOKEN), times=None)
    for words in (LINK, ("check", *LINK[1:]), ("audit",)):
        run = shell.run(*words, *form, AWS_MAX_ATTEMPTS="1")
        assert run.code != 0
        assert TOKEN not in run.words
        assert TOKEN[:20] not in run.words
        assert code in run.words or words != LINK, "what AWS answered is named all the same"


@pytest.mark.parametrize("form", [(), ("-vv",), ("-o", "json")], ids=" ".join)
def test_a_session_token_of_any_look_is_hidden(shell: Shell, tmp_path: Path, form: tuple[str, ...]) -> None:
    """Those of brokers and simulators look like no token of STS, and may come from a file or a process."""
    token = "tulip/4711+opaque-token=of-a-broker"
    keys = shell.sandbox.credentials()
    lines = f"aws_access_key_id={keys.access_key}\naws_secret_access_key={keys.secret}\naws_session_token={token}\n"
    (tmp_path / "credentials").write_text(f"[default]\n{lines}", encoding="utf-8")
    said = f"no token of ours: {token}, {token.replace('/', '&#47;')}, {token[:12]}\n{token[12:]}"
    shell.sandbox.fault("*", "AccessDeniedException", message=said, times=None)
    without = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    env = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"), "AWS_MAX_ATTEMPTS": "1"}
    for words in (LINK, ("audit",)):
        run = shell.run(*words, *form, without=without, env=env)
        assert "no token of ours" in run.words
        assert "4711" not in run.words
        assert "of-a-broker" not in run.words


def test_the_page_of_an_audit_hides_it_too(shell: Shell, tmp_path: Path) -> None:
    shell.sandbox.fault("kms:GetKeyPolicy", "AccessDeniedException", message=CANONICAL.format(secret=TOKEN), times=None)
    page = tmp_path / "audit.html"
    shell.run("audit", "--html", str(page))
    assert "AccessDenied" in page.read_text(encoding="utf-8")
    assert TOKEN[:20] not in page.read_text(encoding="utf-8")
    for form in ("csv", "markdown", "json"):
        assert TOKEN[:20] not in shell.run("audit", "-v", "-o", form).words


def test_the_log_of_the_lambda_function_hides_it_too(shell: Shell, caplog: pytest.LogCaptureFixture) -> None:
    shell.sandbox.fault("kms:GetKeyPolicy", "SignatureDoesNotMatch", message=CANONICAL.format(secret=TOKEN), times=None)
    for name, value in shell.sandbox.env().items():
        shell.patch.setenv(name, value)
    shell.capsys.readouterr()
    with pytest.raises(fcsse.CredentialsError) as raised:
        fcsse.lambda_handler(cache_created("fc-0123", "data"))
    logging.getLogger().error("as a runtime logs it", exc_info=raised.value)
    caught = shell.capsys.readouterr()
    assert '"fcsse": "failed"' in caught.out
    assert TOKEN[:20] not in caught.out + caught.err + caplog.text
    assert "SignatureDoesNotMatch" in caplog.text


@pytest.mark.combinations("form", "url")
@pytest.mark.parametrize(
    "url",
    [
        "http://alice:hunter2hunter2@127.0.0.1:9",
        "alice:hunter2hunter2@kms.example",
        "ftp://alice:hunter2hunter2@h",
        "http://alice:hunter2hunter2@[::1",
        "http://alice:hunter2hunter2/x@127.0.0.1:9",
        "http://alice:1234/hunter2hunter2@127.0.0.1:9",
        "http://alice:x#hunter2hunter2@127.0.0.1:9",
    ],
)
@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_the_user_in_an_endpoint_is_hidden(idle: Shell, form: tuple[str, ...], url: str) -> None:
    for words, env in (
        (("--endpoint-url", url), {}),
        ((), {"AWS_ENDPOINT_URL": url}),
        ((), {"AWS_ENDPOINT_URL_KMS": url}),
    ):
        run = idle.run(
            *LINK, *words, *form, env=env, AWS_MAX_ATTEMPTS="1", without=("AWS_ENDPOINT_URL",) if words else ()
        )
        assert run.code != 0
        assert "hunter2" not in run.words, run.words


def test_suggested_commands_do_not_repeat_it(shell: Shell) -> None:
    url = shell.sandbox.url.replace("://", "://alice:hunter2hunter2@")
    run = shell.linked("fc-0123", "data", "--endpoint-url", url)
    assert "fcsse restore" in run.out
    assert "hunter2" not in run.words


def test_what_a_credential_process_writes_is_hidden(idle: Shell, tmp_path: Path) -> None:
    program, config = tmp_path / "program", tmp_path / "config"
    program.write_text(
        f"#!/bin/sh\necho login of alice with hunter2hunter2 failed >&2\necho {SECRET_KEY} >&2\nexit 3\n"
    )
    program.chmod(0o700)
    config.write_text(f"[default]\nregion = eu-west-1\ncredential_process = {program}\n", encoding="utf-8")
    without = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    for form in FORMS:
        run = idle.run(*LINK, *form, AWS_CONFIG_FILE=str(config), without=without)
        assert run.code == 5, run.words
        assert "hunter2" not in run.words
        assert SECRET_KEY not in run.words
        assert "credential_process" in run.words


def test_a_variable_before_a_credential_process_is_hidden(idle: Shell, tmp_path: Path) -> None:
    """No shell runs it: the variable is taken for the program, and the system repeats it."""
    config = tmp_path / "config"
    config.write_text("[default]\ncredential_process = VAULT_TOKEN=hunter2hunter2 vault get\n", encoding="utf-8")
    without = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    for form in FORMS:
        run = idle.run(*LINK, *form, "-vv", AWS_CONFIG_FILE=str(config), without=without)
        assert run.code == 5, run.words
        assert "VAULT_TOKEN=[hidden]" in run.words
        assert "hunter2" not in run.words, run.words


def test_a_secret_key_in_the_place_of_its_id_is_hidden(shell: Shell) -> None:
    said = (
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
        f"'{SECRET_KEY}/20261128/us-east-1/iam/aws4_request'"
    )
    shell.sandbox.fault("kms:DescribeKey", "IncompleteSignatureException", message=said, times=None)
    run = shell.run(*LINK)
    assert run.code == 5, run.words
    assert "mixed up" in run.words
    assert SECRET_KEY not in run.words


def test_a_secret_of_the_environment_goes_wherever_it_is_repeated(shell: Shell) -> None:
    secret = "no-looks-at-all-but-long-enough"
    shell.sandbox.fault(
        "kms:GetKeyPolicy", "AccessDeniedException", message=f"you said {secret}, which is wrong", times=None
    )
    run = shell.run(*LINK, AWS_SESSION_TOKEN=secret)
    assert run.code != 0
    assert secret not in run.words


def test_policies_and_copies_stay_exact(shell: Shell) -> None:
    """A policy is shown and saved as it is: masking is for what AWS and URLs say."""
    statement = {
        "Sid": f"password={SECRET_KEY}",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:ListAliases",
        "Resource": "*",
    }
    shell.append("data", statement)
    shell.linked("fc-0123", "data")
    assert SECRET_KEY in shell.backups[0]["policy"]
    assert SECRET_KEY in json.dumps(shell.statements("data"))
    assert SECRET_KEY in shell.run("backups", shell.backups[0]["id"]).out


@pytest.mark.parametrize("between", ["\n", "\r", "\x01", "é\x7f"])
def test_a_token_that_cannot_be_sent_is_not_shown(shell: Shell, between: str) -> None:
    """Python's HTTP client repeats a header that it refuses, with escapes in place of control characters."""
    parts = ("no-looks-at-all-but-long-enough", "and-another-part-of-it")
    run = shell.run("audit", "-vv", AWS_SESSION_TOKEN=between.join(parts))
    assert not any(part in run.out + run.err for part in parts), run.err


@pytest.mark.parametrize("form", ["text", "json", "markdown", "csv"])
def test_recorded_events_show_no_secret(shell: Shell, form: str) -> None:
    """Callers choose user agents, session names and names of grants, and AWS's refusals may repeat a request."""
    sandbox, secret = shell.sandbox, "hunter2-hunter2-hunter2"
    key, told = sandbox.key("data").arn, f"password={secret}"
    session = {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{sandbox.account}:role/Admin"}}
    for name, more in (
        ("PutKeyPolicy", {"errorCode": "AccessDenied", "errorMessage": f"Canonical String should have been {told}"}),
        ("PutKeyPolicy", {"userAgent": told, "sourceIPAddress": told}),
        ("CreateGrant", {"requestParameters": {"keyId": key, "name": told, "granteePrincipal": told}}),
    ):
        event = {
            "eventID": f"{name}-{len(more)}",
            "eventName": name,
            "eventSource": "kms.amazonaws.com",
            "awsRegion": sandbox.region,
            "userIdentity": {
                "type": "AssumedRole",
                "arn": f"arn:aws:sts::{sandbox.account}:assumed-role/Admin/{told}",
                "sessionContext": session,
            },
            "requestParameters": {"keyId": key, "policy": sandbox.policy_text("data")},
            "resources": [{"ARN": key}],
        }
        sandbox.add_event({**event, **more}, ago=60)
    run = shell.run("history", "--key", key, "--failed", "--source-address", "-o", form)
    assert run.code == 0, run.words
    assert run.words.count("[hidden]") + run.words.count("\\[hidden\\]") >= 5
    assert secret not in run.words


@pytest.mark.parametrize("form", ["text", "json", "markdown", "csv", "sarif"])
def test_what_fsx_says_of_a_failed_link_shows_no_secret(shell: Shell, form: str) -> None:
    secret = "hunter2-hunter2-hunter2"
    failed = Association("dra-0123456789abcdef0", "s3://data/", "MISCONFIGURED", f"no access with password={secret}")
    shell.sandbox.add_cache("fc-0777", [failed])
    run = shell.run("audit", "-v", "-o", form)
    assert "no access with password" in run.out, run.words
    assert secret not in run.words
