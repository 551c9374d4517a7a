"""``fcsse check --policy``: a key policy that is not in AWS yet, judged offline."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.documented_statements import OWN, role

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.shell import Run, Shell

BUCKET = "arn:aws:s3:::data"
STATED = ("--account", OWN, "--region", "eu-west-1")
PAIR = ("--cache", "fc-0123", "--bucket", "data")
OBJECTS = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET}/*"}}


def allow(**changes: Any) -> dict[str, Any]:
    made = {
        "Sid": "Cache",
        "Effect": "Allow",
        "Principal": {"AWS": role("fc-0123")},
        "Action": "kms:*",
        "Resource": "*",
        **changes,
    }
    return {key: value for key, value in made.items() if value is not None}


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)}, indent=2)


def judged(shell: Shell, folder: Path, text: str, *words: str, keys: str = "--no-bucket-keys") -> Run:
    """A check of a document, of which nothing is asked of AWS."""
    place = folder / "key.json"
    place.write_text(text, encoding="utf-8")
    run = shell.run("check", "--policy", str(place), *PAIR, *STATED, keys, *words)
    assert run.operations == ()
    return run


def test_what_was_not_read_is_named(shell: Shell, tmp_path: Path) -> None:
    run = judged(shell, tmp_path, document(allow()), "-o", "json")
    assert run.json["pairs"][0]["not_read"] == ["grants", "bucket-policy"]


def test_nothing_is_said_to_allow_nothing_where_some_objects_are_allowed(shell: Shell, tmp_path: Path) -> None:
    part = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET}/a/*"}}
    run = judged(shell, tmp_path, document(allow(Action="kms:Decrypt", Condition=part)))
    rows = {line.split()[0]: line for line in run.out.splitlines() if " object ARN " in line}
    assert rows["kms:Decrypt"].endswith("nothing allows it for every object")
    assert rows["kms:Encrypt"].endswith("nothing allows it")


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([allow()], "allowed"),
        ([allow(Condition=OBJECTS)], "allowed"),
        ([allow(Principal={"AWS": f"arn:aws:iam::{OWN}:root"})], "denied"),
        ([], "denied"),
        ([allow(Principal={"AWS": "*"}, Condition={"StringLike": {"aws:userid": "*:FSx"}})], "allowed"),
        ([allow(Resource="arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")], "unknown"),
        ([allow(Resource="arn:aws:kms:eu-west-1:444455556666:key/*")], "denied"),
        ([allow(), allow(Effect="Deny", Principal=None, NotPrincipal={"AWS": role("fc-0456")})], "denied"),
        ([allow(), allow(Effect="Deny", Condition={"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}})], "denied"),
        ([allow(Condition={"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}})], "unknown"),
        ([allow(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})], "unknown"),
    ],
)
def test_the_verdict(shell: Shell, tmp_path: Path, statements: list[dict[str, Any]], verdict: str) -> None:
    run = judged(shell, tmp_path, document(*statements), "-o", "json")
    (pair,) = run.json["pairs"]
    assert (pair["read"], pair["write"]) == (verdict, verdict), pair["verdict"]
    assert run.code == run.json["exit_code"] == (0 if verdict == "allowed" else 3)
    assert pair["key"] is None


@pytest.mark.parametrize("name", ["effect", "principal", "action", "resource", "condition"])
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_an_element_in_another_letter_case_leaves_the_answer_open(
    shell: Shell, tmp_path: Path, name: str, effect: str
) -> None:
    odd = allow(Effect=effect, Condition=OBJECTS, Sid="Odd")
    odd[name] = odd.pop(name.capitalize())
    run = judged(shell, tmp_path, document(*([allow()] if effect == "Deny" else []), odd))
    assert (run.code, "unknown" in run.out) == (3, True), run.words
    assert f"{name}, which AWS documents as {name.capitalize()}" in " ".join(run.out.split())


def test_a_list_of_statements_in_another_letter_case_is_refused(shell: Shell, tmp_path: Path) -> None:
    run = judged(shell, tmp_path, json.dumps({"Statement": [allow()], "statement": [allow(Effect="Deny")]}))
    assert run.code not in (0, 3)
    assert "statement, which AWS documents as Statement" in run.err


def test_the_organization_is_stated(shell: Shell, tmp_path: Path) -> None:
    text = document(allow(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))
    assert judged(shell, tmp_path, text, "--org-id", "o-a1b2c3d4e5").code == 0
    assert judged(shell, tmp_path, text, "--org-id", "o-other12345").code == 3


def test_what_link_would_write_is_allowed_and_of_its_own_form_only(shell: Shell, tmp_path: Path) -> None:
    statement = shell.run("statement", *PAIR, *STATED, "--bucket-keys").out
    text = document(json.loads(statement))
    assert judged(shell, tmp_path, text, keys="--bucket-keys").code == 0
    assert judged(shell, tmp_path, text).code == 3


def test_without_the_bucket_key_setting_both_forms_count(shell: Shell, tmp_path: Path) -> None:
    place = tmp_path / "key.json"
    for condition, code in ((OBJECTS, 3), (None, 0)):
        place.write_text(document(allow(Condition=condition)))
        run = shell.run("check", "--policy", str(place), *PAIR, *STATED)
        assert run.code == code
        assert "was not stated" in run.out


def test_what_is_missing_is_printed_by_the_command_that_it_names(shell: Shell, tmp_path: Path) -> None:
    run = judged(shell, tmp_path, document(), keys="--bucket-keys")
    command = next(line.strip() for line in run.out.splitlines() if line.strip().startswith("fcsse statement"))
    statement = json.loads(shell.run(*command.split()[1:]).out)
    assert judged(shell, tmp_path, document(statement), keys="--bucket-keys").code == 0


ELSEWHERE = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}


def test_no_statement_is_advised_against_a_deny_that_hangs_on_what_nobody_knows(shell: Shell, tmp_path: Path) -> None:
    deny = allow(Sid="Net", Effect="Deny", Principal="*", Action="kms:Decrypt", Condition=ELSEWHERE)
    (pair,) = judged(shell, tmp_path, document(allow(), deny), "-o", "json").json["pairs"]
    (remedy,) = pair["remedies"]
    assert remedy.startswith("See whether the condition of the Deny holds")
    (pair,) = judged(shell, tmp_path, document(deny), "-o", "json").json["pairs"]
    assert pair["remedies"][0].startswith("fcsse statement ")
    assert pair["remedies"][1:] == [remedy]
    writing = {**deny, "Action": "kms:GenerateDataKey"}
    (pair,) = judged(shell, tmp_path, document(writing), "--operations", "read", "-o", "json").json["pairs"]
    assert len(pair["remedies"]) == 1


def test_stdin(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(document(allow()).encode())))
    assert shell.run("check", "--policy", "-", *PAIR, *STATED).code == 0


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"{", 4, "line 1, column 2"),
        (b"", 4, "parsing the key policy"),
        (b"[]", 4, "a list, not an object"),
        (b"{}", 4, "has no Statement"),
        (b'{"Statement": [1]}', 4, "statement 1 is a number"),
        (b'{"Statement": [], "Statement": []}', 4, "parsing the key policy"),
        (b'{"Version": "2026-11-30", "Statement": []}', 4, 'its Version is "2026-11-30"'),
        (b'{"Version": null, "Statement": []}', 4, "its Version is null"),
        (b'{"Statement": ["\xff"]}', 4, "not UTF-8"),
        ('{"Statement": [], "Id": "\u2026"}'.encode(), 4, "U+2026"),
        (('{"Statement": [], "Id": "' + "x" * 40_000 + '"}').encode(), 4, "32,768"),
    ],
)
def test_what_is_no_key_policy(shell: Shell, tmp_path: Path, data: bytes, code: int, words: str) -> None:
    place = tmp_path / "key.json"
    place.write_bytes(data)
    run = shell.run("check", "--policy", str(place), *PAIR, *STATED, "-o", "json")
    assert run.code == code
    assert words in run.json["error"]["message"]
    assert run.json["error"]["hint"]


def test_white_space_that_is_too_much_is_said(shell: Shell, tmp_path: Path) -> None:
    run = judged(shell, tmp_path, document(allow()) + " " * 33_000)
    assert run.code == 0
    assert "send it without" in run.out


def test_what_kms_would_refuse_is_said(shell: Shell, tmp_path: Path) -> None:
    run = judged(shell, tmp_path, document(allow(), allow(Sid="Old", Principal={"AWS": "AROADEADDEADDEAD12345"})))
    assert "AROADEADDEADDEAD12345 in Principal.AWS of 'Old'" in run.out
    more = judged(shell, tmp_path, document(allow()).replace('"Version"', '"Comment": "ours", "Version"'))
    assert "KMS may refuse this document because of Comment" in more.out


def test_slips_are_named(shell: Shell, tmp_path: Path) -> None:
    bad = allow(
        Sid="Bad",
        Effect="Deny",
        Principal="*",
        Condition={"StringNotLike": {"aws:Service": "x"}, "StringEqual": {"aws:PrincipalAccount": "${AWS::AccountId}"}},
    )
    out = judged(shell, tmp_path, document(allow(), bad)).out
    assert "Probable mistake in 'Bad': AWS lists no condition key aws:Service." in out
    assert "AWS has no condition operator StringEqual" in out
    assert "${AWS::AccountId} looks like a placeholder" in out


def test_a_deadline_that_is_years_away_is_said_with_its_date(shell: Shell, tmp_path: Path) -> None:
    run = judged(shell, tmp_path, document(allow(Condition={"DateLessThan": {"aws:CurrentTime": "2099-05-01"}})))
    assert run.code == 0
    assert "This changes by itself on 2099-05-01 00:00 UTC" in run.out


def test_what_has_to_be_stated(shell: Shell, tmp_path: Path) -> None:
    place = tmp_path / "key.json"
    place.write_text(document(allow()))
    wrong = [
        (["--policy", str(place), *PAIR, "--region", "eu-west-1"], "--policy needs --account"),
        (["--policy", str(place), "--cache", "fc-0123", *STATED], "--policy needs --bucket"),
        (["--policy", str(tmp_path / "gone.json"), *PAIR, *STATED], "No such file"),
        (["--policy", str(tmp_path), *PAIR, *STATED], "reading"),
        ([*PAIR, "--account", OWN], "--account needs --policy"),
    ]
    for words, message in wrong:
        run = shell.run("check", *words)
        assert run.code == 2
        assert message in run.err


def test_markdown(shell: Shell, tmp_path: Path) -> None:
    assert (
        "| `fc-0123` | `data` | allowed | allowed |" in judged(shell, tmp_path, document(allow()), "-o", "markdown").out
    )
