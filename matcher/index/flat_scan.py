"""Scores everybody in the order in which they stand: for a seeker of whom the shelves tell nothing.

Who names no procedure has no stage either, and scores alike with all of both: every shelf has the same bound, and
nearly everybody may be one of the best. So everybody is looked at, but each in three bytes first, by steps that take no
branch which a processor could guess wrong; who may reach the best by these is looked up among the eligible, then by
topics, and scored if nothing rules that out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_in_place
from matcher.eligibility.bitsets import Words
from matcher.embedding.facets import PROCEDURE, STAGE, TOPICS
from matcher.embedding.parts import mutual_fit, part_fits
from matcher.embedding.rows import Rows, TagGroups
from matcher.index.best_of import insert, rows_on
from matcher.index.brief_codes import Codes, Given, code_tables
from matcher.index.briefs import Briefs
from matcher.index.row_bounds import tables_of, topic_bits, topics_agree

BLOCK = 4096
"""Members who are looked at by one threshold before the next ones are by a higher one."""


@compiled_in_place
def _near(
    least: float,
    begin: int,
    end: int,
    codes: Codes,
    given: Given,
    order: npt.NDArray[np.int32],
    words: Words,
    near: npt.NDArray[np.int32],
) -> int:
    """Write the eligible from ``begin`` to ``end`` who may reach ``least`` by their codes into ``near``; how many."""
    found = 0
    for place in range(begin, end):
        near[found] = place
        found += given[0, codes[0, place]] + given[1, codes[1, place]] + given[2, codes[2, place]] >= least
    eligible = 0
    for i in range(found):
        slot = order[near[i]]
        near[eligible] = near[i]
        eligible += int(words[slot >> 6] >> np.uint64(slot & 63) & np.uint64(1))
    return eligible


@compiled
def scan_flat(
    shelves: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    order: npt.NDArray[np.int32],
    briefs: Briefs,
    codes: Codes,
    words: Words,
    seeker: Rows,
    rows: Rows,
    groups: TagGroups,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
    best: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Score the eligible members on ``shelves`` for a seeker without procedure and stage.

    Args:
        shelves: (m,) shelf numbers, ascending.
        starts: where each shelf's slots begin in ``order``.
        order: slots, shelf by shelf.
        briefs: what there is to know of each first.
        codes: of the briefs.
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
    slots, scores = np.empty(total, dtype=np.int64), np.empty(total)
    near, parts = np.empty(BLOCK, dtype=np.int32), np.empty(9)
    one = seeker[0]
    tables, topics = tables_of(one, weights, means, mentoring), topic_bits(one, groups)
    given = code_tables(one, tables, weights[PROCEDURE] * means[PROCEDURE] + weights[STAGE] * means[STAGE])
    found, first = 0, 0
    while first < shelves.size:
        last = first
        while last + 1 < shelves.size and shelves[last + 1] == shelves[last] + 1:
            last += 1
        until = starts[shelves[last] + 1]
        for begin in range(starts[shelves[first]], until, BLOCK):
            for i in range(_near(best[0], begin, min(until, begin + BLOCK), codes, given, order, words, near)):
                place = near[i]
                bound = given[0, codes[0, place]] + given[1, codes[1, place]] + given[2, codes[2, place]]
                if bound < best[0]:
                    continue
                if briefs[place].topic_norm > 0.0 and topics.shape[0] > 0:
                    short = 1.0 - topics_agree(one, briefs[place], topics)
                    if bound - weights[TOPICS] * short < best[0]:
                        continue
                slot = order[place]
                part_fits(one, rows[slot], groups, mentoring, parts)
                score = mutual_fit(parts, weights, means, mentoring)
                if score >= best[0]:
                    slots[found], scores[found] = slot, score
                    found += 1
                    if score > best[0]:
                        insert(best, score)
        first = last + 1
    return slots[:found], scores[:found]
