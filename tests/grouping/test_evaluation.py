"""What a plan says of its groups: exact numbers, reasons that keep what is not shown, clocks, make-up and warnings."""

from __future__ import annotations

import datetime
import itertools
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.embedding.population import FacetMeans
from matcher.grouping.cohort import Cohort, gather
from matcher.grouping.draft import GroupDraft
from matcher.grouping.evaluation import describe, worth
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.mix import MixRule
from matcher.grouping.mix_penalties import penalty, target_shares
from matcher.grouping.plan import LocalTime, PlannedGroup
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import SHARES
from tests.oracle.group_strategies import random_members
from tests.oracle.strategies import UNHURRIED

DAY = datetime.date(2026, 1, 1)
MEANS = FacetMeans.default()
ALWAYS = [{"day": day, "start": "00:00", "end": "24:00"} for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
TUESDAY = SlotChoice(day="tue", start="18:00")
MEETING = {
    "time_zone": "Europe/Berlin",
    "start_date": "2026-03-01",
    "weeks": 6,
    "window": [{"day": "tue", "start": "06:00", "end": "23:00"}],
}


def person(member_id: str, **fields: Any) -> MemberProfile:
    return MemberProfile.parse(
        {
            "member_id": member_id,
            "consent": True,
            "birth_year": 1980,
            "languages": ["en"],
            "time_zone": "Europe/Berlin",
            "availability": ALWAYS,
            "procedures": [{"procedure": "knee-replacement", "date": "2025-10-01"}],
            "shares": list(SHARES),
            **fields,
        }
    )


def cohort_of(members: Sequence[MemberProfile], **fields: Any) -> Cohort:
    spec = GroupSpec.parse({"size": {"min": 2, "target": 3, "max": 9}, "lone_newcomers": True, **fields})
    return gather(members, spec, DAY, MEANS)


def only_group(members: Sequence[MemberProfile], slot: SlotChoice | None = None, **fields: Any) -> PlannedGroup:
    """The one group of all these members."""
    cohort = cohort_of(members, **fields)
    leaders = tuple(fields.get("groups", [{}])[0].get("facilitators", ()))
    draft = GroupDraft("group-001", tuple(cohort.position), leaders, "en", slot)
    return describe(cohort, [draft]).groups[0]


def reasons_of(group: PlannedGroup, member_id: str) -> tuple[str, ...]:
    return next(place.reasons for place in group.members if place.member_id == member_id)


def test_numbers_are_means_of_exact_scores_and_do_not_depend_on_any_order() -> None:
    members = random_members(random.Random(3), 24, 0.0)
    rules = [{"attribute": "gender", "rule": "mixed"}, {"attribute": "age_band", "rule": "alike", "weight": 2}]
    cohort = cohort_of(members, preferences={"worst": 0.25, "size": 0.5, "churn": 0.125}, mix=rules)
    ids = list(cohort.position)
    drafts = [GroupDraft(f"group-{k}", tuple(ids[k::5]), language="en") for k in range(5)]
    found = describe(cohort, drafts, moved=3)
    mixed = [GroupDraft(d.name, d.members[::-1], language="en") for d in drafts[::-1]]
    assert describe(cohort, mixed, moved=3) == found
    assert worth(cohort, mixed, moved=3) == found.terms

    fit = worst = size = 0.0
    for group in found.groups:
        table = {}
        for one, other in itertools.permutations(group.member_ids, 2):
            pair = [np.array([cohort.position[name]]) for name in (one, other)]
            table[one, other] = float(cohort.scoring.pairs(cohort.rows, *pair)[0])
        fits = []
        for place in group.members:
            own = [score for (one, _), score in table.items() if one == place.member_id]
            assert place.fit == pytest.approx(sum(own) / len(own), abs=1e-14)
            fits.append(place.fit)
        assert group.fit == pytest.approx(np.mean(fits), abs=1e-14)
        assert group.worst_fit == min(fits)
        fit += sum(fits)
        worst += 0.25 * len(fits) * min(fits)
        size += 0.5 * abs(len(fits) - 3)
    terms = found.terms
    assert (terms.placed, terms.churn) == (24, 0.375)
    assert (terms.fit, terms.worst, terms.size) == pytest.approx((fit, worst, size), abs=1e-12)
    paid = [weight * sum(g.mix[row].penalty for g in found.groups) for row, weight in enumerate((0.1, 2.0))]
    assert terms.mix == pytest.approx(paid, abs=1e-12)
    assert terms.total == pytest.approx(fit + worst - size - 0.375 - sum(paid), abs=1e-12)


def test_no_groups_at_all() -> None:
    cohort = cohort_of([person(name) for name in "abc"], mix=[{"attribute": "gender", "rule": "alike"}])
    found = describe(cohort, [])
    assert (found.groups, found.terms.total, found.terms.mix) == ((), 0.0, (0.0,))


@pytest.mark.parametrize(
    ("rule", "genders", "price"),
    [
        ({"rule": "alike"}, "mmw", 1.0),
        ({"rule": "alike"}, "mwo?", 2.0),
        ({"rule": "alike"}, "???", 0.0),
        ({"rule": "shares", "shares": {"m": 0.5, "w": 0.5}}, "mmmm", 2.0),
        ({"rule": "shares", "shares": {"m": 0.5, "w": 0.5}}, "mw??", 0.0),
        ({"rule": "shares", "shares": {"m": 0.5, "w": 0.5}}, "oo", 2.0),
        ({"rule": "shares", "shares": {"m": 0.5, "w": 0.5}}, "mmw", 0.5),
        ({"rule": "no_lone", "values": ["w"]}, "mmww", 0.0),
        ({"rule": "mixed"}, "mmww", 0.0),
        ({"rule": "mixed"}, "m?w", 0.0),
    ],
)
def test_prices_of_the_make_up(rule: dict[str, Any], genders: str, price: float) -> None:
    members = [person(f"m{i}", gender=None if g == "?" else g) for i, g in enumerate(genders)]
    group = only_group(members, mix=[{"attribute": "gender", **rule}])
    (row,) = group.mix
    assert row.penalty == pytest.approx(price)
    assert dict(row.counts) == {{"?": "unknown"}.get(g, g): genders.count(g) for g in genders}
    assert [count for _, count in row.counts] == sorted((count for _, count in row.counts), reverse=True)


def test_mixed_looks_at_all_who_are_to_be_placed() -> None:
    members = [person(f"m{i}", gender=g) for i, g in enumerate("mmmwww")] + [person("z")]
    cohort = cohort_of(members, mix=[{"attribute": "gender", "rule": "mixed"}])
    shares = target_shares(cohort.spec.mix[0], cohort)
    assert shares == {"m": 0.5, "w": 0.5}
    groups = [GroupDraft("a", ("m0", "m1", "m2")), GroupDraft("b", ("m3", "m4", "m5", "z"))]
    assert [group.mix[0].penalty for group in describe(cohort, groups).groups] == [1.5, 1.5]
    assert target_shares(MixRule(attribute="gender", rule="alike"), cohort) == {}
    assert penalty(cohort.spec.mix[0], {}, shares) == 0.0


def test_reasons_count_those_who_have_it_in_common() -> None:
    members = [person("a"), *(person(name) for name in "bcd"), person("e", procedures=[])]
    assert reasons_of(only_group(members), "a") == (
        "Goes through the same as 3 of 4 others: Knee replacement",
        "Is where 3 of 4 others are: early in recovery",
    )
    assert reasons_of(only_group(members[:2]), "a")[0] == "Goes through the same as the other member: Knee replacement"
    assert reasons_of(only_group(members[:4]), "a")[1] == "Is where all 3 others are: early in recovery"


@pytest.mark.parametrize(
    ("facet", "own", "theirs", "sentence"),
    [
        (
            "topics",
            {"topics": ["scars", "anxiety"]},
            {"topics": ["anxiety"]},
            "Wants to talk about Anxiety, as",
        ),
        ("interests", {"interests": ["k-dramas"]}, {"interests": ["k-dramas"]}, "Shares an interest in k-dramas with"),
        ("support", {"needs": ["emotional"]}, {"offers": ["emotional"]}, "Looks for emotional support, which all 2"),
        ("contact", {"channels": ["voice"]}, {"channels": ["voice", "text"]}, "Likes calls, as all 2 others do"),
        ("contact", {"cadence": "weekly"}, {"cadence": "weekly"}, "Wants weekly contact, as all 2 others do"),
        ("age", {"birth_year": 1984}, {"birth_year": 1980}, "Is about the same age as all 2 others"),
        (
            "procedure",
            {"procedures": [{"procedure": "hip-replacement"}]},
            {},
            "Goes through something of the same kind as all 2 others: ",
        ),
    ],
)
def test_every_facet_has_its_sentence(facet: str, own: dict[str, Any], theirs: dict[str, Any], sentence: str) -> None:
    members = [person("a", **own), person("b", **theirs), person("c", **theirs)]
    (reason,) = reasons_of(only_group(members, weights={facet: 1}), "a")
    assert reason.startswith(sentence)
    assert "all 2 others" in reason
    quiet = [members[0], *(other.model_copy(update={"shares": ()}) for other in members[1:])]
    assert reasons_of(only_group(quiet, weights={facet: 1}), "a") == ()
    one_quiet = [*members[:2], quiet[2]]
    assert "1 of 2 others" in reasons_of(only_group(one_quiet, weights={facet: 1}), "a")[0]


HIDDEN: dict[str, dict[str, Any]] = {
    "age": {"birth_year": 1960},
    "support": {"offers": ()},
    "contact": {"cadence": None, "channels": ()},
    "interests": {"interests": ()},
    "topics": {"topics": ()},
    "stage_band": {},
    "procedure": {},
    "procedure_family": {},
}


@settings(parent=UNHURRIED, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SHARES), st.integers(2, 7))
def test_what_others_do_not_show_changes_no_reason(seed: int, share: str, count: int) -> None:
    rng = random.Random(seed)
    members = sorted(random_members(rng, count, 0.0), key=lambda member: member.member_id)
    gone = {share, "procedure"} if share == "procedure_family" else {share}
    shown = tuple(other for other in SHARES if other not in gone and rng.random() < 0.8)
    before = [members[0], *(other.model_copy(update={"shares": shown}) for other in members[1:])]
    change = HIDDEN[share]
    if share in ("stage_band", "procedure_family"):
        change = {"procedures": ()} if not {"stage_band", "procedure", "procedure_family"}.intersection(shown) else {}
    after = [before[0], *(other.model_copy(update=change) for other in before[1:])]
    name = members[0].member_id
    assert reasons_of(only_group(before), name) == reasons_of(only_group(after), name)
    if not shown:
        assert reasons_of(only_group(before), name) == ()


