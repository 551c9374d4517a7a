"""How access is given."""

from __future__ import annotations

from typing import Annotated

from fcsse.cli.options.factory import option
from fcsse.link_options import AccessLevel, Context, Via

HOW = "How"

ViaOption = Annotated[
    Via,
    option("--via", help="auto: policy in the key's own account, grant across accounts.", group=HOW),
]
ContextOption = Annotated[
    Context,
    option(
        "--context",
        help="documented: bucket ARN with Bucket Keys, object ARNs without. both: for buckets with objects of both kinds.",
        group=HOW,
    ),
]
Operations = Annotated[
    AccessLevel,
    option(
        "--operations",
        help="full: what reading and writing back need. read: Decrypt and DescribeKey only, for caches that never write back.",
        group=HOW,
    ),
]
NarrowGrant = Annotated[
    bool,
    option(
        "--narrow-grant", help="Limit a grant to the bucket's ARN, where Bucket Keys make that possible.", group=HOW
    ),
]
PruneOrphans = Annotated[
    bool,
    option(
        "--prune-orphans",
        help="Also remove principals that no longer exist (AROA…), because of which KMS would refuse the policy. The diff shows each. Takes 90 seconds where one may be a new role of another account.",
        group=HOW,
    ),
]
