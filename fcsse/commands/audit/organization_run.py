"""Auditing many accounts side by side, with one bound on all requests.

In: the accounts and a pipeline with the caller's credentials. Out: each account's audit as soon as it is there, in any
order. An account that cannot be read is an answer like any other; only where none can be read is an error raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue

from fcsse.advice import ENDPOINT_URL, advice
from fcsse.arn import Arn
from fcsse.aws_calls import MemberAccounts
from fcsse.commands.audit.facts import Scope
from fcsse.commands.audit.fair_share import FairShare
from fcsse.commands.audit.organization import AccountAudit
from fcsse.commands.audit.report import Audit
from fcsse.commands.audit.run import audit_account
from fcsse.discovery.fetcher import attempt
from fcsse.errors import CredentialsError, FcsseError, NotAwsAnswerError
from fcsse.model import Facts, Member
from fcsse.pipeline import Pipeline
from fcsse.policy.kept import forget
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
    """What an audit of many accounts needs. ``pipeline`` has the caller's credentials, ``members`` are all accounts.

    ``caller`` is the ARN of who asks.
    """

    pipeline: Pipeline
    members: tuple[Member, ...]
    accounts: MemberAccounts
    scope: Scope
    words: CommandBuilder
    caller: Arn


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
    scope = scope._replace(many_accounts=True)
    return Organization(pipeline, found, accounts, scope, replace(words, audited=(*audited, *words.audited)), caller)


def audit_members(
    organization: Organization, *, skip: frozenset[str] = frozenset(), finished: Finished | None = None
) -> Iterator[AccountAudit]:
    """Each account's audit, as it is ready. ``skip``: accounts that are not read.

    ``finished`` is called on the account's thread with its audit and the pipeline that has its credentials. Raises
    ``CredentialsError`` where no account takes the caller's credentials.
    """
    wanted = [one for one in organization.members if one.account not in skip]
    gathered = Gathered(organization.pipeline.progress, sum(one.active for one in wanted))
    ready: SimpleQueue[Future[AccountAudit]] = SimpleQueue()
    requests = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="fcsse-request")
    accounts = ThreadPoolExecutor(ACCOUNTS_AT_ONCE, thread_name_prefix="fcsse-account")
    try:
        waiting = 0
        for member in wanted:
            if not member.active:
                yield AccountAudit(member)
                continue
            accounts.submit(audit_member, organization, member, requests, finished=finished).add_done_callback(
                ready.put
            )
            waiting += 1
        organization.pipeline.progress.step("auditing accounts")
        for _ in range(waiting):
            one = ready.get().result()
            gathered.add(one.member.account, one.error)
            yield one
            del one  # an account's facts are large, and the next one may be long in coming
    finally:
        accounts.shutdown(wait=False, cancel_futures=True)
        requests.shutdown(wait=False, cancel_futures=True)
    if not skip:
        gathered.require_credentials()


def audit_member(
    organization: Organization,
    member: Member,
    requests: Executor,
    most: int = OF_ONE_ACCOUNT,
    finished: Finished | None = None,
) -> AccountAudit:
    """One account's audit, with at most ``most`` of its requests under way on the threads of ``requests``.

    Its error is part of the answer; what is no error of this project's is raised.
    """
    accounts = organization.accounts
    # On one of the shared threads, so that it counts as one of their requests.
    aws = attempt(requests.submit(accounts.aws_of, member.account).result)
    if isinstance(aws, FcsseError):
        return AccountAudit(member, error=aws)
    pipeline = replace(organization.pipeline, aws=aws, progress=Silent())
    # The caller's profile gives credentials of the caller's account only.
    own_words = (
        organization.words
        if member.account == organization.caller.account
        else replace(organization.words, profile=None)
    )
    share = FairShare(requests, most)
    found = attempt(_read, member.account, pipeline, organization.scope, own_words, share)
    if isinstance(found, FcsseError):
        accounts.release(member.account)
        return AccountAudit(member, error=found)
    buckets = {pair.pair.bucket for pair in found.judged}
    homes = {bucket: home for bucket in buckets if (home := aws.home_of(bucket))}
    one = AccountAudit(member, found, homes=homes)
    if finished is not None:
        finished(one, pipeline)
    accounts.release(member.account)
    forget({pair.policy for pair in found.facts.pairs if isinstance(pair, Facts) and pair.policy})
    return one


def _read(account: str, pipeline: Pipeline, scope: Scope, words: CommandBuilder, requests: Executor) -> Audit:
    """Raises ``NotAwsAnswerError`` where the account's credentials turn out to be another's: this one was not looked at."""
    found = audit_account(pipeline, scope, words, pool=requests)
    if found.facts.account != account:
        raise NotAwsAnswerError(
            f"auditing account {account}: not AWS's answer: the credentials of its role are of account {found.facts.account}",
            advice("Check AWS_ENDPOINT_URL or ", ENDPOINT_URL, " if one is set."),
        )
    return found


class Gathered:
    """The accounts that are done, of ``total``: how many, and which of them could not be read."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        self._errors: dict[str, FcsseError] = {}

    def add(self, account: str, error: FcsseError | None) -> None:
        """One account more; ``error`` is why it could not be read."""
        self._done += 1
        self._progress.advance(self._done, self._total)
        if error is not None:
            self._errors[account] = error

    def require_credentials(self) -> None:
        """Raises ``CredentialsError`` where there are accounts, and none of them took the caller's credentials."""
        errors = self._errors
        if errors and len(errors) == self._done and all(isinstance(one, CredentialsError) for one in errors.values()):
            raise errors[min(errors)]
