"""Triads: members left over join a pair both of whose members they may meet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.pairing.problem import PairingProblem, edges_of, sorted_keys
from matcher.pairing.residual import Residual


def join_pairs(
    problem: PairingProblem, residual: Residual, pairs: npt.NDArray[np.int32], alone: npt.NDArray[np.int64]
) -> npt.NDArray[np.int32]:
    """Let members in ``alone`` join pairs, the highest sum of both scores first, one to a pair and a member.

    Only pairs whose members have no other partner take part, and both edges must be open but for the pair's own room.
    Locked pairs stay as they are. Returns (k, 3) rows of who joins and whom.
    """
    partner = np.full(problem.n, -1, np.int64)
    times = np.bincount(pairs.ravel(), minlength=problem.n)
    locked = np.zeros(problem.n, np.bool_)
    locked[problem.locked.ravel()] = True
    single = (times[pairs] == 1).all(1) & ~locked[pairs].any(1)
    partner[pairs[single, 0]], partner[pairs[single, 1]] = pairs[single, 1], pairs[single, 0]
    is_alone = np.zeros(problem.n, np.bool_)
    is_alone[alone] = True
    joiner = np.concatenate((residual.u, residual.v))
    other = np.concatenate((residual.v, residual.u))
    worth = np.concatenate((residual.worth, residual.worth))
    fits = is_alone[joiner] & (partner[other] > other)
    joiner, other, worth = joiner[fits], other[fits], worth[fits]
    keys, order = sorted_keys(problem.n, residual.u, residual.v)
    second = edges_of(problem.n, keys, order, np.stack((joiner, partner[other]), 1))
    joiner, other, worth = joiner[second >= 0], other[second >= 0], worth[second >= 0]
    worth = worth + residual.worth[second[second >= 0]]
    rows = []
    used = np.zeros(problem.n, np.bool_)
    for i in np.lexsort((other, joiner, -worth)):
        if not used[joiner[i]] and not used[other[i]]:
            used[joiner[i]] = used[other[i]] = True
            rows.append((joiner[i], other[i], partner[other[i]]))
    return np.array(rows, np.int32).reshape(-1, 3)
