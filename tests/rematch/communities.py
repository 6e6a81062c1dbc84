"""Small communities with a past, drawn by seed."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import cache

from matcher.members.profile import MemberProfile
from matcher.members.sample import SAMPLE_DAY, sample_members
from matcher.rematch.history import FitCheck, History, State, Tie
from matcher.verification.eligibility import check_pair


@cache
def community(n: int, seed: int = 0) -> tuple[MemberProfile, ...]:
    """Members of the sample population."""
    return tuple(sample_members(n, seed=seed))


def past(members: tuple[MemberProfile, ...], seed: int) -> History:
    """Ties by lot: most allowed and standing, some over, some that a rule forbids, some with people who are gone."""
    rng = random.Random(seed)
    ids = [member.member_id for member in members]
    by_id = {member.member_id: member for member in members}
    ties: dict[tuple[str, ...], Tie] = {}
    for _ in range(12 * len(ids)):
        one, other = rng.sample(ids, 2)
        kind = rng.choice(["buddy", "buddy", "mentor"])
        lawful = not check_pair(by_id[one], by_id[other], SAMPLE_DAY, "buddy" if kind == "buddy" else "mentor")
        if tuple(sorted((one, other))) in ties or (not lawful and rng.random() < 0.97):
            continue
        state: State = rng.choice(["current", "current", "current", "declined", "expired", "ended"])
        since = SAMPLE_DAY - timedelta(days=rng.randrange(200))
        checks = tuple(FitCheck(name, rng.randint(1, 5)) for name in (one, other) if rng.random() < 0.5)
        ties[tuple(sorted((one, other)))] = Tie(
            "buddy" if kind == "buddy" else "mentor",
            one,
            other,
            state,
            since,
            None if state == "current" else since + timedelta(days=5),
            fits=checks,
            protected=state == "current" and rng.random() < 0.1,
        )
    ties["gone", ids[0]] = Tie("buddy", ids[0], "gone", fits=(FitCheck("gone", 5),))
    never = tuple((one, other) for one, other in [rng.sample(ids, 2) for _ in range(3)])
    return History(tuple(ties.values()), never=never)
