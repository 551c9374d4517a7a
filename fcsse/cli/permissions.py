"""``fcsse permissions``: the least IAM policy that the caller of a command needs."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from fcsse.cli.options import aws, cross_account, output, route, targets
from fcsse.cli.options.factory import option
from fcsse.cli.options.output import Output
from fcsse.cli.output.documents import escaped, to_text
from fcsse.cli.output.terminal import write_answer
from fcsse.cli.session import Session, session
from fcsse.commands.permissions.permission import Command, Engine
from fcsse.commands.permissions.policy import Json, Permissions, needs
from fcsse.commands.permissions.scope import Scope
from fcsse.link_options import Via
from fcsse.model import DOCUMENT_SCHEMA

EXAMPLE = """\
Examples:
  fcsse permissions link --cache fc-0123456789abcdef0 --bucket data --account 111122223333 --region eu-west-1
  fcsse permissions unlink --optional
  fcsse permissions audit --fix
  fcsse permissions link --cache fc-0123456789abcdef0 --account 111122223333 \\
      --key arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab
"""

CommandName = Annotated[
    Command, typer.Argument(metavar="COMMAND", help=f"One of {', '.join(Command)}.", show_default=False)
]
Optional = Annotated[
    bool,
    option(
        "--optional",
        help="Also put in permissions that the command works without, but reports more with.",
        group=route.HOW,
    ),
]
FixOption = Annotated[
    bool,
    option("--fix", help="For audit: what audit --fix needs, which also writes.", group=route.HOW),
]
EngineOption = Annotated[
    Engine,
    option("--engine", help="For census: how it looks at the objects.", group=route.HOW),
]
RegionOption = Annotated[
    str | None,
    option(
        "--region",
        help="Region of the buckets and their keys; default: that of --key, else all.",
        group=targets.WHICH,
        metavar="REGION",
        parser=aws.parse_region,
        show_default=False,
    ),
]


def permissions(
    *,
    command: CommandName,
    pairs: targets.Pairs,
    every_cache: targets.EveryCache = False,
    key: cross_account.NamedKeyOption = None,
    account: targets.Account = None,
    region: RegionOption = None,
    partition: targets.Partition = None,
    via: route.ViaOption = Via.AUTO,
    engine: EngineOption = Engine.HEAD,
    fix: FixOption = False,
    optional: Optional = False,
    output: output.OutputOption = Output.TEXT,
    verbosity: output.Verbosity,
) -> None:
    """Print the least IAM policy that the caller of COMMAND needs.

    The policy goes to standard output, ready for IAM. Beside it: what is optional, and for a key of another account the
    statements that its owner and the bucket's owner must add. Each option given narrows it. Asks AWS nothing.
    """
    with session("permissions", output, verbosity) as run:
        run.progress.stop()
        scope = Scope(
            pairs.caches,
            pairs.buckets,
            every_cache,
            key,
            account,
            region or (key.region if key else None) or None,
            partition,
            via,
            engine,
            fix,
        )
        _tell(run, needs(command, scope), optional=optional)


def _tell(run: Session, found: Permissions, *, optional: bool) -> None:
    policy = found.policy(optional=optional)
    match run.output:
        case Output.JSON:
            write_answer(to_text(_document(found, policy)))
        case Output.MARKDOWN:
            write_answer(_markdown(found, policy))
        case Output.TEXT:
            write_answer(_pretty(policy))
            for paragraph in _beside(found, optional=optional):
                for row in paragraph.split("\n"):
                    run.terminal.say(row)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _document(found: Permissions, policy: Json) -> Json:
    return {
        "schema": DOCUMENT_SCHEMA,
        "command": "permissions",
        "exit_code": 0,
        "for": found.command.value,
        "policy": policy,
        "permissions": [
            {
                "action": one.action,
                "resources": list(found.scope.resources(one.on)),
                "why": one.why,
                "optional": found.is_optional(one),
            }
            for one in found.permissions
        ],
        "key_owner": list(found.key_owner),
        "bucket_owner": list(found.bucket_owner),
        "notes": list(found.notes),
    }


def _owners(found: Permissions) -> list[tuple[str, tuple[Json, ...]]]:
    owner = found.scope.key.account if found.scope.key else ""
    parts = [
        (f"The key's owner (account {owner}) must add to the key policy:", found.key_owner),
        ("The bucket's owner must add to the bucket policy:", found.bucket_owner),
    ]
    return [(heading, statements) for heading, statements in parts if statements]


def _beside(found: Permissions, *, optional: bool) -> list[str]:
    """What the policy itself does not say, in paragraphs."""
    out = []
    left_out = [one for one in found.permissions if found.is_optional(one)]
    if left_out and not optional:
        width = max(len(one.action) for one in left_out)
        rows = "\n".join(f"  {one.action:<{width}}  {one.why}" for one in left_out)
        out.append(f"\nOptional (add --optional to include):\n{rows}")
    for heading, statements in _owners(found):
        out.append(f"\n{heading}\n{_pretty(list(statements)).rstrip()}")
    return [*out, *(f"\n{note}" for note in found.notes)]


def _markdown(found: Permissions, policy: Json) -> str:
    out = [f"### Permissions for `fcsse {found.command.value}`", "", "```json", _pretty(policy).rstrip(), "```", ""]
    out += ["| action | what for | needed |", "| --- | --- | --- |"]
    for one in found.permissions:
        needed = "optional" if found.is_optional(one) else "yes"
        out.append(f"| `{one.action}` | {escaped(one.why)} | {needed} |")
    for heading, statements in _owners(found):
        out += ["", escaped(heading), "", "```json", _pretty(list(statements)).rstrip(), "```"]
    out += [part for note in found.notes for part in ("", escaped(note))]
    return "\n".join(out) + "\n"
