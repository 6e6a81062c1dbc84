"""The attributes of one member that mix rules speak of, read off the profile one at a time."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from matcher.catalog import default_catalog
from matcher.catalog.catalog import Procedure
from matcher.eligibility.rules import spoken
from matcher.members.profile import MemberProfile
from matcher.members.stage import UPCOMING_WINDOW_DAYS

NEWCOMER_BANDS = ("preparing", "first_days")
AGE_BANDS = ((18, "under-18"), (30, "18-29"), (45, "30-44"), (60, "45-59"), (75, "60-74"))
OLDEST_BAND = "75+"
UNKNOWN_WORD = "unknown"
"""Who writes this about themself says as little as who writes nothing."""
_BAND_ENDS = ((2, "first_days"), (7, "early"), (20, "middle"), (40, "late"))
"""Where a band ends, in twentieths of the recovery length."""


class PrimaryProcedure(NamedTuple):
    """The procedure that a member is placed by.

    Attributes:
        procedure: as the catalogue has it.
        days: since then; negative if it lies ahead, ``None`` without a date.
    """

    procedure: Procedure
    days: int | None


def primary_procedure(member: MemberProfile, as_of: datetime.date) -> PrimaryProcedure | None:
    """The nearest one within 90 days ahead, else the latest, else the first undated one, else the nearest ahead.

    Of equal days the first listed counts.
    """
    ranked = []
    for place, event in enumerate(member.procedures):
        days = None if event.date is None else (as_of - event.date).days
        if days is None:
            rank = (2, 0)
        elif days >= 0:
            rank = (1, days)
        else:
            rank = (0 if -days <= UPCOMING_WINDOW_DAYS else 3, -days)
        ranked.append((rank, place, event.procedure, days))
    if not ranked:
        return None
    _, _, name, days = min(ranked, key=lambda choice: choice[:2])
    catalog = default_catalog()
    return PrimaryProcedure(catalog.procedures[catalog.place(name)], days)


def stage_band(member: MemberProfile, as_of: datetime.date) -> str | None:
    """Lower-case name of the :class:`~matcher.members.stage.StageBand`; ``None`` without a dated procedure."""
    primary = primary_procedure(member, as_of)
    if primary is None or primary.days is None:
        return None
    if primary.days < 0:
        return "preparing"
    for twentieths, name in _BAND_ENDS:
        if 20 * primary.days < twentieths * primary.procedure.recovery_days:
            return name
    return "settled"


def _age_band(birth_year: int | None, as_of: datetime.date) -> str | None:
    if birth_year is None:
        return None
    years = as_of.year - birth_year
    return next((name for end, name in AGE_BANDS if years < end), OLDEST_BAND)


def _yes_or_no(holds: bool) -> str:
    return "yes" if holds else "no"


def trait(member: MemberProfile, attribute: str, as_of: datetime.date) -> str | None:
    """The value of one attribute; ``None`` where it is unknown.

    Args:
        member: whose.
        attribute: one of :data:`~matcher.grouping.attribute_names.PLAIN_ATTRIBUTES`, ``topic:TAG`` or ``interest:TAG``.
        as_of: the day, for stages and ages.
    """
    kind, _, tag = attribute.partition(":")
    match kind:
        case "topic":
            code = default_catalog().topics.code
            return _yes_or_no(code(tag) in [code(own) for own in member.topics]) if member.topics else None
        case "interest":
            wanted = "-".join(tag.lower().split())
            return _yes_or_no(wanted in member.interests) if member.interests else None
        case "stage_band":
            return stage_band(member, as_of)
        case "newcomer":
            band = stage_band(member, as_of)
            return None if band is None else _yes_or_no(band in NEWCOMER_BANDS)
        case "procedure" | "procedure_family" | "procedure_domain":
            primary = primary_procedure(member, as_of)
            if primary is None:
                return None
            own = primary.procedure
            return {"procedure": own.slug, "procedure_family": own.family, "procedure_domain": own.domain}[kind]
        case "age_band":
            return _age_band(member.birth_year, as_of)
        case "language":
            return next(iter(spoken(member.languages[:1])), None)
        case "mentor_approved":
            return _yes_or_no(member.mentor_approved)
        case _:
            value: str | None = getattr(member, kind)
            return None if value == UNKNOWN_WORD else value
