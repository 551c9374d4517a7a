"""The front door: every HTTP request comes in here, is read, identified, troubled, carried out, and written down."""

from __future__ import annotations

import io
import socket
import time
import uuid
from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any, NoReturn

from fcsse.sandbox import athena, cloudtrail, cloudtrail_events, fsx, iam_layer, kms, organizations, s3_layer, sts
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.faults import Fault, Faults
from fcsse.sandbox.journal import Journal
from fcsse.sandbox.principals import caller_of, reveal
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError, Call, Reply, error_reply, read_body, read_call

CONTROL = "/_sandbox"


class Gateway:
    """A WSGI application in front of moto's.

    ``moto`` is moto's own WSGI application, used for IAM and S3. ``control`` answers what comes in under ``/_sandbox``.
    """

    def __init__(
        self,
        state: State,
        faults: Faults,
        journal: Journal,
        moto: Callable[..., Iterable[bytes]],
        control: Callable[[dict[str, Any], bytes], Reply],
    ) -> None:
        self._state = state
        self._faults = faults
        self._journal = journal
        self._moto = moto
        self._control = control

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one HTTP request."""
        body = read_body(environ)
        path = str(environ.get("PATH_INFO") or "/")
        if path == CONTROL or path.startswith(f"{CONTROL}/"):
            reply: Reply | None = self._control(environ, body)
        else:
            reply = self._aws(environ, body)
        if reply is None:
            _drop(environ)
        headers = {"x-amzn-RequestId": str(uuid.uuid4()), **reply.headers}
        if environ["REQUEST_METHOD"] != "HEAD":
            headers = {k: v for k, v in headers.items() if k.lower() != "content-length"}
            headers["Content-Length"] = str(len(reply.body))
        start_response(f"{reply.status} {responses.get(reply.status, 'Unknown')}", list(headers.items()))
        return [reply.body]

    def _aws(self, environ: dict[str, Any], body: bytes) -> Reply | None:
        """The answer to an AWS call; None = no answer, the connection is to be dropped."""
        started = time.monotonic()
        try:
            call = read_call(environ, body)
        except AwsError as error:
            return error_reply("kms", error)
        caller: Caller | None = None
        try:
            with self._state.lock:
                reveal(self._state, count=False)
                caller = caller_of(self._state, call)
            reply = self._troubled(call, caller)
            outcome = "dropped" if reply is None else _outcome(reply)
        except AwsError as error:
            reply, outcome = error_reply(call.service, error, head=call.method == "HEAD"), error.code
        except Exception as error:
            broken = AwsError("InternalFailure", f"The sandbox broke: {error!r}", 500)
            reply, outcome = error_reply(call.service, broken, head=call.method == "HEAD"), broken.message
        self._journal.add(
            operation=call.name,
            account=caller.account if caller else "",
            caller=caller.arn if caller else "",
            region=call.region,
            parameters=dict(call.parameters),
            seconds=round(time.monotonic() - started, 6),
            status=reply.status if reply else 0,
            outcome=outcome,
            bucket=call.bucket,
            key=call.key,
            user_agent=call.header("user-agent") or "",
        )
        return reply

    def _troubled(self, call: Call, caller: Caller) -> Reply | None:
        faults = self._faults.due(call)
        before = [fault for fault in faults if not fault.after]
        for fault in before:
            _act(fault, call)
        if any(fault.drop for fault in before):
            return None
        _raise_first(before)
        reply = self._carry_out(call, caller)
        after = [fault for fault in faults if fault.after]
        for fault in after:
            _act(fault, call)
        if any(fault.drop for fault in after):
            return None
        _raise_first(after)
        return reply

    def _carry_out(self, call: Call, caller: Caller) -> Reply:
        with self._state.lock:
            try:
                reply = self._answer(call, caller)
            except AwsError as error:
                cloudtrail_events.record_call(self._state, call, caller, error=error)
                raise
            cloudtrail_events.record_call(self._state, call, caller, reply)
            return reply

    def _answer(self, call: Call, caller: Caller) -> Reply:
        state = self._state
        match call.service:
            case "cloudtrail":
                return cloudtrail.answer(state, call, caller)
            case "kms":
                return kms.answer(state, call, caller)
            case "fsx":
                return fsx.answer(state, call, caller)
            case "athena":
                return athena.answer(state, call, caller, lambda account: self._forward(call, account))
            case "organizations":
                return organizations.answer(state, call, caller)
            case "sts":
                return sts.answer(state, call, caller)
            case "iam":
                return iam_layer.answer(state, call, caller, lambda: self._forward(call, caller.account))
            case _:
                return s3_layer.answer(state, call, caller, lambda account: self._forward(call, account))

    def _forward(self, call: Call, account: str) -> Reply:
        """Hand the call to moto, in the name of ``account``."""
        environ = {**call.environ, "HTTP_X_MOTO_ACCOUNT_ID": account, "wsgi.input": io.BytesIO(call.body)}
        environ["CONTENT_LENGTH"] = str(len(call.body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ.pop("wsgi.input_terminated", None)
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            started[:] = [int(status.split(" ", 1)[0]), headers]

        body = b"".join(self._moto(environ, start_response))
        skipped = {"server", "date", "x-amzn-requestid", *(["content-length"] if call.method != "HEAD" else [])}
        headers = {name: value for name, value in started[1] if name.lower() not in skipped}
        return Reply(started[0], body, headers)


def _act(fault: Fault, call: Call) -> None:
    if fault.delay:
        time.sleep(fault.delay)
    if fault.hook:
        fault.hook(call)


def _raise_first(faults: list[Fault]) -> None:
    for fault in faults:
        if fault.code:
            raise AwsError(fault.code, fault.message or f"{fault.code} (made up by the sandbox)", fault.http_status)


def _outcome(reply: Reply) -> str:
    if reply.status < 400:
        return "ok"
    _, found, rest = reply.body.decode("utf-8", "replace").partition("<Code>")
    return rest.partition("</Code>")[0] if found else str(reply.status)


def _drop(environ: dict[str, Any]) -> NoReturn:
    """Close the connection without an answer, as a broken network would."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError  # werkzeug takes this for a client that went away
