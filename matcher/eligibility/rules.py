"""Every hard rule about one-to-one ties as one named object. Two-sided: a rule looks at both members of a pair.

A rule reads profiles (and relations), nothing else: no index, no vector, no clock. The online filter of
:mod:`matcher.eligibility.filter` is the same rules as bit sets; this page decides where the two could differ.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from matcher.catalog import default_catalog
from matcher.eligibility.relations import Relations
from matcher.members.age import AgePool, age_pool
from matcher.members.vocabulary import Kind

REMOTE_CHANNELS = ("text", "voice", "video")
"""What a member who names no channel is taken to accept: never a meeting in person."""


class RuledMember(Protocol):
    """The fields of a member that hard rules read."""

    @property
    def member_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def consent(self) -> bool: ...
    @property
    def role(self) -> str: ...
    @property
    def open_to_roles(self) -> tuple[str, ...]: ...
    @property
    def birth_year(self) -> int | None: ...
    @property
    def gender(self) -> str | None: ...
    @property
    def only_genders(self) -> tuple[str, ...]: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def channels(self) -> tuple[str, ...]: ...
    @property
    def region(self) -> str | None: ...
    @property
    def topics(self) -> tuple[str, ...]: ...
    @property
    def listed_procedures(self) -> tuple[str, ...]: ...
    @property
    def avoid_topics(self) -> tuple[str, ...]: ...
    @property
    def buddy_capacity(self) -> int: ...
    @property
    def mentor_capacity(self) -> int: ...
    @property
    def mentor_approved(self) -> bool: ...
    @property
    def seeks(self) -> tuple[str, ...]: ...
    @property
    def clinic(self) -> str | None: ...
    @property
    def avoid_same_clinic(self) -> bool: ...
    @property
    def blocked(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a rule may look at besides the pair."""

    as_of: date
    kind: Kind
    relations: Relations


@functools.lru_cache(maxsize=4096)
def spoken(languages: tuple[str, ...]) -> frozenset[str]:
    """Primary language subtags: somebody who speaks ``en-GB`` can talk to somebody who speaks ``en``."""
    return frozenset(tag.split("-", 1)[0].lower() for tag in languages)


@functools.lru_cache(maxsize=16384)
def _topics_with(topics: tuple[str, ...], procedures: tuple[str, ...]) -> frozenset[str]:
    catalog = default_catalog()
    brought = (topic for procedure in procedures for topic in catalog.topics_of[catalog.place(procedure)])
    return frozenset((*topics, *brought))


def topics_brought(member: RuledMember) -> frozenset[str]:
    """Topics that may come up with a member: those they list, and those that their procedures bring by themselves."""
    return _topics_with(member.topics, member.listed_procedures)


def accepted_channels(member: RuledMember) -> tuple[str, ...]:
    """Channels that a member accepts; without a word of theirs the remote ones."""
    return member.channels or REMOTE_CHANNELS


def has_room(member: RuledMember, kind: Kind, relations: Relations) -> bool:
    """Whether a member may be given one more: as a buddy, or as the mentor of somebody."""
    load = relations.load(member.member_id)
    if kind == "mentor":
        return member.mentor_capacity > load.mentees
    return member.buddy_capacity > load.buddies


