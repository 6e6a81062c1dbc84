"""Who leads some groups, and when they meet: nobody leads more than they may, nor two groups at overlapping times.

Found by looking at all there is, team by team: for a handful of groups.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

from matcher.grouping.block import PER_GROUP, SLOT_WORDS, Block, Ids, Words

Way = tuple[int, int]
"""Facilitators, as bits, and the meeting times that suit a group with them, as bits."""
Group = tuple[int, int]
"""Units, as bits, and the label of an existing group, or -1."""
_COMPARED = 64
"""Meeting times up to which each is compared with each, to leave out those that rule out more than another."""


class TooMany(Exception):
    """There is more to look at than was allowed; never leaves the package."""


class Leading:
    """Answers who could lead groups of a block.

    Args:
        block: few units, few possible teams.
        rooms: groups that each facilitator may lead.
        steps: after how many to raise :class:`TooMany`; may be set anew.
    """

    def __init__(self, block: Block, rooms: Ids, steps: int) -> None:
        self.steps = steps
        self.rooms: list[int] = rooms.tolist()
        self._per_group = int(block.limits[PER_GROUP])
        units = [block.unit_members[a:b] for a, b in itertools.pairwise(block.unit_start.tolist())]
        words = int(block.limits[SLOT_WORDS])
        self._members = [[_both(block.masks[one], words) for one in unit.tolist()] for unit in units]
        self._labels = [_both(mask, words) for mask in block.group_masks]
        self._given = [[one for one in row if one >= 0] for row in block.group_leaders.tolist()]
        self._leaders = [_both(mask, words) for mask in block.leader_masks]
        self._overlap = [_bits(row[:words]) for row in block.overlap]
        self._pair = block.leader_pair.tolist()
        self.own = [int(block.unit_of[at]) if at >= 0 else -1 for at in block.leader_member.tolist()]
        self._may_lead = [
            sum(1 << u for u, unit in enumerate(units) if block.leader_may[one, unit].all() and self.own[one] != u)
            for one in range(len(self.rooms))
        ]
        self._known: dict[tuple[tuple[Way, ...], ...], tuple[Way, ...] | None] = {}
        self.ways = functools.cache(self._ways)

    def _ways(self, group: Group) -> tuple[Way, ...]:
        """Every team that can lead a group, each with the times that suit; without teams, the times alone."""
        bits, label = group
        slots, tongues = self._labels[label]
        for unit, members in enumerate(self._members):
            if bits >> unit & 1:
                for own_slots, own_tongues in members:
                    slots &= own_slots
                    tongues &= own_tongues
        given = self._given[label]
        able = [
            one
            for one, (own_slots, own_tongues) in enumerate(self._leaders)
            if self.rooms[one] > 0 and not bits & ~self._may_lead[one] and slots & own_slots and tongues & own_tongues
        ]
        if not slots or not tongues or not set(given) <= set(able):
            return ()
        found = []
        others = [one for one in able if one not in given]
        for more in itertools.combinations(others, self._per_group - len(given)):
            team = (*given, *more)
            if all(self._pair[one][other] for one, other in itertools.combinations(team, 2)):
                left, shared = slots, tongues
                for one in team:
                    left &= self._leaders[one][0]
                    shared &= self._leaders[one][1]
                if left and shared:
                    found.append((sum(1 << one for one in team), left))
        return tuple(found)

    def free_of(self, bits: int) -> int:
        """The facilitators who are not among some units, as bits."""
        return sum(1 << one for one, own in enumerate(self.own) if own < 0 or not bits >> own & 1)

    def found(self, groups: Sequence[Group], allowed: int) -> tuple[Way, ...] | None:
        """The facilitators of each group, with one meeting time; ``None`` if they cannot all be led.

        Args:
            groups: disjoint ones.
            allowed: the facilitators who may be used, as bits; those placed in a group lead none in any case.
        """
        for bits, _ in groups:
            allowed &= self.free_of(bits)
        return self.arranged([tuple(way for way in self.ways(group) if not way[0] & ~allowed) for group in groups])

    def arranged(self, ways: Sequence[tuple[Way, ...]]) -> tuple[Way, ...] | None:
        """The same, for groups of which nothing but the ways to lead them is known."""
        order = sorted(range(len(ways)), key=lambda at: (len(ways[at]), ways[at]))
        key = tuple(ways[at] for at in order)
        if key not in self._known:
            self._known[key] = self._assign(key, (), [0] * len(self.rooms)) if all(key) else None
        answer = self._known[key]
        if answer is None:
            return None
        placed = dict(zip(order, answer, strict=True))
        return tuple(placed[at] for at in range(len(ways)))

    def step(self) -> None:
        """Count one step; raises :class:`TooMany`."""
        self.steps -= 1
        if self.steps < 0:
            raise TooMany

    def _assign(
        self, ways: tuple[tuple[Way, ...], ...], chosen: tuple[Way, ...], load: list[int]
    ) -> tuple[Way, ...] | None:
        if len(chosen) == len(ways):
            return self._timed(chosen)
        busy = functools.reduce(int.__or__, (team for team, _ in chosen), 0)
        for way in sorted(ways[len(chosen)], key=lambda way: (way[0] & busy).bit_count()):
            self.step()
            team = [one for one in range(len(load)) if way[0] >> one & 1]
            if any(load[one] >= self.rooms[one] for one in team):
                continue
            if way[0] & busy and self._timed((*chosen, way)) is None:
                continue
            for one in team:
                load[one] += 1
            answer = self._assign(ways, (*chosen, way), load)
            for one in team:
                load[one] -= 1
            if answer is not None:
                return answer
        return None

    def _timed(self, chosen: tuple[Way, ...]) -> tuple[Way, ...] | None:
        """A meeting time for each, so that nobody leads two that overlap."""
        slots = self._times([left for _, left in chosen], [team for team, _ in chosen], [-1] * len(chosen))
        return None if slots is None else tuple((team, slot) for (team, _), slot in zip(chosen, slots, strict=True))

    def _times(self, left: list[int], teams: list[int], slots: list[int]) -> list[int] | None:
        waiting = [at for at, slot in enumerate(slots) if slot < 0]
        if not waiting:
            return slots
        at = min(waiting, key=lambda one: left[one].bit_count())
        rivals = [one for one in waiting if one != at and teams[one] & teams[at]]
        wanted = functools.reduce(int.__or__, (left[one] for one in rivals), 0)
        for slot in self._worth_trying(left[at], wanted):
            self.step()
            rest = [one & ~self._overlap[slot] if k in rivals else one for k, one in enumerate(left)]
            if all(rest[one] for one in rivals):
                answer = self._times(rest, teams, [slot if k == at else one for k, one in enumerate(slots)])
                if answer is not None:
                    return answer
        return None

    def _worth_trying(self, left: int, wanted: int) -> list[int]:
        """Of some meeting times, those that do not take more of the wanted ones than another does."""
        taken: dict[int, int] = {}
        while left:
            slot = (left & -left).bit_length() - 1
            left &= left - 1
            taken.setdefault(self._overlap[slot] & wanted, slot)
        least = sorted(taken, key=lambda one: (one.bit_count(), taken[one]))
        if len(least) <= _COMPARED:
            least = [one for at, one in enumerate(least) if not any(other & ~one == 0 for other in least[:at])]
        return [taken[one] for one in least]


def _bits(words: Words) -> int:
    return sum(int(word) << 64 * at for at, word in enumerate(words.tolist()))


def _both(mask: Words, slot_words: int) -> tuple[int, int]:
    """The meeting times and the languages of a mask."""
    return _bits(mask[:slot_words]), _bits(mask[slot_words:])
