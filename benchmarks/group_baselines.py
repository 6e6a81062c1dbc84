"""Simple ways of forming groups, as an engineer would write them in a day: greedy filling, k-means, random swaps.

All begin with the same members, spec and coded facts as ours, know every hard rule of the specs in
:mod:`benchmarks.group_specs`, and price with the same objective. Each ends in groups that break no rule.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.group_kernels import dissolve, fill, joins, open_group, put, refill, swap, tidy
from benchmarks.group_state import FREE, LEADING, Facts, Ids, Plan
from matcher.catalog import default_catalog
from matcher.embedding.encoder import Encoder
from matcher.embedding.rows import RowCoder
from matcher.grouping.cohort import gather
from matcher.grouping.draft import GroupDraft
from matcher.grouping.instance import Instance, instance_of
from matcher.grouping.lots import lots_of
from matcher.grouping.pair_rules import affinity_of
from matcher.grouping.spec import GroupSpec
from matcher.members.age import age_pool
from matcher.members.profile import MemberProfile
from matcher.members.sample import SAMPLE_DAY

TABLE_MEMBERS = 4000
"""Up to so many members all scores stand in a table."""
ABREAST = 30
"""Groups that each member chooses from in the better kind of greedy filling."""
CHUNK = 500
"""Members between two looks at the clock."""
SWAPS = 100_000
"""Tries between two looks at the clock."""
THREADS = 2
MOST_ARCS = 30_000_000
"""Members times clusters that the flow of a k-means is tried with; 100 bytes each."""


class TooLarge(Exception):
    """A way of forming groups that cannot be tried at this size; says why."""


class OutOfTime(Exception):
    """The time ended before there was a plan."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is to be grouped, until when by the monotonic clock."""

    instance: Instance
    facts: Facts
    deadline: float

    def check(self) -> None:
        if time.monotonic() > self.deadline:
            raise OutOfTime


def task_of(members: Sequence[MemberProfile], spec: GroupSpec, deadline: float) -> Task:
    """Read spec and members as our own solver does, and lay the facts out."""
    instance = instance_of(gather(members, spec, SAMPLE_DAY))
    cohort, mixes, leaders, n = instance.cohort, instance.mixes, instance.leaders, instance.n
    table = np.zeros((0, 0))
    if n <= TABLE_MEMBERS:
        table = affinity_of(instance.codes, cohort.rows, np.arange(n), cohort.scoring, 0.0)
    facts = Facts(
        instance.codes,
        cohort.rows,
        (cohort.scoring.groups, cohort.scoring.weights, cohort.scoring.means),
        table,
        instance.masks,
        mixes.lone,
        mixes.codes,
        mixes.kind,
        mixes.weight,
        mixes.share,
        instance.offered,
        instance.overlap,
        leaders.masks,
        leaders.person,
        leaders.room,
        leaders.member,
        np.array([*spec.enrolled_sizes(), spec.facilitation.per_group, instance.slot_words]),
        np.array([spec.preferences.worst, spec.preferences.size]),
    )
    return Task(instance, facts, deadline)


def nothing_yet(facts: Facts) -> Plan:
    """A plan without groups."""
    n, words = facts.masks.shape
    most = int(facts.sizes[2])
    labels, leaders = n // 2 + 1, facts.leader_room.size
    return Plan(
        np.full(n, FREE, np.int32),
        np.zeros(n, np.int32),
        np.zeros((labels, most), np.int32),
        np.zeros((labels, most, most)),
        np.zeros((labels, most)),
        np.zeros(labels, np.int32),
        np.zeros(labels, np.int32),
        np.full(labels, -1, np.int32),
        np.zeros(labels),
        np.zeros((labels, words), np.uint64),
        np.zeros((leaders, int(facts.leader_room.max(initial=1))), np.int32),
        np.zeros(leaders, np.int32),
        np.zeros(labels, np.int32),
        np.arange(labels, dtype=np.int32),
        np.array([0, labels, 0]),
        *_scratch(facts),
    )


def _scratch(facts: Facts) -> tuple[Any, ...]:
    slots, most = 64 * int(facts.sizes[4]), int(facts.sizes[2])
    return np.zeros(9), np.zeros(most), np.zeros(facts.mix_share.shape[1], np.int32), np.zeros(slots, np.int32)


