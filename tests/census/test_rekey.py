"""The plan for re-keying objects in place: what it changes, what it leaves out, and that AWS's own model takes its job."""

from __future__ import annotations

import json
import shlex
import urllib.parse
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

import fcsse
from fcsse.arn import Arn
from fcsse.cli.output.census import summary
from fcsse.cli.output.census_rekey import (
    CAVEATS,
    REFUSALS,
    caveats,
    rekey_entry,
    rekey_lines,
    rekey_markdown,
    rekey_summary,
)
from fcsse.commands.census.in_place import Refusal, RekeyTarget
from fcsse.commands.census.manifest import ManifestWriter
from fcsse.commands.census.rekey import Caveat, RekeyRequest, plan_rekey
from fcsse.commands.census.tally import Census
from fcsse.model import Key
from fcsse.objects import Group, Listed, ObjectEncryption
from fcsse.suggested_commands import CommandBuilder
from tests.census.conftest import Run, Shell

OWN, OTHER = "111122223333", "444455556666"
OLD = f"arn:aws:kms:eu-west-1:{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NEW = f"arn:aws:kms:eu-west-1:{OWN}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
READER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def target(owner: str | None = OWN, *, bucket_keys: bool = True) -> RekeyTarget:
    key = Arn.parse(NEW)
    assert key
    return RekeyTarget(key, bucket_keys, owner)


def old_arn() -> Arn:
    arn = Arn.parse(OLD)
    assert arn
    return arn


def group(algorithm: str, key: str | None = None, number: int = 1, *, bucket_key: bool = False) -> Group:
    return Group(ObjectEncryption(algorithm, key, bucket_key), number, 10, "example")


def counted(*groups: Group, complete: bool = True, prefix: str = "") -> Census:
    return Census("data", groups, sum(one.objects for one in groups), complete=complete, prefix=prefix)


def require_valid(job: dict[str, Any]) -> None:
    """Checks a job by the service model that AWS publishes in botocore."""
    model = botocore.session.get_session().get_service_model("s3control")
    shape = model.operation_model("CreateJob").input_shape
    assert shape
    errors = ParamValidator().validate({**job, "ClientRequestToken": "x"}, shape)
    assert not errors.has_errors(), errors.generate_report()


def mixed(shell: Shell) -> str:
    """Bucket data with objects of its own key, of another and of none; returns the ARN of the other key."""
    s3, other = shell.sandbox.client("s3"), shell.sandbox.key("data-alias").arn
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": other}
    s3.put_object(Bucket="data", Key='a b/odd, "name" & é+%.bin', Body=b"x", **sealed)
    s3.put_object(Bucket="data", Key="bucket-key", Body=b"x", **sealed, BucketKeyEnabled=True)
    s3.put_object(Bucket="data", Key="plain", Body=b"x", ServerSideEncryption="AES256")
    return other


def test_strays_are_those_that_new_objects_are_not_like(shell: Shell) -> None:
    other = mixed(shell)
    run = shell.census("data", "--cache", "fc-0123", "--rekey", "--job-bucket", "data-alias")
    plan = run.json["rekey"]
    assert {(one["algorithm"], one["key"], one["bucket_key"], one["objects"]) for one in plan["strays"]} == {
        ("AES256", None, False, 1),
        ("aws:kms", other, False, 1),
        ("aws:kms", other, True, 1),
    }
    assert (plan["key"], plan["bucket_key"], plan["account"]) == (shell.sandbox.key("data").arn, False, OWN)
    require_valid(plan["job"])
    generator = plan["job"]["ManifestGenerator"]["S3JobManifestGenerator"]
    filters = generator["Filter"]["MatchAnyObjectEncryption"]
    assert {"SSES3": {}} in filters
    assert {"SSEKMS": {"KmsKeyArn": other, "BucketKeyEnabled": True}} in filters
    assert {"SSEKMS": {"KmsKeyArn": other, "BucketKeyEnabled": False}} in filters
    assert len(filters) == 3
    assert generator["ExpectedBucketOwner"] == OWN
    assert "the list that S3 makes" in str(plan)
    assert plan["job"]["ConfirmationRequired"] is True


