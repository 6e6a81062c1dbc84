"""Those who may lead groups, members and staff, as a solver reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.grouping.block import Ids, Words
from matcher.grouping.cohort import Cohort
from matcher.grouping.plan import STAFF
from matcher.grouping.staffing import Staff


@dataclass(frozen=True, slots=True, eq=False)
class Leaders:
    """Everybody who may lead: f members and staff.

    Attributes:
        names: (f,) ids of members, ``staff:NAME`` for others.
        person: (f,) place among the people of the pair codes, -1 for staff.
        member: (f,) place among the members to be placed, -1 for others.
        room: (f,) groups that each may lead.
        masks: (f, w) when they can come, and what they speak.
    """

    names: tuple[str, ...]
    person: Ids
    member: Ids
    room: Ids
    masks: Words


def coded_leaders(
    cohort: Cohort, staff: Sequence[Staff], person_of: Mapping[str, int], bundle: Ids, masks: Words, staff_masks: Words
) -> Leaders:
    """Code everybody who may lead; a member who is kept together with somebody may not, but can be placed.

    Args:
        cohort: whose groups they may lead.
        staff: those of the spec, if groups are led.
        person_of: place among the people of the pair codes, by id.
        bundle: (n,) the set that each member is kept together with, else -1.
        masks: (p, w) of people.
        staff_masks: (len(staff), w).
    """
    most = cohort.spec.facilitation.most_groups
    who = [person_of[one.member_id] for one in cohort.leaders]
    own = [cohort.position.get(one.member_id, -1) for one in cohort.leaders]
    rooms = [0 if at >= 0 and bundle[at] >= 0 else most for at in own]
    nobody = [-1] * len(staff)
    return Leaders(
        (*(one.member_id for one in cohort.leaders), *(STAFF + one.name for one in staff)),
        np.array([*who, *nobody], np.int64),
        np.array([*own, *nobody], np.int64),
        np.array([*rooms, *(one.most_groups for one in staff)], np.int64),
        np.concatenate((masks[who], staff_masks)),
    )
