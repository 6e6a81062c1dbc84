"""How long does one request take in process, against one raw flat scan of the same members?

The scan is ``faiss.IndexFlatIP`` over the 129-dimensional item vectors, k=100, one thread: no rules, no exact score,
no reasons. Ours is all of ``recommend_buddies``: rules, search, exact score, a second check of every rule, reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks.community import DAY, RARE_LANGUAGE, Insides, drawn, weights_for
from benchmarks.measuring import in_turns
from benchmarks.tables import Table, ms, percent, ratio, verdict
from matcher.buddies.recommend import Recommendations, recommend_buddies
from matcher.eligibility.rules import Circumstances, seeker_barriers
from matcher.index.member_index import MemberIndex
from matcher.members.vocabulary import Kind

SIZES = (100_000, 1_000_000)
K, SCAN_K = 10, 100
SEEKERS, QUICK_SEEKERS = 500, 100
RARE_SHARE = 0.057
"""Speakers of the rare language; their other rules leave each of them about 4% of everybody."""
TYPICAL_BARS = {100_000: 0.5, 1_000_000: 0.25}
FEW_BAR = 0.25
RUN = 25
"""Seekers in a row, because one scan empties the caches that a request after a request finds filled."""

Asked = tuple[str, npt.NDArray[np.float32]]


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """One table a size."""
    seekers = QUICK_SEEKERS if quick else SEEKERS
    for size in sizes or ((20_000,) if quick else SIZES):
        table = Table(
            f"One request, {size:,} members, k={K}, {seekers} seekers, against one raw flat scan, k={SCAN_K}",
            (
                "request",
                "eligible",
                "plan",
                "scored",
                "certified",
                "ours p50 ms",
                "p95 ms",
                "scan p50 ms",
                "p95 ms",
                "ratio",
                "cpu ratio",
                "bar",
            ),
            notes=(
                f"Turns of {RUN} seekers: asked of us, then of the scan. Seekers at random, of those who may ask.",
                "Ratios of medians; the cpu ratio is in processor time. A busy machine interrupts the longer of two",
                "more often, which flatters the shorter, so the bar is held against the worse of both ratios.",
            ),
        )
        index = MemberIndex.build(drawn(size), DAY)
        few = FEW_BAR if size in TYPICAL_BARS else None
        _rows(table, index, "buddy", "buddy", bar=TYPICAL_BARS.get(size), seekers=seekers)
        _rows(table, index, "mentor", "mentor", bar=few, seekers=seekers)
        del index
        index = MemberIndex.build(drawn(size, RARE_SHARE), DAY)
        _rows(table, index, "buddy, rare language", "buddy", bar=few, seekers=seekers, rare=True)
        del index
        yield table


def _rows(
    table: Table, index: MemberIndex, name: str, kind: Kind, *, bar: float | None, seekers: int, rare: bool = False
) -> None:
    faiss.omp_set_num_threads(1)
    insides = Insides(index)
    flat, scoring = insides.flat(), insides.scoring(kind)
    names = who_may_ask(index, kind, seekers, RARE_LANGUAGE if rare else None)
    items: list[Asked] = [(name, insides.query(index.seeker(name), scoring)) for name in names]
    turns = in_turns(
        {"ours": partial(_ours, index, kind), "scan": lambda item: flat.search(item[1], SCAN_K)}, items, run=RUN
    )
    ours, scan = turns.times["ours"], turns.times["scan"]
    answers: Sequence[Recommendations] = turns.answers["ours"]
    found = [index.search(index.seeker(name), K, kind, weights_for(index, kind)) for name in names]
    plans = Counter(search.top.plan for search in found)
    table.add(
        name,
        percent(float(np.median([answer.funnel.eligible for answer in answers])) / len(index)),
        ", ".join(f"{plan} {count / len(names):.0%}" for plan, count in plans.most_common()),
        f"{np.median([search.top.scored for search in found]):.0f}",
        percent(float(np.mean([answer.certified for answer in answers]))),
        ms(ours.p50),
        ms(ours.p95),
        ms(scan.p50),
        ms(scan.p95),
        ratio(ours.over(scan)),
        ratio(ours.processor_over(scan)),
        verdict(max(ours.over(scan), ours.processor_over(scan)), bar),
    )


def _ours(index: MemberIndex, kind: Kind, item: Asked) -> Recommendations:
    return recommend_buddies(index, item[0], K, kind)


def who_may_ask(index: MemberIndex, kind: Kind, count: int, language: str | None = None) -> list[str]:
    """Ids of ``count`` members at random whom no rule of their own keeps from asking.

    Those who may not ask are answered in no time and would flatter the median.
    """
    names = sorted(index.member_ids())
    at = Circumstances(index.as_of, kind, index.relations)
    chosen: list[str] = []
    for place in np.random.default_rng(1).permutation(len(names)):
        record = index.seeker(names[place]).record
        if (language is None or language in record.languages) and not seeker_barriers(record, at):
            chosen.append(record.member_id)
            if len(chosen) == count:
                break
    return chosen
