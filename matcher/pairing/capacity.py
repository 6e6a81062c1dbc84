"""Capacities above one, by members with several copies, and the way back to members with duals and odd sets.

A member with room for ``b`` partners becomes ``b`` copies. An edge one of whose ends has room for one joins that end to
each copy of the other. An edge whose ends both have more could be used twice by that, so it becomes a path: two port
nodes
joined to each other, and each port to all copies on its side, all with the edge's gain (Tutte's gadget). Both ports
taken
by copies means the pair is made and adds the gain once more than the ports matched to each other.

Optimal duals come back exactly. All copies of a member can be given the same dual: where a blossom holds some copies
of a
member but not all, just one is missing and it is matched to a node of the blossom; changing places with that node, and
moving ``z`` from its dual to the node's, leaves the sum as it is. Then a blossom is a set of members and some ports;
a port
inside whose partner is outside is a boundary edge, two ports inside between members inside are an edge inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.pairing.adjacency import DUAL
from matcher.pairing.augmentation import Search
from matcher.pairing.blossom import gather
from matcher.pairing.odd_sets import forest, nested
from matcher.pairing.problem import edges_of, sorted_keys
from matcher.pairing.residual import Residual
from matcher.pairing.solution import OddSets

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """A graph where every node has at most one partner, and whose nodes they are.

    Attributes:
        n: number of nodes: members' copies first, then ports in pairs.
        u, v, gain: its edges.
        first: (members + 1,) number of each member's first copy; all differences are 1 where nothing had to be split.
        owner: (n,) member of each copy; for ports the member on whose side they are.
        ported: edges of the residual that became paths; the ports of the i-th are ``first[-1] + 2 i`` and the next.
        plain: whether the graph is the residual itself.
    """

    n: int
    u: Ids
    v: Ids
    gain: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    owner: Ids
    ported: npt.NDArray[np.int64]
    plain: bool


def edges_needed(residual: Residual) -> int:
    """How many edges :func:`split` would make."""
    cap_u, cap_v = residual.capacity[residual.u], residual.capacity[residual.v]
    return int(np.where((cap_u > 1) & (cap_v > 1), cap_u + cap_v + 1, cap_u * cap_v).sum())


def split(residual: Residual) -> Copies:
    """Give every member as many copies as capacity; nothing is copied if nobody has room for more than one."""
    members = np.arange(residual.n, dtype=np.int32)
    if not (residual.capacity > 1).any():
        first = np.arange(residual.n + 1)
        none = np.empty(0, np.int64)
        return Copies(residual.n, residual.u, residual.v, residual.gain, first, members, none, True)
    first = np.concatenate((np.zeros(1, np.int64), np.cumsum(residual.capacity)))
    many_u, many_v = residual.capacity[residual.u] > 1, residual.capacity[residual.v] > 1
    ported = np.flatnonzero(many_u & many_v)
    direct = np.flatnonzero(~(many_u & many_v))
    turned = many_u[direct]
    one = np.where(turned, residual.v[direct], residual.u[direct])
    several = np.where(turned, residual.u[direct], residual.v[direct])
    port = first[-1] + 2 * np.arange(len(ported))
    ends = [_to_copies(first[one], several, direct, first, residual.capacity)]
    ends.append(_to_copies(port, residual.u[ported], ported, first, residual.capacity))
    ends.append(_to_copies(port + 1, residual.v[ported], ported, first, residual.capacity))
    ends.append((port, port + 1, ported))
    u, v, edge = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    owner = np.concatenate(
        (np.repeat(members, residual.capacity), np.stack((residual.u[ported], residual.v[ported]), 1).ravel())
    )
    n = int(first[-1]) + 2 * len(ported)
    gain = residual.gain[edge]
    return Copies(n, u.astype(np.int32), v.astype(np.int32), gain, first, owner.astype(np.int32), ported, False)


def _to_copies(
    node: npt.NDArray[np.int64],
    member: Ids,
    edge: npt.NDArray[np.intp],
    first: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    count = capacity[member]
    start = np.cumsum(count) - count
    copy = np.repeat(first[member], count) + np.arange(int(count.sum())) - np.repeat(start, count)
    return np.repeat(node, count), copy, np.repeat(edge, count)


def pairs_of(copies: Copies, residual: Residual, mate: Ids) -> npt.NDArray[np.int64]:
    """The edges of the residual that a matching of the copies stands for, ascending."""
    x = np.flatnonzero(mate >= 0)
    last = int(copies.first[-1])
    direct = x[(x < mate[x]) & (mate[x] < last)]
    rows = np.stack((copies.owner[direct], copies.owner[mate[direct]]), 1)
    keys, order = sorted_keys(residual.n, residual.u, residual.v)
    found = edges_of(residual.n, keys, order, rows)
    to_copy = (mate[last:] >= 0) & (mate[last:] < last)
    both = copies.ported[to_copy[0::2] & to_copy[1::2]]
    return np.sort(np.concatenate((found, both)))


def duals_of(copies: Copies, search: Search, mate: Ids, place: Ids) -> tuple[npt.NDArray[np.int64], OddSets]:
    """Members' duals and odd sets from those of the copies; ``place`` says where the search keeps each copy."""
    dual = search.graph.node[place, DUAL]
    members = len(copies.first) - 1
    y = np.zeros(members, np.int64)
    last = int(copies.first[-1])
    if copies.plain:
        np.maximum.at(y, copies.owner[:last], dual[:last])
        return y, _forest_of(search, place)
    sets = [_fill_up(copies, mate, dual, nodes, z) for nodes, z in _odd_sets(search, place)]
    np.maximum.at(y, copies.owner[:last], dual[:last])
    return y, nested(members, [odd for nodes, z in sets if (odd := _with_boundary(copies, nodes, z)) is not None])


