"""Communities that are to be grouped, and specs that make it hard: several zones, few who lead, wishes, locks.

Hypothesis draws the size, a seed and how rough a community is, and shrinks these; a generator of its own seeded with
them draws the rest, so that sixty members cost no more to draw than two.
"""

from __future__ import annotations

import datetime
import random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from matcher.grouping.existing import ExistingGroup
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from tests.oracle import strategies

DAY = datetime.date(2026, 3, 2)
"""North America changes its clocks six days later, Europe after four weeks, and Chile after five."""
ZONES = ("America/New_York", "America/Chicago", "Europe/Lisbon", "Europe/Berlin", "America/Santiago")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_STRETCHES = (("00:00", "24:00"), ("08:00", "22:00"), ("17:00", "21:30"), ("18:00", "20:00"), ("20:00", "24:00"))
_MORNINGS = (("00:00", "02:00"), ("06:00", "12:00"))


class GroupWorld(NamedTuple):
    """Members and what is asked of a grouping of them; shown by what :func:`random_world` was given."""

    members: list[MemberProfile]
    spec: GroupSpec
    as_of: datetime.date
    drawn: str = "changed by hand"

    def __repr__(self) -> str:
        return f"GroupWorld({self.drawn})"


def _availability(rng: random.Random, roughness: float) -> list[dict[str, str]]:
    days = WEEKDAYS if rng.random() > roughness else rng.sample(WEEKDAYS, rng.randint(1, 5))
    slots = []
    for day in days:
        stretches = {_STRETCHES[0]} if rng.random() > roughness else {rng.choice(_STRETCHES), rng.choice(_MORNINGS)}
        slots += [{"day": day, "start": start, "end": end} for start, end in sorted(stretches)]
    return slots


def _rough_field(rng: random.Random, ids: list[str]) -> dict[str, Any]:
    """One thing that keeps a member from others, or from everybody."""
    choices: tuple[dict[str, Any], ...] = (
        {"consent": False},
        {"status": rng.choice(("paused", "held", "withdrawn"))},
        {"birth_year": rng.choice((None, 2008, 2010, 2013))},
        {"languages": []},
        {"languages": ["es"]},
        {"role": "caregiver", "open_to_roles": ["caregiver", "patient"]},
        {"open_to_roles": ["patient", "caregiver"]},
        {"only_genders": [rng.choice(strategies.GENDERS)]},
        {"avoid_topics": rng.sample(strategies.topic_names(), 1)},
        {"avoid_same_clinic": True},
        {"seeks": ["buddy"]},
        {"blocked": rng.sample(ids, min(2, len(ids)))},
        {"blocked": rng.sample(ids, min(1, len(ids)))},
        {"time_zone": None},
        {"availability": []},
        {"channels": ["in_person", "text"]},
        {"region": None},
    )
    return rng.choice(choices)


def random_member(rng: random.Random, member_id: str, ids: list[str], roughness: float) -> MemberProfile:
    """One member; with a ``roughness`` of 0 one who gives no reason to be kept from anybody."""

    def some(values: tuple[str, ...], least: int = 0) -> list[str]:
        return rng.sample(values, rng.randint(least, len(values)))

    procedures = [
        {
            "procedure": rng.choice(strategies.procedure_names()[:4]),
            "date": rng.choice((None, *(str(DAY - datetime.timedelta(ago)) for ago in (-20, 2, 20, 60, 200, 900)))),
        }
        for _ in range(rng.choice((0, 1, 1, 1, 2)))
    ]
    fields: dict[str, Any] = {
        "member_id": member_id,
        "consent": True,
        "birth_year": rng.choice((1948, 1960, 1985, 1986, 1999)),
        "languages": rng.choice((["en"], ["en-GB"], ["en", "es"], ["en", "pt-BR"], ["pt", "en"])),
        "procedures": procedures,
        "topics": some(strategies.topic_names()),
        "interests": some(strategies.interest_names()),
        "needs": some(strategies.SUPPORT),
        "offers": some(strategies.SUPPORT),
        "channels": rng.choice(([], ["text", "video"], ["video", "in_person"], list(strategies.CHANNELS))),
        "cadence": rng.choice((None, "daily", "weekly", "monthly")),
        "gender": rng.choice((None, *strategies.GENDERS)),
        "region": rng.choice(("north", "north", "south")),
        "clinic": rng.choice((None, "one", "two")),
        "mentor_approved": rng.random() < 0.15,
        "time_zone": rng.choice(ZONES) if rng.random() < roughness else ZONES[0],
        "availability": _availability(rng, roughness),
    }
    if rng.random() < roughness:
        fields |= _rough_field(rng, [other for other in ids if other != member_id])
    return MemberProfile.parse(fields)


