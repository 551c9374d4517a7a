"""Broken and strange documents of every kind that fcsse reads: an answer or this project's error, never anything else.

With ``--engine atheris`` (where it is installed) inputs are found by coverage; otherwise they are mutations of good
documents, from a seed. ``--large`` also reads policies of a megabyte, which may take a second a statement.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
import weakref
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.session import Session

from fcsse.api import validation
from fcsse.apply.backup import BackupFolder
from fcsse.apply.lock import key_lock
from fcsse.arn import (
    Arn,
    alias_arn,
    bucket_in,
    iam_role_arn,
    is_cache_id,
    key_arn,
    role_arn,
    role_cache,
    whole_key_arn,
)
from fcsse.aws.answer_check import json_fault, missing_member
from fcsse.aws.required_members import REQUIRED
from fcsse.aws.xml_check import is_xml, xml_fault
from fcsse.cli.options.safety import parse_digest, parse_duration
from fcsse.clock import SystemClock
from fcsse.errors import FcsseError
from fcsse.link_options import Operation
from fcsse.planning.changes import change_policy
from fcsse.policy.document import PolicyDocument
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.equivalence import digest_of, equivalent
from fcsse.policy.statement import Access
from fcsse.sandbox import policies
from scripts.campaigning.fuzz_events import EVENTS, RECORDED, BrokenError, event_record, lambda_event

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
ACCESS = Access(
    role_arn("aws", ACCOUNT, "fc-0123"), ACCOUNT, "aws", "eu-west-1", "data", frozenset({ContextForm.OBJECT})
)
POLICIES = [
    json.dumps(policies.document(policies.root(ACCOUNT))),
    json.dumps(policies.console(ACCOUNT, "Admin", "User"), indent=2),
    '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": [], "Resource": "*", "Condition": {"Bool": {}}}}',
]
TEXTS = [
    KEY,
    "fc-0123",
    "fs-0123456789abcdef0",
    role_arn("aws", ACCOUNT, "fc-0123"),
    "arn:aws-cn:s3:::b",
    "1f6d0a27c9b35e84",
    "5m",
]
TEXTS += [f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/data", "data.with.dots", "s3://data/prefix/"]


def policy(data: bytes) -> None:
    """Key policy text: parsed, edited, written, parsed again, and the edit taken back."""
    document = PolicyDocument.parse(data.decode("utf-8", "surrogateescape"))
    key = key_arn(KEY)
    assert key is not None
    linked = change_policy(key, Operation.LINK, [ACCESS], document)
    after = PolicyDocument.parse(linked.after.text)
    if digest_of(after, "aws") != digest_of(linked.after, "aws"):
        raise BrokenError("reading back what was written gives another policy")
    if change_policy(key, Operation.LINK, [ACCESS], after).after.text != after.text:
        raise BrokenError("linking again changes something")
    back = change_policy(key, Operation.UNLINK, [ACCESS], after).after
    if (
        linked.after.text != document.text
        and change_policy(key, Operation.UNLINK, [ACCESS], document).after.text == document.text
    ) and not equivalent(back, document, "aws"):
        raise BrokenError("unlinking does not give the policy from before")


def texts(data: bytes) -> None:
    """Ids, ARNs, digests and durations."""
    text = data.decode("utf-8", "replace")
    for read in (Arn.parse, key_arn, whole_key_arn, iam_role_arn, alias_arn, role_cache, bucket_in):
        found = read(text)
        if isinstance(found, Arn) and str(found) != text:
            raise BrokenError(f"{read.__name__} gives another text: {found}")
    if is_cache_id(text) and role_cache(role_arn("aws", ACCOUNT, text)) != text:
        raise BrokenError("the role of a cache is another one's")
    for check in (validation.caches, validation.buckets, validation.regions, validation.accounts):
        with suppress(FcsseError):
            check(text)
    import typer

    for option in (parse_digest, parse_duration):
        with suppress(FcsseError, typer.BadParameter):
            option(text)


class _Files:
    """Backup and lock files, in a folder of their own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.backups = BackupFolder(self.folder / "backups")
        made = self.backups.save(KEY, ACCOUNT, "eu-west-1", POLICIES[0], "link", SystemClock().now(), "")
        self.path = next((self.folder / "backups").glob("*.json"))
        self.good, self.id = self.path.read_bytes(), made.id
        with key_lock(self.folder / "locks", KEY, SystemClock(), 0.0):
            self.lock = next((self.folder / "locks").glob("*.lock"))

    def backup(self, data: bytes) -> None:
        """A backup file: what is read has the text that its checksum says, or it is damaged."""
        self.path.write_bytes(data)
        found, damaged = self.backups.read_all()
        if len(found) + len(damaged) != 1:
            raise BrokenError(f"{len(found)} backups, {len(damaged)} damaged ones")
        for one in found:
            if one.id != self.id:
                raise BrokenError("another id than its file's")

    def locking(self, data: bytes) -> None:
        """A lock's file."""
        self.lock.write_bytes(data)
        with key_lock(self.folder / "locks", KEY, SystemClock(), 0.0) as lock:
            if not lock.held or any(not -2 < age < 2 for age in lock.replaced.values()):
                raise BrokenError(f"{lock.held}, {lock.replaced}")


