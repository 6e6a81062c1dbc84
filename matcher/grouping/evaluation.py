"""From drafts to a plan's groups: exact scores, what the plan is worth, reasons, local times and warnings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from matcher.grouping.cohort import Cohort
from matcher.grouping.draft import GroupDraft
from matcher.grouping.group_measures import GroupMeasures, Ints, measured
from matcher.grouping.group_reasons import group_reasons
from matcher.grouping.group_warnings import GroupWarnings, Outlook
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.mix_penalties import MixRows
from matcher.grouping.plan import LocalTime, MemberPlace, MixRow, PlannedGroup, Terms
from matcher.members.collector import collector_paused


class Evaluation(NamedTuple):
    """What drafts amount to.

    Attributes:
        groups: by name.
        terms: what they are worth together.
    """

    groups: tuple[PlannedGroup, ...]
    terms: Terms


def describe(
    cohort: Cohort, drafts: Sequence[GroupDraft], *, moved: int = 0, times: MeetingTimes | None = None
) -> Evaluation:
    """Work out everything that a plan says of its groups. Some 30 microseconds a member.

    Every number is computed from the profiles' exact scores, in the order of ids, so that it depends on nothing but who
    is in which group.

    Args:
        cohort: whose members they are of.
        drafts: groups, in any order; they are taken to break no rule.
        moved: members of existing groups who are moved, for their price.
        times: the cohort's meeting times, if they are at hand.
    """
    with collector_paused():  # millions of small objects, none of them garbage
        return _described(cohort, sorted(drafts, key=lambda draft: draft.name), moved, times or cohort.times())


def worth(cohort: Cohort, drafts: Sequence[GroupDraft], *, moved: int = 0) -> Terms:
    """What drafts are worth, and nothing else about them; arguments as for :func:`describe`."""
    places = [_places(cohort, draft) for draft in drafts]
    return _terms(cohort, measured(cohort, places), _mixes(cohort, places), moved)


def _described(cohort: Cohort, drafts: Sequence[GroupDraft], moved: int, times: MeetingTimes | None) -> Evaluation:
    places = [_places(cohort, draft) for draft in drafts]
    measures = measured(cohort, places)
    mixes = _mixes(cohort, places)
    reasons, warnings = group_reasons(cohort, measures), GroupWarnings(cohort, times)
    kept = {member for group in cohort.spec.groups for member in group.locked_members}
    groups = []
    for number, (draft, own, mix) in enumerate(zip(drafts, places, mixes, strict=True)):
        first, last = int(measures.starts[number]), int(measures.starts[number + 1])
        ids = [cohort.members[place].member_id for place in own.tolist()]
        fits = measures.fits[first:last].tolist()
        clocks = [_local_times(cohort, draft, place, times) for place in own.tolist()]
        outlook = Outlook(
            dict(zip(ids, fits, strict=True)), dict(zip(ids, clocks, strict=True)), cohort.rows["band"][own].tolist()
        )
        groups.append(
            PlannedGroup(
                name=draft.name,
                members=tuple(
                    MemberPlace(member, fit, why, shown, member in kept)
                    for member, fit, why, shown in zip(ids, fits, reasons[first:last], clocks, strict=True)
                ),
                facilitators=tuple(sorted(draft.facilitators)),
                language=draft.language,
                slot=None if draft.slot is None or times is None else times.described(draft.slot),
                fit=math.fsum(fits) / len(fits),
                worst_fit=min(fits),
                mix=mix,
                locked=draft.locked,
                open=draft.open,
                warnings=warnings.of(draft, outlook),
            )
        )
    return Evaluation(tuple(groups), _terms(cohort, measures, mixes, moved))


def _places(cohort: Cohort, draft: GroupDraft) -> Ints:
    return np.array(sorted(cohort.position[member] for member in draft.members), np.int64)


def _mixes(cohort: Cohort, places: Sequence[Ints]) -> list[tuple[MixRow, ...]]:
    rows = MixRows(cohort)
    return [rows.of(own) for own in places]


def _terms(cohort: Cohort, measures: GroupMeasures, mixes: Sequence[tuple[MixRow, ...]], moved: int) -> Terms:
    spec, prefer = cohort.spec, cohort.spec.preferences
    sizes = np.diff(measures.starts)
    target = spec.enrolled_sizes()[1]
    penalties = zip(*mixes, strict=True) if mixes else ((),) * len(spec.mix)
    return Terms(
        placed=len(measures.members),
        fit=math.fsum(measures.fits.tolist()),
        worst=prefer.worst * math.fsum((sizes * measures.worst()).tolist()),
        size=prefer.size * int(np.abs(sizes - target).sum()),
        churn=prefer.churn * moved,
        mix=tuple(
            rule.weight * math.fsum(row.penalty for row in rows) for rule, rows in zip(spec.mix, penalties, strict=True)
        ),
    )


def _local_times(cohort: Cohort, draft: GroupDraft, place: int, times: MeetingTimes | None) -> tuple[LocalTime, ...]:
    zone = cohort.members[place].time_zone
    return () if zone is None or draft.slot is None or times is None else times.local_times(draft.slot, zone)
