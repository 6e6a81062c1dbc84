"""A certificate that has been touched does not pass, whichever number it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from matcher.errors import VerificationError
from matcher.pairing.odd_sets import cover_inside, nested, no_odd_sets, weights_of
from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import BlockingPairs, Certificate, OddSets, PairingSolution
from matcher.pairing.solver import solve_pairing
from matcher.verification.odd_sets import odd_terms
from matcher.verification.pairing import verify_pairing
from tests.pairing.drawing import neighbour_graph


@pytest.fixture(scope="module")
def problem() -> PairingProblem:
    n, (u, v, weight) = neighbour_graph(81, 6, 3)
    outside = np.full(n, int(weight.min()))
    locked = [(int(u[7]), int(v[7]))]
    banned = [(int(u[0]), int(v[0]))]
    return PairingProblem(u, v, weight, locked=locked, banned=banned, outside=outside, triads=True, n=n)


@pytest.fixture(scope="module")
def solution(problem: PairingProblem) -> PairingSolution:
    found = solve_pairing(problem)
    verify_pairing(problem, found)
    assert found.certificate.odd_sets
    assert len(found.blocking_pairs)
    assert found.unmatched
    return found


def certified(**change: Any) -> Callable[[PairingProblem, PairingSolution], PairingSolution]:
    def tamper(_: PairingProblem, solution: PairingSolution) -> PairingSolution:
        values = {name: value(getattr(solution.certificate, name)) for name, value in change.items()}
        return replace(solution, certificate=replace(solution.certificate, **values))

    return tamper


def changed(**change: Any) -> Callable[[PairingProblem, PairingSolution], PairingSolution]:
    def tamper(_: PairingProblem, solution: PairingSolution) -> PairingSolution:
        return replace(solution, **{name: value(getattr(solution, name)) for name, value in change.items()})

    return tamper


def without_lock(problem: PairingProblem, solution: PairingSolution) -> PairingSolution:
    keep = solution.edges != problem.locked_edges[0]
    return replace(solution, edges=solution.edges[keep], pairs=solution.pairs[keep])


def with_edge(which: Callable[[PairingProblem], int]) -> Callable[[PairingProblem, PairingSolution], PairingSolution]:
    def tamper(problem: PairingProblem, solution: PairingSolution) -> PairingSolution:
        edges = np.append(solution.edges, which(problem))
        return replace(solution, edges=edges, pairs=np.sort(np.stack((problem.u[edges], problem.v[edges]), 1), 1))

    return tamper


def lowered(y: np.ndarray) -> np.ndarray:
    y = y.copy()
    y[np.argmax(y)] -= 2
    return y


def dearer(sets: OddSets) -> OddSets:
    return replace(sets, z=sets.z + 2)


def with_boundary(sets: OddSets, edge: int) -> OddSets:
    start = sets.boundary_start + (np.arange(len(sets) + 1) == len(sets))
    return replace(sets, boundary=np.append(sets.boundary, edge), boundary_start=start)


TAMPERED: dict[str, tuple[Callable[[PairingProblem, PairingSolution], PairingSolution], str]] = {
    "a pair exchanged": (changed(pairs=lambda pairs: pairs[::-1]), "pairs"),
    "an edge twice": (changed(edges=lambda edges: np.append(edges[:-1], edges[0])), "edges"),
    "an edge beyond": (changed(edges=lambda edges: np.append(edges[:-1], 10**6)), "edges"),
    "lock dropped": (without_lock, "locked"),
    "banned pair made": (with_edge(lambda problem: int(problem.banned_edges[0])), "banned"),
    "one partner too many": (with_edge(lambda problem: int(problem.locked_edges[0]) + 1), "capacity"),
    "weight": (changed(total_weight=lambda weight: weight + 1), "total_weight"),
    "objective": (changed(objective_weight=lambda weight: weight + 1), "objective_weight"),
    "bound": (changed(upper_bound=lambda bound: bound + 1), "upper_bound"),
    "gap": (changed(gap=lambda gap: gap + 1e-9), "gap"),
    "bound over all pairs": (changed(upper_bound_all_pairs=lambda bound: bound - 1), "upper_bound_all_pairs"),
    "no bound over all pairs": (certified(y_all_pairs=lambda _: None), "y_all_pairs"),
    "pairs outside uncovered": (certified(y_all_pairs=lambda y: y * 0), "uncovered"),
    "dual lowered": (certified(y=lowered), "upper_bound"),
    "dual negative": (certified(y=lambda y: y - y.max() - 1), "negative"),
    "dual missing": (certified(y=lambda y: y[:-1]), "missing"),
    "odd sets dropped": (certified(odd_sets=lambda sets: no_odd_sets(len(sets.home))), "upper_bound"),
    "odd set dearer": (certified(odd_sets=dearer), "upper_bound"),
    "odd set negative": (certified(odd_sets=lambda sets: replace(sets, z=-sets.z)), "negative dual"),
    "odd set of nobody": (certified(odd_sets=lambda sets: replace(sets, home=sets.home + 10**6)), "names nobody"),
    "odd sets in a ring": (certified(odd_sets=lambda sets: replace(sets, parent=sets.parent * 0)), "nested"),
    "odd set of too many": (certified(odd_sets=lambda sets: replace(sets, home=sets.home[:-1])), "names nobody"),
    "boundary apart": (certified(odd_sets=lambda sets: with_boundary(sets, 10**6)), "boundary"),
    "boundary of none": (certified(odd_sets=lambda sets: replace(sets, boundary=np.zeros(1, np.int64))), "boundary"),
    "prize": (certified(pair_prize=lambda _: 5), "prize"),
    "nobody unmatched": (changed(unmatched=lambda left: left[:-1]), "unmatched"),
    "blocking pair hidden": (
        changed(blocking_pairs=lambda b: BlockingPairs(b.edges[1:], b.sizes[1:])),
        "blocking_pairs",
    ),
    "blocking pair smaller": (changed(blocking_pairs=lambda b: BlockingPairs(b.edges, b.sizes - 1)), "blocking_pairs"),
    "triad with the matched": (changed(triads=lambda _: np.array([[0, 1, 2]])), "triads"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_named(problem: PairingProblem, solution: PairingSolution, name: str) -> None:
    tamper, message = TAMPERED[name]
    with pytest.raises(VerificationError, match=message):
        verify_pairing(problem, tamper(problem, solution))


def test_optimal_must_be_shown() -> None:
    problem = PairingProblem([0, 0, 1], [1, 2, 2], [2, 2, 2])
    fractional = replace(
        solve_pairing(problem),
        certificate=Certificate(np.array([2, 2, 2]), no_odd_sets(3), None, 0),
        upper_bound=3,
        gap=1 / 3,
    )
    with pytest.raises(VerificationError, match="status"):
        verify_pairing(problem, fractional)
    verify_pairing(problem, replace(fractional, status="feasible"))


def test_stable_must_be_stable() -> None:
    problem = PairingProblem([0, 1, 2], [1, 2, 3], [5, 8, 5])
    total = solve_pairing(problem)
    stable = PairingProblem([0, 1, 2], [1, 2, 3], [5, 8, 5], objective="stable")
    assert total.blocking_pairs.sizes.tolist() == [3]
    with pytest.raises(VerificationError, match="stable"):
        verify_pairing(stable, total)
    assert solve_pairing(stable).pairs.tolist() == [[1, 2]]


def test_nested_sets_are_a_forest() -> None:
    nothing = np.empty(0, np.int64)
    all_but_one = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10)
    written = [((0, 1, 2), 2), ((0, 1, 2, 3, 4), 4), ((5, 6, 7), 6), (tuple(range(9)), 8), (all_but_one, 9)]
    sets = nested(11, [(np.array(members, np.int32), z, nothing) for members, z in written])
    assert sets.home.tolist() == [0, 0, 0, 2, 2, 1, 1, 1, 3, -1, -1], "the set that overlaps another one is left out"
    assert (sets.parent.tolist(), sets.z.tolist()) == ([2, 3, 3, -1], [2, 6, 4, 8])
    assert weights_of(sets, np.ones(11, np.int64)).tolist() == [3, 3, 5, 9]


@pytest.mark.parametrize("seed", range(20))
def test_both_readings_of_a_forest_are_that_of_the_sets(seed: int) -> None:
    """The solver's and the verifier's sums are those of the sets written out, however deep they lie."""
    drawn = np.random.default_rng(seed)
    n = int(drawn.integers(3, 40))
    written: list[tuple[np.ndarray, int, np.ndarray]] = []
    loose = [np.array([x], np.int32) for x in drawn.permutation(n)]
    while len(loose) > 1:
        count = min(len(loose), int(drawn.choice([2, 2, 3, 4])))
        picked = loose[:1] + [loose[i] for i in range(1, count)]
        joined = np.sort(np.concatenate(picked))
        loose = [joined, *loose[count:]] if drawn.random() < 0.8 else [*loose[count:], joined]
        written.append((joined, 2 * int(drawn.integers(1, 9)), np.empty(0, np.int64)))
    pairs = np.array([(a, b) for a in range(n) for b in range(a + 1, n)], np.int32)
    u, v = pairs[:, 0].copy(), pairs[:, 1].copy()
    for at, (members, z, _) in enumerate(written):
        leaving = np.flatnonzero(np.isin(u, members) != np.isin(v, members))[:2]
        written[at] = members, z, leaving
    slots = drawn.integers(1, 4, n)
    sets = nested(n, written)
    assert len(sets) == len(written)
    expected, total = np.zeros(len(u), np.int64), 0
    for members, z, boundary in written:
        expected[np.isin(u, members) & np.isin(v, members)] -= z
        expected[boundary] -= z
        total += (int(slots[members].sum()) + len(boundary)) // 2 * z
    slack, uncovered = np.zeros(len(u), np.int64), np.zeros(len(u), np.int64)
    cover_inside(sets.home, sets.parent, sets.z, u, v, slack)
    np.subtract.at(slack, sets.boundary, np.repeat(sets.z, np.diff(sets.boundary_start)))
    assert odd_terms(u, v, slots, sets, uncovered) == total == int((weights_of(sets, slots) // 2 * sets.z).sum())
    assert slack.tolist() == uncovered.tolist() == expected.tolist()


@pytest.mark.parametrize("objective", ["total", "coverage"])
def test_odd_sets_may_lie_in_each_other_by_the_hundred(objective: Any) -> None:
    n, (u, v, weight) = neighbour_graph(3001, 6, 3)
    problem = PairingProblem(u, v, weight, objective=objective, outside=np.full(n, int(weight.min())), n=n)
    found = solve_pairing(problem)
    verify_pairing(problem, found)
    assert found.status == "optimal"
    sets = found.certificate.odd_sets
    depth = np.zeros(len(sets) + 1, np.int64)
    for inner in range(len(sets) - 1, -1, -1):
        depth[inner] = depth[sets.parent[inner]] + 1
    assert depth.max() > 100 or objective == "coverage"
    assert len(found.unmatched) > 0
    assert any(left.score_rise for left in found.unmatched)
