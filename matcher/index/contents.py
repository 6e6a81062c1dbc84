"""All that an index is made of."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from matcher.eligibility.filter import OnlineFilter
from matcher.embedding.encoder import Encoder
from matcher.embedding.population import FacetMeans
from matcher.embedding.weights import FacetWeights
from matcher.index.shelves import Shelves
from matcher.index.slots import Slots


class Contents(NamedTuple):
    """In the order in which :class:`MemberIndex` takes them.

    Attributes:
        slots: who stands where.
        eligibility: the hard rules over the slots.
        shelves: the slots by procedure and stage.
        encoder: what makes vectors.
        as_of: the day for which all of it stands.
        weights: of buddy requests without their own.
        means: what unknown facets score.
        means_given: whether those were passed in.
    """

    slots: Slots
    eligibility: OnlineFilter
    shelves: Shelves
    encoder: Encoder
    as_of: date
    weights: FacetWeights
    means: FacetMeans
    means_given: bool
