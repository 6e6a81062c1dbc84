"""A grouping as it is handed over: every group, every member's place or the reason for having none, and what it is
worth."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

from matcher.members.availability import Day

STAFF = "staff:"
"""Prefix that tells staff from members among facilitators."""
Status = Literal["optimal", "feasible", "cancelled"]
"""``optimal``: the bound is met. ``cancelled``: stopped by the caller; as valid as the others."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """When a member's clock shows the meeting, from one meeting until the next that differs.

    Attributes:
        first: the day of the first such meeting, on the member's clock.
        day: weekday on the member's clock.
        start: ``HH:MM`` on the member's clock.
    """

    first: datetime.date
    day: Day
    start: str


@dataclass(frozen=True, slots=True)
class MeetingSlot:
    """A weekly meeting time.

    Attributes:
        day, start: on the clock of ``time_zone``.
        time_zone: IANA zone of that clock.
        length_minutes: of one meeting.
        utc: the start of each meeting that was checked, in UTC.
    """

    day: Day
    start: str
    time_zone: str
    length_minutes: int
    utc: tuple[datetime.datetime, ...]


@dataclass(frozen=True, slots=True)
class MemberPlace:
    """A member in a group.

    Attributes:
        member_id: who.
        fit: mean of their scores with the others of the group; 1 at most.
        reasons: the strongest reasons, at most two, made only of what the others agreed to show.
        local_times: when they meet, on their own clock; empty where the group has no slot or the member's zone is
            unknown.
        locked: kept in this group by a coordinator, whatever is solved again.
    """

    member_id: str
    fit: float
    reasons: tuple[str, ...] = ()
    local_times: tuple[LocalTime, ...] = ()
    locked: bool = False


@dataclass(frozen=True, slots=True)
class MixRow:
    """The make-up of a group in one attribute of the spec's mix rules.

    Attributes:
        attribute, rule: as in the spec.
        counts: members by value, commonest first; ``unknown`` among them.
        penalty: what the rule costs here, before its weight, in members.
    """

    attribute: str
    rule: str
    counts: tuple[tuple[str, int], ...]
    penalty: float


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """One group.

    Attributes:
        name: an existing group's own name, else ``group-001`` and so on.
        members: ordinary members with their fit, by id.
        facilitators: who leads: ids of members, or ``staff:NAME``.
        language: the primary language tag that all of them, facilitators included, share.
        slot: when it meets; ``None`` if the spec does not ask for times.
        fit: mean fit of its members.
        worst_fit: of the member who fits least.
        mix: a row for each mix rule of the spec.
        locked: nothing of it could change.
        open: whether latecomers may join.
        warnings: what a coordinator should look at.
    """

    name: str
    members: tuple[MemberPlace, ...]
    facilitators: tuple[str, ...]
    language: str
    slot: MeetingSlot | None
    fit: float
    worst_fit: float
    mix: tuple[MixRow, ...] = ()
    locked: bool = False
    open: bool = True
    warnings: tuple[str, ...] = ()

    @property
    def member_ids(self) -> tuple[str, ...]:
        """Ids of the ordinary members, sorted."""
        return tuple(place.member_id for place in self.members)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Somebody who is in no group.

    Attributes:
        member_id: who.
        code: the reason, for programs: a rule's code, ``no_time``, ``no_availability``, ``no_language``, ``below_fit``,
            ``no_room``, ``together``, ``no_facilitator``, ``churn`` ...
        text: the reason, for staff.
        remedy: what would place them.
    """

    member_id: str
    code: str
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan is worth, in members' fit. The number placed comes first; between equals, the larger total wins.

    ``total = fit + worst - size - churn - sum(mix)``, all weighted.

    Attributes:
        placed: members in groups.
        fit: sum over members of their mean score with their group.
        worst: weight times the sum over members of the worst fit in their group.
        size: price of the distances from the target size.
        churn: price of the members moved.
        mix: price of each mix rule, in the order of the spec.
    """

    placed: int
    fit: float
    worst: float
    size: float
    churn: float
    mix: tuple[float, ...] = ()

    @property
    def total(self) -> float:
        """The score."""
        return self.fit + self.worst - self.size - self.churn - sum(self.mix)


@dataclass(frozen=True, slots=True)
class Blamed:
    """One of a smallest set of rules without which more members could be placed.

    Attributes:
        code: the rule: ``meeting``, ``facilitation``, ``language``, ``size``, ``member_fit``, a hard rule's code ...
        text: what it does here, with counts.
        members: unplaced members whom it bears on.
    """

    code: str
    text: str
    members: int


@dataclass(frozen=True, slots=True)
class Relief:
    """A change of the spec that was tried and solved.

    Attributes:
        text: what to change, to be followed by what it does: "one more facilitator on Tuesdays at 18:00".
        places: how many more members it placed.
        cost: what it asks of the coordinator, as a rank: 1 is a small thing.
    """

    text: str
    places: int
    cost: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why not everybody has a group.

    Attributes:
        unplaced: how many.
        blamed: a set of rules that together keep them out; dropping any one of the set from it would not explain it.
        reliefs: cheapest first, each confirmed by a solve.
        finished: whether the time sufficed; if not, rules of the set and reliefs may be missing.
    """

    unplaced: int
    blamed: tuple[Blamed, ...]
    reliefs: tuple[Relief, ...]
    finished: bool = True


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A whole plan.

    Attributes:
        groups: by name.
        unplaced: everybody in the cohort without a group, by id.
        terms: what the plan is worth.
        upper_bound: no plan of this spec has a larger ``terms.total``.
        gap: ``(upper_bound - total) / |upper_bound|``; 0 if the bound is 0.
        status: how the search ended.
        moved: members of existing groups who stay in the cohort and are moved out of their group, by id.
        must_leave: members of existing groups whom a hard rule takes out, whatever the budget, by id.
        diagnosis: why not everybody has a group; ``None`` if everybody has.
        as_of, seed, iterations, spec_hash, members_hash, versions: what it takes to get the same plan again.
    """

    groups: tuple[PlannedGroup, ...]
    unplaced: tuple[Unplaced, ...]
    terms: Terms
    upper_bound: float
    gap: float
    status: Status
    as_of: datetime.date
    seed: int
    iterations: int
    spec_hash: str
    members_hash: str
    versions: tuple[tuple[str, str], ...]
    moved: tuple[str, ...] = ()
    must_leave: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None

    def group_of(self) -> dict[str, str]:
        """Name of the group of every placed member."""
        return {member: group.name for group in self.groups for member in group.member_ids}

    def group(self, name: str) -> PlannedGroup:
        """The group of that name.

        Raises:
            KeyError: if there is none.
        """
        for group in self.groups:
            if group.name == name:
                return group
        raise KeyError(name)
