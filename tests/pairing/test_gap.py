"""Who is content with less than the best plan gets a certified one, the same every time, and no more work."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from matcher.pairing import exact
from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import PairingSolution
from matcher.pairing.solver import solve_pairing
from matcher.verification.pairing import verify_pairing


@pytest.fixture(scope="module")
def problem() -> PairingProblem:
    """2,000 members in a plane, each with their 12 nearest: odd clusters enough that blossoms have much to do."""
    rng = np.random.default_rng(8)
    at = rng.random((2000, 2))
    away = np.linalg.norm(at[:, None] - at[None], axis=2)
    near = np.argsort(away, axis=1, kind="stable")[:, 1:13]
    one, other = np.repeat(np.arange(2000), 12), near.ravel()
    u, v = np.unique(np.sort(np.stack((one, other)), axis=0), axis=1)
    return PairingProblem(u, v, np.rint(1e6 * np.exp(-20 * away[u, v])).astype(np.int64), n=2000)


def solved(problem: PairingProblem, gap: float) -> tuple[PairingSolution, int]:
    """The plan, checked, and how many looks at the clock the blossoms took."""
    looks: list[str] = []

    def look(phase: str, _fraction: float, _plan: int, _bound: int) -> None:
        looks.append(phase)

    solution = solve_pairing(problem, progress=look, gap=gap)
    verify_pairing(problem, solution)
    return solution, looks.count("blossoms")


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "SLICE", 200)


def test_within_the_gap_and_no_further(problem: PairingProblem) -> None:
    best, looks = solved(problem, 0.0)
    assert (best.status, best.gap) == ("optimal", 0.0)
    before = looks
    for gap in (1e-4, 1e-3, 1e-2):
        near, looks = solved(problem, gap)
        assert near.gap <= gap
        assert near.upper_bound >= best.objective_weight >= near.objective_weight >= (1 - gap) * near.upper_bound
        assert looks < before
        before = looks


def test_the_same_every_time(problem: PairingProblem) -> None:
    one, other = (solved(problem, 1e-3)[0] for _ in range(2))
    assert 0.0 < one.gap <= 1e-3
    for field in dataclasses.fields(PairingSolution):
        if field.name in {"pairs", "edges", "objective_weight", "upper_bound"}:
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
    np.testing.assert_array_equal(one.certificate.y, other.certificate.y)


def test_room_for_several_and_a_prize(problem: PairingProblem) -> None:
    wide = PairingProblem(problem.u, problem.v, problem.weight, np.arange(2000) % 3 + 1, objective="coverage", n=2000)
    near, _ = solved(wide, 1e-3)
    assert near.gap <= 1e-3


@pytest.mark.parametrize("slice_", [200, 10**9])
def test_without_a_gap_the_search_comes_to_its_end(
    problem: PairingProblem, monkeypatch: pytest.MonkeyPatch, slice_: int
) -> None:
    """However often it is looked at: that nobody is left to serve is an end, and proves why who is alone is alone."""
    monkeypatch.setattr(exact, "SLICE", slice_)
    ended: list[bool] = []
    whole = exact.match_copies

    def seen(*given: Any) -> exact.Matched:
        matched = whole(*given)
        ended.append(matched.done)
        return matched

    monkeypatch.setattr("matcher.pairing.solver.match_copies", seen)
    solved(problem, 0.0)
    assert ended == [True]
