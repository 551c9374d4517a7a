"""Samples of generated key spaces: every prefix and every age is met, with a bounded number of list calls."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcsse.commands.census import listing
from fcsse.commands.census.confidence import missing_probability, unseen_at_most
from fcsse.commands.census.listing import CALLS, PLACES, Frame, Lister, between
from fcsse.commands.census.sample import Sample, choose
from fcsse.objects import END
from tests.census.keyspaces import EPOCH, Bucket, Computed, dated, flat, joined
from tests.thorough import examples

MOST = 200


def taken(bucket: Bucket, prefix: str = "", most: int = MOST, seed: int = 1) -> tuple[Frame, Sample, list[str]]:
    frame = Lister(bucket.list_page).frame(prefix)
    sample = choose(frame.objects, prefix, most, random.Random(seed))
    names = [one.one.name for one in sample.chosen]
    assert len(names) == len(set(names)) == min(most, len(frame.objects))
    assert frame.calls == len(bucket.calls) <= CALLS
    return frame, sample, names


def heads(names: list[str], parts: int = 1) -> set[str]:
    return {"/".join(name.split("/")[:parts]) for name in names}


def test_a_small_bucket_is_looked_at_as_a_whole() -> None:
    frame, sample, names = taken(Bucket(flat(MOST)))
    assert frame.whole
    assert frame.calls == 1
    assert len(names) == MOST
    assert all(one.drawn for one in sample.chosen)


@pytest.mark.parametrize("number", [201, 999, 1000, 1001, 40_000])
def test_up_to_forty_pages_the_sample_is_drawn_from_every_object(number: int) -> None:
    frame, sample, _ = taken(Bucket(flat(number)))
    assert (frame.whole, len(frame.objects)) == (True, number)
    assert sum(one.drawn for one in sample.chosen) == MOST // 2


def test_one_object_more_and_nothing_is_said_of_the_whole() -> None:
    frame, _, _ = taken(Bucket(flat(40_001)))
    assert not frame.whole


def test_a_flat_bucket_of_a_million_is_met_from_end_to_end_and_the_oldest_objects_are() -> None:
    frame, _, names = taken(Bucket(flat(1_000_000)))
    tenths = {int(name.removeprefix("obj-")) // 100_000 for name in names}
    assert tenths == set(range(10))
    assert not frame.whole
    assert len(frame.objects) >= 20_000


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "name", ["{:032x}", "Ünïcode/{:09d}", "2024-{:09d}-part", "%{:012d}%", "日本/{:09d}", "{:09d}🙂"]
)
def test_names_of_every_alphabet_are_met_from_end_to_end(name: str) -> None:
    step = (1 << 128) // 500_000 if "x" in name else 1
    bucket = Bucket(Computed(500_000, lambda place: name.format(place * step)))
    _, _, names = taken(bucket)
    assert {bucket.position(one) // 100_000 for one in names} == set(range(5))


def test_small_prefixes_beside_a_huge_one_are_all_met() -> None:
    """The huge one comes first, so that listing in order would never leave it."""
    small = [(f"p{number:02}/", 3) for number in range(25)]
    _, sample, names = taken(Bucket(joined([("huge/", 5_000_000), *small])))
    assert heads(names) == {"huge", *(f"p{number:02}" for number in range(25))}
    assert (sample.met, sample.prefixes) == (26, 26)


@pytest.mark.nightly
def test_of_more_prefixes_than_can_be_met_those_met_are_spread_and_the_sample_says_how_many() -> None:
    bucket = Bucket(joined([(f"customer-{number:05}/", 30) for number in range(20_000)]))
    _, sample, names = taken(bucket)
    numbers = sorted(int(head.removeprefix("customer-")) for head in heads(names))
    assert numbers[0] < 100
    assert numbers[-1] > 17_500
    assert max(second - first for first, second in pairwise(numbers)) < 3 * 20_000 // PLACES
    assert sample.met < sample.prefixes


def test_every_year_of_dated_names_is_met_however_deep() -> None:
    years = range(2019, 2027)
    _, _, names = taken(Bucket(dated(years, per_day=400)))
    assert heads(names, 2) == {f"logs/{year}" for year in years}


def test_only_the_prefix_asked_for_is_met() -> None:
    _, _, names = taken(Bucket(dated(range(2019, 2027), per_day=400)), "logs/2021/")
    assert heads(names, 2) == {"logs/2021"}
    assert len(heads(names, 3)) == 12


def test_objects_beside_prefixes_are_met_too() -> None:
    parts = [("a-object-", 120_000), ("dir/", 120_000), ("z-object-", 5)]
    _, _, names = taken(Bucket(joined(parts)))
    assert {name.rstrip("0123456789") for name in names} == {"a-object-", "dir/", "z-object-"}


def spaces() -> st.SearchStrategy[list[tuple[str, int]]]:
    """Up to sixteen prefixes of up to four levels, each with one to three thousand objects."""
    part = st.text(alphabet="abz09-_%Ü", min_size=1, max_size=6)
    place = st.lists(part, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + "/")
    sized = st.tuples(place, st.sampled_from([1, 2, 7, 150, 999, 1000, 3_000]))
    return st.lists(sized, min_size=1, max_size=16, unique_by=lambda one: one[0])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=spaces(), seed=st.integers(0, 1000))
def test_whatever_the_prefixes_each_at_the_first_level_is_met(
    monkeypatch: pytest.MonkeyPatch, parts: list[tuple[str, int]], seed: int
) -> None:
    monkeypatch.setattr(listing, "WHOLE", 2)
    names = sorted(f"{prefix}{number:05d}" for prefix, many in parts for number in range(many))
    _, _, met = taken(Bucket(names), seed=seed)
    assert heads(met) == heads(names)


@settings(max_examples=examples(200), deadline=None)
@given(
    st.text(alphabet="ab/~ 0Ü\U0010ffff", max_size=12),
    st.text(alphabet="ab/~ 0Ü\U0010ffff", max_size=12),
)
def test_a_name_between_two_is_between_them(one: str, other: str) -> None:
    low, high = sorted((one, other))
    middle = between(low, high + END)
    assert middle is None or low < middle < high + END


def test_objects_written_before_a_change_are_met_whether_or_not_names_follow_time() -> None:
    """Encryption changed after some share of the bucket's life."""
    shuffled = list(range(120_000))
    random.Random(7).shuffle(shuffled)
    for day in (float, lambda place: float(shuffled[place]), lambda place: 120_000.0 - place):
        _, sample, _ = taken(Bucket(flat(120_000), day))
        ages = [(one.one.modified - EPOCH).total_seconds() / 60 for one in sample.chosen if one.one.modified]
        assert all(min(ages) < 120_000 * share <= max(ages) for share in (0.5, 0.02))


