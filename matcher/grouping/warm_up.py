"""Loads or, on a machine's first call, compiles what a search runs, so that no time limit is spent on it."""

from __future__ import annotations

import datetime
import functools
import time

from matcher.grouping.blocks import whole
from matcher.grouping.cohort import gather
from matcher.grouping.draft import GroupDraft
from matcher.grouping.evaluation import describe
from matcher.grouping.instance import instance_of
from matcher.grouping.row_bound_of_many import row_bound_of_many
from matcher.grouping.solving import Limits, solve_whole
from matcher.grouping.spec import GroupSpec
from matcher.grouping.unplaced import reasons
from matcher.members.profile import MemberProfile, ProcedureEvent

_DAY = datetime.date(2026, 1, 1)
_SPEC = {
    "size": {"min": 2, "target": 3, "max": 4},
    "meeting": {
        "time_zone": "UTC",
        "start_date": "2026-01-05",
        "weeks": 1,
        "window": [{"day": "mon", "start": "18:00", "end": "20:00"}],
        "unknown_availability": "assumed",
    },
    "facilitation": {
        "per_group": 1,
        "staff": [
            {
                "name": "one",
                "time_zone": "UTC",
                "availability": [{"day": "mon", "start": "18:00", "end": "20:00"}],
            }
        ],
    },
    "mix": [{"attribute": "stage_band", "rule": "alike"}],
}


def load_compiled() -> float:
    """Have the compiled code at hand; returns the seconds that took.

    Nothing but for the first call in a process, which forms groups of seven made-up members: half a second where the
    compiled code is kept, about a minute on a machine's first call.
    """
    begun = time.monotonic()
    _form_once()
    return time.monotonic() - begun


@functools.cache
def _form_once() -> None:
    people = [
        MemberProfile(
            member_id=f"m{number}",
            consent=True,
            birth_year=1980,
            languages=("en",),
            procedures=(ProcedureEvent(procedure="knee-replacement", date=datetime.date(2025, 11, 1 + number)),),
        )
        for number in range(7)
    ]
    cohort = gather(people, GroupSpec.parse(_SPEC), _DAY)
    instance = instance_of(cohort)
    part = whole(instance)
    limits = Limits(time.monotonic() + 3600.0, 1, lambda: False, 1)
    solve_whole(instance, part, 0, limits, 1e9, lambda *_: None)
    reasons(instance, list(range(instance.n)))
    row_bound_of_many(instance, 10.0)
    slot = None if instance.times is None else instance.times.slots[0]
    describe(cohort, [GroupDraft("one", ("m0", "m1", "m2"), ("staff:one",), "en", slot)], times=instance.times)
