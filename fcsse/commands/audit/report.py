"""The whole answer of an audit: every pair with its verdict, every finding in order, and the sums. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fcsse.commands.audit import fsx, grants, key_policies, pairs, record, unreadable
from fcsse.commands.audit.facts import OLDER, AccountFacts
from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import Severity
from fcsse.commands.audit.key_facts import keys_of
from fcsse.commands.audit.verdicts import PairAudit, Verdicts
from fcsse.endpoint import Endpoint
from fcsse.errors import EXIT_DENIED, EXIT_OK, EXIT_PENDING
from fcsse.event_history.observed import Observed
from fcsse.planning.plan import NEVER
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import count

VERDICTS = ("allowed", "partly", "denied", "unknown")


@dataclass(frozen=True, slots=True, repr=False)
class Audit:
    """An account's audit. ``findings`` are in order, the worst first; finding ``n`` is called ``F<n + 1>``.

    ``words`` wrote its commands. ``endpoints`` are those other than AWS's own by which the facts were read. ``observed`` is
    what CloudTrail recorded, where that was asked for. ``read_at``: when reading began, in seconds of the run's clock.
    """

    facts: AccountFacts
    judged: tuple[PairAudit, ...]
    findings: tuple[Finding, ...]
    words: CommandBuilder
    observed: Observed | None = None
    endpoints: tuple[Endpoint, ...] = ()
    read_at: float = NEVER

    def __repr__(self) -> str:
        """One line: the summary."""
        return f"<Audit: {self.summary}>"

    def __str__(self) -> str:
        return self.summary

    @property
    def verdicts(self) -> dict[str, int]:
        """How many pairs have each verdict."""
        found = Counter(one.verdict for one in self.judged)
        return {name: found[name] for name in VERDICTS}

    @property
    def severities(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity.value: found[severity] for severity in Severity}

    @property
    def exit_code(self) -> int:
        """As ``standing`` says; 3 as well where AWS's record contradicts a verdict."""
        code = standing(self.facts, self.judged)
        return EXIT_PENDING if self.observed and self.observed.disagreements else code

    @property
    def summary(self) -> str:
        """One line about all of it."""
        pairs, verdicts = len(self.judged), self.verdicts
        where = (
            ", ".join(self.facts.regions[:3])
            if len(self.facts.regions) <= 3
            else count(len(self.facts.regions), "Region")
        )
        if not pairs:
            none = f"No cache of account {self.facts.account} is linked to a bucket in {where or 'no Region'}."
            if len(self.facts.regions) != 1:
                return none
            return f"{none} Look in all Regions: {replace(self.words, audited=()).audit('--all-regions')}"
        caches = len({one.pair.cache for one in self.judged})
        buckets = len({one.pair.bucket for one in self.judged})
        there = (
            f"{verdicts['allowed']:,} of {count(pairs, 'pair')} {'has' if verdicts['allowed'] == 1 else 'have'} access"
        )
        words = {"partly": "in part", "denied": "without", "unknown": "unknown"}
        lacking = ", ".join(f"{verdicts[name]:,} {word}" for name, word in words.items() if verdicts[name])
        severities = ", ".join(f"{number:,} {name}" for name, number in self.severities.items() if number)
        told = f"{count(len(self.findings), 'finding')} ({severities})" if severities else "no findings"
        scope = f"Account {self.facts.account}, {where}: {count(caches, 'cache')}, {count(buckets, 'bucket')}"
        return f"{scope}; {there}{f' ({lacking})' if lacking else ''}; {told}."


def standing(facts: AccountFacts, judged: Sequence[PairAudit]) -> int:
    """The exit code of an account that stands so.

    0: all access is there. 3: some is missing, or not known. 5: none is known to be missing, but the caller lacks a
    permission to tell.
    """
    if any(not one.as_linked and (one.verdict != "unknown" or pairs.fails(one)) for one in judged):
        return EXIT_PENDING
    if unreadable.lacks_permission(facts, judged):
        return EXIT_DENIED
    whole = not facts.unread and not any(refusal.kind == OLDER for refusal in facts.refusals)
    return EXIT_OK if whole and all(one.as_linked for one in judged) else EXIT_PENDING


def audit_of(
    facts: AccountFacts,
    words: CommandBuilder | None = None,
    verdicts: Verdicts | None = None,
    observed: Observed | None = None,
) -> Audit:
    """The audit of what was read. ``words`` writes the commands of the remedies; ``verdicts`` may know some already."""
    regions = {one.association.owner: one.region for one in facts.associations}
    says = replace(words or CommandBuilder(), homes=regions)
    judged = (verdicts or Verdicts()).all(facts.pairs, regions, facts.buckets, facts.roleless)
    keys = keys_of(judged, facts.account)
    unread = unreadable.find(facts, judged)
    told = {pair for finding in unread for pair in finding.pairs}
    found = [
        *unread,
        *pairs.find(judged, says, told),
        *fsx.find(facts, judged, says),
        *key_policies.find(keys, facts, says),
        *grants.find(keys, says),
        *(record.find(observed, says) if observed else ()),
    ]
    return Audit(facts, judged, tuple(sorted(found, key=lambda finding: finding.sort_key)), says, observed)
