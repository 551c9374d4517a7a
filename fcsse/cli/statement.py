"""``fcsse statement``: what ``link`` would add, for infrastructure as code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fcsse.cli.options import aws, cross_account, output, route, safety, targets, term
from fcsse.cli.options.factory import option
from fcsse.cli.options.output import Output
from fcsse.cli.output.documents import to_text
from fcsse.cli.output.terminal import write_answer
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.iac.additions import Additions, Stated, additions, stated_facts
from fcsse.iac.cache_resource import additions_for_resource
from fcsse.iac.notation import HELP, Notation
from fcsse.link_options import AccessLevel, Context, Operation, Options, Via
from fcsse.model import DOCUMENT_SCHEMA, Facts, Obstacle
from fcsse.pipeline import Target

EXAMPLE = """\
Examples:
  fcsse statement --cache fc-0123456789abcdef0 --bucket data --format terraform
  fcsse statement --cache fc-0123456789abcdef0 --bucket data --format cloudformation \\
      --account 111122223333 --region eu-west-1 --no-bucket-keys
  fcsse statement --cache-resource Cache --bucket data --format cloudformation --no-bucket-keys
"""

Format = Annotated[
    Notation,
    option(
        "--format",
        help=HELP,
        group=output.OUTPUT,
    ),
]


CacheResource = Annotated[
    str | None,
    option(
        "--cache-resource",
        help="Instead of --cache: the logical id of an AWS::FSx::FileCache in the template that has the key, for --format "
        "cloudformation. Asks AWS nothing.",
        group=targets.WHICH,
        metavar="ID",
        show_default=False,
    ),
]


def statement(
    *,
    pairs: targets.Pairs,
    every_cache: targets.EveryCache = False,
    cache_resource: CacheResource = None,
    account: targets.Account = None,
    partition: targets.Partition = None,
    via: route.ViaOption = Via.AUTO,
    context: route.ContextOption = Context.DOCUMENTED,
    operations: route.Operations = AccessLevel.FULL,
    narrow_grant: route.NarrowGrant = False,
    known: cross_account.KnownBucket,
    bucket_side: cross_account.BucketCredentials,
    notation: Format = Notation.JSON,
    output: output.OutputOption = Output.TEXT,
    verbosity: output.Verbosity,
    settings: aws.AwsSettings,
) -> None:
    """Print the statement, or the grant, that link would add.

    For keys whose policy is kept as code: paste it there. Reads what link reads and changes nothing. With --account,
    --region and --bucket-keys or --no-bucket-keys it works offline; a grant needs --key as well.
    """
    with session("statement", output, verbosity) as run:
        target = Target(pairs.caches, pairs.buckets, every_cache)
        operation = Options(Operation.LINK, via, context, narrow_grant, *known, partition=partition, level=operations)
        if cache_resource is not None:
            require(not (target.caches or every_cache), "--cache-resource excludes --cache and --every-cache")
            require(target.buckets, "--cache-resource: no bucket is named", "Name one with --bucket.")
            require(account is None and known.key is None, "--cache-resource excludes --account and --key")
            require(notation.writer.refers, "--cache-resource needs --format cloudformation")
            _tell(run, additions_for_resource(cache_resource, target.buckets, operation), notation)
            return
        _check(target, operation, account)
        found: Sequence[Facts | Obstacle]
        if account is not None:
            found = stated_facts(target.pairs, Stated(account, settings.region, partition), operation)
        else:
            credentials = Credentials(settings, bucket_side)
            found = run.pipeline(credentials, safety.Writing(0.0, no_backup=True)).discover(target, operation)
        run.progress.stop()
        _tell(run, additions(found, operation), notation)


def _check(target: Target, operation: Options, account: str | None) -> None:
    target.require_caches("statement", term)
    require(operation.partition is None or account, "--partition needs --account")
    if account is not None:
        require(target.buckets, "working offline (--account): no bucket is named", "Name one with --bucket.")
    else:
        target.require_facts(operation, term, also=" or --account")


def _tell(run: Session, found: Additions, notation: Notation) -> None:
    text = found.text(notation)
    for note in found.nothing:
        run.terminal.say(note)
    for warning in found.warnings:
        run.terminal.warn(warning)
    match run.output:
        case Output.JSON:
            document: dict[str, object] = {
                "schema": DOCUMENT_SCHEMA,
                "command": "statement",
                "exit_code": 0,
                "additions": [part.document() for part in found.parts],
                "format": notation.value,
                "text": text,
                "nothing_to_add": list(found.nothing),
                "warnings": list(found.warnings),
            }
            write_answer(to_text(document))
        case Output.MARKDOWN:
            write_answer(f"```{notation.writer.language}\n{text}```\n" if text else "Nothing to add.\n")
        case Output.TEXT:
            write_answer(text)
