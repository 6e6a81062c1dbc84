"""The encoder: vectors of at most 129 float32 whose inner product never lies below the exact mean of both fits.

The features of :mod:`matcher.embedding.facets` make the arithmetic mean of both directions one inner product over some two
thousand coordinates. Five facets have many; each is rotated onto the leading principal axes of the population it was fitted
to and cut, and **one coordinate more carries the norm of what was cut off**. By Cauchy-Schwarz the product of those norms is at
least the inner product of the parts cut off, so the whole never underestimates. (One such coordinate per facet bounds more
tightly than one for all: what a procedure lost cannot meet what an interest lost.) The other facets are small and stand uncut.

Weights enter on the query's side alone, so that a request with its own weights needs no other item vectors; the axes are
shared out by the buddy weights, which only decides how tight the bound is, never whether it holds.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from matcher.catalog import Catalog
from matcher.compilation import compiled
from matcher.embedding.facets import (
    ROTATED,
    age_features,
    bits,
    interests_features,
    mentor_credit,
    procedure_features,
    stage_features,
    topics_features,
)
from matcher.embedding.rows import Rows, TagGroups
from matcher.embedding.weights import FacetWeights

DIMENSIONS = 129
ROTATED_FACETS = len(ROTATED)
UNCUT = 31
"""channel 4, cadence 3, offers 4, needs 4, mentor credits 6, known flags 9, constant 1."""
AXES = DIMENSIONS - UNCUT - ROTATED_FACETS
ROUNDING_MARGIN = 1e-5
"""Added to every bound: 129 float32 products of a sum at most 1 round by less."""

# Offsets inside the uncut tail: channel 0, cadence 4, offers 7, needs 11, mentor credits 15, known flags 21 (the five
# rotated facets, then channel, cadence, offers, needs), constant 30.


class Projection(NamedTuple):
    """Principal axes of the rotated facets, one above the other, as compiled code takes them.

    Attributes:
        axes: (coordinates, widest) float64; rows of one facet hold its features' loadings, padded with zeros.
        first_row: (6,) where each facet's rows begin.
        first_axis: (6,) where each facet's axes begin in a vector; one more coordinate each for the norm cut off.
    """

    axes: npt.NDArray[np.float64]
    first_row: npt.NDArray[np.int64]
    first_axis: npt.NDArray[np.int64]


@compiled
def _features(facet: int, row: Any, groups: TagGroups, at: npt.NDArray[Any], value: npt.NDArray[Any]) -> int:
    if facet == 0:
        return procedure_features(row, groups, at, value)
    if facet == 1:
        return stage_features(row, groups, at, value)
    if facet == 2:
        return topics_features(row, groups, at, value)
    if facet == 3:
        return interests_features(row, groups, at, value)
    return age_features(row, groups, at, value)


@compiled
def _known(facet: int, row: Any) -> bool:
    if facet == 0:
        return row.procedure >= 0
    if facet == 1:
        return row.band >= 0
    if facet == 2:
        return row.topic_count > 0
    if facet == 3:
        return row.interest_count > 0
    return row.birth_year > 0


@compiled
def _second_moment(rows: Rows, facet: int, groups: TagGroups, width: int) -> npt.NDArray[np.float64]:
    moment = np.zeros((width, width))
    at = np.empty(201, dtype=np.int32)
    value = np.empty(201)
    for i in range(rows.size):
        count = _features(facet, rows[i], groups, at, value)
        for j in range(count):
            for k in range(count):
                moment[at[j], at[k]] += value[j] * value[k]
    return moment / max(1, rows.size)


def _principal_axes(moment: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    used = np.flatnonzero(moment.diagonal())
    energy, axes = np.linalg.eigh(moment[np.ix_(used, used)])
    spread = np.zeros((moment.shape[0], used.size))
    spread[used] = axes[:, ::-1]
    return np.maximum(energy[::-1], 0.0), spread


@compiled
def _encode_items(rows: Rows, groups: TagGroups, projection: Projection, out: npt.NDArray[np.float32]) -> None:
    at = np.empty(201, dtype=np.int32)
    value = np.empty(201)
    kept = np.empty(129)
    tail = 129 - 31
    for i in range(rows.size):
        row = rows[i]
        vector = out[i]
        vector[:] = 0.0
        for facet in range(5):
            if not _known(facet, row):
                continue
            first = projection.first_axis[facet]
            axes = projection.first_axis[facet + 1] - first - 1
            kept[:axes] = 0.0
            count = _features(facet, row, groups, at, value)
            for j in range(count):
                loading = projection.axes[projection.first_row[facet] + at[j]]
                for axis in range(axes):
                    kept[axis] += value[j] * loading[axis]
            square = 0.0
            for axis in range(axes):
                vector[first + axis] = kept[axis]
                square += kept[axis] * kept[axis]
            vector[first + axes] = np.sqrt(max(0.0, 1.0 - square))
            vector[tail + 21 + facet] = 1.0
        if row.channels > 0:
            share = 1.0 / np.sqrt(bits(row.channels))
            for channel in range(4):
                if row.channels >> channel & 1:
                    vector[tail + channel] = share
            vector[tail + 26] = 1.0
        if row.cadence >= 0:
            # The cadence kernel's Cholesky factor: daily and monthly each share half a unit with weekly.
            if row.cadence == 0:
                vector[tail + 4] = 1.0
            elif row.cadence == 1:
                vector[tail + 4], vector[tail + 5], vector[tail + 6] = 0.5, 0.5, np.sqrt(0.5)
            else:
                vector[tail + 5] = 1.0
            vector[tail + 27] = 1.0
        if row.offers > 0:
            for kind in range(4):
                if row.offers >> kind & 1:
                    vector[tail + 7 + kind] = 1.0
            vector[tail + 28] = 1.0
        if row.needs > 0:
            share = 1.0 / bits(row.needs)
            for kind in range(4):
                if row.needs >> kind & 1:
                    vector[tail + 11 + kind] = share
            vector[tail + 29] = 1.0
        if row.band >= 0:
            for band in range(6):
                vector[tail + 15 + band] = mentor_credit(band, row.u)
        vector[tail + 30] = 1.0


@compiled
def _to_query(
    item: npt.NDArray[np.float32],
    band: int,
    first_axis: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
    margin: float,
) -> npt.NDArray[np.float32]:
    tail = 129 - 31
    query = np.zeros(129, dtype=np.float32)
    parts = (0, 1, 2, 6, 7)
    constant = margin
    for part in range(8):
        constant += weights[part] * means[part]
    for facet in range(5):
        part = parts[facet]
        known = item[tail + 21 + facet]
        if not (mentoring and facet == 1):
            for axis in range(first_axis[facet], first_axis[facet + 1]):
                query[axis] = weights[part] * item[axis]
        query[tail + 21 + facet] = -weights[part] * means[part] * known
    for channel in range(4):
        query[tail + channel] = weights[4] * item[tail + channel]
    query[tail + 26] = -weights[4] * means[4] * item[tail + 26]
    for cadence in range(3):
        query[tail + 4 + cadence] = weights[5] * item[tail + 4 + cadence]
    query[tail + 27] = -weights[5] * means[5] * item[tail + 27]
    there = weights[3] if mentoring else 0.5 * weights[3]
    back = 0.0 if mentoring else 0.5 * weights[3]
    for kind in range(4):
        query[tail + 7 + kind] = there * item[tail + 11 + kind]
        query[tail + 11 + kind] = back * item[tail + 7 + kind]
    query[tail + 28] = -there * means[3] * item[tail + 29]
    query[tail + 29] = -back * means[3] * item[tail + 28]
    if mentoring and band >= 0:
        query[tail + 15 + band] = weights[1]
    query[tail + 30] = constant
    return query


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """Turns rows into item vectors and, with weights, into query vectors. Make one with :meth:`fit` or :meth:`of_axes`."""

    groups: TagGroups
    projection: Projection

    @classmethod
    def fit(cls, rows: Rows, catalog: Catalog, groups: TagGroups) -> Self:
        """Fit the axes to a population.

        Args:
            rows: (n,) of FACET_ROW; some thousands are plenty, and none is legal.
            catalog: whose trees and vocabularies the features span.
            groups: its group tables.

        Cost: eigenvectors of five matrices, the widest about 1,000 wide: under a second.
        """
        weights = FacetWeights.buddy().parts()
        spectra, vectors = [], []
        for number, facet in enumerate(ROTATED):
            energy, axes = _principal_axes(_second_moment(rows, number, groups, facet.width(catalog)))
            spectra.append(energy * weights[facet.part])
            vectors.append(axes)
        ranked = sorted((-energy, number, axis) for number, spectrum in enumerate(spectra) for axis, energy in enumerate(spectrum))
        shares = np.bincount([number for _, number, _ in ranked[:AXES]], minlength=ROTATED_FACETS)
        return cls.of_axes([axes[:, :share] for axes, share in zip(vectors, shares, strict=True)], groups)

    @classmethod
    def of_axes(cls, axes: Sequence[npt.NDArray[np.float64]], groups: TagGroups) -> Self:
        """Put together an encoder from each rotated facet's (width, axes) orthonormal columns."""
        first_row = np.concatenate([[0], np.cumsum([block.shape[0] for block in axes])]).astype(np.int64)
        first_axis = np.concatenate([[0], np.cumsum([block.shape[1] + 1 for block in axes])]).astype(np.int64)
        stacked = np.zeros((int(first_row[-1]), max(block.shape[1] for block in axes)))
        for number, block in enumerate(axes):
            stacked[first_row[number] : first_row[number + 1], : block.shape[1]] = block
        return cls(groups, Projection(stacked, first_row, first_axis))

    def axes(self) -> list[npt.NDArray[np.float64]]:
        """The inverse of :meth:`of_axes`."""
        projection = self.projection
        widths = np.diff(projection.first_axis) - 1
        return [
            projection.axes[projection.first_row[facet] : projection.first_row[facet + 1], : widths[facet]]
            for facet in range(ROTATED_FACETS)
        ]

    @property
    def fingerprint(self) -> str:
        """Hash of the axes: vectors of encoders that differ in it cannot be compared."""
        digest = hashlib.sha256(functools.reduce(bytes.__add__, (part.tobytes() for part in self.projection)))
        return digest.hexdigest()[:32]

    def items(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Item vectors, (n, 129) float32. About 2 microseconds a row."""
        out = np.empty((rows.size, DIMENSIONS), dtype=np.float32)
        _encode_items(rows, self.groups, self.projection, out)
        return out

    def query(
        self,
        row: Rows,
        weights: npt.NDArray[np.float64],
        means: npt.NDArray[np.float64],
        mentoring: bool,
        margin: float = ROUNDING_MARGIN,
    ) -> npt.NDArray[np.float32]:
        """The query vector of one member.

        Args:
            row: (1,) of FACET_ROW, the seeker.
            weights: (8,) part weights.
            means: (8,) what unknown parts score, for the kind asked.
            mentoring: whether the peers are to be mentors.
            margin: added to every inner product, so that float32 rounding cannot make it an underestimate.

        Returns:
            (129,) float32 ``q`` with ``q @ item >= `` the mean of both fits, for every item.
        """
        item = self.items(row)[0]
        return _to_query(item, int(row[0]["band"]), self.projection.first_axis, weights, means, mentoring, margin)
