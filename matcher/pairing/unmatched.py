"""Why a member is left over, and how much higher its scores would have to be.

The rise is exact where the plan is optimal. Raising all scores of an unmatched member by ``d`` is the same, for the
search,
as letting its dual be ``2 d`` higher in half units; so a search from it that may take its dual below zero ends at the
least
``2 d`` for which a plan with this member is as good. Just above that, every best plan has it. The search is undone
again.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place
from matcher.pairing.adjacency import LABEL, NEVER, OUTSIDE, T
from matcher.pairing.augmentation import grow
from matcher.pairing.blocking import least_kept
from matcher.pairing.blossom import Blossoms
from matcher.pairing.capacity import Copies
from matcher.pairing.exact import Matched
from matcher.pairing.problem import PairingProblem
from matcher.pairing.residual import Residual
from matcher.pairing.solution import Unmatched
from matcher.pairing.tree import LABELLED, LIMIT, TOUCHED

Ints = npt.NDArray[np.int64]


def explain(
    problem: PairingProblem,
    residual: Residual,
    taken: Ints,
    alone: Ints,
    matched: Matched | None,
    copies: Copies | None,
    deadline: float,
) -> tuple[Unmatched, ...]:
    """A reason for each member in ``alone``; rises from ``matched`` (None: the plan is not optimal) until
    ``deadline``."""
    ends = np.concatenate((problem.u, problem.v))
    not_banned = np.ones(len(problem.u), np.bool_)
    not_banned[problem.banned_edges] = False
    strong = not_banned & (problem.weight >= problem.threshold)
    any_edge = np.bincount(ends, np.tile(not_banned, 2), minlength=problem.n)
    any_strong = np.bincount(ends, np.tile(strong, 2), minlength=problem.n)
    by_parity = _lonely_in_odd_component(residual, alone)
    rises = _rises(residual, taken, alone, matched, copies, deadline, problem.objective == "stable")
    found = []
    for i, x in enumerate(alone.tolist()):
        known = 0 <= rises[i] < NEVER and (not residual.pair_prize or rises[i] < residual.pair_prize)
        rise = int(rises[i]) if known else None
        if not any_edge[x]:
            found.append(Unmatched(x, "no_candidates"))
        elif not any_strong[x]:
            found.append(Unmatched(x, "below_threshold"))
        elif not residual.capacity[x] or by_parity[i] or rises[i] == NEVER:
            found.append(Unmatched(x, "parity_or_capacity", rise))
        else:
            found.append(Unmatched(x, "outcompeted", rise))
    return tuple(found)


def _rises(
    residual: Residual,
    taken: Ints,
    alone: Ints,
    matched: Matched | None,
    copies: Copies | None,
    deadline: float,
    stable: bool,
) -> Ints:
    rises = np.full(len(alone), -1, np.int64)
    if stable:
        return _swap_rises(residual, taken)[alone]
    if matched is None or copies is None:
        return rises
    search = matched.search
    parts: list[Any] = [part.copy() for part in search.blossoms]
    before = Blossoms(*parts)
    node = search.graph.node.copy()
    for i, x in enumerate(alone.tolist()):
        first, last = copies.first[x], copies.first[x + 1]
        if last > first and perf_counter() < deadline:
            rises[i] = _dry_run(search, before, node, matched.place[first:last])
    unknown = rises == -2
    if unknown.any():
        rises[unknown] = _swap_rises(residual, taken)[alone[unknown]]
    return rises


@compiled_in_place
def _dry_run(search: Any, before: Any, node: Any, own: Any) -> int:
    """The rise for the member whose copies these are, `NEVER` if none would do; -2 if its copies are inside blossoms.

    Other copies are kept out of the tree: room for one partner is all that is asked.
    """
    blossoms = search.blossoms
    for x in own[1:]:
        if blossoms.outermost[x] != x:
            return -2
    for x in own[1:]:
        search.graph.node[x, LABEL] = T
    grow(search, own[0], own[0], NEVER)
    time = search.tree.state[LIMIT]
    for x in own[1:]:
        search.graph.node[x, LABEL] = OUTSIDE
    for i in range(search.tree.state[TOUCHED]):
        x = search.tree.touched[i]
        for column in range(node.shape[1]):
            search.graph.node[x, column] = node[x, column]
        blossoms.outermost[x] = before.outermost[x]
    changed = search.tree.state[LABELLED]
    for i in range(changed):
        b = search.tree.labelled[i]
        blossoms.joined[b] = before.joined[b]
        blossoms.parent[b] = before.parent[b]
        blossoms.first[b] = before.first[b]
        blossoms.after[b] = before.after[b]
        blossoms.before[b] = before.before[b]
        blossoms.near[b] = before.near[b]
        blossoms.far[b] = before.far[b]
        blossoms.base[b] = before.base[b]
        blossoms.z[b] = before.z[b]
        blossoms.label[b] = before.label[b]
    height = before.spare_count[0]
    for i in range(max(0, height - changed), min(len(before.spare), height + changed)):
        blossoms.spare[i] = before.spare[i]
    blossoms.spare_count[0] = height
    return int(time if time == NEVER else time // 2 + 1)


def _swap_rises(residual: Residual, taken: Ints) -> Ints:
    """The rise with which some candidate would surely leave its least partner; `NEVER` without open edges."""
    least = least_kept(residual, taken)
    rise = np.full(residual.n, NEVER)
    np.minimum.at(rise, residual.u, least[residual.v] - residual.worth + 1)
    np.minimum.at(rise, residual.v, least[residual.u] - residual.worth + 1)
    return np.maximum(rise, 1)


def _lonely_in_odd_component(residual: Residual, alone: Ints) -> npt.NDArray[np.bool_]:
    """Whether the member's component is odd, everybody in it has room for one, and only this one is left over."""
    root = np.arange(residual.n)
    _join(root, residual.u, residual.v)
    size = np.bincount(root, minlength=residual.n)
    many = np.bincount(root, residual.capacity > 1, minlength=residual.n)
    left = np.bincount(root[alone], minlength=residual.n)
    there = root[alone]
    lonely: npt.NDArray[np.bool_] = (size[there] % 2 == 1) & (size[there] > 1) & (many[there] == 0) & (left[there] == 1)
    return lonely


@compiled_in_place
def _join(root: Any, u: Any, v: Any) -> None:
    for e in range(len(u)):
        a, b = u[e], v[e]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        if a != b:
            root[max(a, b)] = min(a, b)
    for x in range(len(root)):
        root[x] = root[root[x]]
