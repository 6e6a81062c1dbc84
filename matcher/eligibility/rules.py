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
from matcher.eligibility.relations import Relations, TieState
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


Passes = Callable[[RuledMember], bool]
Prepare = Callable[[RuledMember, Circumstances], Passes | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One hard rule.

    Attributes:
        code: its name in funnels and reasons.
        sentence: for staff: what a pair that fails it has wrong.
        shown: whether members may be told that it removed somebody. A block, a hold or a declined tie never is.
        relaxable: whether the seeker could open it with a wish of their own. Safety never is.
        prepare: from a seeker to the question whether a peer passes with them, so that what depends on the seeker alone
            is worked out once; ``None`` where with this seeker everybody passes.
    """

    code: str
    sentence: str
    shown: bool
    relaxable: bool
    prepare: Prepare

    def holds(self, one: RuledMember, other: RuledMember, at: Circumstances) -> bool:
        """Whether the pair passes."""
        passes = self.prepare(one, at)
        return passes is None or passes(other)


def _nobody(_: RuledMember) -> bool:
    return False


def _consent(one: RuledMember, _: Circumstances) -> Passes:
    return (lambda other: other.consent) if one.consent else _nobody


def _status(one: RuledMember, _: Circumstances) -> Passes:
    return (lambda other: other.status == "active") if one.status == "active" else _nobody


def _age_pool(one: RuledMember, at: Circumstances) -> Passes:
    pool, as_of = age_pool(one.birth_year, at.as_of), at.as_of
    return _nobody if pool == AgePool.NONE else lambda other: age_pool(other.birth_year, as_of) == pool


def _seeks(one: RuledMember, at: Circumstances) -> Passes | None:
    kind = at.kind
    if kind not in one.seeks:
        return _nobody
    return None if kind == "mentor" else lambda other: kind in other.seeks


def _mentor_approved(_: RuledMember, at: Circumstances) -> Passes | None:
    return (lambda other: other.mentor_approved) if at.kind == "mentor" else None


def _role(one: RuledMember, _: Circumstances) -> Passes:
    role, open_to = one.role, one.open_to_roles
    return lambda other: other.role in open_to and role in other.open_to_roles


def _language(one: RuledMember, _: Circumstances) -> Passes:
    own = spoken(one.languages)
    return lambda other: not own.isdisjoint(spoken(other.languages))


def _gender_wish(one: RuledMember, _: Circumstances) -> Passes:
    own, wishes = one.gender, one.only_genders
    return lambda other: (
        (not wishes or other.gender in wishes) and (not other.only_genders or own in other.only_genders)
    )


def _avoid_topic(one: RuledMember, _: Circumstances) -> Passes:
    brought, avoided = topics_brought(one), one.avoid_topics
    return lambda other: (
        (not avoided or topics_brought(other).isdisjoint(avoided)) and brought.isdisjoint(other.avoid_topics)
    )


def _same_clinic(one: RuledMember, _: Circumstances) -> Passes | None:
    clinic, avoids = one.clinic, one.avoid_same_clinic
    return None if clinic is None else lambda other: clinic != other.clinic or not (avoids or other.avoid_same_clinic)


def _channel(one: RuledMember, _: Circumstances) -> Passes:
    own = frozenset(accepted_channels(one))
    return lambda other: not own.isdisjoint(accepted_channels(other))


def _region(one: RuledMember, _: Circumstances) -> Passes | None:
    own, region = frozenset(accepted_channels(one)), one.region
    if "in_person" not in own:
        return None
    return lambda other: (
        own.intersection(accepted_channels(other)) != {"in_person"} or (region is not None and region == other.region)
    )


def _capacity(one: RuledMember, at: Circumstances) -> Passes:
    kind, relations = at.kind, at.relations
    if kind == "buddy" and not has_room(one, kind, relations):
        return _nobody
    return lambda other: has_room(other, kind, relations)


def _block(one: RuledMember, _: Circumstances) -> Passes:
    own, blocked = one.member_id, one.blocked
    return lambda other: other.member_id not in blocked and own not in other.blocked


def _already_matched(one: RuledMember, at: Circumstances) -> Passes | None:
    return _tie_is_not(one, at, "matched")


def _no_repeat(one: RuledMember, at: Circumstances) -> Passes | None:
    return _tie_is_not(one, at, "closed")


def _tie_is_not(one: RuledMember, at: Circumstances, state: TieState) -> Passes | None:
    ties = at.relations.ties.get(one.member_id)
    return None if ties is None else lambda other: ties.get(other.member_id) != state


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
    Rule("already_matched", "is matched with the member already", True, False, _already_matched),
    Rule("no_repeat", "was matched with or proposed to the member before", False, False, _no_repeat),
    Rule("block", "is blocked, on either side", False, False, _block),
    Rule("capacity", "has no place left", True, False, _capacity),
)
"""In the order in which a funnel counts them. Block and capacity come last: whoever has a tie with the seeker is
counted there, so that a block, or a place which such a peer sets free by a no, both unseen by the seeker, change none
of the seeker's figures."""


def rules_for(one: RuledMember, at: Circumstances) -> Callable[[RuledMember], tuple[str, ...]]:
    """From a seeker to a check of peers, for many peers in a row: see :func:`broken_rules`."""
    prepared = [(rule.code, passes) for rule in RULES if (passes := rule.prepare(one, at)) is not None]
    own = one.member_id

    def broken(other: RuledMember) -> tuple[str, ...]:
        if other.member_id == own:
            return tuple(rule.code for rule in RULES)
        return tuple([code for code, passes in prepared if not passes(other)])

    return broken


def broken_rules(one: RuledMember, other: RuledMember, at: Circumstances) -> tuple[str, ...]:
    """Codes of all rules that the pair fails, in funnel order; a member fails every rule about themself."""
    return rules_for(one, at)(other)


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
