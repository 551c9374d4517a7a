"""A process that audits some of an organization's accounts: its side of ``organization_processes``.

In, through a pipe: ``Settings``, then the accounts one by one, as many at a time as the starter sees fit. Out: an
``AccountEntry`` for each as soon as it is there. It ends when the starter closes the pipe, or is gone itself.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import traceback
from concurrent.futures import Executor, ThreadPoolExecutor
from multiprocessing.connection import Connection
from threading import Lock
from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.cli.garbage import collect_where_worth_it
from fcsse.cli.interrupt import SIGNALS
from fcsse.cli.main import COLLECT_EVERY
from fcsse.cli.output.organization_documents import AccountEntry
from fcsse.cli.runtime import Runtime
from fcsse.commands.audit.facts import Scope
from fcsse.commands.audit.organization import AccountAudit
from fcsse.commands.audit.organization_run import OF_ONE_ACCOUNT, Organization, audit_member
from fcsse.discovery.fetcher import attempt
from fcsse.endpoint import Endpoint
from fcsse.errors import FcsseError
from fcsse.masking import mask_here
from fcsse.model import Member
from fcsse.pipeline import Pipeline
from fcsse.suggested_commands import CommandBuilder


class Settings(NamedTuple):
    """What a worker process needs to know. ``members`` are all accounts, ``caller`` is the ARN of who asks.

    ``connections`` and ``accounts`` are how many requests and accounts it may have under way at once.
    """

    profile: str | None
    region: str | None
    endpoint_url: str | None
    caller: Arn
    role_name: str
    members: tuple[Member, ...]
    scope: Scope
    words: CommandBuilder
    connections: int
    accounts: int
    with_documents: bool


class Answer(NamedTuple):
    """What comes back for an account: its entry, and why it could not be read; or a defect, in a line and with
    its traceback.

    ``endpoints`` are those other than AWS's own that the caller's credentials were used at so far.
    """

    account: str
    entry: AccountEntry | None = None
    error: FcsseError | None = None
    endpoints: tuple[Endpoint, ...] = ()
    defect: tuple[str, str] | None = None


def work(connection: Connection, settings: Settings) -> None:
    """The process: takes accounts until the pipe is closed. What interrupts the starter is the starter's business."""
    for number in SIGNALS:
        if number != signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    gc.set_threshold(COLLECT_EVERY)
    organization = attempt(_open, settings)
    requests = ThreadPoolExecutor(settings.connections, thread_name_prefix="fcsse-request")
    accounts = ThreadPoolExecutor(settings.accounts, thread_name_prefix="fcsse-account")
    sending = Lock()

    def audit(member: Member) -> None:
        content = packed_answer(organization, member, requests, settings)
        with sending:
            connection.send_bytes(content)
        collect_where_worth_it()

    try:
        while True:
            accounts.submit(audit, connection.recv())
    except (EOFError, OSError):  # no more are needed
        os._exit(0)  # without waiting for requests under way


def _open(settings: Settings) -> Organization:
    from fcsse.aws.client import Aws

    runtime = Runtime()
    aws = Aws.of_sides(runtime.clients(settings.profile, settings.region, settings.endpoint_url))
    members = aws.members(settings.caller, settings.role_name, settings.members)
    pipeline = Pipeline(aws, runtime.clock)
    return Organization(pipeline, settings.members, members, settings.scope, settings.words, settings.caller)


def packed_answer(
    organization: Organization | FcsseError, member: Member, requests: Executor, settings: Settings
) -> bytes:
    """The pickled ``Answer`` for an account. ``organization`` may be why there is none."""
    try:
        return pickle.dumps(_answer(organization, member, requests, settings))
    except Exception as error:  # of whatever kind: the starter ends the command with it
        words = f"{type(error).__name__}: {error}"
        return pickle.dumps(Answer(member.account, defect=(mask_here(words), mask_here(traceback.format_exc()))))


def _answer(organization: Organization | FcsseError, member: Member, requests: Executor, settings: Settings) -> Answer:
    endpoints: tuple[Endpoint, ...] = ()
    if isinstance(organization, FcsseError):
        one = AccountAudit(member, error=organization)
    else:
        one = audit_member(organization, member, requests, min(OF_ONE_ACCOUNT, settings.connections))
        endpoints = organization.pipeline.aws.endpoints
    entry = AccountEntry.of(one, with_document=settings.with_documents)
    return Answer(member.account, entry, one.error, endpoints)
