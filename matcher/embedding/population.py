"""What an unknown facet scores: its mean over the pairs of the population, so that a short profile is neither
favoured nor starved."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.compilation import compiled
from matcher.embedding.parts import part_fits
from matcher.embedding.rows import RowCoder, Rows, TagGroups
from matcher.errors import InvalidRequest, Problem
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind

SAMPLE_SIZE = 2000
"""Members whose pairs are counted: two million pairs put the standard error of a mean below 0.01 at any share of
unknowns seen."""


@compiled
def _pair_means(rows: Rows, groups: TagGroups) -> npt.NDArray[np.float64]:
    sums = np.zeros(10)
    counts = np.zeros(10)
    parts = np.empty(9)
    for i in range(rows.size):
        for j in range(rows.size):
            if i == j:
                continue
            part_fits(rows[i], rows[j], groups, True, parts)
            for part in range(8):
                if parts[part] >= 0.0:
                    sums[part] += parts[part]
                    counts[part] += 1.0
            part_fits(rows[i], rows[j], groups, False, parts)
            if parts[1] >= 0.0:
                sums[8] += parts[1]
                counts[8] += 1.0
    means = np.full(9, -1.0)
    for part in range(9):
        if counts[part] > 0.0:
            means[part] = sums[part] / counts[part]
    return means


@dataclass(frozen=True, slots=True)
class FacetMeans:
    """Mean kernel of each part over the pairs of a population in which both sides say.

    Raises:
        InvalidRequest: if a mean is not a number from 0 to 1.
    """

    procedure: float
    stage: float
    mentor_stage: float
    topics: float
    support: float
    channel: float
    cadence: float
    interests: float
    age: float

    def __post_init__(self) -> None:
        for name, mean in dataclasses.asdict(self).items():
            if not 0.0 <= mean <= 1.0:
                raise InvalidRequest(Problem(f"means.{name}", "not a mean of kernels", "a number from 0 to 1"))

    @classmethod
    def default(cls) -> Self:
        """The means of the sample population (100,000 members, seed 0): for a community too small to have its own."""
        return cls(
            procedure=0.0965,
            stage=0.2056,
            mentor_stage=0.5660,
            topics=0.1314,
            support=0.4964,
            channel=0.6643,
            cadence=0.6264,
            interests=0.0549,
            age=0.4779,
        )

    @classmethod
    def parse(cls, fields: Mapping[str, float]) -> Self:
        """Read back what ``dataclasses.asdict`` wrote."""
        return cls(**{field.name: float(fields[field.name]) for field in dataclasses.fields(cls)})

    @classmethod
    def estimate(cls, members: Sequence[MemberProfile], as_of: date) -> Self:
        """Estimate from ``members``: those who may be matched, every pair of them, or of 2,000 evenly spaced by id.

        The result does not depend on the order of ``members``. A facet that nobody filled in keeps its default.
        Cost: 4 million kernels, under a second.
        """
        matchable = sorted((m for m in members if m.consent and m.status == "active"), key=lambda m: m.member_id)
        if len(matchable) > SAMPLE_SIZE:
            picks = np.linspace(0, len(matchable) - 1, SAMPLE_SIZE).round().astype(np.int64)
            matchable = [matchable[pick] for pick in picks]
        coder = RowCoder(default_catalog())
        rows = coder.rows(matchable, coder.events(matchable), as_of)
        return cls.of_rows(rows, coder.groups())

    @classmethod
    def of_rows(cls, rows: Rows, groups: TagGroups) -> Self:
        """The means over every pair of ``rows``."""
        found: Any = _pair_means(rows, groups)
        order = ("procedure", "mentor_stage", "topics", "support", "channel", "cadence", "interests", "age", "stage")
        estimated = {name: float(value) for name, value in zip(order, found, strict=True) if value >= 0.0}
        return dataclasses.replace(cls.default(), **estimated)

    def parts(self, kind: Kind) -> npt.NDArray[np.float64]:
        """(8,) float64 in the order of :data:`matcher.embedding.facets.PARTS`."""
        stage = self.mentor_stage if kind == "mentor" else self.stage
        return np.array(
            [self.procedure, stage, self.topics, self.support, self.channel, self.cadence, self.interests, self.age],
            dtype=np.float64,
        )