def _answers() -> Callable[[bytes], None]:
    session = Session()
    models = {service: session.get_service_model(service) for service in ("kms", "s3", "iam", "fsx", "sts")}
    operations = [name for name in REQUIRED if name.partition(":")[0] in models]
    shapes = [
        models[name.partition(":")[0]].operation_model(name.partition(":")[2]).output_shape for name in operations
    ]

    def answer(data: bytes) -> None:
        """AWS's answers, as every operation's."""
        at = len(data) % len(operations)
        shape = shapes[at]
        json_fault(data, shape)
        if is_xml(shape):
            xml_fault(data, shape)
        with suppress(ValueError, RecursionError):
            value = json.loads(data)
            if isinstance(value, dict):
                missing_member(operations[at], value)

    return answer


ANSWERS = [
    json.dumps({"KeyMetadata": {"KeyId": "k", "Arn": KEY, "KeyState": "Enabled", "KeyManager": "CUSTOMER"}}),
    json.dumps({"Grants": [{"GrantId": "g", "KeyId": KEY, "Operations": ["Decrypt"]}], "Truncated": False}),
    "<GetRoleResponse><GetRoleResult><Role><Arn>a</Arn></Role></GetRoleResult></GetRoleResponse>",
]


def targets() -> dict[str, tuple[Callable[[bytes], None], list[bytes]]]:
    """What is fuzzed: a function, and good documents to begin with."""
    files = _Files()
    encode = lambda many: [one.encode() for one in many]  # noqa: E731
    return {
        "policy": (policy, encode(POLICIES)),
        "texts": (texts, encode(TEXTS)),
        "backup": (files.backup, [files.good]),
        "lock": (files.locking, [b"{}", b'{"%s": 1.0}' % (b"a" * 64)]),
        "lambda": (lambda_event, encode([json.dumps(one) for one in EVENTS])),
        "history": (event_record, encode(RECORDED)),
        "answers": (_answers(), encode(ANSWERS)),
    }


PIECES = [
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b'""',
    b"[]",
    b"{}",
    b'"*"',
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\xef\xbb\xbf",
    b"arn:aws:iam::",
]
PIECES += [
    b"[" * 3000,
    b'{"a":' * 1200,
    b'"Statement":',
    b'"Principal":',
    b'"Sid":',
    b"9" * 5000,
    b"]",
    b"}",
    b",",
    b'"',
    b":",
    b"NaN",
]


