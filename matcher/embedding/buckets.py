"""Shares out the coordinates of a facet to a few buckets, so that one norm a bucket bounds inner products tightly.

For any partition of the coordinates, ``<x, y> <= sum over buckets of |x_b| |y_b|`` by Cauchy-Schwarz in each bucket,
with equality where the two meet on at most one coordinate of a bucket that nothing else stands on. Trees and tag
sets are sparse: two random members rarely share a bucket, and where they do not, nothing is overestimated. Measured
    on the sample population, forty buckets for
procedures cost 0.003 of slack where forty principal axes and the norm of the rest cost 0.036.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled


@compiled
def assign_buckets(
    member: npt.NDArray[np.int64],
    square: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    members: int,
    bucket_of: npt.NDArray[np.int16],
    buckets: int,
) -> None:
    """Greedy: heaviest coordinate first, each into the bucket where it adds least to the expected bound of a random
    pair.

    That is the sum over buckets of the squared mean norm. Writes ``bucket_of`` for the coordinates in ``order``.

    Args:
        member: (entries,) whose feature each entry is; entries are sorted by coordinate.
        square: (entries,) its squared value.
        order: distinct coordinates, heaviest first.
        first: (coordinates + 1,) where each coordinate's entries begin.
        members: how many members there are.
        bucket_of: (coordinates,) int16, written to.
        buckets: how many buckets there are.
    """
    inside = np.zeros((buckets, members))
    mean = np.zeros(buckets)
    for at in order:
        best, least, best_mean = 0, np.inf, 0.0
        for bucket in range(buckets):
            gained = 0.0
            for entry in range(first[at], first[at + 1]):
                before = inside[bucket, member[entry]]
                gained += np.sqrt(before + square[entry]) - np.sqrt(before)
            new_mean = mean[bucket] + gained / members
            added = new_mean * new_mean - mean[bucket] * mean[bucket]
            if added < least:
                best, least, best_mean = bucket, added, new_mean
        bucket_of[at] = best
        mean[best] = best_mean
        for entry in range(first[at], first[at + 1]):
            inside[best, member[entry]] += square[entry]


def fit_buckets(
    coordinate: npt.NDArray[Any],
    member: npt.NDArray[Any],
    value: npt.NDArray[Any],
    members: int,
    width: int,
    buckets: int,
) -> npt.NDArray[np.int16]:
    """Buckets of a facet's coordinates, from the sparse features of some members.

    Args:
        coordinate: (entries,) which coordinate.
        member: (entries,) whose.
        value: (entries,) feature value.
        members: how many members were looked at.
        width: how many coordinates there are; those that nobody used are dealt out in turn.
        buckets: how many buckets to make.

    Returns:
        (width,) int16.
    """
    bucket_of = (np.arange(width) % buckets).astype(np.int16)
    if coordinate.size == 0:
        return bucket_of
    by_coordinate = np.argsort(coordinate, kind="stable")
    sorted_at = coordinate[by_coordinate].astype(np.int64)
    square = value[by_coordinate].astype(np.float64) ** 2
    first = np.searchsorted(sorted_at, np.arange(width + 1)).astype(np.int64)
    weight = np.bincount(sorted_at, square, minlength=width)
    used = np.flatnonzero(weight)
    order = used[np.lexsort((used, -weight[used]))]
    assign_buckets(member[by_coordinate].astype(np.int64), square, order, first, members, bucket_of, buckets)
    return bucket_of
