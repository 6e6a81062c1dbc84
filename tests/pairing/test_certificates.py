"""A certificate that has been touched does not pass, whichever number it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from matcher.errors import VerificationError
from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import BlockingPairs, Certificate, PairingSolution
from matcher.pairing.solver import solve_pairing
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


def dearer(sets: list[Any]) -> list[Any]:
    return [(sets[0][0], sets[0][1] + 2, *sets[0][2:]), *sets[1:]]


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
    "odd sets dropped": (certified(odd_sets=lambda _: []), "upper_bound"),
    "odd set dearer": (certified(odd_sets=dearer), "upper_bound"),
    "odd set negative": (certified(odd_sets=lambda sets: [(sets[0][0], -2)]), "negative dual"),
    "odd set of nobody": (certified(odd_sets=lambda sets: [(sets[0][0] + 10**6, 2)]), "names nobody"),
    "odd set with a twin": (certified(odd_sets=lambda sets: [(np.repeat(sets[0][0], 2), 2)]), "twice"),
    "boundary inside": (certified(odd_sets=lambda sets: [(sets[0][0], 2, np.array([0, 0]))]), "boundary"),
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
        certificate=Certificate(np.array([2, 2, 2]), [], None, 0),
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