def test_a_manifest_lists_each_stray_once_and_its_etag_is_what_s3_stores(shell: Shell, tmp_path: Path) -> None:
    """The job's work done by hand, object by object of the manifest: then nothing is left to re-key."""
    mixed(shell)
    file = tmp_path / "strays.csv"
    words = ("--all", "--rekey", "--manifest", str(file), "--job-bucket", "data-alias")
    plan = shell.census("data", "--cache", "fc-0123", *words).json["rekey"]
    assert plan["manifest"]["objects"] == 3
    assert "not in the list, and keep their encryption" in str(plan)
    assert "the list that S3 makes" not in str(plan)
    require_valid(plan["job"])
    rows = [row.split(",") for row in file.read_text(encoding="ascii").splitlines()]
    assert {row[0] for row in rows} == {"data"}
    assert {urllib.parse.unquote(row[1]) for row in rows} == {'a b/odd, "name" & é+%.bin', "bucket-key", "plain"}
    s3, location = shell.sandbox.client("s3"), plan["job"]["Manifest"]["Location"]
    upload = next(one["command"] for one in plan["commands"] if " put-object " in one["command"])
    given = dict(zip(*[iter(shlex.split(upload)[3:])] * 2, strict=True))
    assert location["ObjectArn"] == f"arn:aws:s3:::{given['--bucket']}/{given['--key']}"
    stored = s3.put_object(
        Bucket=given["--bucket"],
        Key=given["--key"],
        Body=Path(given["--body"]).read_bytes(),
        ServerSideEncryption=given["--server-side-encryption"],
    )
    assert stored["ETag"] == f'"{location["ETag"]}"'
    sse = plan["job"]["Operation"]["S3UpdateObjectEncryption"]["ObjectEncryption"]["SSEKMS"]
    for _, name in rows:
        s3.put_object(
            Bucket="data",
            Key=urllib.parse.unquote(name),
            Body=b"x",
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=sse["KMSKeyArn"],
            BucketKeyEnabled=sse["BucketKeyEnabled"],
        )
    again = shell.census("data", "--cache", "fc-0123", *words).json["rekey"]
    assert (again["strays"], again["job"], again["commands"], again["manifest"]) == ([], None, [], None)
    assert again["summary"].startswith("Nothing to re-key")


def test_the_caches_are_given_the_new_key_first_and_then_read_every_object(shell: Shell) -> None:
    mixed(shell)
    plan = shell.census("data", "--cache", "fc-0123", "--rekey").json["rekey"]
    first = plan["commands"][0]["command"]
    assert first.startswith("fcsse link --cache fc-0123 --bucket data")
    shell.mend([first])
    s3 = shell.sandbox.client("s3")
    s3.put_object(Bucket="data", Key="plain", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=plan["key"])
    assert shell.sandbox.cache("fc-0123").read("data", "plain").allowed


def test_another_key_and_bucket_keys_can_be_named_for_a_cache_that_only_reads(shell: Shell) -> None:
    key = shell.sandbox.key("data-alias")
    assert shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--operations", "read", "--wait", "0").code == 0
    run = shell.census("data", "--cache", "fc-0123", "--rekey", "--new-key", key.arn, "--new-bucket-keys")
    plan = run.json["rekey"]
    assert (plan["key"], plan["bucket_key"]) == (key.arn, True)
    assert {one["key"] for one in plan["strays"]} == {shell.sandbox.key("data").arn}
    assert f"--key {key.arn} --bucket-keys --operations read" in plan["commands"][0]["command"]
    require_valid(plan["job"])


