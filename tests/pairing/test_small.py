"""Small problems with every wish, capacity and objective against trying all plans."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import PairingSolution
from matcher.pairing.solver import solve_pairing
from matcher.verification.pairing import verify_pairing
from tests.pairing.drawing import problems
from tests.pairing.oracle import best_by_trying


def verified(problem: PairingProblem, time_limit_s: float | None = None) -> PairingSolution:
    solution = solve_pairing(problem, time_limit_s)
    verify_pairing(problem, solution)
    return solution


def hold_against_all_plans(problem: PairingProblem) -> None:
    solution = verified(problem)
    pairs, worth = best_by_trying(problem)
    prize = solution.certificate.pair_prize
    assert solution.status == "optimal"
    if problem.objective == "stable":
        assert len(solution.blocking_pairs) == 0
        assert solution.objective_weight <= worth <= solution.upper_bound
        return
    assert solution.gap == 0.0
    assert solution.objective_weight - prize * len(solution.pairs) == worth
    if problem.objective == "coverage":
        assert len(solution.pairs) == pairs


@given(problems())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_room_for_one(problem: PairingProblem) -> None:
    hold_against_all_plans(problem)


@given(problems(most_capacity=3, largest=7))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_capacities(problem: PairingProblem) -> None:
    hold_against_all_plans(problem)


@given(problems(most_capacity=2), st.sampled_from([0.0, 1e-9]))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_no_time_still_gives_a_valid_plan(problem: PairingProblem, limit: float) -> None:
    solution = verified(problem, limit)
    assert solution.upper_bound >= solution.objective_weight


def confirm_rise(problem: PairingProblem, member: int, rise: int) -> None:
    """With the rise the member is paired; two less, and the best plan is the one without."""
    own = (problem.u == member) | (problem.v == member)

    def again(by: int) -> PairingSolution:
        weight = problem.weight + by * own
        return verified(
            PairingProblem(
                problem.u,
                problem.v,
                weight,
                capacity=problem.capacity,
                locked=problem.locked,
                banned=problem.banned,
                incumbent=problem.incumbent,
                incumbent_bonus=problem.incumbent_bonus,
                objective=problem.objective,
            )
        )

    assert member not in {left.member for left in again(rise).unmatched}
    if rise > 1 and problem.capacity[member] == 1 and problem.objective != "stable":
        assert member in {left.member for left in again(rise - 2).unmatched}


@pytest.mark.parametrize("most_capacity", [1, 3])
def test_a_rise_is_confirmed_by_solving_again(most_capacity: int) -> None:
    @given(problems(most_capacity=most_capacity))
    @settings(max_examples=120, deadline=None, derandomize=True)
    def confirm(problem: PairingProblem) -> None:
        if problem.threshold:
            return
        for left in solve_pairing(problem).unmatched:
            assert left.why != "outcompeted" or left.score_rise is not None
            if left.score_rise is not None:
                confirm_rise(problem, left.member, left.score_rise)

    confirm()
