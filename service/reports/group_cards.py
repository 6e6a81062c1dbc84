"""One group as a card of the page: everything in words, as text, whatever members and staff wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from matcher import MemberProfile
from matcher.grouping.plan import PlannedGroup
from matcher.grouping.spec import GroupSpec
from service.reports.group_words import (
    RULE_WORDS,
    alias_or_id,
    attribute_words,
    facilitator_words,
    language_words,
    local_words,
    printable,
    slot_words,
    value_words,
)


class MemberLine(NamedTuple):
    """One member on a card; ``id`` is empty where it is the name."""

    name: str
    id: str
    kept: bool
    fit: str
    share: str
    reasons: tuple[str, ...]
    local: str


class MixLine(NamedTuple):
    """One mix rule on a card."""

    attribute: str
    rule: str
    counts: tuple[tuple[str, int], ...]
    penalty: str


@dataclass(frozen=True, slots=True)
class Card:
    """One group, in words."""

    anchor: str
    name: str
    tags: tuple[str, ...]
    time: str
    zone: str
    utc: str
    language: str
    facilitators: tuple[str, ...]
    size: int
    expected: str
    fit: str
    worst: str
    members: tuple[MemberLine, ...]
    mix: tuple[MixLine, ...]
    warnings: tuple[str, ...]


def card_of(number: int, group: PlannedGroup, spec: GroupSpec, members: Mapping[str, MemberProfile]) -> Card:
    """A group in words.

    Args:
        number: its place on the page, from 1.
        group: what to show.
        spec: what it was made for.
        members: profiles by id, for aliases.
    """
    name = naming(members)
    time, zone, utc = ("", "", "") if group.slot is None else slot_words(group.slot)
    tags = (*(["locked"] if group.locked else []), "open to latecomers" if group.open else "closed")
    lines = tuple(
        MemberLine(
            name(place.member_id),
            place.member_id if name(place.member_id) != place.member_id else "",
            place.locked,
            f"{place.fit:.2f}",
            percent(place.fit),
            tuple(map(printable, place.reasons)),
            local_words(place.local_times),
        )
        for place in group.members
    )
    mix = tuple(
        MixLine(
            attribute_words(row.attribute),
            RULE_WORDS[row.rule],
            tuple((printable(value_words(row.attribute, value)), count) for value, count in row.counts),
            "\N{EN DASH}" if row.rule == "no_lone" else f"{row.penalty:.1f}",
        )
        for row in group.mix
    )
    return Card(
        anchor=f"g{number}",
        name=printable(group.name),
        tags=tags,
        time=time,
        zone=zone,
        utc=utc,
        language=language_words(group.language),
        facilitators=tuple(printable(facilitator_words(one, members)) for one in group.facilitators),
        size=len(group.members),
        expected=f"{len(group.members) * spec.size.attendance:.0f}" if spec.size.attendance < 1 else "",
        fit=f"{group.fit:.2f}",
        worst=f"{group.worst_fit:.2f}",
        members=lines,
        mix=mix,
        warnings=tuple(map(printable, group.warnings)),
    )


def naming(members: Mapping[str, MemberProfile]) -> Callable[[str], str]:
    """A function from ids to what members are called on the page."""
    return lambda member_id: printable(alias_or_id(member_id, members))


def percent(fit: float) -> str:
    """How much of a bar a fit fills."""
    return f"{100 * min(1.0, max(0.0, fit)):.1f}"
