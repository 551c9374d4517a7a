#!/bin/sh
# Tool: botocore
# Version: 1.43.11, and 1.43.12 beside it
# Behaviour: ListGrants of a grant that is limited by a constraint newer than the client's service model returns
#   "Constraints": {}, without an error or a warning. 1.43.12 knows SourceArn and returns it.
# Why it surprises: dropping what is unknown is harmless for most members. A constraint is a limit: with it dropped, an
#   older client shows a grant that is good for one source as a grant with no limit, and one made again from what was
#   read would have none.
# Date: 2026-11-28
# Source: KMS API reference, GrantConstraints; the service models of both versions
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for version in 1.43.11 1.43.12; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/python" -m pip install -qq --disable-pip-version-check "botocore==$version"
done
# No setting or credential of this machine has a part in it.
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_KMS 2>/dev/null || :
cat >"$work/ask.py" <<'EOF'
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


EXPECTED = {
    "1.43.11": {},
    "1.43.12": {"SourceArn": "arn:aws:s3:::data"},
}
BODY = b'{"Grants": [{"GrantId": "example", "Constraints": {"SourceArn": "arn:aws:s3:::data"}}], "Truncated": false}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY

print(f"botocore {botocore.__version__}")
answer = client("kms", ANSWER).list_grants(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
seen = answer["Grants"][0]["Constraints"]
print(f"seen: {seen}")
if seen != EXPECTED[botocore.__version__]:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED[botocore.__version__]}")
EOF
for version in 1.43.11 1.43.12; do
    "$work/$version/bin/python" "$work/ask.py"
done
