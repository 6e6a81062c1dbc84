"""Cutting blocks out of an instance, and reading groups back out of what a search made of a block."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.grouping.block import Block, Ids, State, Words, empty_state
from matcher.grouping.instance import Instance
from matcher.grouping.lots import Lots
from matcher.grouping.pair_rules import affinity_of, meeting_table
from matcher.grouping.ruin import restore

NEAR = 20
"""Members whom each unit fits best, to whose groups it is drawn."""
REWARD = 3.0
"""What a place is worth to the annealing, in members' fit, besides twice the price of the worst fit: more than any
other change that one member's place makes."""


@dataclass(frozen=True, slots=True)
class Formed:
    """A group of a plan in the making, all by place.

    Attributes:
        members: ordinary members, ascending.
        leaders: facilitators.
        slot: meeting time; 0 if the spec asks for none.
        existing: which of the existing groups it is, or -1.
    """

    members: tuple[int, ...]
    leaders: tuple[int, ...]
    slot: int
    existing: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some members with their groups, to be looked at apart from all others.

    Attributes:
        members: places, ascending; whole bundles.
        groups: those there are among them.
        existing: existing groups that are dealt with here, whether they are among the groups or not.
        leaders: facilitators who may be used here.
        leader_room: how many groups each may lead here.
        leader_masks: when each may do so.
        frozen: whether each of ``groups`` must keep its time.
        most_groups: groups at most.
        most_moved: members of existing groups to be moved at most.
    """

    members: Ids
    groups: tuple[Formed, ...]
    existing: tuple[int, ...]
    leaders: Ids
    leader_room: Ids
    leader_masks: Words
    frozen: tuple[bool, ...]
    most_groups: int
    most_moved: int


def block_of(instance: Instance, part: Part) -> Block:
    """Everything about a part as dense arrays; O(m^2) scores for m members."""
    spec, members = instance.cohort.spec, part.members
    least, target, most = spec.enrolled_sizes()
    preferences, m = spec.preferences, members.size
    affinity = affinity_of(
        instance.codes, instance.cohort.rows, members, instance.cohort.scoring, spec.thresholds.pair_score - 1e-12
    )
    unit_of, unit_start, unit_members = _units(instance.bundle[members])
    label_of = {label: at for at, label in enumerate(part.existing)}
    labels = len(part.existing) + max(0, min(m // least, part.most_groups)) + 1
    group_masks = np.tile(instance.offered, (labels, 1))
    per_group = spec.facilitation.per_group
    group_leaders = np.full((labels, per_group), -1, np.int64)
    closed = np.zeros(labels, np.uint8)
    leader_at = {int(leader): at for at, leader in enumerate(part.leaders)}
    place_of = {int(member): at for at, member in enumerate(members)}
    pinned = np.full(unit_start.size - 1, -1, np.int64)
    for at, label in enumerate(part.existing):
        group_masks[at] = instance.existing.masks[label]
        group_leaders[at] = [leader_at.get(int(one), -1) for one in instance.existing.leaders[label]]
        closed[at] = instance.existing.closed[label]
        for member in instance.existing.pinned[label]:
            if member in place_of:
                pinned[unit_of[place_of[member]]] = at
    for label, group, frozen in zip(_labels(part), part.groups, part.frozen, strict=True):
        if frozen:
            group_masks[label, : instance.slot_words] = 0
            group_masks[label, group.slot >> 6] = np.uint64(1 << (group.slot & 63))
    own = instance.leaders.member[part.leaders]
    return Block(
        affinity,
        np.ascontiguousarray(instance.masks[members]),
        instance.mixes.lone[members],
        np.ascontiguousarray(instance.mixes.codes[members]),
        instance.mixes.kind,
        instance.mixes.weight,
        instance.mixes.share,
        unit_of,
        unit_start,
        unit_members,
        np.array([label_of.get(int(label), -1) for label in instance.home[members]], np.int64),
        pinned,
        _near(affinity, unit_of, unit_start, unit_members),
        np.ascontiguousarray(part.leader_masks),
        meeting_table(instance.codes, instance.leaders.person[part.leaders], members),
        meeting_table(instance.codes, instance.leaders.person[part.leaders], instance.leaders.person[part.leaders]),
        part.leader_room.astype(np.int64),
        np.array([place_of.get(int(member), -1) for member in own], np.int64),
        instance.overlap,
        group_masks,
        group_leaders,
        closed,
        np.array(
            [
                least,
                target,
                most,
                part.most_groups,
                per_group,
                part.most_moved,
                len(part.existing),
                instance.slot_words,
            ],
            np.int64,
        ),
        np.array(
            [
                preferences.worst,
                preferences.size,
                preferences.churn,
                spec.thresholds.member_fit,
                REWARD + 2 * preferences.worst,
            ]
        ),
    )


def _units(bundle: Ids) -> tuple[Ids, Ids, Ids]:
    """Unit of each member, where each unit begins, members by unit; a bundle is one unit, everybody else is another."""
    keys = [(-1, at) if number < 0 else (int(number), -1) for at, number in enumerate(bundle)]
    number_of: dict[tuple[int, int], int] = {}
    unit_of = np.array([number_of.setdefault(key, len(number_of)) for key in keys], np.int64)
    order = np.argsort(unit_of, kind="stable").astype(np.int64)
    starts = np.zeros(len(number_of) + 1, np.int64)
    starts[1:] = np.cumsum(np.bincount(unit_of, minlength=len(number_of)))
    return unit_of, starts, order


def _near(affinity: npt.NDArray[np.float64], unit_of: Ids, unit_start: Ids, unit_members: Ids) -> Ids:
    first = unit_members[unit_start[:-1]]
    width = max(1, min(NEAR, affinity.shape[0] - 1))
    table = affinity[first]
    table[unit_of[None, :] == np.arange(first.size)[:, None]] = -2.0
    if width < table.shape[1]:
        nearest = np.argpartition(-table, width - 1, axis=1)[:, :width]
    else:
        nearest = np.tile(np.arange(table.shape[1]), (first.size, 1))
    return np.where(np.take_along_axis(table, nearest, axis=1) >= 0.0, nearest, -1).astype(np.int64)


def _labels(part: Part) -> list[int]:
    """The label of each of the part's groups: existing ones first, then new ones in their order."""
    label_of = {label: at for at, label in enumerate(part.existing)}
    fresh = itertools.count(len(part.existing))
    return [label_of[group.existing] if group.existing >= 0 else next(fresh) for group in part.groups]