Holds = Callable[[RuledMember, RuledMember, Circumstances], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One hard rule.

    Attributes:
        code: its name in funnels and reasons.
        sentence: for staff: what a pair that fails it has wrong.
        shown: whether members may be told that it removed somebody. A block, a hold or a declined tie never is.
        relaxable: whether the seeker could open it with a wish of their own. Safety never is.
        holds: whether a pair (seeker, peer) passes.
    """

    code: str
    sentence: str
    shown: bool
    relaxable: bool
    holds: Holds


def _consent(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return one.consent and other.consent


def _status(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return one.status == "active" and other.status == "active"


def _age_pool(one: RuledMember, other: RuledMember, at: Circumstances) -> bool:
    pool = age_pool(one.birth_year, at.as_of)
    return pool != AgePool.NONE and pool == age_pool(other.birth_year, at.as_of)


def _seeks(one: RuledMember, other: RuledMember, at: Circumstances) -> bool:
    return at.kind in one.seeks and (at.kind == "mentor" or at.kind in other.seeks)


def _role(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return other.role in one.open_to_roles and one.role in other.open_to_roles


def _language(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return bool(spoken(one.languages) & spoken(other.languages))


def _gender_wish(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return (not one.only_genders or other.gender in one.only_genders) and (
        not other.only_genders or one.gender in other.only_genders
    )


def _avoid_topic(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return topics_brought(other).isdisjoint(one.avoid_topics) and topics_brought(one).isdisjoint(other.avoid_topics)


def _same_clinic(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return not (
        (one.avoid_same_clinic or other.avoid_same_clinic) and one.clinic is not None and one.clinic == other.clinic
    )


def _channel(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return not set(accepted_channels(one)).isdisjoint(accepted_channels(other))


def _region(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    common = set(accepted_channels(one)).intersection(accepted_channels(other))
    return common != {"in_person"} or (one.region is not None and one.region == other.region)


def _mentor_approved(_: RuledMember, other: RuledMember, at: Circumstances) -> bool:
    return at.kind != "mentor" or other.mentor_approved


def _capacity(one: RuledMember, other: RuledMember, at: Circumstances) -> bool:
    return has_room(other, at.kind, at.relations) and (at.kind == "mentor" or has_room(one, at.kind, at.relations))


def _block(one: RuledMember, other: RuledMember, _: Circumstances) -> bool:
    return other.member_id not in one.blocked and one.member_id not in other.blocked


def _already_matched(one: RuledMember, other: RuledMember, at: Circumstances) -> bool:
    return at.relations.tie(one.member_id, other.member_id) != "matched"


def _no_repeat(one: RuledMember, other: RuledMember, at: Circumstances) -> bool:
    return at.relations.tie(one.member_id, other.member_id) != "closed"


RULES: tuple[Rule, ...] = (
    Rule("consent", "has not agreed to be matched", False, False, _consent),
    Rule("status", "is paused, held or withdrawn", False, False, _status),
    Rule("age_pool", "is in another age pool, or of unknown age", True, False, _age_pool),
    Rule("seeks", "does not look for this kind of tie", True, False, _seeks),
    Rule("mentor_approved", "is not approved as a mentor", True, False, _mentor_approved),
    Rule("role", "has a role that one of the two does not want to meet", True, True, _role),
    Rule("language", "shares no language", True, True, _language),
    Rule("gender_wish", "does not fit a wish about gender, on either side", True, True, _gender_wish),
    Rule("avoid_topic", "brings up a topic that must not come up, on either side", True, False, _avoid_topic),
    Rule("same_clinic", "is with the same clinic, and one of the two opted out", True, True, _same_clinic),
    Rule("channel", "shares no channel", True, True, _channel),
    Rule("region", "could only be met in person and is not known to be in the same region", True, True, _region),
    Rule("capacity", "has no place left", True, False, _capacity),
    Rule("block", "is blocked, on either side", False, False, _block),
    Rule("already_matched", "is matched with the member already", True, False, _already_matched),
    Rule("no_repeat", "was matched with or proposed to the member before", False, False, _no_repeat),
)
"""In the order in which a funnel counts them."""


def broken_rules(one: RuledMember, other: RuledMember, at: Circumstances) -> tuple[str, ...]:
    """Codes of all rules that the pair fails, in funnel order; a member fails every rule about themself."""
    if one.member_id == other.member_id:
        return tuple(rule.code for rule in RULES)
    return tuple(rule.code for rule in RULES if not rule.holds(one, other, at))


def seeker_barriers(seeker: RuledMember, at: Circumstances) -> tuple[str, ...]:
    """Codes of the rules for which the seeker alone makes every pair fail, whoever the peer is."""
    barriers = {
        "consent": not seeker.consent,
        "status": seeker.status != "active",
        "age_pool": age_pool(seeker.birth_year, at.as_of) == AgePool.NONE,
        "seeks": at.kind not in seeker.seeks,
        "language": not seeker.languages,
        "capacity": at.kind == "buddy" and not has_room(seeker, at.kind, at.relations),
    }
    return tuple(code for code, stands in barriers.items() if stands)
