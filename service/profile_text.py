"""Profiles as the database keeps them: the JSON of a validated profile, unknowns left out."""

from __future__ import annotations

from typing import Any

import msgspec

from matcher.members.profile import MemberProfile


class RuledEvent(msgspec.Struct, frozen=True, gc=False):
    """What the hard rules read of a procedure."""

    procedure: str


class RuledRow(msgspec.Struct, frozen=True, gc=False):
    """What the hard rules read of a stored member. Made in microseconds from a row's text, which is valid already."""

    member_id: str
    status: str
    consent: bool
    role: str
    open_to_roles: tuple[str, ...]
    procedures: tuple[RuledEvent, ...]
    only_genders: tuple[str, ...]
    languages: tuple[str, ...]
    channels: tuple[str, ...]
    topics: tuple[str, ...]
    avoid_topics: tuple[str, ...]
    buddy_capacity: int
    mentor_capacity: int
    mentor_approved: bool
    seeks: tuple[str, ...]
    avoid_same_clinic: bool
    blocked: tuple[str, ...]
    birth_year: int | None = None
    gender: str | None = None
    region: str | None = None
    clinic: str | None = None

    @property
    def listed_procedures(self) -> tuple[str, ...]:
        """Slugs or codes of all procedures, in order."""
        return tuple(event.procedure for event in self.procedures)


_read_ruled = msgspec.json.Decoder(RuledRow).decode
_read_all_ruled = msgspec.json.Decoder(list[RuledRow]).decode
_read_fields = msgspec.json.Decoder(dict[str, Any]).decode


def profile_text(member: MemberProfile) -> str:
    """The text of a profile; equal profiles have equal texts."""
    return member.model_dump_json(exclude_none=True)


def alias_text(alias: str) -> str:
    """How an alias stands in the text of a profile, its name before it."""
    return MemberProfile.model_construct(member_id="", alias=alias).model_dump_json(include={"alias"})[1:-1]


def profile_of(text: str) -> MemberProfile:
    """The profile of a stored text.

    Raises:
        InvalidMember: if the catalogue that the text was written with knew a tag that the present one does not.
    """
    return MemberProfile.parse(_read_fields(text))


def ruled_row(text: str) -> RuledRow:
    """The rules' part of a stored text."""
    return _read_ruled(text)


def ruled_rows(profiles: str) -> list[RuledRow]:
    """The rules' parts of a JSON list of stored texts."""
    return _read_all_ruled(profiles)
