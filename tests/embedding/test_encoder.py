"""The encoder's one promise: its inner product never lies below the mean of both fits, and not far above it."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import FacetMeans, FacetWeights, MemberProfile
from matcher.catalog import default_catalog
from matcher.embedding.encoder import ROUNDING_MARGIN, Encoder
from matcher.embedding.rows import RowCoder
from matcher.embedding.vectors import DIMENSIONS
from matcher.members.vocabulary import Kind
from tests.embedding.conftest import Floats, Sample
from tests.oracle import strategies
from tests.oracle.score import MEANS, WEIGHTED, fit

MOST_DIMENSIONS = 129
MOST_SLACK = 0.03
MENTOR: Kind = "mentor"
BUDDY: Kind = "buddy"

ALONE = [FacetWeights.parse({facet: 1.0}) for facet in WEIGHTED]
DRAWN = [
    FacetWeights.parse(dict(zip(WEIGHTED, row.tolist(), strict=True)))
    for row in np.random.default_rng(4).dirichlet(np.full(len(WEIGHTED), 0.5), 8)
]
PRESETS = [FacetWeights.buddy(), FacetWeights.mentor(), FacetWeights.activity_group()]


def bounds(sample: Sample, kind: Kind, weights: FacetWeights) -> Floats:
    """(1000, 1000) inner products as a search in float32 computes them."""
    means = sample.means.parts(kind)
    queries = [
        sample.encoder.query(sample.rows[i : i + 1], weights.parts(), means, kind == MENTOR)
        for i in range(sample.rows.size)
    ]
    return np.asarray(np.array(queries) @ sample.encoder.items(sample.rows).T, dtype=np.float64)


def test_at_most_129_dimensions(sample: Sample) -> None:
    items = sample.encoder.items(sample.rows)
    query = sample.encoder.query(sample.rows[:1], PRESETS[0].parts(), sample.means.parts(BUDDY), False)
    assert items.dtype == query.dtype == np.float32
    assert items.shape == (1000, DIMENSIONS)
    assert query.shape == (DIMENSIONS,)
    assert DIMENSIONS <= MOST_DIMENSIONS
    assert np.isfinite(items).all()


@pytest.mark.parametrize("kind", [BUDDY, MENTOR])
@pytest.mark.parametrize("weights", [*PRESETS, *ALONE, *DRAWN], ids=lambda w: type(w).__name__)
def test_over_a_million_pairs_never_below_the_mean_of_both_fits(
    sample: Sample, kind: Kind, weights: FacetWeights
) -> None:
    exact = sample.exact(kind, dataclasses.asdict(weights))
    assert exact.size == 1_000_000
    slack = bounds(sample, kind, weights) - exact
    assert slack.min() >= 0.0, np.unravel_index(slack.argmin(), slack.shape)


def test_mean_slack_over_random_pairs_is_small(sample: Sample) -> None:
    weights = FacetWeights.buddy()
    slack = bounds(sample, BUDDY, weights) - sample.exact(BUDDY, dataclasses.asdict(weights))
    np.fill_diagonal(slack, 0.0)
    assert slack.mean() <= MOST_SLACK


def test_the_pairs_hold_free_tags_and_unknown_facets(sample: Sample) -> None:
    # Else the million pairs would say less than they seem to.
    code = default_catalog().interests.code
    free = [any(code(tag) is None for tag in member.interests) for member in sample.members]
    assert sum(free) >= 20
    for parts in (sample.buddy_parts, sample.mentor_parts):
        for name, part in parts.items():
            assert 0.0 < np.isnan(part).mean() < 1.0, name


def test_facets_that_stand_whole_are_exact(sample: Sample) -> None:
    for weights in (FacetWeights.parse({"contact": 1.0}), FacetWeights.parse({"support": 1.0})):
        for kind in (BUDDY, MENTOR):
            slack = bounds(sample, kind, weights) - sample.exact(kind, dataclasses.asdict(weights))
            assert slack.max() <= ROUNDING_MARGIN + 1e-5
    slack = bounds(sample, MENTOR, FacetWeights.parse({"stage": 1.0})) - sample.exact(
        MENTOR, dict.fromkeys(WEIGHTED, 0.0) | {"stage": 1.0}
    )
    assert slack.max() <= ROUNDING_MARGIN + 1e-5


def _checked_pairs(
    fitted: Sequence[MemberProfile],
    members: Sequence[MemberProfile],
    day: datetime.date,
    weights: dict[str, float],
    means: dict[str, float],
) -> None:
    coder = RowCoder(default_catalog())
    encoder = Encoder.fit(coder.rows(fitted, coder.events(fitted), day), default_catalog(), coder.groups())
    rows = coder.rows(members, coder.events(members), day)
    parts = FacetWeights.parse(weights).parts()
    items = encoder.items(rows)
    for kind in (BUDDY, MENTOR):
        for i, a in enumerate(members):
            query = encoder.query(rows[i : i + 1], parts, FacetMeans(**means).parts(kind), kind == MENTOR)
            for j, b in enumerate(members):
                exact = fit(a, b, day, weights, means, kind)
                if kind == BUDDY:
                    exact = (exact + fit(b, a, day, weights, means, kind)) / 2
                assert float(query @ items[j]) >= exact, (kind, a, b)


@settings(strategies.UNHURRIED, max_examples=40)
@given(
    strategies.populations(0, 4),
    strategies.populations(1, 5),
    strategies.days(),
    strategies.weights(),
    strategies.means(),
)
def test_members_unlike_those_it_was_fitted_to(
    fitted: list[MemberProfile],
    members: list[MemberProfile],
    day: datetime.date,
    weights: dict[str, float],
    means: dict[str, float],
) -> None:
    _checked_pairs(fitted, members, day, weights, means)


@settings(strategies.UNHURRIED, max_examples=25)
@given(st.lists(st.integers(-36500, 36500), min_size=2, max_size=12), st.lists(st.integers(1900, 2100), min_size=2))
def test_stages_and_years_of_any_distance(days_ago: list[int], years: list[int]) -> None:
    day = datetime.date(2030, 1, 1)
    name = strategies.procedure_names()[0]
    members = [
        MemberProfile.parse(
            {
                "member_id": f"m{number}",
                "birth_year": years[number % len(years)],
                "procedures": [{"procedure": name, "date": day - datetime.timedelta(ago)}],
            }
        )
        for number, ago in enumerate(days_ago)
    ]
    means = dict.fromkeys(MEANS, 0.5)
    for facet in ("stage", "age"):
        # Fitted to few of them: the others lie off the axes.
        _checked_pairs(members[:1], members, day, dict.fromkeys(WEIGHTED, 0.0) | {facet: 1.0}, means)


def test_a_fit_to_the_same_members_gives_the_same_encoder(sample: Sample) -> None:
    again = [Encoder.fit(sample.rows, default_catalog(), sample.groups) for _ in range(2)]
    assert again[0].fingerprint == again[1].fingerprint
    assert again[0].fingerprint != sample.encoder.fingerprint
    assert np.array_equal(again[0].items(sample.rows), again[1].items(sample.rows))


def test_a_member_becomes_the_same_vector_alone_or_among_others(sample: Sample) -> None:
    together = sample.encoder.items(sample.rows)
    for place in (0, 1, 500, 999):
        assert np.array_equal(sample.encoder.items(sample.rows[place : place + 1])[0], together[place])
