"""AWS out of reach, out of breath, or out of rights: a right exit code, the next step, nothing half done."""

from __future__ import annotations

import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.cli.documented_statements import OWN
from tests.cli.shell import WRITES, Run, Shell

ONE_TRY = {"AWS_MAX_ATTEMPTS": "1"}


def refuses(run: Run, code: int) -> None:
    """Exit code, a message with advice, no traceback, nothing written."""
    assert run.code == code, run.words
    assert "Traceback" not in run.words
    assert "defect" not in run.words
    assert len(run.err.splitlines()) >= 2, run.err
    assert not WRITES.intersection(run.operations)


def test_no_credentials(shell: Shell) -> None:
    run = shell.link("fc-0123", "data", without=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    refuses(run, 5)
    assert "no usable AWS credentials" in run.err
    assert "AWS_PROFILE" in run.err


def test_half_of_the_credentials(shell: Shell) -> None:
    refuses(shell.link("fc-0123", "data", without=("AWS_SECRET_ACCESS_KEY",)), 5)


def test_expired_credentials(shell: Shell) -> None:
    shell.sandbox.expire()
    run = shell.link("fc-0123", "data")
    refuses(run, 5)
    assert "expired" in run.err


@pytest.mark.parametrize(
    ("bucket", "operation", "nth"),
    [
        ("data-alias", "s3:GetBucketEncryption", 2),
        ("data", "kms:DescribeKey", 1),
        ("data-other-account", "kms:DescribeKey", 1),
        ("data-other-account", "kms:CreateGrant", 1),
    ],
)
def test_credentials_that_expire_on_the_way_are_no_missing_permission(
    shell: Shell, bucket: str, operation: str, nth: int
) -> None:
    code = "ExpiredToken" if operation.startswith("s3:") else "ExpiredTokenException"
    shell.sandbox.fault(operation, code, nth=nth, times=None)
    run = shell.link("fc-0123", bucket, "-o", "json")
    assert run.code == 5, run.words
    assert run.json["error"]["code"] == "credentials"
    assert "expired" in run.err
    assert "must add" not in run.words
    assert "another account" not in run.words
    assert "kms:PutKeyPolicy" not in run.operations


def test_credentials_that_nobody_knows(shell: Shell) -> None:
    run = shell.link("fc-0123", "data", AWS_ACCESS_KEY_ID="AKIANOBODYKNOWSTHIS1")
    refuses(run, 5)
    assert "credentials were refused" in run.err


def test_a_profile_that_does_not_exist(shell: Shell) -> None:
    run = shell.link("fc-0123", "data", "--profile", "nobody")
    refuses(run, 5)
    assert "nobody" in run.err


def test_an_endpoint_where_nobody_listens(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    run = shell.link("fc-0123", "data", AWS_ENDPOINT_URL=url, **ONE_TRY)
    refuses(run, 1)
    assert url in run.err
    assert "AWS_ENDPOINT_URL" in run.err


@pytest.mark.parametrize("how", ["option", "variable", "variable of a service"])
@pytest.mark.parametrize(
    "url", ["nonsense", "http://", "127.0.0.1:80", "http://no such host", "http://[::1", "ftp://host"]
)
def test_an_endpoint_that_is_no_url(shell: Shell, url: str, how: str) -> None:
    variable = "AWS_ENDPOINT_URL_S3" if how == "variable of a service" else "AWS_ENDPOINT_URL"
    words, more = (("--endpoint-url", url), {}) if how == "option" else ((), {variable: url})
    run = shell.link("fc-0123", "data", *words, **more, **ONE_TRY)
    refuses(run, 2)
    assert url in run.err
    assert "--endpoint-url or AWS_ENDPOINT_URL" in run.err


@pytest.mark.parametrize("bucket", [("--bucket", "data"), ()])
def test_no_region_at_all(shell: Shell, bucket: tuple[str, ...]) -> None:
    run = shell.run("link", "--cache", "fc-0123", *bucket, without=("AWS_REGION", "AWS_DEFAULT_REGION"))
    refuses(run, 2)
    assert "--region" in run.err


def test_the_wrong_region_is_named_where_the_cache_is_looked_for(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fc-0123", region="us-west-2")
    refuses(run, 6)
    assert "us-west-2" in run.err
    assert "--region" in run.err


@pytest.mark.parametrize(
    ("operation", "code", "action"),
    [
        ("s3:GetBucketEncryption", "AccessDenied", "s3:GetEncryptionConfiguration"),
        ("kms:DescribeKey", "AccessDeniedException", "kms:DescribeKey"),
        ("kms:GetKeyPolicy", "AccessDeniedException", "kms:GetKeyPolicy"),
        ("iam:*", "AccessDenied", "iam:GetRole"),
    ],
)
def test_a_missing_right_is_named_with_its_resource(shell: Shell, operation: str, code: str, action: str) -> None:
    message = f"User: arn:aws:iam::{OWN}:user/x is not authorized because no identity-based policy allows it"
    shell.sandbox.fault(operation, code, message=message, times=None)
    run = shell.link("fc-0123", "data")
    refuses(run, 5)
    assert re.search(rf"user/x needs {action} on \w+ \S+, in the caller's IAM policy", run.err)


@pytest.mark.parametrize(
    ("words", "side"),
    [
        ("because no resource-based policy allows it", "in the key policy"),
        ("with an explicit deny in a service control policy", "A service control policy (SCP) denies"),
        ("because no permissions boundary allows it", "permissions boundary"),
        ("because no session policy allows it", "session"),
        ("because no VPC endpoint policy allows it", "VPC endpoint"),
    ],
)
def test_the_side_that_must_give_it_is_named(shell: Shell, words: str, side: str) -> None:
    """IAM user guide, "Troubleshoot access denied error messages"."""
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", message=f"not authorized {words}", times=None)
    run = shell.link("fc-0123", "data")
    assert run.code == 5
    assert "kms:PutKeyPolicy" in run.err
    assert side in run.err
    assert len(shell.statements("data")) == 1
    assert "Not linked" in run.out


def policy_of(*actions: str) -> dict[str, Any]:
    """An IAM policy that allows these actions."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


LEAST = ("iam:GetRole", "s3:GetEncryptionConfiguration", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy")


@pytest.mark.parametrize("missing", [None, *LEAST])
def test_the_least_rights_suffice_and_each_is_needed(shell: Shell, missing: str | None) -> None:
    user = shell.user(policy_of(*(action for action in LEAST if action != missing)))
    run = shell.link("fc-0123", "data", credentials=user)
    if missing is None:
        assert run.code == 0, run.words
        return
    assert run.code == 5
    assert missing in run.err
    assert len(shell.statements("data")) == 1


def test_a_caller_who_may_only_list_roles_finds_them_that_way(shell: Shell) -> None:
    user = shell.user(policy_of("iam:ListRoles", *LEAST[1:]))
    run = shell.link("fc-0123", "data", credentials=user)
    assert run.code == 0, run.words
    assert shell.works("fc-0123", "data") == (True, True)
    assert shell.works("fc-01234567890", "data") == (False, False)


@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [
        ("s3:GetBucketEncryption", "SlowDown", 503),
        ("iam:GetRole", "Throttling", 400),
        ("kms:DescribeKey", "ThrottlingException", 400),
        ("kms:GetKeyPolicy", "KMSInternalException", 500),
        ("kms:GetKeyPolicy", "DependencyTimeoutException", 503),
        ("kms:ListGrants", "ThrottlingException", 400),
    ],
)
def test_what_passes_is_tried_again(shell: Shell, operation: str, code: str, status: int) -> None:
    fault = shell.sandbox.fault(operation, code, status=status, times=1)
    words = ("--via", "grant") if operation == "kms:ListGrants" else ()
    run = shell.link("fc-0123", "data", *words)
    assert run.code == 0, run.words
    assert fault.acted == 1
    assert shell.works("fc-0123", "data") == (True, True)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("s3:GetBucketEncryption", "SlowDown"),
        ("iam:*", "Throttling"),
        ("kms:DescribeKey", "ThrottlingException"),
        ("kms:GetKeyPolicy", "KMSInternalException"),
    ],
)
def test_what_does_not_pass_is_said_to_be_busy(shell: Shell, operation: str, code: str) -> None:
    shell.sandbox.fault(operation, code, times=None)
    run = shell.link("fc-0123", "data", **ONE_TRY)
    refuses(run, 1)
    assert code in run.err
    assert "AWS_MAX_ATTEMPTS" in run.err


@pytest.mark.parametrize("attempts", [1, 3])
def test_the_number_of_tries_is_the_user_s(shell: Shell, attempts: int) -> None:
    shell.sandbox.fault("kms:DescribeKey", "ThrottlingException", times=None)
    run = shell.link("fc-0123", "data", AWS_MAX_ATTEMPTS=str(attempts))
    assert run.count("kms:DescribeKey") == attempts


@pytest.mark.parametrize("operation", ["s3:GetBucketEncryption", "iam:GetRole", "kms:DescribeKey", "kms:GetKeyPolicy"])
def test_a_lost_connection_is_told_as_one(shell: Shell, operation: str) -> None:
    shell.sandbox.fault(operation, drop=True, times=None)
    run = shell.link("fc-0123", "data", **ONE_TRY)
    refuses(run, 1)


@pytest.mark.parametrize("operation", ["s3:GetBucketEncryption", "iam:*", "kms:GetKeyPolicy"])
@pytest.mark.parametrize("code", ["SomethingNew", "ValidationException"])
def test_an_unknown_error_is_told_in_aws_s_words(shell: Shell, operation: str, code: str) -> None:
    shell.sandbox.fault(operation, code, message="made up", times=None)
    run = shell.link("fc-0123", "data", **ONE_TRY)
    assert run.code == 1
    assert f"{code}: made up" in run.err
    assert "defect" not in run.err


def test_an_answer_that_is_for_dry_runs_only_is_not_taken_for_a_write(shell: Shell) -> None:
    """KMS API reference, CreateGrant: DryRunOperationException answers requests with DryRun."""
    shell.sandbox.fault("kms:CreateGrant", "DryRunOperationException", times=None)
    run = shell.link("fc-0123", "data-other-account", **ONE_TRY)
    assert run.code == 1, run.words
    assert "Nothing was written" in run.err or "most likely not written" in run.err
    assert shell.grants("data-other-account") == []


@pytest.mark.parametrize("body", [b"{}", b"", b"<html><body>Sign in to the network</body></html>"])
def test_an_answer_that_is_not_fsx_s_is_not_taken_for_a_cache_without_buckets(shell: Shell, body: bytes) -> None:
    class SignInPage(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), SignInPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        run = shell.run("link", "--cache", "fc-0123", env={"AWS_ENDPOINT_URL_FSX": url, **ONE_TRY})
        server.shutdown()
    refuses(run, 1)
    assert "listing the buckets of fc-0123" in run.err
    assert "AWS_ENDPOINT_URL" in run.err


@pytest.mark.parametrize("command", ["link", "unlink", "check"])
@pytest.mark.parametrize(
    ("bucket", "operation"),
    [
        ("data", "kms:DescribeKey"),
        ("data", "kms:GetKeyPolicy"),
        ("data-alias", "kms:DescribeKey"),
        ("data-other-account", "kms:ListGrants"),
    ],
)
def test_a_key_s_arn_that_kms_calls_invalid_is_of_nothing_that_is_there(
    shell: Shell, command: str, bucket: str, operation: str
) -> None:
    """KMS API reference, DescribeKey, GetKeyPolicy and ListGrants: InvalidArnException."""
    shell.sandbox.fault(operation, "InvalidArnException", message="Invalid arn eu-west-1", times=None)
    refuses(shell.run(command, "--cache", "fc-0123", "--bucket", bucket), 6)


@pytest.mark.parametrize("operation", ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"])
def test_an_audit_goes_on_beside_a_key_whose_arn_kms_calls_invalid(shell: Shell, operation: str) -> None:
    shell.sandbox.fault(operation, "InvalidArnException", message="Invalid arn eu-west-1", times=None)
    run = shell.run("audit", "-o", "json")
    assert (run.code, {"unknown"} <= {pair["read"] for pair in run.json["pairs"]}) == (3, True), run.words


@pytest.mark.parametrize("value", ["abc", "1e3", ""])
def test_a_number_of_attempts_that_is_none_is_no_fault_of_the_endpoint(shell: Shell, value: str) -> None:
    run = shell.link("fc-0123", "data", AWS_MAX_ATTEMPTS=value)
    refuses(run, 2)
    assert "AWS_MAX_ATTEMPTS" in run.err
    assert shell.sandbox.url not in run.err
