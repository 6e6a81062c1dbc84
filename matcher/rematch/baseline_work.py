"""All baselines of a rematch, each a task of its own: they share the community, and travel back as Arrow tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from matcher.executors.arrow import from_arrow, numbers, to_arrow
from matcher.executors.crew import hired
from matcher.members.vocabulary import Kind
from matcher.rematch.baselines import Places, baseline_pairs
from matcher.rematch.config import Baseline
from matcher.rematch.everyone import Everyone
from matcher.rematch.tie_rules import Ints


class _Given(NamedTuple):
    """What all baselines need; the arguments of :func:`baseline_pairs` of the same names."""

    everyone: Everyone
    rooms: Mapping[Kind, Ints]
    seed: int
    never: Mapping[Kind, Ints]


def all_baselines(
    everyone: Everyone,
    names: Sequence[Baseline],
    rooms: Mapping[Kind, Ints],
    seed: int,
    never: Mapping[Kind, Ints],
    executor: Executor | None = None,
) -> dict[Baseline, dict[Kind, Places]]:
    """The pairs of every baseline and kind, as :func:`~matcher.rematch.baselines.baseline_pairs` makes them.

    Args:
        everyone: the community.
        names: of the baselines.
        rooms: places by kind.
        seed: of the lots.
        never: by kind, (k, 2) positions of pairs that are not to be made.
        executor: where they are made; the same everywhere.
    """
    tasks = [(name, kind) for name in names for kind in rooms]
    found: dict[Baseline, dict[Kind, Places]] = {name: {} for name in names}
    with hired(_Given(everyone, rooms, seed, never), executor) as crew:
        for (name, kind), table in zip(tasks, crew.each(_table, tasks), strict=True):
            batch = from_arrow(table)
            found[name][kind] = np.stack([numbers(batch, "member"), numbers(batch, "peer")], axis=1)
    return found


def _table(given: _Given, name: Baseline, kind: Kind) -> bytes:
    pairs = baseline_pairs(given.everyone, kind, name, given.rooms[kind], given.seed, given.never[kind])
    return to_arrow({"member": np.ascontiguousarray(pairs[:, 0]), "peer": np.ascontiguousarray(pairs[:, 1])})
