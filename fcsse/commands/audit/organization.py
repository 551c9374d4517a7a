"""The audit of many accounts: each account's own audit, or why there is none, and the sums over all. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple

from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import ACCOUNT_CLOSED, ACCOUNT_UNREADABLE, Severity
from fcsse.commands.audit.report import VERDICTS, Audit
from fcsse.commands.audit.unreadable import reason_of, remedy_of_region
from fcsse.errors import EXIT_DENIED, EXIT_OK, EXIT_PENDING, CredentialsError, DeniedError, FcsseError
from fcsse.model import Member
from fcsse.text import count, sentence

DEFAULT_ROLE = "OrganizationAccountAccessRole"
"""The role that AWS Organizations makes in accounts that it creates. Source: AWS Organizations user guide."""


class AccountAudit(NamedTuple):
    """One account of many. Of ``audit`` and ``error`` one is set, and neither where the account is not active.

    ``homes`` are the accounts in which buckets of other accounts were found, by bucket.
    """

    member: Member
    audit: Audit | None = None
    error: FcsseError | None = None
    homes: Mapping[str, str] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of the account's audit, or the one that says why there is none."""
        if self.audit is not None:
            return self.audit.findings
        return (_closed(self.member) if self.error is None else _unread(self.member, self.error),)

    @property
    def exit_code(self) -> int:
        """As of ``fcsse audit``. An account that is not active has no cache that could lack anything."""
        if self.audit is not None:
            return self.audit.exit_code
        if self.error is None:
            return EXIT_OK
        return EXIT_DENIED if self.error.exit_code == EXIT_DENIED else EXIT_PENDING


def _closed(member: Member) -> Finding:
    return Finding(
        ACCOUNT_CLOSED.code,
        ACCOUNT_CLOSED.severity,
        ACCOUNT_CLOSED.title.format(account=member, state=member.state),
        ("AWS answers no calls of roles in an account that is not active.",),
        ACCOUNT_CLOSED.remedy,
    )


def _unread(member: Member, error: FcsseError) -> Finding:
    return Finding(
        ACCOUNT_UNREADABLE.code,
        ACCOUNT_UNREADABLE.severity,
        ACCOUNT_UNREADABLE.title.format(account=member, reason=reason_of(error)),
        (sentence(error.message), "Its caches, and whether they have access, are not known."),
        _remedy(error),
    )


def _remedy(error: FcsseError) -> str:
    if isinstance(error, DeniedError) and error.action == "sts:AssumeRole" and error.denied_by is None:
        return (
            f"Create the role there if it does not exist, and allow the caller in its trust policy. {error.hint} "
            "For a role of another name: --role-name."
        )
    if isinstance(error, CredentialsError):
        return remedy_of_region(error)
    return error.hint


@dataclass(slots=True)
class Totals:
    """Sums over accounts, added one at a time so that no account has to be kept."""

    accounts: int = 0
    read: int = 0
    closed: int = 0
    earlier: int = 0
    pairs: int = 0
    caches: int = 0
    bucket_names: set[str] = field(default_factory=set)
    verdicts: Counter[str] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)

    def add(self, one: AccountAudit) -> None:
        """Adds an account."""
        self.accounts += 1
        self.codes[one.exit_code] += 1
        self.severities.update(finding.severity.value for finding in one.findings)
        if one.audit is None:
            self.closed += one.error is None
            return
        self.read += 1
        judged = one.audit.judged
        self.pairs += len(judged)
        self.caches += len({pair.pair.cache for pair in judged})
        self.bucket_names.update(pair.pair.bucket for pair in judged)
        self.verdicts.update(one.audit.verdicts)

    def merge(self, more: Totals) -> None:
        """Adds the sums over other accounts."""
        for one in fields(self):
            value = getattr(more, one.name)
            if isinstance(value, Counter | set):
                getattr(self, one.name).update(value)
            else:
                setattr(self, one.name, getattr(self, one.name) + value)

    def skip(self, accounts: int) -> None:
        """Adds accounts that an earlier run finished."""
        self.accounts += accounts
        self.earlier += accounts

    @property
    def buckets(self) -> int:
        """How many buckets there are, each counted once: caches of many accounts may be linked to one."""
        return len(self.bucket_names)

    @property
    def unread(self) -> int:
        """Accounts that could not be read, though they are active."""
        return self.accounts - self.read - self.closed - self.earlier

    @property
    def exit_code(self) -> int:
        """3 where any account has 3; else 5 where any has 5; else 0."""
        return next((code for code in (EXIT_PENDING, EXIT_DENIED) if self.codes[code]), EXIT_OK)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many pairs have each verdict, and how many findings there are of each severity."""
        return {
            "verdicts": {name: self.verdicts[name] for name in VERDICTS},
            "findings": {severity.value: self.severities[severity.value] for severity in Severity},
        }

    @property
    def summary(self) -> str:
        """One line about all of it."""
        parts = [f"{self.read:,} read"]
        parts += [f"{self.unread:,} could not be read"] if self.unread else []
        parts += [f"{self.closed:,} not active"] if self.closed else []
        parts += [f"{self.earlier:,} finished by an earlier run"] if self.earlier else []
        allowed = self.verdicts["allowed"]
        words = {"partly": "in part", "denied": "without", "unknown": "unknown"}
        lacking = ", ".join(f"{self.verdicts[name]:,} {word}" for name, word in words.items() if self.verdicts[name])
        found = sum(self.severities.values())
        severities = ", ".join(
            f"{self.severities[one.value]:,} {one.value}" for one in Severity if self.severities[one.value]
        )
        return (
            f"{count(self.accounts, 'account')} ({', '.join(parts)}): {count(self.caches, 'cache')}, "
            f"{count(self.buckets, 'bucket')}; {allowed:,} of {count(self.pairs, 'pair')} "
            f"{'has' if allowed == 1 else 'have'} access{f' ({lacking})' if lacking else ''}; "
            + (f"{count(found, 'finding')} ({severities})." if found else "no findings.")
        )


class OrganizationAudit(NamedTuple):
    """The audit of all accounts, in the order of their ids, with its sums."""

    accounts: tuple[AccountAudit, ...]
    totals: Totals

    @property
    def summary(self) -> str:
        """One line about all of it."""
        return self.totals.summary

    @property
    def exit_code(self) -> int:
        """As ``fcsse audit`` ends with."""
        return self.totals.exit_code

    @classmethod
    def of(cls, accounts: Iterable[AccountAudit]) -> OrganizationAudit:
        """From the accounts' audits, in any order."""
        ordered = tuple(sorted(accounts, key=lambda one: one.member.account))
        totals = Totals()
        for one in ordered:
            totals.add(one)
        return cls(ordered, totals)
