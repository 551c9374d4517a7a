"""Taking a census: looking at objects side by side, stopping at any moment with the answer so far."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING

from fcsse.arn import key_arn
from fcsse.census.sample import Listed, choose
from fcsse.census.tally import Census, Seen, tally
from fcsse.errors import CredentialsError, DeniedError, FcsseError
from fcsse.model import Options, Wish
from fcsse.pipeline import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fcsse.aws.account import Aws
    from fcsse.census.tally import Sealed
    from fcsse.clock import Clock
    from fcsse.model import Facts, Obstacle
    from fcsse.pipeline import Pipeline
    from fcsse.progress import Progress

THREADS = 16
AHEAD = 4 * THREADS
"""Requests in the air at the most: memory stays flat however many objects there are."""


def take_sample(aws: Aws, progress: Progress, clock: Clock, bucket: str, prefix: str, most: int) -> Census:
    """Looks at a sample, spread over prefixes and ages. Raises ``DeniedError``, ``NotFoundError``.

    Ctrl-C ends it with what was seen by then.
    """
    progress.step(f"choosing objects of bucket {bucket}")
    chosen = choose(lambda place, after, delimited: aws.list_page(bucket, place, after, delimited), prefix, most)
    complete = len(chosen) < most
    return _look(aws, progress, clock, bucket, iter(chosen), len(chosen), complete=complete)


def take_all(aws: Aws, progress: Progress, clock: Clock, bucket: str, prefix: str) -> Census:
    """Looks at every object. Ctrl-C ends it with what was seen by then."""
    return _look(aws, progress, clock, bucket, _every(aws, bucket, prefix), None, complete=True)


def take_inventory(
    aws: Aws, progress: Progress, clock: Clock, bucket: str, prefix: str, workgroup: str | None, output: str | None
) -> Census:
    """Asks the bucket's S3 Metadata inventory table through Athena."""
    progress.step(f"finding the inventory table of bucket {bucket}")
    table = aws.find_inventory(bucket)
    groups, scanned = aws.count_inventory(table, prefix, clock, progress, workgroup, output)
    total = sum(group.objects for group in groups)
    note = f"Athena scanned {scanned:,} bytes of {table}, which follows the bucket by minutes to an hour."
    return Census(bucket, groups, total, total, complete=True, notes=(note,))


def _every(aws: Aws, bucket: str, prefix: str) -> Iterator[Listed]:
    after: str | None = None
    while True:
        page = aws.list_page(bucket, prefix, after, False)
        yield from page.objects
        if not page.more or not page.objects:
            return
        after = page.objects[-1].name


def _look(
    aws: Aws,
    progress: Progress,
    clock: Clock,
    bucket: str,
    listed: Iterator[Listed],
    total: int | None,
    *,
    complete: bool,
) -> Census:
    counted = _Counted()
    start = clock.monotonic()
    interrupted = False
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="census")
    try:
        for one, sealed in _answers(pool, aws, bucket, listed):
            counted.add(one, sealed)
            done = counted.done
            if done % 16 == 0 or done == total:
                rate = done / max(0.001, clock.monotonic() - start)
                left = f", {(total - done) / rate:.0f} s left" if total and rate else ""
                progress.step(f"{done:,} objects looked at, {rate:,.0f} a second{left}")
                if total:
                    progress.advance(done, total)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if counted.refusal is not None and not counted.seen:
        raise counted.refusal
    notes = ("Interrupted: this is what was seen by then.",) if interrupted else ()
    whole = complete and not interrupted
    return Census(
        bucket,
        tally(counted.seen),
        len(counted.seen),
        len(counted.seen) if whole else None,
        whole,
        tuple(counted.unreadable.most_common()),
        notes,
    )


class _Counted:
    """What has been seen so far."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.unreadable: Counter[str] = Counter()
        self.refusal: FcsseError | None = None
        self.done = 0

    def add(self, one: Listed, sealed: Sealed | FcsseError | None) -> None:
        """Counts an answer; a refusal for one object does not end the census, lost credentials do."""
        self.done += 1
        match sealed:
            case CredentialsError():
                raise sealed
            case FcsseError():
                self.refusal = self.refusal or sealed
                self.unreadable["not permitted" if isinstance(sealed, DeniedError) else sealed.message] += 1
            case None:
                pass  # deleted since it was listed
            case _:
                self.seen.append(Seen(one.name, one.size, one.modified, sealed))


def _answers(
    pool: ThreadPoolExecutor, aws: Aws, bucket: str, listed: Iterable[Listed]
) -> Iterator[tuple[Listed, Sealed | FcsseError | None]]:
    """Answers as they come, with a bounded number of requests in the air."""
    source = iter(listed)
    flying: dict[Future[Sealed | None], Listed] = {}
    while True:
        for one in islice(source, AHEAD - len(flying)):
            flying[pool.submit(aws.read_sealed, bucket, one.name)] = one
        if not flying:
            return
        ready, _ = wait(flying, return_when=FIRST_COMPLETED)
        for future in ready:
            error = future.exception()
            if error is not None and not isinstance(error, FcsseError):
                raise error
            yield flying.pop(future), error if isinstance(error, FcsseError) else future.result()


def facts_of_keys(
    pipeline: Pipeline, census: Census, caches: tuple[str, ...]
) -> dict[str, tuple[Facts | Obstacle, ...]]:
    """By key ARN, the facts of every cache with that key. Without ``caches``, those that FSx links to the bucket."""
    if not census.keys:
        return {}
    pipeline.progress.step("reading the keys that are in use")
    wanted = caches or _linked(pipeline, census.bucket)
    if not wanted:
        return {}
    found: dict[str, tuple[Facts | Obstacle, ...]] = {}
    for text in census.keys:
        key = key_arn(text)
        if key is not None:
            options = Options(Wish.CHECK, key=key, bucket_keys=False)
            found[text] = pipeline.discover(Target(wanted, (census.bucket,)), options)
    return found


def _linked(pipeline: Pipeline, bucket: str) -> tuple[str, ...]:
    try:
        associations = pipeline.aws.list_associations()
    except FcsseError as error:
        pipeline.progress.note(f"The caches of the bucket are unknown: {error.message}.")
        return ()
    return tuple(dict.fromkeys(one.owner for one in associations if one.bucket == bucket and one.owner))
