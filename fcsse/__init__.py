"""Give an Amazon File Cache or FSx for Lustre file system access to the KMS key of its S3 bucket.

``link``, ``unlink``, ``plan``; ``check``, ``audit``, ``census``; ``backups``, ``restore``; ``statement``, ``permissions``:
each as ``fcsse.api`` describes, which also says what of it is stable. They are loaded on first use, so that importing the
package costs nothing.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "Additions",
    "Applied",
    "Audit",
    "Backup",
    "BusyError",
    "ChangedError",
    "Checked",
    "Counted",
    "CredentialsError",
    "DeniedError",
    "Facts",
    "Failed",
    "FcsseError",
    "Finding",
    "Fix",
    "GrantAddition",
    "GrantEnding",
    "ImpossibleError",
    "InterruptedRunError",
    "Judged",
    "NewGrant",
    "NewStatements",
    "NotFoundError",
    "NotVisibleError",
    "Outcome",
    "Pair",
    "Permission",
    "Permissions",
    "Plan",
    "PolicyChange",
    "PolicyFormatError",
    "PolicyFullError",
    "PolicyRefusedError",
    "Progress",
    "Proposal",
    "Restored",
    "Result",
    "Settings",
    "Severity",
    "Status",
    "UnconfirmedError",
    "UnexpectedError",
    "UsageError",
    "Verdict",
    "Via",
    "__version__",
    "audit",
    "backups",
    "census",
    "check",
    "lambda_handler",
    "link",
    "permissions",
    "plan",
    "restore",
    "statement",
    "unlink",
]

if TYPE_CHECKING:
    from fcsse.api.changes import Proposal, Result, link, plan, unlink
    from fcsse.api.copies import Restored, backups, restore
    from fcsse.api.questions import Audit, audit, census, check
    from fcsse.api.settings import Settings
    from fcsse.api.texts import permissions, statement
    from fcsse.aws_lambda import lambda_handler
    from fcsse.errors import (
        BusyError,
        ChangedError,
        CredentialsError,
        DeniedError,
        FcsseError,
        ImpossibleError,
        InterruptedRunError,
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
    from fcsse.findings.findings import Finding, Fix, Severity
    from fcsse.findings.judging import Judged
    from fcsse.iac.additions import Additions, NewGrant, NewStatements
    from fcsse.least_privilege.policy import Permissions
    from fcsse.least_privilege.table import Permission
    from fcsse.model import Facts, Pair, Via
    from fcsse.object_keys.answer import Counted
    from fcsse.planning.plan import GrantAddition, GrantEnding, Outcome, Plan, PolicyChange, Status
    from fcsse.progress import Progress
    from fcsse.verdict import Checked
    from fcsse.writing.apply import Applied, Failed
    from fcsse.writing.backup import Backup
else:
    _HOMES = {
        "fcsse.api.changes": ("Proposal", "Result", "link", "plan", "unlink"),
        "fcsse.api.copies": ("Restored", "backups", "restore"),
        "fcsse.api.questions": ("Audit", "audit", "census", "check"),
        "fcsse.api.settings": ("Settings",),
        "fcsse.api.texts": ("permissions", "statement"),
        "fcsse.aws_lambda": ("lambda_handler",),
        "fcsse.evaluator.request": ("Verdict",),
        "fcsse.findings.findings": ("Finding", "Fix", "Severity"),
        "fcsse.findings.judging": ("Judged",),
        "fcsse.iac.additions": ("Additions", "NewGrant", "NewStatements"),
        "fcsse.least_privilege.policy": ("Permissions",),
        "fcsse.least_privilege.table": ("Permission",),
        "fcsse.model": ("Facts", "Pair", "Via"),
        "fcsse.object_keys.answer": ("Counted",),
        "fcsse.planning.plan": ("GrantAddition", "GrantEnding", "Outcome", "Plan", "PolicyChange", "Status"),
        "fcsse.progress": ("Progress",),
        "fcsse.verdict": ("Checked",),
        "fcsse.writing.apply": ("Applied", "Failed"),
        "fcsse.writing.backup": ("Backup",),
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
