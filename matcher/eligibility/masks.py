"""Per hard rule the members who pass it with a seeker, as bit sets."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date

import numpy as np

from matcher.eligibility.bitsets import BitSets, Words, all_but, clear_bits, copied, in_both, keep_only, or_into
from matcher.eligibility.relations import Relations
from matcher.eligibility.rules import (
    REMOTE_CHANNELS,
    RULES,
    RuledMember,
    accepted_channels,
    has_room,
    spoken,
    topics_brought,
)
from matcher.members.age import age_pool
from matcher.members.vocabulary import Kind

Masks = dict[str, Words | None]
"""Per rule code the members who pass it; ``None`` where everybody does."""
BY_FEW_VALUES = frozenset({"consent", "status", "age_pool", "seeks", "mentor_approved", "capacity"})
"""Rules whose masks depend on so little of a seeker that most seekers share all of them."""


class RuleMasks:
    """Makes them for seekers of one kind of tie at one moment; what several seekers share is made once.

    Args:
        bits: everything the rules read.
        blockers: who blocked a member.
        relations: loads and ties.
        as_of: the day, for age pools.
        kind: ``buddy`` or ``mentor``.
        slot_of: slot by member id.
    """

    def __init__(
        self,
        bits: BitSets,
        blockers: Mapping[str, set[str]],
        relations: Relations,
        as_of: date,
        kind: Kind,
        slot_of: Mapping[str, int],
    ) -> None:
        self._bits = bits
        self._blockers = blockers
        self._relations = relations
        self._as_of = as_of
        self._kind: Kind = kind
        self._slot_of = slot_of
        self._shared: dict[Hashable, Words] = {}

    def _once(self, key: Hashable, make: Callable[[], Words]) -> Words:
        made = self._shared.get(key)
        if made is None:
            made = self._shared[key] = make()
        return made

    def of(self, seeker: RuledMember, everybody: Words) -> Masks:
        """The masks of one seeker, within ``everybody``. None is to be written to."""
        bits, kind = self._bits, self._kind
        nobody = bits.empty
        mentoring = kind == "mentor"
        masks: Masks = dict.fromkeys(rule.code for rule in RULES)
        masks["consent"] = bits.get("consent") if seeker.consent else nobody
        masks["status"] = bits.get("active") if seeker.status == "active" else nobody
        pool = age_pool(seeker.birth_year, self._as_of)
        masks["age_pool"] = bits.get(("pool", pool)) if pool else nobody
        if kind not in seeker.seeks:
            masks["seeks"] = nobody
        elif not mentoring:
            masks["seeks"] = bits.get(("seeks", kind))
        if mentoring:
            masks["mentor_approved"] = bits.get("mentor_approved")
        masks["role"] = self._once(("role", seeker.role, seeker.open_to_roles), lambda: self._role_mask(seeker))
        languages = tuple(sorted(spoken(seeker.languages)))
        masks["language"] = self._once(
            ("language", languages), lambda: bits.union([("language", language) for language in languages])
        )
        wish = ("gender", seeker.gender, seeker.only_genders)
        masks["gender_wish"] = self._once(wish, lambda: self._gender_mask(seeker))
        avoided: list[Hashable] = [("brings", topic) for topic in seeker.avoid_topics]
        avoided += [("avoids", topic) for topic in sorted(topics_brought(seeker))]
        if avoided:
            masks["avoid_topic"] = bits.outside(avoided)
        channels = accepted_channels(seeker)
        masks["channel"] = self._once(
            ("channel", channels), lambda: bits.union([("channel", channel) for channel in channels])
        )
        if "in_person" in channels:
            masks["region"] = self._once(
                ("region", channels, seeker.region), lambda: self._region_mask(seeker, channels)
            )
        masks["capacity"] = bits.get(f"{kind}_room") if self._has_room(seeker) else nobody
        masks["same_clinic"] = self._clinic_mask(seeker)
        ties = self._relations.ties.get(seeker.member_id, {})
        by_ids: dict[str, Callable[[], Iterable[str]]] = {
            "block": lambda: (*seeker.blocked, *self._blockers.get(seeker.member_id, ())),
            "already_matched": lambda: [other for other, state in ties.items() if state == "matched"],
            "no_repeat": lambda: [other for other, state in ties.items() if state == "closed"],
        }
        for code, ids in by_ids.items():
            masks[code] = self._without(everybody, [self._slot_of[other] for other in ids() if other in self._slot_of])
        return masks

    def by_few_values(self, seeker: RuledMember, masks: Masks, everybody: Words) -> Words:
        """Who passes all rules of :data:`BY_FEW_VALUES` with the seeker of ``masks``. Not to be written to."""

        def all_of_them() -> Words:
            kept = copied(everybody)
            for code in sorted(BY_FEW_VALUES):
                mask = masks[code]
                if mask is not None:
                    keep_only(kept, mask)
            return kept

        pool = age_pool(seeker.birth_year, self._as_of)
        own = (seeker.consent, seeker.status, pool, self._kind in seeker.seeks, self._has_room(seeker))
        return self._once(("few values", *own), all_of_them)

    def _has_room(self, seeker: RuledMember) -> bool:
        return self._kind == "mentor" or has_room(seeker, self._kind, self._relations)

    def _role_mask(self, seeker: RuledMember) -> Words:
        roles: list[Hashable] = [("role", role) for role in seeker.open_to_roles]
        return in_both(self._bits.union(roles), self._bits.get(("open_to", seeker.role)))

    def _gender_mask(self, seeker: RuledMember) -> Words:
        wishes: list[Hashable] = ["wants_anyone"]
        if seeker.gender is not None:
            wishes.append(("wants", seeker.gender))
        wanted_by = self._bits.union(wishes)
        if not seeker.only_genders:
            return wanted_by
        return in_both(wanted_by, self._bits.union([("gender", gender) for gender in seeker.only_genders]))

    def _region_mask(self, seeker: RuledMember, channels: tuple[str, ...]) -> Words:
        bits = self._bits
        remote: list[Hashable] = [("channel", channel) for channel in channels if channel in REMOTE_CHANNELS]
        free = all_but(bits.get(("channel", "in_person")))
        if remote:
            or_into(free, bits.union(remote))
        if seeker.region is not None:
            or_into(free, bits.get(("region", seeker.region)))
        return free

    def _clinic_mask(self, seeker: RuledMember) -> Words | None:
        if seeker.clinic is None:
            return None
        same = self._bits.get(("clinic", seeker.clinic))
        return all_but(same if seeker.avoid_same_clinic else in_both(same, self._bits.get("avoids_clinic")))

    @staticmethod
    def _without(everybody: Words, slots: list[int]) -> Words | None:
        if not slots:
            return None
        mask = copied(everybody)
        clear_bits(mask, np.array(slots, dtype=np.int64))
        return mask
