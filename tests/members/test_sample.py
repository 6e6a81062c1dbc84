"""The drawn population looks as its tables say, and is the same wherever it is drawn."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from itertools import islice

import pytest

from matcher.catalog import default_catalog
from matcher.errors import InvalidRequest
from matcher.members import population as pop
from matcher.members import population_topics as about
from matcher.members.profile import MemberProfile
from matcher.members.sample import SAMPLE_DAY, iter_sample, sample_members

COUNT = 20_000


@pytest.fixture(scope="module")
def members() -> list[MemberProfile]:
    return sample_members(COUNT, seed=1)


def share(members: list[MemberProfile], holds: list[bool]) -> float:
    return sum(holds) / len(members)


def test_a_seed_means_these_members() -> None:
    text = "\n".join(member.model_dump_json() for member in sample_members(300, seed=3))
    assert hashlib.sha256(text.encode()).hexdigest() == SEED_3


def test_seeds_differ_and_repeat() -> None:
    assert sample_members(50, seed=1) == sample_members(50, seed=1)
    assert sample_members(50, seed=1) != sample_members(50, seed=2)


def test_a_small_sample_is_the_start_of_a_large_one() -> None:
    assert list(islice(iter_sample(10_000, seed=4), 9000))[8500:] == sample_members(9000, seed=4)[8500:]


def test_nobody_and_negative_numbers() -> None:
    assert sample_members(0) == []
    for n, seed in ((-1, 0), (1, -1)):
        with pytest.raises(InvalidRequest):
            sample_members(n, seed)


def test_days_and_ages_follow_as_of() -> None:
    late = sample_members(200, seed=1, as_of=date(2031, 6, 1))
    early = sample_members(200, seed=1)
    for one, other in zip(early, late, strict=True):
        assert (one.birth_year is None) == (other.birth_year is None)
        assert one.birth_year is None or other.birth_year == one.birth_year + 5
        for a, b in zip(one.procedures, other.procedures, strict=True):
            assert a.date is None or (b.date is not None and b.date - a.date == date(2031, 6, 1) - SAMPLE_DAY)


def in_a_core_domain(member: MemberProfile) -> bool:
    catalog = default_catalog()
    domains = {catalog.procedures[catalog.place(event.procedure)].domain for event in member.procedures}
    return bool(domains & {"weight-loss", "plastic-and-cosmetic"})


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [
        (0.96, 0.98, lambda m: m.consent),
        (0.93, 0.95, lambda m: m.status == "active"),
        (0.07, 0.09, lambda m: m.role == "caregiver"),
        (0.015, 0.025, lambda m: m.birth_year is not None and SAMPLE_DAY.year - m.birth_year < 18),
        (0.006, 0.014, lambda m: m.birth_year is None),
        (0.33, 0.37, lambda m: not m.topics),
        (0.48, 0.52, lambda m: not m.interests),
        (0.23, 0.27, lambda m: m.cadence is None),
        (0.02, 0.04, lambda m: m.mentor_approved),
        (0.10, 0.14, lambda m: bool(m.avoid_topics)),
        (0.007, 0.014, lambda m: bool(m.blocked)),
        (0.04, 0.06, lambda m: bool(m.only_genders)),
        (0.65, 0.75, lambda m: bool(m.languages) and m.languages[0].startswith("en")),
        (0.45, 0.60, in_a_core_domain),
        (0.09, 0.14, lambda m: any(e.date is not None and e.date > SAMPLE_DAY for e in m.procedures)),
        (0.08, 0.14, lambda m: any(e.date is None for e in m.procedures)),
        (0.12, 0.16, lambda m: len(m.procedures) == 2),
        (0.04, 0.08, lambda m: any(e.procedure in pop.ICD_CODES for e in m.procedures)),
        (0.01, 0.02, lambda m: m.avoid_same_clinic),
        (0.06, 0.14, lambda m: "in_person" in m.channels),
    ],
)  # fmt: skip
def test_shares(members: list[MemberProfile], low: float, high: float, holds: object) -> None:
    assert callable(holds)
    assert low < share(members, [bool(holds(member)) for member in members]) < high


def test_procedures_are_skewed_and_many(members: list[MemberProfile]) -> None:
    counts = Counter(event.procedure for member in members for event in member.procedures)
    assert len(counts) > 150
    top = sum(count for _, count in counts.most_common(10))
    assert 0.2 < top / counts.total() < 0.5


def test_most_are_recent_and_some_are_years_on(members: list[MemberProfile]) -> None:
    since = sorted((SAMPLE_DAY - e.date).days for m in members for e in m.procedures[:1] if e.date is not None)
    assert since[len(since) // 2] < 120
    assert since[int(len(since) * 0.95)] > 1000


def test_topics_follow_the_kind_of_recovery(members: list[MemberProfile]) -> None:
    catalog = default_catalog()
    by_domain: dict[str, Counter[str]] = {}
    for member in members:
        if member.procedures and member.topics:
            domain = catalog.procedures[catalog.place(member.procedures[0].procedure)].domain
            by_domain.setdefault(domain, Counter()).update(member.topics)
    loss, plastic = by_domain["weight-loss"], by_domain["plastic-and-cosmetic"]
    assert loss["weight-regain"] / loss.total() > 3 * plastic["weight-regain"] / plastic.total()
    assert plastic["scars"] / plastic.total() > 3 * loss["scars"] / loss.total()


def test_mentors_are_a_year_on_and_blocks_name_members(members: list[MemberProfile]) -> None:
    ids = {member.member_id for member in members}
    for member in members:
        if member.mentor_approved:
            first = member.procedures[0].date if member.procedures else None
            assert first is None or (SAMPLE_DAY - first).days >= 365
            assert member.mentor_capacity > 0
        assert member.member_id not in member.blocked
        assert ids.issuperset(member.blocked)
        assert not set(member.topics) & set(member.avoid_topics)


def test_every_tag_in_the_tables_is_in_the_catalogue() -> None:
    catalog = default_catalog()
    listed = {*about.COMMON, *about.AVOIDED, *sum(about.BY_DOMAIN.values(), ()), *sum(about.BY_THIRD, ())}
    assert listed <= set(catalog.topics.tags)
    assert {*about.BY_DOMAIN, *pop.DOMAIN_WEIGHTS} <= set(catalog.domains)
    assert not set(pop.FREE_INTERESTS) & set(catalog.interests.tags)


SEED_3 = "b0c78d166ea02ffbdfbb10e86bf980b75584886a886000256fb3fa54b6867039"
"""Changes with the catalogue's order, the tables and the order of the draws; a change belongs in the changelog."""
