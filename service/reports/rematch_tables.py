"""A rematch as tables for programs and spreadsheets. Lists of members and ties are for those who act on them; tables of
figures hide every count under 11 and what would give one away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.rematch.history import Tie, works
from matcher.rematch.plan import RematchPlan
from matcher.rematch.subgroups import Gap, SubgroupRow
from matcher.rematch.suppression import SMALLEST_SHOWN, hidden_rows
from service.reports import group_tables
from service.reports.rematch_words import FACET_WORDS, kind_metrics
from service.reports.table_files import Columns

_TEXT, _COUNT, _FIGURE, _FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_TIE: Columns = {"kind": _TEXT, "member_id": _TEXT, "peer_id": _TEXT}
_STOOD: Columns = {**_TIE, "since": pa.date32(), "works": _FLAG, "protected": _FLAG}
_GAP = ("value", "difference", "low", "high")
COLUMNS: dict[str, Columns] = {
    "ties": {**_TIE, "score": _FIGURE, "standing": _TEXT, "protected": _FLAG},
    "broken": _STOOD,
    "void": {**_STOOD, "rules": _TEXT},
    "unmatched": {"kind": _TEXT, "member_id": _TEXT, "why": _TEXT, "score_rise": _FIGURE, "eligible": _COUNT},
    "triads": {
        "joiner_id": _TEXT, "member_id": _TEXT, "peer_id": _TEXT, "score_with_member": _FIGURE,
        "score_with_peer": _FIGURE,
    },
    "changes": {"kind": _TEXT, "member_id": _TEXT, "change": _TEXT},
    "metrics": {
        "plan": _TEXT, "kind": _TEXT, "ties": _COUNT, "matched": _COUNT, "could": _COUNT, "matched_share": _FIGURE,
        "score_mean": _FIGURE, "score_median": _FIGURE, "score_tenth": _FIGURE, "score_worst_tenth": _FIGURE,
        "exposure_gini": _FIGURE, "most_partners": _COUNT, "blocking_pairs": _COUNT, "gap": _FIGURE, "broken": _COUNT,
        "churn": _FIGURE, **{f"fit_{facet}": _FIGURE for facet in FACET_WORDS},
    },
    "distribution": {"plan": _TEXT, "kind": _TEXT, "score_from": _FIGURE, "score_to": _FIGURE, "ties": _COUNT},
    "subgroups": {
        "attribute": _TEXT, "value": _TEXT, "kind": _TEXT, "plan": _TEXT, "members": _COUNT, "matched": _COUNT,
        **{f"{figure}_{part}": _FIGURE for figure in ("share", "score") for part in _GAP},
        "share_sure": _FLAG, "score_sure": _FLAG,
    },
    "churn_curve": {
        "limit": _COUNT, "broken": _COUNT, "pairs": _COUNT, "score": _FIGURE, "worth": _FIGURE, "objective": _FIGURE,
        "bound": _FIGURE, "multiplier": _FIGURE, "is_plan": _FLAG,
    },
}  # fmt: skip
GROUP_TABLES = {f"groups_{name}" if name != "groups" else "groups": name for name in group_tables.TABLES}
"""Tables of the groups, if they were asked for, and what the command ``group`` calls them."""


def tables_of(plan: RematchPlan) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The name and the rows of each table, one after the other; those of the groups are apart. O(ties)."""
    for name, make in _TABLES.items():
        yield name, make(plan)


def _ties(plan: RematchPlan) -> list[dict[str, Any]]:
    return [
        {"kind": tie.kind, "member_id": tie.member_id, "peer_id": tie.peer_id, "score": tie.score,
         "standing": tie.standing, "protected": tie.protected}
        for tie in plan.ties
    ]  # fmt: skip


def _unmatched(plan: RematchPlan) -> list[dict[str, Any]]:
    return [
        {"kind": one.kind, "member_id": one.member_id, "why": one.why, "score_rise": one.score_rise,
         "eligible": one.eligible}
        for one in plan.unmatched
    ]  # fmt: skip


def _triads(plan: RematchPlan) -> list[dict[str, Any]]:
    return [
        {"joiner_id": triad.joiner_id, "member_id": triad.member_id, "peer_id": triad.peer_id,
         "score_with_member": triad.scores[0], "score_with_peer": triad.scores[1]}
        for triad in plan.triads
    ]  # fmt: skip


def _changes(plan: RematchPlan) -> list[dict[str, Any]]:
    return [
        {"kind": one.kind, "member_id": member, "change": change}
        for one in plan.diff.kinds
        for change, members in (("gains", one.gain), ("loses", one.lose), ("changes", one.change))
        for member in members
    ]


def _stood(tie: Tie) -> dict[str, Any]:
    return {
        "kind": tie.kind, "member_id": tie.member_id, "peer_id": tie.peer_id, "since": tie.since,
        "works": works(tie), "protected": tie.protected,
    }  # fmt: skip


