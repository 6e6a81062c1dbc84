"""Baselines: allowed, within everybody's room, maximal, and each the best at what it looks at."""

from __future__ import annotations

import datetime

import numpy as np
import numpy.typing as npt
import pytest

from matcher import FacetWeights, MemberProfile, PairingProblem, build_candidate_graph, sample_members, solve_pairing
from matcher.members.vocabulary import Kind
from matcher.rematch.baselines import BASELINES, baseline_pairs
from matcher.rematch.config import Baseline
from matcher.rematch.everyone import Everyone
from matcher.rematch.lifelines import with_pairs
from matcher.rematch.measuring import KindPlan, Metrics, measure, measure_all
from matcher.rematch.possible import who_could

DAY = datetime.date(2026, 1, 1)
KINDS: tuple[Kind, Kind] = ("buddy", "mentor")
Ints = npt.NDArray[np.int64]


def _community(n: int, each: int = 1) -> tuple[list[MemberProfile], Everyone, dict[Kind, Ints]]:
    members = sample_members(n, seed=0, as_of=DAY)
    everyone = Everyone.of(members, DAY)
    places = everyone.rules.small[:, 9:11].astype(np.int64)
    buddy = np.stack([np.minimum(each, places[:, 0]), np.zeros(n, np.int64)], axis=1)
    mentor = np.stack([np.ones(n, np.int64), places[:, 1]], axis=1)
    return members, everyone, {"buddy": buddy, "mentor": mentor}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("each", [1, 3])
def test_pairs_are_allowed_within_room_and_maximal(kind: Kind, baseline: Baseline, each: int) -> None:
    _, everyone, rooms = _community(500, each)
    n, room = len(everyone), rooms[kind]
    never = baseline_pairs(everyone, kind, baseline, room, 1)[::2, ::-1]
    pairs = baseline_pairs(everyone, kind, baseline, room, 1, never)
    assert len(pairs) > 20
    assert everyone.allowed(pairs[:, 0], pairs[:, 1], kind).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    if kind == "buddy":
        assert (pairs[:, 0] < pairs[:, 1]).all()
        left = [room[:, 0] - np.bincount(pairs.ravel(), minlength=n)] * 2
    else:
        left = [room[:, side] - np.bincount(pairs[:, side], minlength=n) for side in (0, 1)]
    assert min(left[0].min(), left[1].min()) == 0
    forbidden = {frozenset(pair) for pair in never.tolist()}
    made = {tuple(pair) for pair in pairs.tolist()}
    assert not forbidden & {frozenset(pair) for pair in made}
    grid = np.meshgrid(np.flatnonzero(left[0] > 0), np.flatnonzero(left[1] > 0))
    one, other = (side.ravel() for side in grid)
    open_ = everyone.allowed(one, other, kind)
    for a, b in zip(one[open_].tolist(), other[open_].tolist(), strict=True):
        assert (a, b) in made or (b, a) in made or frozenset((a, b)) in forbidden


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_and_each_is_best_at_its_own(kind: Kind) -> None:
    _, everyone, rooms = _community(2000)
    plans = {name: baseline_pairs(everyone, kind, name, rooms[kind], 7) for name in BASELINES}
    fits = {}
    for name, pairs in plans.items():
        assert np.array_equal(pairs, baseline_pairs(everyone, kind, name, rooms[kind], 7))
        assert not np.array_equal(pairs, baseline_pairs(everyone, kind, name, rooms[kind], 8))
        there, back = everyone.facet_fits(pairs[:, 0], pairs[:, 1], kind)
        fits[name] = (there + back).mean(0) / 2
    assert fits["procedure"][0] > 5 * fits["random"][0]
    assert fits["stage"][1] > fits["random"][1] + 0.1
    # Against the most there could be: the best pairing by that facet alone over all allowed pairs.
    if kind == "buddy":
        _, small, small_rooms = _community(240)
        one, other = np.triu_indices(len(small), 1)
        allowed = small.allowed(one, other, kind)
        one, other = one[allowed], other[allowed]
        for name, weights, least in (
            ("procedure", FacetWeights.parse({"procedure": 1.0}), 0.9),
            ("stage", FacetWeights.parse({"stage": 1.0}), 0.9),
        ):
            scores = small.scores(one, other, kind, weights)
            problem = PairingProblem(one, other, np.rint(scores * 1e6).astype(np.int64), small_rooms[kind][:, 0])
            best = solve_pairing(problem).total_weight / 1e6
            pairs = baseline_pairs(small, kind, "procedure" if name == "procedure" else "stage", small_rooms[kind], 0)
            assert small.scores(pairs[:, 0], pairs[:, 1], kind, weights).sum() > least * best


def test_nobody_to_pair() -> None:
    for members in ([], [MemberProfile(member_id="a"), MemberProfile(member_id="b")]):
        everyone = Everyone.of(members, DAY)
        for kind in KINDS:
            for name in BASELINES:
                assert baseline_pairs(everyone, kind, name, np.ones((len(members), 2), np.int64), 0).shape == (0, 2)
            assert not who_could(everyone, kind, np.ones((len(members), 2), np.int64)).any()


def _best(n: int) -> dict[str, list[Metrics]]:
    """Metrics by plan of buddies, mentors and all; the plan on the candidate graph with lifelines."""
    members, everyone, rooms = _community(n)
    plans: dict[str, list[KindPlan]] = {}
    for kind in KINDS:
        weights = FacetWeights.mentor() if kind == "mentor" else FacetWeights.buddy()
        room = rooms[kind]
        pairs: dict[str, npt.NDArray[np.int32]] = {}
        pairs.update((name, baseline_pairs(everyone, kind, name, room, 7)) for name in BASELINES)
        graph = build_candidate_graph(members, DAY, kind=kind)
        could = who_could(everyone, kind, room, eligible=graph.eligible)
        assert np.array_equal(could, who_could(everyone, kind, room))
        graph = with_pairs(graph, everyone, kind, weights, np.concatenate(list(pairs.values())))
        shift = n if kind == "mentor" else 0
        places = room.T.ravel() if shift else room[:, 0]
        problem = PairingProblem(graph.u, graph.v + shift, graph.weight, places, objective="coverage", n=places.size)
        edges = solve_pairing(problem).edges
        pairs["plan"] = np.stack([graph.u[edges], graph.v[edges]], axis=1)
        for name, made in pairs.items():
            plans.setdefault(name, []).append(KindPlan(kind, made, weights, could))
    return {
        name: [*(measure(everyone, plan) for plan in both), measure_all(everyone, both)] for name, both in plans.items()
    }


def test_the_best_plan_beats_every_baseline() -> None:
    found = _best(1200)
    for name in BASELINES:
        for plan, baseline in zip(found["plan"], found[name], strict=True):
            for figure in ("mean", "median", "tenth", "worst_tenth"):
                assert getattr(plan, figure) > getattr(baseline, figure), (plan.kind, name, figure)
            assert plan.matched >= baseline.matched
            if plan.kind != "mentor":  # mentors' places run out, whoever is given them
                assert plan.matched > baseline.matched
                assert (plan.gini or 0) < (baseline.gini or 0)
