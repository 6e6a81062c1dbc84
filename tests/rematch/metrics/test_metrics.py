"""Every metric against its definition, worked out another way."""

from __future__ import annotations

import datetime
import math
import statistics
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import FacetWeights, PairingProblem, sample_members, solve_pairing
from matcher.members.vocabulary import KINDS
from matcher.pairing.problem import Objective
from matcher.rematch.baselines import baseline_pairs
from matcher.rematch.everyone import FACETS, Everyone
from matcher.rematch.measuring import KindPlan, loads_of, measure, measure_all
from matcher.rematch.metrics import (
    blocking_pairs,
    churn,
    exposure_gini,
    gap,
    matched_share,
    most_partners,
    score_summary,
)
from matcher.rematch.possible import who_could
from tests.oracle.strategies import UNHURRIED

DAY = datetime.date(2026, 1, 1)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_gini_is_half_the_relative_mean_difference(loads: list[int]) -> None:
    found = exposure_gini(np.array(loads))
    if not sum(loads):
        assert found is None
    else:
        difference = statistics.mean(abs(a - b) for a in loads for b in loads)
        assert found == pytest.approx(difference / 2 / statistics.mean(loads))


def test_gini_of_who_has_one_or_none_is_one_less_the_share() -> None:
    loads = np.array([1, 1, 0, 1, 0])
    assert exposure_gini(loads) == pytest.approx(1 - 3 / 5)
    assert matched_share(loads, np.ones(5, np.bool_)) == pytest.approx(3 / 5)
    assert matched_share(loads, np.zeros(5, np.bool_)) is None
    assert most_partners(loads) == 1
    assert most_partners(loads[:0]) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_summary_of_scores(scores: list[float]) -> None:
    found = score_summary(np.array(scores))
    assert found is not None
    mean, median, tenth, worst = found
    assert mean == pytest.approx(statistics.fmean(scores))
    assert median == pytest.approx(statistics.median(scores))
    if len(scores) > 1:
        assert tenth == pytest.approx(statistics.quantiles(scores, n=10, method="inclusive")[0])
    assert worst == pytest.approx(statistics.fmean(sorted(scores)[: math.ceil(len(scores) / 10)]))
    assert worst <= tenth + 1e-12


def test_nothing_has_no_summary() -> None:
    assert score_summary(np.empty(0)) is None


@UNHURRIED
@given(st.integers(0, 2**32 - 1), st.sampled_from(get_args(Objective)))
def test_blocking_pairs_are_those_that_the_solver_lists(seed: int, objective: Objective) -> None:
    rng = np.random.default_rng(seed)
    n = 9
    every = np.stack(np.triu_indices(n, 1))
    u, v = every[:, rng.random(every.shape[1]) < rng.random()]
    weight, capacity = rng.integers(1, 9, u.size), rng.integers(0, 3, n)
    problem = PairingProblem(u, v, weight, capacity, objective=objective)
    plan = solve_pairing(problem)
    found = blocking_pairs((u, v, problem.weight), problem.capacity, plan.pairs, problem.weight[plan.edges])
    assert found == len(plan.blocking_pairs)
    brute = 0
    for a, b, weight in zip(u.tolist(), v.tolist(), problem.weight.tolist(), strict=True):
        if [a, b] in plan.pairs.tolist() or not problem.capacity[[a, b]].all():
            continue
        gains = []
        for member in (a, b):
            own = problem.weight[plan.edges][(plan.pairs == member).any(1)].tolist()
            gains.append(weight - (min(own) if len(own) >= problem.capacity[member] else 0))
        brute += min(gains) > 0
    assert found == brute


def test_churn_and_gap() -> None:
    force, plan = np.array([[0, 1], [2, 3], [4, 5]]), np.array([[0, 1], [2, 4], [3, 5]])
    assert churn(force, plan, 6) == (2, 2 / 3)
    assert churn(force, force, 6) == (0, 0.0)
    assert churn(force[:0], plan, 6) == (0, None)
    assert gap(97.0, 100.0) == pytest.approx(0.03)
    assert gap(0.0, 0.0) == 0.0


def _plans(n: int = 400) -> tuple[Everyone, list[KindPlan]]:
    everyone = Everyone.of(sample_members(n, seed=4, as_of=DAY), DAY)
    room = np.ones((n, 2), np.int64)
    room[:, 1] = everyone.rules.small[:, 10]
    plans = []
    for kind in KINDS:
        weights = FacetWeights.mentor() if kind == "mentor" else FacetWeights.buddy()
        pairs = baseline_pairs(everyone, kind, "procedure", room, 0)
        plans.append(KindPlan(kind, pairs, weights, who_could(everyone, kind, room)))
    return everyone, plans


def test_a_whole_plan_is_measured() -> None:
    everyone, (buddies, mentors) = _plans()
    found = measure(everyone, buddies, in_force=buddies.pairs[:50], bound=(90.0, 100.0))
    scores = everyone.scores(buddies.pairs[:, 0], buddies.pairs[:, 1], "buddy", buddies.weights)
    assert found.mean == scores.mean()
    assert (found.ties, found.matched, found.broken, found.churn) == (len(scores), 2 * len(scores), 0, 0.0)
    assert found.gap == pytest.approx(0.1)
    assert found.gini == pytest.approx(1 - (found.matched_share or 0))
    assert sum(found.histogram) == found.ties
    assert tuple(found.facets) == FACETS
    # The weighted facets are the arithmetic mean of both fits, which the harmonic mean never exceeds.
    assert 0 <= sum(found.facets[name] * getattr(buddies.weights, name) for name in FACETS) - scores.mean() < 0.01
    taught = measure(everyone, mentors)
    assert taught.matched == len(mentors.pairs)
    assert taught.most == np.bincount(mentors.pairs[:, 1]).max()
    assert sum(taught.facets[name] * getattr(mentors.weights, name) for name in FACETS) == pytest.approx(taught.mean)


def test_all_kinds_together() -> None:
    everyone, plans = _plans()
    found = measure_all(everyone, plans, [plan.pairs for plan in plans])
    kinds = [measure(everyone, plan) for plan in plans]
    assert found.ties == sum(kind.ties for kind in kinds)
    assert found.mean == pytest.approx(sum((kind.mean or 0) * kind.ties for kind in kinds) / found.ties)
    for name in FACETS:
        assert found.facets[name] == pytest.approx(sum(k.facets[name] * k.ties for k in kinds) / found.ties)
    loads = np.sum([loads_of(plan).sum(1) for plan in plans], axis=0)
    assert found.matched == np.count_nonzero(loads)
    assert (found.broken, found.churn) == (0, 0.0)
    nothing = measure_all(everyone, [KindPlan(p.kind, p.pairs[:0], p.weights, p.could) for p in plans])
    assert (nothing.mean, nothing.gini, nothing.matched_share, nothing.facets) == (None, None, 0.0, {})
