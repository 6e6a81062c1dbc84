"""Groups that exist already: whom they have, and how much of them may change."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StrictBool, model_validator

from matcher.grouping.meeting import SlotChoice
from matcher.grouping.spec_part import Name, SpecPart
from matcher.members.profile import MemberId


class ExistingGroup(SpecPart):
    """One group as it stands.

    Attributes:
        name: the group keeps it.
        members: its ordinary members.
        facilitators: who leads it: ids of members, or ``staff:NAME``. Kept when given.
        slot: when it meets. Kept when given.
        language: what it speaks. Kept when given.
        locked: nothing of it may change.
        locked_members: members of it who stay in it.
        open: whether latecomers may join; as the spec says if not given.
    """

    name: Name
    members: Annotated[tuple[MemberId, ...], Field(max_length=50)] = ()
    facilitators: Annotated[tuple[Annotated[str, Field(max_length=72)], ...], Field(max_length=4)] = ()
    slot: SlotChoice | None = None
    language: Annotated[str, Field(min_length=2, max_length=8, pattern=r"^[a-z]+$")] | None = None
    locked: StrictBool = False
    locked_members: tuple[MemberId, ...] = ()
    open: StrictBool | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if len(set(self.members)) < len(self.members):
            raise ValueError("a member is listed twice; list each once")
        if not set(self.locked_members) <= set(self.members):
            raise ValueError("somebody is locked into it who is not of its members; list them under members, too")
        if self.locked and not self.members:
            raise ValueError("a locked group without members; list them")
        return self
