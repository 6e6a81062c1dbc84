"""What differs between two rematches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matcher.errors import ReadingError
from service.caller import Caller
from service.community import Community
from service.reports.rematch_diff import RunDiff, diff_runs
from service.use_cases.audit import Event, note_read
from service.use_cases.rematch_store import read_planned

MOST_TIES = 1_000
"""In one answer; the tables of both hold all."""


@dataclass(frozen=True, slots=True)
class SeenDiff:
    """What differs; ``first`` is the rematch that was asked.

    Attributes:
        kinds: counts a kind of tie.
        ties: those that are in one of the two only, the first of them.
        ties_left_out: how many more there are.
        metrics: every figure of either.
        notes: what else is not the same, in words.
    """

    kinds: list[dict[str, Any]]
    ties: list[dict[str, Any]]
    ties_left_out: int
    metrics: list[dict[str, Any]]
    notes: list[str]


def diff_rematches(community: Community, caller: Caller, first_id: str, second_id: str) -> SeenDiff:
    """Compare two rematches of the caller's. O(ties).

    Raises:
        RequestError: 404; 409 if one has no plan yet.
        ReadingError: if files of one are damaged.
    """

    def folder_now(rematch_id: str) -> Path:
        return read_planned(community, caller, rematch_id, lambda _, folder: folder)

    def compared(first: Path, second: Path) -> RunDiff:
        try:
            return diff_runs(first, second)
        except ReadingError as error:
            if (folder_now(first_id), folder_now(second_id)) == (first, second):
                raise
            raise FileNotFoundError(error.source) from None  # an erasure has replaced it, and it is read again

    def second_beside(first: Path) -> RunDiff:
        return read_planned(community, caller, second_id, lambda _, second: compared(first, second))

    found = read_planned(community, caller, first_id, lambda _, first: second_beside(first))
    for one in (first_id, second_id):
        note_read(community, Event("diff", "rematch", one))
    apart = [row for row in found.ties if row["in"] != "both"]
    return SeenDiff(
        [one._asdict() for one in found.kinds],
        apart[:MOST_TIES],
        len(apart[MOST_TIES:]),
        list(found.metrics),
        list(found.notes),
    )
