"""Everyone of a community as arrays, for questions about any pairs at all: may they, and how well do they fit?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.compilation import compiled
from matcher.embedding.parts import PART_COUNT, part_fits
from matcher.embedding.population import FacetMeans
from matcher.embedding.rows import RowCoder, Rows, TagGroups
from matcher.embedding.weights import FacetWeights
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.rematch.tie_rules import TieRules, code_ties, may_tie_each
from matcher.scoring.fit import Scoring

FACETS = ("procedure", "stage", "topics", "support", "contact", "interests", "age")
"""The weighted facets, in the order of the fields of ``FacetWeights``."""
SUPPORT = 3
CHUNK = 1 << 18

Places = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Everyone:
    """n members in the order of their ids, coded once for everything that looks at pairs; made by :meth:`of`.

    Attributes:
        member_ids: (n,) ascending: position i of all arrays is this member, as node i of a candidate graph.
        rows: (n,) of FACET_ROW.
        groups: the vocabularies' group tables.
        rules: what the hard rules read.
        means: what unknown facets score.
    """

    member_ids: tuple[str, ...]
    rows: Rows
    groups: TagGroups
    rules: TieRules
    means: FacetMeans

    @classmethod
    def of(cls, members: Sequence[MemberProfile], as_of: date, means: FacetMeans | None = None) -> Everyone:
        """Code ``members``, each id once; about 60 microseconds each."""
        members = sorted(members, key=lambda member: member.member_id)
        coder = RowCoder(default_catalog())
        rows = coder.rows(members, coder.events(members), as_of)
        return cls(
            tuple(member.member_id for member in members),
            rows,
            coder.groups(),
            code_ties(members, as_of),
            means or FacetMeans.estimate(members, as_of),
        )

    def __len__(self) -> int:
        return len(self.member_ids)

    def allowed(self, one: Places, other: Places, kind: Kind) -> npt.NDArray[np.bool_]:
        """(m,) whether the hard rules allow each pair of positions; for mentoring the seeker first."""
        return may_tie_each(self.rules, one, other, kind == "mentor")

    def scores(self, one: Places, other: Places, kind: Kind, weights: FacetWeights) -> Floats:
        """(m,) exact mutual scores, of pairs that the rules forbid as well; some 0.2 microseconds each."""
        return Scoring.of(self.groups, weights, self.means, kind).pairs(self.rows, one, other)

    def facet_fits(self, one: Places, other: Places, kind: Kind) -> tuple[Floats, Floats]:
        """How well each pair fits by each facet, in both directions.

        Returns:
            Two (m, 7) arrays in the order of :data:`FACETS`: fit of ``other`` for ``one``, and the way back. An unknown
            part counts what it counts in the score, its population mean, so a row times the weights is the directed
            fit. For mentoring both are the same.
        """
        return facet_fits(self.rows, self.groups, self.means, one, other, kind)


def facet_fits(
    rows: Rows, groups: TagGroups, means: FacetMeans, one: Places, other: Places, kind: Kind
) -> tuple[Floats, Floats]:
    """As :meth:`Everyone.facet_fits`, of any rows."""
    unknown = means.parts(kind)
    there, back = np.empty((one.size, 7)), np.empty((one.size, 7))
    for first in range(0, one.size, CHUNK):
        chunk = slice(first, first + CHUNK)
        parts = _parts_of_pairs(rows, one[chunk], other[chunk], groups, kind == "mentor")
        known = np.where(parts < 0, np.append(unknown, unknown[SUPPORT]), parts)
        facets = known[:, [0, 1, 2, 3, 4, 6, 7]]
        facets[:, 4] = (known[:, 4] + known[:, 5]) / 2  # contact: channel and cadence count the same
        there[chunk] = back[chunk] = facets
        if kind == "buddy":
            back[chunk, SUPPORT] = known[:, 8]
    return there, back


@compiled
def _parts_of_pairs(rows: Any, one: Any, other: Any, groups: Any, mentoring: bool) -> Floats:
    out = np.empty((one.size, PART_COUNT))
    for i in range(one.size):
        part_fits(rows[one[i]], rows[other[i]], groups, mentoring, out[i])
    return out
