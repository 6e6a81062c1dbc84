"""Who may lead a group."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from matcher.grouping.meeting import Zone
from matcher.grouping.spec_part import Name, SpecPart
from matcher.members.availability import WeeklySlot
from matcher.members.profile import MemberId, known_language

_Language = Annotated[str, Field(max_length=35), AfterValidator(known_language)]


class Staff(SpecPart):
    """Somebody employed or appointed to lead groups, who is no member: the rules between members do not bind them.

    Without a zone and availability they can lead no group that has meeting times.
    """

    name: Name
    languages: Annotated[tuple[_Language, ...], Field(min_length=1, max_length=16)] = ("en",)
    time_zone: Zone | None = None
    availability: Annotated[tuple[WeeklySlot, ...], Field(max_length=56)] = ()
    most_groups: Annotated[int, Field(ge=1, le=1000)] = 4


class Facilitation(SpecPart):
    """How many lead each group, and who may.

    Attributes:
        per_group: facilitators of every group; 0 for groups that lead themselves.
        members: members who lead, and are then no ordinary members of any group.
        approved_mentors: besides them, members approved as mentors may lead; those who are not needed are placed like
            everybody else.
        most_groups: groups that one member may lead.
        staff: others who may lead.
    """

    per_group: Annotated[int, Field(ge=0, le=4)] = 0
    members: tuple[MemberId, ...] = ()
    approved_mentors: StrictBool = False
    most_groups: Annotated[int, Field(ge=1, le=50)] = 1
    staff: Annotated[tuple[Staff, ...], Field(max_length=10_000)] = ()

    @model_validator(mode="after")
    def _somebody_can_lead(self) -> Self:
        if self.per_group and not (self.members or self.staff or self.approved_mentors):
            raise ValueError("nobody may lead; name members or staff, or set approved_mentors = true")
        names = [one.name for one in self.staff]
        if len(set(names)) < len(names) or len(set(self.members)) < len(self.members):
            raise ValueError("somebody is named twice; name each facilitator once")
        return self