def by_id(task: Task) -> Ids:
    """Members by id; who may lead comes last, so as to be free when a facilitator is needed."""
    return _mentors_last(task, np.arange(task.instance.n))


def by_kind(task: Task) -> Ids:
    """Members by language, age pool, family, procedure and stage, so that neighbours are alike; mentors last."""
    cells, rows = cells_of(task), task.instance.cohort.rows
    return _mentors_last(task, np.lexsort((rows["u"], rows["band"], rows["procedure"], rows["family"], cells)))


def _mentors_last(task: Task, order: npt.NDArray[Any]) -> Ids:
    leads = np.zeros(task.instance.n, np.bool_)
    leads[task.facts.leader_member[task.facts.leader_member >= 0]] = True
    return np.concatenate((order[~leads[order]], order[leads[order]])).astype(np.int32)


def cells_of(task: Task) -> npt.NDArray[np.int64]:
    """(n,) number of each member's first language and age pool."""
    cohort = task.instance.cohort
    keys = [(one.languages[0].split("-")[0], age_pool(one.birth_year, cohort.as_of)) for one in cohort.members]
    number = {key: at for at, key in enumerate(sorted(set(keys)))}
    return np.array([number[key] for key in keys])


def greedy(task: Task, order: Ids, abreast: int) -> Plan:
    """Fill groups up to the size that is wished, then clean up."""
    plan = nothing_yet(task.facts)
    _in_chunks(task, fill, plan, order, abreast, int(task.facts.sizes[1]))
    finish(task, plan, order)
    return plan


def finish(task: Task, plan: Plan, order: Ids) -> None:
    """Undersized groups dissolved, everybody without a place refilled, what is left filled into groups of its own."""
    facts = task.facts
    for again in range(4):
        tidy(facts, plan)
        _in_chunks(task, refill, plan, order)
        if again < 3:
            _in_chunks(task, fill, plan, order, 1, int(facts.sizes[again % 2 + 1]))
    tidy(facts, plan)


def _in_chunks(task: Task, work: Any, plan: Plan, order: Ids, *more: int) -> None:
    for first in range(0, order.size, CHUNK):
        work(task.facts, plan, order, first, min(order.size, first + CHUNK), *more)
        task.check()


def greedily(task: Task, kind: bool = False, abreast: int = 1) -> Plan:
    """Greedy filling by id or by kind."""
    return greedy(task, by_kind(task) if kind else by_id(task), abreast)


