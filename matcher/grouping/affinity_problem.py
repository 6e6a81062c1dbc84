"""Groups from a bare matrix of affinities: the maximally diverse grouping problem, as it is posed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.errors import InvalidProblem, Problem

LARGEST = 1e100
"""No affinity may exceed this in size, so that no sum of them overflows."""

_MATRIX = "an (n, n) array of finite numbers, symmetric, n from 1"


class GroupingProblem:
    """Everybody goes into exactly one group; most affinity inside the groups wins.

    Attributes:
        n: number of members; ids run from 0 to ``n - 1``.
        affinity: (n, n) float64, read-only, what it is worth to have two members in one group; negative is allowed.
            Exactly symmetric: the mean of both halves, which may differ by rounding only. The diagonal is not read and
            stored as zero.
        group_count: number of groups. If it is not given: the length of the sizes where they are per group, else the
            smallest count of groups of ``size_max`` that holds everybody.
        size_min, size_max: (group_count,) int32, read-only, each group's bounds.
        uniform: whether all groups must have one and the same size.

    Raises:
        InvalidProblem: with everything that is wrong.
    """

    def __init__(
        self,
        affinity: npt.ArrayLike,
        size_min: int | npt.ArrayLike,
        size_max: int | npt.ArrayLike,
        group_count: int | np.integer[Any] | None = None,
    ) -> None:
        problems: list[Problem] = []
        matrix = _square(affinity, problems)
        least, most = _sizes("size_min", size_min, problems), _sizes("size_max", size_max, problems)
        count = _count(group_count, problems)
        n = None if matrix is None else len(matrix)
        if count is None and least is not None and most is not None:
            count = _derived(n, least, most)
        for name, sizes in (("size_min", least), ("size_max", most)):
            if sizes is not None and sizes.ndim and count is not None and len(sizes) != count:
                problems.append(Problem(name, f"has {len(sizes)} entries", f"one number, or one a group: {count}"))
        if problems or matrix is None or least is None or most is None or count is None or n is None:
            raise InvalidProblem(problems)
        if count > n:  # before arrays of that length are made
            problems.append(Problem("group_count", f"{count} groups for {n} members", f"a whole number from 1 to {n}"))
            raise InvalidProblem(problems)
        least, most = (np.broadcast_to(sizes, (count,)) for sizes in (least, most))
        wrong = np.flatnonzero(least > most)
        if wrong.size:
            g = int(wrong[0])
            problems.append(
                Problem("size_min", f"exceeds size_max at group {g}: {least[g]} > {most[g]}", "size_min <= size_max")
            )
        if sum(least.tolist()) > n:
            what = f"{count} groups need at least {sum(least.tolist())} members, there are {n}"
            problems.append(Problem("size_min", what, f"minima of at most {n} in all"))
        if sum(most.tolist()) < n:
            what = f"{count} groups hold at most {sum(most.tolist())} members, there are {n}"
            problems.append(Problem("size_max", what, f"maxima of at least {n} in all"))
        if problems:
            raise InvalidProblem(problems)
        self.n, self.group_count = n, count
        self.affinity = _sealed(matrix, np.float64)
        self.size_min = _sealed(least, np.int32)
        self.size_max = _sealed(np.minimum(most, n), np.int32)
        # What the others' bounds leave to each: a single group has all members, whatever its own bounds.
        floor = np.maximum(least, n - (int(np.minimum(most, n).sum()) - np.minimum(most, n)))
        ceiling = np.minimum(most, n - (int(least.sum()) - least))
        self.uniform = bool((floor == floor[0]).all() and (ceiling == floor[0]).all())


def _square(values: npt.ArrayLike, problems: list[Problem]) -> npt.NDArray[np.float64] | None:
    given = np.asarray(values)
    if given.dtype.kind not in "iuf":
        problems.append(Problem("affinity", f"has dtype {given.dtype}", _MATRIX))
        return None
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.size:
        problems.append(Problem("affinity", f"has shape {given.shape}", _MATRIX))
        return None
    matrix = np.array(given, np.float64)
    np.fill_diagonal(matrix, 0.0)
    bad = np.argwhere(~np.isfinite(matrix))
    if len(bad):
        i, j = bad[0].tolist()
        problems.append(
            Problem("affinity", f"{len(bad)} entries are not finite, the first at [{i}, {j}]: {matrix[i, j]}", _MATRIX)
        )
        return None
    largest = float(np.abs(matrix).max())
    if largest > LARGEST:
        problems.append(Problem("affinity", f"holds {largest:g}", f"numbers up to {LARGEST:g} in size"))
        return None
    apart = np.abs(matrix - matrix.T)
    if apart.max() > 1e-12 * largest:
        i, j = divmod(int(apart.argmax()), len(matrix))
        what = f"is not symmetric: {matrix[i, j]} at [{i}, {j}], {matrix[j, i]} at [{j}, {i}]"
        problems.append(Problem("affinity", what, _MATRIX))
        return None
    return 0.5 * (matrix + matrix.T)


def _sizes(name: str, values: Any, problems: list[Problem]) -> npt.NDArray[np.int64] | None:
    accepted = "a whole number from 1, or one a group"
    given = np.asarray(values)
    if given.dtype.kind not in "iu" or given.ndim > 1 or not given.size:
        problems.append(Problem(name, f"is {values!r:.80}", accepted))
        return None
    if (given < 1).any():
        problems.append(Problem(name, f"holds {int(given.min())}", accepted))
        return None
    return np.array([min(size, 2**31 - 1) for size in given.ravel().tolist()], np.int64).reshape(given.shape)


def _count(group_count: Any, problems: list[Problem]) -> int | None:
    if group_count is None:
        return None
    if isinstance(group_count, bool) or not isinstance(group_count, int | np.integer) or group_count < 1:
        problems.append(Problem("group_count", f"is {group_count!r:.80}", "a whole number from 1, or None"))
        return None
    return int(group_count)


def _derived(n: int | None, least: npt.NDArray[np.int64], most: npt.NDArray[np.int64]) -> int | None:
    for sizes in (most, least):
        if sizes.ndim:
            return len(sizes)
    return None if n is None else -(-n // int(most))


def _sealed(values: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
    copy: npt.NDArray[Any] = np.array(values, dtype=dtype, order="C")
    copy.flags.writeable = False
    return copy
