"""A cohort as a solver reads it: every rule of the spec and every fact about a member as a code, a bit or a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.eligibility.rules import spoken
from matcher.grouping.block import Ids, Words
from matcher.grouping.cohort import Cohort
from matcher.grouping.existing_coding import Existing, coded_existing
from matcher.grouping.leader_coding import Leaders, coded_leaders
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.mix_coding import Mixes, coded_mixes
from matcher.grouping.pair_rules import PairCodes, affinity_of, code_pairs


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
    codes = code_pairs(people, spec.apart, cohort.as_of, spec.channel == "in_person")
    bundle, shut_out = _bundles(cohort, codes, masks, slot_words)
    staff_masks = _masks(times, staff, staff_tongues, languages)
    leaders = coded_leaders(cohort, staff, person_of, bundle, masks, staff_masks)
    existing = coded_existing(cohort, times, languages, offered, masks, leaders, codes)
    home = np.full(len(cohort.members), -1, np.int64)
    for label, members in enumerate(existing.members):
        home[list(members)] = label
    return Instance(
        cohort, times, languages, slot_words, masks[: len(cohort.members)], offered, overlap, codes,
        coded_mixes(cohort), leaders, existing, home, bundle, shut_out,
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
