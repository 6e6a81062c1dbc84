"""What the simple ways of forming groups look at and change, as plain arrays for compiled code."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.embedding.rows import Rows
from matcher.grouping.pair_rules import PairCodes

Ids = npt.NDArray[Any]
Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
FREE, LEADING = -1, -2
"""Instead of a group."""


class Facts(NamedTuple):
    """What does not change: n members, f facilitators; masks as in :class:`matcher.grouping.block.Block`.

    Attributes:
        codes: of the pair rules.
        rows: (n,) of FACET_ROW.
        scoring: group tables, weights, means.
        table: (n, n) scores, or (0, 0) to work each one out when it is asked for.
        masks, lone, mix, mix_kind, mix_weight, mix_share: as in a block.
        offered: (w,) times and languages that a group may have.
        overlap: (s, w) times that overlap each.
        leader_masks, leader_person, leader_room, leader_member: of the facilitators.
        sizes: smallest, wished, largest; facilitators a group (0 or 1); words of times.
        prices: of the worst fit, of a member more or less than wished.
    """

    codes: PairCodes
    rows: Rows
    scoring: Any
    table: Floats
    masks: Words
    lone: Words
    mix: Ids
    mix_kind: Ids
    mix_weight: Floats
    mix_share: Floats
    offered: Words
    overlap: Words
    leader_masks: Words
    leader_person: Ids
    leader_room: Ids
    leader_member: Ids
    sizes: npt.NDArray[np.int64]
    prices: Floats


class Plan(NamedTuple):
    """Groups in the making, g labels.

    Attributes:
        group_of, column: (n,) a member's group and place in it.
        members, pair, within: (g, max) members, their scores with each other, and those summed up.
        size, slot, leader, value: (g,) of each group.
        tongues: (g, w) what offer and facilitator allow.
        led: (f, room) labels that a facilitator leads; ``load`` counts them.
        open, spare: labels with room, and without members; their numbers and the next facilitator to try in ``at``.
        parts, joined, counted, tally: scratch, one of each for every thread.
    """

    group_of: Ids
    column: Ids
    members: Ids
    pair: Floats
    within: Floats
    size: Ids
    slot: Ids
    leader: Ids
    value: Floats
    tongues: Words
    led: Ids
    load: Ids
    open: Ids
    spare: Ids
    at: npt.NDArray[np.int64]
    parts: Floats
    joined: Floats
    counted: Ids
    tally: Ids
