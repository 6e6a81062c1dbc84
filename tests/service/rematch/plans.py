"""Plans made by hand, and a community with a history, for tests of their files."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from matcher import MemberProfile
from matcher.rematch.baselines import baseline_pairs
from matcher.rematch.diff import Diff, KindDiff
from matcher.rematch.everyone import FACETS, Everyone
from matcher.rematch.history import Tie
from matcher.rematch.measuring import SCORE_BINS, Metrics
from matcher.rematch.plan import (
    Certificate,
    ChurnCurve,
    ChurnPoint,
    PlannedTie,
    RematchPlan,
    Triad,
    Unmatched,
    VoidTie,
)
from matcher.rematch.subgroups import Gap, SubgroupRow
from service.reports.rematch_files import RematchInputs
from service.reports.whole_folder import Origin
from tests.service.conftest import AS_OF

INPUTS = RematchInputs(Origin("members.csv", "aa"), Origin("history.csv", "bb"), Origin("rematch.toml", "cc"))


def metrics(kind: Any, mean: float, matched: int, **changed: Any) -> Metrics:
    """Figures around a mean score; ``matched`` of 100 have somebody."""
    histogram = [0] * SCORE_BINS
    histogram[int(mean * SCORE_BINS)] = matched // 2
    row = Metrics(
        kind, matched // 2, matched, 100, matched / 100, mean, mean + 0.01, mean - 0.2, mean - 0.25,
        dict.fromkeys(FACETS, mean), tuple(histogram), 1 - matched / 100, 1, 12, 0.01, 3, 0.25,
    )  # fmt: skip
    return dataclasses.replace(row, **changed)


def point(limit: int | None, broken: int, pairs: int, score: int) -> ChurnPoint:
    """A point of a curve whose plan is 1% below its bound."""
    return ChurnPoint(limit, broken, pairs, score, score, score, score * 100 // 99, 0)


def subgroup(value: str, plan: str, members: int | None, matched: int | None, difference: float | None) -> SubgroupRow:
    """A row of a table by role; no difference, nothing to show."""
    gap = None
    if difference is not None:
        gap = Gap(0.7 + difference, difference, difference - 0.05, difference + 0.05, abs(difference) > 0.05)
    return SubgroupRow("role", value, plan, members, matched, gap, gap)


def a_plan(**changed: Any) -> RematchPlan:
    """A plan of 120 members: 40 buddy pairs, half of them kept, and a mentor."""
    pairs = tuple(
        PlannedTie("buddy", f"a{at:03}", f"b{at:03}", 0.5 + at / 100, "kept" if at % 2 else "new", at == 1)
        for at in range(40)
    )
    broken = (Tie("buddy", "a000", "b002", since=AS_OF), Tie("buddy", "a004", "c001"), Tie("mentor", "c002", "a005"))
    own = point(5, 3, 41, 26_000_000)
    rows = {
        name: (metrics("buddy", mean, matched), metrics("mentor", mean, 40), metrics("all", mean, matched))
        for name, mean, matched in (
            ("stage", 0.5, 78), ("plan", 0.7, 80), ("incumbent", 0.6, 50), ("random", 0.4, 79), ("procedure", 0.65, 79),
        )
    }  # fmt: skip
    plan = RematchPlan(
        as_of=AS_OF, seed=3, config_hash="c0ffee", members_hash="3e3b", history_hash="5bec", versions=(("numpy", "2"),),
        members=120, reproducible=True, pairs=pairs, mentors=(PlannedTie("mentor", "c003", "a007", 0.9, "new"),),
        triads=(Triad("c004", "a001", "b001", (0.5, 0.25)),), groups=None, left_groups=(),
        unmatched=(
            *(Unmatched("mentor", f"u{at:03}", "outcompeted", 0.1, at) for at in range(20)),
            *(Unmatched("mentor", f"u{at:03}", "no_candidates", None, 0) for at in range(20, 33)),
        ),
        void=(VoidTie(Tie("buddy", "a009", "gone1"), ("gone",)), VoidTie(Tie("buddy", "a011", "b012"), ("block",))),
        broken=broken,
        certificates=(
            Certificate(
                "buddy", "coverage", 40, 25_000_000, 25_100_000, 300_000, 38_000_000, 40_000_000, 0.02, "feasible"
            ),
            Certificate("mentor", "total", 1, 900_000, 900_000, 0, 900_000, 950_000, 0.0, "optimal"),
        ),
        churn=ChurnCurve(23, 1, own, (point(0, 0, 38, 24_000_000), own, point(None, 9, 41, 27_000_000))),
        metrics=rows,
        subgroups={
            "buddy": (
                subgroup("patient", "plan", 60, 45, 0.06), subgroup("caregiver", "plan", 40, None, None),
                subgroup("patient", "incumbent", 60, 30, 0.01), subgroup("caregiver", "incumbent", 40, 0, None),
            )
        },
        diff=Diff(
            (
                KindDiff("buddy", 20, 20, 2, 2, ("a000",), (), ("a002",)),
                KindDiff("mentor", 0, 1, 1, 0, (), ("c002",), ()),
            ),
            ("a000", "a002", "c002"),
        ),
        timings={"pairing": 1.0},
    )  # fmt: skip
    return dataclasses.replace(plan, **changed)


def write_history(path: Path, ties: Iterable[Tie]) -> None:
    """Ties as a CSV that the command reads."""
    names = ("kind", "member_id", "peer_id", "state", "since", "until", "protected")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for tie in ties:
            writer.writerow(["" if getattr(tie, name) is None else getattr(tie, name) for name in names])


def some_history(members: list[MemberProfile]) -> list[Tie]:
    """Buddies by lot for most who could have one: in force, young, protected, declined; and one who is gone."""
    everyone, lots = Everyone.of(members, AS_OF), random.Random(3)
    room = np.ones((len(members), 2), dtype=np.int64)
    found = [Tie("buddy", "gone1", members[0].member_id, since=datetime.date(2025, 3, 1))]
    for one, other in baseline_pairs(everyone, "buddy", "random", room, 5).tolist():
        ids, day = (
            (everyone.member_ids[one], everyone.member_ids[other]),
            AS_OF - datetime.timedelta(lots.randrange(300)),
        )
        state = lots.choices(["current", "declined", "ended"], [6, 1, 1])[0]
        if state == "current":
            found.append(Tie("buddy", *ids, since=day, protected=lots.random() < 0.05))
        else:
            found.append(Tie("buddy", *ids, "declined" if state == "declined" else "ended", until=day))
    return found
