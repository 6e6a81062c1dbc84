"""An upper bound on what any plan is worth, worked out from the profiles with code that no solver uses.

A member of a group of n has the mean of n - 1 scores, at most the mean of their best n - 1. That falls as n grows, so
nobody's fit exceeds the mean of their best ``least - 1`` scores with members whom they may share a group with, where
``least`` is the smallest group; who has fewer of these can be in none. A group's worst fit is no larger than anybody's
in it, and prices are never negative.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.eligibility.rules import spoken
from matcher.grouping.community import Community
from matcher.members.availability import DAYS, Day

MOST_MEMBERS = 900
"""Beyond that, a plan is made in parts and its bound is another."""
FEW_UNITS = 12
"""Of so few members and sets who are kept together, every plan may have been looked at."""
_TOLERANCE = 1e-12
Bools = npt.NDArray[np.bool_]


class RowBound(NamedTuple):
    """What members could fit at best.

    Attributes:
        value: no plan is worth more.
        tightest: no bound below ``value`` is known, since they are too many to look at every plan.
    """

    value: float
    tightest: bool


class _Slot(NamedTuple):
    """A time of the week."""

    day: Day
    start: str


def row_bound(community: Community) -> RowBound | None:
    """The bound for all plans of a community; ``None`` for more than 900 members to be placed.

    O(n^2) scores, some ten million a second, and some hundred microseconds a member to ask their rules.
    """
    spec = community.spec
    names = [name for name in community.members if community.in_cohort(name)]
    if len(names) > MOST_MEMBERS:
        return None
    place = {name: at for at, name in enumerate(names)}
    scores = community.scores(names)
    times, tongues = _times(community, names), _tongues(community, names)
    may = (scores >= spec.thresholds.pair_score - _TOLERANCE) & _shared(times) & _shared(tongues)
    may &= _one_region(community, names)
    np.fill_diagonal(may, False)
    units = len(names)
    for bundle in spec.bundles():
        here = [place[name] for name in bundle if name in place]
        units -= max(0, len(here) - 1)
        if len(here) < len(bundle) or not _may_be_together(community, bundle, here, may, times, tongues):
            may[here], may[:, here] = False, False
            units -= len(here) > 0
    k = spec.enrolled_sizes()[0] - 1
    best = [_best_fit(community, names, at, scores[at], may[at], k) for at in range(len(names))]
    return RowBound((1.0 + spec.preferences.worst) * float(np.sum(best)), units > FEW_UNITS)


def _best_fit(
    community: Community, names: list[str], at: int, scores: npt.NDArray[np.float64], may: Bools, k: int
) -> float:
    """The mean of a member's ``k`` best scores, 0 if there are fewer."""
    broken = community.conflicts_of(names[at])
    peers = np.flatnonzero(may)
    lawful = (float(scores[peer]) for peer in peers[np.argsort(-scores[peers])].tolist() if not broken(names[peer]))
    found = list(itertools.islice(lawful, k))
    return sum(found) / k if len(found) == k else 0.0


def _may_be_together(
    community: Community, names: tuple[str, ...], here: list[int], may: Bools, times: Bools, tongues: Bools
) -> bool:
    """Whether members who are kept together could be in one group."""
    pairs = itertools.combinations(range(len(here)), 2)
    if not all(may[here[one], here[other]] for one, other in pairs):
        return False
    if any(community.conflicts_of(one)(other) for one, other in itertools.combinations(names, 2)):
        return False
    return bool(times[here].all(0).any() and tongues[here].all(0).any())


def _shared(having: Bools) -> Bools:
    """(n, n) whether two have something in common."""
    weights = having.astype(np.float32)
    found: Bools = (weights @ weights.T) > 0.5
    return found


def _times(community: Community, names: list[str]) -> Bools:
    """(n, s) who can come to which of the times on offer, and those that groups have already; without times, everybody
    to the one there is."""
    if community.attendance is None:
        return np.ones((len(names), 1), np.bool_)
    starts = community.attendance.meeting.starts()
    slots = {_Slot(DAYS[start // 1440], f"{start // 60 % 24:02}:{start % 60:02}") for start in starts}
    slots |= {_Slot(group.slot.day, group.slot.start) for group in community.spec.groups if group.slot is not None}
    return np.array([[community.can_come(name, slot) for slot in slots] for name in names]).reshape(len(names), -1)


def _tongues(community: Community, names: list[str]) -> Bools:
    """(n, l) who speaks which primary language."""
    spoken_by = [spoken(community.members[name].languages) for name in names]
    every = sorted(frozenset().union(*spoken_by))
    return np.array([[tongue in own for tongue in every] for own in spoken_by], np.bool_).reshape(len(names), -1)


def _one_region(community: Community, names: list[str]) -> Bools:
    """(n, n) whether two live in one region, if groups meet in person."""
    if community.spec.channel != "in_person":
        return np.ones((len(names), len(names)), np.bool_)
    regions = [community.members[name].region for name in names]
    codes = {region: at for at, region in enumerate(dict.fromkeys(regions))}
    coded = np.array([-1 if region is None else codes[region] for region in regions], np.int64)
    found: Bools = (coded[:, None] == coded[None, :]) & (coded >= 0)[:, None]
    return found
