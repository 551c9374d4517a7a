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
    "Failed",
    "FcsseError",
    "Finding",
    "ImpossibleError",
    "InterruptedRunError",
    "NotFoundError",
    "NotVisibleError",
    "Outcome",
    "Pair",
    "Permissions",
    "Plan",
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
    from fcsse.findings.findings import Finding, Severity
    from fcsse.iac.additions import Additions
    from fcsse.least_privilege.policy import Permissions
    from fcsse.model import Pair
    from fcsse.object_keys.answer import Counted
    from fcsse.planning.plan import Outcome, Plan, Status
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
        "fcsse.findings.findings": ("Finding", "Severity"),
        "fcsse.iac.additions": ("Additions",),
        "fcsse.least_privilege.policy": ("Permissions",),
        "fcsse.model": ("Pair",),
        "fcsse.object_keys.answer": ("Counted",),
        "fcsse.planning.plan": ("Outcome", "Plan", "Status"),
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
