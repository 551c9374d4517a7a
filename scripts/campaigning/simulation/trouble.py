"""What befalls requests and answers, drawn from a seed: per call and per attempt.

``before``: AWS never hears of the request. ``after``: it was carried out, and the answer is lost. ``spoiled``: it was carried
out, and the answer is not what AWS sent.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fcsse.sandbox.wire import AwsError, Reply, error_reply

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYSIMULATED"
SIGNED = f"The String-to-Sign should have been\n'{SECRET}' and x-amz-security-token:{SECRET}"
HTML = b"<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"
LISTS = ("ListGrants", "DescribeDataRepositoryAssociations", "ListRoles", "LookupEvents")
WRITES = ("PutKeyPolicy", "CreateGrant", "RevokeGrant", "RetireGrant")
ENUMS = {
    "KeyState": "Entangled",
    "KeyManager": "NOBODY",
    "KeySpec": "QUANTUM_1",
    "KeyUsage": "DREAM",
    "Lifecycle": "PONDERING",
}

Change = Callable[[random.Random, Reply], Reply]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls one attempt. ``error``: AWS answers this. ``lost``: there is no answer, by this name of a cause."""

    name: str
    error: tuple[str, int, str] | None = None
    lost: str = ""
    after: bool = False
    spoil: Change | None = None
    delay: float = 0.0


def _other_value(rng: random.Random, value: object) -> object:
    others: list[object] = [None, 7, -1, True, "", "x", [], {}, [[]], {"a": 1}, 1e300]
    return rng.choice([one for one in others if type(one) is not type(value)])


