"""What was asked for, as frozen values: what a command is to do with pairs, and how."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from fcsse.arn import Arn


class Operation(Enum):
    """What a command wants: access that is there, gone, or only told about; or an earlier policy back."""

    LINK = "link"
    UNLINK = "unlink"
    CHECK = "check"
    RESTORE = "restore"
    SETTLE = "settle"


class Via(Enum):
    """The route to access. AUTO: the policy in the key's own account, a grant across accounts."""

    AUTO = "auto"
    POLICY = "policy"
    GRANT = "grant"


class Context(Enum):
    """Which encryption contexts a statement covers: the form the bucket's setting calls for, or both forms."""

    DOCUMENTED = "documented"
    BOTH = "both"


class AccessLevel(Enum):
    """How much of a key a cache gets. FULL: what the page documents. READ: Decrypt and DescribeKey only, for caches that
    never write back.
    """

    FULL = "full"
    READ = "read"


class Options(NamedTuple):
    """What was asked for, apart from the pairs: the command line's options that change what happens.

    ``key``, ``bucket_region`` and ``bucket_keys`` are the facts of a bucket that the caller cannot read;
    ``organization`` is the id of the organization that the cache's account is in. ``level`` is ``--operations``.
    """

    operation: Operation = Operation.LINK
    via: Via = Via.AUTO
    context: Context = Context.DOCUMENTED
    narrow_grant: bool = False
    key: Arn | None = None
    bucket_region: str | None = None
    bucket_keys: bool | None = None
    prune_orphans: bool = False
    partition: str | None = None
    organization: str | None = None
    level: AccessLevel = AccessLevel.FULL

    @classmethod
    def of_unlink(
        cls, key: Arn | None, bucket_region: str | None, bucket_keys: bool | None, *, prune_orphans: bool
    ) -> Options:
        """The options of ``unlink``: what it takes away goes by no Bucket Key setting, so nobody needs to state that."""
        flag = bucket_keys if bucket_keys is not None or key is None else False
        return cls(
            Operation.UNLINK, key=key, bucket_region=bucket_region, bucket_keys=flag, prune_orphans=prune_orphans
        )
