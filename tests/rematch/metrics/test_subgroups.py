"""Subgroups under several plans: what their tables give away, and whether the figures are right."""

from __future__ import annotations

import datetime
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher import FacetWeights, MemberProfile, sample_members
from matcher.rematch.baselines import baseline_pairs
from matcher.rematch.everyone import Everyone
from matcher.rematch.measuring import KindPlan
from matcher.rematch.possible import who_could
from matcher.rematch.subgroups import FEW, UNKNOWN, SubgroupRow, _hidden, subgroup_gaps
from matcher.rematch.tie_rules import Ints
from tests.oracle.strategies import UNHURRIED
from tests.rematch.metrics.test_suppression import every_table

DAY = datetime.date(2026, 1, 1)
LEAST = 3
"""Small, so that all tables of a total can be written down."""
GROUPS = st.lists(
    st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n))),
    min_size=2,
    max_size=4,
).filter(lambda groups: sum(n for n, _, _ in groups) <= 15)


@UNHURRIED
@given(GROUPS)
@example([(1, 1, 0), (5, 3, 5), (6, 6, 3)])
def test_two_runs_on_the_same_members_tell_of_no_small_count(groups: list[tuple[int, int, int]]) -> None:
    size, *plans = np.array(groups).T
    total = int(size.sum())
    shown, fits, may_be = [], np.ones(len(every_table(len(size), total)), np.bool_), {}
    for matched in plans:
        hidden = _hidden(np.stack([size, matched], axis=-1)[:, None], LEAST)[:, 0]
        shown.append(hidden)
        parts = every_table(len(size), int(matched.sum()))
        for at, n in enumerate(every_table(len(size), total)):
            ways = parts[(parts <= n).all(1)]
            for given_away in (True, False):  # what a reader of this run leaves open, and what the totals do
                if given_away:
                    known = (hidden[:, 1] | ((ways == matched) & (n - ways == size - matched))).all(1)
                    known &= (hidden[:, 0] | (n == size)).all()
                    fits[at] &= bool(known.any())
                may_be[len(shown) - 1, at, given_away] = ways[known] if given_away else ways
    assert (shown[0][:, 0] == shown[1][:, 0]).all()
    sizes = every_table(len(size), total)
    small = (size > 0) & (size < LEAST)
    assert shown[0][small, 0].all()
    assert (sizes[fits].max(0)[small] >= min(LEAST, total)).all()
    for plan, matched in enumerate(plans):
        for truth, turned in ((matched, False), (size - matched, True)):
            small = (truth > 0) & (truth < LEAST)
            assert shown[plan][small, 1].all()

            def most(fitting: bool, plan: int = plan, turned: bool = turned) -> Ints:
                """The most there may be in each group, by all that is known or by the totals alone."""
                tables = [
                    (n - may_be[plan, at, fitting] if turned else may_be[plan, at, fitting]).max(0)
                    for at, n in enumerate(sizes)
                    if not fitting or fits[at]
                ]
                found: Ints = np.array(tables).max(0)
                return found

            # As much as the totals over everybody allow, or the least that may be shown.
            assert (most(True)[small] >= np.minimum(LEAST, most(False)[small])).all()


def test_what_is_hidden_of_sizes_does_not_depend_on_the_plan() -> None:
    size = np.array([6, 50, 51, 80])
    for matched in ([3, 30, 51, 40], [3, 50, 31, 40], [0, 0, 0, 0]):
        hidden = _hidden(np.stack([size, matched], axis=-1)[:, None])
        assert hidden[:, 0, 0].tolist() == [True, True, False, False]


def test_what_is_hidden_of_a_plan_does_not_depend_on_the_others() -> None:
    size = np.array([6, 50, 51, 80])
    plans = [np.array(one) for one in ([3, 30, 51, 40], [3, 50, 31, 40], [6, 50, 47, 80])]
    apart = [_hidden(np.stack([size, one], axis=-1)[:, None]) for one in plans]
    together = _hidden(np.stack([np.stack([size, one], axis=-1) for one in plans], axis=1))
    assert (np.concatenate(apart, axis=1) == together).all()


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
    assert any(row.matched is None for row in rows)
    assert any(row.share is not None for row in rows)
    assert len({(row.attribute, row.value, row.members) for row in rows}) == len(rows) / 2  # under both plans
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


def test_gaps_against_the_definition_and_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[subgroup_gaps.__module__]
    monkeypatch.setattr(module, "_hidden", lambda counts: np.zeros(counts.shape, np.bool_))
    rows = _sample(900)
    bands = [row for row in rows if row.attribute == "stage_band" and row.plan == "procedure" and row.score]
    # Weighted by those matched, differences to the whole cancel out.
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
