"""Somebody between the program and AWS: passes requests on to the sandbox and spoils the answers it is told to."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

from fcsse.sandbox.s3_operations import operation_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from botocore.awsrequest import AWSPreparedRequest


@dataclass(frozen=True)
class Answer:
    """An answer of the sandbox on its way back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def raw(self, body: bytes | None = None) -> bytes:
        """What goes over the wire, with this body or its own."""
        content = self.body if body is None else body
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        if body is not None or "content-length" not in {name.lower() for name in headers}:
            headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
            headers["Content-Length"] = str(len(content))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} -\r\n{lines}Connection: close\r\n\r\n".encode() + content


_HOP = ("connection", "transfer-encoding")

Spoil = Callable[[Answer], bytes]
"""Makes another answer of AWS's: the bytes that go to the program, after which the connection is closed."""


@dataclass
class Rule:
    """Spoils answers to one operation (``*``: all), ``times`` times, or for ever.

    ``before``: AWS never hears of the request. ``replay``: it hears of the first only, whose answer is given to all.
    """

    operation: str
    spoil: Spoil
    times: int | None = None
    before: bool = False
    skip: int = 0
    replay: bool = False
    acted: int = 0
    first: Answer | None = None

    def may_act(self, operation: str) -> bool:
        """On a request of this operation, now or later."""
        return self.operation in ("*", operation) and (self.times is None or self.acted < self.times)

    def acts(self, operation: str) -> bool:
        """On this request. Counts it."""
        if not self.may_act(operation):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.acted += 1
        return True


class Proxy:
    """A proxy on loopback. ``asked`` are the operations that came in, ``rules`` what is done to their answers."""

    def __init__(self, upstream: str) -> None:
        self.rules: list[Rule] = []
        self.asked: list[str] = []
        self.stopped = threading.Event()
        self._upstream = urlsplit(upstream)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.close_connection = True
                self.raw_requestline = self.rfile.readline(65537)
                if self.raw_requestline and self.parse_request():
                    proxy.serve(self)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """The program may close its end whenever it likes."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def spoil(self, operation: str, spoil: Spoil, **how: Any) -> Rule:
        """From now on these answers are spoiled."""
        rule = Rule(operation, spoil, **how)
        self.rules.append(rule)
        return rule

    def passes(self, request: AWSPreparedRequest, body: bytes) -> bool:
        """Whether this request and its answer are left as they are, now and whenever it is sent again."""
        headers: Any = request.headers
        named = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
        operation = operation_in(request.method, request.url.removeprefix(self.url), named, body)
        if any(rule.may_act(operation) for rule in self.rules):
            return False
        self.asked.append(operation)
        return True

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length)
        operation = operation_in(request.command, request.path, request.headers, body)
        self.asked.append(operation)
        rule = next((one for one in self.rules if one.acts(operation)), None)
        if rule is not None and rule.before:
            request.wfile.write(rule.spoil(Answer(200, {}, b"")))
            return
        answer = rule.first if rule and rule.replay and rule.first else self._forward(request, body)
        if rule is not None:
            rule.first = rule.first or answer
        if rule is not None and isinstance(rule.spoil, Slow):
            rule.spoil.write(answer.raw(), request, self.stopped)
            return
        request.wfile.write(answer.raw() if rule is None else rule.spoil(answer))

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port or 80, timeout=60)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
            connection.request(request.command, request.path, body or None, headers)
            got = connection.getresponse()
            return Answer(got.status, dict(got.getheaders()), got.read())
        finally:
            connection.close()


def operation_in(method: str, path: str, headers: Mapping[str, str] | Message, body: bytes) -> str:
    """``service:Operation`` of a request, as the sandbox's journal calls it."""
    target = headers.get("X-Amz-Target", "")
    prefix, _, operation = target.partition(".")
    services = {"TrentService": "kms", "AWSSimbaAPIService_v20180301": "fsx", "AmazonAthena": "athena"}
    if prefix in services:
        return f"{services[prefix]}:{operation}"
    scope = headers.get("Authorization", "").partition("Credential=")[2].split("/")
    service = scope[3] if len(scope) > 3 else "s3"
    if service in ("iam", "sts"):
        return f"{service}:{dict(parse_qsl(body.decode())).get('Action', '')}"
    url = urlsplit(path)
    bucket, _, key = url.path.lstrip("/").partition("/")
    query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    return f"s3:{operation_of(method, bucket, key, query, {})}"


class Slow:
    """An answer that comes a byte at a time, or not at all, for as long as anybody waits for it. ``begun``: how many."""

    def __init__(self, *, drips: bool, pause: float = 0.05) -> None:
        self._drips = drips
        self._pause = pause
        self.begun = 0

    def __call__(self, answer: Answer) -> bytes:
        raise NotImplementedError

    def write(self, raw: bytes, request: BaseHTTPRequestHandler, stopped: threading.Event) -> None:
        head = raw.partition(b"\r\n\r\n")[0]
        if self._drips:
            endless = re.sub(rb"(?i)content-length: \d+", b"Content-Length: 1000000000", head) + b"\r\n\r\n"
            request.wfile.write(endless)
        self.begun += 1
        while not stopped.wait(self._pause):
            if self._drips:
                request.wfile.write(b" ")


# what is done to answers


def empty(_: Answer) -> bytes:
    """HTTP 200 and nothing else, as of a proxy that gave up."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def cut_in_headers(_: Answer) -> bytes:
    """The connection ends inside the headers."""
    return b"HTTP/1.1 200 OK\r\nServer: AmazonS3\r\nContent-Ty"


def sign_in(_: Answer) -> bytes:
    """The sign-in page of a network."""
    return page(200)


def sign_in_redirect(_: Answer) -> bytes:
    """The way to the sign-in page of a network."""
    return b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def forbidden(_: Answer) -> bytes:
    """The refusal of a proxy, which is none of AWS."""
    return page(403)


def not_found(_: Answer) -> bytes:
    """A proxy that knows no such page."""
    return page(404)


def page(status: int) -> bytes:
    html = b"<!DOCTYPE html><html><body><h1>Sign in<br></h1></body></html>"
    head = f"HTTP/1.1 {status} -\r\nContent-Type: text/html\r\nContent-Length: {len(html)}\r\nConnection: close\r\n\r\n"
    return head.encode() + html


def redirect_without_region(_: Answer) -> bytes:
    """S3's redirect to another Region, without the header that says to which."""
    error = b"<Error><Code>PermanentRedirect</Code><Message>other endpoint</Message></Error>"
    head = f"HTTP/1.1 301 -\r\nx-amz-request-id: 1\r\nContent-Length: {len(error)}\r\nConnection: close\r\n\r\n"
    return head.encode() + error


def other_json(change: Callable[[Any], object]) -> Spoil:
    """The same answer with another JSON text: ``change`` changes the document, or returns another."""

    def spoil(answer: Answer) -> bytes:
        document = json.loads(answer.body or b"{}")
        changed = change(document)
        return answer.raw(json.dumps(document if changed is None else changed).encode())

    return spoil


def other_text(pattern: str, by: str) -> Spoil:
    """The same answer with every match of a pattern replaced."""
    return lambda answer: answer.raw(re.sub(pattern, by, answer.body.decode(), flags=re.DOTALL).encode())


NOT_AWS = {
    "empty 200": empty,
    "cut in its headers": cut_in_headers,
    "sign-in page": sign_in,
    "sign-in redirect": sign_in_redirect,
    "proxy's 403": forbidden,
    "proxy's 404": not_found,
}
