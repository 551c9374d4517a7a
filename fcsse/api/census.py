"""``fcsse.census``: which keys and context forms a bucket's objects use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fcsse import arn as arns
from fcsse.api import validation
from fcsse.api.settings import Settings, command_builder_of, for_reading, pipeline_of, settings_of
from fcsse.api.validation import Names
from fcsse.api.wording_of_errors import in_words_of_the_api
from fcsse.commands.census.rekey import RekeyRequest
from fcsse.commands.census.run import CensusQuery, CensusResult, take_census
from fcsse.commands.permissions.permission import Engine

if TYPE_CHECKING:
    import boto3


@in_words_of_the_api
def census(
    bucket: str,
    cache: Names = (),
    *,
    sample: int = 200,
    prefix: str = "",
    all_objects: bool = False,
    engine: Literal["head", "athena"] = "head",
    workgroup: str | None = None,
    athena_output: str | None = None,
    rekey: bool = False,
    new_key: str | None = None,
    new_bucket_keys: bool | None = None,
    job_role: str | None = None,
    job_bucket: str | None = None,
    manifest: str | Path | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> CensusResult:
    """Reports which KMS keys and context forms a bucket's objects use, and whether caches can decrypt them.

    Looks at ``sample`` objects under ``prefix`` (or that of ``bucket``, where it is ``s3://name/prefix/``), spread over prefixes and ages, or at all of them, a request each; or asks
    the bucket's S3 Metadata inventory table through Athena, in ``workgroup``, with results at ``athena_output`` (an S3
    URI). ``cache``: whom to judge for; otherwise the caches that FSx links to the bucket.

    With ``rekey``, ``census.rekey`` is a plan for the objects that are encrypted otherwise than new ones: its ``job()`` is the
    request for an S3 Batch Operations job that re-encrypts them in place, its ``role_policy()`` what ``job_role`` needs.
    ``new_key`` and ``new_bucket_keys`` stand in for the bucket's default key and Bucket Key setting; ``job_bucket`` takes the
    job's manifest and report; ``manifest`` is a file for the list of the objects, which takes ``all_objects``. Raises
    ``ImpossibleError`` where S3 cannot re-encrypt with that key in place. Nothing of the plan is run.

    The answer may be partial: ``census.complete`` says whether all objects were looked at, ``census.unseen_at_most`` what
    that leaves open, ``census.unreadable`` what was refused, ``census.failure`` the error that ended it early. Ctrl-C ends
    it, too, with ``census.interrupted``, and is not raised. Raises ``UsageError``, and the refusal where nothing could be
    looked at. Changes nothing.

    >>> import fcsse
    >>> counted = fcsse.census("data-bucket-keys")
    >>> [(group.objects, group.sealed.bucket_key) for group in counted.groups]
    [(2, True), (1, False)]
    >>> counted.complete, counted.fine
    (True, False)
    >>> [(reach.cache, reach.verdict.value) for reach in counted.needs.reaches]
    [('fc-0123', 'denied'), ('fc-0123', 'denied')]
    >>> plan = fcsse.census("data-bucket-keys", rekey=True).rekey
    >>> [(group.objects, group.sealed.bucket_key) for group in plan.movable], plan.target.bucket_keys
    ([(1, False)], True)
    """
    how, names = validation.word(Engine, engine, "engine"), validation.buckets(bucket)
    validation.require(len(names) == 1, "census is about one bucket")
    validation.require(sample >= 1, f"sample={sample}: not a number from 1")
    _check_engine(how, workgroup, athena_output, all_objects=all_objects)
    wish = _rekey_request(rekey, new_key, new_bucket_keys, job_role, job_bucket, manifest)
    validation.require(manifest is None or all_objects, "manifest needs all_objects=True", "A sample lists some only.")
    asked = settings_of(session, settings)
    number, plan = None if all_objects else sample, wish if rekey else None
    where = _prefix_of(bucket, prefix)
    question = CensusQuery(names[0], validation.caches(cache), where, number, how, workgroup, athena_output, plan)
    return take_census(pipeline_of(for_reading(asked)), question, command_builder_of(asked))


def _prefix_of(bucket: str, prefix: str) -> str:
    """The prefix that is meant: ``prefix``, or that of ``bucket`` where it is an S3 URI with one."""
    inside = arns.prefix_in(bucket)
    validation.require(
        inside in ("", prefix) or not prefix, f"bucket={bucket!r} and prefix={prefix!r} name two prefixes"
    )
    return prefix or inside


def _check_engine(how: Engine, workgroup: str | None, athena_output: str | None, *, all_objects: bool) -> None:
    by_athena = how is Engine.ATHENA
    validation.require(not (all_objects and by_athena), "all_objects is about engine='head'; Athena counts all anyway")
    for value, name in ((workgroup, "workgroup"), (athena_output, "athena_output")):
        validation.require(by_athena or not value, f"{name} needs engine='athena'")
    there = athena_output is None or athena_output.startswith("s3://")
    validation.require(there, f"athena_output={athena_output!r}: not a place such as s3://bucket/prefix/")


def _rekey_request(
    rekey: bool,
    new_key: str | None,
    new_bucket_keys: bool | None,
    job_role: str | None,
    job_bucket: str | None,
    manifest: str | Path | None,
) -> RekeyRequest:
    wish = RekeyRequest(
        validation.named_key(new_key),
        new_bucket_keys,
        validation.one(validation.role_patterns, job_role),
        validation.one(validation.buckets, job_bucket),
        Path(manifest) if manifest is not None else None,
    )
    for name, part in zip(RekeyRequest._fields, wish, strict=True):
        validation.require(rekey or part is None, f"{name} needs rekey=True")
    return wish
