"""How access is given."""

from __future__ import annotations

from typing import Annotated

import typer

from fcsse.model import Context, Via

HOW = "How"

ViaOption = Annotated[
    Via,
    typer.Option(
        "--via",
        envvar="FCSSE_VIA",
        help="auto: policy in the key's own account, grant across accounts.",
        show_envvar=False,
        rich_help_panel=HOW,
    ),
]
ContextOption = Annotated[
    Context,
    typer.Option(
        "--context",
        envvar="FCSSE_CONTEXT",
        help="documented: bucket ARN with Bucket Keys, object ARNs without. both: for buckets with objects of both kinds.",
        show_envvar=False,
        rich_help_panel=HOW,
    ),
]
NarrowGrant = Annotated[
    bool,
    typer.Option(
        "--narrow-grant",
        envvar="FCSSE_NARROW_GRANT",
        help="Limit a grant to the bucket's ARN, where Bucket Keys make that possible.",
        show_envvar=False,
        rich_help_panel=HOW,
    ),
]
PruneOrphans = Annotated[
    bool,
    typer.Option(
        "--prune-orphans",
        envvar="FCSSE_PRUNE_ORPHANS",
        help="Also remove principals that no longer exist (AROA…), because of which KMS would refuse the policy. The diff shows each.",
        show_envvar=False,
        rich_help_panel=HOW,
    ),
]
