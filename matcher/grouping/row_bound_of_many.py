"""The row bound of a large cohort: every member's best peers, certified without scoring every pair.

The encoder's inner products never lie below a score (:mod:`matcher.embedding.encoder`). All of them are one matrix
product, in slabs; of each row the few largest among members who may meet are scored exactly, and the largest inner
product left stands for all others.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.compilation import compiled, compiled_in_place
from matcher.embedding.encoder import ROUNDING_MARGIN, Encoder
from matcher.embedding.parts import mutual_fit, part_fits
from matcher.embedding.rows import Rows
from matcher.embedding.vectors import query_of
from matcher.grouping.block import Words
from matcher.grouping.instance import Instance
from matcher.grouping.masks import shares_both
from matcher.grouping.pair_rules import PairCodes, may_meet

SLAB = 256
LOOKED_AT = 48
"""Peers of each member that are scored exactly."""


@compiled_in_place
def _queries(items: npt.NDArray[np.float32], bands: Any, weights: Any, means: Any, margin: float, out: Any) -> None:
    for i in range(items.shape[0]):
        query = query_of(items[i], bands[i], weights, means, False, margin)
        for axis in range(query.size):
            out[i, axis] = query[axis]


@compiled_in_place
def _may_share(codes: PairCodes, masks: Words, slot_words: int, one: int, other: int) -> bool:
    """Whether two could be in one group at all: they may meet, share language, time and, if it matters, region."""
    region = codes.small[one, 6]
    if region < 0 or region != codes.small[other, 6]:
        return False
    return shares_both(masks[one], masks[other], slot_words) and may_meet(codes, one, other)


@compiled
def _slab_fits(
    bounds: npt.NDArray[np.float32],
    first: int,
    rows: Rows,
    codes: PairCodes,
    masks: Words,
    slot_words: int,
    scoring: Any,
    k: int,
    looked_at: int,
    out: npt.NDArray[np.float64],
) -> None:
    """Write the largest possible fit of members ``first`` on, given (m, n) upper bounds of their scores."""
    parts = np.empty(9)
    top, who = np.empty(looked_at, np.float32), np.empty(looked_at, np.int64)
    best = np.empty(k)
    for i in range(bounds.shape[0]):
        count = 0
        own = first + i
        row = bounds[i]
        rest = 0.0
        for j in range(row.size):
            value = float(row[j])
            if count == looked_at and value <= top[looked_at - 1]:
                rest = max(rest, value)
                continue
            if j == own or not _may_share(codes, masks, slot_words, own, j):
                continue
            if count == looked_at:
                rest = max(rest, top[looked_at - 1])
            at = min(count, looked_at - 1)
            while at > 0 and top[at - 1] < value:
                top[at], who[at] = top[at - 1], who[at - 1]
                at -= 1
            top[at], who[at] = value, j
            count = min(looked_at, count + 1)
        found = 0
        for c in range(count):
            part_fits(rows[own], rows[who[c]], scoring[0], False, parts)
            score = mutual_fit(parts, scoring[1], scoring[2], False)
            if found == k and score <= best[k - 1]:
                continue
            at = min(found, k - 1)
            while at > 0 and best[at - 1] < score:
                best[at] = best[at - 1]
                at -= 1
            best[at] = score
            found = min(k, found + 1)
        total = 0.0
        for c in range(found):
            total += max(best[c], rest) if count == looked_at else best[c]
        if found < k and count == looked_at:
            total += (k - found) * rest
        out[own] = total / k if found == k or count == looked_at else 0.0


def row_bound_of_many(instance: Instance, time_limit_s: float) -> float:
    """What no plan is worth more than; O(n^2) multiplications, some 10 s of one processor for 30,000 members.

    Args:
        instance: the cohort.
        time_limit_s: when that is over, members who were not come to count as fitting perfectly in every facet they
            filled in: the bound holds all the same.
    """
    begun = time.monotonic()
    cohort = instance.cohort
    rows, scoring, n = cohort.rows, cohort.scoring, instance.n
    encoder = Encoder.fit(rows, default_catalog(), cohort.coder.groups())
    items = encoder.items(rows)
    queries = np.empty_like(items)
    _queries(items, rows["band"].astype(np.int64), scoring.weights, scoring.means, ROUNDING_MARGIN, queries)
    fits = _perfect(instance)
    k = cohort.spec.enrolled_sizes()[0] - 1
    looked_at = max(LOOKED_AT, 2 * k)
    for first in range(0, n, SLAB):
        if time.monotonic() - begun > time_limit_s:
            break
        bounds = queries[first : first + SLAB] @ items.T
        _slab_fits(
            bounds, first, rows, instance.codes, instance.masks, instance.slot_words,
            (scoring.groups, scoring.weights, scoring.means), k, looked_at, fits,
        )  # fmt: skip
    for place in instance.shut_out:
        fits[place] = 0.0
    return float((1.0 + cohort.spec.preferences.worst) * fits.sum())


def _perfect(instance: Instance) -> npt.NDArray[np.float64]:
    """(n,) the score of each member with a peer who is like them in everything that they filled in."""
    rows, scoring = instance.cohort.rows, instance.cohort.scoring
    known = np.stack(
        [
            rows["procedure"] >= 0,
            rows["band"] >= 0,
            rows["topic_count"] > 0,
            np.ones(rows.size, np.bool_),
            rows["channels"] > 0,
            rows["cadence"] >= 0,
            rows["interest_count"] > 0,
            rows["birth_year"] > 0,
        ],
        axis=1,
    )
    found: npt.NDArray[np.float64] = np.where(known, 1.0, scoring.means) @ scoring.weights
    return found