def test_kinds_as_rare_as_the_statement_says_are_missed_in_no_more_than_one_of_twenty_samples() -> None:
    """The kind is strewn at random over names and ages: nothing but chance finds it."""
    listed = Bucket(flat(900)).list_page("", None, False).objects
    most = unseen_at_most(900, 40)
    missed = 0
    for seed in range(400):
        rare = set(random.Random(f"rare {seed}").sample(range(900), most + 1))
        drawn = [one for one in choose(listed, "", 80, random.Random(seed)).chosen if one.drawn]
        missed += not any(int(one.one.name[4:]) in rare for one in drawn)
    assert 0.02 * 400 < missed <= 0.08 * 400, missed


@settings(max_examples=examples(200), deadline=None)
@given(st.integers(1, 2_000_000), st.integers(0, 5_000))
def test_the_bound_is_exact(population: int, drawn: int) -> None:
    drawn = min(drawn, population)
    most = unseen_at_most(population, drawn)
    assert missing_probability(population, drawn, most) > 0.05 - 1e-6
    if most < population - drawn:
        assert missing_probability(population, drawn, most + 1) <= 0.05 + 1e-6


@pytest.mark.parametrize(("drawn", "most"), [(0, 1_000_000), (100, 29_500), (1000, 2_990), (1_000_000, 0)])
def test_for_large_buckets_the_bound_is_the_rule_of_three(drawn: int, most: int) -> None:
    assert unseen_at_most(1_000_000, drawn) == pytest.approx(most, rel=0.02)


@pytest.mark.parametrize("reached", [1, 2, 50, 99])
def test_the_part_of_a_sample_that_was_reached_is_half_drawn_at_random(reached: int) -> None:
    """An interrupted census rests on it."""
    _, sample, _ = taken(Bucket(flat(5_000)))
    drawn = sum(one.drawn for one in sample.chosen[:reached])
    assert drawn == (reached + 1) // 2
