"""Every error of every call that link and unlink make, injected at every call.

The codes come from botocore's service models, the rest is what any call can meet: refusals, expired credentials,
throttling, failures inside AWS, answers that are none, dropped connections (before and after the effect), silence.
Violations: an exit code that does not fit, no next step, a traceback, a policy neither old nor new, a write without a
backup, and above all a sentence about whether anything was written that is not true.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore import loaders
from botocore.retries import standard

from fcsse.aws import sessions
from fcsse.cli.main import main as fcsse
from fcsse.clock import SystemClock
from fcsse.sandbox import Sandbox, policies
from fcsse.sandbox.gateway import Gateway
from fcsse.sandbox.wire import Reply
from scripts.campaigning.process_pool import ROOT
from scripts.campaigning.put_log import Ledger, meaning, saved_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fcsse.sandbox.caller import Caller
    from fcsse.sandbox.wire import Call

DENIED = {"AccessDenied", "AccessDeniedException"}
CREDENTIALS = {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"}
THROTTLED = {"ThrottlingException", "Throttling", "SlowDown"}
INSIDE = {"InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable", "KMSInternalException"}
MISSING = {"NotFoundException", "NoSuchEntity", "NoSuchEntityException", "NoSuchBucket"}
MISSING |= {"FileCacheNotFound", "FileSystemNotFound", "DataRepositoryAssociationNotFound"}
REFUSED = {"MalformedPolicyDocumentException", "LimitExceededException", "UnsupportedOperationException"}
REFUSED |= {"DisabledException", "KMSInvalidStateException"}
COMMON = {
    "kms": ["AccessDeniedException", "ThrottlingException", "InternalFailure", "ServiceUnavailable"],
    "iam": ["AccessDenied", "Throttling", "InternalFailure", "ServiceUnavailable", "InvalidClientTokenId"],
    "s3": [
        "AccessDenied",
        "SlowDown",
        "InternalError",
        "NoSuchBucket",
        "ServerSideEncryptionConfigurationNotFoundError",
    ],
    "fsx": ["AccessDeniedException", "ThrottlingException", "InternalServerError"],
    "sts": ["AccessDenied", "Throttling", "InternalFailure"],
}
ALWAYS = ["ExpiredTokenException", "UnrecognizedClientException", "ValidationException", "SomethingNew"]
STATUS = {"InternalError": 500, "InternalFailure": 500, "InternalServerError": 500, "KMSInternalException": 500}
STATUS |= {"ServiceUnavailable": 503, "SlowDown": 503, "DependencyTimeoutException": 503}
LOCKOUT = "The new key policy will not allow you to update the key policy in the future."
INVALID = "Policy contains a statement with one or more invalid principals."
GARBAGE = {
    "an HTML page": (200, b"<html><body>Sign in to the network</body></html>"),
    "an empty object": (200, b"{}"),
    "nothing": (200, b""),
    "half an answer": (200, b'{"Policy": "{'),
    "a gateway's page": (502, b"<html><body>Bad Gateway</body></html>"),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls a call. ``times`` None: that call and all after it of its kind; ``*`` all calls from there on."""

    name: str
    code: str | None = None
    message: str = ""
    times: int | None = None
    drop: bool = False
    after: bool = False
    delay: float = 0.0
    garbage: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A command in a world of its own. ``key``: what it is about."""

    name: str
    words: tuple[str, ...]
    key: str
    prepare: Callable[[Sandbox], None] = lambda _: None


def _do(words: list[str]) -> None:
    outcome = _run(words)
    if outcome.code:
        raise RuntimeError(outcome)


def _linked(*words: str) -> Callable[[Sandbox], None]:
    def prepare(_: Sandbox) -> None:
        _do(["link", *words])

    return prepare


def _gone(sandbox: Sandbox) -> None:
    _do(["link", "--cache", "fc-0456", "--bucket", "data"])
    sandbox.delete_cache("fc-0456")


def _late_role(sandbox: Sandbox) -> None:
    sandbox.add_cache("fc-0fee", ["data"], lifecycle="CREATING", role_calls=3)


PAIR = ("--cache", "fc-0123", "--bucket", "data")
ABROAD = ("--cache", "fc-0123", "--bucket", "data-other-account")
SCENES = (
    Scene("link by policy", ("link", *PAIR), "data"),
    Scene("unlink by policy", ("unlink", *PAIR), "data", _linked(*PAIR)),
    Scene("link by grant", ("link", *ABROAD), "data-other-account"),
    Scene("unlink by grant", ("unlink", *ABROAD), "data-other-account", _linked(*ABROAD)),
    Scene("link an alias", ("link", "--cache", "fc-0123", "--bucket", "data-alias"), "data-alias"),
    Scene("link its own buckets", ("link", "--cache", "fc-01234567890"), "data"),
    Scene("link a late role", ("link", "--cache", "fc-0fee", "--bucket", "data", "--wait", "8s"), "data", _late_role),
    Scene("link every cache", ("link", "--every-cache", "--bucket", "data"), "data"),
    Scene("unlink a gone cache", ("unlink", "--cache", "fc-0456", "--bucket", "data"), "data", _gone),
)


@dataclass(slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


def _world(sandbox: Sandbox) -> None:
    """The part of the ready-made world that the scenes need, which is quicker to make."""
    sandbox.add_cache("fc-0123", ["data"])
    sandbox.add_cache("fc-01234567890", ["data"])
    sandbox.add_cache("fc-0456", ["data"])
    sandbox.add_bucket("data", algorithm="aws:kms", key=sandbox.add_key("data").arn)
    sandbox.add_key("data-alias")
    sandbox.add_bucket("data-alias", algorithm="aws:kms", key="alias/data-alias")
    own, other = sandbox.account, sandbox.other_account
    abroad = sandbox.add_key("data-other-account", account=other, policy=policies.grants_for(other, own))
    sandbox.add_bucket("data-other-account", account=other, algorithm="aws:kms", key=abroad.arn, readers=[own])


def _run(words: list[str]) -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = fcsse(words)
    return Outcome(code, out.getvalue(), err.getvalue())


@cache
def _model(service: str) -> Any:
    return botocore.session.Session().get_service_model(service)


def codes_of(operation: str) -> list[str]:
    """The error codes of a call, from its service model, and those that any call may meet."""
    service, name = operation.split(":")
    shapes = _model(service).operation_model(name).error_shapes
    modelled = [str(shape.metadata.get("error", {}).get("code", shape.name)) for shape in shapes]
    return list(dict.fromkeys([*modelled, *COMMON[service], *ALWAYS]))


def troubles_of(operation: str) -> Iterator[Trouble]:
    """Everything that may befall a call."""
    for code in codes_of(operation):
        if code == "MalformedPolicyDocumentException":
            yield Trouble("invalid principals", code, INVALID)
            yield Trouble("invalid principals, once", code, INVALID, times=1)
            yield Trouble("lockout", code, LOCKOUT)
        yield Trouble(code, code)
        if code in THROTTLED | INSIDE | {"DependencyTimeoutException"}:
            yield Trouble(f"{code}, once", code, times=1)
            yield Trouble(f"{code} after the effect, once", code, times=1, after=True)
            yield Trouble(f"{code} after the effect", code, after=True)
    for after in (False, True):
        where = "after the effect" if after else "before the effect"
        yield Trouble(f"dropped {where}", drop=True, after=after)
        yield Trouble(f"dropped {where}, once", drop=True, after=after, times=1)
        yield Trouble(f"silence {where}", delay=0.9, after=after)
        yield Trouble(f"the network lost {where}", drop=True, after=after, everything=True)
    for name in GARBAGE:
        yield Trouble(f"{name} for an answer", garbage=name)


def fitting(operation: str, trouble: Trouble) -> set[int]:
    """The exit codes that fit a trouble before anything was written. What is no trouble to the command may end in 0."""
    code, special = trouble.code, {0}
    if trouble.times == 1:
        return {0, 8} if trouble.after else {0, 4} if trouble.message == INVALID else {0}
    match operation:
        case "s3:HeadBucket":
            special = {0, 2, 6}  # without a Region: name it
        case "s3:GetBucketEncryption":
            special = {0, 4}  # whose the bucket is, is asked by the same call
        case "kms:PutKeyPolicy" | "kms:CreateGrant" if code == "InvalidArnException" or trouble.message == INVALID:
            special = {0, 4, 6}
    if code is None:
        return {1, 8} | special
    if code in DENIED | CREDENTIALS:
        return {5} | special
    if code in MISSING or code == "InvalidArnException":
        return {6} | special
    if code in REFUSED:
        return {4} | special
    return {1, 4} | special


class Campaign:
    """Plays scenes in one sandbox, with waits that pass at once."""

    def __init__(self, sandbox: Sandbox, ledger: Ledger, place: Path) -> None:
        self.sandbox, self.ledger, self.place = sandbox, ledger, place
        self.runs = 0
        self.codes: Counter[int] = Counter()
        self.wrote = 0
        self.violations: list[str] = []
        self._slept = 0.0
        self._silent = False
        self._garbage: tuple[str, str, int] | None = None
        self._patch()

    def _patch(self) -> None:
        """Waits pass at once; botocore tries twice without a pause."""
        SystemClock.sleep = lambda _, seconds: self._sleep(seconds)  # type: ignore[method-assign]
        SystemClock.monotonic = lambda _: time.monotonic() + self._slept  # type: ignore[method-assign]
        SystemClock.now = lambda _: datetime.now(UTC) + timedelta(seconds=self._slept)  # type: ignore[method-assign]
        standard.ExponentialBackoff.delay_amount = lambda *_: 0.0  # type: ignore[attr-defined]
        loaders.JSONFileLoader.load_file = cache(loaders.JSONFileLoader.load_file)  # type: ignore[method-assign]
        loaders.JSONFileLoader.__hash__ = lambda _: 0  # type: ignore[method-assign,assignment]
        loaders.JSONFileLoader.__eq__ = lambda *_: True  # type: ignore[method-assign,assignment]
        carry_out = Gateway._carry_out

        def garbled(gateway: Gateway, call: Call, caller: Caller) -> Reply:
            reply = carry_out(gateway, call, caller)
            if self._garbage and call.name == self._garbage[0]:
                name, kind, count = self._garbage
                self._garbage = (name, kind, count - 1)
                if count <= 1:
                    status, body = GARBAGE[kind]
                    return Reply(status, body, {"Content-Type": "text/html"})
            return reply

        Gateway._carry_out = garbled  # type: ignore[method-assign]

    def _sleep(self, seconds: float) -> None:
        """Passes at once, unless something is still on its way that takes real time."""
        if self._silent:
            time.sleep(min(seconds, 1.0))
        else:
            self._slept += seconds

    def _set(self, scene: Scene, home: Path) -> None:
        self.sandbox.reset()
        for name in [name for name in os.environ if name.startswith(("AWS_", "FCSSE_"))]:
            del os.environ[name]
        os.environ.update(self.sandbox.env(), FCSSE_BACKUP_DIR=str(home), FCSSE_WAIT="4s", AWS_MAX_ATTEMPTS="2")
        sessions.READ_TIMEOUT = 30.0
        scene.prepare(self.sandbox)
        self.sandbox.requests.clear()
        self.ledger.forget()

    def _state(self, scene: Scene) -> tuple[object, int]:
        key = self.sandbox.key(scene.key)
        return meaning(self.sandbox.policy_text(key)), len(key.grants.value)

    def play(self, scene: Scene, chosen: Callable[[int], bool]) -> None:
        """Everything that may befall one command."""
        self._set(scene, self.place / "first")
        old = self._state(scene)
        outcome = _run(list(scene.words))
        new = self._state(scene)
        if outcome.code or old == new:
            self._violated(f"{scene.name}: without trouble it ended with {outcome.code}: {outcome.err}")
            return
        calls = self.sandbox.requests.operations
        number = 0
        for operation, count in sorted(Counter(calls).items()):  # which call comes first is chance
            for nth in range(1, count + 1):
                for trouble in troubles_of(operation):
                    number += 1
                    if chosen(number):
                        self._befall(scene, operation, nth, trouble, {"old": old, "new": new})

    def _befall(
        self, scene: Scene, operation: str, nth: int, trouble: Trouble, states: dict[str, tuple[object, int]]
    ) -> None:
        self.runs += 1
        home = self.place / str(self.runs)
        self._set(scene, home)
        if trouble.garbage:
            self._garbage = (operation, trouble.garbage, nth)
        else:
            how = {"times": trouble.times, "drop": trouble.drop, "after": trouble.after, "delay": trouble.delay}
            status = {"status": STATUS[trouble.code]} if trouble.code in STATUS else {}
            self.sandbox.fault(operation, trouble.code, message=trouble.message, nth=nth, **how, **status)
            if trouble.everything:
                begin = self.sandbox.faults.items[-1]
                begin.hook = lambda _: self._lose_network()
        self._silent = bool(trouble.delay)
        sessions.READ_TIMEOUT = 0.5 if self._silent else 30.0
        try:
            outcome = _run(list(scene.words))
        except BaseException as error:
            outcome = Outcome(99, "", f"Traceback: {error!r}")
        self._garbage = None
        self.sandbox.faults.clear()
        if self._silent:
            self._silent = False
            time.sleep(1.0)
        self.codes[outcome.code] += 1
        what = f"{scene.name}: {trouble.name} at {operation} {nth}"
        for fault in self._judge(scene, operation, trouble, outcome, states, home):
            self._violated(f"{what}: {fault}")

    def _violated(self, what: str) -> None:
        self.violations.append(what)
        print(f"VIOLATION: {what}", flush=True)

    def _lose_network(self) -> None:
        if not any(fault.operation == "*" for fault in self.sandbox.faults.items):
            self.sandbox.fault("*", drop=True, times=None)

    def _judge(
        self,
        scene: Scene,
        operation: str,
        trouble: Trouble,
        outcome: Outcome,
        states: dict[str, tuple[object, int]],
        home: Path,
    ) -> Iterator[str]:
        text = outcome.out + outcome.err
        puts = [put for put in self.ledger.puts if meaning(put.before) != meaning(put.after)]
        written = bool(puts) or self.ledger.grants > 0
        self.wrote += written
        state = self._state(scene)
        if state not in states.values():
            yield f"a state that is neither the old nor the new one ({outcome.code}: {outcome.err})"
        fit = {0, 8} if written else fitting(operation, trouble)
        if written and trouble.code in CREDENTIALS | DENIED | MISSING:
            fit |= {5, 6}  # in the repair of what another call undid
        if outcome.code not in fit:
            yield f"ended with {outcome.code}, not one of {sorted(fit)}: {outcome.err}"
        if "Traceback" in text or "defect of fcsse" in text:
            yield f"a traceback or defect: {outcome.err}"
        saved = saved_texts([home]) if home.exists() else set()
        if any(put.before not in saved for put in puts):
            yield "a write without a backup"
        if outcome.code in (0, 2):
            return
        lines = [line for line in outcome.err.splitlines() if line]
        if not any(line.startswith("Error: ") for line in lines):
            yield f"no message: {outcome.err}"
        rest = " ".join(lines[1:]).replace("Nothing was written to AWS.", "").strip()
        if not rest:
            yield f"no next step: {outcome.err}"
        if "Nothing was written" in text and written:
            yield f"says that nothing was written, and something was: {outcome.err}"
        elif "most likely not written" in text and written:
            yield f"says that most likely nothing was written, and something was: {outcome.err}"
        elif "Written: " in text and not written:
            yield f"says that something was written, and nothing was: {outcome.err}"
        told = ("Nothing was written", "most likely not written", "Written: ", "may have been written")
        if not any(one in text for one in told):
            yield f"does not say whether anything was written: {outcome.err}"


def shard(number: int, of: int, every: int, scenes: str) -> int:
    """One process's share. Prints its figures and violations."""
    with tempfile.TemporaryDirectory() as name, Sandbox(world=_world) as sandbox, Ledger() as ledger:
        play = Campaign(sandbox, ledger, Path(name))
        for scene in SCENES:
            if scenes in scene.name:
                play.play(scene, lambda count: count // every % of == number and count % every == 0)
    codes = ", ".join(f"{code}: {count}" for code, count in sorted(play.codes.items()))
    print(f"{play.runs} runs, {play.wrote} of which wrote; exit codes {codes}; {len(play.violations)} violations")
    return len(play.violations)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--processes", type=int, default=2, help="how many to share the work")
    parser.add_argument("--every", type=int, default=1, help="play only every so manieth trouble")
    parser.add_argument("--scenes", default="", help="play only scenes with this in their name")
    parser.add_argument("--shard", type=int, default=-1, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.shard >= 0:
        return 1 if shard(given.shard, given.processes, given.every, given.scenes) else 0
    words = sys.argv[1:] if arguments is None else arguments
    shards = [
        subprocess.Popen([sys.executable, "-m", "scripts.campaigning.errors", *words, "--shard", str(n)], cwd=ROOT)
        for n in range(given.processes)
    ]
    return max([process.wait() for process in shards])


if __name__ == "__main__":
    sys.exit(main())
