"""Depth-first search through all plans of a dozen members, with a bound from dynamic programming over sets of them.

The program (the set partitioning of Yeh 1986, doi:10.1007/BF01934992) tells what is the best that can follow from any
set of free members, if only each group for itself could be led: one existing group after the other becomes one of the
sets it may be, or is given up; then the first free member is left out or gets a new group. Where somebody leads, the
search asks :mod:`matcher.grouping.leading` whether all groups so far can be led; approved mentors who might lead or be
placed are tried both ways.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from matcher.grouping.block import CHURN, EXISTING, MIN, MOST_GROUPS, PER_GROUP, Block, Floats, Ids
from matcher.grouping.leading import Group, Leading, TooMany, Way
from matcher.grouping.possible_groups import possible_groups

_TOLERANCE = 1e-10


class _Choice(NamedTuple):
    """A set that a group may be: units as bits, members, worth less the price of who is moved, members moved."""

    bits: int
    members: int
    worth: float
    moved: int


class PlanSearch:
    """Plans of a block.

    Args:
        block: few units, few possible teams.
        rooms: groups that each facilitator may lead.
        steps: a search ends after so many.

    Attributes:
        at_home: members who are in an existing group.
        total: of the last plan found.
        bound: of the last search: no plan has a larger total, or places more and has a larger one.
    """

    def __init__(self, block: Block, rooms: Ids, steps: int) -> None:
        self.units = block.unit_start.size - 1
        self.leading = Leading(block, rooms, steps)
        self._steps = steps
        self.sizes = np.diff(block.unit_start).tolist()
        self.churn = float(block.prices[CHURN])
        self.per_group = int(block.limits[PER_GROUP])
        self.homes = [int((block.home == label).sum()) for label in range(int(block.limits[EXISTING]))]
        self.at_home = sum(self.homes)
        worths = possible_groups(block)
        self.kept = [self._kept(block, label, worths) for label in range(len(self.homes))]
        self.new: list[list[_Choice]] = [[] for _ in range(self.units)]
        for bits, worth in worths.items():
            if self.leading.ways((bits, -1)):
                self.new[(bits & -bits).bit_length() - 1].append(_Choice(bits, self._members(bits), worth, 0))
        self.most = min(int(block.limits[MOST_GROUPS]), block.unit_of.size // int(block.limits[MIN]))
        self.total = self.bound = 0.0
        everything = [choice for level in self.kept for choice in level] + list(itertools.chain(*self.new))
        largest = max((abs(one.worth) for one in everything), default=0.0) + self.churn
        self.prize = 1.0 + 2.0 * largest * (self.units + self.at_home)
        """What a place is worth, if places count: more than the totals of two plans can differ."""

    def _members(self, bits: int) -> int:
        return sum(size for unit, size in enumerate(self.sizes) if bits >> unit & 1)

    def _kept(self, block: Block, label: int, worths: dict[int, float]) -> list[_Choice]:
        """What an existing group may be: sets that hold whom a lock keeps in it, or nobody if no lock does."""
        own = [int(((block.home == label) & (block.unit_of == unit)).sum()) for unit in range(self.units)]
        pinned = sum(1 << unit for unit in range(self.units) if block.pinned[unit] == label)
        closed, found = bool(block.group_closed[label]), []
        if not pinned:
            found.append(_Choice(0, 0, -self.churn * sum(own), sum(own)))
        for bits, worth in worths.items():
            stay = sum(count for unit, count in enumerate(own) if bits >> unit & 1)
            if pinned & ~bits or (closed and (bits != pinned or stay < self._members(bits))):
                continue
            if self.leading.ways((bits, label)):
                moved = sum(own) - stay
                found.append(_Choice(bits, self._members(bits), worth - self.churn * moved, moved))
        return found

    def best(
        self, budget: int, *, by_total: bool, at_least: float = -math.inf
    ) -> tuple[tuple[Group, ...] | None, tuple[Way, ...], bool]:
        """The best plan that is worth more, who leads its groups and when; and whether all plans were looked at.

        Args:
            budget: members of existing groups moved at most.
            by_total: whoever is placed.
            at_least: look for larger totals only.
        """
        self._prize = 0.0 if by_total else self.prize
        self._best = at_least
        self._plan: tuple[Group, ...] | None = None
        self._ways: tuple[Way, ...] = ()
        if budget < 0:
            return None, (), True
        self._counted = budget < self.at_home  # else the budget is no matter
        self._tables = self._follow(budget + 1 if self._counted else 1)
        everybody = (1 << self.units) - 1
        starts = []
        for free, allowed in self._who_leads(everybody):
            most = self._most_led(allowed)
            starts.append((float(self._tables[0][-1, most, free]), free, allowed, most))
        starts.sort(key=lambda start: (-start[0], -start[1]))
        self.bound = max(at_least, starts[0][0])
        self.leading.steps = self._steps
        try:
            for _, free, allowed, most in starts:
                self._allowed = allowed
                self._descend(0, free, most, self._tables[0].shape[0] - 1, 0.0, 0.0, ())
        except TooMany:
            return self._plan, self._ways, False
        self.bound = self._best
        return self._plan, self._ways, True

    def _who_leads(self, everybody: int) -> list[tuple[int, int]]:
        """For every choice of mentors who lead and are not placed: who is free, and who may lead, as bits."""
        others = sum(1 << one for one, own in enumerate(self.leading.own) if own < 0)
        mentors = [one for one, own in enumerate(self.leading.own) if own >= 0] if self.per_group else []
        found = []
        for count in range(len(mentors) + 1):
            for chosen in itertools.combinations(mentors, count):
                free = everybody
                for one in chosen:
                    free &= ~(1 << self.leading.own[one])
                found.append((free, others | sum(1 << one for one in chosen)))
        return found

    def _most_led(self, allowed: int) -> int:
        """Groups that can be led at once at most, if each could be led in every way that any can."""
        if not self.per_group:
            return self.most
        room = sum(room for one, room in enumerate(self.leading.rooms) if allowed >> one & 1)
        most = min(self.most, room // self.per_group)
        times: dict[int, int] = {}
        for label, level in [*enumerate(self.kept), *((-1, level) for level in self.new)]:
            for choice in level:
                if choice.bits:
                    for team, slots in self.leading.ways((choice.bits, label)):
                        if not team & ~allowed:
                            times[team] = times.get(team, 0) | slots
        for count in range(1, most + 1):
            self.leading.steps = self._steps // 20
            try:
                if self.leading.arranged([tuple(sorted(times.items()))] * count) is None:
                    return count - 1
            except TooMany:
                return most
        return most

    def _follow(self, budgets: int) -> list[Floats]:
        """(budgets, most groups + 1, 2 ** units) for each existing group, then for new ones: the best from there on."""
        every = np.arange(1 << self.units)
        new = np.zeros((self.most + 1, every.size))
        for first in range(self.units - 1, -1, -1):
            mine = every[(every & -every) == 1 << first]
            new[:, mine] = new[:, mine ^ (1 << first)]
            for choice in self.new[first]:
                held = mine[mine & choice.bits == choice.bits]
                after = new[:-1, held ^ choice.bits] + (self._prize * choice.members + choice.worth)
                new[1:, held] = np.maximum(new[1:, held], after)
        tables = [np.broadcast_to(new, (budgets, *new.shape))]
        for level in reversed(self.kept):
            after, table = tables[0], np.full((budgets, *new.shape), -np.inf)
            for choice in level:
                moved = choice.moved if self._counted else 0
                if moved >= budgets:
                    continue
                worth = self._prize * choice.members + choice.worth
                held = every[every & choice.bits == choice.bits]
                used = 1 if choice.bits else 0
                there = table[moved:, used:, held]
                follows = after[: budgets - moved, : self.most + 1 - used, held ^ choice.bits] + worth
                table[moved:, used:, held] = np.maximum(there, follows)
            tables.insert(0, table)
        return tables

    def _descend(
        self, level: int, free: int, most: int, budget: int, worth: float, total: float, groups: tuple[Group, ...]
    ) -> None:
        """Look at all plans that begin with some groups, of which ``most`` may follow, and keep the best."""
        tables = self._tables
        if worth + float(tables[level][budget, most, free]) <= self._best + _TOLERANCE:
            return
        self.leading.step()
        existing = level < len(self.kept)
        if not existing and (not free or not most):
            ways = self.leading.found(groups, self._allowed)
            if ways is not None:
                self._best, self.total, self._plan, self._ways = worth, total, groups, ways
            return
        after = level + 1 if existing else level
        first = free & -free
        choices = self.kept[level] if existing else self.new[first.bit_length() - 1]
        able = []
        for one in choices if existing else (*choices, _Choice(0, 0, 0.0, 0)):
            left = budget - (one.moved if self._counted else 0)
            used = 1 if one.bits else 0
            if one.bits & ~free or left < 0 or used > most:
                continue
            rest = free ^ (one.bits or (0 if existing else first))
            gain = self._prize * one.members + one.worth
            able.append((gain + float(tables[after][left, most - used, rest]), rest, left, used, gain, one))
        able.sort(key=lambda choice: (-choice[0], choice[1]))
        for hope, rest, left, used, gain, one in able:
            if worth + hope <= self._best + _TOLERANCE:
                break
            now = (*groups, (one.bits, level if existing else -1)) if used else groups
            if used and self.per_group and self.leading.found(now, self._allowed) is None:
                continue
            self._descend(after, rest, most - used, left, worth + gain, total + one.worth, now)
