"""Auditing many accounts in several processes: a process of Python uses one processor at a time.

Only the command line does this, where the whole process is its own. The accounts are handed to the processes one by one,
and the bound on requests is shared out among them. An account whose process dies is one that could not be read.

Python starts them with ``-c``, and would look for its own modules in the working directory first, which may be somebody
else's: a checkout, a shared folder. Source: Python manual, ``PYTHONSAFEPATH``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from fcsse.cli.interrupt import SIGNALS
from fcsse.cli.organization_worker import Answer, Settings, work
from fcsse.cli.output.organization_documents import AccountEntry
from fcsse.commands.audit.organization import AccountAudit
from fcsse.commands.audit.organization_run import ACCOUNTS_AT_ONCE, CONNECTIONS, Gathered
from fcsse.endpoint import Endpoint
from fcsse.errors import UnexpectedError
from fcsse.model import Member
from fcsse.progress import Progress

MOST = 8
"""Processes at most: with 64 requests at 50 ms, more processors would wait for AWS."""

WORTH_IT = 4
"""Processors from which on several processes are used: with two, they save a sixth of the time for two thirds more memory."""

ACCOUNTS_EACH = 4
"""Accounts that a process is to have at least: to start one takes as long as to read a small account."""

SAFE_PATH = "PYTHONSAFEPATH"

ENDING = 2.0
"""Seconds for a process to end before it is killed."""


def processes_for(accounts: int, processors: int | None = None) -> int:
    """How many processes so many accounts are worth; 1: that of the caller alone."""
    if processors is None:
        # Fewer than the machine has where this process may not use all of them.
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    heeded = sys.flags.safe_path or not sys.flags.ignore_environment  # what keeps them out of the working directory
    if processors < WORTH_IT or not heeded:
        return 1
    return max(1, min(MOST, processors, accounts // ACCOUNTS_EACH))


def share_of(processes: int) -> tuple[int, int]:
    """The requests and accounts that each of so many processes may have under way at once."""
    return CONNECTIONS // processes, max(2, ACCOUNTS_AT_ONCE // processes)


class Workers:
    """The processes of one audit. To be used as a context manager: leaving it ends them, whatever they are doing.

    ``endpoints`` are those other than AWS's own that they have used with the caller's credentials.
    """

    def __init__(self, settings: Settings, processes: int) -> None:
        self._settings = settings
        self._processes = processes
        self._made: dict[Connection, BaseProcess] = {}
        self.endpoints: set[Endpoint] = set()

    def __enter__(self) -> Workers:
        context = multiprocessing.get_context("spawn")
        for _ in range(self._processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, self._settings), name="fcsse-accounts", daemon=True)
            try:
                with _safe_path(), _signals_blocked():
                    process.start()
                    self._made[ours] = process
            finally:
                theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._made.values():
            process.terminate()
        for connection, process in self._made.items():
            connection.close()
            process.join(ENDING)
            if process.is_alive():
                process.kill()
        self._made.clear()

    def audit(self, members: Sequence[Member], progress: Progress) -> Iterator[AccountEntry]:
        """Each account's entry, as it is ready. Raises ``CredentialsError`` as ``audit_members`` does."""
        progress.step("auditing accounts")
        gathered = Gathered(progress, len(members))
        waiting = deque(members)
        under_way: dict[Connection, dict[str, Member]] = {connection: {} for connection in self._made}
        for _ in range(self._settings.accounts):
            for connection in list(under_way):
                self._hand_over(connection, under_way, waiting)
        while any(under_way.values()):
            ready = wait(list(under_way))
            for connection in [one for one in under_way if one in ready]:
                lost = under_way[connection]
                try:
                    answer = connection.recv()
                except (EOFError, OSError):
                    del under_way[connection]
                    for member in lost.values():
                        yield self._unread(member, connection, gathered)
                    continue
                del lost[answer.account]
                self._hand_over(connection, under_way, waiting)
                yield self._take(answer, gathered)
        for member in waiting:  # no process is left
            yield self._unread(member, None, gathered)
        gathered.require_credentials()

    def _hand_over(
        self, connection: Connection, under_way: dict[Connection, dict[str, Member]], waiting: deque[Member]
    ) -> None:
        if not waiting:
            return
        member = waiting.popleft()
        under_way[connection][member.account] = member
        try:
            connection.send(member)
        except OSError:  # it is gone, as is found when it is waited for
            return

    def _take(self, answer: Answer, gathered: Gathered) -> AccountEntry:
        if answer.entry is None:
            words, trace = answer.defect or ("", "")
            error = RuntimeError(words)
            error.add_note(trace)
            raise error
        gathered.add(answer.account, answer.error)
        self.endpoints.update(answer.endpoints)
        return answer.entry

    def _unread(self, member: Member, connection: Connection | None, gathered: Gathered) -> AccountEntry:
        """The entry of an account whose process has died."""
        error = UnexpectedError(
            f"auditing account {member}: the process that was to read it {self._end_of(connection)}",
            "Run the command again. If the machine is short of memory, audit fewer accounts at a time, with --accounts.",
        )
        gathered.add(member.account, error)
        return AccountEntry.of(AccountAudit(member, error=error), with_document=self._settings.with_documents)

    def _end_of(self, connection: Connection | None) -> str:
        if connection is None:
            return "was not there any more"
        process = self._made[connection]
        process.join(ENDING)
        code = process.exitcode
        return f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"


@contextmanager
def _safe_path() -> Iterator[None]:
    """Keeps a process that is being started from looking for modules in the working directory."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Keeps a process that is being started from dying of Ctrl-C before it can ignore it; it inherits this."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which the first start would do otherwise, and let the signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