def state_of(block: Block, part: Part, lots: Lots) -> State:
    """The state in which the part's groups stand and everybody else waits."""
    state = empty_state(block, lots)
    place_of = {int(member): at for at, member in enumerate(part.members)}
    leader_at = {int(leader): at for at, leader in enumerate(part.leaders)}
    group_of, leaders, slots = state.group_of.copy(), state.leaders.copy(), state.slot.copy()
    for label, group in zip(_labels(part), part.groups, strict=True):
        group_of[[place_of[member] for member in group.members]] = label
        leaders[label] = [leader_at[leader] for leader in group.leaders]
        slots[label] = group.slot
    restore(block, state, group_of, leaders, slots)
    return state


def groups_of(part: Part, group_of: Ids, leaders: Ids, slots: Ids) -> tuple[Formed, ...]:
    """The groups of a kept plan of a block, in the numbers of the instance."""
    found: dict[int, list[int]] = {}
    for at in np.flatnonzero(group_of >= 0).tolist():
        found.setdefault(int(group_of[at]), []).append(int(part.members[at]))
    return tuple(
        Formed(
            tuple(members),
            tuple(int(part.leaders[one]) for one in leaders[label]),
            int(slots[label]),
            part.existing[label] if label < len(part.existing) else -1,
        )
        for label, members in sorted(found.items())
    )


def whole(instance: Instance, groups: Sequence[Formed] = ()) -> Part:
    """Everybody as one part."""
    spec = instance.cohort.spec
    leaders = np.arange(len(instance.leaders.names), dtype=np.int64)
    members = np.array([at for at in range(instance.n) if at not in instance.shut_out], np.int64)
    lost = sum(int(instance.home[at]) >= 0 for at in instance.shut_out)  # moved in any plan
    return Part(
        members,
        tuple(groups),
        tuple(range(len(instance.existing.members))),
        leaders,
        instance.leaders.room,
        instance.leaders.masks,
        tuple(False for _ in groups),
        instance.n if spec.most_groups is None else spec.most_groups,
        instance.n if spec.churn is None else max(0, spec.churn - lost),
    )
