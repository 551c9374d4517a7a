#!/bin/sh
# Tool: botocore
# Version: 1.44.5
# Behaviour: where a JSON answer holds a text in the place of a list of texts, the parsed answer holds the list of its
#   characters: "Operations": "Decrypt" is read as seven operations, D, e, c, r, y, p, t.
# Why it surprises: an object in the place of a list of structures raises, a bad time raises, but this passes as a list
#   of texts, the very type that the service model promises.
# Date: 2026-11-28
# Source: botocore.parsers.ResponseParser._handle_list iterates over whatever it is given
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


EXPECTED = ["D", "e", "c", "r", "y", "p", "t"]
BODY = b'{"Grants": [{"GrantId": "example", "Operations": "Decrypt"}], "Truncated": false}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY

print(f"botocore {botocore.__version__}")
answer = client("kms", ANSWER).list_grants(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
seen = answer["Grants"][0]["Operations"]
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
