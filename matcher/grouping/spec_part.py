"""What all parts of a group spec have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class SpecPart(BaseModel):
    """A part of a spec: frozen, and without room for keys that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _trimmed(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise ValueError("is blank; write 1 to 64 characters")
    return name


Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_trimmed)]
"""A name that staff give to a group or to one of their own."""
