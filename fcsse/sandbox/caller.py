"""Whoever makes a call to the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fcsse.sandbox.judge.judged_request import Value


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a call.

    ``arn`` is a user's, root's or session's; ``principal_arn`` the same but a role's own ARN for a session (the value
    of ``aws:PrincipalArn``). ``unique_id`` is the AIDA or AROA id, ``userid`` the value of ``aws:userid``. ``policies``
    are the identity policies; None stands for an account's root user, whom none restrict. ``tags`` are the user's or
    role's, ``issued`` says when a session's credentials were made. ``keys``: the condition keys of all its requests.
    ``access_key`` is what it signed with; a service that works by its own role shows none.
    """

    account: str
    arn: str
    principal_arn: str
    unique_id: str
    userid: str
    policies: tuple[Mapping[str, Any], ...] | None
    tags: Mapping[str, str] = field(default_factory=dict)
    issued: float | None = None
    keys: Mapping[str, Value] = field(default_factory=dict)
    access_key: str = ""
