"""How much attention each member has had lately, and what that takes off their scores.

A member's exposure is how often they were shown, fading by half every some days, and ten for every proposal that lies
before them. Requests only append to a list; every few seconds a batch of counts is written and what other processes
have written is read, so a crash loses some seconds of counts and nothing else. Until the next batch all answers see the
same counts.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from matcher import MemberIndex
from matcher.buddies.handicaps import Handicaps
from service.aside import giving_way
from service.precedence import Precedence, standing_back
from service.settings import Settings
from service.storage import exposures
from service.storage.database import Database

PLACES_SEEN = 20
"""Further down a list nobody looks: what stands there was not shown."""
A_PROPOSAL = 10.0
"""One proposal weighs as much as being shown so often."""
WAITING_SHARE = 0.1
"""Who has had less than this share of the mean waits to be shown."""
MOST_NOTED = 20_000
"""Lists that wait to be counted; beyond, the oldest go: a turn comes every few seconds, if nothing is wrong."""
REMEMBERED = 20_000
"""Seekers whose last hour is remembered, so that asking again does not count again."""
LISTS = 20
"""Lists that are counted at a time, a tenth of a millisecond."""
PIECE = 1_000
"""Members who are looked up at a time, to see whether they are still there."""
STANDS_BACK_S = 1.0
"""So long at most the counting of one turn waits for gaps between answers."""
MOST_HALF_LIVES = 50.0
"""Counts are kept as they would have to stand at an epoch; after so long it is moved."""
MOST_COUNTED = 500.0
"""Half-lives beyond which nothing changes any more, whatever a clock says."""


@dataclass(frozen=True, slots=True)
class Exposures:
    """Everybody's exposure at one moment. Never changes.

    Attributes:
        shown: counts as of the epoch, by member id.
        left: what a count of the epoch is worth by now.
        proposals: how many lie before a member.
        members: how many members there are, most of whom may have neither.
    """

    shown: Mapping[str, float] = field(default_factory=dict)
    left: float = 1.0
    proposals: Mapping[str, int] = field(default_factory=dict)
    members: int = 0

    def of(self, member_id: str) -> float:
        """A member's exposure."""
        return self.shown.get(member_id, 0.0) * self.left + self.proposals.get(member_id, 0) * A_PROPOSAL

    def values(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The exposures of those who have any, ascending."""
        return np.sort(np.array([self.of(member_id) for member_id in {*self.shown, *self.proposals}], dtype=np.float64))

    @property
    def mean(self) -> float:
        """Over all members."""
        total = sum(self.shown.values()) * self.left + sum(self.proposals.values()) * A_PROPOSAL
        return total / max(1, self.members)

    def handicaps(self, weight: float) -> Handicaps:
        """What is taken off scores: nothing where there was no exposure, half of ``weight`` at the mean, and never
        as much as ``weight``."""
        mean = max(1.0, self.mean)

        def of(member_id: str) -> float:
            had = self.of(member_id)
            return weight * had / (had + mean)

        return Handicaps(weight, of, lambda member_id: self.of(member_id) < WAITING_SHARE * mean)


def gini(values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]], members: int) -> float:
    """How unevenly ``values``, ascending, are spread over ``members``, of whom the others have nothing: 0 is evenly."""
    had = np.asarray(values, dtype=np.float64)
    total, everybody = float(had.sum()), max(members, had.size)
    if total <= 0:
        return 0.0
    ranks = np.arange(everybody - had.size + 1, everybody + 1)
    return float(2 * (ranks * had).sum() / (everybody * total) - (everybody + 1) / everybody)


class ExposureBook:
    """Counts who is shown, and keeps level with what other processes count.

    With a weight of 0 nothing is stored and nothing is read: it then knows of this process alone, for the metrics.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._noted: deque[tuple[str, tuple[str, ...]]] = deque(maxlen=MOST_NOTED)
        self._turning = threading.Lock()
        self._unwritten: Counter[str] = Counter()
        self._lately: OrderedDict[str, set[str]] = OrderedDict()
        self._hour = ""
        self._epoch: datetime | None = None
        self._batch = 0
        self._looked_at: Callable[[], MemberIndex | None] = lambda: None
        self._removals = 0
        self.now = Exposures()
        """What answers go by until the next turn."""
        self._handicaps = self._handicaps_now()

    def note(self, seeker_id: str, peer_ids: Sequence[str]) -> None:
        """Say that ``peer_ids`` were shown, in this order. Waits for nothing."""
        self._noted.append((seeker_id, tuple(peer_ids[:PLACES_SEEN])))

    @property
    def handicaps(self) -> Handicaps | None:
        """What is taken off scores; None if scores alone count."""
        return self._handicaps

    def turn(self, members: MemberIndex, precedence: Precedence | None = None) -> None:
        """Write what was noted, read what others have written, and let answers go by it.

        What cannot be written is kept for the next turn.

        Args:
            members: of whom those that are counted still have to be.
            precedence: counting stands back for whoever has it, outside of every transaction.
        """
        with self._turning:
            at = self._settings.now()
            stands_back = nullcontext() if precedence is None else standing_back(precedence, STANDS_BACK_S)
            with stands_back:
                self._count_noted(at[:13])
                own = None if self._settings.exposure_weight else self._own(at, members)
            self.now = self._stored(at, len(members)) if own is None else own
            self._handicaps = self._handicaps_now()

    def _handicaps_now(self) -> Handicaps | None:
        weight = self._settings.exposure_weight
        return self.now.handicaps(weight) if weight else None

    def _count_noted(self, hour: str) -> None:
        if hour != self._hour:
            self._lately.clear()
            self._hour = hour
        for _ in giving_way(range(len(self._noted)), LISTS):
            seeker_id, peer_ids = self._noted.popleft()
            seen = self._lately.setdefault(seeker_id, set())
            self._lately.move_to_end(seeker_id)
            self._unwritten.update(peer for peer in dict.fromkeys(peer_ids) if peer not in seen)
            seen.update(peer_ids)
        while len(self._lately) > REMEMBERED:
            self._lately.popitem(last=False)

    def _stored(self, at: str, members: int) -> Exposures:
        if self._unwritten:
            counts = dict(self._unwritten)
            self._database.write(
                lambda connection: exposures.add(
                    connection, counts, at, lambda shown, since: shown * self._worth(since, at)
                )
            )
            self._unwritten.clear()
        with self._database.reading() as connection:
            anew = self._epoch_moves(at)
            shown = {} if anew else dict(self.now.shown)
            shown |= self._read(connection, 0 if anew else self._batch, at)
            if len(shown) != exposures.count(connection):  # somebody was erased
                shown = self._read(connection, 0, at)
            proposals = exposures.open_proposals(connection, at)
        return Exposures(shown, self._left(at), proposals, members)

    def _read(self, connection: Connection, batch: int, at: str) -> dict[str, float]:
        """What batches after ``batch`` have written. A moment ahead of this clock counts as now."""
        self._batch, rows = exposures.since(connection, batch)
        return {row.member_id: row.shown / self._left(min(row.at, at)) for row in rows}

    def _own(self, at: str, members: MemberIndex) -> Exposures:
        before = self.now.left
        kept = before if self._epoch_moves(at) else 1.0
        shown = dict(self.now.shown)
        if kept != 1.0:
            shown = {member_id: count * kept for member_id, count in shown.items()}
        for member_id, times in giving_way(list(self._unwritten.items())):
            if member_id in members:
                shown[member_id] = shown.get(member_id, 0.0) + times / self._left(at)
        self._unwritten.clear()
        self._forget_who_is_gone(shown, members)
        return Exposures(shown, self._left(at), {}, len(members))

    def _forget_who_is_gone(self, shown: dict[str, float], members: MemberIndex) -> None:
        """If anybody can have gone since the last look: it takes a tenth of a microsecond for everybody who was shown,
        in which nobody is answered."""
        removals = members.removals
        if self._looked_at() is members and self._removals == removals:
            return
        names = list(shown)
        for first in giving_way(range(0, len(names), PIECE), 1):
            for gone in itertools.filterfalse(members.__contains__, names[first : first + PIECE]):
                del shown[gone]
        self._looked_at, self._removals = weakref.ref(members), removals

    def _epoch_moves(self, at: str) -> bool:
        """Whether the epoch is now ``at``, because it was too long ago or there was none."""
        moment = datetime.fromisoformat(at)
        if self._epoch is not None and abs(self._half_lives(self._epoch, moment)) <= MOST_HALF_LIVES:
            return False
        self._epoch = moment
        return True

    def _half_lives(self, since: datetime, until: datetime) -> float:
        passed = (until - since).total_seconds() / 86_400 / self._settings.exposure_half_life_days
        return max(-MOST_COUNTED, min(MOST_COUNTED, passed))

    def _worth(self, since: str, until: str) -> float:
        """What is left of 1 that was counted at ``since``; a clock that was set back makes nothing of it grow."""
        return float(min(1.0, 0.5 ** self._half_lives(datetime.fromisoformat(since), datetime.fromisoformat(until))))

    def _left(self, at: str) -> float:
        """What a count of the epoch is worth at a moment."""
        epoch = self._epoch or datetime.fromisoformat(at)
        return float(0.5 ** self._half_lives(epoch, datetime.fromisoformat(at)))
