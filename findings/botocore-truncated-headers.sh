#!/bin/sh
# Tool: botocore
# Version: 1.44.5
# Behaviour: an answer whose connection closes in the middle of the headers is a success. GetBucketEncryption returns an
#   empty configuration, ListGrants returns no member at all, and neither raises.
# Why it surprises: a connection that closes in the middle of a body raises. Cut a few bytes earlier, the same answer
#   says that a bucket has no encryption rule and a key no grants. The status line has been read, the standard library's
#   header parser takes the end of the stream for the end of the headers, and all members of an output are optional.
# Date: 2026-11-28
# Source: http.client.HTTPResponse.begin and email.feedparser (CPython 3.11), botocore.parsers
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


EXPECTED = {"s3": {"ServerSideEncryptionConfiguration": {}}, "kms": {}}
CUT = b"HTTP/1.1 200 OK\r\nx-amz-request-id: EXAMPLE\r\nContent-Ty"

print(f"botocore {botocore.__version__}")
answers = {
    "s3": client("s3", CUT).get_bucket_encryption(Bucket="data"),
    "kms": client("kms", CUT).list_grants(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab"),
}
for answer in answers.values():
    print(f"HTTP status in the answer: {answer.pop('ResponseMetadata')['HTTPStatusCode']}")
seen = answers
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
