"""Backups that are not what they should be: reported as damaged and passed over by every command that reads them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fcsse
from fcsse.apply.backup import BackupFolder, places
from fcsse.apply.backup_file import Backup, DamagedBackup, parse_backup, read_backup, read_with_policy
from fcsse.arn import Arn
from fcsse.errors import NotFoundError, UnexpectedError, UsageError
from fcsse.state_folder import default_folder
from tests.cli.shell import Shell
from tests.files import planted
from tests.thorough import examples

Plant = Callable[[Path, bytes], None]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def damaged_beside(shell: Shell) -> tuple[Path, bytes]:
    """Links fc-0123 to data; the place of a second, newer backup of the same key, and what a good one would say."""
    shell.linked("fc-0123", "data")
    [good] = shell.backups
    newer = "29991231T235959999Z-" + str(good["id"]).split("-", 1)[1]
    return shell.backup_files[0].with_name(f"{newer}.json"), json.dumps({**good, "id": newer}).encode()


def with_policy(entry: dict[str, Any], policy: str) -> dict[str, Any]:
    return {**entry, "policy": policy, "sha256": hashlib.sha256(policy.encode("utf-8", "surrogatepass")).hexdigest()}


def check_all_commands(shell: Shell, path: Path) -> None:
    """Every command that reads backups reports the file, goes on without it, and does its work."""
    good = str(next(one for one in shell.backup_files if one != path).stem)
    listed = shell.run("backups")
    assert listed.code == 0, listed.words
    assert good in listed.out
    assert path.stem not in listed.out
    assert f"{path} " in listed.err
    assert "damaged" in listed.err
    as_json = shell.run("backups", "-o", "json")
    assert [one["id"] for one in as_json.json["backups"]] == [good]
    for words in (("backups", path.stem), ("restore", path.stem, "--dry-run")):
        named = shell.run(*words)
        assert (named.code, "damaged" in named.err) == (6, True), named.words
        assert "defect" not in named.words
    heard: list[str] = []

    class Progress:
        def step(self, text: str) -> None: ...
        def note(self, text: str) -> None:
            heard.append(text)

        def advance(self, done: int, total: int) -> None: ...

    found = fcsse.backups(settings=fcsse.Settings(backup_dir=path.parent, progress=Progress()))
    assert [one.id for one in found] == [good]
    assert [str(path) in text for text in heard] == [True]
    restored = shell.run("restore", good, "--dry-run")
    assert restored.code == 0, restored.words
    assert f"{path} " in restored.err
    unlinked = shell.unlink("fc-0123", "data")
    assert unlinked.code == 0, unlinked.words
    assert f"{path} " in unlinked.err
    assert len(shell.statements("data")) == 1


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "plant", [*planted.PLANTED, pytest.param(planted.foreign_file, marks=needs_root)], ids=lambda plant: plant.__name__
)
def test_what_is_no_file_of_ours(shell: Shell, plant: Plant) -> None:
    path, content = damaged_beside(shell)
    plant(path, content)
    victim = planted.victim_of(path)
    there = victim.read_bytes() if victim.exists() else None
    check_all_commands(shell, path)
    assert (victim.read_bytes() if victim.exists() else None) == there
    assert os.path.lexists(path)


def changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps(change(json.loads(content))).encode()


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:-20],
        lambda content: b"\xff" + content,
        lambda content: b"[" * 100_000,
        lambda content: b"[]",
        lambda content: b"7" * 5000,
        changed(lambda entry: {**entry, "policy": 5}),
        changed(lambda entry: {**entry, "policy": [entry["policy"]]}),
        changed(lambda entry: {**entry, "policy": None}),
        changed(lambda entry: {**entry, "key": {"arn": entry["key"]}}),
        changed(lambda entry: {**entry, "key": "alias/data"}),
        changed(lambda entry: {**entry, "time": 20261128}),
        changed(lambda entry: {**entry, "time": "yesterday"}),
        changed(lambda entry: {**entry, "reason": ["link"]}),
        changed(lambda entry: {**entry, "becomes": 1}),
        changed(lambda entry: {**entry, "region": None}),
        changed(lambda entry: {**entry, "schema": "fcsse.backup/99"}),
        changed(lambda entry: {**entry, "schema": ["fcsse.backup/1"]}),
        changed(lambda entry: {**entry, "id": "20000101T000000000Z-12345678-abcdef"}),
        changed(lambda entry: {**entry, "more": "than there is"}),
        changed(lambda entry: {name: entry[name] for name in entry if name != "account"}),
        changed(lambda entry: {**entry, "policy": entry["policy"] + " "}),
        changed(lambda entry: {**entry, "account": "444455556666"}),
        changed(lambda entry: {**entry, "region": "ca-central-1"}),
        changed(lambda entry: with_policy(entry, "\ud800")),
        changed(lambda entry: {**entry, "reason": "\ud800"}),
    ],
)
def test_what_says_no_backup(shell: Shell, spoil: Callable[[bytes], bytes]) -> None:
    path, content = damaged_beside(shell)
    path.write_bytes(spoil(content))
    check_all_commands(shell, path)


@pytest.mark.parametrize("policy", ["", "[]", "null", '{"Statement": 5}', '{"Statement": [], "Statement": []}'])
def test_a_policy_that_is_none_is_not_restored_nor_read_by_unlink(shell: Shell, policy: str) -> None:
    path, content = damaged_beside(shell)
    path.write_text(json.dumps(with_policy(json.loads(content), policy)), encoding="utf-8")
    run = shell.run("restore", path.stem)
    assert run.code == 6, run.words
    assert "holds no key policy" in run.err
    unlinked = shell.unlink("fc-0123", "data")
    assert unlinked.code == 0, unlinked.words
    assert f"{path} " in unlinked.err


@pytest.mark.parametrize("kind", ["a file", "a pipe"])
def test_a_folder_of_backups_that_is_none_is_an_error(shell: Shell, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "a pipe":
        os.mkfifo(place)
    else:
        place.write_text("", encoding="utf-8")
    for words in (("backups",), ("restore", "2026")):
        run = shell.run(*words, "--backup-dir", str(place))
        assert run.code == 1, run.words
        assert str(place) in run.err
    linked = shell.link("fc-0123", "data", "--backup-dir", str(place))
    assert linked.code == 1
    assert "Nothing was written to AWS" in linked.err
    assert len(shell.statements("data")) == 1


@pytest.mark.parametrize("kind", ["a link", "open to all"])
def test_a_folder_that_is_a_link_or_open_to_all_serves(shell: Shell, tmp_path: Path, kind: str) -> None:
    real = tmp_path / "real"
    real.mkdir()
    place = real
    if kind == "a link":
        place = tmp_path / "place"
        place.symlink_to(real, target_is_directory=True)
    else:
        real.chmod(0o777)
    before = shell.sandbox.policy_text("data")
    shell.linked("fc-0123", "data", "--backup-dir", str(place))
    [saved] = real.glob("*.json")
    assert saved.stat().st_mode & 0o077 == 0
    restored = shell.run("restore", saved.stem, "--backup-dir", str(place))
    assert restored.code == 0, restored.words
    assert json.loads(shell.sandbox.policy_text("data")) == json.loads(before)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(st.sampled_from([*Backup.__dataclass_fields__, "more"]), VALUES)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_content_is_a_backup_or_a_reason(content: bytes) -> None:
    assert isinstance(parse_backup(content, "20261128T205853417Z-67890abc-dc7233"), str)


POLICY = '{"Statement": []}'
NAME = "20261128T205853417Z-567890ab-dc7233"
GOOD = {
    "id": NAME,
    "time": "2026-11-28T20:58:53+00:00",
    "key": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "account": "111122223333",
    "region": "eu-west-1",
    "reason": "link fc-0123 to data",
    "policy": POLICY,
    "sha256": hashlib.sha256(POLICY.encode()).hexdigest(),
    "schema": "fcsse.backup/1",
}


@settings(max_examples=examples(300))
@given(FIELDS)
def test_any_fields_are_a_backup_or_a_reason(changes: dict[str, Any]) -> None:
    assert isinstance(parse_backup(json.dumps(GOOD).encode(), NAME), Backup)
    found = parse_backup(json.dumps({**GOOD, **changes}).encode(), NAME)
    accepted = parse_backup(json.dumps({**GOOD, **changes}).encode(), NAME, accept_edited=True)
    if isinstance(accepted, Backup):
        assert accepted.edited is isinstance(found, str)
    if isinstance(found, Backup):
        assert accepted == found
        assert all(isinstance(getattr(found, field), str) for field in Backup.__dataclass_fields__)
        assert found.id == NAME
        assert hashlib.sha256(found.policy.encode()).hexdigest() == found.sha256


@pytest.mark.parametrize("time", ["2026-11-28", "2026-11-28T20:58:53", "yesterday"])
def test_a_time_that_cannot_be_compared_is_none(time: str) -> None:
    """The copies' times are compared with CloudTrail's: one such file would end every audit with --observed."""
    assert "has a time that is none" in str(parse_backup(json.dumps({**GOOD, "time": time}).encode(), NAME))


def test_a_policy_is_of_no_other_key_than_the_name_of_its_file_says() -> None:
    """The sum is that of the policy alone, and would be right."""
    changed = {**GOOD, "key": GOOD["key"].replace("7890ab", "7890ac")}
    assert "names another key" in str(parse_backup(json.dumps(changed).encode(), NAME, accept_edited=True))


def parsed(**changes: Any) -> Backup | str:
    return parse_backup(json.dumps({**GOOD, **changes}).encode(), str(changes.get("id", NAME)))


def test_the_reason_why_a_file_is_none_of_ours() -> None:
    assert isinstance(parsed(becomes="1", read_at="2", put_at="3", request_id="4", held_at="5", unsent_at="6"), Backup)
    assert parse_backup(b"\xff", NAME) == "is not JSON"
    assert parse_backup(b"[]", NAME) == "is not a backup of fcsse"
    assert parsed(schema="fcsse.backup/2") == "is not in the format fcsse.backup/1"
    assert parsed(more="x", policy=1) == "has missing, unknown or mistyped fields ('more, policy')"
    many = {f"more{number}": "x" for number in range(9)}
    assert parsed(**many) == f"has missing, unknown or mistyped fields ({', '.join(sorted(many)[:5])!r})"
    assert parse_backup(json.dumps(GOOD).encode(), NAME[:-1] + "0") == "holds the backup of another id"
    assert parsed(key="arn:aws:s3:::data") == "names no key ARN"
    for other in ({"account": "444455556666"}, {"region": "eu-west-2"}):
        assert parsed(**other) == "names a key of another account or Region than it was saved for"
    assert parsed(policy=POLICY + " ") == "has a policy that was edited after it was saved"
    assert "characters that cannot be encoded" in str(parsed(reason="\ud800"))


def test_a_multi_region_key_s_copy_bears_the_end_of_its_id() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
    assert isinstance(parsed(key=key), Backup)


def test_a_copy_is_of_a_key_by_its_arn_or_by_its_id_alone() -> None:
    copy = Backup(**GOOD)
    whole, bare = Arn.parse(copy.key), Arn.parse("arn:aws:kms:::key/1234abcd-12ab-34cd-56ef-1234567890ab")
    assert whole is not None
    assert bare is not None
    assert copy.is_of(whole)
    assert copy.is_of(bare)
    assert not copy.is_of(whole._replace(account="444455556666"))
    assert not copy.is_of(bare._replace(resource="key/34cd-56ef-1234567890ab"))
    assert repr(copy) == f"<Backup {NAME} of key {copy.key}: link fc-0123 to data>"
    assert (copy.is_recorded, copy.noun, copy.edited) == (False, "backup", False)
    recorded = replace(copy, schema="cloudtrail")
    assert (recorded.is_recorded, recorded.noun) == (True, "version")


def write_copy(folder: Path, number: int = 0, **changes: str) -> Path:
    """A good copy, the later the higher its number, or with changes."""
    name = NAME.replace("417Z", f"{417 + number}Z")
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**GOOD, "id": name, **changes}), encoding="utf-8")
    path.chmod(0o600)
    return path


def test_an_edited_copy_is_damaged_unless_it_is_accepted(tmp_path: Path) -> None:
    path = write_copy(tmp_path, policy='{"Statement": [ ]}')
    found = read_backup(path)
    assert isinstance(found, DamagedBackup)
    assert found.edited
    assert found.message == f"{path} has a policy that was edited after it was saved: damaged, it is not used."
    assert isinstance(read_backup(path, accept_edited=True), Backup)
    assert isinstance(read_with_policy(path, accept_edited=True), Backup)
    path.write_text("", encoding="utf-8")
    nothing = read_backup(path, accept_edited=True)
    assert isinstance(nothing, DamagedBackup)
    assert nothing.message == f"{path} is not JSON: damaged, it cannot be restored."
    write_copy(tmp_path, policy="[]", sha256=hashlib.sha256(b"[]").hexdigest())
    none = read_with_policy(path)
    assert isinstance(none, DamagedBackup)
    assert none.reason == "holds no key policy"
    gone = read_backup(tmp_path / "gone.json")
    assert isinstance(gone, DamagedBackup)
    assert (gone.reason, gone.edited) == ("cannot be read (No such file or directory)", False)


def test_of_many_copies_of_a_key_the_newest_are_read(tmp_path: Path) -> None:
    paths = [write_copy(tmp_path, number) for number in range(5)]
    paths[3].write_text("", encoding="utf-8")
    other = GOOD["key"].replace("1234abcd-", "9234abcd-")
    write_copy(tmp_path, 6, key=other)
    folder = BackupFolder(tmp_path)
    assert [one.id for one in folder.of_key(GOOD["key"], 2)] == [paths[4].stem, paths[2].stem]
    found, damaged = folder.read_of_key(GOOD["key"], 1)
    assert ([one.id for one in found], damaged) == ([paths[4].stem], ())
    found, damaged = folder.read_of_key(GOOD["key"])
    assert (len(found), [one.path for one in damaged]) == (4, [paths[3]])
    assert len(folder.all()) == 5
    assert [one.path for one in folder.damaged()] == [paths[3]]
    assert folder.of_key(GOOD["key"].replace("7890ab", "7890ac")) == ()
    assert BackupFolder(tmp_path / "none").read_of_key(GOOD["key"]) == ((), ())
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert BackupFolder(tmp_path / "file").read_of_key(GOOD["key"]) == ((), ())


def test_a_copy_is_found_by_its_id_or_the_only_one_that_begins_so(tmp_path: Path) -> None:
    first, second = write_copy(tmp_path, 0), write_copy(tmp_path, 1)
    longer = tmp_path / f"{first.stem}-abcdef.json"
    longer.write_text("", encoding="utf-8")
    folder = BackupFolder(tmp_path, listed_by="a command", edited_hint="Accept it.")
    assert folder.find(first.stem).id == first.stem
    longer.unlink()
    assert folder.find(second.stem[:18]).id == second.stem
    for start, error, message, hint in (
        ("", UsageError, "finding a backup: its id is empty", "List the backups: a command"),
        ("1999", NotFoundError, f"finding backup 1999: there is none in {tmp_path}", "List the backups: a command"),
        (
            "2026",
            NotFoundError,
            "finding backup 2026: it matches 2 backups",
            "Give more characters; list them: a command",
        ),
    ):
        with pytest.raises(error) as caught:
            folder.find(start)
        assert (caught.value.message, caught.value.hint) == (message, hint)
    write_copy(tmp_path, 1, policy='{"Statement": [ ]}')
    assert folder.find(second.stem, accept_edited=True).edited
    with pytest.raises(NotFoundError, match="is damaged: it has a policy that was edited after it was saved") as edited:
        folder.find(second.stem)
    assert edited.value.hint == "Accept it.\nList the others: a command"
    second.write_text("", encoding="utf-8")
    with pytest.raises(NotFoundError, match="is damaged: it is not JSON") as damaged:
        folder.find(second.stem)
    assert damaged.value.hint == "List the others: a command"


def test_a_copy_is_durable_and_told_before_anything_is_written(tmp_path: Path) -> None:
    heard: list[Backup] = []
    folder = BackupFolder(tmp_path / "new", heard.append)
    now = datetime(2026, 11, 28, 21, 58, 53, 417_000, tzinfo=timezone(timedelta(hours=1)))
    saved = folder.save(GOOD["key"], GOOD["account"], GOOD["region"], POLICY, "link", now, "digest")
    assert re.fullmatch(r"20261128T205853417Z-567890ab-[0-9a-f]{6}", saved.id)
    assert (saved.time, saved.becomes, saved.sha256) == ("2026-11-28T20:58:53+00:00", "digest", GOOD["sha256"])
    assert (folder.all(), heard) == ((saved,), [saved])
    path = tmp_path / "new" / f"{saved.id}.json"
    assert path.read_text(encoding="utf-8").startswith('{\n  "id": ')
    noted = folder.note_put(saved, put_at="then")
    assert (noted.put_at, folder.all()) == ("then", (noted,))
    assert path.read_text(encoding="utf-8").startswith('{\n  "id": ')
    assert folder.note_put(saved, put_at="later") == saved, "somebody changed it: it stays as it is"
    assert folder.all() == (noted,)
    place = tmp_path / "file"
    place.write_text("", encoding="utf-8")
    with pytest.raises(UnexpectedError) as caught:
        BackupFolder(place, heard.append).save(GOOD["key"], "", "", POLICY, "link", now)
    before = f"saving the policy of key {GOOD['key']} before changing it, in {place}: "
    assert caught.value.message in (f"{before}File exists", f"{before}Not a directory")
    assert "--backup-dir" in caught.value.hint
    assert "--no-backup" in caught.value.hint
    assert len(heard) == 1
    with pytest.raises(UnexpectedError) as listing:
        BackupFolder(place).all()
    assert listing.value.message == f"listing the backups in {place}: Not a directory"
    assert "--backup-dir" in listing.value.hint


def test_where_copies_and_locks_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder, locks = places(None, backup=True, listed_by="a command")
    assert folder is not None
    assert (folder.path, locks) == (default_folder(), default_folder() / "locks")
    assert folder.listed_by == "a command"
    assert places(tmp_path, backup=True) == (BackupFolder(tmp_path), tmp_path / "locks")
    assert places(tmp_path, backup=False) == (None, tmp_path / "locks")
    assert places(None, backup=False) == (None, None)
