"""What each part of a divided cohort may use: its groups and existing groups, facilitators, and shares of the budgets.

Nothing is in two parts, so that they can be worked on at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from matcher.grouping.blocks import Formed, Part
from matcher.grouping.facilitator_sharing import share_out
from matcher.grouping.instance import Instance


def parts_of(
    instance: Instance,
    groups: Sequence[Formed],
    atoms: list[list[list[int]]],
    owned: list[list[int]],
    lots: np.random.Generator,
    count: int,
) -> list[Part]:
    """The first ``count`` of some sets of members as parts, with what each of them may use.

    Args:
        instance: all of it.
        groups: that there are.
        atoms: of each set, members who must stay together; everybody who can be placed is in one.
        owned: of each set, which of the groups it owns.
        lots: for what is shared out.
        count: how many of the sets become parts; the others are left as they are.
    """
    spec, n_leaders = instance.cohort.spec, len(instance.leaders.names)
    members = [np.array(sorted(place for atom in part for place in atom), np.int64) for part in atoms]
    part_of = np.full(instance.n, -1)
    for number, places in enumerate(members):
        part_of[places] = number
    labels: list[list[int]] = [[] for _ in members]
    at_home = {group.existing: group for group in groups if group.existing >= 0}
    for label, stay in enumerate(instance.existing.members):
        kept = tuple(instance.existing.pinned[label]) or stay
        held = at_home[label].members if label in at_home else [one for one in kept if one not in instance.shut_out]
        if held:
            labels[int(part_of[held[0]])].append(label)
    led_in: list[dict[int, list[int]]] = [{} for _ in members]
    for number, own in enumerate(owned):
        for at in own:
            for leader in groups[at].leaders:
                led_in[number].setdefault(leader, []).append(groups[at].slot)
    waits = np.ones(instance.n, np.bool_)
    for group in groups:
        waits[list(group.members)] = False
    primary = _primary(instance, part_of, labels, share_out(instance, members[:count], waits, led_in, lots))
    most = instance.n if spec.most_groups is None else spec.most_groups
    budget = instance.n if spec.churn is None else spec.churn
    spare_groups = _shares(max(0, most - len(groups)), [len(places) for places in members[:count]])
    now = {place: group.existing for group in groups for place in group.members}
    moved = [
        sum(instance.home[place] in labels[number] and now.get(place, -1) != instance.home[place] for place in places)
        for number, places in enumerate(members)
    ]
    all_moved = sum(now.get(place, -1) != instance.home[place] for place in np.flatnonzero(instance.home >= 0).tolist())
    first = not groups
    spare_moves = _shares(max(0, budget - (0 if first else all_moved)), [len(labels[k]) for k in range(count)])
    parts = []
    for number, places in enumerate(members[:count]):
        leaders, room, masks, frozen = [], [], [], set()
        for leader in range(n_leaders):
            slots_here = led_in[number].get(leader, [])
            if primary[leader] == number:
                elsewhere = [
                    slot for other in range(len(members)) if other != number for slot in led_in[other].get(leader, [])
                ]
                mask = instance.leaders.masks[leader].copy()
                for slot in elsewhere:
                    mask &= ~instance.overlap[slot]
                leaders.append(leader)
                room.append(int(instance.leaders.room[leader]) - len(elsewhere))
                masks.append(mask)
            elif slots_here:
                mask = instance.leaders.masks[leader].copy()
                mask[: instance.slot_words] = 0
                for slot in slots_here:
                    mask[slot >> 6] |= np.uint64(1 << (slot & 63))
                leaders.append(leader)
                room.append(len(slots_here))
                masks.append(mask)
                frozen.add(leader)
        own_groups = tuple(groups[at] for at in owned[number])
        words = instance.masks.shape[1]
        parts.append(
            Part(
                places,
                own_groups,
                tuple(labels[number]),
                np.array(leaders, np.int64),
                np.array(room, np.int64),
                np.array(masks, np.uint64).reshape(-1, words),
                tuple(not frozen.isdisjoint(group.leaders) for group in own_groups),
                len(own_groups) + spare_groups[number],
                (0 if first else moved[number]) + spare_moves[number],
            )
        )
    return parts


def _primary(
    instance: Instance, part_of: npt.NDArray[np.int64], labels: list[list[int]], shared: npt.NDArray[np.int64]
) -> list[int]:
    """The one part in which each facilitator may be given more groups: two parts could give them one hour."""
    chosen: list[int] = shared.tolist()
    for leader, place in enumerate(instance.leaders.member.tolist()):
        if place >= 0 and part_of[place] >= 0:
            chosen[leader] = int(part_of[place])
    for number, own in enumerate(labels):
        for label in own:
            for leader in instance.existing.leaders[label].tolist():
                if leader >= 0:
                    chosen[leader] = number
    return chosen


def _shares(total: int, sizes: Sequence[int]) -> list[int]:
    """``total`` dealt out in proportion to ``sizes``; the rest to the first."""
    whole = sum(sizes)
    if whole == 0:
        return [0] * len(sizes)
    shares = [total * size // whole for size in sizes]
    for at in range(total - sum(shares)):
        shares[at % len(shares)] += 1
    return shares