def test_the_role_reads_with_the_old_keys_and_writes_with_the_new_one(shell: Shell) -> None:
    other = mixed(shell)
    plan = shell.census("data", "--cache", "fc-0123", "--rekey", "--job-bucket", "jobs").json["rekey"]
    by_action = {
        action: statement["Resource"]
        for statement in plan["role_policy"]["Statement"]
        for action in statement["Action"]
        if action != "s3:PutObject"
    }
    assert by_action["s3:UpdateObjectEncryption"] == ["arn:aws:s3:::data/*"]
    assert by_action["s3:PutInventoryConfiguration"] == ["arn:aws:s3:::data"]
    for action in ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt*"):
        assert by_action[action] == [shell.sandbox.key("data").arn, other]
    trust = plan["trust_policy"]["Statement"][0]
    assert trust["Principal"] == {"Service": "batchoperations.s3.amazonaws.com"}
    assert plan["job"]["RoleArn"].endswith(":role/fcsse-rekey-data"), "the job of another bucket has a role of its own"


def test_a_named_role_is_not_created_anew(shell: Shell) -> None:
    mixed(shell)
    role = f"arn:aws:iam::{OWN}:role/path/Jobs"
    plan = shell.census("data", "--rekey", "--job-role", role).json["rekey"]
    assert plan["job"]["RoleArn"] == role
    texts = [one["command"] for one in plan["commands"]]
    assert not any("create-role" in text for text in texts)
    assert any("put-role-policy --role-name Jobs --policy-name fcsse-rekey-data " in text for text in texts)


def test_a_prefix_narrows_the_job_as_it_narrows_the_census(shell: Shell) -> None:
    mixed(shell)
    plan = shell.census("data", "--rekey", "--prefix", "a b/").json["rekey"]
    assert [one["objects"] for one in plan["strays"]] == [1]
    filters = plan["job"]["ManifestGenerator"]["S3JobManifestGenerator"]["Filter"]
    assert filters["KeyNameConstraint"] == {"MatchAnyPrefix": ["a b/"]}
    assert plan["commands"][-1]["command"] == "fcsse census --bucket data --prefix 'a b/'"
    require_valid(plan["job"])


@pytest.mark.parametrize(
    ("bucket", "words", "code", "told"),
    [
        ("data-sse-s3", (), 4, "SSE-S3"),
        ("data-dsse", (), 4, "DSSE-KMS"),
        ("data-aws-s3", (), 4, "aws/s3"),
        ("data-disabled", (), 4, "Disabled"),
        ("data-deleting", (), 4, "PendingDeletion"),
        ("data", ("--new-key", "alias/none"), 6, "alias/none"),
        (
            "data",
            ("--new-key", f"arn:aws:kms:us-east-1:{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            6,
            "us-east-1",
        ),
        ("no-such-bucket", (), 6, "no-such-bucket"),
    ],
)
def test_what_s3_cannot_re_encrypt_with_is_refused_before_anything_is_counted(
    shell: Shell, bucket: str, words: tuple[str, ...], code: int, told: str
) -> None:
    run = shell.census(bucket, "--rekey", *words)
    assert (run.code, told in run.json["error"]["message"]) == (code, True), run.out
    assert not {one.operation for one in shell.sandbox.requests} & {"s3:ListObjectsV2", "s3:HeadObject"}


@pytest.mark.parametrize(
    "words",
    [
        ("--new-key", OLD),
        ("--new-bucket-keys",),
        ("--no-new-bucket-keys",),
        ("--job-role", f"arn:aws:iam::{OWN}:role/x"),
        ("--job-bucket", "jobs"),
        ("--all", "--manifest", "x.csv"),
        ("--rekey", "--manifest", "x.csv"),
        ("--rekey", "--engine", "athena", "--manifest", "x.csv"),
        ("--rekey", "--new-key", "nonsense"),
        ("--rekey", "--job-role", "nonsense"),
    ],
)
def test_options_that_do_not_go_together_are_usage_errors(shell: Shell, words: tuple[str, ...]) -> None:
    run = shell.census("data", *words)
    assert (run.code, run.json["error"]["code"]) == (2, "usage"), run.out


def test_a_manifest_that_is_not_whole_is_not_written(shell: Shell, tmp_path: Path) -> None:
    """Otherwise a job would leave objects behind that its operator thinks it changes."""
    mixed(shell)
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/bucket-key"}
    user = shell.sandbox.add_user("reader", {**READER, "Statement": [*READER["Statement"], deny]})
    file = tmp_path / "strays.csv"
    file.write_text("from before")
    run = shell.census("data", "--all", "--rekey", "--manifest", str(file), credentials=user)
    plan = run.json["rekey"]
    assert plan["manifest"] is None
    assert "manifest-not-written" in plan["caveats"]
    assert "ManifestGenerator" in plan["job"]
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir() if one.suffix] == [("strays.csv", "from before")]


