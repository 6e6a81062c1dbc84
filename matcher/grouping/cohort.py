"""Where a spec meets members: who is to be placed, who may lead, and who is left out for reasons of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from matcher.catalog import default_catalog
from matcher.embedding.population import FacetMeans
from matcher.embedding.rows import RowCoder, Rows
from matcher.errors import InvalidProblem, Problem
from matcher.grouping.attributes import Coded, attribute_values
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.personal_conditions import CONDITIONS, failed_condition, unplaced_by
from matcher.grouping.plan import Unplaced
from matcher.grouping.spec import GroupSpec
from matcher.grouping.spec_references import broken_locks, listed, wrong_references
from matcher.grouping.who_filter import those_asked_for
from matcher.members.profile import MemberProfile
from matcher.scoring.fit import Scoring


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Everybody a grouping is about. Make one with :func:`gather`.

    Attributes:
        as_of: the day for stages and ages.
        spec: what is asked for.
        means: what unknown facets score.
        members: n members to be placed, by id. Approved mentors who may lead are among them if they can be placed.
        leaders: members who may lead, by id; none if no group is led.
        left_out: who passes ``who`` but cannot be placed, by id. An approved mentor among them may still lead.
        cannot_lead: members named to lead who cannot, by id.
        everybody: all members given, by id.
        rows: (n,) of FACET_ROW for ``members``.
        scoring: the mutual score of two rows.
        coder: what made the rows, for more of them.
        position: the place of each of ``members``, by id.
    """

    as_of: date
    spec: GroupSpec
    means: FacetMeans
    members: tuple[MemberProfile, ...]
    leaders: tuple[MemberProfile, ...]
    left_out: tuple[Unplaced, ...]
    cannot_lead: tuple[Unplaced, ...]
    everybody: Mapping[str, MemberProfile]
    rows: Rows
    scoring: Scoring
    coder: RowCoder
    position: Mapping[str, int]
    _attributes: dict[str, Coded] = field(default_factory=dict, repr=False)

    def attribute(self, name: str) -> Coded:
        """The value of an attribute for each of ``members``; see
        :func:`~matcher.grouping.attributes.attribute_values`. Kept: ask as often as you like."""
        known = self._attributes.get(name)
        if known is None:
            known = self._attributes[name] = attribute_values(self.members, name, self.as_of, self.rows)
        return known

    def times(self) -> MeetingTimes | None:
        """The meeting times of the spec, those of existing groups among them; ``None`` if it asks for none."""
        if self.spec.meeting is None:
            return None
        return MeetingTimes(self.spec.meeting, (group.slot for group in self.spec.groups if group.slot is not None))


def gather(members: Sequence[MemberProfile], spec: GroupSpec, as_of: date, means: FacetMeans | None = None) -> Cohort:
    """Find out who is to be placed.

    Args:
        members: the community, in any order; the result does not depend on it.
        spec: what is asked for.
        as_of: the day for stages and ages.
        means: what unknown facets score; as the community has it if not given.

    Raises:
        InvalidProblem: with everything that is wrong with the spec for these members: ids nobody has, words the
            catalogue does not have, facilitators who may not lead, locks that cannot hold, or nobody to place.

    Cost: O(n), some 30 microseconds a member.
    """
    everybody = {member.member_id: member for member in sorted(members, key=lambda member: member.member_id)}
    if len(everybody) < len(members):
        counts = Counter(member.member_id for member in members)
        twice = listed(member for member, count in counts.items() if count > 1)
        raise InvalidProblem([Problem("members", f"given more than once: {twice}", "each member once")])
    problems = wrong_references(spec, everybody, as_of)
    if problems:
        raise InvalidProblem(problems)

    named_leaders = frozenset(spec.facilitation.members)
    placed, left_out = [], []
    for member in those_asked_for(list(everybody.values()), spec.who, as_of):
        if member.member_id in named_leaders:
            continue
        code = failed_condition(member, spec, as_of)
        if code is None:
            placed.append(member)
        else:
            left_out.append(unplaced_by(member.member_id, code))
    leaders, cannot_lead = _leaders(everybody, spec, as_of)
    position = {member.member_id: place for place, member in enumerate(placed)}
    problems = broken_locks(spec, position, {one.member_id: one.code for one in left_out})
    problems += _too_few(spec, len(placed), left_out)
    if problems:
        raise InvalidProblem(problems)

    if means is None:
        means = FacetMeans.estimate(members, as_of)
    coder = RowCoder(default_catalog())
    return Cohort(
        as_of,
        spec,
        means,
        tuple(placed),
        leaders,
        tuple(left_out),
        cannot_lead,
        everybody,
        coder.rows(placed, coder.events(placed), as_of),
        Scoring.of(coder.groups(), spec.facet_weights(), means, "buddy"),
        coder,
        position,
    )


def _leaders(
    everybody: Mapping[str, MemberProfile], spec: GroupSpec, as_of: date
) -> tuple[tuple[MemberProfile, ...], tuple[Unplaced, ...]]:
    if not spec.facilitation.per_group:
        return (), ()
    leaders, cannot = [], []
    named = frozenset(spec.facilitation.members)
    for member_id, member in everybody.items():
        if member_id in named or (spec.facilitation.approved_mentors and member.mentor_approved):
            code = failed_condition(member, spec, as_of, leading=True)
            if code is None:
                leaders.append(member)
            elif member_id in named:
                cannot.append(unplaced_by(member_id, code))
    return tuple(leaders), tuple(cannot)


def _too_few(spec: GroupSpec, candidates: int, left_out: list[Unplaced]) -> list[Problem]:
    smallest = spec.enrolled_sizes()[0]
    if candidates >= smallest:
        return []
    counts = Counter(one.code for one in left_out)
    why = "".join(
        f"; {counts[code]} {'is' if counts[code] == 1 else 'are'} left out by {code}"
        for code in CONDITIONS
        if counts[code]
    )
    one = "1 member" if candidates == 1 else f"{candidates or 'no'} members"
    accepted = f"at least {smallest} members who can be placed, enough for one group"
    return [Problem("who", f"{one} can be placed{why}", accepted)]
