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
from matcher.grouping.parts import parts_of

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
    atoms, owned = atoms_of(instance, groups)
    found = halved(vectors, atoms, np.arange(len(atoms)), size, lots)
    return parts_of(instance, groups, [[atoms[at] for at in part] for part in found], [
        [number for at in part for number in owned[at]] for part in found
    ], lots, len(found))  # fmt: skip


def halved(
    vectors: Vectors, atoms: list[list[int]], some: npt.NDArray[np.int64], size: int, lots: np.random.Generator
) -> list[npt.NDArray[np.int64]]:
    """Some atoms in sets of at most about ``size`` members, alike as far as may be."""
    weights = np.array([len(atom) for atom in atoms])
    middle = {at: vectors[atoms[at]].mean(axis=0) for at in some.tolist()}
    found, stack = [], [some]
    while stack:
        chosen = stack.pop()
        if weights[chosen].sum() <= size or chosen.size == 1:
            found.append(chosen)
            continue
        one, other = lots.choice(chosen, 2, replace=False).tolist()
        along = np.stack([middle[at] for at in chosen.tolist()]) @ (middle[one] - middle[other])
        order = chosen[np.argsort(along, kind="stable")]
        heavy = np.cumsum(weights[order])
        cut = min(max(1, int(np.searchsorted(heavy, heavy[-1] / 2))), order.size - 1)
        stack += [order[:cut], order[cut:]]
    return found


def atoms_of(instance: Instance, groups: Sequence[Formed]) -> tuple[list[list[int]], list[list[int]]]:
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
