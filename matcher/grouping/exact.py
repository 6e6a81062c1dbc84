"""The best plan of a dozen members: every set that may be a group is looked at, and every way to divide into such sets.

About 0.1 s for twelve. A search that would take much longer is cut short, and then the best so far is as good as any.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from matcher.grouping.block import PER_GROUP, Block
from matcher.grouping.blocks import Formed, Part
from matcher.grouping.instance import Instance
from matcher.grouping.plan_search import PlanSearch

MOST_UNITS, MOST_TEAMS, MOST_MENTORS = 12, 200, 12
STEPS = 60_000
"""Of a search, half a second or two; then the best so far is as good as it gets."""


class Optimum(NamedTuple):
    """What there is to know about a small cohort.

    Attributes:
        groups: the plan with most members placed and, of those, the largest total; ``None`` if there is none.
        placed: members in it.
        total: what it is worth.
        bound: no plan has a larger total, whoever is placed; one plan has it if ``proven``.
        proven: whether all plans were looked at. If not, there may be a better one, or one at all.
        least_moved: if all plans were looked at and none keeps the churn budget: the least budget with which one does.
    """

    groups: tuple[Formed, ...] | None
    placed: int
    total: float
    bound: float
    proven: bool
    least_moved: int | None


def is_small(block: Block) -> bool:
    """Whether every plan can be looked at: few units, and few teams who could lead a group."""
    mentors = int((block.leader_member >= 0).sum())
    teams = math.comb(block.leader_room.size, int(block.limits[PER_GROUP]))
    return 0 < block.unit_start.size - 1 <= MOST_UNITS and teams <= MOST_TEAMS and mentors <= MOST_MENTORS


def best_of_all(instance: Instance, block: Block, part: Part) -> Optimum:
    """The best plan of a part that :func:`is_small`, and the largest total there is.

    Args:
        instance: what it is of.
        block: of the part.
        part: everybody.
    """
    # Here a mentor who is kept together with somebody may lead, too: then the others are not placed.
    most_led = instance.cohort.spec.facilitation.most_groups
    rooms = np.where(instance.leaders.person[part.leaders] >= 0, most_led, part.leader_room)
    search = PlanSearch(block, rooms, STEPS)
    lost = sum(int(instance.home[at]) >= 0 for at in instance.shut_out)  # moved in any plan
    churn = instance.cohort.spec.churn
    budget = search.at_home if churn is None else churn - lost
    price = search.churn * lost
    best, way, proven = search.best(budget, by_total=False)
    if best is None:
        bound, least = search.bound - price, None
        if proven:
            every = range(max(0, budget + 1), search.at_home + 1)
            least = next((lost + more for more in every if search.best(more, by_total=False)[0] is not None), None)
        return Optimum(None, 0, 0.0, bound, proven, least)
    groups = tuple(
        Formed(
            tuple(int(part.members[at]) for at in range(block.unit_of.size) if bits >> int(block.unit_of[at]) & 1),
            tuple(int(part.leaders[at]) for at in range(rooms.size) if leading >> at & 1),
            slot,
            part.existing[label] if label >= 0 else -1,
        )
        for (bits, label), (leading, slot) in zip(best, way, strict=True)
    )
    placed, total = sum(len(group.members) for group in groups), search.total
    _, _, bounded = search.best(budget, by_total=True, at_least=total)
    return Optimum(groups, placed, total - price, max(total, search.bound) - price, proven and bounded, None)
