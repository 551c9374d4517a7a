"""Keys that a CloudFormation stack manages: what to say of them. Pure.

Source: CloudFormation user guide, "Resource tags" (``aws:cloudformation:stack-name``) and "Detect unmanaged
configuration changes" (drift).
"""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.arn import Arn
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access
from fcsse.suggested_commands import operations


def stack_warning(key: Arn, stack: str, caches: Sequence[str], access: Access) -> str:
    """The warning for a link of these caches through the policy of a key of this stack. No caches: every cache.

    The command on its second line states all facts, so that it prints what was linked, whatever was read and wherever it is
    run.
    """
    who = " ".join(f"--cache {cache}" for cache in caches) or "--every-cache"
    both, bucket_keys = len(access.forms) > 1, ContextForm.BUCKET in access.forms
    form = "--context both" if both else "--bucket-keys" if bucket_keys else "--no-bucket-keys"
    what = " ".join((form, *operations(access.level)))
    facts = f"--bucket {access.bucket} --account {access.account} --key {key} {what}"
    instead = ", or use --via grant, which CloudFormation leaves alone" if caches else ""
    return (
        f"Key {key} belongs to CloudFormation stack {stack!r}, and an update of the stack can take the statement out again. "
        f"Put it into the template too{instead}. To print it:\n"
        f"fcsse statement {who} {facts} --format cloudformation"
    )