def swapping(task: Task, seed: int = 0) -> Plan:
    """The best greedy plan, then random swaps that gain, in two threads, each with its half of the groups a time."""
    plans = []
    for kind in (True, False):
        for abreast in (ABREAST, 1):
            try:
                plans.append(greedily(task, kind, abreast))
            except OutOfTime:
                break
    if not plans:
        raise OutOfTime
    plan = max(plans, key=worth_of)
    del plans
    rng = np.random.default_rng(seed)
    lots = [lots_of(seed, number) for number in range(THREADS)]
    own = [
        plan._replace(**dict(zip(("parts", "joined", "counted", "tally"), _scratch(task.facts), strict=True)))
        for _ in lots
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        while time.monotonic() < task.deadline:
            side = rng.integers(THREADS, size=plan.size.size + 1)
            of = side[plan.group_of]  # those without a place, -1, are all on the last one's side
            halves = [
                np.flatnonzero((of == number) & (plan.group_of != LEADING)).astype(np.int32)
                for number in range(THREADS)
            ]
            ends = [pool.submit(_swap_for, task, *half) for half in zip(own, halves, lots, strict=True)]
            for end in ends:
                end.result()
    return plan


def _swap_for(task: Task, plan: Plan, movers: Ids, lots: npt.NDArray[np.uint64]) -> None:
    until = min(task.deadline, time.monotonic() + 0.5)
    while movers.size > 1 and time.monotonic() < until:
        swap(task.facts, plan, movers, min(SWAPS, 50 * movers.size), lots)


def worth_of(plan: Plan) -> tuple[int, float]:
    """Members placed and the total."""
    return int((plan.group_of >= 0).sum()), float(plan.value[plan.size > 0].sum())


def clustered(task: Task) -> Plan:
    """K-means with sizes in each cell of language and age, on vectors whose inner products bound scores; repaired."""
    vectors, cells = _vectors(task), cells_of(task)
    least, target, most, _, _ = task.facts.sizes.tolist()
    sizes = np.bincount(cells)
    arcs = int(sizes.max()) * round(sizes.max() / target)
    if arcs > MOST_ARCS:
        raise TooLarge(f"its flow in the largest cell has {arcs / 1e6:,.0f} million arcs, some {arcs / 1e7:,.0f} GB")
    plan, order = nothing_yet(task.facts), by_kind(task)
    for cell in np.flatnonzero(sizes >= least).tolist():
        own = np.flatnonzero(cells == cell)
        clusters = min(max(1, round(own.size / target)), own.size // least)
        for cluster in _clusters(vectors[own], clusters, least, max(most, -(-own.size // clusters))):
            _adopt(task, plan, own[cluster].astype(np.int32))
        task.check()
    finish(task, plan, order)
    return plan


def _vectors(task: Task) -> npt.NDArray[np.float64]:
    """(n, 129) whose inner products are near the score: each coordinate the geometric mean of both sides' vectors."""
    cohort = task.instance.cohort
    encoder = Encoder.fit(cohort.rows, default_catalog(), RowCoder(default_catalog()).groups())
    items = encoder.items(cohort.rows).astype(np.float64)
    scoring = cohort.scoring
    asked = [
        encoder.query(cohort.rows[i : i + 1], scoring.weights, scoring.means, False) for i in range(cohort.rows.size)
    ]
    vectors: npt.NDArray[np.float64] = np.sign(items) * np.sqrt(np.abs(items * np.array(asked)))
    return vectors


def _clusters(vectors: npt.NDArray[np.float64], count: int, least: int, most: int) -> Iterator[npt.NDArray[np.int64]]:
    from k_means_constrained import KMeansConstrained

    if count == 1:
        yield np.arange(len(vectors))
        return
    found = KMeansConstrained(count, size_min=least, size_max=most, n_init=1, random_state=0).fit_predict(vectors)
    for label in range(count):
        yield np.flatnonzero(found == label)


def _adopt(task: Task, plan: Plan, cluster: Ids) -> None:
    """A group of those of a cluster who may be together; the others wait. Whoever is least free decides nothing."""
    facts = task.facts
    slot_words, most = int(facts.sizes[4]), int(facts.sizes[2])
    times = [sum(int(word).bit_count() for word in facts.masks[i, :slot_words].tolist()) for i in cluster.tolist()]
    order = cluster[np.argsort(-np.array(times), kind="stable")]
    g = -1
    for i in order.tolist():
        if plan.group_of[i] == FREE and g < 0:
            g = open_group(facts, plan, i, cluster)
        elif plan.group_of[i] == FREE and plan.size[g] < most and joins(facts, plan, g, -1, i):
            put(facts, plan, g, plan.size[g], i)
    if g >= 0 and plan.size[g] < 2:
        dissolve(facts, plan, g)


WAYS = {
    "greedy, by id": greedily,
    "greedy, by procedure and stage": lambda task: greedily(task, kind=True),
    "greedy, 30 groups abreast": lambda task: greedily(task, kind=True, abreast=ABREAST),
    "k-means, sizes kept, repaired": clustered,
    "random swaps from greedy": swapping,
}
"""By name."""


def drafts_of(task: Task, plan: Plan) -> list[GroupDraft]:
    """The groups of a plan as members know them."""
    instance, facts = task.instance, task.facts
    drafts = []
    for number, g in enumerate(np.flatnonzero(plan.size > 0).tolist()):
        members = plan.members[g, : plan.size[g]]
        words = np.bitwise_and.reduce(facts.masks[members], axis=0) & plan.tongues[g]
        bits = [int(word) for word in words[instance.slot_words :]]
        language = next(tag for bit, tag in enumerate(instance.languages) if bits[bit >> 6] >> (bit & 63) & 1)
        drafts.append(
            GroupDraft(
                f"group-{number + 1:05d}",
                tuple(sorted(instance.cohort.members[i].member_id for i in members.tolist())),
                () if plan.leader[g] < 0 else (instance.leaders.names[plan.leader[g]],),
                language,
                None if instance.times is None else instance.times.slots[int(plan.slot[g])],
            )
        )
    return drafts