def mutated(rng: random.Random, data: bytes) -> bytes:
    """A document with some things changed, doubled, cut out or put in."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, size = rng.randrange(len(data) + 1), rng.choice((1, 1, 4, 20, 100))
        match rng.randrange(6):
            case 0:
                data = data[:at] + data[at + size :]
            case 1:
                data = data[:at] + rng.choice(PIECES) + data[at:]
            case 2:
                data = data[:at] + data[at : at + size] * 2 + data[at + size :]
            case 3:
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            case 4:
                tokens = [one for one in data.split(b'"') if one]
                data = data.replace(rng.choice(tokens), rng.choice([*tokens, *PIECES]), 1) if tokens else data
            case _:
                data = data[:at]
        data = data[:100_000]
    return data


def attempt(target: Callable[[bytes], None], data: bytes) -> str:
    """What is wrong with how a target took a document; empty where nothing is."""
    try:
        target(data)
    except (FcsseError, UnicodeDecodeError, json.JSONDecodeError):
        return ""
    except RecursionError as error:
        return "" if target is lambda_event else repr(error)[:200]
    except Exception as error:
        if target is lambda_event and isinstance(error, ValueError) and "digits" in str(error):
            return ""  # of json.loads, which Lambda calls before
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def large() -> list[str]:
    """Policies of a megabyte: no longer than a second a statement."""
    one: Any = policies.allow("x", f"arn:aws:iam::{ACCOUNT}:root", "kms:Decrypt")
    shapes = {
        "many statements": policies.document(policies.root(ACCOUNT), *({**one, "Sid": f"s{n}"} for n in range(5_000))),
        "one long list": policies.document(
            policies.root(ACCOUNT), {**one, "Action": [f"kms:A{n}" for n in range(75_000)]}
        ),
        "one long text": policies.document(policies.root(ACCOUNT), {**one, "Sid": "x" * 1_000_000}),
        "many conditions": policies.document(
            {**one, "Condition": {"StringLike": {f"k{n}": "*" * 20 for n in range(25_000)}}}
        ),
    }
    slow = []
    for name, document in shapes.items():
        data, begun = json.dumps(document).encode(), time.process_time()
        wrong, seconds = attempt(policy, data), time.process_time() - begun
        print(f"{name}: {len(data):,} bytes, {len(document['Statement']):,} statements: {seconds:.2f} s", flush=True)
        slow += [f"{name}: {seconds:.1f} s"] if seconds > len(document["Statement"]) else []
        slow += [f"{name}: {wrong}"] if wrong else []
    return slow


def campaign(seed: int, runs: int, only: str = "", *, big: bool = False) -> int:
    """Plays documents; prints figures and what is wrong; returns how many kinds of that there were."""
    wrong: Counter[str] = Counter()
    for name, (target, good) in targets().items():
        if only and name != only:
            continue
        rng, begun, found = random.Random(f"{seed}/{name}"), time.monotonic(), 0
        for _ in range(runs):
            data = mutated(rng, rng.choice(good))
            fault = attempt(target, data)
            if fault:
                found += 1
                wrong[f"{name}: {fault}"] += 1
                if wrong[f"{name}: {fault}"] == 1:
                    print(f"VIOLATION: {name}: {fault}\n  {data[:400]!r}", flush=True)
        print(f"{name}: {runs:,} documents in {time.monotonic() - begun:.0f} s, {found} taken wrongly", flush=True)
    slow = large() if big else []
    for one in slow:
        print(f"VIOLATION: {one}")
    return len(wrong) + len(slow)


def by_coverage(name: str, runs: int, seed: int) -> int:
    """The same with atheris, which ends the process where something is wrong."""
    import atheris

    target, good = targets()[name]
    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(good):
            (Path(corpus) / str(number)).write_bytes(data)

        def one(data: bytes) -> None:
            fault = attempt(target, data)
            if fault:
                raise BrokenError(f"{name}: {fault}\n{data[:400]!r}")

        atheris.instrument_all()
        atheris.Setup([sys.argv[0], f"-runs={runs}", f"-seed={seed}", "-max_len=4096", corpus], one)
        atheris.Fuzz()
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/campaigns fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=150_000, help="documents a target")
    parser.add_argument(
        "--target", default="", help="policy, texts, backup, lock, lambda, history or answers; default: all"
    )
    parser.add_argument("--engine", choices=("mutations", "atheris"), default="mutations", help="atheris: one --target")
    parser.add_argument("--large", action="store_true", help="policies of a megabyte, too")
    given = parser.parse_args(arguments)
    if given.engine == "atheris":
        return by_coverage(given.target or "policy", given.runs, given.seed)
    return 1 if campaign(given.seed, given.runs, given.target, big=given.large) else 0


if __name__ == "__main__":
    sys.exit(main())
