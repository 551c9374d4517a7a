#!/bin/sh
# Tool: botocore
# Version: 1.44.5
# Behaviour: a proxy's page of status 200 (text/html) in the place of the answer is "An error occurred (500) ... Internal
#   Server Error" from S3, and an empty success from KMS: ListGrants returns no member at all and raises nothing.
# Why it surprises: one page, two services, two wrong answers. Nobody sent a 500, and retries treat it as an outage of
#   S3; and the text that is not JSON is dropped, so that the sign-in page of a network reads as a key without grants.
# Date: 2026-11-28
# Source: botocore.handlers (errors of S3 within an answer of status 200), botocore.parsers (bodies that are not JSON)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check botocore==1.44.5
# No setting or credential of this machine has a part in it.
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_KMS 2>/dev/null || :
"$work/venv/bin/python" - <<'EOF'
import socket
import sys
import threading

import botocore.config
import botocore.session


def serve(answer: bytes) -> str:
    """Answers every request on loopback with these bytes, then closes the connection; returns the address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def client(service: str, answer: bytes):
    session = botocore.session.Session()
    session.set_credentials("example", "example")
    once = botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
    return session.create_client(service, region_name="eu-west-1", endpoint_url=serve(answer), config=once)


EXPECTED = {"s3": "ClientError, HTTP 500", "kms": "no error: {}"}
PAGE = b"<html><body>Please sign in<br></body></html>"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE

print(f"botocore {botocore.__version__}")
seen = {}
for service, ask in (
    ("s3", lambda: client("s3", ANSWER).get_bucket_encryption(Bucket="data")),
    ("kms", lambda: client("kms", ANSWER).list_grants(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")),
):
    try:
        answer = ask()
        del answer["ResponseMetadata"]
        seen[service] = f"no error: {answer}"
    except Exception as error:
        print(f"{service}: {type(error).__name__}: {error}")
        seen[service] = type(error).__name__
        if hasattr(error, "response"):
            seen[service] += f", HTTP {error.response['ResponseMetadata']['HTTPStatusCode']}"
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
