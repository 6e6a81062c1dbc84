"""Ranking by score less a handicap: whoever has been recommended often makes room for others who fit nearly as well.

A peer's handicap lies between 0 and ``most``. Two facts make the answer exact with little more work than the plain one:

- An unseen peer's adjusted score does not exceed their score, so once the k-th adjusted score exceeds the last score
  that was fetched, nobody unseen can enter.
- Nobody is listed who scores more than ``most`` below the k-th best score: the k best all stay above that. So however
  the handicaps lie, that is the most which a place can cost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from matcher.embedding.weights import FacetWeights
from matcher.errors import InvalidRequest, Problem
from matcher.index.member_index import MemberIndex
from matcher.index.seeking import Found, Seeker
from matcher.members.vocabulary import Kind

FETCH_AT_LEAST, FETCH_TIMES = 64, 4
"""So many peers are fetched first, or so many times k; among those the place for a peer who waits is given."""


@dataclass(frozen=True, slots=True)
class Handicaps:
    """What is taken off the scores of peers before they are ranked.

    Attributes:
        most: no handicap exceeds it; more than 0.
        of: a peer's handicap, by id, from 0 to ``most``. Must not change while an answer is worked out.
        waiting: whether a peer has hardly been shown to anybody. If nobody in a list of two or more is, the best
            such peer among those fetched gets its last place, unless that would cost more than ``most``.

    Raises:
        InvalidRequest: if ``most`` is not in (0, 1].
    """

    most: float
    of: Callable[[str], float]
    waiting: Callable[[str], bool]

    def __post_init__(self) -> None:
        if not 0 < self.most <= 1:
            raise InvalidRequest(Problem("handicaps.most", "out of range", "a number above 0, 1 at most"))


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is listed.

    Attributes:
        found: what the search found, with the peers chosen in place of the best, in the order of the list.
        proven: whether the search proved that they are the right ones.
        bound: nobody eligible who is left out scores more. It follows from the scores listed and ``most`` alone, so
            it tells nothing about anybody's handicap. -1 where everybody is listed.
    """

    found: Found
    proven: bool
    bound: float


def plain_choice(index: MemberIndex, seeker: Seeker, k: int, kind: Kind, weights: FacetWeights) -> Choice:
    """The k best by score."""
    found = index.search(seeker, k, kind, weights)
    listed = found.top.scores.size
    last = float(found.top.scores[-1]) if listed else -1.0
    proven = listed == min(k, found.funnel.eligible) and found.top.bound <= last
    return Choice(found, proven, last if listed < found.funnel.eligible else -1.0)


def handicapped_choice(
    index: MemberIndex, seeker: Seeker, k: int, kind: Kind, weights: FacetWeights, handicaps: Handicaps
) -> Choice:
    """The k best by adjusted score, ties by id; the last place perhaps to somebody who waits."""
    first = wanted = max(FETCH_AT_LEAST, FETCH_TIMES * k)
    while True:
        found = index.search(seeker, wanted, kind, weights)
        scores, ids = found.top.scores.tolist(), [found.slots.ids[slot] for slot in found.top.slots]
        adjusted = [score - handicaps.of(peer) for score, peer in zip(scores, ids, strict=True)]
        ranked = sorted(range(len(ids)), key=lambda place: (-adjusted[place], ids[place]))
        complete = len(ids) >= found.funnel.eligible
        if complete or (len(ids) >= k and adjusted[ranked[k - 1]] > scores[-1]):
            break
        wanted *= FETCH_TIMES
    listed = _with_one_who_waits(ranked[:k], ids, scores, first, handicaps)
    proven = len(ids) == min(wanted, found.funnel.eligible) and found.top.bound <= (scores[-1] if scores else -1.0)
    bound = -1.0
    if len(listed) < found.funnel.eligible and listed:
        bound = min(1.0, scores[listed[-min(2, len(listed))]] + handicaps.most)
    places = np.array(listed, dtype=np.int64)
    top = replace(found.top, slots=found.top.slots[places], scores=found.top.scores[places])
    return Choice(replace(found, top=top), proven, bound)


def _with_one_who_waits(
    listed: list[int], ids: list[str], scores: list[float], first: int, handicaps: Handicaps
) -> list[int]:
    """``listed`` with its last place given away, if nobody on it waits and one of the ``first`` does who fits."""
    if len(listed) < 2 or any(handicaps.waiting(ids[place]) for place in listed):
        return listed
    least, there = scores[len(listed) - 1] - handicaps.most, frozenset(listed)
    for place, peer in enumerate(ids[:first]):
        if scores[place] < least:
            break
        if place not in there and handicaps.waiting(peer):
            return [*listed[:-1], place]
    return listed