def test_clocks_of_each_member() -> None:
    members = [person("a"), person("b", time_zone="America/New_York"), person("c", time_zone=None, availability=[])]
    group = only_group(members, TUESDAY, meeting={**MEETING, "unknown_availability": "assumed"})
    assert group.slot is not None
    assert (group.slot.day, group.slot.start, group.slot.time_zone) == ("tue", "18:00", "Europe/Berlin")
    assert group.slot.length_minutes == 60
    assert [instant.hour for instant in group.slot.utc] == [17, 17, 17, 17, 16, 16]
    assert group.members[0].local_times == (LocalTime(datetime.date(2026, 3, 3), "tue", "18:00"),)
    assert group.members[1].local_times == (
        LocalTime(datetime.date(2026, 3, 3), "tue", "12:00"),
        LocalTime(datetime.date(2026, 3, 10), "tue", "13:00"),
        LocalTime(datetime.date(2026, 3, 31), "tue", "12:00"),
    )
    assert group.members[2].local_times == ()
    assert "assumed to come, as their times are not known: c" in group.warnings
    assert "from 2026-03-10 the meeting is at another time on the clocks of b (summer time)" in group.warnings


def test_early_and_late_on_somebodys_clock() -> None:
    members = [person("a"), person("b", time_zone="America/Los_Angeles"), person("c", time_zone="Asia/Tokyo")]
    early = only_group(members, SlotChoice(day="tue", start="15:00"), meeting={**MEETING, "weeks": 1})
    assert early.warnings == ("before 07:00 or after 22:00 on the clocks of b, c",)
    fine = only_group([members[0], person("b")], SlotChoice(day="tue", start="21:00"), meeting=MEETING)
    assert not [text for text in fine.warnings if "clocks" in text]


