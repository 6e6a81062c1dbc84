"""The best of some scores against sorting all of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.index.best_of import best_among, highest_scores, joined, opened_ids, rows_on, shut_ids
from tests.oracle import strategies

SCORES = st.lists(st.one_of(st.floats(0, 1), st.sampled_from((0.25, 0.5))), min_size=1, max_size=40)


@strategies.UNHURRIED
@given(SCORES, st.integers(1, 50))
def test_the_best_are_those_that_sorting_puts_last(scores: list[float], k: int) -> None:
    every, slots = np.array(scores), np.arange(10, 10 + len(scores))
    if k <= len(scores):
        assert highest_scores(every, k).tolist() == sorted(scores)[-k:]
    found, theirs = best_among(slots, every, k)
    least = sorted(scores)[-min(k, len(scores))]
    assert found.tolist() == [slot for slot, score in zip(slots.tolist(), scores, strict=True) if score >= least]
    assert theirs.tolist() == every[found - 10].tolist()


@strategies.UNHURRIED
@given(st.lists(st.tuples(st.sampled_from((0.0, 0.5, 1.0)), st.booleans(), st.integers(0, 5)), min_size=1, max_size=20))
def test_shelves_by_flags_and_bounds(shelves: list[tuple[float, bool, int]]) -> None:
    bounds, opened = np.array([bound for bound, _, _ in shelves]), np.array([flag for _, flag, _ in shelves])
    sizes = [size for _, _, size in shelves]
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    chosen = opened_ids(opened)
    assert chosen.tolist() == [place for place, (_, flag, _) in enumerate(shelves) if flag]
    assert rows_on(chosen, starts) == sum(size for _, flag, size in shelves if flag)
    left = [place for place, (bound, flag, _) in enumerate(shelves) if bound >= 0.5 and not flag]
    assert shut_ids(bounds, opened, 0.5).tolist() == left


def test_joined_they_stand_one_after_the_other() -> None:
    slots, scores = joined(np.array([3, 1]), np.array([0.5, 0.25]), np.array([7]), np.array([1.0]))
    assert (slots.tolist(), scores.tolist()) == ([3, 1, 7], [0.5, 0.25, 1.0])
