"""For whom a plan is good, as tables: each subgroup, against everybody and against today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcher.rematch.subgroups import Gap, SubgroupRow
from service.reports.rematch_words import (
    DASH,
    HIDDEN,
    attribute_title,
    score,
    share,
    signed_points,
    signed_score,
    subgroup_words,
)


def gap_tables(rows: Sequence[SubgroupRow]) -> list[dict[str, Any]]:
    """A table an attribute; what must not be shown says so."""
    today = {(row.attribute, row.value): row for row in rows if row.plan == "incumbent"}
    attributes = dict.fromkeys(row.attribute for row in rows)
    return [
        {
            "title": attribute_title(attribute),
            "rows": [
                _line(row, today.get((row.attribute, row.value)))
                for row in rows
                if row.attribute == attribute and row.plan == "plan"
            ],
        }
        for attribute in attributes
    ]


def _line(row: SubgroupRow, before: SubgroupRow | None) -> dict[str, Any]:
    return {
        "value": subgroup_words(row.attribute, row.value),
        "members": HIDDEN if row.members is None else f"{row.members:,}",
        "share": share(row.share.value) if row.share else HIDDEN,
        "share_gap": _points(row.share),
        "today": share(before.share.value) if before is not None and before.share else HIDDEN if before else DASH,
        "score": score(row.score.value) if row.score else _no_score(row),
        "score_gap": _difference(row.score),
        "share_sure": row.share is not None and row.share.sure,
        "score_sure": row.score is not None and row.score.sure,
    }


def _no_score(row: SubgroupRow) -> str:
    return DASH if row.matched == 0 else HIDDEN


def _points(gap: Gap | None) -> str:
    if gap is None:
        return ""
    return f"{signed_points(gap.difference)} ({signed_points(gap.low)} to {signed_points(gap.high)})"


def _difference(gap: Gap | None) -> str:
    if gap is None:
        return ""
    return f"{signed_score(gap.difference)} ({signed_score(gap.low)} to {signed_score(gap.high)})"
