#!/bin/sh
# Tool: botocore
# Version: 1.44.5, and 1.36.26 beside it
# Behaviour: a User-Agent that a handler of before-call, request-created or before-sign puts into a request is not sent:
#   botocore writes its own over it, last of all. Another header from the same handler is sent. A handler of before-send
#   has both sent, and in 1.36.26 all four had.
# Why it surprises: before-call is where one adds a header, and of two set in the same line one is lost without a word. A
#   program that has named itself so for years is no longer found in CloudTrail by that name, since an update of the
#   minor version.
# Date: 2026-11-29
# Source: botocore.useragent, rebuild_and_replace_user_agent_handler, which botocore.client registers last for
#   request-created; Cloudflare R2's page "custom header", which adds one at before-call
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for version in 1.36.26 1.44.5; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/python" -m pip install -qq --disable-pip-version-check "botocore==$version"
done
# No setting or credential of this machine has a part in it.
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_KMS 2>/dev/null || :
cat >"$work/ask.py" <<'EOF'
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import botocore
import botocore.config
import botocore.session

NAMES = ("User-Agent", "X-Example")
BOTH = {"User-Agent": "ours", "X-Example": "ours"}
ONE = {"User-Agent": "botocore's", "X-Example": "ours"}
EXPECTED = {
    "1.36.26": {"before-call": BOTH, "request-created": BOTH, "before-sign": BOTH, "before-send": BOTH},
    "1.44.5": {"before-call": ONE, "request-created": ONE, "before-sign": ONE, "before-send": BOTH},
}[botocore.__version__]
received = []


class Answers(BaseHTTPRequestHandler):
    """Keeps the headers of each request, and answers with an empty list."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        received.append(self.headers)
        body = b'{"Aliases": [], "Truncated": false}'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def ours(params=None, request=None, **_: object) -> None:
    headers = params["headers"] if params else request.headers
    for name in NAMES:
        if name in headers:
            del headers[name]
        headers[name] = "ours"


def sent(event: str) -> dict[str, str]:
    """Calls KMS once with our handler at this event; says whose each header is."""
    session = botocore.session.Session()
    session.set_credentials("example", "example")
    config = botocore.config.Config(retries={"total_max_attempts": 1}, proxies={})
    kms = session.create_client("kms", region_name="eu-west-1", endpoint_url=address, config=config)
    kms.meta.events.register(f"{event}.kms", ours)
    kms.list_aliases()
    return {name: "botocore's" if "Botocore/" in received[-1][name] else received[-1][name] for name in NAMES}


server = HTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
print(f"botocore {botocore.__version__}")
seen = {event: sent(event) for event in EXPECTED}
for event, whose in seen.items():
    print(f"{event}: {whose}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
for version in 1.36.26 1.44.5; do
    "$work/$version/bin/python" "$work/ask.py"
done
