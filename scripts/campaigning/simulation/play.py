"""One run of the simulation: a scene played to its end, judged, and then a clean run of each command."""

from __future__ import annotations

import contextlib
import gc
import io
import math
import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import typer.main

from fcsse.aws import call_deadline
from fcsse.cli.app import app
from fcsse.cli.interrupt import OutsideSessionError
from fcsse.cli.runtime import Runtime
from fcsse.commands.audit import collect
from fcsse.sandbox import Sandbox
from fcsse.sandbox.principals import iam
from scripts.campaigning.simulation import invariants, put_back
from scripts.campaigning.simulation.clock import START
from scripts.campaigning.simulation.more_commands import add_more, again, choose_version
from scripts.campaigning.simulation.scene import ACCOUNT, Command, Scene, Source, build, prepare, scene
from scripts.campaigning.simulation.scheduler import KilledError, Process, World
from scripts.campaigning.simulation.transport import Put, Record, Transport, Weather
from scripts.campaigning.simulation.writers import Writer


@dataclass(slots=True)
class Outcome:
    """What a run came to. ``trace``: all that happened, the same for the same seed."""

    seed: int
    broken: list[str] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)
    troubles: int = 0
    puts: int = 0
    trace: str = ""


class _Stream(io.TextIOBase):
    """stdout or stderr of whichever process acts."""

    encoding = "utf-8"

    def __init__(self, transport: Transport, name: str) -> None:
        self._transport, self._name = transport, name

    def write(self, text: str) -> int:
        getattr(self._transport.clock.world.process, self._name).append(text)
        return len(text)

    def isatty(self) -> bool:
        return False


