"""Blocking pairs: two members who would both rather have each other than what the plan gives them.

A member with room left gains the whole worth of a new partner, one without it what the new partner is worth beyond the
least of those the plan gives. Locked partners are not for exchange. The dominant pairing has no blocking pair: an
edge that
is not taken found an end without room, and all that end had then came before it, so was worth at least as much.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.pairing.residual import Residual
from matcher.pairing.solution import BlockingPairs


def least_kept(residual: Residual, taken: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What each member would give up for a new partner: 0 with room left, else the worth of the least partner."""
    used = np.bincount(np.concatenate((residual.u[taken], residual.v[taken])), minlength=residual.n)
    least = np.full(residual.n, np.iinfo(np.int64).max)
    np.minimum.at(least, residual.u[taken], residual.worth[taken])
    np.minimum.at(least, residual.v[taken], residual.worth[taken])
    return np.where(used < residual.free, 0, least)


def find_blocking(residual: Residual, taken: npt.NDArray[np.int64]) -> BlockingPairs:
    """All blocking pairs of the plan that takes these open edges; O(n + m)."""
    least = least_kept(residual, taken)
    size = residual.worth - np.maximum(least[residual.u], least[residual.v])
    size[taken] = 0
    blocking = np.flatnonzero(size > 0)
    blocking = blocking[np.argsort(-size[blocking], kind="stable")]
    return BlockingPairs(residual.edge[blocking], size[blocking])
