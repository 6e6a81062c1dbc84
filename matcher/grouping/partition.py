"""Dividing a large cohort into parts of members who are alike, differently each time.

The members' vectors, weighted as the spec weighs facets, are split along the line between two of them drawn by lot,
half and half, until every part is small enough: a random projection tree (Dasgupta and Freund 2008,
doi:10.1145/1374376.1374452). Alike members mostly land in one part; who is cut off from a neighbour in one division
is together with them in the next. Groups, and bundles, are never cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.embedding.encoder import Encoder
from matcher.grouping.blocks import Formed, Part
from matcher.grouping.instance import Instance

Vectors = npt.NDArray[np.float32]
_FACETS = ((0, 40, 0), (40, 60, 2), (60, 75, 6), (75, 90, 1), (90, 98, 7), (98, 102, 4), (102, 105, 5), (105, 113, 3))
"""First and last coordinate in an item vector, and part of the weights."""
_POOL, _TONGUE, _HOURS, _PLACE = 3.0, 0.7, 0.5, 2.0
"""How far apart members are put who are in different pools, speak nothing in common, share no time, are elsewhere."""
_SKETCH = 24


def vectors_of(instance: Instance) -> Vectors:
    """(n, d) float32: near each other for members who fit and may meet; O(n)."""
    cohort = instance.cohort
    encoder = Encoder.fit(cohort.rows, default_catalog(), cohort.coder.groups())
    items = encoder.items(cohort.rows)
    for first, last, part in _FACETS:
        items[:, first:last] *= np.float32(np.sqrt(cohort.scoring.weights[part]))
    small = instance.codes.small[: instance.n]
    words = np.unpackbits(np.ascontiguousarray(instance.masks).view(np.uint8), axis=1, bitorder="little")
    lots = np.random.Generator(np.random.PCG64(0))
    columns = [items[:, :113]]
    split = 64 * instance.slot_words
    for bits, scale in ((words[:, :split], _HOURS), (words[:, split:], _TONGUE)):
        used = bits[:, bits.any(axis=0)].astype(np.float32)
        sketch = used @ lots.normal(size=(used.shape[1], _SKETCH)).astype(np.float32)
        norm = np.sqrt(np.maximum(used.sum(axis=1, keepdims=True), 1.0) * _SKETCH)
        columns.append((scale * sketch / norm).astype(np.float32))
    for column, scale in ((0, _POOL), (6, _PLACE)):
        values, inverse = np.unique(small[:, column], return_inverse=True)
        places = lots.normal(size=(values.size, 8)).astype(np.float32) / np.float32(np.sqrt(8))
        columns.append(np.float32(scale) * places[inverse])
    return np.concatenate(columns, axis=1)


def divide(
    instance: Instance, vectors: Vectors, groups: Sequence[Formed], size: int, lots: np.random.Generator
) -> list[Part]:
    """Parts of at most about ``size`` members with their groups; everybody who can be placed is in one of them."""
    atoms, owned = _atoms(instance, groups)
    weights = np.array([len(atom) for atom in atoms])
    middle = np.stack([vectors[atom].mean(axis=0) for atom in atoms])
    found = []
    stack = [np.arange(len(atoms))]
    while stack:
        chosen = stack.pop()
        if weights[chosen].sum() <= size or chosen.size == 1:
            found.append(chosen)
            continue
        one, other = lots.choice(chosen, 2, replace=False)
        along = middle[chosen] @ (middle[one] - middle[other])
        order = chosen[np.argsort(along, kind="stable")]
        heavy = np.cumsum(weights[order])
        cut = min(max(1, int(np.searchsorted(heavy, heavy[-1] / 2))), order.size - 1)
        stack += [order[:cut], order[cut:]]
    return _parts(instance, groups, [[atoms[at] for at in part] for part in found], [
        [number for at in part for number in owned[at]] for part in found
    ], lots)  # fmt: skip


def _atoms(instance: Instance, groups: Sequence[Formed]) -> tuple[list[list[int]], list[list[int]]]:
    """Members who must stay in one part, and the groups that each such set owns.

    Together are: a group with who leads it, an existing group that is none now with whom it keeps, bundles, and
    existing groups that are given the same facilitator.
    """
    above = list(range(instance.n + len(instance.existing.members)))

    def top(node: int) -> int:
        while above[node] != node:
            above[node] = above[above[node]]
            node = above[node]
        return node

    def join(nodes: Sequence[int]) -> None:
        for node in nodes[1:]:
            above[top(node)] = top(nodes[0])

    own = instance.leaders.member
    for group in groups:
        known = [instance.n + group.existing] if group.existing >= 0 else []
        join([*group.members, *(int(own[one]) for one in group.leaders if own[one] >= 0), *known])
    given: dict[int, int] = {}
    for label, members in enumerate(instance.existing.members):
        node = instance.n + label
        stay = instance.existing.pinned[label] if groups else members
        join([node, *stay])
        for leader in instance.existing.leaders[label].tolist():
            if leader >= 0:
                join([given.setdefault(leader, node), node])
    bundles: dict[int, int] = {}
    for place in np.flatnonzero(instance.bundle >= 0).tolist():
        join([bundles.setdefault(int(instance.bundle[place]), place), place])
    sets: dict[int, list[int]] = {}
    for node in range(instance.n):
        if node not in instance.shut_out:
            sets.setdefault(top(node), []).append(node)
    owned: dict[int, list[int]] = {root: [] for root in sets}
    for number, group in enumerate(groups):
        owned[top(group.members[0])].append(number)
    return list(sets.values()), list(owned.values())


def _parts(
    instance: Instance,
    groups: Sequence[Formed],
    atoms: list[list[list[int]]],
    owned: list[list[int]],
    lots: np.random.Generator,
) -> list[Part]:
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
    primary = _primary(instance, part_of, labels, lots, len(members))
    led_in: list[dict[int, list[int]]] = [{} for _ in members]
    for number, own in enumerate(owned):
        for at in own:
            for leader in groups[at].leaders:
                led_in[number].setdefault(leader, []).append(groups[at].slot)
    most = instance.n if spec.most_groups is None else spec.most_groups
    budget = instance.n if spec.churn is None else spec.churn
    spare_groups = _shares(max(0, most - len(groups)), [len(places) for places in members])
    now = {place: group.existing for group in groups for place in group.members}
    moved = [
        sum(instance.home[place] in labels[number] and now.get(place, -1) != instance.home[place] for place in places)
        for number, places in enumerate(members)
    ]
    all_moved = sum(now.get(place, -1) != instance.home[place] for place in np.flatnonzero(instance.home >= 0).tolist())
    first = not groups
    spare_moves = _shares(max(0, budget - (0 if first else all_moved)), [len(labels[k]) for k in range(len(members))])
    parts = []
    for number, places in enumerate(members):
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
    instance: Instance,
    part_of: npt.NDArray[np.int64],
    labels: list[list[int]],
    lots: np.random.Generator,
    parts: int,
) -> list[int]:
    """The one part in which each facilitator may be given more groups: two parts could give them one hour."""
    chosen: list[int] = lots.integers(0, parts, len(instance.leaders.names)).tolist()
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