def warnings_of(members: Sequence[MemberProfile], **fields: Any) -> str:
    return " | ".join(only_group(members, **fields).warnings)


def test_a_group_that_gives_no_cause_has_no_warnings() -> None:
    assert warnings_of([person(name) for name in "abc"]) == ""


def test_warnings_about_the_size() -> None:
    members = [person(name) for name in "abcde"]
    assert "too small as soon as one leaves" in warnings_of(members[:2])
    assert "5 members; 3 are wished for" in warnings_of(members)
    assert "4 members; " not in warnings_of(members[:4])
    half = {"min": 2, "target": 3, "max": 9, "attendance": 0.5}
    assert "4 members, about 2 of them in the room; it is too small" in warnings_of(members[:4], size=half)


def test_warnings_about_fit_and_stage() -> None:
    stranger = person("c", procedures=[{"procedure": "rhinoplasty", "date": "2015-01-01"}], birth_year=1930)
    assert "fits no better than one drawn at random: c" in warnings_of([person("a"), person("b"), stranger])
    new = [person(name, procedures=[{"procedure": "knee-replacement", "date": "2025-12-30"}]) for name in "abc"]
    assert "nobody is further on" in warnings_of(new)
    assert "nobody is further on" not in warnings_of([*new, person("d")])


def test_warnings_about_minors() -> None:
    young = [person(name, birth_year=2010) for name in "abc"]
    text = "nobody of the staff leads it"
    assert text in warnings_of(young)
    assert text in warnings_of([person(name, birth_year=2008) for name in "abc"])
    leading = {"per_group": 1, "staff": [{"name": "Jo"}]}
    led = [{"name": "group-001", "members": ["a"], "facilitators": ["staff:Jo"]}]
    assert text not in warnings_of(young, facilitation=leading, groups=led)


