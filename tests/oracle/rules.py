"""The hard rules, one question after another, for one pair."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Literal, NamedTuple

from matcher.catalog import default_catalog
from matcher.members.profile import MemberProfile
from tests.oracle.score import Kind

CODES = (
    "consent",
    "status",
    "age_pool",
    "role",
    "language",
    "gender_wish",
    "block",
    "avoid_topic",
    "same_clinic",
    "capacity",
    "already_matched",
    "no_repeat",
    "mentor_approved",
    "channel",
    "region",
    "seeks",
)
CHANNELS_WHEN_UNKNOWN = ("text", "voice", "video")


class Load(NamedTuple):
    """Ties that a member has already, reservations included."""

    buddies: int = 0
    mentees: int = 0


Ties = Mapping[frozenset[str], Literal["matched", "closed"]]
"""What two members were to each other, by the pair of their ids."""
Loads = Mapping[str, Load]

NO_TIES: Ties = {}
NO_LOADS: Loads = {}
_NO_LOAD = Load()


def age_pool(profile: MemberProfile, as_of: datetime.date) -> str | None:
    """The pool a member may meet people of; None meets nobody."""
    if profile.birth_year is None:
        return None
    turns = as_of.year - profile.birth_year
    if turns <= 13:
        return None
    if turns <= 17:
        return "minor"
    return "turning_adult" if turns == 18 else "adult"


def languages(profile: MemberProfile) -> set[str]:
    """Primary language subtags."""
    return {tag.split("-")[0].lower() for tag in profile.languages}


def channels(profile: MemberProfile) -> set[str]:
    return set(profile.channels or CHANNELS_WHEN_UNKNOWN)


def brought(profile: MemberProfile) -> set[str]:
    """Topics that come up with a member: listed, or brought along by a procedure."""
    catalog = default_catalog()
    found = set(profile.topics)
    for event in profile.procedures:
        found.update(catalog.topics_of[catalog.place(event.procedure)])
    return found


def _dislikes_gender_of(a: MemberProfile, b: MemberProfile) -> bool:
    wished = {gender.casefold() for gender in a.only_genders}
    return bool(wished) and (b.gender is None or b.gender.casefold() not in wished)


def _full(a: MemberProfile, b: MemberProfile, kind: Kind, loads: Loads) -> bool:
    if kind == "mentor":
        return b.mentor_capacity - loads.get(b.member_id, _NO_LOAD).mentees <= 0
    return any(one.buddy_capacity - loads.get(one.member_id, _NO_LOAD).buddies <= 0 for one in (a, b))


def broken_rules(
    a: MemberProfile,
    b: MemberProfile,
    as_of: datetime.date,
    kind: Kind = "buddy",
    *,
    ties: Ties = NO_TIES,
    loads: Loads = NO_LOADS,
) -> set[str]:
    """Every rule that forbids the pair; for mentoring a is the seeker and b the mentor.

    Rules about one person alone are broken for the pair when either side breaks them.
    """
    if a.member_id == b.member_id:
        raise ValueError("nobody is a pair")
    broken: set[str] = set()
    both = (a, b)
    if not all(one.consent for one in both):
        broken.add("consent")
    if any(one.status != "active" for one in both):
        broken.add("status")
    pools = [age_pool(one, as_of) for one in both]
    if None in pools or pools[0] != pools[1]:
        broken.add("age_pool")
    if a.role not in b.open_to_roles or b.role not in a.open_to_roles:
        broken.add("role")
    if not languages(a) & languages(b):
        broken.add("language")
    if _dislikes_gender_of(a, b) or _dislikes_gender_of(b, a):
        broken.add("gender_wish")
    if a.member_id in b.blocked or b.member_id in a.blocked:
        broken.add("block")
    if set(a.avoid_topics) & brought(b) or set(b.avoid_topics) & brought(a):
        broken.add("avoid_topic")
    if (a.avoid_same_clinic or b.avoid_same_clinic) and a.clinic is not None and a.clinic == b.clinic:
        broken.add("same_clinic")
    if _full(a, b, kind, loads):
        broken.add("capacity")
    tie = ties.get(frozenset((a.member_id, b.member_id)))
    if tie == "matched":
        broken.add("already_matched")
    if tie == "closed":
        broken.add("no_repeat")
    if kind == "mentor" and not b.mentor_approved:
        broken.add("mentor_approved")
    common = channels(a) & channels(b)
    if not common:
        broken.add("channel")
    if common == {"in_person"} and (a.region is None or a.region != b.region):
        broken.add("region")
    if kind not in a.seeks or (kind == "buddy" and kind not in b.seeks):
        broken.add("seeks")
    return broken


def seeker_barriers(
    a: MemberProfile, as_of: datetime.date, kind: Kind = "buddy", *, loads: Loads = NO_LOADS
) -> set[str]:
    """Why a member gets nobody, whoever else there is."""
    barriers: set[str] = set()
    if not a.consent:
        barriers.add("consent")
    if a.status != "active":
        barriers.add("status")
    if age_pool(a, as_of) is None:
        barriers.add("age_pool")
    if not a.languages:
        barriers.add("language")
    if kind not in a.seeks:
        barriers.add("seeks")
    if kind == "buddy" and a.buddy_capacity <= loads.get(a.member_id, _NO_LOAD).buddies:
        barriers.add("capacity")
    return barriers
