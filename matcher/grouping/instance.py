"""A cohort as a solver reads it: every rule of the spec and every fact about a member as a code, a bit or a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.eligibility.rules import spoken
from matcher.grouping.block import Floats, Ids, Words
from matcher.grouping.cohort import Cohort
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.pair_rules import PairCodes, affinity_of, code_pairs, may_meet
from matcher.grouping.plan import STAFF


@dataclass(frozen=True, slots=True, eq=False)
class Leaders:
    """Everybody who may lead: f members and staff.

    Attributes:
        names: (f,) ids of members, ``staff:NAME`` for others.
        person: (f,) place among the people of the pair codes, -1 for staff.
        member: (f,) place among the members to be placed, -1 for others.
        room: (f,) groups that each may lead.
        masks: (f, w) when they can come, and what they speak.
    """

    names: tuple[str, ...]
    person: Ids
    member: Ids
    room: Ids
    masks: Words


@dataclass(frozen=True, slots=True, eq=False)
class Mixes:
    """The mix rules, coded; r of them with a price.

    Attributes:
        codes: (n, r) value of each member, -1 unknown.
        kind: (r,) 0 alike, 1 shares.
        weight: (r,) prices.
        share: (r, v + 1) target share of each value; the last column holds their sum.
        lone: (n,) a bit for each rule about lone members, and for newcomers, that the member's value is listed in.
    """

    codes: Ids
    kind: Ids
    weight: Floats
    share: Floats
    lone: Words


@dataclass(frozen=True, slots=True, eq=False)
class Existing:
    """The existing groups, e of them.

    Attributes:
        members: their members in the cohort who may stay.
        pinned: (e,) those of them who must stay.
        closed: (e,) nobody joins.
        masks: (e, w) given time and language, else everything on offer.
        leaders: (e, p) given facilitators, -1 where free.
        must_leave: ids of members whom a hard rule takes out.
    """

    members: tuple[tuple[int, ...], ...]
    pinned: tuple[frozenset[int], ...]
    closed: npt.NDArray[np.uint8]
    masks: Words
    leaders: Ids
    must_leave: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """All of it; n members to be placed.

    Attributes:
        cohort: where it comes from.
        times: the meeting times, if there are any.
        languages: primary subtags, by bit.
        slot_words: words of a mask that are meeting times; the rest are languages.
        masks: (n, w) of members.
        offered: (w,) what a new group may have.
        overlap: (s, w) which times overlap each.
        codes: of the pair rules, for the members and then those who lead without being among them.
        mixes: the mix rules.
        leaders: who may lead.
        existing: what there is.
        home: (n,) existing group of each member who may stay in it, else -1.
        bundle: (n,) number of the set that a member is kept together with, else -1.
        shut_out: places of members who can be in no group since somebody they are kept with can be in none.
    """

    cohort: Cohort
    times: MeetingTimes | None
    languages: tuple[str, ...]
    slot_words: int
    masks: Words
    offered: Words
    overlap: Words
    codes: PairCodes
    mixes: Mixes
    leaders: Leaders
    existing: Existing
    home: Ids
    bundle: Ids
    shut_out: frozenset[int]

    @property
    def n(self) -> int:
        """Members to be placed."""
        return len(self.cohort.members)


def instance_of(cohort: Cohort) -> Instance:
    """Code a cohort; O(n), some tens of microseconds a member."""
    spec, times = cohort.spec, cohort.times()
    staff = spec.facilitation.staff if spec.facilitation.per_group else ()
    people = [*cohort.members, *(one for one in cohort.leaders if one.member_id not in cohort.position)]
    person_of = {member.member_id: at for at, member in enumerate(people)}
    tongues = [spoken(member.languages) for member in people]
    staff_tongues = [spoken(one.languages) for one in staff]
    languages = tuple(sorted(frozenset().union(*tongues, *staff_tongues)))
    slot_words = 1 if times is None else times.words
    masks = _masks(times, people, tongues, languages)
    offered = np.full(masks.shape[1], ~np.uint64(0))
    overlap = np.zeros((1, masks.shape[1]), np.uint64)
    if times is not None:
        offered[:slot_words] = _packed(times.offered)
        overlap = np.zeros((len(times.slots), masks.shape[1]), np.uint64)
        for at, row in enumerate(times.overlap):
            overlap[at, :slot_words] = _packed(row)
    who = [*(person_of[one.member_id] for one in cohort.leaders), *([-1] * len(staff))]
    codes = code_pairs(people, spec.apart, cohort.as_of, spec.channel == "in_person")
    bundle, shut_out = _bundles(cohort, codes, masks, slot_words)
    most = spec.facilitation.most_groups
    own = [cohort.position.get(one.member_id, -1) for one in cohort.leaders]
    leaders = Leaders(
        (*(one.member_id for one in cohort.leaders), *(STAFF + one.name for one in staff)),
        np.array(who, np.int64),
        np.array([*own, *([-1] * len(staff))], np.int64),
        np.array(
            [*(0 if at >= 0 and bundle[at] >= 0 else most for at in own), *(one.most_groups for one in staff)], np.int64
        ),
        np.concatenate((masks[who[: len(cohort.leaders)]], _masks(times, staff, staff_tongues, languages))),
    )
    existing = _existing(cohort, times, languages, offered, masks, leaders, codes)
    home = np.full(len(cohort.members), -1, np.int64)
    for label, members in enumerate(existing.members):
        home[list(members)] = label
    return Instance(
        cohort, times, languages, slot_words, masks[: len(cohort.members)], offered, overlap, codes,
        _mixes(cohort), leaders, existing, home, bundle, shut_out,
    )  # fmt: skip


def _masks(
    times: MeetingTimes | None, people: Sequence[Any], tongues: Sequence[frozenset[str]], languages: tuple[str, ...]
) -> Words:
    """(m, w) when each can come, then what they speak. Without meeting times everybody can come to the one there is."""
    slots: Words = np.ones((len(people), 1), np.uint64) if times is None else times.masks(people)
    spoken_words = np.zeros((len(people), -(-len(languages) // 64)), np.uint64)
    bit = {tag: at for at, tag in enumerate(languages)}
    known: dict[frozenset[str], list[int]] = {}
    for at, tags in enumerate(tongues):
        row = known.get(tags)
        if row is None:
            row = known[tags] = [0] * spoken_words.shape[1]
            for tag in tags:
                row[bit[tag] >> 6] |= 1 << (bit[tag] & 63)
        spoken_words[at] = row
    return np.ascontiguousarray(np.concatenate((slots, spoken_words), axis=1))


def _packed(bits: npt.NDArray[np.bool_]) -> Words:
    padded = np.zeros(-(-bits.size // 64) * 64, np.bool_)
    padded[: bits.size] = bits
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)


def _bundles(cohort: Cohort, codes: PairCodes, masks: Words, slot_words: int) -> tuple[Ids, frozenset[int]]:
    """The bundle of each member, and the members of those bundles that can be in no group as they are."""
    bundle = np.full(len(cohort.members), -1, np.int64)
    shut_out: set[int] = set()
    least = cohort.spec.thresholds.pair_score - 1e-12
    for number, names in enumerate(cohort.spec.bundles()):
        places = np.array([cohort.position[name] for name in names if name in cohort.position], np.int64)
        bundle[places] = number
        if places.size < len(names):
            shut_out.update(places.tolist())
            continue
        common = np.bitwise_and.reduce(masks[places], axis=0)
        scores = affinity_of(codes, cohort.rows, places, cohort.scoring, least)
        if (scores < 0.0).any() or not common[:slot_words].any() or not common[slot_words:].any():
            shut_out.update(places.tolist())
    return bundle, frozenset(shut_out)


def _mixes(cohort: Cohort) -> Mixes:
    spec, n = cohort.spec, len(cohort.members)
    priced = [rule for rule in spec.mix if rule.rule != "no_lone" and rule.weight > 0]
    coded = [cohort.attribute(rule.attribute) for rule in priced]
    width = max((len(values) for _, values in coded), default=0) + 1
    codes, share = np.full((n, len(priced)), -1, np.int64), np.zeros((len(priced), width))
    for at, (rule, (column, values)) in enumerate(zip(priced, coded, strict=True)):
        codes[:, at] = column
        if rule.rule == "shares":
            share[at, : len(values)] = [rule.shares.get(value, 0.0) for value in values]
            share[at, -1] = sum(rule.shares.values())
        elif rule.rule == "mixed" and (column >= 0).any():
            counts = np.bincount(column[column >= 0], minlength=len(values))
            share[at, : len(values)] = counts / counts.sum()
            share[at, -1] = 1.0
    wishes = [(rule.attribute, rule.values) for rule in spec.mix if rule.rule == "no_lone"]
    if not spec.lone_newcomers:
        wishes.append(("newcomer", ("yes",)))
    lone = np.zeros(n, np.uint64)
    for bit, (attribute, listed) in enumerate(wishes):
        column, values = cohort.attribute(attribute)
        bearers = np.isin(column, [code for code, value in enumerate(values) if value in listed])
        lone[bearers] |= np.uint64(1 << bit)
    kind = np.array([0 if rule.rule == "alike" else 1 for rule in priced], np.int64)
    return Mixes(codes, kind, np.array([rule.weight for rule in priced], np.float64), share, lone)


def _existing(
    cohort: Cohort,
    times: MeetingTimes | None,
    languages: tuple[str, ...],
    offered: Words,
    masks: Words,
    leaders: Leaders,
    codes: PairCodes,
) -> Existing:
    groups, slot_words = cohort.spec.groups, 1 if times is None else times.words
    allowed = np.tile(offered, (len(groups), 1))
    given = np.full((len(groups), cohort.spec.facilitation.per_group), -1, np.int64)
    leader_at = {name: at for at, name in enumerate(leaders.names)}
    members, pinned, leaving = [], [], []
    for label, group in enumerate(groups):
        if group.slot is not None and times is not None:
            at = times.index(group.slot)
            allowed[label, :slot_words] = 0
            allowed[label, at >> 6] = np.uint64(1 << (at & 63))
        if group.language is not None:
            allowed[label, slot_words:] = 0
            if group.language in languages:
                at = languages.index(group.language)
                allowed[label, slot_words + (at >> 6)] = np.uint64(1 << (at & 63))
        for p, name in enumerate(group.facilitators):
            given[label, p] = leader_at[name]
        lead = [int(leaders.person[at]) for at in given[label] if at >= 0 and leaders.person[at] >= 0]
        stay = []
        for name in group.members:
            place = cohort.position.get(name)
            if place is None or not _may_stay(place, group, allowed[label], slot_words, masks, lead, codes):
                leaving.append(name)
            else:
                stay.append(place)
        members.append(tuple(stay))
        kept = group.members if group.locked else group.locked_members
        pinned.append(frozenset(cohort.position[name] for name in kept if name in cohort.position))
    closed = np.array([group.locked for group in groups], np.uint8)
    return Existing(tuple(members), tuple(pinned), closed, allowed, given, tuple(sorted(leaving)))


def _may_stay(
    place: int, group: ExistingGroup, allowed: Words, slot_words: int, masks: Words, lead: list[int], codes: PairCodes
) -> bool:
    """Whether a member goes with what an existing group is given to keep."""
    common = allowed & masks[place]
    if group.slot is not None and not common[:slot_words].any():
        return False
    if group.language is not None and not common[slot_words:].any():
        return False
    return all(one != place and may_meet(codes, one, place) for one in lead)
