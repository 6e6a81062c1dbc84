"""The hard rules online: from a seeker to the set of members that pass every rule, in microseconds.

Consent, status, blocks and capacity live only here and in the profiles, never in a vector, so that a change of them
counts from the next request on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import date

import numpy as np
import numpy.typing as npt

from matcher.eligibility.bitsets import (
    BitSets,
    Words,
    and_into,
    clear_bits,
    copied,
    count_bits,
    keep_only,
    set_bits,
    words_for,
)
from matcher.eligibility.funnel import Funnel, Relaxation, Removal
from matcher.eligibility.masks import BY_FEW_VALUES, Masks, RuleMasks
from matcher.eligibility.relations import Relations
from matcher.eligibility.rules import (
    RULES,
    Circumstances,
    RuledMember,
    accepted_channels,
    has_room,
    seeker_barriers,
    spoken,
    topics_brought,
)
from matcher.members.age import AgePool, age_pool
from matcher.members.vocabulary import Kind

LIVE = "live"


def _attribute_keys(member: RuledMember, relations: Relations, as_of: date) -> list[Hashable]:
    keys: list[Hashable] = [LIVE, ("role", member.role), ("pool", age_pool(member.birth_year, as_of))]
    keys += [("open_to", role) for role in member.open_to_roles]
    keys += [("seeks", tie) for tie in member.seeks]
    keys += [("language", language) for language in spoken(member.languages)]
    keys += [("channel", channel) for channel in accepted_channels(member)]
    keys += [("brings", topic) for topic in topics_brought(member)]
    keys += [("avoids", topic) for topic in member.avoid_topics]
    keys += [("wants", gender) for gender in member.only_genders] or ["wants_anyone"]
    own = (("gender", member.gender), ("clinic", member.clinic), ("region", member.region))
    keys += [key for key in own if key[1] is not None]
    flags: tuple[tuple[str, bool], ...] = (
        ("consent", member.consent),
        ("active", member.status == "active"),
        ("mentor_approved", member.mentor_approved),
        ("avoids_clinic", member.avoid_same_clinic),
        ("buddy_room", has_room(member, "buddy", relations)),
        ("mentor_room", has_room(member, "mentor", relations)),
    )
    keys += [name for name, stands in flags if stands]
    return keys


class OnlineFilter:
    """Bit sets of everything the rules read, over the slots of an index. One writer; callers serialise access."""

    def __init__(self, relations: Relations) -> None:
        self.relations = relations
        self.bits = BitSets()
        self.blockers: dict[str, set[str]] = {}
        """Who blocked a member, by id; kept for ids that are not here yet."""

    def add(self, members: Iterable[RuledMember], first_slot: int, as_of: date) -> None:
        """Enter ``members`` at consecutive slots from ``first_slot`` on."""
        slots_by_key: defaultdict[Hashable, list[int]] = defaultdict(list)
        slot = first_slot
        for slot, member in enumerate(members, first_slot):
            for key in _attribute_keys(member, self.relations, as_of):
                slots_by_key[key].append(slot)
            for blocked in member.blocked:
                self.blockers.setdefault(blocked, set()).add(member.member_id)
        self.bits.grow(slot + 1)
        for key, slots in slots_by_key.items():
            self.bits.add(key, slots)

    def discard(self, member: RuledMember, slot: int) -> None:
        """Take ``member`` out of every answer."""
        clear_bits(self.bits.for_writing(LIVE), np.array([slot], dtype=np.int64))
        for blocked in member.blocked:
            blockers = self.blockers.get(blocked)
            if blockers is not None:
                blockers.discard(member.member_id)
                if not blockers:
                    del self.blockers[blocked]

    def set_room(self, member: RuledMember, slot: int) -> None:
        """Bring the capacity bits of a member up to date with the relations."""
        where = np.array([slot], dtype=np.int64)
        kinds: tuple[Kind, Kind] = ("buddy", "mentor")
        for kind in kinds:
            change = set_bits if has_room(member, kind, self.relations) else clear_bits
            change(self.bits.for_writing(f"{kind}_room"), where)

    def set_pools(self, birth_years: npt.NDArray[np.int16], as_of: date) -> None:
        """Recompute the age pools for another day; ``birth_years`` by slot, 0 where unknown."""
        for pool in AgePool:
            self.bits.drop(("pool", pool))
        for year in np.unique(birth_years):
            pool = age_pool(int(year) or None, as_of)
            self.bits.add(("pool", pool), np.flatnonzero(birth_years == year).tolist())

    def copy(self) -> OnlineFilter:
        """The same filter, to be changed apart from this one; both know the same relations."""
        copy = OnlineFilter(self.relations)
        copy.bits = self.bits.copy()
        copy.blockers = {blocked: set(blockers) for blocked, blockers in self.blockers.items()}
        return copy

    def renumbered(self, kept: npt.NDArray[np.int64], slots: int) -> OnlineFilter:
        """The same filter over new slots: new slot i is old slot ``kept[i]``."""
        chosen = OnlineFilter(self.relations)
        chosen.bits = self.bits.select(kept, slots)
        chosen.blockers = self.blockers
        return chosen

    def eligible(
        self, seeker: RuledMember, as_of: date, kind: Kind, slots: int, slot_of: Mapping[str, int], wanted: int
    ) -> tuple[Words, Funnel]:
        """Who passes every rule with ``seeker``, and how many each rule removed.

        Args:
            seeker: stored or not; never among the answers.
            as_of: the day, for age pools.
            kind: ``buddy`` or ``mentor``.
            slots: slots in use.
            slot_of: slot by member id.
            wanted: below so many eligible members the funnel also says which relaxation would help most.

        Returns:
            (words,) uint64, a copy of the caller's own; and the funnel. Some 20 passes over ``slots / 8`` bytes.
        """
        kept = copied(self.bits.get(LIVE)[: words_for(slots)])
        own_slot = slot_of.get(seeker.member_id)
        if own_slot is not None:
            clear_bits(kept, np.array([own_slot], dtype=np.int64))
        population = left = count_bits(kept)
        everybody = copied(kept)
        masks = RuleMasks(self.bits, self.blockers, self.relations, as_of, kind, slot_of).of(seeker, everybody)
        removed: list[Removal] = []
        for rule in RULES:
            mask = masks[rule.code]
            if mask is not None:
                before, left = left, and_into(kept, mask)
                if left < before:
                    removed.append(Removal(rule.code, rule.sentence, before - left, rule.shown))
        barriers = seeker_barriers(seeker, Circumstances(as_of, kind, self.relations))
        relaxation = self._best_relaxation(masks, everybody) if left < wanted and not barriers else None
        return kept, Funnel(population, left, tuple(removed), barriers, relaxation)

    def eligible_each(
        self, seekers: Iterable[RuledMember], as_of: date, kind: Kind, slots: int, slot_of: Mapping[str, int]
    ) -> Iterator[tuple[Words, int]]:
        """Whom :meth:`eligible` finds for each of ``seekers``, and how many; what seekers share is worked out once.

        Without counts by rule: a third of the passes.
        """
        masks = RuleMasks(self.bits, self.blockers, self.relations, as_of, kind, slot_of)
        everybody = copied(self.bits.get(LIVE)[: words_for(slots)])
        for seeker in seekers:
            of_seeker = masks.of(seeker, everybody)
            kept = copied(masks.by_few_values(seeker, of_seeker, everybody))
            for rule in RULES:
                mask = of_seeker[rule.code]
                if mask is not None and rule.code not in BY_FEW_VALUES:
                    keep_only(kept, mask)
            own_slot = slot_of.get(seeker.member_id)
            if own_slot is not None:
                clear_bits(kept, np.array([own_slot], dtype=np.int64))
            yield kept, count_bits(kept)

    def _best_relaxation(self, masks: Masks, everybody: Words) -> Relaxation | None:
        best: Relaxation | None = None
        for rule in RULES:
            if not rule.relaxable or masks[rule.code] is None:
                continue
            kept = copied(everybody)
            admits = count_bits(kept)
            for other in RULES:
                mask = masks[other.code]
                if other is not rule and mask is not None:
                    admits = and_into(kept, mask)
            mask = masks[rule.code]
            admits -= and_into(kept, mask) if mask is not None else admits
            if admits > (best.admits if best else 0):
                best = Relaxation(rule.code, rule.sentence, admits)
        return best
