"""scripts/live-check against the sandbox playing the real AWS, and against one that is made to differ."""

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fcsse.sandbox import Sandbox
from tests import warm_start
from tests.sandbox.clients import ROOT, allow, policy

SCRIPTS = Path(__file__).parents[2] / "scripts"
NORMALISED = "KMS rewrites a policy: a list of one comes back as a string"


@dataclass
class Report:
    """What it said."""

    code: int
    lines: dict[str, str]
    out: str
    err: str
    transcript: dict[str, Any]
    text: str

    def differing(self) -> list[str]:
        return [subject for subject, verdict in self.lines.items() if verdict == "differs"]


@dataclass
class LiveCheck:
    """The script, with the sandbox in the place of AWS."""

    aws: Sandbox
    folder: Path

    def run(self, *words: str, started: bool = False) -> subprocess.CompletedProcess[str]:
        """Runs it with these words; of those given twice the last counts. ``started``: the process imports for itself."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FCSSE_"))}
        asked = ["--cache", "fc-0123", "--bucket", "data", "--transcript", "transcript.json", "--wait", "10s"]
        env = {**clean, **self.aws.env(), "PYTHONPATH": str(SCRIPTS), "XDG_STATE_HOME": str(self.folder)}
        if not started:
            return warm_start.run([*asked, *words], env, program="live", folder=self.folder, timeout=120)
        return subprocess.run(
            [sys.executable, "-m", "live", *asked, *words],
            env=env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def __call__(self, *words: str, bucket: str = "data", started: bool = False) -> Report:
        done = self.run("--bucket", bucket, *words, started=started)
        found = re.findall(r"^(as assumed|differs|not told) +(.+)$", done.stdout, re.MULTILINE)
        text = (self.folder / "transcript.json").read_text()
        return Report(
            done.returncode,
            {subject: verdict for verdict, subject in found},
            done.stdout,
            done.stderr,
            json.loads(text),
            text,
        )

    @property
    def writes(self) -> list[str]:
        """What was really changed."""
        return [
            one.operation.split(":")[1]
            for one in self.aws.requests
            if one.operation.startswith(("kms:Put", "kms:Create", "kms:Re")) and not one.parameters.get("DryRun")
        ]


@pytest.fixture
def live(small_world: Sandbox, tmp_path: Path) -> LiveCheck:
    small_world.reset()
    return LiveCheck(small_world, tmp_path)


def test_it_reads_only_unless_told_otherwise_and_finds_itself_as_assumed(live: LiveCheck) -> None:
    before = live.aws.policy_text("data")
    report = live(started=True)
    assert (report.code, report.differing()) == (0, []), report.out + report.err
    assert live.writes == []
    assert live.aws.policy_text("data") == before
    for subject in (
        "check: kms:GetKeyPolicy",
        "link --dry-run: iam:GetRole",
        "HeadBucket tells the Region",
        NORMALISED,
    ):
        assert report.lines[subject] == "as assumed", report.out
    assert report.lines["KMS gives a policy back that means what was written"] == "not told"
    assert "Associations are listed for the cache that is asked for alone" in report.lines


@pytest.mark.parametrize(
    ("bucket", "wrote", "met", "access"),
    [
        (
            "data",
            ["PutKeyPolicy", "PutKeyPolicy"],
            "After unlink, the policy means what it meant before link",
            "fc-0123 can read and write s3://data",
        ),
        (
            "data-other-account",
            ["CreateGrant", "RevokeGrant"],
            "ListGrants shows the ARN that a grant was made for",
            "the grant allows fc-0123 to read and write s3://data-other-account; "
            "the key policy and bucket policy could not be read",
        ),
    ],
)
def test_with_write_it_links_checks_and_unlinks(
    live: LiveCheck, bucket: str, wrote: list[str], met: str, access: str
) -> None:
    before = live.aws.policy_text(bucket)
    report = live("--write", bucket=bucket)
    assert (report.code, report.differing()) == (0, []), report.out + report.err
    assert live.writes == wrote
    assert live.aws.policy_text(bucket) == before
    assert report.lines[met] == "as assumed"
    assert access in report.err.splitlines()


def test_access_that_was_there_before_is_not_taken_away(live: LiveCheck) -> None:
    every = allow("*", "kms:*")
    live.aws.put_policy("data", policy(every))
    report = live("--write")
    assert report.code in (0, 3), report.err
    assert live.writes == []
    assert "this access was there before" in report.err


def test_the_transcript_holds_shapes_and_nothing_private(live: LiveCheck) -> None:
    live.aws.fault(
        "kms:ListGrants",
        "AccessDeniedException",
        message=f"User: {ROOT} is not authorized on fc-0123 of data",
        times=None,
    )
    report = live("--write")
    who = live.aws.credentials()
    key = live.aws.key("data")
    for secret in (
        live.aws.account,
        who.access_key,
        who.secret,
        key.id,
        "fc-0123",
        '"data"',
        "AWSServiceRoleFor",
        "AROA",
    ):
        assert secret not in report.text, secret
    calls = {one["call"]: one for one in report.transcript["exchanges"]}
    assert {
        "iam:GetRole",
        "s3:GetBucketEncryption",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:PutKeyPolicy",
    } <= calls.keys()
    assert calls["kms:DescribeKey"]["answer"]["KeyMetadata"]["KeyState"] == "Enabled"
    assert calls["kms:DescribeKey"]["answer"]["KeyMetadata"]["Arn"] == "<str>"
    assert calls["kms:GetKeyPolicy"]["answer"]["Policy"] == "<str>"
    assert calls["kms:ListGrants"]["error"]["code"] == "AccessDeniedException"
    assert report.lines["check: kms:ListGrants"] == "not told", "a refusal tells of the caller, not of AWS"


def stored_as_written(aws: Sandbox) -> None:
    aws.switches.normalise = False
    aws.put_policy_verbatim("data", policy(allow([f"arn:aws:iam::{aws.account}:role/KeyUser"])))


def another_error(aws: Sandbox) -> None:
    aws.fault("s3:GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", status=404, times=None)


def strange_refusals(aws: Sandbox) -> None:
    aws.fault("iam:GetRole", "AccessDenied", message="No.", times=None)


def slow(aws: Sandbox) -> None:
    aws.late(policy_reads=2)


def strange_code(aws: Sandbox) -> None:
    aws.fault("kms:DescribeKey", "KeyIsAsleepException", times=None, nth=2)


@pytest.mark.parametrize(
    ("change", "words", "differing"),
    [
        (stored_as_written, (), {NORMALISED}),
        (
            another_error,
            (),
            {
                "A bucket always has a default encryption (since January 2023)",
                "check: s3:GetBucketEncryption",
                "link --dry-run: s3:GetBucketEncryption",
            },
        ),
        (strange_refusals, (), {"A refusal of IAM, KMS or FSx says what the caller is not authorized to perform"}),
        (strange_code, (), {"link --dry-run: kms:DescribeKey"}),
        (slow, ("--write",), set()),
    ],
)
def test_what_differs_is_told(
    live: LiveCheck, change: Callable[[Sandbox], None], words: tuple[str, ...], differing: set[str]
) -> None:
    change(live.aws)
    report = live(*words)
    assert set(report.differing()) == differing, report.out + report.err
    assert report.code == (3 if differing else 0)
    found = {line["subject"] for line in report.transcript["lines"] if line["verdict"] == "differs"}
    assert found == differing


def test_a_refused_head_tells_of_the_caller(live: LiveCheck) -> None:
    live.aws.fault("s3:HeadBucket", "403", status=403, times=None)
    report = live()
    assert (report.code, report.differing()) == (0, []), report.out
    assert report.lines["look around: s3:HeadBucket"] == "not told"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--wait", "soon"), "'soon' is not a duration"),
        (("--bucket", "Data"), "'Data' is not a bucket name"),
        (("--profile", "no-such-profile"), "no-such-profile"),
    ],
)
def test_a_slip_is_a_usage_error(live: LiveCheck, words: tuple[str, ...], told: str) -> None:
    run = live.run(*words, started=True)
    assert run.returncode == 2
    assert told in run.stderr
    assert "Traceback" not in run.stderr
    assert not len(live.aws.requests)


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("live.shapes")


def test_shapes_are_members_with_their_types(shapes: ModuleType) -> None:
    assert shapes.shape({"A": {"B": 1}, "C": [{"D": "x"}, {"E": True}]}) == {
        "A.B": "int",
        "C[]": "list",
        "C[].D": "str",
        "C[].E": "bool",
    }
    context = {"Constraints": {"EncryptionContextSubset": {"tenant-acme": "x"}}}
    assert shapes.shape(context) == {"Constraints.EncryptionContextSubset": "dict"}
    assert shapes.masked(context) == {"Constraints": {"EncryptionContextSubset": "<dict>"}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab of my-bucket",
            "arn:aws:kms:eu-west-1:<account>:key/<id> of <named>",
        ),
        ("Alias arn:aws:kms:eu-west-1:111122223333:alias/merger is gone", "Alias arn:aws:kms:eu-west-1:<account>:alias/<id> is gone"),
        ("Alias alias/merger", "Alias alias/<id>"),
        ("User: arn:aws:sts::111122223333:assumed-role/Admin/jane@x.com is", "User: arn:aws:sts::<account>:assumed-role/<id> is"),
        (
            "deny in arn:aws:organizations::111122223333:policy/o-abcd123456/service_control_policy/p-xyz12345",
            "deny in arn:aws:organizations::<account>:policy/<id>",
        ),
        ("on arn:aws:s3:::plans/2026/merger.doc", "on arn:aws:s3:::<id>"),
        ("AWSServiceRoleForFSxS3Access_fc-0bbb of account 111122223333", "AWSServiceRoleForFSxS3Access_<id> of account <account>"),
        ("from 192.0.2.17 or 2001:db8:0:1::5 through vpce-0a1b2c3d", "from <address> or <address> through <id>"),
        ("(Service: S3, Request ID: 4ABCD9XYZ)", "(Service: S3, Request ID: <id>)"),
        ("AKIAIOSFODNN7EXAMPLE made " + "0a" * 32, "<unique id> made <grant>"),
        ("is not authorized to perform: kms:GetKeyPolicy", "is not authorized to perform: kms:GetKeyPolicy"),
    ],
)  # fmt: skip
def test_a_sentence_of_aws_loses_all_names(shapes: ModuleType, text: str, told: str) -> None:
    assert shapes.masked_text(text, "my-bucket") == told
