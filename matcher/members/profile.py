"""The member profile: what is known of a member, validated once, at the edge."""

from __future__ import annotations

import datetime
import functools
import re
import zoneinfo
from collections.abc import Mapping
from typing import Annotated, Any, Self

import langcodes
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

from matcher.catalog import default_catalog
from matcher.errors import InvalidMember, UnknownProcedure
from matcher.members.availability import WeeklySlot
from matcher.members.problems import problems_of
from matcher.members.vocabulary import DEFAULT_SHARES, TIES, Cadence, Channel, Role, Share, Status, Support, Tie

MAX_PROCEDURES = 16
MAX_LANGUAGES = 8
MAX_TOPICS = 12
MAX_AVOID_TOPICS = 16
MAX_INTERESTS = 16
MAX_GENDER_WISHES = 8
MAX_BLOCKED = 1000
MAX_GENDER_LENGTH = 40
MAX_CAPACITY = 50

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FREE_TAG = re.compile(r"^[^\W_](?:[\w+&'-]{0,38}[\w+])?$")
_NO_LANGUAGE = re.compile(r"^(?:und|mul|mis|zxx|root|art|sgn|x|i|q[a-t][a-z])$")
"""Primary subtags for many languages, none, or a private one: two members who both have it need not share a word."""


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values if len(values) < 2 else tuple(dict.fromkeys(values))


def iso_date_only(value: object) -> object:
    """A day, or the text of one, as it is; ``ValueError`` for a time of day and for anything else."""
    if value is None:
        return value
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):  # else "1700006400" would pass for seconds since 1970
        return value
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    raise ValueError("is no date; a date as YYYY-MM-DD")


@functools.lru_cache(maxsize=65536)
def _known_procedure(text: str) -> str:
    try:
        code = default_catalog().place(text)
    except UnknownProcedure as error:
        hint = f"; did you mean {', '.join(error.suggestions)}?" if error.suggestions else ""
        raise ValueError(f"nobody knows this procedure; give a catalogue slug or an ICD-10-PCS code{hint}") from error
    placed = default_catalog().procedures[code].slug
    canonical = text.strip().lower().replace(" ", "-").replace("_", "-")
    return placed if placed == canonical else text.strip().upper()


@functools.lru_cache(maxsize=4096)
def known_language(tag: str) -> str:
    """The standard form of a BCP-47 tag that names one language; ``ValueError`` for any other text."""
    if not langcodes.tag_is_valid(tag):
        raise ValueError("not a BCP-47 language tag; write en, pt-BR, zh-Hant")
    standard = langcodes.standardize_tag(tag)
    if _NO_LANGUAGE.match(standard.split("-", 1)[0]):
        raise ValueError("names no one language that two people could share; write en, pt-BR, ase")
    return standard


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def known_zone(zone: str) -> str:
    """An IANA zone as it is; ``ValueError`` for any other text."""
    if zone not in _zones():
        raise ValueError("not an IANA time zone; write Europe/Lisbon, America/Chicago")
    return zone


@functools.lru_cache(maxsize=4096)
def _known_topic(tag: str) -> str:
    slug = tag.strip().lower().replace(" ", "-").replace("_", "-")
    if default_catalog().topics.code(slug) is None:
        raise ValueError("not in the topic vocabulary; `peer-matcher catalog topics` lists it")
    return slug


@functools.lru_cache(maxsize=65536)
def _interest(tag: str) -> str:
    slug = "-".join(tag.lower().split())
    if not _FREE_TAG.match(slug):
        raise ValueError("an interest is a catalogue tag or a free one of 2 to 40 letters, digits and + & ' -")
    return slug


def _folded(text: str) -> str:
    folded = text.strip().casefold()
    if not 1 <= len(folded) <= MAX_GENDER_LENGTH:  # of the folded form: blanks vanish, and some letters become two
        raise ValueError(f"is blank or too long; text of 1 to {MAX_GENDER_LENGTH} characters")
    return folded


def _token(text: str) -> str:
    folded = " ".join(text.casefold().split())
    if not 1 <= len(folded) <= 64:
        raise ValueError("blank, or too long; write 1 to 64 characters")
    return folded


