"""Members coded once for all tests of kernels, features and the encoder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from matcher import FacetMeans, MemberProfile, sample_members
from matcher.catalog import default_catalog
from matcher.embedding.encoder import Encoder
from matcher.embedding.rows import RowCoder, Rows, TagGroups
from matcher.members.sample import SAMPLE_DAY
from matcher.members.vocabulary import Kind
from tests.oracle.score import PARTS
from tests.oracle.vectorised import VectorisedOracle

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """4,000 sample members, an encoder fitted to them, and 1,000 others to compare with each other."""

    members: list[MemberProfile]
    rows: Rows
    groups: TagGroups
    encoder: Encoder
    means: FacetMeans
    buddy_parts: dict[str, Floats]
    mentor_parts: dict[str, Floats]

    def exact(self, kind: Kind, weights: dict[str, float]) -> Floats:
        """(1000, 1000) mean of both fits of every pair, by the oracle's kernels; for mentors the seeker's fit."""
        share = {**weights, "channel": weights["contact"] / 2, "cadence": weights["contact"] / 2}
        means = dataclasses.asdict(self.means)
        if kind == "mentor":
            means["stage"] = means["mentor_stage"]
        parts = self.mentor_parts if kind == "mentor" else self.buddy_parts
        known = {part: np.where(np.isnan(parts[part]), means[part], parts[part]) for part in PARTS}
        there = np.asarray(sum(share[part] * known[part] for part in PARTS))
        if kind == "mentor":
            return there
        return np.asarray(there + share["support"] * (known["support"].T - known["support"]) / 2)


def _parts(oracle: VectorisedOracle, members: list[MemberProfile], kind: Kind) -> dict[str, Floats]:
    rows = [oracle.parts(member, kind) for member in members]
    return {part: np.array([row[part] for row in rows]) for part in PARTS}


@pytest.fixture(scope="session")
def sample() -> Sample:
    coder = RowCoder(default_catalog())
    fitted = sample_members(4000, seed=11)
    fitted_rows = coder.rows(fitted, coder.events(fitted), SAMPLE_DAY)
    encoder = Encoder.fit(fitted_rows, default_catalog(), coder.groups())
    members = sample_members(1000, seed=12)
    rows = coder.rows(members, coder.events(members), SAMPLE_DAY)
    oracle = VectorisedOracle(members, SAMPLE_DAY)
    return Sample(
        members,
        rows,
        coder.groups(),
        encoder,
        FacetMeans.estimate(fitted, SAMPLE_DAY),
        _parts(oracle, members, "buddy"),
        _parts(oracle, members, "mentor"),
    )
