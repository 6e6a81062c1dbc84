"""What is wrong with a problem is said at once, all of it, and what is empty has an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matcher.errors import InvalidProblem
from matcher.pairing.problem import PairingProblem
from tests.pairing.test_small import verified

TRIANGLE: dict[str, Any] = {"u": [0, 0, 1], "v": [1, 2, 2], "weight": [3, 2, 1]}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "self-loop": ({"v": [1, 0, 2]}, "u: pairs a member with oneself at 1"),
    "parallel edges": ({"u": [0, 1, 1], "v": [1, 0, 2]}, r"u: two edges join the same pair \(0, 1\)"),
    "negative weight": ({"weight": [3, -2, 1]}, "weight: is negative at edge 1"),
    "not a number": ({"weight": [3.0, float("nan"), 1.0]}, "weight: holds a value that is not finite"),
    "infinite weight": ({"weight": [3.0, float("inf"), 1.0]}, "weight: holds a value that is not finite"),
    "fractions": ({"weight": [3.5, 2.0, 1.0]}, "weight: has dtype float64"),
    "sums overflow": ({"weight": [2**60, 2, 1]}, "weight: sums overflow 64 bits"),
    "sums overflow by coverage": ({"weight": [2**56, 2, 1], "objective": "coverage"}, "under coverage"),
    "beyond 64 bits": ({"weight": [2**70, 2, 1]}, "weight: holds a value beyond 64 bits"),
    "unsigned beyond": ({"weight": np.array([2**63, 2, 1], np.uint64)}, "weight: holds a value beyond 64 bits"),
    "id too high": ({"n": 2}, r"v: names member \[2\]"),
    "id below zero": ({"u": [-1, 0, 1]}, r"u: names member \[-1\]"),
    "capacity below zero": ({"capacity": [1, -1, 1]}, "capacity: is negative at member 1"),
    "capacity too short": ({"capacity": [1, 1], "n": 3}, "capacity: has 2 entries"),
    "outside below -1": ({"outside": [0, -2, 0]}, "outside: is below -1 at member 1"),
    "lengths differ": ({"weight": [1, 2]}, "weight: u, v and weight differ in length"),
    "two dimensions": ({"weight": [[3, 2, 1]]}, r"weight: has shape \(1, 3\)"),
    "lock that is no edge": ({"locked": [(0, 3)], "n": 4}, r"locked: \[\[0, 3\]\] is no edge"),
    "lock twice": ({"locked": [(0, 1), (1, 0)], "capacity": [2, 2, 2]}, "locked: names a pair twice"),
    "lock over capacity": ({"locked": [(0, 1), (0, 2)]}, "locked: exceeds the capacity of member 0"),
    "locked and banned": ({"locked": [(0, 1)], "banned": [(1, 0)]}, r"locked: edges \[0\] are banned too"),
    "lock with oneself": ({"locked": [(1, 1)]}, "locked: pairs a member with oneself"),
    "lock of three": ({"locked": [(0, 1, 2)]}, r"locked: has shape \(1, 3\)"),
    "unknown objective": ({"objective": "most"}, "objective: 'most'"),
    "negative bonus": ({"incumbent_bonus": -1}, "incumbent_bonus: is negative"),
    "a bonus too many": (
        {"incumbent": [(0, 1)], "incumbent_bonus": [1, 2]},
        "incumbent_bonus: has 2 entries",
    ),
    "negative threshold": ({"threshold": -1}, "threshold: is negative"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused_with_what_is_wrong(name: str) -> None:
    change, message = WRONG[name]
    with pytest.raises(InvalidProblem, match=message) as caught:
        PairingProblem(**{**TRIANGLE, **change})
    assert caught.value.problems
    assert all(problem.accepted for problem in caught.value.problems)


def test_everything_wrong_is_listed() -> None:
    with pytest.raises(InvalidProblem) as caught:
        PairingProblem(**{**TRIANGLE, "weight": [-1, 2, 1], "capacity": [1, 1, -1], "incumbent_bonus": -1})
    assert {problem.where for problem in caught.value.problems} == {"weight", "capacity", "incumbent_bonus"}


@pytest.mark.parametrize("objective", ["total", "coverage", "stable"])
@pytest.mark.parametrize("n", [0, 1, 5])
def test_without_edges_nobody_is_paired(objective: Any, n: int) -> None:
    solution = verified(PairingProblem([], [], [], n=n, objective=objective))
    assert (solution.status, solution.gap, solution.upper_bound, len(solution.pairs)) == ("optimal", 0.0, 0, 0)
    assert [(left.member, left.why) for left in solution.unmatched] == [(x, "no_candidates") for x in range(n)]


def test_bans_and_incumbents_that_are_no_edges_change_nothing() -> None:
    problem = PairingProblem(**TRIANGLE, banned=[(0, 3)], incumbent=[(2, 3)], incumbent_bonus=9, n=4)
    assert verified(problem).total_weight == 3


def test_the_callers_arrays_stay_theirs() -> None:
    weight = np.array([3, 2, 1])
    problem = PairingProblem([0, 0, 1], [1, 2, 2], weight)
    weight[0] = 0
    assert problem.weight[0] == 3
    with pytest.raises(ValueError, match="read-only"):
        problem.weight[0] = 1
