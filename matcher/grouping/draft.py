"""A group as the search hands it over, before anything is computed about it."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.grouping.meeting import SlotChoice


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """One group: who, led by whom, speaking what, when.

    Attributes:
        name: an existing group's own name, else a new one.
        members: ids of its ordinary members, sorted.
        facilitators: ids of members, or ``staff:NAME``, sorted.
        language: the primary subtag that all of them speak.
        slot: when it meets, on the clock of the spec; ``None`` if the spec asks for no times.
        locked: nothing of it could change.
        open: whether latecomers may join.
    """

    name: str
    members: tuple[str, ...]
    facilitators: tuple[str, ...] = ()
    language: str = ""
    slot: SlotChoice | None = None
    locked: bool = False
    open: bool = True
