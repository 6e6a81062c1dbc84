"""Plans that a rematch is compared with keep to what it keeps to."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from matcher import MemberProfile, RematchConfig, rematch
from matcher.members.sample import SAMPLE_DAY
from matcher.rematch.history import History, Tie
from matcher.rematch.measuring import Metrics
from matcher.verification.eligibility import check_pair
from tests.rematch.communities import community

BASELINES = ("random", "procedure", "stage")


@pytest.fixture(scope="module")
def two() -> tuple[MemberProfile, MemberProfile]:
    """Two who may be buddies, and of whom the second may be the first one's mentor."""
    for one, other in itertools.permutations(community(110, 1), 2):
        if not check_pair(one, other, SAMPLE_DAY, "buddy") and not check_pair(one, other, SAMPLE_DAY, "mentor"):
            return one, other
    raise AssertionError("nobody in the sample may be both")


def buddies(two: tuple[MemberProfile, ...], *ties: Tie, **wish: Any) -> dict[str, Metrics]:
    config = RematchConfig.parse({"ties": ["buddy"], "buddies": wish, "audit": []})
    return {name: of[0] for name, of in rematch(two, History(ties), config, SAMPLE_DAY).metrics.items()}


def test_who_is_tied_in_another_way_is_no_pair_of_a_baseline_and_nobody_they_could_have(
    two: tuple[MemberProfile, MemberProfile],
) -> None:
    free = buddies(two)
    assert [(free[name].ties, free[name].could) for name in ("plan", *BASELINES)] == [(1, 2)] * 4
    tied = buddies(two, Tie("mentor", two[0].member_id, two[1].member_id))
    assert [(tied[name].ties, tied[name].could) for name in ("plan", *BASELINES)] == [(0, 0)] * 4


def test_a_tie_of_the_kind_that_could_stand_counts_for_all(two: tuple[MemberProfile, MemberProfile]) -> None:
    in_force = buddies(two, Tie("buddy", two[0].member_id, two[1].member_id), threshold=1.0)
    assert [(in_force[name].ties, in_force[name].could) for name in ("plan", "incumbent", *BASELINES)] == [(1, 2)] * 5


def test_pairs_below_the_threshold_count_for_no_plan(two: tuple[MemberProfile, MemberProfile]) -> None:
    strict = buddies(two, threshold=1.0)
    assert [strict[name].ties for name in ("plan", *BASELINES)] == [0] * 4
