"""Every plan of groups of a dozen members, looked at one way or another: what is feasible, and what is best.

Written from the definition of a grouping. Nothing is shared with the code under test but the types of members and specs
and the catalogue. Sets of members are bit masks over the cohort.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping

from matcher.grouping.existing import ExistingGroup
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from tests.oracle.group_facts import Calendar, asked_for, attribute, fails, languages_of
from tests.oracle.rules import age_pool, broken_rules
from tests.oracle.score import score

PAIR_RULES = {"consent", "status", "age_pool", "role", "gender_wish", "avoid_topic", "same_clinic", "block"}
SLACK = 1e-9
Worth = tuple[int, float]
"""Members placed and the total, compared in this order."""
IMPOSSIBLE: Worth = (-1, -math.inf)


class World:
    """A spec among its members: who is to be placed, which sets of them may be a group, and what each is worth.

    Args:
        members: everybody.
        spec: what is asked for.
        as_of: the day.
        means: what unknown parts score, as :func:`tests.oracle.score.score` takes them.
    """

    def __init__(
        self, members: list[MemberProfile], spec: GroupSpec, as_of: datetime.date, means: Mapping[str, float]
    ) -> None:
        self.spec, self.as_of = spec, as_of
        self.friends = functools.cache(self._friends)
        self.score = functools.cache(self._score)
        self.comes = functools.cache(self._comes)
        self.everybody = {member.member_id: member for member in members}
        named = set(spec.facilitation.members)
        self.cohort = sorted(
            member.member_id
            for member in members
            if member.member_id not in named and asked_for(member, spec.who, as_of) and not fails(member, spec, as_of)
        )
        self.bit = {name: 1 << place for place, name in enumerate(self.cohort)}
        self.staff = {f"staff:{one.name}": one for one in spec.facilitation.staff}
        self.calendar = None if spec.meeting is None else Calendar(spec.meeting)
        self.weights = {
            name: getattr(spec.facet_weights(), name)
            for name in ("procedure", "stage", "topics", "support", "contact", "interests", "age")
        }
        self.means = means
        self.shares = [self._target(place) for place in range(len(spec.mix))]
        self.must_leave = {
            name
            for group in spec.groups
            for name in group.members
            if name not in self.bit or self._cannot_stay(name, group)
        }

    # What two, or one and a time, are to each other.

    def _friends(self, one: str, other: str) -> bool:
        """Whether two members may be in one group, be it to lead it."""
        a, b = self.everybody[one], self.everybody[other]
        if any(one in apart and other in apart for apart in self.spec.apart):
            return False
        return not broken_rules(a, b, self.as_of) & PAIR_RULES

    def _score(self, one: str, other: str) -> float:
        """Their mutual score."""
        if one > other:
            return self.score(other, one)
        return score(self.everybody[one], self.everybody[other], self.as_of, self.weights, self.means)

    def _comes(self, person: str, slot: SlotChoice | None) -> bool:
        """Whether somebody comes to every meeting."""
        if self.calendar is None or slot is None:
            return True
        someone = self.staff[person] if person in self.staff else self.everybody[person]
        if someone.time_zone is None or not someone.availability:
            return person not in self.staff and self.calendar.meeting.unknown_availability == "assumed"
        return self.calendar.comes(someone.time_zone, someone.availability, slot)

    def tongues(self, person: str) -> set[str]:
        """Primary languages of a member or of staff."""
        return languages_of(self.staff[person] if person in self.staff else self.everybody[person])

    def may_lead(self) -> list[str]:
        """Everybody who may lead, members who are to be placed otherwise among them."""
        if not self.spec.facilitation.per_group:
            return []
        members = [
            name
            for name, member in self.everybody.items()
            if (
                name in self.spec.facilitation.members
                or (self.spec.facilitation.approved_mentors and member.mentor_approved)
            )
            and member.status == "active"
            and member.consent
            and member.languages
            and age_pool(member, self.as_of) is not None
        ]
        return [*sorted(members), *sorted(self.staff)]

    def capacity(self, person: str) -> int:
        """Groups that somebody may lead."""
        return self.staff[person].most_groups if person in self.staff else self.spec.facilitation.most_groups

    def _cannot_stay(self, name: str, group: ExistingGroup) -> bool:
        return (
            (group.language is not None and group.language not in self.tongues(name))
            or not self.comes(name, group.slot)
            or any(not self.friends(name, one) for one in group.facilitators if one in self.everybody and one != name)
        )

    # One group.

    def names(self, mask: int) -> list[str]:
        """The members of a set."""
        return [name for name, bit in self.bit.items() if mask & bit]

    def may_meet(self, mask: int) -> bool:
        """Whether a set of members keeps all rules that look at them alone, but for language and time."""
        spec, names = self.spec, self.names(mask)
        smallest, _, largest = spec.enrolled_sizes()
        if not smallest <= len(names) <= largest:
            return False
        for one, other in itertools.combinations(names, 2):
            if not self.friends(one, other) or self.score(one, other) < spec.thresholds.pair_score - SLACK:
                return False
        for bundle in spec.bundles():
            inside = [name in names for name in bundle]
            if any(inside) and not all(inside):
                return False
        regions = {self.everybody[name].region for name in names}
        if spec.channel == "in_person" and (None in regions or len(regions) > 1):
            return False
        watched = [(rule.attribute, rule.values) for rule in spec.mix if rule.rule == "no_lone"]
        if not spec.lone_newcomers:
            watched.append(("newcomer", ("yes",)))
        for about, values in watched:
            if [attribute(self.everybody[name], about, self.as_of) in values for name in names].count(True) == 1:
                return False
        return min(self.fits(mask)) >= spec.thresholds.member_fit - SLACK

    def fits(self, mask: int) -> list[float]:
        """Each member's mean score with the others."""
        names = self.names(mask)
        return [
            math.fsum(self.score(one, other) for other in names if other != one) / (len(names) - 1) for one in names
        ]

    def worth(self, mask: int) -> float:
        """The total of one group, without churn."""
        fits, spec = self.fits(mask), self.spec
        prices, target = spec.preferences, spec.enrolled_sizes()[1]
        total = math.fsum(fits) + prices.worst * len(fits) * min(fits) - prices.size * abs(len(fits) - target)
        for place, rule in enumerate(spec.mix):
            if rule.rule != "no_lone":
                total -= rule.weight * self.penalty(mask, place)
        return total

    def penalty(self, mask: int, place: int) -> float:
        """What one mix rule costs a group, in members."""
        rule, shares = self.spec.mix[place], self.shares[place]
        values = [attribute(self.everybody[name], rule.attribute, self.as_of) for name in self.names(mask)]
        counts = Counter(value for value in values if value is not None)
        known = sum(counts.values())
        if rule.rule == "alike":
            return known - max(counts.values(), default=0)
        return sum(abs(counts[value] - known * shares.get(value, 0.0)) for value in {*counts, *shares}) / 2

    def _target(self, place: int) -> dict[str, float]:
        rule = self.spec.mix[place]
        if rule.rule != "mixed":
            return dict(rule.shares)
        values = [attribute(self.everybody[name], rule.attribute, self.as_of) for name in self.cohort]
        known = [value for value in values if value is not None]
        return {value: known.count(value) / len(known) for value in known}

    def ways(self, mask: int, leaders: tuple[str, ...], existing: ExistingGroup | None) -> Iterator[Way]:
        """Every way for a set of members to meet: a time, and who leads; some language is common to all of them."""
        spec, names = self.spec, self.names(mask)
        given = existing or ExistingGroup(name="new")
        slots: list[SlotChoice | None] = [None]
        if self.calendar is not None:
            slots = [given.slot] if given.slot is not None else list(self.calendar.slots())
        common = set.intersection(*(self.tongues(name) for name in names))
        if given.language is not None:
            common &= {given.language}
        for slot in slots:
            if not all(self.comes(name, slot) for name in names):
                continue
            able = [
                one
                for one in leaders
                if one not in names
                and self.comes(one, slot)
                and common & self.tongues(one)
                and (one in self.staff or all(self.friends(one, name) for name in names))
            ]
            for team in itertools.combinations(able, spec.facilitation.per_group):
                if (
                    set(given.facilitators) <= set(team)
                    and common.intersection(*(self.tongues(one) for one in team))
                    and all(
                        self.friends(one, other)
                        for one, other in itertools.combinations(team, 2)
                        if one not in self.staff and other not in self.staff
                    )
                ):
                    yield slot, team