def _holders(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON document that holds something: the container and its key."""
    if isinstance(value, dict):
        return [(value, name) for name in value] + [found for one in value.values() for found in _holders(one)]
    if isinstance(value, list):
        return [(value, at) for at in range(len(value))] + [found for one in value for found in _holders(one)]
    return []


def _json(change: Callable[[random.Random, Any], object]) -> Change:
    def spoil(rng: random.Random, reply: Reply) -> Reply:
        document = json.loads(reply.body or b"{}")
        changed = change(rng, document)
        body = changed if isinstance(changed, str) else json.dumps(document if changed is None else changed)
        return Reply(reply.status, body.encode(), reply.headers)

    return spoil


def _missing(rng: random.Random, document: Any) -> object:
    places = [(holder, name) for holder, name in _holders(document) if isinstance(name, str)]
    if not places:
        return []
    holder, name = rng.choice(places)
    del holder[name]
    return None


def _other_type(rng: random.Random, document: Any) -> object:
    places = _holders(document)
    if not places:
        return [1]
    holder, name = rng.choice(places)
    holder[name] = _other_value(rng, holder[name])
    return None


def _doubled(rng: random.Random, document: Any) -> object:
    """A member that is there twice, with another value: which one counts, no parser says."""
    if not isinstance(document, dict) or not document:
        return "{}{}"
    name = rng.choice(sorted(document))
    empty = {"Policy": '{"Version":"2012-10-17","Statement":[]}'}
    other = json.dumps({name: empty.get(name, _other_value(rng, document[name]))})[1:-1]
    own = json.dumps(document)[1:-1]
    return "{" + ", ".join([own, other] if rng.random() < 0.5 else [other, own]) + "}"


def _unknown_enum(rng: random.Random, document: Any) -> object:
    places = [(holder, name) for holder, name in _holders(document) if name in ENUMS]
    for holder, name in [rng.choice(places)] if places else []:
        holder[name] = ENUMS[name]
    return None


def _xml_missing(rng: random.Random, reply: Reply) -> Reply:
    names = sorted(set(re.findall(rb"<([A-Za-z]+)>", reply.body)))
    if not names:
        return Reply(reply.status, b"", reply.headers)
    name = rng.choice(names)
    return Reply(reply.status, re.sub(rb"(?s)<%s>.*?</%s>" % (name, name), b"", reply.body), reply.headers)


def _xml_doubled(rng: random.Random, reply: Reply) -> Reply:
    found = re.findall(rb"(?s)<([A-Za-z]+)>([^<]*)</", reply.body)
    if not found:
        return reply
    name, value = rng.choice(sorted(found))
    one = b"<%s>%s</%s>" % (name, value, name)
    return Reply(reply.status, reply.body.replace(one, one + b"<%s>other</%s>" % (name, name), 1), reply.headers)


def _xml_other(rng: random.Random, reply: Reply) -> Reply:
    values = sorted(set(re.findall(rb">([^<>]+)</", reply.body)))
    if not values:
        return reply
    return Reply(reply.status, reply.body.replace(rng.choice(values), b"aws:entangled", 1), reply.headers)


def _whole(status: int, body: bytes, kind: str = "text/html") -> Change:
    return lambda _, __: Reply(status, body, {"Content-Type": kind})


def _cut_body(rng: random.Random, reply: Reply) -> Reply:
    return Reply(reply.status, reply.body[: rng.randrange(len(reply.body) or 1)], reply.headers)


def _no_id(_: random.Random, reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, {**reply.headers, "x-no-id": "1"})


FOREIGN: dict[str, Change] = {
    "an empty 200": _whole(200, b""),
    "a sign-in page": _whole(200, HTML),
    "a foreign JSON 200": _whole(200, b'{"status": "ok"}', "application/json"),
    "a proxy's 403": _whole(403, HTML),
    "a proxy's 404": _whole(404, HTML),
    "a gateway's 502": _whole(502, HTML),
    "a cut body": _cut_body,
    "no request id": _no_id,
}
OF_JSON: dict[str, Change] = {
    "a member missing": _json(_missing),
    "a member of another type": _json(_other_type),
    "a member doubled": _json(_doubled),
    "an unknown value": _json(_unknown_enum),
    "an array for an object": _json(lambda *_: []),
}
OF_XML: dict[str, Change] = {
    "an element missing": _xml_missing,
    "an element doubled": _xml_doubled,
    "another text": _xml_other,
}
ERRORS = {
    "throttled": ("ThrottlingException", 400, "Rate exceeded"),
    "an error inside": ("InternalFailure", 500, "We encountered an internal error."),
    "unavailable": ("ServiceUnavailable", 503, ""),
    "refused": ("AccessDeniedException", 400, f"User: u is not authorized to perform: kms:X. {SIGNED}"),
    "a signature that does not match": ("SignatureDoesNotMatch", 403, SIGNED),
    "expired": ("ExpiredTokenException", 400, "The security token included in the request is expired"),
    "an unknown error": ("Entangled", 400, SIGNED),
}
LOST = ("reset", "closed in the headers", "closed in the body", "silence", "no connection")


def draw(rng: random.Random, service: str, operation: str) -> Trouble:
    """Some trouble for an attempt at this operation."""
    kind = rng.random()
    if kind < 0.3:
        name = rng.choice(["throttled"] * 3 + ["an error inside", "unavailable"] * 2 + sorted(ERRORS))
        after = name in ("an error inside", "unavailable") and rng.random() < 0.4
        return Trouble(f"{name}{' after the effect' if after else ''}", ERRORS[name], after=after)
    if kind < 0.6:
        cause = rng.choice(LOST)
        after = cause != "no connection" and (cause.startswith("closed") or rng.random() < 0.5)
        return Trouble(f"{cause}{' after the effect' if after else ''}", lost=cause, after=after)
    if kind < 0.7:
        return Trouble("slow", delay=rng.choice((0.2, 1.0, 4.0)))
    table = {**FOREIGN, **(OF_JSON if service in ("kms", "fsx", "cloudtrail") else OF_XML)}
    name = rng.choice(sorted(table))
    return Trouble(name, spoil=table[name])


def refusal(trouble: Trouble, service: str, *, head: bool) -> Reply:
    """The answer of a trouble that is an error of AWS's."""
    assert trouble.error is not None
    code, status, message = trouble.error
    return error_reply(service, AwsError(code, message, status), head=head)
