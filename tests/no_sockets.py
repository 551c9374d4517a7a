"""Requests that reach the sandbox without a socket, for tests in which only what is asked and answered matters.

botocore makes and signs each request, and reads each answer, as ever; what is left out is the way in between: a connection,
two threads and the parsing of HTTP, which take longer than the answer. Nothing is left out where it could matter: with a
fault in place that delays, drops or waits for somebody else, for bodies that are read piece by piece, and behind proxies.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from urllib3 import HTTPHeaderDict, HTTPResponse

from fcsse.sandbox import Sandbox

Passes = Callable[[AWSPreparedRequest, bytes], bool]


@contextmanager
def no_sockets(sandbox: Sandbox, url: str = "", passes: Passes = lambda request, body: True) -> Iterator[None]:
    """As long as it lasts, botocore's requests from this process to that sandbox are calls of its gateway.

    ``url``: another address that leads to the sandbox; ``passes``: whether what stands there leaves a request alone.
    """
    send, begin = URLLib3Session.send, f"{url or sandbox.url}/"

    def hand_over(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        body: object = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        proxies: Any = session._proxy_config  # type: ignore[attr-defined]
        is_direct = request.url.startswith(begin) and not proxies.proxy_url_for(request.url)
        if is_direct and isinstance(body, bytes) and _is_plain(sandbox) and passes(request, body):
            return _answer(sandbox, request, body)
        return send(session, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(URLLib3Session, "send", hand_over)
        yield


def _is_plain(sandbox: Sandbox) -> bool:
    return not any(fault.delay or fault.drop or fault.hook for fault in sandbox.faults.items)


def _answer(sandbox: Sandbox, request: AWSPreparedRequest, sent: bytes) -> AWSResponse:
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        started[:] = [int(status.split(" ", 1)[0]), headers]

    body = b"".join(sandbox.gateway(_environ(request, sent), start_response))
    headers: Any = HTTPHeaderDict([*started[1], ("Date", formatdate(usegmt=True)), ("Connection", "close")])
    shown = io.BytesIO(b"" if request.method == "HEAD" else body)
    raw = HTTPResponse(shown, headers, started[0], preload_content=False, request_method=request.method)
    answer = AWSResponse(request.url, started[0], headers, raw)
    if not request.stream_output:
        answer.content  # noqa: B018  (botocore reads it here, too)
    return answer


def _environ(request: AWSPreparedRequest, body: bytes) -> dict[str, Any]:
    """The request as a web server hands it to a WSGI application."""
    url = urlsplit(request.url)
    target = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": url.netloc,
    }
    values: Any = request.headers.items()
    for name, value in values:
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ
