"""``fcsse census``: which KMS keys, and which context forms, the bucket's objects really use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.arn import Arn
from fcsse.cli.options import aws, cross_account, output, targets
from fcsse.cli.options.factory import option
from fcsse.cli.options.output import Output
from fcsse.cli.output.census import census_document, census_lines, census_markdown, summary, verdict
from fcsse.cli.output.census_rekey import rekey_entry, rekey_lines, rekey_markdown, rekey_summary
from fcsse.cli.output.documents import to_text
from fcsse.cli.output.lines import line
from fcsse.cli.output.terminal import columns, write_answer
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.commands.census.rekey import RekeyRequest
from fcsse.commands.census.run import CensusQuery, CensusResult, take_census
from fcsse.commands.permissions.permission import Engine

EXAMPLE = """\
Examples:
  fcsse census --bucket data
  fcsse census --bucket data --all --prefix projects/
  fcsse census --bucket data --engine athena --workgroup primary
  fcsse census --bucket data --engine athena --rekey --job-bucket data-jobs
  fcsse census --bucket data --all --rekey --manifest strays.csv --job-bucket data-jobs -o markdown
"""
SAMPLE = "Counting"
REKEY = "Re-keying"


Buckets = Annotated[
    list[str],
    option(
        "--bucket",
        help="Bucket; of s3://NAME/PREFIX/ only the objects under the prefix.",
        group=targets.WHICH,
        metavar="NAME",
        show_default=False,
    ),
]
Caches = Annotated[
    list[str] | None,
    option(
        "--cache",
        help="Cache to judge for. Repeatable. Default: those linked to the bucket.",
        group=targets.WHICH,
        metavar="ID",
        show_default=False,
    ),
]
Sample = Annotated[
    int,
    option(
        "--sample", help="How many objects to look at, spread over prefixes and ages.", group=SAMPLE, metavar="N", min=1
    ),
]
Prefix = Annotated[
    str,
    option("--prefix", help="Only objects under this prefix.", group=SAMPLE, show_default=False),
]
All = Annotated[
    bool,
    option("--all", help="Look at every object: a request each.", group=SAMPLE),
]
EngineOption = Annotated[
    Engine,
    option(
        "--engine",
        help="head: HeadObject on each object of a sample. athena: all objects, by the bucket's S3 Metadata inventory table.",
        group=SAMPLE,
    ),
]
Workgroup = Annotated[
    str | None,
    option("--workgroup", help="Athena workgroup.", group=SAMPLE, show_default=False),
]
AthenaOutput = Annotated[
    str | None,
    option(
        "--athena-output",
        help="Where Athena puts results; default: the workgroup's.",
        group=SAMPLE,
        metavar="S3-URI",
        show_default=False,
    ),
]
Rekey = Annotated[
    bool,
    option(
        "--rekey",
        help="Also print how S3 gives all objects the bucket's default key and Bucket Key setting in place: an S3 Batch "
        "Operations job and its role. fcsse does not run it.",
        group=REKEY,
    ),
]
NewKey = Annotated[
    Arn | None,
    option(
        "--new-key",
        help="The key for the objects, instead of the bucket's default: an ARN, or an alias or id of the caller's account.",
        group=REKEY,
        metavar="KEY",
        parser=cross_account.parse_named_key,
        show_default=False,
    ),
]
NewBucketKeys = Annotated[
    bool | None,
    option(
        "--new-bucket-keys/--no-new-bucket-keys",
        help="Whether the objects are to use Bucket Keys; default: as the bucket does.",
        group=REKEY,
        show_default=False,
    ),
]
JobRole = Annotated[
    str | None,
    option(
        "--job-role",
        help="The job's role; default: a new one, with the commands that create it.",
        group=REKEY,
        metavar="ARN",
        parser=cross_account.parse_role,
        show_default=False,
    ),
]
JobBucket = Annotated[
    str | None,
    option(
        "--job-bucket",
        help="Bucket for the job's manifest and report.",
        group=REKEY,
        metavar="NAME",
        parser=targets.parse_bucket,
        show_default=False,
    ),
]
ManifestFile = Annotated[
    Path | None,
    option(
        "--manifest",
        help="With --all: write the objects to be changed to this CSV manifest. Default: S3 lists them by their encryption.",
        group=REKEY,
        metavar="FILE",
        show_default=False,
    ),
]


def prefix_of(bucket: str, prefix: str) -> str:
    """The prefix that is meant: ``prefix``, or that of ``bucket`` where it is an S3 URI with one. Raises ``UsageError``."""
    inside = arns.prefix_in(bucket)
    require(
        not (inside and prefix and inside != prefix),
        f"--bucket {bucket} and --prefix {prefix} name two prefixes",
        "Leave one of them out.",
    )
    return prefix or inside


def census(
    *,
    context: typer.Context,
    bucket: Buckets,
    cache: Caches = None,
    sample: Sample = 200,
    prefix: Prefix = "",
    all_objects: All = False,
    engine: EngineOption = Engine.HEAD,
    workgroup: Workgroup = None,
    athena_output: AthenaOutput = None,
    rekey: Rekey = False,
    new_key: NewKey = None,
    new_bucket_keys: NewBucketKeys = None,
    job_role: JobRole = None,
    job_bucket: JobBucket = None,
    manifest: ManifestFile = None,
    bucket_side: cross_account.BucketCredentials,
    output: output.OutputOption = Output.TEXT,
    verbosity: output.Verbosity,
    settings: aws.AwsSettings,
) -> None:
    """Report which KMS keys and context forms the objects of a bucket use, and whether its caches can decrypt them.

    Default encryption applies to new objects only: older ones keep their key, and their form from before Bucket Keys
    were turned on or off. Only current object versions are counted. Ctrl-C gives the answer so far. Changes
    nothing. With --rekey, objects that are encrypted otherwise than new ones get a plan that re-encrypts them in place.

    Exit codes: 0 the caches may decrypt all that was seen, 3 they may not or it is not known, 130 interrupted.
    """
    with session("census", output, verbosity) as run:
        names = tuple(dict.fromkeys(targets.parse_bucket(one) for one in bucket))
        prefix = prefix_of(bucket[0], prefix)
        require(len(names) == 1, "a census is of one bucket", f"Take one after the other: --bucket {names[0]} first.")
        caches = tuple(dict.fromkeys(targets.parse_cache(one) for one in cache or ()))
        by_athena = engine is Engine.ATHENA
        require(not (all_objects and by_athena), "--all is about --engine head; Athena counts all anyway")
        source = context.get_parameter_source("sample")
        if source is not None and source.name == "COMMANDLINE":
            require(not all_objects, "--all and --sample exclude each other")
            require(not by_athena, "--sample is about --engine head; Athena counts all")
        for given, option in ((workgroup, "--workgroup"), (athena_output, "--athena-output")):
            require(by_athena or not given, f"{option} needs --engine athena")
        place = athena_output or "s3://"
        require(place.startswith("s3://"), f"--athena-output {athena_output}: not a place such as s3://bucket/prefix/")
        wish = RekeyRequest(new_key, new_bucket_keys, job_role, job_bucket, manifest)
        for name, value in zip(RekeyRequest._fields, wish, strict=True):
            stated = f"--no-{name}" if value is False else f"--{name}"
            require(rekey or value is None, f"{stated.replace('_', '-')} needs --rekey")
        require(manifest is None or all_objects, "--manifest needs --all", "A sample does not list all objects.")
        pipeline = run.pipeline(Credentials(settings, bucket_side))
        number, plan = None if all_objects else sample, wish if rekey else None
        asked = CensusQuery(names[0], caches, prefix, number, engine, workgroup, athena_output, plan)
        found = take_census(pipeline, asked, run.words)
        run.progress.stop()
        _tell(run, found)
        raise typer.Exit(found.exit_code)


def _tell(run: Session, found: CensusResult) -> None:
    taken, needs, plan = found.census, found.needs, found.rekey
    match run.output:
        case Output.JSON:
            document = census_document(taken, needs, found.exit_code, found.endpoints)
            write_answer(to_text(document | {"rekey": rekey_entry(plan, run.words)} if plan else document))
        case Output.MARKDOWN:
            write_answer(
                census_markdown(taken, needs, found.endpoints) + (rekey_markdown(plan, run.words) if plan else "")
            )
        case Output.TEXT:
            if run.terminal.quiet:
                run.terminal.print([line(f"{summary(taken)} {verdict(taken, needs)}".strip(), "bold")])
                run.terminal.print([line(rekey_summary(plan), "bold")] if plan else [])
            else:
                run.terminal.print(census_lines(taken, needs, columns(), found.endpoints))
                run.terminal.print(rekey_lines(plan, run.words) if plan else [])
    if taken.failure is not None:
        run.terminal.tell(taken.failure)
