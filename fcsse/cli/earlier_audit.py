"""``--compare``: reads the earlier audit before anything is asked of AWS, and compares account by account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fcsse.commands.audit.compare import Comparison, EarlierAudit, compare_account, missing_account
from fcsse.errors import EXIT_DENIED, EXIT_OK, EXIT_PENDING, UsageError


class Trend:
    """The comparison with one file. ``several``: this audit is of many accounts."""

    def __init__(self, file: Path, *, several: bool) -> None:
        self.source = str(file)
        try:
            content = file.read_bytes()
        except OSError as error:
            raise UsageError(
                f"reading the earlier audit {file}: {error.strerror or error}",
                "Name a file that was written by: fcsse audit -o json",
            ) from error
        self._earlier = EarlierAudit.parse(content, self.source)
        if self._earlier.organization and not several:
            raise UsageError(
                f"reading the earlier audit {file}: it is of many accounts",
                "Compare it with an audit of the same accounts (--organization or --accounts).",
            )
        self._left = dict(self._earlier.accounts)
        self.found = Comparison()

    def add(self, document: Mapping[str, Any]) -> None:
        """Compares an account. Raises ``UsageError`` where a single account is another one than before."""
        account = str(document["account"])
        before = self._left.pop(account, None)
        if before is None and not self._earlier.organization:
            (other,) = self._earlier.accounts
            if not document.get("name") and "state" not in document:
                raise UsageError(
                    f"comparing with {self.source}: it is of account {other}, and this audit of {account}",
                    "Name an earlier audit of the same account.",
                )
        # A copy as programs read it, so that both are compared in one form.
        self.found = self.found.plus(compare_account(before, json.loads(json.dumps(document))))

    def end(self) -> Comparison:
        """The whole comparison, once all accounts are in."""
        for before in self._left.values():
            self.found = self.found.plus(missing_account(before))
        self._left.clear()
        return self.found

    def exit_code(self, code: int, *, new_only: bool) -> int:
        """The exit code of the audit; with ``--new-only`` 3 or 0 by what is new."""
        if not new_only or code not in (EXIT_OK, EXIT_PENDING, EXIT_DENIED):
            return code
        return EXIT_PENDING if self.found.is_worse else EXIT_OK
