"""Taking a census: looking at objects side by side, stopping at any moment with the answer so far."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from fcsse.advice import ENDPOINT_URL, advice
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock
from fcsse.commands.census.listing import Frame, Lister
from fcsse.commands.census.sample import Chosen, choose
from fcsse.commands.census.tally import Census, Tally
from fcsse.errors import CredentialsError, DeniedError, FcsseError, NotAwsAnswerError
from fcsse.objects import Listed, ObjectEncryption
from fcsse.progress import Progress

THREADS = 16
AHEAD = 4 * THREADS
"""Requests in the air at the most: memory stays flat however many objects there are."""

HOPELESS = 128
"""Objects in a row that could not be looked at, after which the rest is not tried."""


def take_sample(aws: AwsCalls, progress: Progress, clock: Clock, bucket: str, prefix: str, most: int) -> Census:
    """Looks at a sample, spread over prefixes and ages. Raises ``DeniedError``, ``NotFoundError``.

    Ctrl-C ends it with what was seen by then.
    """
    progress.step(f"listing objects of bucket {bucket}")
    lister = Lister(
        lambda place, after, delimited: aws.list_page(bucket, place, after, delimited),
        lambda calls: progress.step(f"listing objects of bucket {bucket}: page {calls}") if calls % 10 == 0 else None,
    )
    frame = lister.frame(prefix)
    sample = choose(frame.objects, prefix, most, random.Random(clock.random()))  # noqa: S311 (no secret)
    look = _Look(aws, progress, bucket, prefix)
    look.total = len(sample.chosen)
    look.at(iter(sample.chosen))
    notes = () if frame.whole else (_place_note(frame, sample.met, sample.prefixes),)
    complete = frame.whole and len(sample.chosen) == len(frame.objects)
    return look.census(complete=complete, frame=frame, notes=notes)


def _place_note(frame: Frame, met: int, prefixes: int) -> str:
    where = f"{met:,} of {prefixes:,} prefixes of the" if prefixes > 1 else "the"
    return (
        f"The bucket is too large to list as a whole: the sample meets {where} {len(frame.objects):,} objects listed."
    )


def take_all(
    aws: AwsCalls,
    progress: Progress,
    bucket: str,
    prefix: str,
    on_object: Callable[[Listed, ObjectEncryption], None] | None = None,
) -> Census:
    """Looks at every object; ``on_object`` gets each, on the calling thread. Ctrl-C ends it with what was seen by then.

    The objects are counted beside that, which takes few requests and tells how long it will last.
    """
    look = _Look(aws, progress, bucket, prefix, on_object)
    ended = threading.Event()

    def counting() -> None:
        for number, _ in enumerate(_every(aws, bucket, prefix), 1):
            if ended.is_set():
                return
            look.total = number

    counter = threading.Thread(target=_quietly, args=(counting,), name="census-count", daemon=True)
    counter.start()
    try:
        look.at(Chosen(one, drawn=False) for one in _every(aws, bucket, prefix))
    finally:
        ended.set()
    return look.census(complete=True)


def _quietly(step: object) -> None:
    try:
        step()  # type: ignore[operator]
    except FcsseError:
        return  # the main thread meets the same error and tells it


def take_inventory(
    aws: AwsCalls, progress: Progress, clock: Clock, bucket: str, prefix: str, workgroup: str | None, output: str | None
) -> Census:
    """Asks the bucket's S3 Metadata inventory table through Athena. Ctrl-C cancels the query."""
    progress.step(f"finding the inventory table of bucket {bucket}")
    table = aws.find_inventory(bucket)
    groups, scanned = aws.count_inventory(table, prefix, clock, progress, workgroup, output)
    total = sum(group.objects for group in groups)
    note = f"Athena scanned {size(scanned)} of {table}. Changes of the last hour may be missing from that table."
    return Census(bucket, groups, total, complete=True, notes=(note,), prefix=prefix)


