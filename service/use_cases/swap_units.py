"""Which changes of a plan depend on each other, so that nobody loses a tie before they have what replaces it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.use_cases.swap_ties import Company, Pairing

MOST_TOGETHER = 8
"""Proposals in one swap at most: everybody in it has to say yes, so a larger one would come to nothing, and the pairs
could not be proposed again."""
_Place = tuple[str, str, str]
_PEER_OF_BUDDY, _MENTOR = "member", "mentor"


@dataclass(frozen=True, slots=True)
class Unit:
    """Changes that are made together or not at all.

    Attributes:
        new, broken: places in the plan's lists.
        replaces: which tie to break makes room for which new one on which of its sides (0 or 1).
        lonely: whether somebody would lose a tie and have none of its kind.
    """

    new: tuple[int, ...]
    broken: tuple[int, ...] = ()
    replaces: Mapping[tuple[int, int], int] = field(default_factory=dict)
    lonely: bool = False


def units_of(
    new: Sequence[Pairing], broken: Sequence[Pairing], company: Company, free_mentor_places: Mapping[str, int]
) -> list[Unit]:
    """Sort changes into units, in the order of their first new tie, then of their first broken one.

    On every side where a tie ends and one begins, one makes room for the other. A mentor's free places are used first,
    so that seekers who have nothing to do with each other do not wait for each other. Who would lose a tie without
    getting one of the kind, and keeps none, has to be spared. O(changes), but for sorting.

    Args:
        new: ties to make.
        broken: ties to break.
        company: how many accepted ties of a kind everybody has now.
        free_mentor_places: of mentors; 0 for others.
    """
    sides: dict[_Place, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for which, ties in enumerate((new, broken)):
        for number, tie in enumerate(ties):
            for place in _places(tie):
                sides[place][which].append(number)
    joined = _Joined(len(new) + len(broken))
    replaces: dict[tuple[int, int], int] = {}
    lonely: set[int] = set()
    ending = Counter(place for tie in broken for place in _places(tie))
    for place, (made, ended) in sorted(sides.items()):
        begins = made[max(0, free_mentor_places.get(place[2], 0)) :] if place[1] == _MENTOR else made
        for one, other in zip(begins, ended, strict=False):
            joined.join(one, len(new) + other)
            replaces[one, _places(new[one]).index(place)] = other
        if place[1] == _MENTOR or company[place[0], place[2]] > ending[place]:
            continue
        for other in ended[len(begins) :]:  # they get fewer than they lose
            if made:
                joined.join(made[0], len(new) + other)
            else:
                lonely.add(other)
    return _units(joined, len(new), replaces, lonely)


def _units(joined: _Joined, first_broken: int, replaces: Mapping[tuple[int, int], int], lonely: set[int]) -> list[Unit]:
    found = []
    for group in joined.groups():
        made = tuple(number for number in group if number < first_broken)
        ended = tuple(number - first_broken for number in group if number >= first_broken)
        own = {key: replaces[key] for one in made for side in (0, 1) if (key := (one, side)) in replaces}
        found.append(Unit(made, ended, own, not lonely.isdisjoint(ended)))
    return found


def _places(tie: Pairing) -> tuple[_Place, _Place]:
    side = _MENTOR if tie.kind == "mentor" else _PEER_OF_BUDDY
    return (tie.kind, _PEER_OF_BUDDY, tie.member_id), (tie.kind, side, tie.peer_id)


class _Joined:
    """Numbers in groups, joined two by two."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def join(self, one: int, other: int) -> None:
        """Put both and all that belong to them into one group."""
        first, second = sorted((self._root(one), self._root(other)))
        self._parent[second] = first

    def _root(self, one: int) -> int:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one

    def groups(self) -> list[list[int]]:
        """All groups, by their smallest number, and in each the numbers rising."""
        found: dict[int, list[int]] = {}
        for one in range(len(self._parent)):
            found.setdefault(self._root(one), []).append(one)
        return list(found.values())
