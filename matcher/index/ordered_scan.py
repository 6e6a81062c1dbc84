"""Scores shelves in falling order of their bounds until none can beat the k-th best: the fewest exact scores for a
top k."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_short
from matcher.eligibility.bitsets import Words
from matcher.embedding.parts import mutual_fit, part_fits
from matcher.embedding.rows import Rows, TagGroups
from matcher.index.best_of import insert, rows_on
from matcher.index.bounds import KEYS_A_PROCEDURE, procedure_parts
from matcher.index.briefs import Briefs
from matcher.index.row_bounds import may_reach, row_bound, tables_of, topic_bits


@compiled_short
def scan_slots(
    slots: npt.NDArray[np.int64],
    seeker: Rows,
    rows: Rows,
    groups: TagGroups,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
    k: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], float]:
    """Score ``slots`` in any order, but those that their bound keeps out of the best k.

    Returns:
        Slots scored, their scores, and the highest bound of a slot that was passed over, -1 if none was.
    """
    best = np.full(k, -1.0)
    scored = np.empty(slots.size, dtype=np.int64)
    scores = np.empty(slots.size)
    parts = np.empty(9)
    one = seeker[0]
    tables = tables_of(one, weights, means, mentoring)
    found = 0
    passed_over = -1.0
    for slot in slots:
        bound = row_bound(one, rows[slot], tables, weights, means, mentoring)
        if bound < best[0]:
            passed_over = max(passed_over, bound)
            continue
        part_fits(one, rows[slot], groups, mentoring, parts)
        score = mutual_fit(parts, weights, means, mentoring)
        scored[found], scores[found] = slot, score
        found += 1
        if score > best[0]:
            insert(best, score)
    return scored[:found], scores[:found], passed_over


@compiled
def scan_in_order(
    shelves: npt.NDArray[np.int64],
    bounds: npt.NDArray[np.float64],
    keys: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
    order: npt.NDArray[np.int32],
    briefs: Briefs,
    families: npt.NDArray[np.int16],
    domains: npt.NDArray[np.int16],
    words: Words,
    seeker: Rows,
    rows: Rows,
    groups: TagGroups,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
    best: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Score the eligible members on ``shelves``, best bound first, and stop where no later shelf can matter.

    Args:
        shelves: (m,) shelf numbers, in any order.
        bounds: (shelves,) bound of every shelf.
        keys: (shelves,) their procedures and stages.
        starts: where each shelf's slots begin in ``order``.
        order: slots, shelf by shelf.
        briefs: what there is to know of each first.
        families: family of each procedure.
        domains: its domain.
        words: bit set of the eligible.
        seeker: (1,) of FACET_ROW.
        rows: (slots,) of FACET_ROW.
        groups: the vocabularies.
        weights: (8,) part weights.
        means: (8,) what unknown parts score.
        mentoring: whether peers are mentors.
        best: (k,) the best scores so far, ascending; brought up to date.

    Returns:
        Slots scored and their scores; all that reach the final ``best[0]`` are among them.
    """
    total = rows_on(shelves, starts)
    slots = np.empty(total, dtype=np.int64)
    scores = np.empty(total)
    parts = np.empty(9)
    one = seeker[0]
    tables, topics = tables_of(one, weights, means, mentoring), topic_bits(one, groups)
    procedures = procedure_parts(one, families, domains, means[0])
    found = 0
    for shelf in shelves[np.argsort(-bounds[shelves], kind="mergesort")]:
        if bounds[shelf] < best[0]:
            break
        procedure = weights[0] * procedures[keys[shelf] // KEYS_A_PROCEDURE]
        for place in range(starts[shelf], starts[shelf + 1]):
            slot = order[place]
            if not (words[slot >> 6] >> np.uint64(slot & 63)) & np.uint64(1):
                continue
            if not may_reach(best[0], one, procedure, briefs[place], tables, topics, weights, means, mentoring):
                continue
            part_fits(one, rows[slot], groups, mentoring, parts)
            score = mutual_fit(parts, weights, means, mentoring)
            if score >= best[0]:
                slots[found], scores[found] = slot, score
                found += 1
                if score > best[0]:
                    insert(best, score)
    return slots[:found], scores[:found]
