"""Facet weights estimated from how ties went, held close to the preset unless the outcomes say otherwise.

The chance that a tie goes well for both is ``1 / (1 + exp(-(a + b s_w)))`` with ``s_w`` the mutual score under weights
``w``: the harmonic mean of both directed fits, so that an outcome, which takes two, is explained by what both have of
it. Fitted are ``a``, ``b >= 0`` and ``w`` on the simplex, to the mean log loss plus ``penalty * |w - preset|^2``
(logistic regression with a ridge towards a prior mean: le Cessie and van Houwelingen 1992, Applied Statistics 41), by
sequential quadratic programming (Kraft 1988; SLSQP of scipy).

The penalty is the largest whose cross-validated loss exceeds the least by no more than a standard error of the
difference (the one-standard-error rule: Hastie, Tibshirani and Friedman 2009, section 7.10). What is reported, and
decides whether weights are handed out at all, comes from an outer cross-validation around all of this, so that the
choice of the penalty flatters nothing. No member is in a fold's training and test outcomes at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

from matcher.embedding.weights import FacetWeights
from matcher.errors import TooLittleEvidence
from matcher.members.vocabulary import Kind
from matcher.rematch.everyone import FACETS, Floats
from matcher.rematch.folds import folds_of
from matcher.rematch.outcomes import Outcomes

LEAST_OUTCOMES, LEAST_EITHER = 200, 50
LEAST_TESTED, LEAST_TESTED_EITHER = 60, 15
"""Below these numbers of outcomes, in all and of those that went well and badly each, nothing is fitted."""
PENALTIES = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0)
FOLDS, INNER_FOLDS = 4, 3
STEEPEST = 200.0
"""Of ``a`` and ``b``, so that outcomes which the score tells apart without fail have a best fit, too."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a model foretells outcomes that it was not fitted to.

    Attributes:
        log_loss: mean of ``-log p`` of what happened; 0.693 for a coin.
        auc: chance that of a tie that went well and one that did not the former has the higher score; 0.5 for a coin.
    """

    log_loss: float
    auc: float


@dataclass(frozen=True, slots=True)
class FittedWeights:
    """Weights from outcomes, and what shows that they are better than the preset.

    Attributes:
        kind: of the ties.
        weights: of the facets, to four digits.
        slope: how much a point of score adds to the log odds of going well.
        penalty: what holds the weights to the preset.
        outcomes, well: ties used, and those of them that went well.
        tested: outcomes that were foretold in the cross-validation.
        fitted, preset: cross-validated; the preset with ``a`` and ``b`` of its own.
        gain, error: log loss of the preset less that of the fit, and its standard error.
    """

    kind: Kind
    weights: FacetWeights
    slope: float
    penalty: float
    outcomes: int
    well: int
    tested: int
    fitted: Quality
    preset: Quality
    gain: float
    error: float


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """``a``, ``b`` and the weights."""

    intercept: float
    slope: float
    weights: Floats

    def logits(self, outcomes: Outcomes) -> Floats:
        return self.intercept + self.slope * _mutual(outcomes, self.weights)[0]


def fit_weights(outcomes: Outcomes, seed: int = 0, progress: Callable[[float], None] | None = None) -> FittedWeights:
    """Fit weights, unless the preset of the kind does as well.

    Args:
        outcomes: what is known of past ties.
        seed: of the folds.
        progress: called with the share done.

    Returns:
        The same weights for the same outcomes and seed. Some seconds for 10,000 outcomes.

    Raises:
        TooLittleEvidence: if there are too few outcomes of either kind, too few that can be tested, or if the fitted
            weights do not beat the preset by more than one standard error.
    """
    _demand("outcomes", outcomes.well, LEAST_OUTCOMES, LEAST_EITHER)
    weights = FacetWeights.mentor() if outcomes.kind == "mentor" else FacetWeights.buddy()
    preset = np.array(dataclasses.astuple(weights))
    rng = np.random.default_rng(seed)
    wells: list[npt.NDArray[np.bool_]] = []
    foretold: tuple[list[Floats], list[Floats]] = [], []
    for number, (train, test) in enumerate(folds_of(outcomes, FOLDS, rng)):
        if progress is not None:
            progress(number / (FOLDS + 1))
        wells.append(test.well)
        for logits, penalty in zip(foretold, (_best_penalty(train, preset, rng), None), strict=True):
            logits.append(_fit(train, preset, penalty).logits(test))
    well = np.concatenate([*wells, outcomes.well[:0]])
    _demand("outcomes of two members whom no training outcome names", well, LEAST_TESTED, LEAST_TESTED_EITHER)
    losses = [_losses(well, np.concatenate(logits)) for logits in foretold]
    gains = losses[1] - losses[0]
    gain, error = float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(gains.size))
    if gain <= error:
        raise TooLittleEvidence(
            f"fitted weights foretell the outcomes no better than the preset: log loss {losses[0].mean():.4f} against "
            f"{losses[1].mean():.4f}, a gain of {gain:.4f} with a standard error of {error:.4f}",
            "a gain of more than one standard error; until then the preset",
        )
    if progress is not None:
        progress(FOLDS / (FOLDS + 1))
    chosen = _best_penalty(outcomes, preset, rng)
    final = _fit(outcomes, preset, chosen)
    aucs = [_auc(wells, logits) for logits in foretold]
    return FittedWeights(
        outcomes.kind,
        FacetWeights(**dict(zip(FACETS, np.round(final.weights, 4).tolist(), strict=True))),
        final.slope,
        chosen,
        len(outcomes),
        int(outcomes.well.sum()),
        well.size,
        Quality(float(losses[0].mean()), aucs[0]),
        Quality(float(losses[1].mean()), aucs[1]),
        gain,
        error,
    )


def _demand(what: str, well: npt.NDArray[np.bool_], least: int, either: int) -> None:
    good = int(well.sum())
    if well.size < least or min(good, well.size - good) < either:
        raise TooLittleEvidence(
            f"there are {well.size} {what}, {good} that went well and {well.size - good} that did not",
            f"at least {least}, {either} of either kind; until then the preset",
        )


def _best_penalty(outcomes: Outcomes, preset: Floats, rng: np.random.Generator) -> float:
    folds = folds_of(outcomes, INNER_FOLDS, rng)
    if not folds:
        return PENALTIES[-1]
    losses = np.array(
        [
            np.concatenate([_losses(test.well, _fit(train, preset, penalty).logits(test)) for train, test in folds])
            for penalty in PENALTIES
        ]
    )
    worse = losses - losses[losses.mean(1).argmin()]
    error = worse.std(axis=1) / np.sqrt(worse.shape[1])
    return max(penalty for penalty, good in zip(PENALTIES, worse.mean(1) <= error, strict=True) if good)


def _mutual(outcomes: Outcomes, weights: Floats) -> tuple[Floats, Floats]:
    """(n,) mutual scores, and (n, 7) their derivatives by the weights."""
    there, back = outcomes.there @ weights, outcomes.back @ weights
    total = there + back
    safe = np.where(total > 0, total, 1.0)
    score = 2 * there * back / safe
    slopes = 2 * ((back / safe) ** 2)[:, None] * outcomes.there + 2 * ((there / safe) ** 2)[:, None] * outcomes.back
    return score, slopes


def _fit(outcomes: Outcomes, preset: Floats, penalty: float | None) -> _Model:
    """The best model; without a penalty its weights are the preset's."""
    sign = np.where(outcomes.well, 1.0, -1.0)

    def loss(at: Floats) -> tuple[float, Floats]:
        weights = at[2:] if penalty is not None else preset
        score, slopes = _mutual(outcomes, weights)
        logits = at[0] + at[1] * score
        pull = -sign * expit(-sign * logits) / sign.size
        value, slope = float(np.logaddexp(0.0, -sign * logits).mean()), [pull.sum(), pull @ score]
        if penalty is None:
            return value, np.array(slope)
        off = weights - preset
        towards = at[1] * (pull @ slopes) + 2 * penalty * off
        return value + penalty * float(off @ off), np.concatenate([slope, towards])

    free = {} if penalty is None else {"constraints": {"type": "eq", "fun": _excess, "jac": _excess_slope}}
    start = np.array([0.0, 1.0]) if penalty is None else np.concatenate([[0.0, 1.0], preset])
    bounds = [(-STEEPEST, STEEPEST), (0.0, STEEPEST), *[(0.0, 1.0)] * (start.size - 2)]
    found: Any = minimize(
        loss, start, jac=True, method="SLSQP", bounds=bounds, options={"maxiter": 300, "ftol": 1e-10}, **free
    )
    weights = preset if penalty is None else np.maximum(found.x[2:], 0.0)
    return _Model(float(found.x[0]), float(found.x[1]), weights / weights.sum())


def _excess(at: Floats) -> float:
    return float(at[2:].sum() - 1.0)


def _excess_slope(at: Floats) -> Floats:
    return np.concatenate([[0.0, 0.0], np.ones(at.size - 2)])


def _losses(well: npt.NDArray[np.bool_], logits: Floats) -> Floats:
    """(n,) ``-log p`` of what happened."""
    losses: Floats = np.logaddexp(0.0, np.where(well, -logits, logits))
    return losses


def _auc(wells: list[npt.NDArray[np.bool_]], foretold: list[Floats]) -> float:
    """Mann and Whitney 1947: over all pairs of a tie that went well and one that did not, in the same fold."""
    won = pairs = 0.0
    for well, logits in zip(wells, foretold, strict=True):
        good, bad = int(well.sum()), int((~well).sum())
        won += float(rankdata(logits)[well].sum()) - good * (good + 1) / 2
        pairs += good * bad
    return won / pairs if pairs else 0.5
