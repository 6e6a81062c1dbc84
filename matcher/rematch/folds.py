"""Folds of outcomes for cross-validation in which no member is on both sides."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from matcher.rematch.outcomes import Outcomes


def folds_of(outcomes: Outcomes, folds: int, rng: np.random.Generator) -> list[tuple[Outcomes, Outcomes]]:
    """(training, test) outcomes; folds that lack either kind of outcome on either side are left out.

    Members who hang together by their ties are dealt to one fold together. Where so many do that a fold could not hold
    them, they are dealt one by one, and ties across folds are in no test; a training side never names a member of its
    test side.
    """
    if not len(outcomes):
        return []
    people, ends = np.unique(outcomes.members, return_inverse=True)
    ends = ends.reshape(-1, 2)
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(people.size, people.size))
    count, part = connected_components(links, directed=False)
    sizes = np.bincount(part, minlength=count)
    large = sizes[part] > max(2, people.size // (2 * folds))
    label = rng.permutation(count)[part] % folds
    label[large] = rng.permutation(int(large.sum())) % folds
    found = []
    for fold in range(folds):
        inside = label[ends] == fold
        train, test = outcomes.of(~inside.any(1)), outcomes.of(inside.all(1))
        if all(side.well.any() and not side.well.all() for side in (train, test)):
            found.append((train, test))
    return found
