"""The one way from this package to AWS: a call whose answer is AWS's, complete, and there in time.

Each answer is checked against ``required_members``; one that is not AWS's counts as a lost connection and the call is made
again, as often as botocore's retries are allowed to (``AWS_MAX_ATTEMPTS``). What is left then is ``RejectedAnswerError``,
which ``errors.translated`` turns into this project's error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.hooks import first_non_none_response
from botocore.parsers import ResponseParserError

from fcsse.aws.answer_check import JSON_PROTOCOLS, about_another, json_fault, missing_member
from fcsse.aws.call_deadline import TimedCall, TooManyRequestsError, count_request
from fcsse.aws.required_members import REQUEST_ID, REQUIRED, Repeat
from fcsse.aws.xml_check import is_xml, xml_fault
from fcsse.clock import Clock, SystemClock
from fcsse.masking import hide_values, mask_url

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.client import BaseClient
    from botocore.model import OperationModel


ATTEMPTS = 3
"""How often a call is made where botocore's settings have no number: its own default in standard mode."""

LONGEST_PAUSE = 20.0
"""Seconds between two attempts at most, as in botocore's standard mode."""

MOST_PAGES = 2000
"""Pages of one list: 200,000 grants, four times what a key may have."""

LIST_SECONDS = 300.0
"""How long the calls for one list may take together."""

PARSER_ERRORS = (ResponseParserError, LookupError, TypeError, AttributeError, ValueError, RecursionError)
"""What botocore's parsers and its S3 redirects raise for answers that are not AWS's."""


class RejectedAnswerError(Exception):
    """An answer that cannot be AWS's. ``reason`` says why, ``endpoint`` who gave it, ``operation`` to what."""

    def __init__(self, operation: str, endpoint: str, reason: str) -> None:
        super().__init__(f"{operation} at {endpoint}: {reason}")
        self.operation = operation
        self.endpoint = endpoint
        self.reason = reason


class _OddAnswerError(Exception):
    """One answer that is not AWS's. ``retried``: how often botocore has repeated the request by itself."""

    def __init__(self, reason: str, retried: int = 0) -> None:
        super().__init__(reason)
        self.retried = retried


_CLOCK = "fcsse-clock"
"""The event by which a client names the clock that its calls go by."""


def watch(client: BaseClient, clock: Clock) -> None:
    """Prepares a new client for ``call``: its requests are counted, and its answers looked at before parsing.

    ``clock``: what the pauses between attempts and the time of lists are measured with.
    """
    client.meta.events.register(_CLOCK, lambda **_: clock, unique_id=_CLOCK)  # type: ignore[arg-type]
    client.meta.events.register_first("before-send", _before_send)
    client.meta.events.register_first("before-parse", _before_parse)


def _clock_of(client: BaseClient) -> Clock:
    clock: Clock = first_non_none_response(client.meta.events.emit(_CLOCK), default=SystemClock())
    return clock


def _before_send(request: AWSPreparedRequest, **_: object) -> None:
    token: str | bytes = request.headers.get("X-Amz-Security-Token") or ""
    count_request(token.decode("ascii", "replace") if isinstance(token, bytes) else token)


def _before_parse(operation_model: OperationModel, response_dict: Mapping[str, Any], **_: object) -> None:
    body, status = response_dict["body"], response_dict["status_code"]
    protocol = operation_model.service_model.resolved_protocol
    shape = operation_model.output_shape
    if not isinstance(body, bytes):  # a stream is the content of an object
        return
    fault: str | None = None
    if status < 300 and body[:100].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        fault = "is an HTML page"
    elif status < 300 and protocol in JSON_PROTOCOLS:
        fault = json_fault(body, shape)
    elif status < 300 and is_xml(shape):
        fault = xml_fault(body, shape)
    elif status == 500 and protocol == "rest-xml":  # also what botocore makes of 200 with a text that is no XML
        fault = xml_fault(body, None)
    if fault is not None:
        raise _OddAnswerError(fault)


def call(client: BaseClient, operation: str, **parameters: object) -> Mapping[str, Any]:
    """AWS's answer to a call, with every member that AWS always sends.

    ``operation`` is AWS's name of it, such as ``GetKeyPolicy``, and stands in ``required_members``. Raises botocore's errors,
    ``RejectedAnswerError``, and ``OutOfTimeError`` where the answer was not complete in time.
    """
    attempts = int(client.meta.config.retries.get("total_max_attempts") or ATTEMPTS)  # type: ignore[attr-defined]
    timed: TimedCall[Mapping[str, Any]] = TimedCall(
        lambda: _patiently(timed, client, operation, parameters, attempts), most=6 * attempts + 4
    )
    try:
        return timed.wait()
    except TooManyRequestsError as error:
        raise rejected(client, operation, f"redirects in a circle ({timed.requests} requests)") from error


