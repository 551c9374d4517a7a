"""Auditing many accounts side by side, with one bound on all requests.

In: the accounts and a pipeline with the caller's credentials. Out: each account's audit as soon as it is there, in any
order. An account that cannot be read is an answer like any other; only where none can be read is an error raised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue

from fcsse.aws_calls import MemberAccounts
from fcsse.commands.audit.facts import Scope
from fcsse.commands.audit.fair_share import FairShare
from fcsse.commands.audit.organization import AccountAudit
from fcsse.commands.audit.report import Audit
from fcsse.commands.audit.run import audit_account
from fcsse.discovery.fetcher import attempt
from fcsse.errors import CredentialsError, FcsseError
from fcsse.model import Member
from fcsse.pipeline import Pipeline
from fcsse.progress import Progress, Silent
from fcsse.suggested_commands import CommandBuilder

CONNECTIONS = 64
"""Requests under way at once, over all accounts."""

ACCOUNTS_AT_ONCE = 8
"""Accounts that are read side by side: enough to keep the connections busy while one of them waits for a list."""

OF_ONE_ACCOUNT = 16
"""Requests of one account under way at once: as many as its clients keep connections."""

Finished = Callable[[AccountAudit, Pipeline], None]


@dataclass(slots=True)
class Organization:
    """What an audit of many accounts needs. ``pipeline`` has the caller's credentials, ``members`` are all accounts."""

    pipeline: Pipeline
    members: tuple[Member, ...]
    accounts: MemberAccounts
    scope: Scope
    words: CommandBuilder
    caller: str
    """The account of the caller."""


def open_organization(
    pipeline: Pipeline,
    scope: Scope,
    words: CommandBuilder,
    role_name: str,
    members: Sequence[Member] | None,
    audited: tuple[str, ...] = (),
) -> Organization:
    """Finds out who asks and, where ``members`` is None, which accounts there are.

    ``audited`` are the options that say which accounts are meant, for commands. Raises what keeps the accounts from being
    listed.
    """
    pipeline.progress.step("listing the accounts of the organization")
    caller = pipeline.aws.caller()
    found = tuple(members) if members is not None else pipeline.aws.member_accounts()
    accounts = pipeline.aws.members(caller, role_name, found)
    return Organization(
        pipeline, found, accounts, scope, replace(words, audited=(*audited, *words.audited)), caller.account
    )


def audit_members(
    organization: Organization, *, skip: frozenset[str] = frozenset(), finished: Finished | None = None
) -> Iterator[AccountAudit]:
    """Each account's audit, as it is ready. ``skip``: accounts that are not read.

    ``finished`` is called on the account's thread with its audit and the pipeline that has its credentials. Raises
    ``CredentialsError`` where no account takes the caller's credentials.
    """
    wanted = [one for one in organization.members if one.account not in skip]
    progress = _Progress(organization.pipeline.progress, sum(one.active for one in wanted))
    ready: SimpleQueue[tuple[Member, Future[AccountAudit]]] = SimpleQueue()
    errors: dict[str, FcsseError] = {}
    read = 0
    requests = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="fcsse-request")
    accounts = ThreadPoolExecutor(ACCOUNTS_AT_ONCE, thread_name_prefix="fcsse-account")
    try:
        waiting = 0
        for member in wanted:
            if not member.active:
                yield AccountAudit(member)
                continue
            future = accounts.submit(_audit, organization, member, requests, finished)
            future.add_done_callback(lambda done, member=member: ready.put((member, done)))  # type: ignore[misc]
            waiting += 1
        organization.pipeline.progress.step("auditing accounts")
        for _ in range(waiting):
            member, future = ready.get()
            one = future.result()
            progress.advance()
            if one.error is not None:
                errors[member.account] = one.error
            else:
                read += 1
            del future
            yield one
    finally:
        accounts.shutdown(wait=False, cancel_futures=True)
        requests.shutdown(wait=False, cancel_futures=True)
    if errors and not read and not skip and all(isinstance(one, CredentialsError) for one in errors.values()):
        raise errors[min(errors)]


def _audit(
    organization: Organization, member: Member, requests: ThreadPoolExecutor, finished: Finished | None
) -> AccountAudit:
    """One account. Its error is part of the answer; what is no error of this project's is raised."""
    accounts = organization.accounts
    # On one of the shared threads, so that it counts as one of their requests.
    aws = attempt(requests.submit(accounts.aws_of, member.account).result)
    if isinstance(aws, FcsseError):
        return AccountAudit(member, error=aws)
    pipeline = replace(organization.pipeline, aws=aws, progress=Silent())
    # The caller's profile gives credentials of the caller's account only.
    own_words = (
        organization.words if member.account == organization.caller else replace(organization.words, profile=None)
    )
    share = FairShare(requests, OF_ONE_ACCOUNT)
    found = attempt(_read, pipeline, organization.scope, own_words, share)
    if isinstance(found, FcsseError):
        accounts.release(member.account)
        return AccountAudit(member, error=found)
    buckets = {pair.pair.bucket for pair in found.judged}
    homes = {bucket: home for bucket in buckets if (home := aws.home_of(bucket))}
    one = AccountAudit(member, found, homes=homes)
    if finished is not None:
        finished(one, pipeline)
    accounts.release(member.account)
    return one


def _read(pipeline: Pipeline, scope: Scope, words: CommandBuilder, requests: Executor) -> Audit:
    return audit_account(pipeline, scope, words, pool=requests)


class _Progress:
    """Counts accounts."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done, self._lock = progress, total, 0, threading.Lock()

    def advance(self) -> None:
        """One account more."""
        with self._lock:
            self._done += 1
            self._progress.advance(self._done, self._total)
