"""How much each facet counts, and what an unknown facet scores.

The weights come from published studies and stated preference, not from outcomes; a community that has outcomes can
fit its own.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from matcher.errors import InvalidRequest, Problem

_ACCEPTED = (
    "finite numbers of 0 or more, at least one above 0, for procedure stage topics support contact interests age"
)


@dataclass(frozen=True, slots=True)
class FacetWeights:
    """Non-negative weights of the seven facets; kept so that they sum to 1.

    Raises:
        InvalidRequest: if a weight is negative, infinite or not a number, or if all are 0.
    """

    procedure: float
    stage: float
    topics: float
    support: float
    contact: float
    interests: float
    age: float

    def __post_init__(self) -> None:
        values = dataclasses.astuple(self)
        for field, value in zip(dataclasses.fields(self), values, strict=True):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0 <= value <= sys.float_info.max:  # false for NaN; whole numbers may exceed any float
                raise InvalidRequest(Problem(f"weights.{field.name}", "not a finite number of 0 or more", _ACCEPTED))
        largest = max(values)
        if largest == 0:
            raise InvalidRequest(Problem("weights", "all weights are 0, so nothing could be compared", _ACCEPTED))
        scaled = [value / largest for value in values]  # first, lest the sum of huge weights overflow
        total = math.fsum(scaled)
        for field, value in zip(dataclasses.fields(self), scaled, strict=True):
            object.__setattr__(self, field.name, value / total)

    @classmethod
    def parse(cls, fields: Mapping[str, float]) -> Self:
        """Read weights by facet name; a facet that is left out weighs nothing."""
        names = [field.name for field in dataclasses.fields(cls)]
        for name in fields:
            if name not in names:
                raise InvalidRequest(Problem(f"weights.{name}", "no such facet", _ACCEPTED))
        return cls(**{name: fields.get(name, 0.0) for name in names})

    @classmethod
    def buddy(cls) -> Self:
        """For two who go through it together: the same procedure at the same stage."""
        return cls(procedure=0.34, stage=0.24, topics=0.14, support=0.10, contact=0.08, interests=0.06, age=0.04)

    @classmethod
    def mentor(cls) -> Self:
        """For a seeker and somebody further on."""
        return cls(procedure=0.34, stage=0.26, topics=0.14, support=0.14, contact=0.06, interests=0.04, age=0.02)

    @classmethod
    def support_group(cls) -> Self:
        """For a group that meets around what it goes through."""
        return cls.buddy()

    @classmethod
    def activity_group(cls) -> Self:
        """For a group that meets around something it enjoys."""
        rest = 0.2 / 4
        return cls(procedure=rest, stage=rest, topics=rest, support=rest, contact=0.2, interests=0.5, age=0.1)

    def parts(self) -> npt.NDArray[np.float64]:
        """(8,) float64 in the order of :data:`matcher.embedding.facets.PARTS`; contact splits evenly into its two."""
        half = self.contact / 2
        return np.array(
            [self.procedure, self.stage, self.topics, self.support, half, half, self.interests, self.age],
            dtype=np.float64,
        )
