"""The members, the spec and the day, as the hard rules of groups are asked about them."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.eligibility.relations import Relations
from matcher.eligibility.rules import RULES, Circumstances, spoken
from matcher.embedding.population import FacetMeans
from matcher.embedding.rows import RowCoder, Rows
from matcher.errors import InvalidProblem, Problem
from matcher.grouping.attendance import Attendance, WeeklyTime
from matcher.grouping.candidacy import barriers, is_of_unknown_availability
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.plan import STAFF
from matcher.grouping.spec import GroupSpec
from matcher.grouping.staffing import Staff
from matcher.members.profile import MemberProfile
from matcher.scoring.fit import Scoring

PAIR_RULES = frozenset(("consent", "status", "age_pool", "role", "gender_wish", "avoid_topic", "same_clinic", "block"))
"""Rules between two members that hold in a group. The others are about one-to-one ties, or are asked of the group as a
whole: one language, one channel, one region."""
_IN_A_GROUP = tuple(rule for rule in RULES if rule.code in PAIR_RULES)


@dataclass(frozen=True, slots=True, eq=False)
class Community:
    """What the rules of groups are asked about: the members, the spec and the day; answers that recur are kept.

    Attributes:
        members: everybody by id, be they in the cohort or not.
        spec: what is asked for.
        as_of: the day for ages and stages.
        scoring: what scores depend on.
        rows: (n,) of FACET_ROW.
        row_of: position in ``rows`` by id.
        attendance: who can come when; ``None`` if the spec asks for no times.
        staff: staff by ``staff:NAME``.
        existing: groups that exist by name.
        apart: numbers of the sets of ``apart`` that a member is in, by id.
    """

    members: Mapping[str, MemberProfile]
    spec: GroupSpec
    as_of: datetime.date
    scoring: Scoring
    rows: Rows
    row_of: Mapping[str, int]
    attendance: Attendance | None
    staff: Mapping[str, Staff]
    existing: Mapping[str, ExistingGroup]
    apart: Mapping[str, frozenset[int]]
    _barriers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, members: Iterable[MemberProfile], spec: GroupSpec, as_of: datetime.date, means: FacetMeans | None = None
    ) -> Self:
        """Put together what the rules read. About 15 microseconds a member, and a second to estimate ``means``.

        Args:
            members: everybody, not only those to be grouped.
            spec: what is asked for.
            as_of: the day for ages and stages.
            means: what unknown facets score; estimated from ``members`` if not given.

        Raises:
            InvalidProblem: if two members have one id.
        """
        everybody = sorted(members, key=lambda member: member.member_id)
        by_id = {member.member_id: member for member in everybody}
        if len(by_id) < len(everybody):
            twice = sorted(name for name, times in Counter(m.member_id for m in everybody).items() if times > 1)
            raise InvalidProblem(Problem(f"members[{name}]", "listed twice", "each member once") for name in twice)
        coder = RowCoder(default_catalog())
        rows = coder.rows(everybody, coder.events(everybody), as_of)
        apart: dict[str, set[int]] = {}
        for number, wish in enumerate(spec.apart):
            for name in wish:
                apart.setdefault(name, set()).add(number)
        return cls(
            members=by_id,
            spec=spec,
            as_of=as_of,
            scoring=Scoring.of(
                coder.groups(), spec.facet_weights(), means or FacetMeans.estimate(everybody, as_of), "buddy"
            ),
            rows=rows,
            row_of={name: row for row, name in enumerate(by_id)},
            attendance=None if spec.meeting is None else Attendance(spec.meeting),
            staff={STAFF + one.name: one for one in spec.facilitation.staff},
            existing={group.name: group for group in spec.groups},
            apart={name: frozenset(numbers) for name, numbers in apart.items()},
        )

    def barriers(self, member_id: str) -> tuple[str, ...]:
        """Codes of the conditions that keep somebody from being an ordinary member of any group; empty for the cohort.

        ``stranger`` if there is no such member.
        """
        found = self._barriers.get(member_id)
        if found is None:
            member = self.members.get(member_id)
            found = ("stranger",) if member is None else barriers(member, self.spec, self.as_of)
            self._barriers[member_id] = found
        return found

    def in_cohort(self, member_id: str) -> bool:
        """Whether somebody is to be placed."""
        return not self.barriers(member_id)

    def can_come(self, person: str, slot: WeeklyTime) -> bool:
        """Whether somebody, by id or as ``staff:NAME``, can come to every meeting at a time. True without a meeting.

        Members of unknown availability can if the spec assumes so; staff of unknown availability cannot.
        """
        if self.attendance is None:
            return True
        someone: Staff | MemberProfile = self.staff[person] if person in self.staff else self.members[person]
        if isinstance(someone, MemberProfile) and is_of_unknown_availability(someone):
            return self.attendance.meeting.unknown_availability == "assumed"
        zone = someone.time_zone
        return zone is not None and self.attendance.can_come(zone, someone.availability, slot)

    def speaks(self, person: str, language: str) -> bool:
        """Whether somebody, by id or as ``staff:NAME``, speaks a primary language."""
        someone = self.staff[person] if person in self.staff else self.members[person]
        return language in spoken(someone.languages)

    def conflicts_of(self, member_id: str) -> Callable[[str], tuple[str, ...]]:
        """From a member to the question which rules between two members of a group they break with another."""
        one = self.members[member_id]
        at = Circumstances(self.as_of, "buddy", Relations())
        asked = [(rule.code, passes) for rule in _IN_A_GROUP if (passes := rule.prepare(one, at)) is not None]
        apart = self.apart.get(member_id, frozenset())

        def broken(other_id: str) -> tuple[str, ...]:
            other = self.members[other_id]
            found = [code for code, passes in asked if not passes(other)]
            if not apart.isdisjoint(self.apart.get(other_id, ())):
                found.append("apart")
            return tuple(found)

        return broken

    def scores(self, member_ids: Sequence[str]) -> npt.NDArray[np.float64]:
        """(k, k) float64 mutual scores of members, 0 on the diagonal."""
        k = len(member_ids)
        places = np.array([self.row_of[name] for name in member_ids], dtype=np.int64)
        one, other = np.triu_indices(k, 1)
        table = np.zeros((k, k))
        table[one, other] = self.scoring.pairs(self.rows, places[one], places[other])
        return table + table.T
