"""Requests that cannot be answered: one clear error each, and the index goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from matcher import FacetWeights, MemberIndex, MemberProfile, recommend_buddies, recommend_for_profile, sample_members
from matcher.errors import InvalidRequest, UnknownMember
from matcher.members.sample import SAMPLE_DAY

FACETS = ("procedure", "stage", "topics", "support", "contact", "interests", "age")


@pytest.fixture(scope="module")
def members() -> list[MemberProfile]:
    return sample_members(40, seed=2)


@pytest.fixture(scope="module")
def index(members: list[MemberProfile]) -> MemberIndex:
    return MemberIndex.build(members, SAMPLE_DAY)


@pytest.fixture(params=["stored", "unsaved"])
def ask(request: pytest.FixtureRequest, index: MemberIndex, members: list[MemberProfile]) -> Callable[..., Any]:
    """One member's request through either door."""
    member = members[0]
    if request.param == "stored":
        return lambda **asked: recommend_buddies(index, member.member_id, **asked)
    return lambda **asked: recommend_for_profile(index, member, **asked)


@pytest.mark.parametrize("k", [0, -1, True, False, 1.5, 10.0, 10**9, 1001, "10", None, math.nan, 10**400])
def test_k_is_a_whole_number_from_1_to_1000(ask: Callable[..., Any], k: Any) -> None:
    with pytest.raises(InvalidRequest, match="1000") as caught:
        ask(k=k)
    assert caught.value.problem.where == "k"
    assert ask(k=1000).k == 1000


@pytest.mark.parametrize("kind", ["group", "", "Buddy", None, 3])
def test_kind_is_buddy_or_mentor(ask: Callable[..., Any], kind: Any) -> None:
    with pytest.raises(InvalidRequest, match="buddy or mentor") as caught:
        ask(kind=kind)
    assert caught.value.problem.where == "kind"
    assert ask(kind="buddy").kind == "buddy"


@pytest.mark.parametrize("member_id", ["nobody", "", "M0000000", "m0000000 "])
def test_an_unknown_member_is_named(index: MemberIndex, member_id: str) -> None:
    with pytest.raises(UnknownMember) as caught:
        recommend_buddies(index, member_id)
    assert caught.value.member_id == member_id


@pytest.mark.parametrize("facet", FACETS)
@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf, -1e-300, -1, True, "1", None, 1j, 10**400])
def test_a_weight_that_is_none_is_named(facet: str, weight: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        FacetWeights.parse({"procedure": 1.0, facet: weight})
    assert caught.value.problem.where == f"weights.{facet}"


@pytest.mark.parametrize("weights", [{}, {"stage": 0.0}, dict.fromkeys(FACETS, 0), {"age": -0.0}])
def test_weights_that_are_all_0_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        FacetWeights.parse(weights)
    assert caught.value.problem.where == "weights"


@pytest.mark.parametrize("facet", ["channel", "cadence", "mentor_stage", "", "Procedure", "looks"])
def test_an_unknown_facet_is_named(facet: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        FacetWeights.parse({"stage": 1.0, facet: 1.0})
    assert caught.value.problem.where == f"weights.{facet}"
    assert "procedure stage topics support contact interests age" in caught.value.problem.accepted


@pytest.mark.parametrize("weight", [5e-324, 1e-300, 1e308, 7])
def test_weights_of_any_size_answer_alike(ask: Callable[..., Any], weight: float) -> None:
    asked = FacetWeights.parse({"stage": weight, "age": weight})
    assert ask(weights=asked) == ask(weights=FacetWeights.parse({"stage": 0.5, "age": 0.5}))