class Stage:
    """Where runs are played: one sandbox and its transport, for as many runs as there are."""

    def __init__(self, sandbox: Sandbox, place: Path) -> None:
        self.sandbox, self.place = sandbox, place
        self.transport = Transport(sandbox)
        self._runtime = Runtime(self.transport.clock, self.transport.clients_of)
        self._command = typer.main.get_command(app)  # once, which takes as long as a run
        self._young = True
        self._names = random.Random(0)
        self._streams = _Stream(self.transport, "out"), _Stream(self.transport, "err")
        for service in ("s3", "iam", "kms", "fsx", "sts", "cloudtrail"):
            self.transport.clients(service)  # type: ignore[call-overload]

    def token(self, length: int = 32) -> str:
        """What ends the name of a copy: of two within a millisecond, it says which comes first."""
        return self._names.randbytes(length).hex()

    def play(self, seed: int, *, basic: bool = False) -> Outcome:
        """The run of a seed. ``basic``: only link, unlink and check take part."""
        home = self.place / "run"
        shutil.rmtree(home, ignore_errors=True)
        made, outcome, world = scene(seed, home), Outcome(seed), World(seed)
        if not basic:
            add_more(made)
        self.transport.begin(world, made.weather)
        self._names.seed(seed)
        prepare(self.sandbox, made)
        self._birthdays(made)
        random.seed(seed)
        first = self.sandbox.policy_text("data")
        by_name = {one.name: one for one in made.commands}
        record = self.transport.record

        def on_put(put: Put) -> None:
            if put.by in by_name:
                edited = [one.source.saved for one in made.commands if one.source]
                found = invariants.of_backups(by_name[put.by], put, record, edited)
                outcome.broken += [f"{put.by}: {one}" for one in found]

        record.on_put = on_put
        sources = [one.source for one in made.commands if one.source]
        for one in made.commands:
            world.spawn(lambda one=one: self._run(one, sources), one.begin, one.process)
        for number, other in enumerate(made.others):
            writer = Writer(
                self.transport,
                self.sandbox.key("data"),
                f"w{number}",
                other.kind,
                other.times,
                other.every,
                other.pause,
            )
            world.spawn(writer.run, other.begin, Process(writer.name))
        for at, jump in made.jumps:
            world.spawn(lambda jump=jump: setattr(self.transport.clock, "jump", jump), at, Process("clock"))
        try:
            with self._quiet():
                world.run()
        except Exception as error:
            outcome.broken.append(f"{type(error).__name__}: {error}")
        else:
            outcome.broken += self._judged(made, first)
            outcome.broken += self._settled(made, seed)
            outcome.broken += self._clean_runs(made, seed)
        outcome.codes = [one.code for one in made.commands]
        outcome.troubles, outcome.puts = len(record.troubles), len(record.puts)
        ends = [f"{one.name} {' '.join(one.words[:5])} {one.code} {one.ended:.6f}" for one in made.commands]
        outcome.trace = "\n".join([*world.trace, *ends, *outcome.broken]).replace(str(self.place), "")
        return outcome

    def _birthdays(self, made: Scene) -> None:
        if not (self._young or made.young):
            return
        self._young = bool(made.young)
        self.transport.roles_changed()
        for role in iam(self.sandbox.state, ACCOUNT).roles.values():
            role.create_date = START.replace(year=2025)
        if made.young:
            name = made.commands[0].cache
            for role in iam(self.sandbox.state, ACCOUNT).roles.values():
                if role.name.endswith(name):
                    role.create_date = START

    def _run(self, one: Command, sources: Sequence[Source] = ()) -> None:
        world, process = self.transport.clock.world, one.process
        one.started = world.now
        choose_version(one, self.sandbox.state.trail.events, self.sandbox.key("data").arn, sources)
        try:
            code = self._command.main(args=list(one.words), prog_name="fcsse", standalone_mode=False, obj=self._runtime)
            one.code = code if isinstance(code, int) else 0
        except KilledError:
            one.code = None
        except (KeyboardInterrupt, OutsideSessionError):
            one.code = 130  # before the command began, or after it ended: the entry point ends it
            process.err.append("Nothing was written")
        finally:
            one.ended, process.over, one.done = world.now, True, True

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        with contextlib.redirect_stdout(self._streams[0]), contextlib.redirect_stderr(self._streams[1]):
            yield

    def _judged(self, made: Scene, first: str) -> Iterator[str]:
        record, final = self.transport.record, self.sandbox.policy_text("data")
        for one in made.commands:
            if not one.done:
                yield f"{one.name}: never ended"
            for found in (
                invariants.of_output(one),
                invariants.of_words(one, made, record),
                invariants.of_access(one, made, record, first),
                invariants.of_lasting(one, made, record),
                invariants.of_pruning(one, record),
                put_back.of_restore(one, made, record, first, final)
                if one.source
                else invariants.of_statements(one, made, record, final),
                put_back.of_settle(one, made, record),
            ):
                yield from (f"{one.name} ({' '.join(one.words[:7])}): {broken}" for broken in found)
        grants: dict[str, Any] = dict(self.sandbox.key("far").grants.value)
        yield from invariants.of_grants(grants, made)

    def _settled(self, made: Scene, seed: int) -> Iterator[str]:
        """Settles all in good weather, once the record is whole, where the scene says so."""
        if not made.settles:
            return
        self._clear_up()
        words = ("settle", "--bucket", "data", "--yes", "--backup-dir", str(made.commands[0].home), "-o", "json")
        one = Command(Process("settling"), words, "", "data", made.commands[0].home, 0.0)
        weather, before = Weather(), self.transport.record
        failed = self._alone(one, seed, weather)
        after = self.transport.record
        whole = Record([*before.puts, *after.puts], [*before.shown, *after.shown], [], before.troubles)
        if failed or one.code not in (0, 7):
            yield f"settling ended with {one.code}: {failed or one.err[-500:]}"
        for found in (
            invariants.of_output(one),
            invariants.of_words(one, made, after),
            invariants.of_statements(one, made, whole, self.sandbox.policy_text("data")),
            put_back.of_settle(one, made, whole),
        ):
            yield from (f"settling: {broken}" for broken in found)

    def _clear_up(self) -> None:
        self.sandbox.state.veils.clear()
        self.sandbox.switches.page = 0

    def _alone(self, one: Command, seed: int, weather: Weather) -> str:
        """Runs a command an hour later, with nobody beside it; returns what kept it from ending."""
        world = World(seed, self.transport.clock.world.now + 3600.0)
        self.transport.begin(world, weather)
        world.spawn(lambda: self._run(one), 0.0, one.process)
        try:
            with self._quiet():
                world.run()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def _clean_runs(self, made: Scene, seed: int) -> Iterator[str]:
        """One of the commands once more, alone and in good weather: it completes. After that, nothing is left to do."""
        self._clear_up()
        writing = [one for one in made.commands if "--dry-run" not in one.words and not invariants.only_reads(one)]
        for one in writing[seed % len(writing) :][:1] if writing else ():
            words = again(one, made)
            for attempt in (1, 2) if seed % 3 == 0 else (1,):
                once = Command(Process(f"again {attempt}"), words, one.cache, one.bucket, one.home, 0.0)
                failed = self._alone(once, seed, Weather())
                if failed:
                    yield f"{one.name}: clean run {attempt} of {words}: {failed}"
                    break
                if once.code not in _ends_of(one, made):
                    yield f"{one.name}: clean run {attempt} of {words} ended with {once.code}: {once.err[-500:]}"
                elif attempt == 2 and (self.transport.record.puts or self.transport.record.grants):
                    yield f"{one.name}: a clean second run of {words} wrote again"
        self.transport.clock.world = World(seed)


def _ends_of(one: Command, made: Scene) -> tuple[int, ...]:
    """How a clean run may end: there may be no copy to restore, or one that KMS refuses; what is not recorded stays open."""
    if one.source is not None:
        return (6,) if not one.source.text else (0, 4) if made.dead else (0,)
    if "--settle" in one.words:
        return (0, 7, 8)  # it may have been told not to wait for the record
    return (0, 7) if one.words[0] == "settle" else (0,)


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """A stage; no setting of the caller's environment has a say on it."""
    base = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "FCSSE_"))]:
        del os.environ[name]
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_EC2_METADATA_DISABLED="true"
    )
    limits = call_deadline.CALL_SECONDS, call_deadline.CREDENTIALS_SECONDS
    try:
        # These are of the real clock. A machine that is busy must not end a call for which virtual time has hardly passed.
        call_deadline.CALL_SECONDS = call_deadline.CREDENTIALS_SECONDS = math.inf
        gc.set_threshold(200_000)  # as the entry point does
        with tempfile.TemporaryDirectory(dir=base) as name, Sandbox(world=build) as sandbox:
            here = Stage(sandbox, Path(name))
            with (
                mock.patch.object(secrets, "token_hex", here.token),
                mock.patch.object(collect, "SimpleQueue", here.transport.clock.queue),
            ):
                yield here
    finally:
        call_deadline.CALL_SECONDS, call_deadline.CREDENTIALS_SECONDS = limits
        os.environ.clear()
        os.environ.update(kept)
