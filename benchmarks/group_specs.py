"""What the groups are asked for: everything that a coordinator may ask at once, or sizes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile

Asked = Literal["full", "plain"]
_ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London", "Europe/Berlin")
_TONGUES = (("en",), ("en",), ("en", "es"), ("en", "de"), ("en", "pt"), ("en", "fr"))
_HOURS = (("08:00", "14:00"), ("12:00", "18:00"), ("17:00", "22:00"))
_WORK_DAYS, _WEEKEND = ("mon", "tue", "wed", "thu", "fri"), ("sat", "sun")
MEMBERS_A_STAFF, MEMBERS_A_PAIR = 36, 50
"""One of staff, who leads up to four groups, for so many members; one pair to be kept apart."""


def spec_of(asked: Asked, members: Sequence[MemberProfile], seed: int = 0) -> GroupSpec:
    """The spec of a benchmark.

    * ``plain``: groups of 4 to 8, 6 wished; the rules between members hold as always.
    * ``full``: the same, meeting for an hour a week at one of 189 times that all can come to in eight weeks of two
      summer times, led by staff or an approved mentor, of one stage and both roles if possible, some kept apart,
      nobody the only newcomer.
    """
    size = {"min": 4, "target": 6, "max": 8}
    if asked == "plain":
        return GroupSpec.parse({"size": size, "lone_newcomers": True})
    rng = np.random.default_rng((seed, len(members)))
    pairs = rng.choice(len(members), (max(1, len(members) // MEMBERS_A_PAIR), 2), replace=False)
    return GroupSpec.parse(
        {
            "size": size,
            "meeting": {
                "time_zone": "America/New_York",
                "start_date": "2026-02-02",
                "weeks": 8,
                "unknown_availability": "assumed",
            },
            "facilitation": {
                "per_group": 1,
                "approved_mentors": True,
                "staff": [_staff(number, rng) for number in range(2 + len(members) // MEMBERS_A_STAFF)],
            },
            "mix": [
                {"attribute": "stage_band", "rule": "alike", "weight": 0.1},
                {"attribute": "role", "rule": "mixed", "weight": 0.1},
            ],
            "apart": [[members[one].member_id, members[other].member_id] for one, other in pairs.tolist()],
        }
    )


def _staff(number: int, rng: np.random.Generator) -> dict[str, Any]:
    start, end = _HOURS[rng.integers(3)]
    days = (*_WORK_DAYS, *_WEEKEND) if rng.random() < 0.3 else _WORK_DAYS
    return {
        "name": f"Staff {number + 1}",
        "languages": _TONGUES[rng.integers(len(_TONGUES))],
        "time_zone": _ZONES[rng.choice(len(_ZONES), p=(0.4, 0.25, 0.15, 0.1, 0.1))],
        "availability": [{"day": day, "start": start, "end": end} for day in days],
    }
