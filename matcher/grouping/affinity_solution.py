"""What :func:`~matcher.grouping.affinity_solver.solve_grouping` hands back: the groups, and what shows how good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class BoundCertificate:
    """What one needs to compute the upper bound anew; how is written in :mod:`matcher.grouping.affinity_bound`.

    Attributes:
        kind: ``rows``: from each member's best companions; ``spectrum``: from eigenvalues.
        diagonal: (n,) float64, the duals of "everybody is in one group", for ``spectrum``; else None.
        shift: the constant taken off all affinities first, for ``spectrum`` where groups may differ in size; else 0.
    """

    kind: Literal["rows", "spectrum"]
    diagonal: npt.NDArray[np.float64] | None = None
    shift: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class GroupingSolution:
    """A valid grouping, and a bound on every other.

    Attributes:
        group_of: (n,) int32, each member's group.
        objective: sum of affinity over unordered pairs inside groups, in the affinities' unit.
        upper_bound: no grouping has a higher objective; rounding is allowed for.
        gap: ``(upper_bound - objective) / max(|objective|, 1e-300)``; 0 if both are equal.
        status: ``optimal`` if the bound meets the objective but for rounding, else ``feasible``.
        certificate: shows the bound.
        iterations: sweeps that were done: in one, each member once has all its swaps and moves priced.
        starts: annealings from nothing.
        crossings: annealings from two parents.
        stopped: what ended the search: the ``bound``, the ``iterations``, the ``time`` or the caller (``cancelled``).
    """

    group_of: npt.NDArray[np.int32]
    objective: float
    upper_bound: float
    gap: float
    status: Literal["optimal", "feasible"]
    certificate: BoundCertificate
    iterations: int
    starts: int
    crossings: int
    stopped: Literal["bound", "iterations", "time", "cancelled"]
