"""The community that these tests share: drawn and indexed once a session."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from matcher import MemberIndex, MemberProfile, sample_members
from matcher.eligibility.relations import Load, Relations, TieState
from matcher.members.sample import SAMPLE_DAY
from tests.oracle.rules import Load as OracleLoad
from tests.oracle.vectorised import VectorisedOracle

SIZE = 20_000


@dataclass(frozen=True, slots=True)
class Community:
    """Members, their index, and the oracle that looks at all of them."""

    members: list[MemberProfile]
    index: MemberIndex
    oracle: VectorisedOracle
    means: dict[str, float]
    seekers: list[MemberProfile]


@pytest.fixture(scope="session")
def community() -> Community:
    """20,000 sample members with loads and ties, and 500 of them at random to seek."""
    rng = np.random.default_rng(20)
    members = sample_members(SIZE, seed=3)
    seekers = [members[place] for place in rng.choice(SIZE, 500, replace=False)]
    loads = {members[i].member_id: (int(b), int(m)) for i, b, m in rng.integers(0, [SIZE, 4, 3], (3000, 3))}
    relations = Relations()
    ties: dict[frozenset[str], TieState] = {}
    for name, load in loads.items():
        relations.set_load(name, Load(*load))
    for seeker in seekers:
        for place in rng.choice(SIZE, 40, replace=False).tolist():
            other = members[place].member_id
            if other != seeker.member_id:
                state: TieState = "matched" if place % 2 else "closed"
                ties[frozenset((seeker.member_id, other))] = state
                relations.set_tie(seeker.member_id, other, state)
    index = MemberIndex.build(members, SAMPLE_DAY, relations=relations)
    oracle = VectorisedOracle(
        members, SAMPLE_DAY, ties=ties, loads={name: OracleLoad(*load) for name, load in loads.items()}
    )
    return Community(members, index, oracle, dataclasses.asdict(index.means), seekers)