def size(number: float) -> str:
    """Bytes for people: ``12.3 MB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:,.0f} {unit}" if unit == "bytes" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def _read_sealed(aws: AwsCalls, bucket: str, name: str) -> ObjectEncryption | None:
    """How an object is encrypted; None where it is gone, and S3 lists it no more.

    Raises ``NotAwsAnswerError`` where S3 goes on listing it: it would pass for deleted, and a bucket of such objects for empty.
    Source: S3 user guide, "Amazon S3 data consistency model".
    """
    for _ in range(2):  # it may be written anew meanwhile
        sealed = aws.read_sealed(bucket, name)
        if sealed is not None or all(one.name != name for one in aws.list_page(bucket, name, None, False).objects):
            return sealed
    raise NotAwsAnswerError(
        f"reading the encryption of objects of bucket {bucket}: not AWS's answer: objects that are listed are not found",
        advice(
            "Check AWS_ENDPOINT_URL or ", ENDPOINT_URL, " if one is set, and whether a proxy answers in AWS's place."
        ),
    )


def _every(aws: AwsCalls, bucket: str, prefix: str) -> Iterator[Listed]:
    after: str | None = None
    while True:
        page = aws.list_page(bucket, prefix, after, False)
        yield from page.objects
        if not page.more or not page.objects:
            return
        after = page.objects[-1].name


class _Look:
    """Looking at objects one by one. ``total``: how many there will be, as far as is known."""

    def __init__(
        self,
        aws: AwsCalls,
        progress: Progress,
        bucket: str,
        prefix: str,
        on_object: Callable[[Listed, ObjectEncryption], None] | None = None,
    ) -> None:
        self._aws, self._progress, self._bucket, self._prefix = aws, progress, bucket, prefix
        self._on_object = on_object
        self._tally = Tally()
        self._unreadable: Counter[str] = Counter()
        self._failure: FcsseError | None = None
        self._in_a_row = 0
        self._done = 0
        self._drawn = 0
        self._gone = 0
        self._interrupted = False
        self._stopped = False
        self.total = 0

    def at(self, chosen: Iterator[Chosen]) -> None:
        """Looks at these. Ends early on Ctrl-C, on lost credentials, and where nothing can be read any more."""
        self._progress.step("looking at objects")
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="census")
        try:
            for one, sealed in self._answers(pool, chosen):
                self._add(one, sealed)
                # What is not listed yet is not in the total yet.
                self._progress.advance(self._done, max(self._done, self.total))
                if self._stopped:
                    return
        except KeyboardInterrupt:
            self._interrupted = True
        except FcsseError as error:  # listing failed half-way
            if not self._tally.objects:
                raise
            self._failure, self._stopped = error, True
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def census(self, *, complete: bool, frame: Frame | None = None, notes: tuple[str, ...] = ()) -> Census:
        """What was seen. Raises the first refusal where nothing could be looked at."""
        if self._failure is not None and not self._tally.objects and not self._interrupted:
            raise self._failure
        return Census(
            self._bucket,
            self._tally.groups,
            self._tally.objects,
            complete=complete and not (self._interrupted or self._stopped),
            listed=len(frame.objects) if frame else None,
            listed_all=frame is not None and frame.whole,
            drawn=self._drawn,
            unreadable=tuple(self._unreadable.most_common()),
            notes=notes
            + (f"{self._gone:,} of the objects listed {'was' if self._gone == 1 else 'were'} deleted meanwhile.",)
            * bool(self._gone),
            prefix=self._prefix,
            interrupted=self._interrupted,
            failure=self._failure if self._stopped else None,
        )

    def _answers(
        self, pool: ThreadPoolExecutor, chosen: Iterable[Chosen]
    ) -> Iterator[tuple[Chosen, ObjectEncryption | FcsseError | None]]:
        """Answers as they come, with a bounded number of requests in the air."""
        source = iter(chosen)
        flying: dict[Future[ObjectEncryption | None], Chosen] = {}
        while True:
            for one in islice(source, AHEAD - len(flying)):
                flying[pool.submit(_read_sealed, self._aws, self._bucket, one.one.name)] = one
            if not flying:
                return
            ready, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in ready:
                error = future.exception()
                if error is not None and not isinstance(error, FcsseError):
                    raise error
                yield flying.pop(future), error if isinstance(error, FcsseError) else future.result()

    def _add(self, chosen: Chosen, sealed: ObjectEncryption | FcsseError | None) -> None:
        """Counts an answer. A refusal of one object does not end the census; lost credentials do."""
        self._done += 1
        if sealed is None:
            self._gone += 1
            return
        if not isinstance(sealed, FcsseError):
            self._in_a_row = 0
            self._tally.add(chosen.one, sealed)
            self._drawn += chosen.drawn
            if self._on_object:
                self._on_object(chosen.one, sealed)
            return
        self._in_a_row += 1
        denied = isinstance(sealed, DeniedError)
        self._unreadable[f"{sealed.action} was refused" if isinstance(sealed, DeniedError) else sealed.message] += 1
        self._failure = self._failure or sealed
        if isinstance(sealed, CredentialsError) or (
            self._in_a_row >= HOPELESS and not (denied and self._tally.objects)
        ):
            self._failure, self._stopped = sealed, True