def _forest_of(search: Search, place: Ids) -> OddSets:
    """The blossoms whose ``z`` is positive, as they lie in each other. O(n)."""
    blossoms = search.blossoms
    home, parent, which = forest(blossoms)
    nothing = np.empty(0, np.int64)
    return OddSets(home[place], parent, blossoms.z[which], np.zeros(len(which) + 1, np.int64), nothing)


def _odd_sets(search: Search, place: Ids) -> list[tuple[Ids, int]]:
    blossoms = search.blossoms
    number = np.empty_like(place)
    number[place] = np.arange(len(place), dtype=np.int32)
    n = len(blossoms.nodes)
    found = []
    for b in np.flatnonzero((blossoms.first[n:] >= 0) & (blossoms.z[n:] > 0)) + n:
        size = gather(blossoms, b)
        found.append((np.sort(number[blossoms.nodes[:size]]), int(blossoms.z[b])))
    return found


def _fill_up(copies: Copies, mate: Ids, dual: npt.NDArray[np.int64], nodes: Ids, z: int) -> tuple[Ids, int]:
    """Make the set hold all copies of a member or none, by the exchange described at the top of this file."""
    inside = set(nodes.tolist())
    last = int(copies.first[-1])
    for member in np.unique(copies.owner[nodes[nodes < last]]):
        missing = [c for c in range(copies.first[member], copies.first[member + 1]) if c not in inside]
        if len(missing) == 1 and int(mate[missing[0]]) in inside:
            gone = int(mate[missing[0]])
            if gone < last and copies.first[copies.owner[gone] + 1] - copies.first[copies.owner[gone]] > 1:
                continue
            inside.remove(gone)
            inside.add(missing[0])
            dual[missing[0]] -= z
            dual[gone] += z
    return np.array(sorted(inside), np.int32), z


def _with_boundary(copies: Copies, nodes: Ids, z: int) -> tuple[Ids, int, npt.NDArray[np.int64]] | None:
    last = int(copies.first[-1])
    owners, count = np.unique(copies.owner[nodes[nodes < last]], return_counts=True)
    members = owners[count == copies.first[owners + 1] - copies.first[owners]]
    if not len(members):
        return None
    ports = nodes[nodes >= last] - last
    lonely = ports[~np.isin(ports ^ 1, ports)]
    far_owner = copies.owner[(lonely ^ 1) + last]
    boundary = np.isin(copies.owner[lonely + last], members) & ~np.isin(far_owner, members)
    return members.astype(np.int32), z, np.sort(copies.ported[lonely[boundary] // 2])
