"""What a member must bring to be placed in a group, or to lead one, whoever the others are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from matcher.eligibility.rules import accepted_channels
from matcher.grouping.plan import Unplaced
from matcher.grouping.spec import GroupSpec
from matcher.members.age import AgePool, age_pool
from matcher.members.profile import MemberProfile


class Condition(NamedTuple):
    """What staff are told about a condition that a member fails, and what they can do."""

    text: str
    remedy: str


CONDITIONS: dict[str, Condition] = {
    "status": Condition("is paused, held or withdrawn", "nothing here; they can be placed once they are active again"),
    "consent": Condition("has not agreed to be matched", "ask them whether they agree to be matched"),
    "age_pool": Condition(
        "is of unknown age, or too young for any group", "ask for their year of birth if it is not known"
    ),
    "seeks": Condition("does not look for a group", "ask them whether they would like to join one"),
    "language": Condition("names no language", "ask them which languages they speak"),
    "channel": Condition(
        "does not accept the channel on which the groups meet",
        "ask them whether they would, or plan groups on another channel",
    ),
    "region": Condition("is not known to live in any region, and groups meet in person", "ask them for their region"),
    "no_zone": Condition("names no time zone, so that nobody knows when they can meet", "ask them for their time zone"),
    "no_availability": Condition("gave no times at which they can meet", "ask them when they can meet"),
}
"""By code, in the order in which they are looked at."""
_OF_LEADERS = frozenset({"status", "consent", "age_pool", "language", "no_zone", "no_availability"})


def failed_condition(member: MemberProfile, spec: GroupSpec, as_of: date, *, leading: bool = False) -> str | None:
    """The code of the first condition that the member fails; ``None`` if they meet all.

    Args:
        member: who, having passed ``who`` if they are to be placed.
        spec: what is asked for.
        as_of: the day for ages.
        leading: look only at what somebody who leads a group must bring.
    """
    return next((code for code in _failed(member, spec, as_of) if not leading or code in _OF_LEADERS), None)


def _failed(member: MemberProfile, spec: GroupSpec, as_of: date) -> Iterable[str]:
    if member.status != "active":
        yield "status"
    if not member.consent:
        yield "consent"
    if age_pool(member.birth_year, as_of) == AgePool.NONE:
        yield "age_pool"
    if "group" not in member.seeks:
        yield "seeks"
    if not member.languages:
        yield "language"
    if spec.channel is not None and spec.channel not in accepted_channels(member):
        yield "channel"
    if spec.channel == "in_person" and member.region is None:
        yield "region"
    if spec.meeting is not None and spec.meeting.unknown_availability == "left_out":
        if member.time_zone is None:
            yield "no_zone"
        if not member.availability:
            yield "no_availability"


def unplaced_by(member_id: str, code: str) -> Unplaced:
    """What a plan says about a member who fails a condition."""
    return Unplaced(member_id, code, *CONDITIONS[code])
