"""What hands out credentials beside STS, on loopback: IAM Identity Center, a container's endpoint, instance metadata.

Shapes after the service models of ``sso``, ``sso-oidc`` and ``sts``, the Amazon ECS developer guide, "Task IAM role", and
the Amazon EC2 user guide, "Retrieve security credentials from instance metadata".
"""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fcsse.sandbox.build import Credentials

ROLE = "Operator"
ACCESS_TOKEN = "sso-access-token"
REFRESHED_TOKEN = "sso-access-token-2"
REFRESH_TOKEN = "sso-refresh-token"
CONTAINER_TOKEN = "Basic container-token"
IMDS_TOKEN = "imds-token"
WEB_TOKEN = "header.payload.signature"


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Endpoints:
    """All of them on one port. ``asked`` lists what they were asked; ``aws`` is where other STS calls go."""

    credentials: Credentials
    aws: str
    asked: list[str] = field(default_factory=list)
    refusal: tuple[int, str, str] | None = None
    """Status, code and message with which Identity Center and web identity refuse, whoever asks."""
    _server: Any = None

    def __enter__(self) -> Self:
        endpoints = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Keeps quiet."""

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, answer = endpoints.answer(self.command, self.path, dict(self.headers.items()), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_POST = _any  # noqa: N815  (names that the library looks for)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        path = urlsplit(target).path
        match method, path:
            case "GET", "/federation/credentials":
                return self._sso(parse_qs(urlsplit(target).query), _header(headers, "x-amz-sso_bearer_token"))
            case "POST", "/token":
                return self._oidc(json.loads(body))
            case "GET", "/container":
                return self._container(_header(headers, "authorization"))
            case "PUT", "/latest/api/token":
                self.asked.append("imds token")
                return 200, {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}, IMDS_TOKEN.encode()
            case "GET", _ if path.startswith("/latest/meta-data/iam/security-credentials/"):
                return self._imds(path.rpartition("/")[2], _header(headers, "x-aws-ec2-metadata-token"))
            case "POST", "/":
                return self._sts(body, headers)
            case _:
                return 404, {}, b""

    def _sso(self, query: Mapping[str, list[str]], token: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(f"sso {query['account_id'][0]} {query['role_name'][0]}")
        if self.refusal:
            status, code, message = self.refusal
            return _json({"message": message}, status, code)
        if token not in (ACCESS_TOKEN, REFRESHED_TOKEN):
            return _json({"message": "Session token not found or invalid"}, 401, "UnauthorizedException")
        keys = self.credentials
        found = {"accessKeyId": keys.access_key, "secretAccessKey": keys.secret, "sessionToken": keys.token}
        return _json({"roleCredentials": {**found, "expiration": int(in_an_hour().timestamp() * 1000)}})

    def _oidc(self, body: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(f"oidc {body['grantType']}")
        if body.get("refreshToken") != REFRESH_TOKEN:
            return _json({"error": "invalid_grant"}, 400, "InvalidGrantException")
        return _json({"accessToken": REFRESHED_TOKEN, "expiresIn": 28800, "tokenType": "Bearer"})

    def _container(self, authorization: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append("container")
        if authorization not in ("", CONTAINER_TOKEN):
            return _json({"message": "wrong token"}, 403)
        return _json({**self._named(), "RoleArn": ROLE})

    def _imds(self, role: str, token: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(f"imds {role}")
        if token != IMDS_TOKEN:  # version 1 of the protocol is switched off
            return 401, {}, b""
        if not role:
            return 200, {}, ROLE.encode()
        return _json({**self._named(), "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": stamp(datetime.now(UTC))})

    def _named(self) -> dict[str, str]:
        keys = self.credentials
        found = {"AccessKeyId": keys.access_key, "SecretAccessKey": keys.secret, "Token": keys.token}
        return {**found, "Expiration": stamp(in_an_hour())}

    def _sts(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        form = parse_qs(body.decode())
        operation = form["Action"][0]
        self.asked.append(f"sts {operation}")
        if operation != "AssumeRoleWithWebIdentity":
            return self._forward(body, headers)
        if self.refusal or form["WebIdentityToken"] != [WEB_TOKEN]:
            status, code, message = self.refusal or (400, "InvalidIdentityToken", "No OpenIDConnect provider found")
            error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            return status, {"Content-Type": "text/xml"}, f"<ErrorResponse>{error}</ErrorResponse>".encode()
        named = self._named()
        named["SessionToken"] = named.pop("Token")
        credentials = "".join(f"<{name}>{value}</{name}>" for name, value in named.items())
        user = f"<Arn>arn:aws:sts::111122223333:assumed-role/{ROLE}/x</Arn><AssumedRoleId>AROAEXAMPLE:x</AssumedRoleId>"
        result = f"<Credentials>{credentials}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>"
        answer = f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
        return 200, {"Content-Type": "text/xml"}, answer.encode()

    def _forward(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        kept = {name: value for name, value in headers.items() if name.lower() not in ("content-length", "connection")}
        request = urllib.request.Request(f"{self.aws}/", body, kept)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as response:
            return response.status, {"Content-Type": "text/xml"}, response.read()


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _json(document: Mapping[str, Any], status: int = 200, code: str = "") -> tuple[int, dict[str, str], bytes]:
    headers = {"Content-Type": "application/json", **({"x-amzn-ErrorType": code} if code else {})}
    return status, headers, json.dumps(document).encode()
