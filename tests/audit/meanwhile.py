"""What others do while an account is being read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.audit.factories import documented, slr

if TYPE_CHECKING:
    from collections.abc import Callable

    from fcsse.sandbox.wire import Call
    from tests.simulated import Shell

ROLES = "iam:ListRoles"
LINKS = "fsx:DescribeDataRepositoryAssociations"


def once_listed(shell: Shell, listing: str, operation: str, act: Callable[[], object]) -> None:
    """Does something before the first call of an operation is answered, and after the list was."""
    listed = threading.Event()

    def wait(_call: Call) -> None:
        assert listed.wait(20)
        act()

    shell.sandbox.fault(listing, after=True, hook=lambda _: listed.set())
    shell.sandbox.fault(operation, hook=wait)


def give(shell: Shell, cache: str) -> None:
    """Adds the documented statement for a cache and the bucket data to the key's policy."""
    policy = shell.sandbox.policy("data")
    policy["Statement"] += [documented("data", slr(cache), sid="new")]
    shell.sandbox.put_policy("data", policy, verbatim=True)