def random_members(rng: random.Random, count: int, roughness: float) -> list[MemberProfile]:
    """Members whose order is not the order of their ids."""
    ids = [f"m{number:02}" for number in range(count)]
    members = [random_member(rng, name, ids, roughness) for name in ids]
    rng.shuffle(members)
    return members


def _meeting(rng: random.Random) -> dict[str, Any]:
    days = rng.sample(WEEKDAYS, rng.randint(1, 3))
    window = [{"day": day, "start": "18:00", "end": rng.choice(("19:30", "20:30", "24:00"))} for day in days]
    window = window[:2] if rng.random() < 0.7 else [*window, {"day": "sun", "start": "00:00", "end": "04:00"}]
    return {
        "time_zone": rng.choice(ZONES),
        "start_date": str(DAY + datetime.timedelta(rng.randint(0, 30))),
        "weeks": rng.choice((1, 2, 5)),
        "length_minutes": rng.choice((60, 90)),
        "step_minutes": rng.choice((30, 60, 120)),
        "window": window,
        "unknown_availability": rng.choice(("left_out", "assumed")),
    }


def _facilitation(rng: random.Random, members: list[MemberProfile]) -> dict[str, Any]:
    zone = rng.choice(ZONES)
    staff = [
        {
            "name": f"Staff {letter}",
            "languages": rng.choice((["en"], ["en-GB", "es"], ["en"], ["es"])),
            "time_zone": zone,
            "availability": _availability(rng, 0.2),
            "most_groups": rng.randint(1, 3),
        }
        for letter in "ABC"[: rng.randint(0, 3)]
    ]
    leading = [member.member_id for member in rng.sample(members, min(len(members) // 4, rng.randint(0, 2)))]
    return {
        "per_group": rng.choice((1, 1, 2)),
        "members": leading,
        "approved_mentors": rng.random() < 0.5 or not (staff or leading),
        "most_groups": rng.randint(1, 2),
        "staff": staff,
    }


def _mix(rng: random.Random) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [
        {"attribute": "gender", "rule": "mixed"},
        {"attribute": "stage_band", "rule": "alike", "weight": 0.2},
        {"attribute": "gender", "rule": "no_lone", "values": ["woman"]},
        {"attribute": "procedure_domain", "rule": "alike"},
        {"attribute": "age_band", "rule": "mixed", "weight": 0.05},
        {"attribute": "region", "rule": "shares", "shares": {"north": 0.5, "south": 0.5}},
        {"attribute": f"topic:{strategies.topic_names()[0]}", "rule": "no_lone", "values": ["yes", "no"]},
        {"attribute": f"interest:{strategies.interest_names()[0]}", "rule": "mixed", "weight": 0.3},
    ]
    return rng.sample(rules, rng.randint(1, 3))


def _existing(rng: random.Random, ids: list[str], fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Some groups that exist, of members nobody looked at: some of them have to leave."""
    rest = [name for name in ids if name not in fields.get("facilitation", {}).get("members", ())]
    rng.shuffle(rest)
    groups: list[dict[str, Any]] = []
    for name in ("The Owls", "group-001")[: rng.randint(1, 2)]:
        size = rng.randint(2, 5)
        mine, rest = rest[:size], rest[size:]
        group: dict[str, Any] = {"name": name, "members": mine}
        if rng.random() < 0.2:
            group["members"] = [*mine, f"gone-{len(groups)}"]
        if rng.random() < 0.1:
            group["locked_members"] = mine[:1]
        if rng.random() < 0.3:
            group["language"] = rng.choice(("en", "en", "es"))
        if "meeting" in fields and rng.random() < 0.4:
            day = fields["meeting"]["window"][0]["day"]
            group["slot"] = {"day": day, "start": rng.choice(("18:00", "18:00", "17:00"))}
        groups.append(group)
    return groups


def random_spec(rng: random.Random, members: list[MemberProfile], *, existing: bool = True) -> GroupSpec:
    """A spec with a few difficulties out of many, for these members."""
    ids = sorted(member.member_id for member in members)
    least = rng.choice((2, 3, 3, 4))
    target = least + rng.randint(0, 2)
    fields: dict[str, Any] = {
        "size": {"min": least, "target": target, "max": target + rng.randint(0, 2)},
        "lone_newcomers": rng.random() < 0.5,
        "purpose": rng.choice(("support_group", "activity_group")),
        "preferences": {"worst": rng.choice((0, 0.5)), "size": rng.choice((0, 0.05, 0.5)), "churn": 0.05},
    }
    if rng.random() < 0.2:
        fields["size"]["attendance"] = 0.8
    if rng.random() < 0.6:
        fields["meeting"] = _meeting(rng)
    if rng.random() < 0.5:
        fields["facilitation"] = _facilitation(rng, members)
    if rng.random() < 0.5:
        fields["mix"] = _mix(rng)
    if rng.random() < 0.2:
        fields["most_groups"] = rng.randint(1, 3)
    if rng.random() < 0.2:
        fields["channel"] = rng.choice(("text", "video", "in_person"))
    if rng.random() < 0.3:
        fields["thresholds"] = {"member_fit": rng.choice((0.0, 0.2, 0.3)), "pair_score": rng.choice((0.0, 0.1, 0.2))}
    shuffled = rng.sample(ids, len(ids))
    if rng.random() < 0.3 and len(ids) > 4:
        fields["together"] = [shuffled[:2]] if rng.random() < 0.7 else [shuffled[:2], shuffled[3:5]]
    if rng.random() < 0.3 and len(ids) > 4:
        fields["apart"] = [shuffled[1:4], [shuffled[2], shuffled[4]]]
    if rng.random() < 0.2:
        fields["who"] = rng.choice(
            ({"exclude": shuffled[:2]}, {"roles": ["patient"]}, {"languages": ["en"]}, {"regions": ["north"]})
        )
    if existing and rng.random() < 0.35:
        fields["groups"] = _existing(rng, ids, fields)
        fields["churn"] = rng.choice((None, None, 0, 1, 3, 6))
    return GroupSpec.parse(fields)


def random_world(count: int, roughness: float, seed: int, existing: bool) -> GroupWorld:
    """A community and a spec, the same for the same arguments."""
    rng = random.Random(seed)
    members = random_members(rng, count, roughness)
    drawn = f"*random_world({count}, {roughness}, {seed}, {existing})"
    return GroupWorld(members, random_spec(rng, members, existing=existing), DAY, drawn)


@st.composite
def group_worlds(draw: st.DrawFn, least: int = 5, most: int = 60, *, existing: bool = True) -> GroupWorld:
    """A community and a spec."""
    count = draw(st.integers(least, most))
    roughness = draw(st.sampled_from((0.0, 0.1, 0.3, 0.6)))
    return random_world(count, roughness, draw(st.integers(0, 2**32 - 1)), existing)


def as_existing(name: str, member_ids: tuple[str, ...], slot: tuple[str, str] | None, **more: Any) -> ExistingGroup:
    """A group that exists, from what a plan says of it."""
    given = None if slot is None else SlotChoice.model_validate({"day": slot[0], "start": slot[1]})
    return ExistingGroup.model_validate({"name": name, "members": member_ids, "slot": given, **more})
