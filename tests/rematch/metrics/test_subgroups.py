"""Subgroups under several plans: what their tables give away, and whether the figures are right."""

from __future__ import annotations

import datetime
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import FacetWeights, MemberProfile, sample_members
from matcher.rematch.baselines import baseline_pairs
from matcher.rematch.everyone import Everyone
from matcher.rematch.measuring import KindPlan
from matcher.rematch.possible import who_could
from matcher.rematch.subgroups import FEW, UNKNOWN, SubgroupRow, _hidden, subgroup_gaps
from tests.oracle.strategies import UNHURRIED
from tests.rematch.metrics.test_suppression import every_table

DAY = datetime.date(2026, 1, 1)
GROUP = st.tuples(st.integers(0, 9), st.integers(0, 7), st.integers(0, 7))


@UNHURRIED
@given(st.lists(GROUP, min_size=2, max_size=2))
def test_two_plans_side_by_side_tell_of_no_small_count(groups: list[tuple[int, int, int]]) -> None:
    # (unmatched under the first plan, and matched under each of two): 8 more members each, so that n is at least 8.
    matched = np.array([[one + 8, min(one + 8 + left, other + 8)] for left, one, other in groups])
    size = np.array([left + one + 8 for left, one, _ in groups])
    counts = np.stack([np.stack([size, matched[:, plan]], axis=-1) for plan in (0, 1)], axis=1)
    hidden = _hidden(counts)
    truth = {"n": size, **{f"m{p}": matched[:, p] for p in (0, 1)}, **{f"u{p}": size - matched[:, p] for p in (0, 1)}}
    masks = {"n": hidden[:, 0, 0], **{f"m{p}": hidden[:, p, 1] for p in (0, 1)},
             **{f"u{p}": hidden[:, p, 2] for p in (0, 1)}}  # fmt: skip
    assert (hidden[:, 0, 0] == hidden[:, 1, 0]).all()
    most = {name: np.zeros(2, np.int64) for name in truth}
    free = {name: np.zeros(2, np.int64) for name in truth}
    total = int(size.sum())
    for n in every_table(2, total):
        parts = []
        for plan in (0, 1):
            m = every_table(2, int(matched[:, plan].sum()))
            parts.append(m[(m <= n).all(1)])
        for m0, m1 in itertools.product(*parts):
            table = {"n": n, "m0": m0, "m1": m1, "u0": n - m0, "u1": n - m1}
            for name, values in table.items():
                free[name] = np.maximum(free[name], values)
            if all((masks[name] | (values == truth[name])).all() for name, values in table.items()):
                for name, values in table.items():
                    most[name] = np.maximum(most[name], values)
    for name, values in truth.items():
        small = (values > 0) & (values < 11)
        assert masks[name][small].all()
        # As much as the totals over everybody allow, or 11.
        assert (most[name][small] >= np.minimum(11, free[name][small])).all()


def _sample(n: int) -> tuple[SubgroupRow, ...]:
    members = sample_members(n, seed=3, as_of=DAY)
    everyone = Everyone.of(members, DAY)
    room = np.ones((n, 2), np.int64)
    could = who_could(everyone, "buddy", room)
    plans = {
        name: KindPlan("buddy", baseline_pairs(everyone, "buddy", name, room, 0), FacetWeights.buddy(), could)
        for name in ("random", "procedure")
    }
    return subgroup_gaps(everyone, members, DAY, ("role", "stage_band", "language", "region", "age_pool"), plans)


def test_rows_show_no_small_count_and_no_figure_of_a_hidden_one() -> None:
    rows = _sample(900)
    assert any(row.value == UNKNOWN for row in rows)
    assert any(row.members is None for row in rows)
    assert any(row.share is not None for row in rows)
    for row in rows:
        for count in (row.members, row.matched):
            assert count is None or count == 0 or count >= 11
        if row.share is not None:
            assert row.members is not None
            assert row.matched is not None
            assert row.members - row.matched == 0 or row.members - row.matched >= 11
            assert row.share.value == row.matched / row.members
        if row.score is not None:
            assert row.matched is not None
            assert row.score.low < row.score.difference < row.score.high


def test_a_word_that_few_members_use_is_not_shown() -> None:
    members = [
        *sample_members(300, seed=3, as_of=DAY),
        MemberProfile(
            member_id="rare",
            consent=True,
            birth_year=1980,
            languages=("en",),
            gender="a word of their own",
            region="nowhere-else",
        ),
    ]
    everyone = Everyone.of(members, DAY)
    room = np.ones((len(members), 2), np.int64)
    could = who_could(everyone, "buddy", room)
    assert could[everyone.member_ids.index("rare"), 0]
    pairs = baseline_pairs(everyone, "buddy", "random", room, 0)
    plans = {"random": KindPlan("buddy", pairs, FacetWeights.buddy(), could)}
    rows = subgroup_gaps(everyone, members, DAY, ("gender", "region"), plans)
    assert not {row.value for row in rows} & {"a word of their own", "nowhere-else"}
    assert any(row.value == FEW for row in rows)


def test_gaps_against_the_definition_and_chance() -> None:
    rows = _sample(900)
    bands = [row for row in rows if row.attribute == "stage_band" and row.plan == "procedure" and row.score]
    # Weighted by those matched, differences to the whole cancel out; here every band is shown.
    assert sum((row.matched or 0) * row.score.difference for row in bands if row.score) == pytest.approx(0, abs=1e-9)
    # By lot nobody is better off but by chance: with 95% for a table of subgroups, hardly one is called sure.
    lots = [row for row in rows if row.plan == "random" and row.attribute == "region" and row.score]
    assert not any(row.score.sure for row in lots if row.score)


def test_with_nobody_to_match_there_are_no_rows() -> None:
    members = [MemberProfile(member_id="a")]
    everyone = Everyone.of(members, DAY)
    room = np.ones((1, 2), np.int64)
    pairs = baseline_pairs(everyone, "buddy", "random", room, 0)
    plans = {"random": KindPlan("buddy", pairs, FacetWeights.buddy(), who_could(everyone, "buddy", room))}
    assert subgroup_gaps(everyone, members, DAY, ("role", "age_pool", "region"), plans) == ()
