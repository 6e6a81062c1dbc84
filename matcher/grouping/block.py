"""A block: everything about some members that a search for groups looks at, as dense arrays, and the state of a search.

Heavy work runs on blocks of at most some hundreds or a thousand members: all scores of a block fit the processor's
caches, and blocks can be worked on apart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.grouping.lots import Lots

Bytes = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.int64]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

WAITING, LEADING = -1, -2
"""Instead of a group: has none; leads one."""
IMPOSSIBLE = -1e300
"""What a group is worth that breaks a hard rule."""


class Block(NamedTuple):
    """What does not change in a search. n members in u units, g labels of groups, f possible facilitators.

    A mask is a row of words: the meeting times somebody can come to, one bit each, then the languages they speak. A
    group needs a bit in common in both parts.

    Attributes:
        affinity: (n, n) scores, 0 on the diagonal, -1 where two may not be in one group.
        masks: (n, w) of members.
        lone: (n,) one bit for every attribute value that must not be alone and that the member has.
        mix: (n, r) code of the member's value for each mix rule with a price, -1 unknown.
        mix_kind: (r,) 0 alike, 1 shares.
        mix_weight: (r,) prices.
        mix_share: (r, v) target shares by code; the last column holds their sum.
        unit_of: (n,) unit of each member: who is kept together is one unit.
        unit_start: (u + 1,) where a unit's members begin in ``unit_members``.
        unit_members: (n,) members by unit.
        home: (n,) label of the existing group that a member is in, or -1.
        pinned: (u,) label that the unit must not leave, or -1.
        near: (u, k) members whom the first of the unit fits best, -1 at the end.
        leader_masks: (f, w) of facilitators.
        leader_may: (f, n) 1 where a facilitator may lead that member.
        leader_pair: (f, f) 1 where two may lead together.
        leader_room: (f,) groups that each may lead.
        leader_member: (f,) the facilitator's own place among the members, or -1.
        overlap: (s, w) mask of the meeting times that overlap each one; the part of languages is 0.
        group_masks: (g, w) what a label allows: its given time and language, or everything.
        group_leaders: (g, p) given facilitators, -1 where free.
        group_closed: (g,) 1 where nobody may join.
        limits: min, target, max size; most groups; facilitators a group; most moved; existing labels; words of times.
        prices: worst, size, churn, the floor of a member's fit, the reward for a place.
    """

    affinity: Floats
    masks: Words
    lone: Words
    mix: Ids
    mix_kind: Ids
    mix_weight: Floats
    mix_share: Floats
    unit_of: Ids
    unit_start: Ids
    unit_members: Ids
    home: Ids
    pinned: Ids
    near: Ids
    leader_masks: Words
    leader_may: Bytes
    leader_pair: Bytes
    leader_room: Ids
    leader_member: Ids
    overlap: Words
    group_masks: Words
    group_leaders: Ids
    group_closed: Bytes
    limits: Longs
    prices: Floats


MIN, TARGET, MAX, MOST_GROUPS, PER_GROUP, MOST_MOVED, EXISTING, SLOT_WORDS = range(8)
WORST, SIZE, CHURN, FLOOR, REWARD = range(5)


class State(NamedTuple):
    """Where a search stands. Every group in it keeps every hard rule.

    Attributes:
        group_of: (n,) label, ``WAITING`` or ``LEADING``.
        members: (g, max) of each group.
        place: (n,) a member's column there.
        size: (g,) members.
        within: (n,) sum of a member's scores with the others of their group.
        others: (n, w) what the label and all others of the group have in common.
        common: (g, w) what label, facilitators and all members have in common.
        allowed: (g, w) what label and facilitators allow.
        value: (g,) worth of each group, 0 for an empty one.
        leaders: (g, p) facilitators, -1 for none.
        slot: (g,) meeting time, -1 for an empty group.
        load: (f,) groups that each facilitator leads.
        waiting: (u,) units without a group, in no order.
        waiting_at: (u,) a unit's place there, or -1.
        counts: units waiting, members placed, members moved, groups.
        lots: the generator.
        numbers, sums, words: scratch, so that no step of a search makes an array: rows as named below, wide enough for
            all units twice, all codes of a mix rule, all times and all labels; words are as wide as a mask.
    """

    group_of: Ids
    members: Ids
    place: Ids
    size: Ids
    within: Floats
    others: Words
    common: Words
    allowed: Words
    value: Floats
    leaders: Ids
    slot: Ids
    load: Ids
    waiting: Ids
    waiting_at: Ids
    counts: Longs
    lots: Lots
    numbers: Ids
    sums: Floats
    words: Words


MIX_COUNTS, MIX_SEEN, MEETINGS, TOUCHED, RUINED, START, PICKED, POOL, CHOSEN, BIT, NUMBERS = range(11)
BASE, LEFT, CANDIDATES, PLANES = range(4)
DIGITS = 8
"""Rows for planes of digits, from ``PLANES`` on."""
UNITS_WAITING, PLACED, MOVED, GROUPS = range(4)


def empty_state(block: Block, lots: Lots) -> State:
    """A state in which everybody waits."""
    n, words = block.masks.shape
    units, labels = block.unit_start.size - 1, block.group_masks.shape[0]
    per_group = block.group_leaders.shape[1]
    scratch = max(2 * n + 16, block.mix_share.shape[1], 64 * words, block.leader_room.size, labels) + 1
    return State(
        np.full(n, WAITING, np.int64),
        np.full((labels, int(block.limits[MAX])), -1, np.int64),
        np.zeros(n, np.int64),
        np.zeros(labels, np.int64),
        np.zeros(n),
        np.zeros((n, words), np.uint64),
        np.zeros((labels, words), np.uint64),
        np.zeros((labels, words), np.uint64),
        np.zeros(labels),
        np.full((labels, per_group), -1, np.int64),
        np.full(labels, -1, np.int64),
        np.zeros(block.leader_room.size, np.int64),
        np.arange(units, dtype=np.int64),
        np.arange(units, dtype=np.int64),
        np.array([units, 0, int((block.home >= 0).sum()), 0], np.int64),
        lots,
        np.zeros((NUMBERS, scratch), np.int64),
        np.zeros((2, scratch)),
        np.zeros((PLANES + DIGITS, words), np.uint64),
    )
