"""The wire: requests read into calls, replies and errors written in each service's own form.

Formats: the botocore service models (``json`` 1.1 for Athena, KMS, FSx and Organizations, ``query`` for IAM and STS, ``rest-xml`` for S3).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote
from xml.sax.saxutils import escape

from fcsse.sandbox.s3_operations import operation_of

SERVICES = ("athena", "cloudtrail", "kms", "fsx", "iam", "organizations", "sts", "s3")
"""What the sandbox answers for; calls to any other service are refused."""

_TARGETS = {
    "TrentService": "kms",
    "AWSSimbaAPIService_v20180301": "fsx",
    "AmazonAthena": "athena",
    "DynamoDB_20120810": "dynamodb",
    "AWSOrganizationsV20161128": "organizations",
    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101": "cloudtrail",
}


class AwsError(Exception):
    """An error that AWS answers: its code, HTTP status and message, and headers to send along.

    ``details``: further elements of an S3 error, such as ``BucketName``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        *,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})
        self.details = dict(details or {})


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


REQUEST_ID = "fcsse.request_id"
"""Where a request's environment holds the id that its answer has and that CloudTrail records."""


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS API call as it came in.

    ``parameters`` are the JSON members, the form fields, or for S3 the query and the ``x-amz-…`` headers without that
    prefix. ``bucket`` and ``key`` are set for S3 only.
    """

    service: str
    operation: str
    region: str
    access_key: str
    parameters: Mapping[str, Any]
    body: bytes
    environ: Mapping[str, Any]
    bucket: str = ""
    key: str = ""

    @property
    def name(self) -> str:
        """Service and operation, such as ``kms:PutKeyPolicy``."""
        return f"{self.service}:{self.operation}"

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.environ["REQUEST_METHOD"])

    def header(self, name: str) -> str | None:
        """A request header's value, or None."""
        value = self.environ.get("HTTP_" + name.upper().replace("-", "_"))
        return None if value is None else str(value)


def read_body(environ: Mapping[str, Any]) -> bytes:
    """The whole request body."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return bytes(stream.read(length)) if length else b""


def read_call(environ: Mapping[str, Any], body: bytes) -> Call:
    """The AWS call in an HTTP request. Raises AwsError where it is none that the sandbox knows.

    Signatures are not verified: a simulated secret protects nothing. The access key and the Region come from the
    credential scope of the Authorization header, as in Signature Version 4.
    """
    access_key, region, service = _scope(environ)
    target = str(environ.get("HTTP_X_AMZ_TARGET") or "")
    prefix, _, operation = target.rpartition(".")
    if prefix in _TARGETS:
        parameters = _json_object(body)
        return Call(_TARGETS[prefix], operation, region, access_key, parameters, body, environ)
    if service in ("iam", "sts"):
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        fields.update(parse_qsl(str(environ.get("QUERY_STRING") or "")))
        return Call(service, fields.pop("Action", ""), region, access_key, fields, body, environ)
    if service in ("s3", ""):
        return _s3_call(environ, body, access_key, region)
    message = f"The sandbox does not simulate the service {service!r}."
    raise AwsError("UnknownOperationException", message, 404)


def _s3_call(environ: Mapping[str, Any], body: bytes, access_key: str, region: str) -> Call:
    path = unquote(str(environ.get("RAW_URI") or environ.get("PATH_INFO") or "/").partition("?")[0])
    bucket, _, key = path.lstrip("/").partition("/")
    query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", ""), True).items()}
    headers = {
        name[len("HTTP_X_AMZ_") :].lower().replace("_", "-"): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_X_AMZ_") and name not in ("HTTP_X_AMZ_DATE", "HTTP_X_AMZ_SECURITY_TOKEN")
    }
    operation = operation_of(str(environ["REQUEST_METHOD"]), bucket, key, query, headers)
    return Call("s3", operation, region, access_key, {**query, **headers}, body, environ, bucket, key)


def _scope(environ: Mapping[str, Any]) -> tuple[str, str, str]:
    authorization = str(environ.get("HTTP_AUTHORIZATION") or "")
    if "Credential=" not in authorization:
        return "", "us-east-1", ""
    parts = authorization.partition("Credential=")[2].partition(",")[0].strip().split("/")
    return (parts[0], parts[2], parts[3]) if len(parts) == 5 else ("", "us-east-1", "")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        code, message = "SerializationException", "The request body is not a JSON object."
        raise AwsError(code, message)
    return value


def json_reply(value: object, status: int = 200) -> Reply:
    """An answer of KMS or FSx."""
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/x-amz-json-1.1"})


def xml_reply(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer in XML."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
    return Reply(status, text.encode(), {"Content-Type": "text/xml", **(headers or {})})


def error_reply(service: str, error: AwsError, *, head: bool = False) -> Reply:
    """An error in the form of the service. ``head``: the request was a HEAD, whose answer has no body."""
    code, message = escape(error.code), escape(error.message)
    identifier = uuid.uuid4()
    if service in ("athena", "cloudtrail", "kms", "fsx", "organizations"):
        name = "message" if service == "kms" else "Message"
        text = {name: error.message} if error.message else {}
        reply = json_reply({"__type": error.code, **text}, error.status)
        return Reply(reply.status, reply.body, {**reply.headers, **error.headers})
    if service in ("iam", "sts"):
        kind = "Sender" if error.status < 500 else "Receiver"
        return xml_reply(
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{identifier}</RequestId></ErrorResponse>",
            error.status,
            error.headers,
        )
    if head:
        return Reply(error.status, b"", error.headers)
    return xml_reply(
        f"<Error><Code>{code}</Code><Message>{message}</Message>{elements(error.details.items())}"
        f"<RequestId>{identifier}</RequestId>"
        f"<HostId>sandbox</HostId></Error>",
        error.status,
        {"Content-Type": "application/xml", **error.headers},
    )


def elements(pairs: Iterable[tuple[str, object]]) -> str:
    """XML elements from names and values, the values escaped; a None is left out."""
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in pairs if value is not None)