def test_warnings_about_who_could_stand_in() -> None:
    members = [person(name) for name in "abc"]
    led = [{"name": "group-001", "members": ["a"], "facilitators": ["staff:Jo"]}]
    free = {"time_zone": "Europe/Berlin", "availability": ALWAYS}
    for staff, backup in (
        ([{"name": "Jo", **free}], False),
        ([{"name": "Jo", **free}, {"name": "Al", **free}], True),
        ([{"name": "Jo", **free}, {"name": "Al", "languages": ["es"], **free}], False),
        ([{"name": "Jo", **free}, {"name": "Al"}], False),
    ):
        found = only_group(
            members, TUESDAY, meeting=MEETING, facilitation={"per_group": 1, "staff": staff}, groups=led
        ).warnings
        assert any("could stand in" in text for text in found) != backup
    approved = [*members, person("d", mentor_approved=True)]
    cohort = cohort_of(approved, facilitation={"per_group": 1, "approved_mentors": True, "staff": [{"name": "Jo"}]})
    draft = GroupDraft("group-001", ("a", "b", "c"), ("staff:Jo",), "en")
    assert describe(cohort, [draft]).groups[0].warnings == ()


def test_what_is_locked_and_open_is_handed_on() -> None:
    groups = [{"name": "Owls", "members": ["a", "b"], "locked_members": ["b"]}]
    cohort = cohort_of([person(name) for name in "abc"], groups=groups)
    drafts = [GroupDraft("Owls", ("a", "b", "c"), ("staff:Z", "staff:A"), "en", None, locked=True, open=False)]
    (group,) = describe(cohort, drafts).groups
    assert [place.locked for place in group.members] == [False, True, False]
    assert (group.locked, group.open, group.facilitators) == (True, False, ("staff:A", "staff:Z"))
