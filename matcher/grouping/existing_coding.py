"""The existing groups of a spec as a solver reads them, and who of their members a hard rule takes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.grouping.block import Ids, Words
from matcher.grouping.cohort import Cohort
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.leader_coding import Leaders
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.pair_rules import PairCodes, may_meet


@dataclass(frozen=True, slots=True, eq=False)
class Existing:
    """The existing groups, e of them.

    Attributes:
        members: their members in the cohort who may stay.
        pinned: (e,) those of them who must stay.
        closed: (e,) nobody joins.
        masks: (e, w) given time and language, else everything on offer.
        leaders: (e, p) given facilitators, -1 where free.
        must_leave: ids of members whom a hard rule takes out.
    """

    members: tuple[tuple[int, ...], ...]
    pinned: tuple[frozenset[int], ...]
    closed: npt.NDArray[np.uint8]
    masks: Words
    leaders: Ids
    must_leave: tuple[str, ...]


def coded_existing(
    cohort: Cohort,
    times: MeetingTimes | None,
    languages: tuple[str, ...],
    offered: Words,
    masks: Words,
    leaders: Leaders,
    codes: PairCodes,
) -> Existing:
    """Code the existing groups of a cohort's spec, and find out who of their members may stay.

    Args:
        cohort: whose groups they are.
        times, languages: what bits of masks stand for.
        offered: (w,) what a new group may have.
        masks: (n, w) of members.
        leaders: who may lead.
        codes: of the pair rules.
    """
    groups, slot_words = cohort.spec.groups, 1 if times is None else times.words
    allowed = np.tile(offered, (len(groups), 1))
    given = np.full((len(groups), cohort.spec.facilitation.per_group), -1, np.int64)
    leader_at = {name: at for at, name in enumerate(leaders.names)}
    members, pinned, leaving = [], [], []
    for label, group in enumerate(groups):
        if group.slot is not None and times is not None:
            at = times.index(group.slot)
            allowed[label, :slot_words] = 0
            allowed[label, at >> 6] = np.uint64(1 << (at & 63))
        if group.language is not None:
            allowed[label, slot_words:] = 0
            if group.language in languages:
                at = languages.index(group.language)
                allowed[label, slot_words + (at >> 6)] = np.uint64(1 << (at & 63))
        for p, name in enumerate(group.facilitators):
            given[label, p] = leader_at[name]
        lead = [int(leaders.person[at]) for at in given[label] if at >= 0 and leaders.person[at] >= 0]
        stay = []
        for name in group.members:
            place = cohort.position.get(name)
            if place is None or not _may_stay(place, group, allowed[label], slot_words, masks, lead, codes):
                leaving.append(name)
            else:
                stay.append(place)
        members.append(tuple(stay))
        kept = group.members if group.locked else group.locked_members
        pinned.append(frozenset(cohort.position[name] for name in kept if name in cohort.position))
    closed = np.array([group.locked for group in groups], np.uint8)
    return Existing(tuple(members), tuple(pinned), closed, allowed, given, tuple(sorted(leaving)))


def _may_stay(
    place: int, group: ExistingGroup, allowed: Words, slot_words: int, masks: Words, lead: list[int], codes: PairCodes
) -> bool:
    """Whether a member goes with what an existing group is given to keep."""
    common = allowed & masks[place]
    if group.slot is not None and not common[:slot_words].any():
        return False
    if group.language is not None and not common[slot_words:].any():
        return False
    return all(one != place and may_meet(codes, one, place) for one in lead)
