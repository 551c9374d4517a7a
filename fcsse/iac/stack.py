"""Keys that a CloudFormation stack manages: what to say of them. Pure.

Source: CloudFormation user guide, "Resource tags" (``aws:cloudformation:stack-name``) and "Detect unmanaged
configuration changes" (drift).
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fcsse.arn import Arn


def stack_warning(key: Arn, stack: str, cache: str | None, bucket: str) -> str:
    """The warning for a link through the policy of a key of this stack. ``cache`` None: every cache."""
    who = f"--cache {cache}" if cache else "--every-cache"
    instead = ", or use --via grant, which CloudFormation leaves alone" if cache else ""
    return (
        f"Key {key} belongs to CloudFormation stack {stack!r}, and an update of the stack can take the statement out again. "
        f"Put it into the template too (fcsse statement {who} --bucket {shlex.quote(bucket)} --format cloudformation)"
        f"{instead}."
    )
