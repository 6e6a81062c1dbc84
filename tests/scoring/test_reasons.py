"""Reasons: true, short, and never about what the peer does not share."""

from __future__ import annotations

import dataclasses
import datetime
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import FacetWeights, MemberIndex, MemberProfile, recommend_buddies
from matcher.catalog import Vocabulary, default_catalog
from matcher.members.vocabulary import SHARES, Kind
from matcher.scoring.explanation import Reason
from tests.oracle import strategies
from tests.oracle.score import WEIGHTED, band, primary, procedure_kernel

KINDS: tuple[Kind, Kind] = ("buddy", "mentor")
DAY = datetime.date(2026, 1, 1)
SHARED_AS = {
    "procedure": {"procedure", "procedure_family"},
    "stage": {"stage_band"},
    "topics": {"topics"},
    "support": {"support"},
    "contact": {"contact"},
    "interests": {"interests"},
    "age": {"age"},
}
CHANNELS = {"text": "messages", "voice": "calls", "video": "video", "in_person": "in person"}
SUPPORT = {
    "emotional": "emotional support",
    "informational": "advice from experience",
    "instrumental": "practical help",
    "companionship": "company",
}
HIDDEN: dict[str, dict[str, Any]] = {
    "age": {"birth_year": 1960},
    "support": {"offers": ()},
    "contact": {"cadence": None},
    "interests": {"interests": ()},
    "topics": {"topics": ()},
}
"""By share, what a peer who does not share it may change without the seeker being told anything else."""
BANDS = ("preparing", "first days", "early", "middle", "late", "settled")
BAND_NAMES = ("preparing", "first_days", "early", "middle", "late", "settled")


def gated(profile: MemberProfile, shares: tuple[str, ...]) -> MemberProfile:
    return profile.model_copy(update={"shares": shares})


def told(
    seeker: MemberProfile, peer: MemberProfile, day: datetime.date, kind: Kind, facet: str | None
) -> tuple[Reason, ...]:
    """The reasons about one peer, with all weight on one facet or the usual weights."""
    weights = None if facet is None else FacetWeights.parse({facet: 1.0})
    peers = recommend_buddies(MemberIndex.build([seeker, peer], day), seeker.member_id, 1, kind, weights).peers
    return peers[0].reasons if peers else ()


def named(tag: str, vocabulary: Vocabulary) -> str:
    """A tag as people read it; a free one as it was written."""
    code = vocabulary.code(tag)
    return tag if code is None else vocabulary.names[code]


def listed(names: list[str]) -> str:
    """The first three, the last after an and."""
    *first, last = names[:3]
    return f"{', '.join(first)} and {last}" if first else last


def check_true(reason: Reason, seeker: MemberProfile, peer: MemberProfile, day: datetime.date, kind: Kind) -> None:
    """A reason says nothing about the peer that is not so, or is not shared."""
    catalog = default_catalog()
    assert SHARED_AS[reason.facet] & set(peer.shares), reason
    assert not re.search(r"\d", reason.text), f"a number or a date in {reason.text!r}"
    if reason.facet == "procedure":
        here = primary(peer, day)
        assert here is not None
        if "procedure" not in peer.shares:
            assert catalog.procedures[here.leaf].name not in reason.text or (
                catalog.procedures[here.leaf].name in catalog.family_names[here.family]
            )
        if procedure_kernel(seeker, peer, day) != 1.0:
            assert catalog.family_names[here.family] in reason.text
    elif reason.facet == "stage":
        own, theirs = band(seeker, day), band(peer, day)
        assert own is not None
        assert theirs is not None
        assert BANDS[BAND_NAMES.index(theirs)] in reason.text
        assert BAND_NAMES.index(theirs) > BAND_NAMES.index(own) if kind == "mentor" else theirs == own
    elif reason.facet == "topics":
        names = [named(tag, catalog.topics) for tag in seeker.topics if tag in peer.topics]
        assert reason.text == f"You both want to talk about {listed(names)}"
    elif reason.facet == "interests":
        names = [named(tag, catalog.interests) for tag in seeker.interests if tag in peer.interests]
        assert reason.text == f"You share an interest in {listed(names)}"
    elif reason.facet == "support":
        for kind_of, words in SUPPORT.items():
            assert (words in reason.text) <= (kind_of in seeker.needs and kind_of in peer.offers)
    elif reason.facet == "contact":
        for channel, words in CHANNELS.items():
            assert (words in reason.text) <= (channel in seeker.channels and channel in peer.channels)
        for cadence in ("daily", "weekly", "monthly"):
            assert (cadence in reason.text) <= (seeker.cadence == peer.cadence == cadence)
    else:
        assert seeker.birth_year is not None
        assert peer.birth_year is not None
        assert abs(seeker.birth_year - peer.birth_year) <= 6


