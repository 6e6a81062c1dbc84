"""Parts around members who wait: those whom no group has yet together, or with the groups that could take them.

A division by likeness leaves most of the groups that could take somebody in another part. Here everybody who waits is
held against all groups by the rules that no swap can change, and each part is some of them with the groups that suit
them; all other groups stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from matcher.grouping.blocks import Formed, Part
from matcher.grouping.instance import Instance
from matcher.grouping.pair_rules import meeting_table
from matcher.grouping.partition import Vectors, atoms_of, halved
from matcher.grouping.parts import parts_of

GROUPS_EACH = 6
"""Groups that everybody who waits brings into a part."""
LOOKED_AT = 10_000
"""Members whose groups everybody who waits is held against."""
_ROOM, _FULL, _CONFLICT = 4.0, 2.0, 1.0
"""How well a group suits: could take them, could do so if somebody left, could do so if a certain one left."""


def waiting_together(
    instance: Instance, vectors: Vectors, groups: Sequence[Formed], size: int, lots: np.random.Generator
) -> tuple[list[Part], list[Formed]]:
    """Parts of members who wait, without any groups; and the groups, which are in none."""
    atoms, owned = atoms_of(instance, groups)
    waiting = np.array([at for at, own in enumerate(owned) if not own], np.int64)
    if waiting.size == 0:
        return [], list(groups)
    chosen = halved(vectors, atoms, waiting, size, lots)
    return _cut(instance, groups, atoms, owned, [part.tolist() for part in chosen], lots)


def waiting_with_groups(
    instance: Instance, vectors: Vectors, groups: Sequence[Formed], size: int, lots: np.random.Generator
) -> tuple[list[Part], list[Formed]]:
    """Parts of members who wait with groups that suit them; and the groups that are in none."""
    atoms, owned = atoms_of(instance, groups)
    found: list[list[int]] = []
    for region in halved(vectors, atoms, np.arange(len(atoms)), LOOKED_AT, lots):
        waiting = [at for at in region.tolist() if not owned[at]]
        settled = [at for at in region.tolist() if owned[at]]
        if waiting and settled:
            suits = _suits(instance, groups, atoms, owned, waiting, settled)
            found += _clusters(atoms, waiting, settled, suits, size, lots)
    return _cut(instance, groups, atoms, owned, found, lots)


def _cut(
    instance: Instance,
    groups: Sequence[Formed],
    atoms: list[list[int]],
    owned: list[list[int]],
    chosen: list[list[int]],
    lots: np.random.Generator,
) -> tuple[list[Part], list[Formed]]:
    if not chosen:
        return [], list(groups)
    inside = {at for part in chosen for at in part}
    rest = [at for at in range(len(atoms)) if at not in inside]
    pieces = [*chosen, rest]
    parts = parts_of(
        instance, groups, [[atoms[at] for at in piece] for piece in pieces],
        [[number for at in piece for number in owned[at]] for piece in pieces], lots, len(chosen),
    )  # fmt: skip
    return parts, [groups[number] for at in rest for number in owned[at]]


def _suits(
    instance: Instance,
    groups: Sequence[Formed],
    atoms: list[list[int]],
    owned: list[list[int]],
    waiting: list[int],
    settled: list[int],
) -> npt.NDArray[np.float32]:
    """(waiting, settled) how well some group of each settled atom suits each waiting one."""
    most, slot_words = instance.cohort.spec.enrolled_sizes()[2], instance.slot_words
    numbers = [number for at in settled for number in owned[at]]
    atom_of = np.repeat(np.arange(len(settled)), [len(owned[at]) for at in settled])
    common = np.array([_common(instance, groups[number]) for number in numbers])
    sizes = np.array([len(groups[number].members) for number in numbers])
    flat = np.array([place for number in numbers for place in groups[number].members], np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    suits = np.zeros((len(waiting), len(settled)), np.float32)
    for first in range(0, len(waiting), 256):
        own = np.array([atoms[at][0] for at in waiting[first : first + 256]], np.int64)
        both = instance.masks[own][:, None, :] & common[None, :, :]
        able = both[:, :, :slot_words].any(axis=2) & both[:, :, slot_words:].any(axis=2)
        barred = np.add.reduceat(1 - meeting_table(instance.codes, own, flat).astype(np.int16), starts, axis=1)
        value = np.where(barred == 0, np.where(sizes < most, _ROOM, _FULL), np.where(barred == 1, _CONFLICT, 0.0))
        begins = np.flatnonzero(np.diff(atom_of, prepend=-1))  # an atom's groups stand together
        suits[first : first + 256] = np.maximum.reduceat(np.where(able, value, 0.0), begins, axis=1)
    return suits


def _common(instance: Instance, group: Formed) -> npt.NDArray[np.uint64]:
    """(w,) times and languages that all of a group share."""
    words = np.bitwise_and.reduce(instance.masks[list(group.members)], axis=0)
    for leader in group.leaders:
        words = words & instance.leaders.masks[leader]
    return np.asarray(words & instance.offered)


def _clusters(
    atoms: list[list[int]],
    waiting: list[int],
    settled: list[int],
    suits: npt.NDArray[np.float32],
    size: int,
    lots: np.random.Generator,
) -> list[list[int]]:
    """Waiting and settled atoms, part by part: each takes in who suits the groups that it has, and theirs."""
    weights = np.array([len(atoms[at]) for at in settled])
    left, free = np.ones(len(waiting), np.bool_), np.ones(len(settled), np.bool_)
    left &= suits.any(axis=1)
    found = []
    while left.any():
        drawn = lots.random(len(waiting))
        near, taken, heavy = 1e-3 * drawn, [], 0
        while heavy < size and left.any():
            one = int(np.where(left, near, -1.0).argmax())
            left[one] = False
            taken.append(waiting[one])
            heavy += len(atoms[waiting[one]])
            wishes = np.where(free, suits[one] + 0.5 * lots.random(len(settled)), 0.0)
            wishes[suits[one] == 0.0] = 0.0
            best = np.argsort(-wishes, kind="stable")[:GROUPS_EACH]
            best = best[wishes[best] > 0.0]
            free[best] = False
            taken += [settled[at] for at in best.tolist()]
            heavy += int(weights[best].sum())
            near += suits[:, best].sum(axis=1)
        found.append(taken)
    return found