def test_a_place_where_no_manifest_can_be_written_ends_it_before_the_count(shell: Shell, tmp_path: Path) -> None:
    run = shell.census("data", "--all", "--rekey", "--manifest", str(tmp_path / "none" / "x.csv"))
    assert (run.code, "writing manifest" in run.json["error"]["message"]) == (1, True)


def test_every_form_tells_the_plan_and_nothing_is_written_to_aws(shell: Shell) -> None:
    mixed(shell)

    def in_form(form: str) -> Run:
        return shell.run("census", "--bucket", "data", "--rekey", "--job-bucket", "jobs", "-o", form)

    for form in ("text", "markdown"):
        run = in_form(form)
        assert "S3 re-encrypts 3 objects in place" in run.out
        assert "aws s3control create-job" in run.out
        assert "--requested-job-status Ready" in run.out
    quiet = shell.run("census", "--bucket", "data", "--rekey", "-q").out
    assert "S3 re-encrypts 3 objects" in quiet
    assert "aws s3control" not in quiet
    writes = [one.operation for one in shell.sandbox.requests if ":Put" in one.operation or ":Create" in one.operation]
    assert writes == ["s3:PutObject"] * 3


def test_the_library_plans_the_same(shell: Shell) -> None:
    mixed(shell)
    who = shell.sandbox.credentials("main")
    session = boto3.Session(who.access_key, who.secret, region_name=shell.sandbox.region)
    settings = fcsse.Settings(session=session, endpoint_url=shell.sandbox.url)
    plan = fcsse.census("data", "fc-0123", rekey=True, job_bucket="data-alias", settings=settings).rekey
    assert plan
    told = shell.census("data", "--cache", "fc-0123", "--rekey", "--job-bucket", "data-alias").json["rekey"]
    assert (plan.job(), plan.role_policy()) == (told["job"], told["role_policy"])
    with pytest.raises(fcsse.UsageError, match="job_bucket needs rekey"):
        fcsse.census("data", job_bucket="data-alias", settings=settings)
    with pytest.raises(fcsse.ImpossibleError) as refused:
        fcsse.census("data-sse-s3", rekey=True, settings=settings)
    assert "new_key" in refused.value.hint
    assert "--new-key" not in refused.value.hint


def test_kinds_that_s3_does_not_re_encrypt_are_named_and_left_out() -> None:
    kinds = [group("none"), group("aws:kms:dsse", OLD), group("SSE-C"), group("aws:kms"), group("aws:odd")]
    plan = plan_rekey(counted(*kinds), RekeyRequest(), target())
    assert [one.refusal for one in plan.strays] == [
        Refusal.NOT_ENCRYPTED,
        Refusal.DUAL_LAYER,
        Refusal.CUSTOMER_KEY,
        Refusal.KEY_UNKNOWN,
        Refusal.OTHER,
    ]
    entry = rekey_entry(plan, CommandBuilder())
    assert (entry["job"], entry["commands"]) == (None, [])
    some = plan_rekey(counted(*kinds, group("AES256", number=7)), RekeyRequest(), target())
    text = "".join(part for one in rekey_lines(some, CommandBuilder()) for part, _ in one)
    assert all(REFUSALS[one][:20] in text for one in Refusal)
    assert "7 objects in place" in text
    filters = some.job()["ManifestGenerator"]["S3JobManifestGenerator"]["Filter"]
    assert filters == {"MatchAnyObjectEncryption": [{"SSES3": {}}]}


