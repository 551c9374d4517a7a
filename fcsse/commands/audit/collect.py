"""Reading a whole account: roles, associations, then every bucket and every key once, all side by side.

In: which Regions. Out: ``AccountFacts``, in the same order whatever is answered first. One thing that cannot be read
is a fact about that thing; only where nothing can be read at all does this raise.

FSx lists associations a page of 25 after the other, so for a large account that chain is the longest: buckets are
asked about as soon as a page names them, and keys as soon as a bucket does. File systems, some of which have their link
in their own description, are listed beside them. The number of requests grows with caches, buckets and keys, not with
pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue

from fcsse.arn import Arn, may_be_off, partition_of
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock
from fcsse.commands.audit.events import Answered, Complete, Countdown, Ended, Page
from fcsse.commands.audit.facts import OLDER, AccountFacts, Located, Refusal, Scope
from fcsse.commands.audit.late_links import Asked, buckets_given, changed_since
from fcsse.commands.audit.late_roles import newcomers, with_late_roles
from fcsse.discovery.discover import Discovery
from fcsse.discovery.fetcher import attempt
from fcsse.discovery.look_ups import with_look_ups
from fcsse.discovery.suggestions import closest
from fcsse.errors import CredentialsError, FcsseError
from fcsse.link_options import Operation, Options
from fcsse.model import Association, Encryption, Facts, Obstacle, Pair, Role
from fcsse.progress import Progress, Silent

LEAVING = "DELETING"


def read_account(
    aws: AwsCalls,
    clock: Clock,
    progress: Progress,
    scope: Scope,
    early: Callable[[Facts | Obstacle], object] | None = None,
    pool: Executor | None = None,
    organization: str | None = None,
) -> AccountFacts:
    """Reads everything in scope. ``pool``: threads that several accounts share, and so the bound on their requests.

    ``early`` is called, between answers, with facts that are complete as far as is known then, so that whatever can be
    made of them is made while AWS is being waited for. ``organization`` is the id of the account's organization. Only the facts in the result count. Raises ``CredentialsError``, ``UsageError`` and what else keeps every Region from being read.
    """
    # Its steps would come and go too fast to be read: a bar tells of all of them.
    options = Options(Operation.CHECK, organization=organization)
    with Discovery(aws, options, clock, Silent(), on_answer=progress.advance, pool=pool) as discovery:
        return _Reading(discovery, aws, clock, progress, scope, early).read()


class _Reading:
    """One run. Events come from many threads; everything else happens on the calling one."""

    def __init__(
        self,
        discovery: Discovery,
        aws: AwsCalls,
        clock: Clock,
        progress: Progress,
        scope: Scope,
        early: Callable[[Facts | Obstacle], object] | None,
    ) -> None:
        self._discovery = discovery
        self._aws = aws
        self._clock = clock
        self._progress = progress
        self._scope = scope
        self._early = early
        self._pending: dict[str, list[Pair]] = {}
        self._complete: set[str] = set()
        self._due: dict[str, None] = {}  # buckets that are complete and have pairs that are pending
        self._seen: dict[Pair, tuple[str, ...]] = {}
        self._events: SimpleQueue[Page | Ended | Answered | Complete] = SimpleQueue()
        self._found: list[Located] = []
        self._begun: set[str] = set()
        self._errors: dict[str, FcsseError] = {}
        self._older_errors: dict[str, FcsseError] = {}
        self._open = 0
        self._waiting = 0

    def read(self) -> AccountFacts:
        """Asks, and puts the answers in order."""
        self._progress.step("listing caches and their buckets")
        regions = self._start_regions()
        self._aws.prepare("s3")
        asked = self._discovery.submit(self._aws.caller)
        listed = self._discovery.submit(self._aws.list_roles)
        self._stream(asked, listed)
        caller = asked.result()
        roles, refused = _roles(listed)
        prefixes = self._prefixes()
        if roles is not None:
            roles = with_late_roles(self._roles_of, roles, (pair.cache for pair in prefixes))
        self._discovery.know(caller, roles)
        pairs = sorted(prefixes, key=lambda pair: (pair.cache or "", pair.bucket))
        found = with_look_ups(self._aws, self._discovery.facts(pairs, prefixes))
        off, unread = self._unread()
        roleless = self._without_role(pairs, roles)
        alone = dict.fromkeys(pair.bucket for pair in pairs if pair.cache in roleless)
        for_every = tuple(self._discovery.gather(Pair(None, bucket), ()) for bucket in alone)
        return AccountFacts(
            caller.account,
            caller.partition,
            tuple(region for region in regions if region not in self._errors),
            roles,
            tuple(sorted(self._found, key=_order)),
            found,
            self._discovery.buckets,
            (*refused, *self._refusals()),
            unread,
            off,
            self._scope.all_regions,
            roleless,
            for_every,
            self._unheard_of(regions),
            frozenset() if roles is None else self._newcomers(roles, _policies(found), caller.account, regions),
            self._scope.many_accounts,
        )

    def _roles_of(self, caches: Iterable[str]) -> Mapping[str, Role | FcsseError | None]:
        """The role of each cache as IAM has it now, or why that is not known."""
        answers = {cache: self._discovery.submit(attempt, self._aws.find_role, cache) for cache in caches}
        return {cache: answer.result() for cache, answer in answers.items()}

    def _newcomers(
        self, roles: Mapping[str, Role], policies: Sequence[str], account: str, regions: Sequence[str]
    ) -> frozenset[str]:
        """The caches in key policies that were made, or got a bucket, while the account was being read."""
        # Of a cache without any link, nothing is said unless every Region was listed.
        everywhere = [one for one in regions if one not in self._errors] if self._scope.all_regions else []
        given = [one for one in buckets_given(policies, account) if one[0] in roles]
        made = newcomers(self._roles_of, roles, policies, account)
        return made | changed_since(self._links_of, self._found, everywhere, given)

    def _links_of(self, asked: Iterable[Asked]) -> Mapping[Asked, tuple[Association, ...] | FcsseError]:
        """What FSx says now of these caches, or why that is not known."""
        answers = {one: self._discovery.submit(attempt, self._aws.list_associations, *one) for one in asked}
        return {one: answer.result() for one, answer in answers.items()}

    def _start_regions(self) -> tuple[str, ...]:
        own = self._aws.region
        regions: tuple[str | None, ...] = self._scope.regions or (own,)
        if self._scope.all_regions:
            regions = self._aws.fsx_regions(partition_of(own or "us-east-1"))
        for region in regions:
            # A client costs more than a request: the first listing is under way while the next client is made.
            self._aws.prepare("fsx", region)
            for older, pages in ((False, self._aws.association_pages), (True, self._aws.older_link_pages)):
                future = self._discovery.submit(self._list, region or "", pages)
                future.add_done_callback(partial(self._ended, region or "", older))
        self._open = 2 * len(regions)
        return tuple(region or "" for region in regions)

    def _list(self, region: str, pages: Callable[[str], Iterator[tuple[Association, ...]]]) -> None:
        for page in pages(region):
            self._events.put(Page(region, page))

    def _ended(self, region: str, older: bool, listing: Future[None]) -> None:
        if listing.cancelled():
            return  # the run has ended before it began, so nobody waits for it
        self._events.put(Ended(region, older, listing.exception()))

    def _stream(self, asked: Future[Arn], listed: Future[tuple[Role, ...]]) -> None:
        """Takes pages and answers as they come, and asks what follows from each."""
        regions = self._open // 2
        while self._open or self._waiting:
            if self._early and asked.done() and listed.done() and not listed.exception():
                self._use_waiting(asked.result(), listed)
            match self._events.get():
                case Page(region, associations):
                    self._page(region, associations)
                case Answered(bucket):
                    self._waiting -= 1
                    self._follow(bucket, asked.result().account)
                case Complete(bucket):
                    self._complete.add(bucket)
                    self._due[bucket] = None
                case Ended(region, older, error):
                    self._open -= 1
                    if isinstance(error, FcsseError):
                        (self._older_errors if older else self._errors)[region] = error
                    elif error is not None:
                        raise error
        if len(self._errors) == regions:
            raise self._errors[min(self._errors)]

    def _follow(self, bucket: str, own: str) -> None:
        answers = self._discovery.follow(bucket, own)
        countdown = Countdown(len(answers), partial(self._events.put, Complete(bucket)))
        for answer in answers:
            answer.add_done_callback(countdown.count)

    def _use_waiting(self, caller: Arn, listed: Future[tuple[Role, ...]]) -> None:
        """Hands out facts that are there already, for as long as nothing has come in."""
        for bucket in list(self._due):
            if not self._events.empty():
                return
            roles = _roles(listed)[0]
            self._discovery.know(caller, roles)
            pairs = self._pending[bucket]
            while pairs and self._early and self._events.empty():
                pair = pairs.pop()
                if roles is not None and pair.cache not in roles:
                    continue  # its role may come before the end
                self._early(self._discovery.gather(pair, self._seen[pair]))
                self._clock.sleep(0)  # lets threads with an answer go first
            if not pairs:
                del self._pending[bucket], self._due[bucket]

    def _page(self, region: str, page: tuple[Association, ...]) -> None:
        for association in page:
            self._found.append(Located(association, region))
            bucket = association.bucket
            if not bucket or association.lifecycle == LEAVING:
                continue
            pair = Pair(association.owner, bucket)
            if pair not in self._seen:
                self._pending.setdefault(bucket, []).append(pair)
                if bucket in self._complete:
                    self._due[bucket] = None
            self._seen[pair] = tuple(dict.fromkeys((*self._seen.get(pair, ()), association.prefix)))
            if bucket not in self._begun:
                self._begun.add(bucket)
                self._waiting += 1
                answer = self._discovery.begin(bucket)
                answer.add_done_callback(partial(self._answered, bucket))

    def _answered(self, bucket: str, _: Future[Encryption]) -> None:
        self._events.put(Answered(bucket))

    def _prefixes(self) -> dict[Pair, tuple[str, ...]]:
        found: dict[Pair, tuple[str, ...]] = {}
        for located in sorted(self._found, key=_order):
            association = located.association
            if association.bucket and association.lifecycle != LEAVING:
                pair = Pair(association.owner, association.bucket)
                found[pair] = tuple(dict.fromkeys((*found.get(pair, ()), association.prefix)))
        return found

    def _without_role(self, pairs: Sequence[Pair], roles: Mapping[str, Role] | None) -> frozenset[str]:
        """The caches of which IAM said that they have no role."""
        if roles is None:
            return self._discovery.without_role
        return frozenset(pair.cache for pair in pairs if pair.cache and pair.cache not in roles)

    def _unheard_of(self, regions: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Regions in which nothing was found and botocore knows no FSx, with names that may have been meant."""
        empty = {region for region in regions if region} - {one.region for one in self._found} - set(self._errors)
        found = []
        for region in sorted(empty):
            known = self._aws.fsx_regions(partition_of(region))
            if region not in known:
                found.append((region, tuple(closest(region, known))))
        return tuple(found)

    def _unread(self) -> tuple[tuple[str, ...], tuple[tuple[str, FcsseError], ...]]:
        """The Regions that are off for the account, and those that could not be read for another reason: where credentials
        have expired, or something was listed before they were refused, the Region is not off.
        """
        errors = sorted(self._errors.items())
        refused = [region for region, error in errors if isinstance(error, CredentialsError) and error.unknown_to_aws]
        listed = {one.region for one in self._found}
        off = [region for region in refused if self._scope.all_regions and may_be_off(region) and region not in listed]
        return tuple(off), tuple((region, error) for region, error in errors if region not in off)

    def _refusals(self) -> list[Refusal]:
        found = dict(self._discovery.refusals())
        # A Region that says nothing at all is told of as such.
        found |= {(OLDER, region): error for region, error in self._older_errors.items() if region not in self._errors}
        return [Refusal(name[0], name[1:], error) for name, error in sorted(found.items(), key=lambda item: item[0])]


def _roles(listed: Future[tuple[Role, ...]]) -> tuple[Mapping[str, Role] | None, tuple[Refusal, ...]]:
    try:
        roles = listed.result()
    except FcsseError as error:
        return None, (Refusal("roles", (), error),)
    return {role.cache: role for role in sorted(roles, key=lambda role: role.cache)}, ()


def _policies(found: Sequence[Facts | Obstacle]) -> list[str]:
    return [one.policy for one in found if isinstance(one, Facts) and one.policy]


def _order(located: Located) -> tuple[str, str, str]:
    association = located.association
    return association.owner, association.path, association.association_id
