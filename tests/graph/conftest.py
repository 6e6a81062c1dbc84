"""A community small enough to look at every pair of it, and what the oracle says about all of them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from matcher import CandidateGraph, FacetWeights, MemberIndex, MemberProfile, build_candidate_graph, sample_members
from matcher.members.sample import SAMPLE_DAY
from matcher.members.vocabulary import KINDS, Kind
from tests.oracle.vectorised import VectorisedOracle

SIZE, NEIGHBOURS = 600, 8


@dataclass(frozen=True, slots=True)
class Truth:
    """The oracle on every ordered pair, seekers in rows; members in the order of their ids.

    Attributes:
        scores: (n, n) in millionths, not rounded.
        eligible: (n, n), seeker with peer.
    """

    scores: npt.NDArray[np.float64]
    eligible: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, members: list[MemberProfile], kind: Kind) -> Truth:
        """Ask the oracle about everybody."""
        ordered = sorted(members, key=lambda member: member.member_id)
        preset = FacetWeights.mentor() if kind == "mentor" else FacetWeights.buddy()
        weights = dataclasses.asdict(preset)
        means = dataclasses.asdict(MemberIndex.build(members, SAMPLE_DAY).means)
        oracle = VectorisedOracle(ordered, SAMPLE_DAY)
        return cls(
            1e6 * np.array([oracle.scores(seeker, kind, weights, means) for seeker in ordered]),
            np.array([oracle.rules.eligible(seeker, kind) for seeker in ordered]),
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """A graph, and the truth about its members."""

    kind: Kind
    graph: CandidateGraph
    truth: Truth

    def edges(self) -> npt.NDArray[np.bool_]:
        """(n, n), seeker with peer; for buddies both ways."""
        joined = np.zeros(self.truth.eligible.shape, dtype=np.bool_)
        joined[self.graph.u, self.graph.v] = True
        return joined if self.kind == "mentor" else joined | joined.T


@pytest.fixture(scope="session")
def members() -> list[MemberProfile]:
    return sample_members(SIZE, seed=11)


@pytest.fixture(scope="session", params=KINDS)
def looked(request: pytest.FixtureRequest, members: list[MemberProfile]) -> Looked:
    """Both kinds of graph."""
    kind: Kind = request.param
    return Looked(kind, build_candidate_graph(members, SAMPLE_DAY, NEIGHBOURS, kind), Truth.of(members, kind))
