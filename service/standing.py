"""What the rows of matches mean to the engine: places taken at members, and ties between them.

Both follow from what the two sides *see* (:mod:`service.storage.match_row`), so a recommendation can tell nobody what
they may not know. Time alone changes them, too: a proposal expires without anybody writing anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from matcher.eligibility.relations import Load, Relations, TieState
from service.settings import Settings, moved
from service.storage.match_row import SIDES, MatchRow, Side
from service.storage.pseudonyms import is_pseudonym

NEVER = ""
"""Before every moment."""
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, and when a proposal must have expired so that its pair may be proposed again."""

    now: str
    cutoff: str = NEVER

    @classmethod
    def of(cls, settings: Settings) -> Moment:
        """The running moment."""
        now, days = settings.now(), settings.repeat_after_days
        return cls(now, NEVER if days is None else moved(now, -days))


def tie_of(row: MatchRow, side: Side, at: Moment) -> TieState | None:
    """What the match is to one side: a tie that stands, one that is over for good, or nothing any more."""
    if row.holds_place(side, at.now):
        return "matched"
    return "closed" if row.accepted_at is not None or row.expires_at > at.cutoff else None


def stronger(one: TieState | None, other: TieState | None) -> TieState | None:
    """Of two ties between the same members, the one that counts."""
    return "matched" if "matched" in {one, other} else one or other


@dataclass(frozen=True, slots=True)
class Standing:
    """Places taken, by member id; and ties, by pair of ids in order. Names only whom the rows name."""

    loads: dict[str, Load]
    ties: dict[Pair, TieState | None]

    def relations(self) -> Relations:
        """The same as the engine takes it for a whole community."""
        found = Relations()
        for member_id, load in self.loads.items():
            found.set_load(member_id, load)
        for pair, tie in self.ties.items():
            found.set_tie(*pair, tie)
        return found


def standing_of(rows: Iterable[MatchRow], at: Moment) -> Standing:
    """What ``rows`` mean at a moment. A load is whole where all rows of its member are there; for ties likewise.
    Who was erased has neither; a place that is kept for them at somebody is kept still."""
    buddies, mentees = Counter[str](), Counter[str]()
    ties: dict[Pair, TieState | None] = {}
    for row in rows:
        pair = (row.asker, row.peer) if row.asker < row.peer else (row.peer, row.asker)
        erased = {side for side in SIDES if is_pseudonym(row.member(side))}
        for side in SIDES:
            if side in erased:
                continue
            ties[pair] = None if erased else stronger(ties.get(pair), tie_of(row, side, at))
            if not row.holds_place(side, at.now):
                continue
            if row.kind == "buddy":
                buddies[row.member(side)] += 1
            elif side == "peer":
                mentees[row.peer] += 1
    loads = {member_id: Load(buddies[member_id], mentees[member_id]) for member_id in buddies.keys() | mentees.keys()}
    return Standing(loads, ties)
