"""Weights fitted to simulated outcomes: what is known is found, and nothing is found where there is nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools

import numpy as np
import pytest

from matcher import FacetWeights, sample_members
from matcher.errors import TooLittleEvidence
from matcher.rematch.baselines import BASELINES, baseline_pairs
from matcher.rematch.everyone import FACETS, Everyone
from matcher.rematch.fitted_weights import fit_weights
from matcher.rematch.folds import folds_of
from matcher.rematch.outcomes import Outcomes

DAY = datetime.date(2026, 1, 1)
TRUE = FacetWeights(procedure=0.05, stage=0.1, topics=0.35, support=0.35, contact=0.05, interests=0.05, age=0.05)


@functools.cache
def _pairs(each: int) -> Outcomes:
    everyone = Everyone.of(sample_members(1500, seed=0, as_of=DAY), DAY)
    room = np.full((len(everyone), 2), each)
    pairs = np.unique(np.concatenate([baseline_pairs(everyone, "buddy", name, room, 0) for name in BASELINES]), axis=0)
    there, back = everyone.facet_fits(pairs[:, 0], pairs[:, 1], "buddy")
    return Outcomes("buddy", pairs.astype(np.int64), there, back, np.zeros(len(pairs), np.bool_))


def _simulated(weights: FacetWeights, seed: int, each: int = 3) -> Outcomes:
    """Ties that go well by chance, the more the higher their score under ``weights``."""
    pairs = _pairs(each)
    as_array = np.array(dataclasses.astuple(weights))
    there, back = pairs.there @ as_array, pairs.back @ as_array
    score = 2 * there * back / (there + back)
    chance = 1 / (1 + np.exp(-10 * (score - score.mean())))
    return dataclasses.replace(pairs, well=np.random.default_rng(seed).random(len(pairs)) < chance)


def _distance(one: FacetWeights, other: FacetWeights) -> float:
    return float(max(abs(getattr(one, name) - getattr(other, name)) for name in FACETS))


@pytest.mark.parametrize("seed", [0, 1])
def test_known_weights_are_found_and_foretell_better_than_the_preset(seed: int) -> None:
    found = fit_weights(_simulated(TRUE, seed), seed)
    assert found.fitted.log_loss < found.preset.log_loss - found.error
    assert found.fitted.auc > found.preset.auc
    assert found.gain == pytest.approx(found.preset.log_loss - found.fitted.log_loss)
    assert _distance(found.weights, TRUE) < 0.1
    assert _distance(FacetWeights.buddy(), TRUE) > 0.2
    assert 5 < found.slope < 20


def test_the_same_outcomes_and_seed_give_the_same_weights() -> None:
    assert fit_weights(_simulated(TRUE, 0), 3) == fit_weights(_simulated(TRUE, 0), 3)


@pytest.mark.parametrize("seed", range(4))
def test_outcomes_of_the_preset_leave_the_preset(seed: int) -> None:
    with contextlib.suppress(TooLittleEvidence):
        found = fit_weights(_simulated(FacetWeights.buddy(), seed), seed)
        assert _distance(found.weights, FacetWeights.buddy()) < 0.05


def test_outcomes_by_lot_are_refused() -> None:
    lot = dataclasses.replace(_pairs(3), well=np.random.default_rng(5).random(len(_pairs(3))) < 0.6)
    with pytest.raises(TooLittleEvidence, match="no better than the preset"):
        fit_weights(lot)


def test_too_few_outcomes_are_refused_with_their_numbers() -> None:
    everything = _simulated(TRUE, 0)
    few = everything.of(np.arange(len(everything)) < 199)
    with pytest.raises(TooLittleEvidence, match=r"there are 199 outcomes.*at least 200, 50 of either kind"):
        fit_weights(few)
    nearly_all_well = everything.of(everything.well | (np.cumsum(~everything.well) <= 49))
    with pytest.raises(TooLittleEvidence, match=r"and 49 that did not"):
        fit_weights(nearly_all_well)
    with pytest.raises(TooLittleEvidence, match="there are 0 outcomes"):
        fit_weights(everything.of(everything.well & ~everything.well))


@pytest.mark.parametrize("each", [1, 3])
def test_no_member_trains_and_tests(each: int) -> None:
    outcomes = _simulated(TRUE, 0, each)
    tested = 0
    for train, test in folds_of(outcomes, 4, np.random.default_rng(0)):
        assert not np.isin(train.members, test.members).any()
        assert len(train)
        tested += len(test)
    assert tested > len(outcomes) / 5


def test_outcomes_that_the_score_foretells_without_fail_have_a_fit() -> None:
    pairs = _pairs(3)
    well = pairs.there[:, 2] > 0.5
    found = fit_weights(dataclasses.replace(pairs, well=well))
    assert found.weights.topics > 0.8
    assert found.fitted.auc > 0.97
