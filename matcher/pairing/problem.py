"""What is to be paired: a graph of scored candidates, and what staff have settled beforehand."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from matcher.errors import InvalidProblem, Problem

Objective = Literal["total", "coverage", "stable"]
Ints = npt.NDArray[np.int64]

MOST_GAP = 0.1
"""Beyond this share from the best plan nobody should be content."""
LARGEST = 2**60
"""No sum that a solver or a verifier forms, in half units, may exceed this."""


class PairingProblem:
    """A candidate graph with capacities and wishes, checked as a whole when it is made.

    All arrays are copied to the dtypes named here and made read-only.

    Attributes:
        n: Number of members; ids run from 0 to ``n - 1``.
        u, v: (m,) int32, the ends of each candidate pair; no pair twice, nobody with oneself.
        weight: (m,) int64 >= 0, the scores (times one million if they come from the candidate graph).
        capacity: (n,) int64 >= 0, how many partners each may have.
        locked: (k, 2) int32, pairs that must be in the plan, whatever their score. Each must be an edge: a pair that a
            hard rule forbids is none, so it cannot be locked.
        banned: (k, 2) int32, pairs that must not be in it; those that are no edges are banned already.
        incumbent: (k, 2) int32, pairs that exist today; those that are no edges any more get no bonus.
        incumbent_bonus: what keeping one is worth, in units of ``weight``: one number, or (k,) one an incumbent.
        outside: (n,) int64 or None. For each member the highest score that a pair outside the graph can have, -1 where
            there is no such pair; bounds the best plan over all eligible pairs.
        objective: ``total`` most score; ``coverage`` most pairs, then most score; ``stable`` no two members who would
            both rather have each other.
        threshold: pairs below this score are not made unless locked.
        triads: whether a member who is left over may join a pair.
        locked_edges, banned_edges, incumbent_edges: the same as edge numbers, ascending.
        edge_bonus: int64, the bonus of each of ``incumbent_edges``; of one that is named twice the higher.

    Raises:
        InvalidProblem: with everything that is wrong.
    """

    def __init__(
        self,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        weight: npt.ArrayLike,
        capacity: npt.ArrayLike | None = None,
        locked: npt.ArrayLike = (),
        banned: npt.ArrayLike = (),
        incumbent: npt.ArrayLike = (),
        incumbent_bonus: npt.ArrayLike = 0,
        outside: npt.ArrayLike | None = None,
        objective: Objective = "total",
        threshold: int = 0,
        triads: bool = False,
        n: int | None = None,
    ) -> None:
        problems: list[Problem] = []
        ends = [_whole("u", u, problems), _whole("v", v, problems)]
        scores = _whole("weight", weight, problems)
        limits = None if capacity is None else _whole("capacity", capacity, problems)
        beyond = None if outside is None else _whole("outside", outside, problems)
        wishes = [_whole(name, rows, problems, 2) for name, rows in _named(locked, banned, incumbent)]
        bonus = _whole("incumbent_bonus", np.atleast_1d(np.asarray(incumbent_bonus)), problems)
        _stop_at(problems)
        self.n = _node_count(ends, limits, beyond, wishes, n)
        m = len(scores)
        _demand(
            problems,
            len(ends[0]) == len(ends[1]) == m,
            "weight",
            "u, v and weight differ in length",
            "one entry an edge",
        )
        for name, per_node in (("capacity", limits), ("outside", beyond)):
            if per_node is not None:
                _demand(
                    problems, len(per_node) == self.n, name, f"has {len(per_node)} entries", f"one a member: {self.n}"
                )
        _demand(problems, objective in get_args(Objective), "objective", repr(objective), "total, coverage or stable")
        _demand(problems, not (bonus < 0).any(), "incumbent_bonus", "is negative", "a whole number from 0")
        fits = len(bonus) == len(wishes[2]) or np.ndim(incumbent_bonus) == 0
        _demand(problems, fits, "incumbent_bonus", f"has {len(bonus)} entries", "one number, or one an incumbent")
        _demand(problems, threshold >= 0, "threshold", "is negative", "a whole number from 0")
        for name, ids in (("u", ends[0]), ("v", ends[1]), *_named(*wishes)):
            wrong = ids[(ids < 0) | (ids >= self.n)]
            _demand(problems, not wrong.size, name, f"names member {wrong[:1]}", f"ids from 0 to {self.n - 1}")
        _demand(problems, not (scores < 0).any(), "weight", f"is negative at edge {_first(scores < 0)}", "0 or more")
        if limits is not None:
            _demand(
                problems, not (limits < 0).any(), "capacity", f"is negative at member {_first(limits < 0)}", "0 or more"
            )
        if beyond is not None:
            _demand(
                problems,
                not (beyond < -1).any(),
                "outside",
                f"is below -1 at member {_first(beyond < -1)}",
                "-1 or more",
            )
        _stop_at(problems)

        self.u, self.v = _sealed(ends[0], np.int32), _sealed(ends[1], np.int32)
        self.weight = _sealed(scores, np.int64)
        self.capacity = _sealed(np.ones(self.n, np.int64) if limits is None else limits, np.int64)
        self.outside = None if beyond is None else _sealed(beyond, np.int64)
        self.locked, self.banned, self.incumbent = (_sealed(rows, np.int32) for rows in wishes)
        self.incumbent_bonus = _sealed(np.broadcast_to(bonus, len(wishes[2])), np.int64)
        self.objective = objective
        self.threshold, self.triads = int(threshold), bool(triads)
        self._check_edges(problems)
        _stop_at(problems)
        keys, order = sorted_keys(self.n, self.u, self.v)
        self.locked_edges = edges_of(self.n, keys, order, self.locked)
        self.banned_edges = np.unique(edges_of(self.n, keys, order, self.banned))
        kept = edges_of(self.n, keys, order, self.incumbent)
        self.incumbent_edges = np.unique(kept)
        _demand(
            problems,
            not (np.diff(keys) == 0).any(),
            "u",
            f"two edges join the same pair {_twice(self.n, keys)}",
            "each pair once",
        )
        self._check_locks(problems)
        self._check_size(problems)
        _stop_at(problems)
        self.locked_edges, self.banned_edges = np.unique(self.locked_edges), self.banned_edges[self.banned_edges >= 0]
        self.incumbent_edges = self.incumbent_edges[self.incumbent_edges >= 0]
        self.edge_bonus = self._edge_bonus(kept)

    def _check_edges(self, problems: list[Problem]) -> None:
        for name, one, other in (("u", self.u, self.v), *((k, r[:, 0], r[:, 1]) for k, r in self._wishes())):
            loops = one == other
            _demand(problems, not loops.any(), name, f"pairs a member with oneself at {_first(loops)}", "two members")

    def _edge_bonus(self, kept: npt.NDArray[np.intp]) -> Ints:
        bonus = np.zeros(len(self.incumbent_edges), np.int64)
        known = kept >= 0
        np.maximum.at(bonus, np.searchsorted(self.incumbent_edges, kept[known]), self.incumbent_bonus[known])
        return _sealed(bonus, np.int64)

    def _wishes(self) -> list[tuple[str, npt.NDArray[np.int32]]]:
        return _named(self.locked, self.banned, self.incumbent)

    def _check_locks(self, problems: list[Problem]) -> None:
        edges = self.locked_edges
        absent = self.locked[edges < 0]
        _demand(
            problems, not absent.size, "locked", f"{absent[:1].tolist()} is no edge", "pairs that the hard rules allow"
        )
        known = edges[edges >= 0]
        _demand(problems, len(np.unique(known)) == len(known), "locked", "names a pair twice", "each pair once")
        both = np.intersect1d(known, self.banned_edges)
        _demand(
            problems, not both.size, "locked", f"edges {both[:3].tolist()} are banned too", "locked or banned, not both"
        )
        used = np.bincount(np.concatenate((self.u[known], self.v[known])), minlength=self.n)
        over = used > self.capacity
        _demand(
            problems,
            not over.any(),
            "locked",
            f"exceeds the capacity of member {_first(over)}",
            "at most capacity locks",
        )

    def _check_size(self, problems: list[Problem]) -> None:
        heaviest = int(self.weight.max(initial=0)) + int(self.incumbent_bonus.max(initial=0))
        if self.outside is not None and self.n:
            heaviest = max(heaviest, int(self.outside.max()))
        slots = int(np.minimum(self.capacity, max(1, len(self.u))).astype(object).sum()) + self.n if self.n else 0
        largest = 4 * heaviest * (slots + 2 * len(self.u) + 1)
        accepted = f"scores and bonus times slots up to {LARGEST}"
        _demand(problems, largest <= LARGEST, "weight", "sums overflow 64 bits", accepted)
        if self.objective == "coverage":
            largest = 4 * (heaviest * (slots + 1) + heaviest + 1) * (slots + 2 * len(self.u) + 1)
            _demand(problems, largest <= 2 * LARGEST, "weight", "sums overflow 64 bits under coverage", accepted)


def sorted_keys(n: int, u: npt.NDArray[np.int32], v: npt.NDArray[np.int32]) -> tuple[Ints, npt.NDArray[np.intp] | None]:
    """One key a pair, ascending, and the edges in that order (None: they are in order already)."""
    keys = np.minimum(u, v).astype(np.int64) * n + np.maximum(u, v)
    if (np.diff(keys) > 0).all():
        return keys, None
    order = np.argsort(keys, kind="stable")
    return keys[order], order


def edges_of(n: int, keys: Ints, order: npt.NDArray[np.intp] | None, rows: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """The edge number of each pair in ``rows`` (k, 2), -1 where there is none."""
    if not len(rows) or not len(keys):
        return np.full(len(rows), -1, np.intp)
    wanted = rows.min(1).astype(np.int64) * n + rows.max(1)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at if order is None else order[at], -1)


def _named(*arrays: Any) -> list[tuple[str, Any]]:
    return list(zip(("locked", "banned", "incumbent"), arrays, strict=True))


def _demand(problems: list[Problem], holds: bool | np.bool_, where: str, what: str, accepted: str) -> None:
    if not holds:
        problems.append(Problem(where, what, accepted))


def _stop_at(problems: list[Problem]) -> None:
    if problems:
        raise InvalidProblem(problems)


def _first(wrong: npt.NDArray[np.bool_]) -> int:
    return int(np.argmax(wrong)) if wrong.any() else -1


def _twice(n: int, keys: Ints) -> tuple[int, int]:
    at = _first(np.diff(keys) == 0)
    return divmod(int(keys[at]), max(n, 1)) if at >= 0 else (-1, -1)


def _sealed(values: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
    copy: npt.NDArray[Any] = np.array(values, dtype=dtype, order="C")
    copy.flags.writeable = False
    return copy


def _whole(name: str, values: npt.ArrayLike, problems: list[Problem], columns: int = 1) -> npt.NDArray[Any]:
    array = np.asarray(values)
    shape_fits = array.ndim == 1 if columns == 1 else array.ndim == 2 and array.shape[1] == columns
    if array.size == 0:
        return np.empty((0,) if columns == 1 else (0, columns), np.int64)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        problems.append(Problem(name, "holds a value that is not finite", "whole numbers"))
    elif array.dtype.kind == "O" or (array.dtype.kind == "u" and (array > np.uint64(2**63 - 1)).any()):
        problems.append(Problem(name, "holds a value beyond 64 bits", "whole numbers below 2^63"))
    elif array.dtype.kind not in "iu":
        problems.append(Problem(name, f"has dtype {array.dtype}", "whole numbers"))
    elif not shape_fits:
        problems.append(Problem(name, f"has shape {array.shape}", "one row" if columns == 1 else f"rows of {columns}"))
    else:
        return array
    return np.empty((0,) if columns == 1 else (0, columns), np.int64)


def _node_count(ends: list[Any], limits: Any, beyond: Any, wishes: list[Any], n: int | None) -> int:
    if n is not None:
        return int(n)
    for per_node in (limits, beyond):
        if per_node is not None:
            return len(per_node)
    return max((int(ids.max()) + 1 for ids in (*ends, *wishes) if ids.size), default=0)
