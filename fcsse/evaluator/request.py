"""What the evaluator is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from fcsse.evaluator.known_values import Bound, Prepared


class Verdict(Enum):
    """The three answers. Unknown means: a context value that decides cannot be known here; never a kind of allowed."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Request(NamedTuple):
    """One request to AWS, as IAM sees it.

    ``principal`` is the caller's ARN (role, user, root, or an ``assumed-role`` session), a service principal's name,
    or ``*`` for an anonymous caller. An assumed-role ARN lacks its role's path: where that matters, give the role's
    own ARN as ``aws:PrincipalArn`` in ``context``. A role's ARN stands for a session of that role, whose name is the
    part of ``aws:userid`` after the colon.
    ``context`` holds the condition keys whose values are known, in any letter case; a tuple is a multi-valued key, and
    keys that follow from the principal (``aws:PrincipalArn``, ``aws:PrincipalAccount`` …) are derived when not given.
    ``absent`` names keys known not to be in the request; a trailing ``*`` matches any ending
    (``kms:EncryptionContext:*`` = no pair but those in ``context``). With ``complete``, every key that ``context``
    does not hold is absent; otherwise a key in neither is unknown.
    ``unique_ids`` are the principal's own ids (``AROA…``), matched where a policy holds one.
    ``partial`` holds keys known to be in the request whose value is known only by its form, as a pattern with ``*``
    and ``?``: ``{"aws:userid": "AROA*:FSx"}`` matches ``*:FSx`` and may or may not match ``AROAEXAMPLE:FSx``;
    ``{"aws:CurrentTime": "*"}`` is a key that is there with an unknown value.
    ``at_least`` holds keys known to be in the request whose value is a number or a time that is not less than a bound.
    ``disputed`` names those of ``context``, in lower case, that a condition may not see.
    ``prepared`` is what these four say, made ready by ``fcsse.evaluator.context.prepare``, where many requests share it.
    ``resource_form`` makes it a request for whichever resource of this form, a pattern like those; ``resource`` is then
    one of them.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | tuple[str, ...]] = _NOTHING
    absent: frozenset[str] = frozenset()
    complete: bool = False
    unique_ids: frozenset[str] = frozenset()
    partial: Mapping[str, str] = _NOTHING
    resource_form: str | None = None
    at_least: Mapping[str, Bound] = _NOTHING
    prepared: Prepared | None = None
    disputed: frozenset[str] = frozenset()


class Cause(Enum):
    """What a decision rests on."""

    STATEMENT = "statement"
    GRANT = "grant"
    IAM_POLICY = "iam-policy"
    DENY = "deny"
    KEY_STATE = "key-state"
    NOTHING_ALLOWS = "nothing-allows"
    PERHAPS_DENIED = "perhaps-denied"
    PERHAPS_ALLOWED = "perhaps-allowed"
    STATE_UNKNOWN = "state-unknown"
    OWNER_UNKNOWN = "owner-unknown"
    SOME_OBJECTS = "some-objects"
    POLICY_UNREAD = "policy-unread"
    GRANTS_UNREAD = "grants-unread"
    PUBLIC_POLICY = "public-policy"


class Comparison(NamedTuple):
    """One condition of a statement beside what the request has.

    ``operator`` is as the policy spells it, ``phrase`` as a person reads it between key and values. ``given`` is the
    request's value for people; None where the key is not in the request. ``negated``: it holds because the value is
    none of ``wanted``. ``slip`` says why the condition is probably a mistake, empty where it is none.
    """

    key: str
    operator: str
    phrase: str
    wanted: tuple[str, ...]
    given: str | None
    negated: bool = False
    slip: str = ""


class Miss(NamedTuple):
    """A statement or grant that nearly decided, and why it did not. ``where`` names it for people."""

    where: str
    reason: str


NOT_FOR_ALL = " for every object"
"""What is added where nothing allows a request for all of the objects that were asked about, but something for others."""


class Decision(NamedTuple):
    """The answer to one request, and ``cause``: what it rests on.

    ``decided_by`` names the statement (its Sid, or ``statement N`` counted from 1) or the grant, None where
    nothing matches; ``statement`` is the statement's index in the document, counted from 0, and ``grant`` the grant's
    id. ``explicit`` tells an explicit Deny from a denial by absence. ``misses`` are the near ones, best first; an
    allowed request has none. ``conditions`` are those of the Deny that hits, or of the statement that leaves the answer
    unknown. ``depends_on`` are the condition keys, in lower case, whose values would decide an unknown answer.
    ``until`` are moments, in seconds since 1970, at which a condition that was taken as it stands now turns over.
    ``partly``: a denial that is not for every object that was asked about, or may not be.
    """

    verdict: Verdict
    reason: str
    decided_by: str | None = None
    statement: int | None = None
    grant: str | None = None
    explicit: bool = False
    misses: tuple[Miss, ...] = ()
    cause: Cause = Cause.NOTHING_ALLOWS
    conditions: tuple[Comparison, ...] = ()
    depends_on: frozenset[str] = frozenset()
    until: tuple[Decimal, ...] = ()
    partly: bool = False
