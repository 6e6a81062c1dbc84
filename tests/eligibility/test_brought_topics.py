"""A topic that must not come up does not come up by way of a procedure either."""

from __future__ import annotations

from datetime import date

import pytest

from matcher import MemberIndex, MemberProfile, check_pair, recommend_buddies

TODAY = date(2026, 6, 1)


def member(member_id: str, **fields: object) -> MemberProfile:
    return MemberProfile.parse(
        {"member_id": member_id, "consent": True, "birth_year": 1985, "languages": ["en"], **fields}
    )


@pytest.mark.parametrize(
    ("procedure", "topic"),
    [
        ("pregnancy-loss", "loss-of-pregnancy"),
        ("eating-disorder-treatment", "eating-disorder"),
        ("alcohol-treatment", "alcohol"),
        ("sleeve-gastrectomy", "weight-loss"),
        ("0DB64Z3", "weight-loss"),
    ],
)
def test_who_avoids_a_topic_never_meets_a_procedure_that_brings_it(procedure: str, topic: str) -> None:
    avoids = member("avoids", avoid_topics=[topic])
    brings = member("brings", procedures=[{"procedure": "knee-replacement"}, {"procedure": procedure}])
    assert check_pair(avoids, brings, TODAY) == ("avoid_topic",)
    assert check_pair(brings, avoids, TODAY) == ("avoid_topic",)
    index = MemberIndex.build([avoids, brings], TODAY)
    for seeker in ("avoids", "brings"):
        answer = recommend_buddies(index, seeker)
        assert answer.peers == ()
        assert [(removal.code, removal.count) for removal in answer.funnel.removed] == [("avoid_topic", 1)]


def test_a_procedure_that_brings_nothing_meets_everybody() -> None:
    avoids = member("avoids", avoid_topics=["alcohol"])
    other = member("other", procedures=[{"procedure": "knee-replacement"}])
    assert check_pair(avoids, other, TODAY) == ()


@pytest.mark.parametrize("spelling", ["St Mary", "  st   mary ", "ST MARY"])
def test_an_opt_out_of_the_same_clinic_does_not_fail_over_spelling(spelling: str) -> None:
    one = member("one", clinic="St Mary", avoid_same_clinic=True)
    assert check_pair(one, member("two", clinic=spelling), TODAY) == ("same_clinic",)