def _metrics(plan: RematchPlan) -> list[dict[str, Any]]:
    return [
        {
            "plan": name, "kind": kind, "ties": row.ties, "matched": row.matched, "could": row.could,
            "matched_share": row.matched_share, "score_mean": row.mean, "score_median": row.median,
            "score_tenth": row.tenth, "score_worst_tenth": row.worst_tenth, "exposure_gini": row.gini,
            "most_partners": row.most, "blocking_pairs": row.blocking, "gap": row.gap, "broken": row.broken,
            "churn": row.churn, **{f"fit_{facet}": row.facets.get(facet) for facet in FACET_WORDS},
        }
        for name, kinds in kind_metrics(plan).items()
        for kind, row in kinds.items()
    ]  # fmt: skip


def _distribution(plan: RematchPlan) -> list[dict[str, Any]]:
    return [
        {"plan": name, "kind": kind, "score_from": low, "score_to": high, "ties": count}
        for name, kinds in kind_metrics(plan).items()
        for kind, row in kinds.items()
        if kind != "all"  # which less the one kind would tell small counts of the other
        for low, high, count in pooled(row.histogram)
    ]


def pooled(histogram: Sequence[int], least: int = SMALLEST_SHOWN) -> list[tuple[float, float, int]]:
    """A histogram over 0 to 1 without counts from 1 to 10: such bins go with the next ones, the last with the one
    before; none is left if there are under 11 altogether.

    Returns:
        Lower edge, upper edge and count of each bin that counts any.
    """
    width = 1 / max(1, len(histogram))
    found: list[tuple[float, float, int]] = []
    first, count = 0, 0
    for place, here in enumerate(histogram):
        if not count:
            first = place
        count += here
        if count >= least:
            found.append((first * width, (place + 1) * width, count))
            count = 0
    if count and found:
        low, _, before = found.pop()
        last = max(place for place, here in enumerate(histogram) if here)
        found.append((low, (last + 1) * width, before + count))
    return [(round(low, 6), round(high, 6), count) for low, high, count in found]


def _subgroup(kind: str, row: SubgroupRow) -> dict[str, Any]:
    return {
        "attribute": row.attribute, "value": row.value, "kind": kind, "plan": row.plan, "members": row.members,
        "matched": row.matched, **_gap("share", row.share), **_gap("score", row.score),
    }  # fmt: skip


def _gap(figure: str, gap: Gap | None) -> dict[str, Any]:
    known = {f"{figure}_{part}": None if gap is None else getattr(gap, part) for part in _GAP}
    return known | {f"{figure}_sure": None if gap is None else gap.sure}


def _curve(plan: RematchPlan) -> list[dict[str, Any]]:
    return [
        {
            "limit": point.limit, "broken": point.broken, "pairs": point.pairs, "score": point.score / WEIGHT_SCALE,
            "worth": point.worth / WEIGHT_SCALE, "objective": point.objective / WEIGHT_SCALE,
            "bound": point.bound / WEIGHT_SCALE, "multiplier": point.multiplier / WEIGHT_SCALE,
            "is_plan": point.limit == plan.churn.plan.limit,
        }
        for point in plan.churn.points
    ]  # fmt: skip


_TABLES: dict[str, Callable[[RematchPlan], list[dict[str, Any]]]] = {
    "ties": _ties,
    "broken": lambda plan: [_stood(tie) for tie in plan.broken],
    "void": lambda plan: [_stood(one.tie) | {"rules": "; ".join(one.rules)} for one in plan.void],
    "unmatched": _unmatched,
    "triads": _triads,
    "changes": _changes,
    "metrics": _metrics,
    "distribution": _distribution,
    "subgroups": lambda plan: [_subgroup(kind, row) for kind, rows in plan.subgroups.items() for row in rows],
    "churn_curve": _curve,
}


def shown_counts(words: Iterable[str], apart: str | None = None) -> dict[str, int | None]:
    """How often each word comes, the commonest first, then those whose number is hidden because it is under 11 or would
    give such a number away; these in the order of the alphabet, which tells nothing. Nothing if there are under 11
    words.

    Args:
        words: each as often as it comes.
        apart: a word whose number may follow from figures that are shown elsewhere. So it hides no other.
    """
    found = sorted(Counter(words).items(), key=lambda item: (item[1], item[0]))
    counts = np.array([count for _, count in found], dtype=np.int64)
    if counts.sum() < SMALLEST_SHOWN:
        return {}
    others = np.array([word != apart for word, _ in found])
    hidden = np.zeros(len(found), np.bool_)
    hidden[others] = hidden_rows(counts[others])
    hidden = hidden_rows(counts, hidden)
    told = {word: None if hide else count for (word, count), hide in zip(found, hidden, strict=True)}
    return dict(sorted(told.items(), key=lambda item: (item[1] is None, -(item[1] or 0), item[0])))