MemberId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Opaque id of a member, 1 to 64 of ``A-Za-z0-9_-``; never a name."""
Token = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_token)]
"""An opaque name such as a clinic's; case and spacing do not tell two apart, lest an opt-out fail over a capital."""
_Topic = Annotated[str, Field(max_length=64), AfterValidator(_known_topic)]
_Interest = Annotated[str, Field(max_length=64), AfterValidator(_interest)]
_Language = Annotated[str, Field(max_length=35), AfterValidator(known_language)]
_Gender = Annotated[str, Field(max_length=MAX_GENDER_LENGTH), AfterValidator(_folded)]
_Unique = AfterValidator(_unique)


class ProcedureEvent(BaseModel):
    """A procedure, or the start of a recovery without one, and its day if that is known. The day may lie ahead."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    procedure: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_known_procedure)]
    date: Annotated[
        Annotated[datetime.date, Field(ge=datetime.date(1900, 1, 1), le=datetime.date(2200, 1, 1))] | None,
        BeforeValidator(iso_date_only),
    ] = None


class MemberProfile(BaseModel):
    """Everything matching knows of one member. Frozen; unknown is legal for every soft field.

    Absent soft fields mean *unknown*, never *none*: a facet nobody filled in scores its population mean. Absent safety
    fields close doors: without ``consent``, a year of birth and a language the member is in no result.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    member_id: MemberId
    alias: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    status: Status = "active"
    consent: StrictBool = False
    role: Role = "patient"
    open_to_roles: Annotated[tuple[Role, ...], _Unique, Field(min_length=1, max_length=2)] = Field(
        default_factory=lambda known: (known["role"],)
    )
    birth_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    gender: _Gender | None = None
    only_genders: Annotated[tuple[_Gender, ...], _Unique, Field(max_length=MAX_GENDER_WISHES)] = ()
    procedures: Annotated[tuple[ProcedureEvent, ...], Field(max_length=MAX_PROCEDURES)] = ()
    languages: Annotated[tuple[_Language, ...], _Unique, Field(max_length=MAX_LANGUAGES)] = ()
    time_zone: Annotated[str, Field(max_length=64), AfterValidator(known_zone)] | None = None
    availability: Annotated[tuple[WeeklySlot, ...], _Unique, Field(max_length=56)] = ()
    channels: Annotated[tuple[Channel, ...], _Unique, Field(max_length=4)] = ()
    cadence: Cadence | None = None
    region: Token | None = None
    needs: Annotated[tuple[Support, ...], _Unique, Field(max_length=4)] = ()
    offers: Annotated[tuple[Support, ...], _Unique, Field(max_length=4)] = ()
    topics: Annotated[tuple[_Topic, ...], _Unique, Field(max_length=MAX_TOPICS)] = ()
    avoid_topics: Annotated[tuple[_Topic, ...], _Unique, Field(max_length=MAX_AVOID_TOPICS)] = ()
    interests: Annotated[tuple[_Interest, ...], _Unique, Field(max_length=MAX_INTERESTS)] = ()
    buddy_capacity: Annotated[int, Field(ge=0, le=MAX_CAPACITY)] = 3
    mentor_capacity: Annotated[int, Field(ge=0, le=MAX_CAPACITY)] = 0
    mentor_approved: StrictBool = False
    seeks: Annotated[tuple[Tie, ...], _Unique, Field(max_length=3)] = TIES
    clinic: Token | None = None
    avoid_same_clinic: StrictBool = False
    shares: Annotated[tuple[Share, ...], _Unique, Field(max_length=8)] = DEFAULT_SHARES
    blocked: Annotated[tuple[MemberId, ...], _Unique, Field(max_length=MAX_BLOCKED)] = ()

    @property
    def listed_procedures(self) -> tuple[str, ...]:
        """Slugs or codes of all procedures, in order."""
        return tuple(event.procedure for event in self.procedures)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Validate one row of untrusted input.

        Raises:
            InvalidMember: with every problem of the row, not only the first.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raw_id = fields.get("member_id") if isinstance(fields, Mapping) else None
            raise InvalidMember(problems_of(error), raw_id if isinstance(raw_id, str) else None) from None

    @classmethod
    def parse_json(cls, text: bytes | str) -> Self:
        """Validate one JSON object; as :meth:`parse`, but dates and tuples come in their JSON forms."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise InvalidMember(problems_of(error)) from None