def pages(client: BaseClient, operation: str, **parameters: object) -> Iterator[Mapping[str, Any]]:
    """The answers of a paged operation, one after the other, until AWS says that there are no more.

    Raises what ``call`` raises, and ``RejectedAnswerError`` for a list that repeats itself or does not end.
    """
    paging = REQUIRED[_name(client, operation)].paging
    if paging is None:
        raise ValueError(operation)
    seen: set[str] = set()
    clock, spent = _clock_of(client), 0.0
    for _ in range(MOST_PAGES):
        begun = clock.monotonic()
        answer = call(client, operation, **parameters)
        spent += clock.monotonic() - begun
        yield answer
        token = answer.get(paging.answer) or ""
        if paging.more is not None and not answer[paging.more]:
            return
        if not token:
            if paging.more is not None:
                raise rejected(client, operation, f"has {paging.more} but no {paging.answer}")
            return
        if token in seen:
            raise rejected(client, operation, f"repeats the {paging.answer} of a page before")
        if spent > LIST_SECONDS:
            raise rejected(client, operation, f"goes on for more than {LIST_SECONDS:.0f} seconds of pages")
        seen.add(token)
        parameters = {**parameters, paging.request: token}
    raise rejected(client, operation, f"goes on for more than {MOST_PAGES:,} pages")


def rejected(client: BaseClient, operation: str, reason: str) -> RejectedAnswerError:
    """The error for an answer to an operation; ``reason`` goes on after "what ENDPOINT answers to OPERATION"."""
    return RejectedAnswerError(_name(client, operation), mask_url(client.meta.endpoint_url), reason)


def _patiently(
    timed: TimedCall[Any], client: BaseClient, operation: str, parameters: Mapping[str, object], attempts: int
) -> Mapping[str, Any]:
    """The call, made again while its answers are not AWS's. Runs on a thread of its own."""
    clock, name = _clock_of(client), _name(client, operation)
    if REQUIRED[name].repeat is Repeat.NO:
        attempts = 1
    for attempt in range(1, attempts + 1):
        try:
            return _once(timed, client, operation, name, parameters)
        except ClientError as error:
            if attempt > 1:  # as botocore counts, so that callers know that the call was made before
                metadata: Any = error.response.setdefault("ResponseMetadata", {})  # type: ignore[typeddict-item]
                metadata["RetryAttempts"] = metadata.get("RetryAttempts", 0) + attempt - 1
            raise
        except _OddAnswerError as error:
            if max(attempt, error.retried + 1) >= attempts:
                raise rejected(client, operation, str(error)) from error
        clock.sleep(min(LONGEST_PAUSE, clock.random() * 2 ** (attempt - 1)))
    raise AssertionError(operation)  # the last attempt returns or raises


def _once(
    timed: TimedCall[Any], client: BaseClient, operation: str, name: str, parameters: Mapping[str, object]
) -> Mapping[str, Any]:
    before = timed.requests
    try:
        answer: Mapping[str, Any] = getattr(client, xform_name(operation))(**parameters)
    except ClientError as error:
        hide(error, [timed.token] if timed.token else [])
        if _is_bare(error):
            reason = f"is HTTP {error.response['Error']['Code']} without AWS's request id"
            raise _OddAnswerError(reason, error.response["ResponseMetadata"].get("RetryAttempts", 0)) from error
        raise
    except BotoCoreError:  # some are ValueErrors too
        raise
    except PARSER_ERRORS as error:
        if timed.requests == before:  # nothing was asked yet: it concerns credentials or settings
            raise
        raise _OddAnswerError(_in_words(error)) from error
    missing = missing_member(name, answer)
    if missing is not None:
        raise _OddAnswerError(
            "lacks AWS's request id" if missing == REQUEST_ID else f"lacks {missing.partition(':')[0]}"
        )
    other = about_another(name, parameters, answer)
    if other is not None:
        raise _OddAnswerError(f"is about {other}")
    return answer


def make_texts(error: ClientError) -> None:
    """Has code and message of a refusal be texts: whatever stands in its JSON in their place, botocore passes on."""
    told: dict[str, Any] = error.response.setdefault("Error", {})  # type: ignore[assignment]
    for name in ("Code", "Message"):
        if not isinstance(told.get(name), str):
            told[name] = "" if told.get(name) is None else str(told[name])


def hide(error: ClientError, values: Collection[str]) -> None:
    """Takes what a request carried out of a refusal that repeats it, whatever it looks like and however it is written there."""
    make_texts(error)
    if values:
        error.args = tuple(hide_values(one, values) if isinstance(one, str) else one for one in error.args)
        told = error.response["Error"]
        told["Message"] = hide_values(told["Message"], values)


def _is_bare(error: ClientError) -> bool:
    """Is a refusal nothing but an HTTP status, without the request id that AWS gives every request?

    Errors of AWS have a code in their text; only answers to HEAD, which have no text, do not. A load balancer of AWS
    may answer 502, 503 or 504.
    """
    code = str(error.response.get("Error", {}).get("Code", ""))
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    headers: Mapping[str, str] = metadata.get("HTTPHeaders", {})
    has_id = metadata.get("RequestId") or headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    return code.isdigit() and code not in ("502", "503", "504") and not has_id


def _in_words(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "redirects in a circle, or is nested without end"
    if isinstance(error, ResponseParserError):
        return "is not in the form that AWS sends"
    return f"cannot be read ({type(error).__name__}: {' '.join(str(error).split())[:100]})"


def _name(client: BaseClient, operation: str) -> str:
    return f"{client.meta.service_model.service_name}:{operation}"