Way = tuple[SlotChoice | None, tuple[str, ...]]


class Search:
    """The best plan, given which approved mentors lead instead of being placed.

    Groups do not depend on each other but for members, their number, names of existing groups, churn and
    facilitators. The first four are a dynamic program over sets of members; it is the answer where nobody leads, and
    else the bound of a search that tries all ways for each group to be led.
    """

    def __init__(self, world: World, leading: frozenset[str], *, by_total: bool = False) -> None:
        self.world, self.by_total = world, by_total
        spec = world.spec
        self.existing = spec.groups
        self.leaders = tuple(
            one for one in world.may_lead() if one in leading or one in world.staff or one not in world.bit
        )
        self.open = sum(bit for name, bit in world.bit.items() if name not in leading)
        self.sets = [
            mask for mask in range(1, 1 << len(world.cohort)) if mask & ~self.open == 0 and world.may_meet(mask)
        ]
        self.worth = {mask: world.worth(mask) for mask in self.sets}
        self.new = [mask for mask in self.sets if any(world.ways(mask, self.leaders, None))]
        self.new_with: dict[int, list[int]] = {}
        for mask in self.new:
            self.new_with.setdefault(mask & -mask, []).append(mask)
        self.kept = [[mask for mask in self.sets if self._may_be(mask, group)] for group in self.existing]
        self.most = len(world.cohort) if spec.most_groups is None else spec.most_groups
        if spec.facilitation.per_group:
            self.most = min(self.most, sum(map(world.capacity, self.leaders)) // spec.facilitation.per_group)
        self.bound = functools.cache(self._bound)
        self.ways = functools.cache(self._ways)
        self.best: Worth = IMPOSSIBLE

    def _may_be(self, mask: int, group: ExistingGroup) -> bool:
        names = set(self.world.names(mask))
        if group.locked and names != set(group.members):
            return False
        return names >= set(group.locked_members) and any(self.world.ways(mask, self.leaders, group))

    def _moved(self, mask: int, group: ExistingGroup) -> int:
        stays = set(group.members) - self.world.must_leave
        return len(stays - set(self.world.names(mask)))

    def _better(self, one: Worth, other: Worth) -> bool:
        return one[1] > other[1] if self.by_total else one > other

    def _choices(self, level: int, free: int) -> Iterator[tuple[int, int, int, Worth]]:
        """What to do next: (set or 0, what is free then, members moved, worth), from each existing group on."""
        world = self.world
        if level < len(self.existing):
            group = self.existing[level]
            price = world.spec.preferences.churn
            for mask in (0, *self.kept[level]):
                if mask & ~free or (not mask and (group.locked or group.locked_members)):
                    continue
                moved = self._moved(mask, group)
                yield mask, free ^ mask, moved, (mask.bit_count(), self.worth.get(mask, 0.0) - price * moved)
        else:
            lowest = free & -free
            yield 0, free ^ lowest, 0, (0, 0.0)
            for mask in self.new_with.get(lowest, ()):
                if not mask & ~free:
                    yield mask, free ^ mask, 0, (mask.bit_count(), self.worth[mask])

    def _room(self, groups: int, free: int) -> int:
        """How many groups can still be formed of those who are free: so that equal states look equal."""
        return min(groups, free.bit_count() // self.world.spec.enrolled_sizes()[0])

    def _bound(self, level: int, free: int, groups: int, budget: int | None) -> Worth:
        """The best that can follow if facilitators were no matter; ``groups`` as :meth:`_room` gives them."""
        if level == len(self.existing) and (not free or not groups):
            return (0, 0.0)
        best = IMPOSSIBLE
        for mask, rest, moved, worth in self._choices(level, free):
            if (mask and not groups) or (budget is not None and moved > budget):
                continue
            after = self.bound(
                min(level + 1, len(self.existing)),
                rest,
                self._room(groups - bool(mask), rest),
                None if budget is None else budget - moved,
            )
            if after != IMPOSSIBLE:
                found = (worth[0] + after[0], worth[1] + after[1])
                best = found if self._better(found, best) else best
        return best

    def solve(self, at_least: Worth = IMPOSSIBLE) -> Worth:
        """The best plan that is better than ``at_least``; else that."""
        start = (0, self.open, self._room(self.most, self.open), self.world.spec.churn)
        if not self.world.spec.facilitation.per_group:
            found = self.bound(*start)
            return found if self._better(found, at_least) else at_least
        self.best = at_least
        self._descend(*start, (0, 0.0), [])
        return self.best

    def _descend(
        self,
        level: int,
        free: int,
        groups: int,
        budget: int | None,
        so_far: Worth,
        chosen: list[tuple[int, ExistingGroup | None]],
    ) -> None:
        after = self.bound(level, free, groups, budget)
        hope = (so_far[0] + after[0], so_far[1] + after[1])
        if after == IMPOSSIBLE or not self._better(hope, (self.best[0], self.best[1] + SLACK)):
            return
        if level == len(self.existing) and (not free or not groups):
            self.best = so_far
            return
        choices = sorted(self._choices(level, free), key=lambda choice: choice[3], reverse=True)
        for mask, rest, moved, worth in choices:
            if (mask and not groups) or (budget is not None and moved > budget):
                continue
            now = chosen
            if mask:
                now = [*chosen, (mask, self.existing[level] if level < len(self.existing) else None)]
                if not self._can_be_led(now, Counter(), []):
                    continue
            self._descend(
                min(level + 1, len(self.existing)),
                rest,
                self._room(groups - bool(mask), rest),
                None if budget is None else budget - moved,
                (so_far[0] + worth[0], so_far[1] + worth[1]),
                now,
            )

    def _can_be_led(
        self,
        groups: list[tuple[int, ExistingGroup | None]],
        load: Counter[str],
        busy: list[tuple[str, SlotChoice | None]],
    ) -> bool:
        if not groups:
            return True
        world, calendar = self.world, self.world.calendar
        mask, existing = groups[0]
        for slot, team in self.ways(mask, None if existing is None else existing.name):
            if any(load[one] >= world.capacity(one) for one in team):
                continue
            if calendar is not None and any(
                one in team and slot is not None and other is not None and calendar.overlap(slot, other)
                for one, other in busy
            ):
                continue
            if self._can_be_led(groups[1:], load + Counter(team), [*busy, *((one, slot) for one in team)]):
                return True
        return False

    def _ways(self, mask: int, name: str | None) -> list[Way]:
        existing = next((group for group in self.existing if group.name == name), None)
        return list(self.world.ways(mask, self.leaders, existing))


def best_plan(
    members: list[MemberProfile],
    spec: GroupSpec,
    as_of: datetime.date,
    means: Mapping[str, float],
    *,
    by_total: bool = False,
) -> Worth | None:
    """What the best of all plans is worth; None if no plan keeps the rules about locks, existing groups and churn.

    Args:
        members: everybody; at most a dozen to be placed.
        spec: what is asked for.
        as_of: the day.
        means: what unknown parts score.
        by_total: look for the largest total, however many are placed.
    """
    world = World(members, spec, as_of, means)
    mentors = [name for name in world.may_lead() if name in world.bit]
    best = IMPOSSIBLE
    for count in range(len(mentors) + 1):
        for leading in itertools.combinations(mentors, count):
            best = Search(world, frozenset(leading), by_total=by_total).solve(best)
    return None if best == IMPOSSIBLE else best
