"""Who may be an ordinary member of some group, and who may lead one, whoever else is in it."""

from __future__ import annotations

import datetime

from matcher.catalog import default_catalog
from matcher.catalog.vocabulary import Vocabulary, as_slug
from matcher.eligibility.rules import accepted_channels, spoken
from matcher.grouping.spec import GroupSpec, Who
from matcher.grouping.traits import PrimaryProcedure, primary_procedure, stage_band
from matcher.members.age import AgePool, age_pool
from matcher.members.profile import MemberProfile


def is_asked_for(member: MemberProfile, who: Who, as_of: datetime.date) -> bool:
    """Whether a member passes every filter of the spec; an empty filter lets everybody through."""
    if who.member_ids and member.member_id not in who.member_ids:
        return False
    if member.member_id in who.exclude or (who.roles and member.role not in who.roles):
        return False
    if who.stage_bands and stage_band(member, as_of) not in who.stage_bands:
        return False
    return _has_the_procedure(member, who, as_of) and _has_the_words(member, who)


def _has_the_procedure(member: MemberProfile, who: Who, as_of: datetime.date) -> bool:
    if not (who.procedures or who.families or who.domains):
        return True
    primary: PrimaryProcedure | None = primary_procedure(member, as_of)
    if primary is None:
        return False
    place, own = default_catalog().place, primary.procedure
    return (
        (not who.procedures or place(own.slug) in map(place, who.procedures))
        and (not who.families or own.family in map(as_slug, who.families))
        and (not who.domains or own.domain in map(as_slug, who.domains))
    )


def _has_the_words(member: MemberProfile, who: Who) -> bool:
    catalog = default_catalog()
    if who.languages and spoken(who.languages).isdisjoint(spoken(member.languages)):
        return False
    if who.regions and member.region not in [" ".join(region.casefold().split()) for region in who.regions]:
        return False
    return _in_common(who.topics, member.topics, catalog.topics) and _in_common(
        who.interests, member.interests, catalog.interests
    )


def _in_common(wanted: tuple[str, ...], own: tuple[str, ...], vocabulary: Vocabulary) -> bool:
    """Whether a tag is on both lists, or nothing is wanted; catalogue tags in any spelling, free ones in lower case."""

    def keys(tags: tuple[str, ...]) -> set[int | str]:
        codes = ((vocabulary.code(tag), "-".join(tag.lower().split())) for tag in tags)
        return {text if code is None else code for code, text in codes}

    return not wanted or not keys(wanted).isdisjoint(keys(own))


def is_of_unknown_availability(member: MemberProfile) -> bool:
    """Whether nobody can say when a member has time: no zone, or no weekly times."""
    return member.time_zone is None or not member.availability


def closed_doors(member: MemberProfile, as_of: datetime.date) -> tuple[str, ...]:
    """Codes of the conditions that a member fails who may be in no group at all, be it as a member or to lead it."""
    doors = {
        "consent": not member.consent,
        "status": member.status != "active",
        "age_pool": age_pool(member.birth_year, as_of) == AgePool.NONE,
        "language": not member.languages,
    }
    return tuple(code for code, closed in doors.items() if closed)


def barriers(member: MemberProfile, spec: GroupSpec, as_of: datetime.date) -> tuple[str, ...]:
    """Codes of the conditions that keep a member from being an ordinary member of any group; empty for a candidate.

    ``who`` for those whom the spec does not ask for, ``leads`` for facilitators by name.
    """
    must_say_when = spec.meeting is not None and spec.meeting.unknown_availability == "left_out"
    doors = {
        "who": not is_asked_for(member, spec.who, as_of),
        "leads": member.member_id in spec.facilitation.members,
        "seeks": "group" not in member.seeks,
        "channel": spec.channel is not None and spec.channel not in accepted_channels(member),
        "region": spec.channel == "in_person" and member.region is None,
        "no_zone": must_say_when and member.time_zone is None,
        "no_availability": must_say_when and not member.availability,
    }
    return (*closed_doors(member, as_of), *(code for code, closed in doors.items() if closed))


def leading_barriers(member: MemberProfile, spec: GroupSpec, as_of: datetime.date) -> tuple[str, ...]:
    """Codes of the conditions that keep a member from leading a group; ``not_a_facilitator`` if nobody lets them."""
    facilitation = spec.facilitation
    allowed = member.member_id in facilitation.members or (facilitation.approved_mentors and member.mentor_approved)
    return (*closed_doors(member, as_of), *(() if allowed else ("not_a_facilitator",)))
