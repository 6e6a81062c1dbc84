"""Weekly times at which a member could meet, in the member's own local time."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

ClockTime = Annotated[str, Field(pattern=r"^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""Local wall-clock time, ``HH:MM`` from 00:00 to 24:00."""


class WeeklySlot(BaseModel):
    """One weekly stretch of local time. It ends on the day it began; a night is two slots."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    day: Day
    start: ClockTime
    end: ClockTime

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a slot ends after it starts; write a stretch over midnight as two slots")
        return self
