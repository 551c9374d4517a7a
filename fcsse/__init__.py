"""Give an Amazon File Cache or FSx for Lustre file system access to the KMS key of its S3 bucket.

``link``, ``unlink``, ``plan``; ``check``, ``check_policy``, ``audit``, ``audit_organization``, ``census``; ``backups``,
``restore``, ``history``, ``settle``; ``statement``,
``permissions``:
each as ``fcsse.api`` describes, which also says what of it is stable. They are loaded on first use, so that importing the
package costs nothing.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "AccountAudit",
    "Additions",
    "AppliedChange",
    "Audit",
    "Backup",
    "BusyError",
    "CensusResult",
    "ChangedError",
    "CheckResult",
    "CredentialsError",
    "DeniedError",
    "Facts",
    "FailedChange",
    "FcsseError",
    "Finding",
    "Fix",
    "GrantAddition",
    "GrantEnding",
    "Histories",
    "ImpossibleError",
    "InterruptedRunError",
    "NewGrant",
    "NewStatements",
    "NotAwsAnswerError",
    "NotFoundError",
    "NotVisibleError",
    "Observation",
    "OrganizationAudit",
    "Outcome",
    "Pair",
    "PairAudit",
    "PairResult",
    "Permission",
    "Permissions",
    "Plan",
    "PolicyChange",
    "PolicyFormatError",
    "PolicyFullError",
    "PolicyRefusedError",
    "Progress",
    "Proposal",
    "RestoreResult",
    "Result",
    "Settings",
    "SettleResult",
    "Severity",
    "Status",
    "UnconfirmedError",
    "UnexpectedError",
    "UsageError",
    "Verdict",
    "Via",
    "__version__",
    "audit",
    "audit_organization",
    "backups",
    "census",
    "check",
    "check_policy",
    "history",
    "lambda_handler",
    "link",
    "permissions",
    "plan",
    "restore",
    "settle",
    "statement",
    "unlink",
]

if TYPE_CHECKING:
    from fcsse.api.audit import Audit, audit, audit_organization
    from fcsse.api.backups import RestoreResult, backups, restore
    from fcsse.api.census import census
    from fcsse.api.check import check, check_policy
    from fcsse.api.history import history
    from fcsse.api.link import link, plan, unlink
    from fcsse.api.link_results import Proposal, Result
    from fcsse.api.permissions import permissions
    from fcsse.api.settings import Settings
    from fcsse.api.settle import SettleResult, settle
    from fcsse.api.statement import statement
    from fcsse.apply.apply import AppliedChange, FailedChange
    from fcsse.apply.backup_file import Backup
    from fcsse.apply.pair_result import PairResult
    from fcsse.aws_lambda import lambda_handler
    from fcsse.commands.audit.finding import Finding, Fix
    from fcsse.commands.audit.finding_kinds import Severity
    from fcsse.commands.audit.organization import AccountAudit, OrganizationAudit
    from fcsse.commands.audit.verdicts import PairAudit
    from fcsse.commands.census.run import CensusResult
    from fcsse.commands.check import CheckResult
    from fcsse.commands.history import Histories
    from fcsse.commands.permissions.permission import Permission
    from fcsse.commands.permissions.policy import Permissions
    from fcsse.errors import (
        BusyError,
        ChangedError,
        CredentialsError,
        DeniedError,
        FcsseError,
        ImpossibleError,
        InterruptedRunError,
        NotAwsAnswerError,
        NotFoundError,
        NotVisibleError,
        PolicyFormatError,
        PolicyFullError,
        PolicyRefusedError,
        UnconfirmedError,
        UnexpectedError,
        UsageError,
    )
    from fcsse.evaluator.request import Verdict
    from fcsse.event_history.agreement import Observation
    from fcsse.iac.additions import Additions
    from fcsse.iac.parts import NewGrant, NewStatements
    from fcsse.link_options import Via
    from fcsse.model import Facts, Pair
    from fcsse.planning.changes import GrantAddition, GrantEnding, PolicyChange
    from fcsse.planning.plan import Outcome, Plan, Status
    from fcsse.progress import Progress
else:
    _HOMES = {
        "fcsse.api.link": ("link", "plan", "unlink"),
        "fcsse.api.link_results": ("Proposal", "Result"),
        "fcsse.api.backups": ("RestoreResult", "backups", "restore"),
        "fcsse.api.audit": ("Audit", "audit", "audit_organization"),
        "fcsse.api.census": ("census",),
        "fcsse.api.check": ("check", "check_policy"),
        "fcsse.api.history": ("history",),
        "fcsse.api.settings": ("Settings",),
        "fcsse.api.settle": ("SettleResult", "settle"),
        "fcsse.api.permissions": ("permissions",),
        "fcsse.api.statement": ("statement",),
        "fcsse.apply.pair_result": ("PairResult",),
        "fcsse.aws_lambda": ("lambda_handler",),
        "fcsse.evaluator.request": ("Verdict",),
        "fcsse.event_history.agreement": ("Observation",),
        "fcsse.commands.audit.finding": ("Finding", "Fix"),
        "fcsse.commands.audit.finding_kinds": ("Severity",),
        "fcsse.commands.audit.organization": ("AccountAudit", "OrganizationAudit"),
        "fcsse.commands.audit.verdicts": ("PairAudit",),
        "fcsse.iac.additions": ("Additions", "NewGrant", "NewStatements"),
        "fcsse.commands.permissions.policy": ("Permissions",),
        "fcsse.commands.permissions.permission": ("Permission",),
        "fcsse.link_options": ("Via",),
        "fcsse.model": ("Facts", "Pair"),
        "fcsse.commands.census.run": ("CensusResult",),
        "fcsse.planning.changes": ("GrantAddition", "GrantEnding", "PolicyChange"),
        "fcsse.planning.plan": ("Outcome", "Plan", "Status"),
        "fcsse.progress": ("Progress",),
        "fcsse.commands.history": ("Histories",),
        "fcsse.commands.check": ("CheckResult",),
        "fcsse.apply.apply": ("AppliedChange", "FailedChange"),
        "fcsse.apply.backup_file": ("Backup",),
    }

    def __getattr__(name):
        if name not in __all__:
            text = f"module 'fcsse' has no attribute {name!r}"
            raise AttributeError(text)
        from importlib import import_module

        # All else that is exported is an exception.
        home = next((home for home, names in _HOMES.items() if name in names), "fcsse.errors")
        globals()[name] = value = getattr(import_module(home), name)
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
