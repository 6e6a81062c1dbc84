"""Where everybody went: how many members each hard rule removed, and what would help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Removal:
    """Members that one rule removed, of those whom earlier rules had left.

    Attributes:
        code: the rule.
        text: its sentence for staff.
        count: how many it removed.
        shown: whether members may be told.
    """

    code: str
    text: str
    count: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The one wish whose relaxation alone would let most members in.

    Attributes:
        code: the rule to relax.
        text: its sentence.
        admits: members that fail this rule and no other.
    """

    code: str
    text: str
    admits: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """From everybody to the eligible. For staff; coarsen the counts before a member sees them.

    Attributes:
        population: members other than the seeker.
        eligible: those who pass every rule.
        removed: what each rule removed, in rule order.
        seeker_barriers: rules that the seeker alone makes every pair fail, such as a paused profile.
        relaxation: what would help most, worked out when fewer are eligible than were asked for.
    """

    population: int
    eligible: int
    removed: tuple[Removal, ...]
    seeker_barriers: tuple[str, ...]
    relaxation: Relaxation | None
