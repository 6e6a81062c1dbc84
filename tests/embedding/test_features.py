"""Kernels as features: the features' inner product is the kernel, and the kernel is the definition's."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from matcher import FacetMeans, FacetWeights, MemberProfile
from matcher.catalog import default_catalog
from matcher.embedding import facets
from matcher.embedding.rows import RowCoder, Rows, TagGroups
from matcher.members.vocabulary import Kind
from matcher.scoring.fit import Scoring
from tests.embedding.conftest import Sample
from tests.oracle import strategies
from tests.oracle.score import PARTS, facet_scores

Features = Callable[[Any, TagGroups, Any, Any], int]
MOST_ENTRIES = 201
FEATURES: dict[str, Features] = {
    "procedure": lambda row, _, at, value: facets.procedure_features(row, at, value),
    "stage": lambda row, _, at, value: facets.stage_features(row, at, value),
    "topics": facets.topics_features,
    "interests": facets.interests_features,
    "age": lambda row, _, at, value: facets.age_features(row, at, value),
}
KERNELS: dict[str, Callable[[Any, Any, TagGroups], float]] = {
    "procedure": lambda a, b, _: facets.procedure_kernel(a, b),
    "stage": lambda a, b, _: facets.stage_kernel(a, b),
    "topics": facets.topics_kernel,
    "interests": facets.interests_kernel,
    "age": lambda a, b, _: facets.age_kernel(a, b),
}


def features(facet: str, row: Any, groups: TagGroups) -> dict[int, float]:
    """The feature vector by coordinate."""
    at, value = np.empty(MOST_ENTRIES, dtype=np.int32), np.empty(MOST_ENTRIES)
    count = FEATURES[facet](row, groups, at, value)
    assert 0 <= count <= MOST_ENTRIES
    point: defaultdict[int, float] = defaultdict(float)
    for coordinate, entry in zip(at[:count].tolist(), value[:count].tolist(), strict=True):
        point[coordinate] += entry
    assert len(point) == count, "a coordinate was written twice"
    return point


def inner(p: dict[int, float], q: dict[int, float]) -> float:
    return math.fsum(entry * q[at] for at, entry in p.items() if at in q)


@pytest.mark.parametrize("facet", FEATURES)
def test_the_inner_product_of_features_is_the_kernel(sample: Sample, facet: str) -> None:
    rows: Rows = sample.rows[:150]
    points = [features(facet, row, sample.groups) for row in rows]
    known = 0
    for i, p in enumerate(points):
        for j, q in enumerate(points):
            kernel = KERNELS[facet](rows[i], rows[j], sample.groups)
            if not p or not q:
                assert kernel == facets.UNKNOWN_FIT
            else:
                known += 1
                assert inner(p, q) == pytest.approx(kernel, abs=1e-8)
    assert known > 1000


@pytest.mark.parametrize("facet", FEATURES)
def test_features_of_a_known_facet_have_norm_1(sample: Sample, facet: str) -> None:
    for row in sample.rows[:300]:
        point = features(facet, row, sample.groups)
        if point:
            assert inner(point, point) == pytest.approx(1.0, abs=1e-8)


def test_stages_from_end_to_end_and_years_too() -> None:
    coder = RowCoder(default_catalog())
    rows = coder.rows([MemberProfile(member_id="a")] * 60, coder.events([]), datetime.date(2026, 1, 1))
    rows["u"], rows["band"] = np.linspace(-10, 12, 60), 1
    rows["birth_year"] = np.linspace(1900, 2100, 60).astype(np.int16)
    for facet in ("stage", "age"):
        points = [features(facet, row, coder.groups()) for row in rows]
        for i, p in enumerate(points):
            for j, q in enumerate(points):
                assert inner(p, q) == pytest.approx(KERNELS[facet](rows[i], rows[j], coder.groups()), abs=1e-8)


@strategies.UNHURRIED
@given(strategies.populations(2, 6), strategies.days())
def test_every_kernel_is_the_definitions(members: list[MemberProfile], day: datetime.date) -> None:
    coder = RowCoder(default_catalog())
    rows = coder.rows(members, coder.events(members), day)
    kinds: tuple[Kind, Kind] = ("buddy", "mentor")
    for kind in kinds:
        scoring = Scoring.of(coder.groups(), FacetWeights.buddy(), FacetMeans.default(), kind)
        for i, a in enumerate(members):
            ours = scoring.parts(rows[i : i + 1], rows)
            for j, b in enumerate(members):
                expected = facet_scores(a, b, day, kind)
                back = facet_scores(b, a, day, kind)["support"]
                for place, truth in enumerate([*(expected[part] for part in PARTS), back]):
                    if truth is None:
                        assert ours[j, place] == facets.UNKNOWN_FIT
                    else:
                        assert ours[j, place] == pytest.approx(truth, abs=1e-12)


def test_the_two_halves_of_a_pair_read_alike() -> None:
    assert PARTS == facets.PARTS
