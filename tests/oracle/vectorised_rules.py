"""The hard rules for one member against everybody at once, as one boolean column a rule."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from matcher.members.profile import MemberProfile
from tests.oracle.rules import NO_LOADS, NO_TIES, Load, Loads, Ties, brought
from tests.oracle.score import Kind

Bools = npt.NDArray[np.bool_]

_BIT = {"text": 1, "voice": 2, "video": 4, "in_person": 8}


class _Listing:
    """Which rows list which value."""

    def __init__(self, values: Sequence[Iterable[str]]) -> None:
        self._count = len(values)
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, listed in enumerate(values):
            for value in listed:
                rows[value].append(row)
        self._rows = {value: np.array(listing, dtype=np.int64) for value, listing in rows.items()}

    def any_of(self, values: Iterable[str]) -> Bools:
        """Rows that list at least one of the values."""
        found = np.zeros(self._count, dtype=np.bool_)
        for value in values:
            if value in self._rows:
                found[self._rows[value]] = True
        return found


def _pool(birth_year: int | None, as_of: datetime.date) -> int:
    """0 nobody, 1 minor, 2 turning adult, 3 adult."""
    if birth_year is None:
        return 0
    return int(np.searchsorted([14, 18, 19], as_of.year - birth_year, side="right"))


def _mask(channels: Iterable[str]) -> int:
    return sum(_BIT[channel] for channel in channels) or 1 + 2 + 4


def _subtags(languages: Iterable[str]) -> set[str]:
    return {tag.lower().partition("-")[0] for tag in languages}


class RuleTable:
    """What the rules ask about, for everybody on one day."""

    def __init__(
        self,
        members: Sequence[MemberProfile],
        as_of: datetime.date,
        *,
        ties: Ties = NO_TIES,
        loads: Loads = NO_LOADS,
    ) -> None:
        self._as_of = as_of
        self._loads = loads
        self._row = {member.member_id: row for row, member in enumerate(members)}
        self._ties: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for pair, tie in ties.items():
            one, other = sorted(pair)
            self._ties[one][other] = self._ties[other][one] = tie

        def column(values: Iterable[bool]) -> Bools:
            return np.fromiter(values, dtype=np.bool_, count=len(members))

        load = [loads.get(member.member_id, Load()) for member in members]
        self._consent = column(member.consent for member in members)
        self._active = column(member.status == "active" for member in members)
        self._pool = np.array([_pool(member.birth_year, as_of) for member in members], dtype=np.int64)
        self._has_wish = column(bool(member.only_genders) for member in members)
        self._avoids_clinic = column(member.avoid_same_clinic for member in members)
        self._buddy_room = column(one.buddy_capacity > had.buddies for one, had in zip(members, load, strict=True))
        self._mentor_room = column(one.mentor_capacity > had.mentees for one, had in zip(members, load, strict=True))
        self._approved = column(member.mentor_approved for member in members)
        self._seeks_buddy = column("buddy" in member.seeks for member in members)
        self._channels = np.array([_mask(member.channels) for member in members], dtype=np.int64)
        self._role = _Listing([[member.role] for member in members])
        self._open_to = _Listing([member.open_to_roles for member in members])
        self._language = _Listing([_subtags(member.languages) for member in members])
        self._gender = _Listing([[member.gender.casefold()] if member.gender else [] for member in members])
        self._wished = _Listing([[gender.casefold() for gender in member.only_genders] for member in members])
        self._blocked = _Listing([member.blocked for member in members])
        self._id = _Listing([[member.member_id] for member in members])
        self._topics = _Listing([sorted(brought(member)) for member in members])
        self._avoids = _Listing([member.avoid_topics for member in members])
        self._clinic = _Listing([[member.clinic] if member.clinic is not None else [] for member in members])
        self._region = _Listing([[member.region] if member.region is not None else [] for member in members])

    def broken(self, seeker: MemberProfile, kind: Kind = "buddy") -> dict[str, Bools]:
        """By rule code, the rows that it takes away from the seeker; the seeker's own row says nothing."""
        pool = _pool(seeker.birth_year, self._as_of)
        own = self._loads.get(seeker.member_id, Load())
        ties = self._ties.get(seeker.member_id, {})
        everybody = np.ones(len(self._row), dtype=np.bool_)
        own_gender = [seeker.gender.casefold()] if seeker.gender else []
        wished_by = ~self._has_wish | self._wished.any_of(own_gender)
        wishes = self._gender.any_of(gender.casefold() for gender in seeker.only_genders)
        common = self._channels & _mask(seeker.channels)
        same_clinic = self._clinic.any_of([] if seeker.clinic is None else [seeker.clinic])
        same_region = self._region.any_of([] if seeker.region is None else [seeker.region])
        if kind == "buddy":
            full = ~self._buddy_room | (seeker.buddy_capacity <= own.buddies)
            not_sought = ~self._seeks_buddy | ("buddy" not in seeker.seeks)
            unapproved = ~everybody
        else:
            full = ~self._mentor_room
            not_sought = everybody if "mentor" not in seeker.seeks else ~everybody
            unapproved = ~self._approved
        return {
            "consent": everybody if not seeker.consent else ~self._consent,
            "status": everybody if seeker.status != "active" else ~self._active,
            "age_pool": everybody if pool == 0 else self._pool != pool,
            "role": ~(self._role.any_of(seeker.open_to_roles) & self._open_to.any_of([seeker.role])),
            "language": ~self._language.any_of(_subtags(seeker.languages)),
            "gender_wish": ~(wished_by & (wishes if seeker.only_genders else everybody)),
            "block": self._blocked.any_of([seeker.member_id]) | self._id.any_of(seeker.blocked),
            "avoid_topic": self._topics.any_of(seeker.avoid_topics) | self._avoids.any_of(brought(seeker)),
            "same_clinic": same_clinic & (self._avoids_clinic | seeker.avoid_same_clinic),
            "capacity": full,
            "already_matched": self._id.any_of(other for other, tie in ties.items() if tie == "matched"),
            "no_repeat": self._id.any_of(other for other, tie in ties.items() if tie == "closed"),
            "mentor_approved": unapproved,
            "channel": common == 0,
            "region": (common == _BIT["in_person"]) & ~same_region,
            "seeks": not_sought,
        }

    def eligible(self, seeker: MemberProfile, kind: Kind = "buddy") -> Bools:
        """Rows that no rule takes away, never the seeker's own."""
        left = ~np.logical_or.reduce(list(self.broken(seeker, kind).values()))
        if seeker.member_id in self._row:
            left[self._row[seeker.member_id]] = False
        return np.asarray(left)
