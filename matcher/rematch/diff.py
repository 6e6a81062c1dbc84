"""What changes from the ties in force to a plan, and for whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KindDiff:
    """Changes of one kind of tie.

    Attributes:
        kind: ``buddy``, ``mentor`` or ``group``.
        kept, new, broken, void: ties; for groups members who stay, join, are moved out, and who must leave.
        gain: members who had no tie of this kind that could stand and have one in the plan, by id.
        lose: members who had one and have none.
        change: members who have some before and after, and not the same.
    """

    kind: str
    kept: int
    new: int
    broken: int
    void: int
    gain: tuple[str, ...]
    lose: tuple[str, ...]
    change: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Changes of every kind.

    Attributes:
        kinds: one entry a kind that was asked for.
        affected: everybody for whom something changes, by id.
    """

    kinds: tuple[KindDiff, ...]
    affected: tuple[str, ...]
