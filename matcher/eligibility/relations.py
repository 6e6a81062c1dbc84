"""What holds between members besides their profiles: load, and ties that exist or are over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

TieState = Literal["matched", "closed"]
"""``matched``: they have each other already. ``closed``: declined or ended, not to be proposed again."""


class Load(NamedTuple):
    """Places already taken at a member, reservations included."""

    buddies: int = 0
    mentees: int = 0


NO_LOAD = Load()


@dataclass(slots=True)
class Relations:
    """Loads by member id and ties by pair of ids, in both directions."""

    loads: dict[str, Load] = field(default_factory=dict)
    ties: dict[str, dict[str, TieState]] = field(default_factory=dict)

    def load(self, member_id: str) -> Load:
        """Places taken at a member."""
        return self.loads.get(member_id, NO_LOAD)

    def set_load(self, member_id: str, load: Load) -> None:
        """Replace the places taken at a member."""
        if load == NO_LOAD:
            self.loads.pop(member_id, None)
        else:
            self.loads[member_id] = load

    def tie(self, one: str, other: str) -> TieState | None:
        """The tie between two members, the same from both sides."""
        return self.ties.get(one, {}).get(other)

    def set_tie(self, one: str, other: str, state: TieState | None) -> None:
        """Replace the tie between two members; ``None`` forgets it."""
        for first, second in ((one, other), (other, one)):
            if state is not None:
                self.ties.setdefault(first, {})[second] = state
            elif first in self.ties:
                self.ties[first].pop(second, None)
                if not self.ties[first]:
                    del self.ties[first]
