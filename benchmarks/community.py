"""The communities that are measured: the drawn population as it is, or with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import faiss
import numpy as np
import numpy.typing as npt

from matcher.embedding.encoder import Encoder
from matcher.embedding.rows import Rows
from matcher.embedding.vectors import DIMENSIONS
from matcher.embedding.weights import FacetWeights
from matcher.index.member_index import MemberIndex
from matcher.index.seeking import Seeker
from matcher.members.profile import MemberProfile
from matcher.members.sample import SAMPLE_DAY, iter_sample
from matcher.members.vocabulary import Kind
from matcher.scoring.fit import Scoring

DAY: date = SAMPLE_DAY
RARE_LANGUAGE = "fo"
"""Faroese: nobody in the drawn population speaks it."""
CHUNK = 1 << 16


def with_rare_language(members: Iterator[MemberProfile], share: float) -> Iterator[MemberProfile]:
    """The same members, of whom every so many speaks a rare language and no other."""
    due = 0.0
    for member in members:
        due += share
        if due < 1.0:
            yield member
        else:
            due -= 1.0
            yield member.model_copy(update={"languages": (RARE_LANGUAGE,)})


def drawn(size: int, rare_share: float = 0.0) -> Iterator[MemberProfile]:
    """The drawn population, streaming."""
    members = iter_sample(size, as_of=DAY)
    return with_rare_language(members, rare_share) if rare_share else members


@dataclass(frozen=True, slots=True)
class Insides:
    """What measurements look at inside an index and no user needs: its rows and its encoder."""

    index: MemberIndex

    @property
    def rows(self) -> Rows:
        """(slots,) of FACET_ROW."""
        return self.index._slots.rows

    @property
    def ids(self) -> list[str]:
        """Member id by slot."""
        return self.index._slots.ids

    @property
    def encoder(self) -> Encoder:
        """The encoder fitted to the population."""
        return self.index._encoder

    def vectors(self) -> npt.NDArray[np.float32]:
        """(slots, 129) item vectors."""
        rows = self.rows
        vectors = np.empty((rows.size, DIMENSIONS), dtype=np.float32)
        for first in range(0, rows.size, CHUNK):
            vectors[first : first + CHUNK] = self.encoder.items(rows[first : first + CHUNK])
        return vectors

    def flat(self) -> faiss.IndexFlatIP:
        """The peer: every vector in one flat index."""
        flat = faiss.IndexFlatIP(DIMENSIONS)
        rows = self.rows
        for first in range(0, rows.size, CHUNK):
            flat.add(self.encoder.items(rows[first : first + CHUNK]))
        return flat

    def scoring(self, kind: Kind) -> Scoring:
        """What a request without weights of its own scores by."""
        return Scoring.of(self.index._slots.coder.groups(), weights_for(self.index, kind), self.index.means, kind)

    def query(self, seeker: Seeker, scoring: Scoring) -> npt.NDArray[np.float32]:
        """(1, 129) query vector."""
        made = self.encoder.query(seeker.row, scoring.weights, scoring.means, scoring.mentoring)
        return made.reshape(1, -1)


def weights_for(index: MemberIndex, kind: Kind) -> FacetWeights:
    """The weights of a request that brings none."""
    return FacetWeights.mentor() if kind == "mentor" else index.weights
