"""No reason speaks of what somebody has not agreed to show, whatever members share."""

from __future__ import annotations

import random

import pytest

from matcher import GroupSpec, MemberIndex, MemberProfile, form_groups, recommend_buddies, sample_members
from matcher.members.vocabulary import KINDS, SHARES
from tests.service.conftest import AS_OF

SPOKEN_OF = {
    "Goes through the same as": {"procedure"},
    "Goes through something": {"procedure", "procedure_family"},
    "Is where": {"stage_band"},
    "Wants to talk": {"topics"},
    "Looks for": {"support"},
    "Likes": {"contact"},
    "Wants ": {"contact"},
    "Shares an interest": {"interests"},
    "Is about the same age": {"age"},
}
"""Beginnings of a group's reasons, the longer first, and what a member must share to be spoken of so."""
NEEDED = {
    "procedure": {"procedure", "procedure_family"}, "stage": {"stage_band"}, "topics": {"topics"},
    "support": {"support"}, "contact": {"contact"}, "interests": {"interests"}, "age": {"age"},
}  # fmt: skip


def people(seed: int, count: int = 400) -> dict[str, MemberProfile]:
    """Members of whom each shares something else: nothing, everything, any part."""
    draw = random.Random(seed)
    found = {}
    for member in sample_members(count, seed=seed, as_of=AS_OF):
        shares = tuple(sorted(draw.sample(SHARES, draw.choice([0, 1, 2, 4, len(SHARES)]))))
        found[member.member_id] = member.model_copy(update={"shares": shares})
    return found


@pytest.mark.parametrize("seed", range(3))
def test_recommendations_tell_of_a_peer_what_the_peer_shares(seed: int) -> None:
    members = people(seed)
    index, told = MemberIndex.build(members.values(), AS_OF), 0
    for member_id in list(members)[:120]:
        for kind in KINDS:
            for peer in recommend_buddies(index, member_id, 10, kind).peers:
                shares = set(members[peer.member_id].shares)
                told += len(peer.reasons)
                for reason in peer.reasons:
                    assert shares & NEEDED[reason.facet], reason.facet
                    if reason.text.startswith("Went for the same thing"):
                        assert "procedure" in shares
    assert told > 100


@pytest.mark.parametrize("seed", range(2))
def test_group_plans_tell_of_a_member_what_the_member_and_others_share(seed: int) -> None:
    members = people(seed, 150)
    spec = GroupSpec.parse({"name": "Circles", "size": {"min": 3, "target": 4, "max": 5}})
    plan, told = form_groups(list(members.values()), spec, AS_OF, iterations=2, seed=0), 0
    for group in plan.groups:
        for place in group.members:
            others = [members[name] for name in group.member_ids if name != place.member_id]
            told += len(place.reasons)
            for reason in place.reasons:
                needed = next(needed for begins, needed in SPOKEN_OF.items() if reason.startswith(begins))
                assert needed & set(members[place.member_id].shares), reason
                assert any(needed & set(other.shares) for other in others), reason
    assert told > 10
