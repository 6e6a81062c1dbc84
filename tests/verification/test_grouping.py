"""A good plan passes; whatever is changed of it, of the members or of the spec is found, with names."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from matcher import sample_members
from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidProblem, VerificationError
from matcher.grouping.attendance import Attendance
from matcher.grouping.draft import GroupDraft
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.plan import Diagnosis, LocalTime, MemberPlace, Unplaced
from matcher.grouping.spec import GroupSpec
from matcher.members.availability import DAYS
from matcher.members.profile import MemberProfile
from matcher.verification.grouping import verify_groups
from tests.verification.group_plans import plan_by_hand

DAY = datetime.date(2026, 3, 2)
"""Clocks change in New York on March 8, in Lisbon on March 29."""
MEANS = FacetMeans.default()
ALWAYS = [{"day": day, "start": "00:00", "end": "24:00"} for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
EVENINGS = [{"day": day, "start": "17:00", "end": "22:00"} for day in ("mon", "tue", "wed", "thu", "fri")]
LATER = [{"day": day, "start": "21:00", "end": "24:00"} for day in ("mon", "tue", "wed", "thu", "fri")]
STAFF: dict[str, Any] = {"languages": ["en", "es"], "time_zone": "America/New_York", "availability": ALWAYS}
TUESDAY = SlotChoice(day="tue", start="18:00")
THURSDAY = SlotChoice(day="thu", start="18:30")


def member(name: str, **fields: Any) -> MemberProfile:
    return MemberProfile.parse(
        {
            "member_id": name,
            "consent": True,
            "birth_year": 1980,
            "languages": ["en", "es"],
            "procedures": [{"procedure": "knee-replacement", "date": "2025-12-01"}],
            "gender": "woman" if int(name[1:]) % 2 else "man",
            "time_zone": "America/New_York",
            "availability": EVENINGS,
            "region": "north",
            "clinic": f"clinic-{name}",
        }
        | fields
    )


def community() -> dict[str, MemberProfile]:
    """Fourteen to be placed, of whom m09 lives in Lisbon; l01 who leads; x01 whom nobody asked for; p01 on a pause."""
    members = [member(f"m{number:02}") for number in range(14)]
    members[3] = member("m03", topics=["loose-skin"], interests=["walking"])
    members[4], members[6] = member("m04", cadence="daily"), member("m06", cadence="monthly")
    members[10] = member("m10", procedures=[{"procedure": "knee-replacement", "date": "2024-01-01"}])
    members[9] = member("m09", time_zone="Europe/Lisbon", availability=LATER)
    members += [
        member("l01"),
        member("x01"),
        member("p01", status="paused"),
        member("a01", mentor_approved=True, seeks=["buddy"]),
    ]
    return {one.member_id: one for one in members}


def fields() -> dict[str, Any]:
    return {
        "size": {"min": 3, "target": 4, "max": 5},
        "who": {"exclude": ["x01"]},
        "meeting": {"time_zone": "America/New_York", "start_date": "2026-03-02", "weeks": 5},
        "facilitation": {
            "per_group": 1,
            "members": ["l01"],
            "approved_mentors": True,
            "staff": [
                STAFF | {"name": "Ada", "most_groups": 1},
                STAFF | {"name": "Bo"},
            ],
        },
        "mix": [
            {"attribute": "gender", "rule": "mixed"},
            {"attribute": "stage_band", "rule": "alike"},
            {"attribute": "gender", "rule": "no_lone", "values": ["woman"]},
        ],
        "together": [["m00", "m01"]],
        "apart": [["m00", "m04", "l01"]],
        "groups": [{"name": "The Owls", "members": ["m08", "m09", "m10", "m12"], "locked_members": ["m08"],
                    "slot": {"day": "mon", "start": "17:00"}}],
        "churn": 1,
    }  # fmt: skip


DRAFTS = (
    GroupDraft("The Owls", ("m08", "m09", "m10", "m11"), ("staff:Bo",), "en", SlotChoice(day="mon", start="17:00")),
    GroupDraft("group-001", ("m00", "m01", "m02", "m03"), ("staff:Ada",), "en", TUESDAY),
    GroupDraft("group-002", ("m04", "m05", "m06", "m07"), ("a01",), "es", THURSDAY),
)


class Case:
    """A good plan, to be spoilt."""

    def __init__(self) -> None:
        self.members = community()
        self.fields = fields()
        self.plan = plan_by_hand(list(self.members.values()), self.spec(), DAY, DRAFTS, MEANS)

    def spec(self) -> GroupSpec:
        return GroupSpec.parse(self.fields)

    def verify(self) -> None:
        spec = self.spec()
        plan = replace(self.plan, spec_hash=spec.fingerprint())
        verify_groups(self.members.values(), spec, plan, means=MEANS)

    def refuses(self, *words: str) -> None:
        with pytest.raises(VerificationError) as caught:
            self.verify()
        for word in words:
            assert word in str(caught.value)

    def change(self, name: str, **more: Any) -> None:
        known = self.members[name].model_dump(mode="json", exclude_defaults=True)
        self.members[name] = MemberProfile.parse(known | more)

    def group(self, name: str, /, **more: Any) -> None:
        groups = [replace(one, **more) if one.name == name else one for one in self.plan.groups]
        self.plan = replace(self.plan, groups=tuple(groups))

    def people(self, name: str, *ids: str) -> None:
        self.group(name, members=tuple(MemberPlace(one, 0.5) for one in ids))

    def without(self, *ids: str) -> None:
        self.plan = replace(self.plan, unplaced=tuple(one for one in self.plan.unplaced if one.member_id not in ids))

    def place(self, name: str, /, **more: Any) -> None:
        """Change what the plan says of one member."""
        for group in self.plan.groups:
            places = [replace(one, **more) if one.member_id == name else one for one in group.members]
            self.group(group.name, members=tuple(places))


@pytest.fixture
def case() -> Case:
    return Case()


def test_a_good_plan_passes(case: Case) -> None:
    case.verify()
    assert case.plan.moved == ("m12",)
    assert case.plan.must_leave == ()
    assert [one.member_id for one in case.plan.unplaced] == ["m12", "m13", "p01"]
    assert any(one.local_times[1:] for group in case.plan.groups for one in group.members)


def test_means_are_estimated_if_they_are_not_given(case: Case) -> None:
    members = list(case.members.values())
    plan = plan_by_hand(members, case.spec(), DAY, DRAFTS)
    verify_groups(iter(members), case.spec(), plan)
    with pytest.raises(VerificationError, match="fit"):
        verify_groups(members, case.spec(), plan, means=MEANS)


def test_a_member_listed_twice_is_an_invalid_problem(case: Case) -> None:
    with pytest.raises(InvalidProblem, match="m03"):
        verify_groups([*case.members.values(), case.members["m03"]], case.spec(), case.plan)


SPOILT_MEMBERS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "consent": ("m02", {"consent": False}, ("group-001", "consent", "m02")),
    "status": ("m02", {"status": "held"}, ("group-001", "status", "m02")),
    "unknown age": ("m02", {"birth_year": None}, ("group-001", "age_pool", "m02")),
    "age pool": ("m02", {"birth_year": 2010}, ("group-001", "age_pool", "m00, m02")),
    "seeks": ("m02", {"seeks": ["buddy", "mentor"]}, ("group-001", "seeks", "m02")),
    "no language": ("m02", {"languages": []}, ("group-001", "language", "m02")),
    "other language": ("m05", {"languages": ["en"]}, ("group-002", "language", "m05")),
    "no zone": ("m02", {"time_zone": None}, ("group-001", "no_zone", "m02")),
    "no availability": ("m02", {"availability": []}, ("group-001", "no_availability", "m02")),
    "too early": (
        "m02",
        {"availability": [{"day": "tue", "start": "18:30", "end": "22:00"}]},
        ("group-001", "no_time", "m02"),
    ),
    "ends too soon": (
        "m02",
        {"availability": [{"day": "tue", "start": "17:00", "end": "18:59"}]},
        ("group-001", "no_time", "m02"),
    ),
    "other weeks": (
        "m09",
        {"availability": [{"day": "mon", "start": "22:00", "end": "23:00"}]},
        ("The Owls", "no_time", "m09"),
    ),
    "role": ("m02", {"role": "caregiver"}, ("group-001", "role", "m00, m02")),
    "gender wish": ("m02", {"only_genders": ["man"]}, ("group-001", "gender_wish", "m01, m02")),
    "avoided topic": ("m02", {"avoid_topics": ["loose-skin"]}, ("group-001", "avoid_topic")),
    "clinic": (
        "m02",
        {"avoid_same_clinic": True, "clinic": "clinic-m03"},
        ("group-001", "same_clinic", "m02, m03"),
    ),
    "block": ("m02", {"blocked": ["m01"]}, ("group-001", "block", "m01, m02")),
    "blocks the mentor": ("m06", {"blocked": ["a01"]}, ("group-002", "block", "a01, m06")),
    "mentor of another role": ("a01", {"role": "caregiver"}, ("group-002", "role", "a01, m04")),
    "mentor not approved": ("a01", {"mentor_approved": False}, ("group-002", "not_a_facilitator", "a01")),
    "mentor on a pause": ("a01", {"status": "paused"}, ("group-002", "status", "a01")),
    "mentor without language": ("a01", {"languages": ["en"]}, ("group-002", "language", "a01")),
    "mentor without time": ("a01", {"availability": LATER}, ("group-002", "no_time", "a01")),
    "mentor of unknown times": ("a01", {"availability": []}, ("group-002", "no_time", "a01")),
    "alone by a rule": ("m01", {"gender": "man"}, ("group-001", "no_lone", "m03")),
    "lone newcomer": (
        "m02",
        {"procedures": [{"procedure": "knee-replacement", "date": "2026-03-01"}]},
        ("group-001", "no_lone", "m02"),
    ),
}


@pytest.mark.parametrize("what", SPOILT_MEMBERS)
def test_a_member_who_changed(case: Case, what: str) -> None:
    name, more, words = SPOILT_MEMBERS[what]
    case.change(name, **more)
    case.refuses(*words)


def _staff(fields: dict[str, Any], **more: Any) -> None:
    fields["facilitation"]["staff"][0] |= more


def _meeting(fields: dict[str, Any], **more: Any) -> None:
    fields["meeting"] |= more


SPOILT_SPECS: dict[str, tuple[Callable[[dict[str, Any]], object], tuple[str, ...]]] = {
    "smaller": (lambda f: f["size"].update(max=3, target=3), ("'The Owls'", "size", "4 members")),
    "larger": (lambda f: f["size"].update(min=5, target=5), ("'The Owls'", "size", "from 5 to 5")),
    "attendance": (lambda f: f["size"].update(min=4, attendance=0.5, max=8), ("'The Owls'", "size", "from 8 to 16")),
    "fewer groups": (lambda f: f.update(most_groups=2), ("plan", "most_groups", "at most 2")),
    "who": (lambda f: f["who"].update(exclude=["m05"]), ("group-002", "who", "m05")),
    "who by id": (lambda f: f.update(who={"member_ids": ["m08", "m09", "m10", "m11"]}), ("group-001", "who", "m00")),
    "who by procedure": (lambda f: f["who"].update(procedures=["hip-replacement"]), ("'The Owls'", "who", "m08")),
    "who by language": (lambda f: f["who"].update(languages=["pt"]), ("'The Owls'", "who", "m08")),
    "channel": (lambda f: f.update(channel="in_person"), ("'The Owls'", "channel", "m08")),
    "apart": (lambda f: f["apart"].append(["m02", "m03"]), ("group-001", "apart", "m02, m03")),
    "apart from who leads": (lambda f: f["apart"].append(["a01", "m06"]), ("group-002", "apart", "a01, m06")),
    "together": (lambda f: f["together"].append(["m03", "m05"]), ("plan", "together", "m03, m05")),
    "together with a stranger": (lambda f: f["together"].append(["m03", "x01"]), ("plan", "together", "m03, x01")),
    "threshold of members": (lambda f: f.update(thresholds={"member_fit": 0.99}), ("'The Owls'", "member_fit", "m08")),
    "threshold of pairs": (lambda f: f.update(thresholds={"pair_score": 0.99}), ("'The Owls'", "pair_score", "m08")),
    "window": (
        lambda f: _meeting(f, window=[{"day": "tue", "start": "18:30", "end": "22:00"}]),
        ("group-001", "slot"),
    ),
    "grid": (lambda f: _meeting(f, step_minutes=60), ("group-002", "slot")),
    "length": (lambda f: _meeting(f, length_minutes=270), ("no_time",)),
    "no meeting": (lambda f: [f.pop("meeting"), f["groups"][0].pop("slot")], ("'The Owls'", "slot")),
    "more to lead": (lambda f: f["facilitation"].update(per_group=2), ("'The Owls'", "facilitation", "staff:Bo")),
    "a mentor less": (
        lambda f: f["facilitation"].update(approved_mentors=False),
        ("group-002", "not_a_facilitator", "a01"),
    ),
    "a member who leads by name": (lambda f: f["facilitation"].update(members=["m05"]), ("group-002", "leads", "m05")),
    "staff who left": (lambda f: _staff(f, name="Cy"), ("group-001", "stranger", "staff:Ada")),
    "staff of another language": (lambda f: _staff(f, languages=["fr"]), ("group-001", "language", "staff:Ada")),
    "staff without time": (lambda f: _staff(f, availability=LATER), ("group-001", "no_time", "staff:Ada")),
    "staff of unknown times": (lambda f: _staff(f, time_zone=None), ("group-001", "no_time", "staff:Ada")),
    "locked": (lambda f: f["groups"][0].update(locked=True), ("plan", "locked", "m11, m12")),
    "locked member": (lambda f: f["groups"][0].update(locked_members=["m12"]), ("plan", "locked_members", "m12")),
    "kept time": (
        lambda f: f["groups"][0].update(slot={"day": "tue", "start": "17:00"}),
        ("plan", "kept", "meeting time"),
    ),
    "kept language": (lambda f: f["groups"][0].update(language="es"), ("plan", "kept", "language")),
    "kept facilitator": (lambda f: f["groups"][0].update(facilitators=["staff:Ada"]), ("plan", "kept", "staff:Ada")),
    "churn": (lambda f: f.update(churn=0), ("plan", "churn", "m12")),
    "dissolved under a lock": (
        lambda f: f["groups"].append({"name": "Gone", "members": ["m13"], "locked_members": ["m13"]}),
        ("plan", "locked_members", "m13"),
    ),
    "dissolved beyond the budget": (
        lambda f: f["groups"].append({"name": "Gone", "members": ["m13", "m03"]}),
        ("plan", "churn", "m03, m12, m13"),
    ),
    "weights": (lambda f: f.update(weights={"age": 1.0}), ("'The Owls'", "fit", "m08")),
    "mix": (lambda f: f["mix"].pop(), ("'The Owls'", "mix")),
    "mix weight": (lambda f: f["mix"][1].update(weight=0.7), ("terms", "mix")),
    "price of the worst": (lambda f: f.update(preferences={"worst": 0.6}), ("terms", "worst")),
    "price of sizes": (lambda f: f["size"].update(target=3), ("terms", "size")),
    "price of churn": (lambda f: f.update(preferences={"churn": 0.3}), ("terms", "churn")),
}


@pytest.mark.parametrize("what", SPOILT_SPECS)
def test_a_spec_that_changed(case: Case, what: str) -> None:
    change, words = SPOILT_SPECS[what]
    change(case.fields)
    case.refuses(*words)


def _spoil_group(name: str, /, **more: Any) -> Callable[[Case], None]:
    return lambda case: case.group(name, **more)


def _spoil_plan(**more: Any) -> Callable[[Case], None]:
    return lambda case: setattr(case, "plan", replace(case.plan, **more))


def _spoil_place(name: str, **more: Any) -> Callable[[Case], None]:
    return lambda case: case.place(name, **more)


def _spoil_terms(**more: Any) -> Callable[[Case], None]:
    return lambda case: setattr(case, "plan", replace(case.plan, terms=replace(case.plan.terms, **more)))


def _spoil_slot(name: str, **more: Any) -> Callable[[Case], None]:
    def spoil(case: Case) -> None:
        slot = case.plan.group(name).slot
        assert slot is not None
        case.group(name, slot=replace(slot, **more))

    return spoil


def _two_led_at_once(case: Case) -> None:
    case.group("group-001", facilitators=("staff:Bo",))
    slot = case.plan.group("group-002").slot
    case.group("group-002", facilitators=("staff:Bo",), slot=slot)
    slot = case.plan.group("The Owls").slot
    assert slot is not None
    case.fields["groups"][0].pop("slot")
    case.group("The Owls", slot=replace(slot, day="tue", start="17:30"))
    case.change("m09", availability=ALWAYS)


def _a_mentor_leads_elsewhere(case: Case) -> None:
    case.change("m05", mentor_approved=True)
    case.group("group-001", facilitators=("m05",))


def _groups_backwards(case: Case) -> None:
    case.plan = replace(case.plan, groups=case.plan.groups[::-1])


def _bounded(case: Case, bound: float, **fields: Any) -> None:
    """The plan with that bound, all that follows from it being right."""
    _spoil_plan(upper_bound=bound, gap=(bound - case.plan.terms.total) / bound, **fields)(case)


SPOILT_PLANS: dict[str, tuple[Callable[[Case], object], tuple[str, ...]]] = {
    "stranger": (lambda c: c.people("group-001", "m00", "m01", "m02", "zz"), ("group-001", "stranger", "zz")),
    "staff as a member": (lambda c: c.people("group-001", "m00", "m01", "m02", "staff:Bo"), ("stranger", "staff:Bo")),
    "a left out member": (lambda c: c.people("group-001", "m00", "m01", "m02", "p01"), ("group-001", "status", "p01")),
    "not asked for": (lambda c: c.people("group-001", "m00", "m01", "m02", "x01"), ("group-001", "who", "x01")),
    "in two groups": (lambda c: c.people("group-002", "m01", "m05", "m06", "m07"), ("plan", "twice", "m01")),
    "twice in one": (lambda c: c.people("group-001", "m00", "m01", "m01", "m02"), ("group-001", "m")),
    "order of members": (lambda c: c.people("group-001", "m01", "m00", "m02", "m03"), ("group-001", "order")),
    "order of groups": (_groups_backwards, ("groups", "order")),
    "a name twice": (_spoil_group("group-002", name="group-001"), ("order",)),
    "leads and is led": (_spoil_group("group-001", facilitators=("m05",)), ("group-001", "not_a_facilitator", "m05")),
    "a mentor who leads and is a member": (
        _a_mentor_leads_elsewhere,
        ("plan", "leads", "m05"),
    ),
    "leads their own": (_spoil_group("group-001", facilitators=("m00",)), ("group-001", "twice", "m00")),
    "a block of who leads": (_spoil_group("group-002", facilitators=("l01",)), ("group-002", "apart", "l01, m04")),
    "nobody leads": (_spoil_group("group-001", facilitators=()), ("group-001", "facilitation")),
    "too many groups to lead": (
        _spoil_group("group-002", facilitators=("staff:Ada",)),
        ("plan", "facilitator_load", "staff:Ada"),
    ),
    "two at the same time": (_two_led_at_once, ("plan", "facilitator_time", "staff:Bo")),
    "language": (_spoil_group("group-001", language="pt"), ("group-001", "language", "m00")),
    "no time": (_spoil_group("group-001", slot=None), ("group-001", "slot")),
    "another time": (_spoil_slot("group-001", start="18:10"), ("group-001", "slot")),
    "a time nobody has": (_spoil_slot("group-001", start="09:00"), ("group-001", "no_time", "m00")),
    "zone of the time": (_spoil_slot("group-001", time_zone="America/Detroit"), ("group-001", "slot", "clock")),
    "length of the time": (_spoil_slot("group-001", length_minutes=90), ("group-001", "slot", "length")),
    "UTC": (_spoil_slot("group-001", utc=()), ("group-001", "slot", "UTC")),
    "local times": (
        _spoil_place("m01", local_times=(LocalTime(DAY, "mon", "18:00"),)),
        ("group-001", "local_times", "m01"),
    ),
    "no local times": (_spoil_place("m09", local_times=()), ("'The Owls'", "local_times", "m09")),
    "a member's fit": (_spoil_place("m01", fit=0.999), ("group-001", "fit", "m01")),
    "a group's fit": (_spoil_group("group-001", fit=0.999), ("group-001", "fit")),
    "a group's worst fit": (_spoil_group("group-001", worst_fit=0.1), ("group-001", "worst_fit")),
    "mix rows": (_spoil_group("group-001", mix=()), ("group-001", "mix")),
    "placed": (_spoil_terms(placed=13), ("terms", "placed")),
    "fit": (_spoil_terms(fit=9.0), ("terms", "fit")),
    "worst": (_spoil_terms(worst=9.0), ("terms", "worst")),
    "size": (_spoil_terms(size=9.0), ("terms", "size")),
    "churn": (_spoil_terms(churn=9.0), ("terms", "churn")),
    "mix": (_spoil_terms(mix=(0.0, 0.0, 0.0)), ("terms", "mix")),
    "too few mix terms": (_spoil_terms(mix=()), ("terms", "mix")),
    "placed and unplaced": (
        lambda c: setattr(
            c, "plan", replace(c.plan, unplaced=(Unplaced("m00", "no_room", "none", "none"), *c.plan.unplaced))
        ),
        ("unplaced", "m00"),
    ),
    "left out and not listed": (lambda c: c.without("p01"), ("unplaced", "p01")),
    "nowhere and not listed": (lambda c: c.without("m12"), ("unplaced", "m12")),
    "a stranger unplaced": (
        lambda c: setattr(c, "plan", replace(c.plan, unplaced=(*c.plan.unplaced, Unplaced("x01", "who", "-", "-")))),
        ("unplaced", "x01"),
    ),
    "unplaced twice": (
        lambda c: setattr(c, "plan", replace(c.plan, unplaced=(*c.plan.unplaced, c.plan.unplaced[-1]))),
        ("unplaced",),
    ),
    "unplaced for no reason": (
        lambda c: setattr(c, "plan", replace(c.plan, unplaced=tuple(replace(o, text="") for o in c.plan.unplaced))),
        ("unplaced", "m12"),
    ),
    "moved": (_spoil_plan(moved=()), ("moved",)),
    "must leave": (_spoil_plan(must_leave=("m12",)), ("must_leave",)),
    "a bound below the plan": (lambda c: _spoil_plan(upper_bound=c.plan.terms.total - 0.1)(c), ("upper_bound",)),
    "a bound that a plan could exceed": (lambda c: _bounded(c, c.plan.terms.total + 0.5), ("upper_bound", "at best")),
    "a bound that makes it look like the best": (
        lambda c: _bounded(c, c.plan.terms.total, status="optimal"),
        ("upper_bound", "at best"),
    ),
    "a bound that is no number": (_spoil_plan(upper_bound=float("nan")), ("upper_bound",)),
    "gap": (_spoil_plan(gap=0.0), ("gap",)),
    "status": (_spoil_plan(status="optimal"), ("status",)),
    "diagnosis": (_spoil_plan(diagnosis=Diagnosis(1, (), ())), ("diagnosis",)),
}


@pytest.mark.parametrize("what", SPOILT_PLANS)
def test_a_plan_that_was_tampered_with(case: Case, what: str) -> None:
    change, words = SPOILT_PLANS[what]
    change(case)
    case.refuses(*words)


def test_a_plan_of_another_spec(case: Case) -> None:
    with pytest.raises(VerificationError, match="another spec"):
        verify_groups(case.members.values(), case.spec(), replace(case.plan, spec_hash="0"), means=MEANS)


def test_a_plan_of_another_day(case: Case) -> None:
    case.plan = replace(case.plan, as_of=DAY + datetime.timedelta(200))
    case.refuses("'The Owls'")


def test_members_who_meet_in_person_are_of_one_known_region(case: Case) -> None:
    case.fields["channel"] = "in_person"
    for name in case.members:
        case.change(name, channels=["in_person"])
    case.plan = plan_by_hand(list(case.members.values()), case.spec(), DAY, DRAFTS, MEANS)
    case.verify()
    case.change("m02", region="south")
    case.refuses("group-001", "region")
    case.change("m02", region=None)
    case.refuses("group-001", "region", "m02")


def test_who_must_leave_an_existing_group(case: Case) -> None:
    case.change("m12", availability=LATER)
    case.refuses("must_leave")
    case.fields["churn"] = 0
    case.fields["groups"][0]["members"].append("nobody")
    case.plan = plan_by_hand(list(case.members.values()), case.spec(), DAY, DRAFTS, MEANS)
    assert case.plan.must_leave == ("m12", "nobody")
    case.verify()


def test_a_locked_group_is_shown_as_such(case: Case) -> None:
    case.fields["groups"][0] |= {"locked": True, "members": ["m08", "m09", "m10", "m11"]}
    case.plan = plan_by_hand(list(case.members.values()), case.spec(), DAY, DRAFTS, MEANS)
    case.refuses("'The Owls'", "locked")
    case.group("The Owls", locked=True)
    case.verify()


def test_messages_say_nothing_of_a_profile(case: Case) -> None:
    case.change("m01", gender="man")
    with pytest.raises(VerificationError) as caught:
        case.verify()
    assert "gender" not in str(caught.value)
    assert "man" not in str(caught.value)


EASY = {
    "consent": True,
    "status": "active",
    "role": "patient",
    "open_to_roles": ("patient",),
    "birth_year": 1980,
    "only_genders": (),
    "avoid_topics": (),
    "avoid_same_clinic": False,
    "languages": ("en",),
    "seeks": ("group",),
    "blocked": (),
}


@pytest.mark.long
def test_a_hundred_thousand_members_are_verified_within_a_minute_and_a_half() -> None:
    members = [one.model_copy(update=EASY) for one in sample_members(100_000, seed=3, as_of=DAY)]
    spec = GroupSpec.parse(
        {
            "lone_newcomers": True,
            "size": {"min": 4, "target": 8, "max": 8},
            "meeting": {"time_zone": "UTC", "start_date": "2026-03-02", "unknown_availability": "assumed"},
            "mix": [{"attribute": "stage_band", "rule": "mixed"}, {"attribute": "procedure_family", "rule": "alike"}],
        }
    )
    attendance = Attendance(spec.meeting) if spec.meeting else None
    assert attendance is not None
    slots = [SlotChoice(day=day, start=f"{hour}:00") for day in DAYS for hour in range(10, 21)]
    waiting: dict[SlotChoice, list[str]] = {slot: [] for slot in slots}
    for number, one in enumerate(members):
        free = [
            slot
            for slot in slots
            if one.time_zone is None
            or not one.availability
            or attendance.can_come(one.time_zone, one.availability, slot)
        ]
        if free:
            waiting[free[number % len(free)]].append(one.member_id)
    drafts = [
        GroupDraft(f"group-{slot.day}-{slot.start}-{first:06}", tuple(names[first : first + 8]), (), "en", slot)
        for slot, names in waiting.items()
        for first in range(0, len(names) - 7, 8)
    ]
    plan = plan_by_hand(members, spec, DAY, drafts)
    assert plan.terms.placed > 80_000
    began = time.process_time()
    verify_groups(members, spec, plan)
    assert time.process_time() - began < 90
