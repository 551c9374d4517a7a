"""A call to AWS as messages name it."""

from __future__ import annotations

from typing import NamedTuple


class Call(NamedTuple):
    """A call as people need to hear of it: the IAM action, what it is made on, and what it is made for.

    ``doing`` begins the message ("reading the policy of key …"); ``side`` says who can give the permission.
    """

    action: str
    resource: str = ""
    doing: str = ""
    side: str = "the caller's IAM policy"

    @property
    def opening(self) -> str:
        """How a message about this call begins."""
        return self.doing or (
            f"calling {self.action} on {self.resource}" if self.resource else f"calling {self.action}"
        )