@settings(strategies.UNHURRIED, max_examples=40)
@given(
    strategies.populations(2, 2, easy=True),
    strategies.days(),
    st.lists(st.sampled_from(SHARES), unique=True).map(tuple),
    st.sampled_from([None, *WEIGHTED]),
)
def test_a_reason_is_true_and_shared(
    members: list[MemberProfile], day: datetime.date, shares: tuple[str, ...], facet: str | None
) -> None:
    for kind in KINDS:
        seeker, peer = members[0], gated(members[1], shares)
        reasons = told(seeker, peer, day, kind, facet)
        assert len(reasons) <= 3
        for reason in reasons:
            check_true(reason, seeker, peer, day, kind)
        assert told(seeker, gated(peer, ()), day, kind, facet) == ()


@settings(strategies.UNHURRIED, max_examples=25)
@given(strategies.populations(2, 2, easy=True), strategies.days(), st.sampled_from(sorted(HIDDEN)))
def test_what_is_not_shared_changes_nothing(members: list[MemberProfile], day: datetime.date, hidden: str) -> None:
    """Two peers who differ only in what they do not share, scoring alike, are told of alike."""
    seeker, peer = members
    shares = tuple(share for share in SHARES if share != hidden)
    fields = dict(HIDDEN[hidden])
    if hidden == "age" and peer.birth_year == 1960:
        fields = {"birth_year": 1959}
    plain, changed = gated(peer, shares), gated(peer, shares).model_copy(update=fields)
    for other in ("procedure", "interests", "contact"):
        if other != hidden:
            assert told(seeker, plain, day, "buddy", other) == told(seeker, changed, day, "buddy", other)
    assert told(seeker, plain, day, "buddy", hidden) == told(seeker, changed, day, "buddy", hidden) == ()


def member(member_id: str, **fields: Any) -> MemberProfile:
    plain = {"member_id": member_id, "consent": True, "birth_year": 1985, "languages": ["en"], "shares": SHARES}
    return MemberProfile.parse({**plain, **fields})


def test_words_by_hand() -> None:
    catalog = default_catalog()
    slug = strategies.procedure_names()[0]
    place = catalog.place(slug)
    long_ago = DAY - datetime.timedelta(int(catalog.recovery_days[place]) * 5)
    both: dict[str, Any] = {
        "procedures": [{"procedure": slug, "date": long_ago}],
        "topics": strategies.topic_names()[:2],
        "channels": ["text", "in_person"],
        "cadence": "weekly",
        "interests": ["dragon-boat"],
    }
    one, other = member("a", needs=["emotional"], **both), member("b", offers=["emotional"], **both)
    topics = [catalog.topics.names[catalog.topics.code(tag) or 0] for tag in strategies.topic_names()[:2]]
    expected = {
        "procedure": f"Went for the same thing as you: {catalog.procedures[place].name}",
        "stage": "Is where you are: settled",
        "topics": f"You both want to talk about {topics[0]} and {topics[1]}",
        "support": "Offers what you look for: emotional support",
        "contact": "You both like to stay in touch by messages and meeting in person, weekly",
        "interests": "You share an interest in dragon-boat",
        "age": "You are about the same age",
    }
    for facet, text in expected.items():
        assert told(one, other, DAY, "buddy", facet) == (Reason(facet, text),)


def test_the_strongest_three_come_first() -> None:
    slug, topic = strategies.procedure_names()[0], strategies.topic_names()[0]
    both: dict[str, Any] = {
        "procedures": [{"procedure": slug, "date": DAY}],
        "topics": [topic],
        "interests": ["dragon-boat"],
        "channels": ["text"],
    }
    reasons = told(member("a", **both), member("b", **both), DAY, "buddy", None)
    assert [reason.facet for reason in reasons] == ["procedure", "stage", "topics"]


@pytest.mark.parametrize(
    ("shares", "leaf"), [(("procedure", "procedure_family"), True), (("procedure_family",), False)]
)
def test_the_family_stands_in_for_a_procedure_that_is_not_shared(shares: tuple[str, ...], leaf: bool) -> None:
    catalog = default_catalog()
    slug = strategies.procedure_names()[0]
    place = catalog.place(slug)
    one = member("a", procedures=[{"procedure": slug}])
    other = member("b", procedures=[{"procedure": slug}], shares=shares)
    (reason,) = told(one, other, DAY, "buddy", "procedure")
    name = catalog.procedures[place].name if leaf else catalog.family_names[int(catalog.family_of[place])]
    assert reason.text.endswith(f": {name}")


def test_a_mentor_no_further_on_is_not_called_further_on() -> None:
    slug = strategies.procedure_names()[0]
    mentor = member("b", procedures=[{"procedure": slug, "date": DAY}], mentor_approved=True, mentor_capacity=1)
    assert told(member("a", procedures=[{"procedure": slug, "date": DAY}]), mentor, DAY, "mentor", "stage") == ()
    planned = DAY + datetime.timedelta(10)
    (reason,) = told(member("a", procedures=[{"procedure": slug, "date": planned}]), mentor, DAY, "mentor", "stage")
    assert reason.text == "Is further on than you: in the first days"


def test_reasons_are_plain_values() -> None:
    assert dataclasses.is_dataclass(Reason)
    assert hash(Reason("age", "x")) == hash(Reason("age", "x"))
