"""The oracle against arithmetic done by hand; each test writes its sum out."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.catalog import default_catalog
from matcher.members.profile import MemberProfile
from tests.oracle import strategies
from tests.oracle.compare import disagreements
from tests.oracle.recommend import recommend
from tests.oracle.rules import broken_rules, seeker_barriers
from tests.oracle.score import MEANS, PARTS, Kind, band, facet_scores, fit, primary, score, stage
from tests.oracle.vectorised import moment

TODAY = datetime.date(2026, 6, 1)
KINDS = st.sampled_from(("buddy", "mentor"))
BUDDY = {
    "procedure": 0.34,
    "stage": 0.24,
    "topics": 0.14,
    "support": 0.10,
    "contact": 0.08,
    "interests": 0.06,
    "age": 0.04,
}
HALF = dict.fromkeys(MEANS, 0.5)


def member(member_id: str = "a", **fields: Any) -> MemberProfile:
    """Someone with no rule against them."""
    plain = {"member_id": member_id, "consent": True, "birth_year": 1985, "languages": ["en"], "mentor_approved": True}
    return MemberProfile.parse({**plain, "mentor_capacity": 1, **fields})


def operated(days: float, procedure: int = 0) -> dict[str, Any]:
    """A procedure so many days ago."""
    date = TODAY - datetime.timedelta(days)
    return {"procedure": strategies.procedure_names()[procedure], "date": date}


def at(recoveries: float, member_id: str = "a") -> MemberProfile:
    """A member who had the first procedure so many recovery lengths ago."""
    catalog = default_catalog()
    recovery = int(catalog.recovery_days[catalog.place(strategies.procedure_names()[0])])
    return member(member_id, procedures=[operated(round(recoveries * recovery))])


@pytest.mark.parametrize(
    ("days", "chosen"),
    [
        ((), None),
        ((10,), 0),
        ((10, -90), 1),
        ((10, -91), 0),
        ((10, -80, -3), 2),
        ((400, 0), 1),
        ((0, -1), 1),
        ((None, 4000), 1),
        ((None, -91), 0),
        ((-200, -91), 1),
        ((-200, None, None), 1),
        ((5, 5), 0),
        ((-5, 10, -5), 0),
    ],
)
def test_primary_is_soon_then_recent_then_undated_then_far(days: tuple[int | None, ...], chosen: int | None) -> None:
    names = strategies.procedure_names()
    events = [
        {"procedure": names[place], "date": None if ago is None else TODAY - datetime.timedelta(ago)}
        for place, ago in enumerate(days)
    ]
    found = primary(member(procedures=events), TODAY)
    if chosen is None:
        assert found is None
    else:
        assert found is not None
        assert (found.leaf, found.days) == (default_catalog().place(names[chosen]), days[chosen])


def test_stage_value_and_band() -> None:
    # u = ln(x + sqrt(x^2 + 1)): x = 10 after one recovery length, 20 after two.
    assert stage(at(0), TODAY) == 0
    assert stage(at(1), TODAY) == pytest.approx(math.log(10 + math.sqrt(101)))
    assert stage(at(2), TODAY) == pytest.approx(3.6895038689889)
    assert [band(at(lengths), TODAY) for lengths in (0, 1, 2)] == ["first_days", "late", "settled"]
    assert band(member(procedures=[operated(-1)]), TODAY) == "preparing"
    undated = member(procedures=[{"procedure": strategies.procedure_names()[0]}])
    assert stage(undated, TODAY) is None
    assert band(undated, TODAY) is None


def test_stage_value_is_cut_at_both_ends() -> None:
    # sinh(12) = 81377.4 and sinh(10) = 11013.2: 8138 recovery lengths behind, 1102 ahead.
    shortest = min(default_catalog().procedures, key=lambda procedure: procedure.recovery_days)
    for lengths, value in ((8137, math.asinh(81370)), (8138, 12.0), (-1101, math.asinh(-11010)), (-1102, -10.0)):
        date = TODAY - datetime.timedelta(lengths * shortest.recovery_days)
        someone = member(procedures=[{"procedure": shortest.slug, "date": date}])
        assert stage(someone, TODAY) == value
        assert moment(someone, TODAY).u == pytest.approx(value, abs=1e-12)


def test_procedure_credit_falls_along_the_tree() -> None:
    someone = member(procedures=[operated(5)])
    for place, credit in enumerate((1.0, 0.7, 0.35, 0.0)):
        other = member("b", procedures=[operated(900, place)])
        assert facet_scores(someone, other, TODAY)["procedure"] == credit
    assert facet_scores(someone, member("b"), TODAY)["procedure"] is None


def test_buddies_are_alike_in_stage() -> None:
    # u = asinh(10) and asinh(20): d = 3.689504 - 2.998223 = 0.691281; exp(-0.477869 / 0.72) = exp(-0.663707).
    found = facet_scores(at(1), at(2, "b"), TODAY)["stage"]
    assert found == pytest.approx(math.exp(-0.663707), abs=1e-6)


@pytest.mark.parametrize(
    ("seeker", "mentor", "credit"),
    [
        (0, 1, 1.0),
        (2, 2, 1.0),
        # first_days looks for early, which begins at asinh(1) = 0.881374: exp(-0.776819 / 0.72).
        (0, 0, math.exp(-0.776819 / 0.72)),
        # late looks for settled, which begins at asinh(20): the same distance as between the buddies above.
        (1, 1, math.exp(-0.663707)),
        (1, 2, 1.0),
        # Before an operation anyone who has had it is ahead.
        (-0.5, 0, 1.0),
    ],
)
def test_mentors_are_a_band_ahead(seeker: float, mentor: float, credit: float) -> None:
    found = facet_scores(at(seeker), at(mentor, "b"), TODAY, "mentor")["stage"]
    assert found == pytest.approx(credit, abs=1e-6)


def test_topics_meet_in_their_groups() -> None:
    one, two, elsewhere, _ = strategies.topic_names()

    def cosine(mine: list[str], theirs: list[str]) -> float | None:
        return facet_scores(member(topics=mine), member("b", topics=theirs), TODAY)["topics"]

    assert cosine([one], [one]) == pytest.approx(1.0)
    assert cosine([one], [two]) == pytest.approx(0.3)
    assert cosine([one], [elsewhere]) == 0.0
    # {one, two} has 0.7 + 0.7 for itself and 0.3 * 2^2 for its group: 2.6. With {one}: 0.7 + 0.3 * 2 = 1.3.
    assert cosine([one, two], [one]) == pytest.approx(1.3 / math.sqrt(2.6))
    # Two groups: 1 + 1 = 2 against 2.6; inner 0.7 + 0.3 * 2 * 1.
    assert cosine([one, elsewhere], [one, two]) == pytest.approx(1.3 / math.sqrt(2 * 2.6))
    assert cosine([], [one]) is None


def test_a_free_interest_matches_itself() -> None:
    tag, *_ = strategies.interest_names()
    free, other_free = strategies.FREE_TAGS

    def cosine(mine: list[str], theirs: list[str]) -> float | None:
        return facet_scores(member(interests=mine), member("b", interests=theirs), TODAY)["interests"]

    assert cosine([free], [free]) == 1.0
    assert cosine([free], [other_free]) == 0.0
    assert cosine([tag, free], [free]) == pytest.approx(1 / math.sqrt(2))


def test_support_contact_and_age() -> None:
    mine = member(needs=["emotional", "informational", "companionship"], channels=["text", "video"], cadence="daily")
    theirs = member("b", birth_year=1995, offers=["emotional", "companionship"], channels=["text"], cadence="weekly")
    there, back = facet_scores(mine, theirs, TODAY), facet_scores(theirs, mine, TODAY)
    assert there["support"] == pytest.approx(2 / 3)
    assert back["support"] is None
    assert there["channel"] == pytest.approx(1 / math.sqrt(2))
    assert there["cadence"] == 0.5
    assert there["age"] == pytest.approx(math.exp(-0.5))
    rarely = member("c", cadence="monthly")
    assert facet_scores(mine, rarely, TODAY)["cadence"] == 0.0
    assert facet_scores(mine, rarely, TODAY)["channel"] is None


def test_whole_score_by_hand() -> None:
    """Same day, one family; a needs two and b offers one of them; b needs one that a offers; all else unknown."""
    mine = member("a", procedures=[operated(0)], needs=["emotional", "informational"], offers=["companionship"])
    theirs = member("b", procedures=[operated(0, 1)], needs=["companionship"], offers=["emotional"], cadence="daily")
    # 0.34 * 0.7 + 0.24 * 1 + 0.14 * 0.5 + 0.10 * support + 0.08 * 0.5 + 0.06 * 0.5 + 0.04 * 1
    # = 0.238 + 0.24 + 0.07 + 0.04 + 0.03 + 0.04 = 0.658, and 0.05 one way, 0.10 the other.
    assert fit(mine, theirs, TODAY, BUDDY, HALF) == pytest.approx(0.708)
    assert fit(theirs, mine, TODAY, BUDDY, HALF) == pytest.approx(0.758)
    assert score(mine, theirs, TODAY, BUDDY, HALF) == pytest.approx(2 * 0.708 * 0.758 / 1.466)
    # As mentor b stands 0.881374 short of a's next band (0.339964), and only a's needs count.
    assert score(mine, theirs, TODAY, BUDDY, HALF, "mentor") == pytest.approx(0.708 - 0.24 + 0.24 * 0.339964, abs=1e-6)


def test_unknown_parts_score_their_own_means() -> None:
    means = {name: place / 10 for place, name in enumerate(MEANS)}
    nobody, else_ = member("a", birth_year=None), member("b", birth_year=None)
    # The means are 0, 0.1, ... in the order of MEANS: stage 0.1, mentor_stage 0.2, topics 0.3 and so on to age 0.8.
    known_by_hand = 0.14 * 0.3 + 0.10 * 0.4 + 0.04 * 0.5 + 0.04 * 0.6 + 0.06 * 0.7 + 0.04 * 0.8
    assert score(nobody, else_, TODAY, BUDDY, means) == pytest.approx(known_by_hand + 0.24 * 0.1)
    assert score(nobody, else_, TODAY, BUDDY, means, "mentor") == pytest.approx(known_by_hand + 0.24 * 0.2)


def test_no_fit_either_way_scores_nothing() -> None:
    only_procedure = dict.fromkeys(BUDDY, 0.0) | {"procedure": 2.0}
    strangers = member(procedures=[operated(1)]), member("b", procedures=[operated(1, 3)])
    assert score(*strangers, TODAY, only_procedure, HALF) == 0.0


@strategies.UNHURRIED
@given(strategies.pairs(), strategies.days(), strategies.weights(), strategies.means(), KINDS)
def test_scores_stay_between_nothing_and_everything(
    pair: list[MemberProfile], day: datetime.date, weights: dict[str, float], means: dict[str, float], kind: Kind
) -> None:
    a, b = pair
    parts = facet_scores(a, b, day, kind)
    assert tuple(parts) == PARTS
    assert all(value is None or 0 <= value <= 1 for value in parts.values())
    there, back = fit(a, b, day, weights, means), fit(b, a, day, weights, means)
    mutual = score(a, b, day, weights, means)
    assert mutual == pytest.approx(score(b, a, day, weights, means), abs=1e-12)
    assert min(there, back) - 1e-12 <= mutual <= (there + back) / 2 + 1e-12
    assert max(there, back) <= 1 + 1e-12


@strategies.UNHURRIED
@given(strategies.populations(), strategies.days(), strategies.weights(), strategies.means(), KINDS, st.data())
def test_the_best_peers_are_eligible_and_in_order(
    members: list[MemberProfile],
    day: datetime.date,
    weights: dict[str, float],
    means: dict[str, float],
    kind: Kind,
    data: st.DataObject,
) -> None:
    seeker = data.draw(st.sampled_from(members))
    ties, loads = data.draw(strategies.ties(members)), data.draw(strategies.loads(members))
    found = recommend(members, seeker.member_id, 3, day, kind, weights, means, ties=ties, loads=loads)
    everyone = recommend(members, seeker.member_id, None, day, kind, weights, means, ties=ties, loads=loads)
    assert found == everyone[:3]
    assert disagreements(found, everyone, 3, tolerance=0.0) == []
    by_id = {one.member_id: one for one in members}
    assert seeker.member_id not in dict(everyone)
    for other in members:
        if other is not seeker:
            broken = broken_rules(seeker, by_id[other.member_id], day, kind, ties=ties, loads=loads)
            assert (other.member_id in dict(everyone)) != bool(broken)
    if seeker_barriers(seeker, day, kind, loads=loads):
        assert everyone == []


def test_clones_come_in_the_order_of_their_ids() -> None:
    members = [member(name) for name in ("b", "a10", "a", "B", "a9")]
    found = recommend(members, "a", 3, TODAY, "buddy", BUDDY, HALF)
    assert [peer for peer, _ in found] == ["B", "a10", "a9"]
    assert len({value for _, value in found}) == 1


def test_disagreements_are_seen() -> None:
    truth = [("a", 0.9), ("b", 0.8), ("c", 0.8), ("d", 0.1)]
    assert disagreements(truth[:2], truth, 2) == []
    assert disagreements([("a", 0.9), ("c", 0.8)], truth, 2) == []
    assert disagreements([("a", 0.9)], truth, 2) == ["1 peers where 2 of 4 were due"]
    assert disagreements([("a", 0.9), ("d", 0.1)], truth, 2) == [
        "b with 0.8 was passed over for 0.1",
        "c with 0.8 was passed over for 0.1",
    ]
    assert disagreements([("a", 0.9), ("a", 0.9)], truth, 2)[0] == "a is there twice"
    assert disagreements([("e", 0.9), ("a", 0.9)], truth, 2) == ["e is not eligible", "e stands before a: 0.9, 0.9"]
    assert disagreements([("a", 0.7), ("b", 0.8)], truth, 2) == [
        "a scores 0.7, not 0.9",
        "a stands before b: 0.7, 0.8",
        "c with 0.8 was passed over for 0.7",
    ]