def test_the_summary_does_not_count_objects_that_could_not_be_looked_at() -> None:
    census = counted(group("AES256", number=2), complete=True)
    assert summary(census).startswith("s3://data: 2 objects, all encrypted the same way")
    partly = census._replace(unreadable=(("s3:GetObject was refused", 3),))
    assert summary(partly).startswith("s3://data: looked at 2 objects: all encrypted the same way")


def test_other_readers_are_told_of_where_the_key_changes() -> None:
    other_key = plan_rekey(counted(group("aws:kms", OLD)), RekeyRequest(), target())
    assert Caveat.READERS in other_key.caveats
    same_key = plan_rekey(counted(group("aws:kms", NEW)), RekeyRequest(), target())
    assert same_key.movable
    assert Caveat.READERS not in same_key.caveats


def test_objects_that_were_not_looked_at_may_be_changed_too() -> None:
    """The job's filter finds them, whether the sample left them out or S3 did not tell their encryption."""
    whole = counted(group("AES256"))
    for census in (whole._replace(complete=False), whole._replace(unreadable=(("s3:GetObject was refused", 3),))):
        plan = plan_rekey(census, RekeyRequest(), target())
        assert plan.caveats[0] is Caveat.SAMPLE
        assert "Cost: at least 1 request" in " ".join(caveats(plan))
        assert "re-encrypts at least 1 object in place" in rekey_summary(plan)


@pytest.mark.parametrize(
    ("owner", "key", "told"),
    [
        (OTHER, Key(old_arn(), "Enabled", "CUSTOMER"), {Caveat.FOREIGN_KEY, Caveat.FOREIGN_SOURCE}),
        (None, Key(old_arn(), "Enabled", "CUSTOMER"), {Caveat.OWNER_UNKNOWN}),
        (OWN, Key(old_arn(), "Enabled", "AWS"), {Caveat.MANAGED_SOURCE}),
        (OWN, Key(old_arn(), "Disabled", "CUSTOMER"), {Caveat.UNUSABLE_SOURCE}),
        (OWN, Key(old_arn()), set()),
    ],
)
def test_what_may_stop_the_job_is_told(owner: str | None, key: Key, told: set[Caveat]) -> None:
    plan = plan_rekey(counted(group("aws:kms", OLD), complete=False), RekeyRequest(), target(owner), [key])
    always = {Caveat.SAMPLE, Caveat.OBJECT_LOCK, Caveat.VERSIONS, Caveat.REPLICAS, Caveat.READERS}
    assert set(plan.caveats) == told | always
    assert all(CAVEATS[one][:30] in rekey_markdown(plan, CommandBuilder()).replace("\\", "") for one in plan.caveats)
    if owner:
        require_valid(plan.job())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True, max_size=20))
def test_any_name_survives_the_manifest(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    file = tmp_path_factory.mktemp("manifest") / "out.csv"
    writer = ManifestWriter(file, "data", target())
    for name in names:
        writer.add(Listed(name, 1, None), ObjectEncryption("AES256"))
        writer.add(Listed(name, 1, None), target().encryption)
        writer.add(Listed(name, 1, None), ObjectEncryption("SSE-C"))
    done = writer.finish()
    writer.discard()
    if not names:
        assert (done, file.exists()) == (None, False)
        return
    rows = file.read_text(encoding="ascii").splitlines()
    assert [urllib.parse.unquote(row.split(",")[1]) for row in rows] == names
    assert all(row.count(",") == 1 and '"' not in row for row in rows)
    assert json.loads(json.dumps(done.etag if done else "")) == (done.etag if done else "")
