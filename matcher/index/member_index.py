"""The member index: one writer, many readers, exact answers, changes in the next request.

Slots are append-only: a member who changes gets a new slot and the old one goes dark, so what a search reads never
moves under it. Only the filter (some tens of microseconds) runs under the lock; the search itself works on its own
copy of the eligible set. Slots that came since the shelves were arranged are scored one by one; when they grow too
many they are put on a copy of the shelves, and when too many slots are dark the others are renumbered; both aside if
the owner says where. Both cost O(1) amortised a change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np

from matcher.eligibility.bitsets import count_bits
from matcher.eligibility.filter import LIVE, OnlineFilter
from matcher.eligibility.relations import Load, Relations, TieState
from matcher.embedding.encoder import Encoder
from matcher.embedding.population import FacetMeans
from matcher.embedding.weights import FacetWeights
from matcher.errors import UnknownMember
from matcher.index.bounds import shelf_keys
from matcher.index.building import built
from matcher.index.population_means import estimated_means
from matcher.index.renumbering import Renumbering, renumbered
from matcher.index.search_plan import search
from matcher.index.search_together import Asked, batches, search_together
from matcher.index.seeking import Everybody, Found, FoundTogether, Seeker
from matcher.index.shelves import Shelves
from matcher.index.slots import Slots
from matcher.members.collector import collector_paused
from matcher.members.profile import MemberProfile
from matcher.members.record import MemberRecord, pack_record, profile_of, unpack_record
from matcher.members.vocabulary import Kind
from matcher.scoring.fit import Scoring

LATE_LIMIT, LATE_SHARE = 1024, 1 / 256
"""Members off the shelves before they are put there: a thousand, or this share of those on them."""
DARK_SHARE = 0.25
"""Share of dark slots from which slots are renumbered."""
LAST_ROUND = 32
"""So few who changed while they were are carried over with everybody waiting, in a millisecond or two."""


def _at_once(work: Callable[[], None]) -> None:
    work()


class MemberIndex:
    """Members of one community, searchable. Make one with :meth:`build` or :meth:`load`.

    Attributes:
        as_of: the day for which stages and age pools stand.
        weights: what a buddy request without weights of its own uses.
        means: what unknown facets score.
        means_given: whether the means were passed in; otherwise :meth:`advance` estimates them anew.
        removals: how many members were removed since it was made.
        aside: where shelves are arranged anew; at once, in the thread of whoever changes, by default. Any other thread
            will do: answers are the same before and after.
    """

    def __init__(
        self,
        slots: Slots,
        eligibility: OnlineFilter,
        shelves: Shelves,
        encoder: Encoder,
        as_of: date,
        weights: FacetWeights,
        means: FacetMeans,
        means_given: bool,
    ) -> None:
        self.as_of = as_of
        self.weights = weights
        self.means = means
        self.means_given = means_given
        self._slots = slots
        self._filter = eligibility
        self._shelves = shelves
        self._encoder = encoder
        live = eligibility.bits.get(LIVE).view(np.uint8)
        lit = np.flatnonzero(np.unpackbits(live, bitorder="little")[: len(slots)])
        self._slot_of: dict[str, int] = {slots.ids[slot]: slot for slot in lit.tolist()}
        self._reading = threading.Lock()
        self._writing = threading.RLock()
        self._arranging = False
        self._renumbering: Renumbering | None = None
        self.removals = 0
        self.aside: Callable[[Callable[[], None]], object] = _at_once

    @classmethod
    def build(
        cls,
        members: Iterable[MemberProfile],
        as_of: date,
        weights: FacetWeights | None = None,
        *,
        means: FacetMeans | None = None,
        relations: Relations | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Self:
        """Index ``members``, streaming: at no time are all profiles held. Of one id the last profile counts.

        Args:
            members: the profiles, in any order.
            as_of: the day for which to index.
            weights: buddy weights unless a request brings its own; the preset by default.
            means: what unknown facets score; by default estimated from ``members``.
            relations: loads and ties known from elsewhere.
            progress: called now and then with how many members are in.

        Cost: about 40 microseconds and 1.2 kB a member.
        """
        return cls(*built(members, as_of, weights, means, relations, progress))

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, member_id: object) -> bool:
        return member_id in self._slot_of

    def member_ids(self) -> Iterator[str]:
        """Ids of all members, in no particular order."""
        with self._reading:
            return iter(list(self._slot_of))

    def member(self, member_id: str) -> MemberProfile:
        """The profile of a member, as it was last put.

        Raises:
            UnknownMember: if there is none.
        """
        return profile_of(self.seeker(member_id).record)

    def records(self, member_ids: Iterable[str]) -> list[MemberRecord | None]:
        """Current records of ``member_ids``, ``None`` for those who are gone."""
        with self._reading:
            packed = [
                None if (slot := self._slot_of.get(name)) is None else self._slots.packed[slot] for name in member_ids
            ]
        return [None if record is None else unpack_record(record) for record in packed]

    def everybody(self) -> Everybody:
        """All members, for batches that search for each of them."""
        with self._reading:
            slots, slot_of = self._slots, dict(self._slot_of)
        ids = sorted(slot_of)
        placed = np.array([slot_of[name] for name in ids], dtype=np.int64)
        return Everybody(ids, placed, np.argsort(shelf_keys(slots.rows[placed]), kind="stable"))

    def matchable_count(self) -> int:
        """How many members have consented and are active: those who may be shown to anybody at all."""
        with self._reading:
            bits = self._filter.bits
            return count_bits(bits.get(LIVE) & bits.get("consent") & bits.get("active"))

    @property
    def relations(self) -> Relations:
        """Loads and ties, to be read; :meth:`set_load` and :meth:`set_tie` change them."""
        return self._filter.relations

    def upsert(self, member: MemberProfile) -> None:
        """Put a member, new or changed; the next search sees it. O(1) amortised."""
        self.upsert_all([member])

    def upsert_all(self, members: Sequence[MemberProfile]) -> None:
        """Put several members in one step: costs half as much for each as :meth:`upsert`. Of one id the last counts."""
        if not members:
            return
        members = list({member.member_id: member for member in members}.values())
        with self._writing:
            with self._reading:
                first = len(self._slots)
                for member in members:
                    earlier = self._slot_of.get(member.member_id)
                    if earlier is not None:
                        self._filter.discard(self._slots.record(earlier), earlier)
                self._slots.append(members, self.as_of)
                self._filter.add(members, first, self.as_of)
                self._slot_of.update((member.member_id, slot) for slot, member in enumerate(members, first))
                self._note(member.member_id for member in members)
            self._arrange_if_worth_it()

    def remove(self, member_id: str) -> None:
        """Take a member out; the next search does not know them.

        Raises:
            UnknownMember: if there is none.
        """
        with self._writing:
            with self._reading:
                slot = self._slot_of.pop(member_id, None)
                if slot is None:
                    raise UnknownMember(member_id)
                self._filter.discard(self._slots.record(slot), slot)
                self._note([member_id])
                self.removals += 1
            self._arrange_if_worth_it()

    def set_load(self, member_id: str, *, buddies: int = 0, mentees: int = 0) -> None:
        """Say how many places at a member are taken, reservations included.

        Raises:
            UnknownMember: if there is no such member.
        """
        with self._writing, self._reading:
            slot = self._slot_of.get(member_id)
            if slot is None:
                raise UnknownMember(member_id)
            self._filter.relations.set_load(member_id, Load(buddies, mentees))
            self._filter.set_room(self._slots.record(slot), slot)
            self._note([member_id])

    def set_tie(self, one: str, other: str, tie: TieState | None) -> None:
        """Say that two members have each other (``matched``) or are not to be proposed again (``closed``)."""
        with self._writing, self._reading:
            self._filter.relations.set_tie(one, other, tie)

    def advance(self, as_of: date) -> None:
        """Move to another day: stages, age pools and, unless they were given, the means become those of a fresh build.

        Readers go on with the day before until it is done. Cost: as arranging everything anew, 4 microseconds a member.
        """
        with self._writing:
            if as_of != self.as_of:
                self._arrange(as_of)

    def seeker(self, member_id: str) -> Seeker:
        """A stored member, to search for.

        Raises:
            UnknownMember: if there is none.
        """
        with self._reading:
            slot = self._slot_of.get(member_id)
            if slot is None:
                raise UnknownMember(member_id)
            slots = self._slots
            return Seeker(slots.record(slot), slots.rows[slot : slot + 1])

    def unsaved(self, profile: MemberProfile) -> Seeker:
        """A profile that is not stored, to search for."""
        with self._reading:
            coder, as_of = self._slots.coder, self.as_of
        row = coder.rows([profile], coder.events([profile]), as_of, learn=False)
        return Seeker(unpack_record(pack_record(profile)), row)

    def search(self, seeker: Seeker, k: int, kind: Kind, weights: FacetWeights) -> Found:
        """The exact ``min(k, eligible)`` best members for ``seeker``, and the funnel that leads to them."""
        with self._reading:
            slots, shelves, encoder, as_of, means = self._slots, self._shelves, self._encoder, self.as_of, self.means
            rows = slots.rows
            eligible, funnel = self._filter.eligible(seeker.record, as_of, kind, rows.size, self._slot_of, k)
        scoring = Scoring.of(slots.coder.groups(), weights, means, kind)
        top = search(shelves, rows, slots.ids, seeker.row, eligible, funnel.eligible, k, scoring, encoder)
        return Found(top, slots, funnel, scoring)

    def search_together(
        self, seekers: Sequence[Seeker], k: int, kind: Kind, weights: FacetWeights
    ) -> list[FoundTogether]:
        """As :meth:`search` for each of ``seekers``, a batch of whom at a time sees the same moment; see
        :mod:`~matcher.index.search_together`. Those that stand beside each other do best to seek alike.
        """
        return [found for batch in batches(seekers) for found in self._search_batch(batch, k, kind, weights)]

    def _search_batch(
        self, seekers: Sequence[Seeker], k: int, kind: Kind, weights: FacetWeights
    ) -> list[FoundTogether]:
        with self._reading:
            slots, standing, encoder, as_of, means = self._slots, self._shelves, self._encoder, self.as_of, self.means
            rows = slots.rows
            records = [seeker.record for seeker in seekers]
            eligible = list(self._filter.eligible_each(records, as_of, kind, rows.size, self._slot_of))
        shelves = standing.levelled(rows, encoder)
        with self._reading:
            if self._shelves is standing:
                self._shelves = shelves
        asked = [Asked(seeker.row, *of_seeker) for seeker, of_seeker in zip(seekers, eligible, strict=True)]
        scoring = Scoring.of(slots.coder.groups(), weights, means, kind)
        tops = search_together(shelves, rows, slots.ids, asked, k, scoring, encoder)
        return [FoundTogether(top, slots, one.eligible_count) for top, one in zip(tops, asked, strict=True)]

    def score(self, one: str, other: str, kind: Kind, weights: FacetWeights) -> float:
        """The exact score of two stored members, whether or not a rule forbids them; for a mentor ``one`` seeks.

        Raises:
            UnknownMember: if one of them is not stored.
        """
        with self._reading:
            for name in (one, other):
                if name not in self._slot_of:
                    raise UnknownMember(name)
            slots, means, places = self._slots, self.means, [self._slot_of[one], self._slot_of[other]]
        scoring = Scoring.of(slots.coder.groups(), weights, means, kind)
        return float(scoring.pairs(slots.rows, np.array(places[:1]), np.array(places[1:]))[0])

    def save(self, path: Path | str) -> None:
        """Write a snapshot, atomically: a crash leaves the file that was there before."""
        from matcher.index.snapshot import write_snapshot

        with self._writing:
            self._arrange(self.as_of)
            held = self._slots, self._filter, self._encoder
            write_snapshot(Path(path), *held, self.as_of, self.weights, self.means, self.means_given)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a snapshot.

        Raises:
            SnapshotError: if it is cut short, altered, or of another version, catalogue or encoder; names both values.
        """
        from matcher.index.snapshot import read_snapshot

        with collector_paused():
            return cls(*read_snapshot(Path(path)))

    def _arrange_if_worth_it(self) -> None:
        if self._arranging:
            return
        slots, on_shelves = len(self._slots), self._shelves.size
        dark = slots - len(self._slot_of)
        if dark > max(LATE_LIMIT, DARK_SHARE * slots):
            work = self._renumber
        elif slots - on_shelves > max(LATE_LIMIT, LATE_SHARE * on_shelves):
            work = self._put_on_shelves
        else:
            return
        self._arranging = True
        try:
            self.aside(work)
        except BaseException:  # no thread is to be had: the next change tries again
            self._arranging = False
            raise

    def _put_on_shelves(self) -> None:
        """Put the slots that there are on shelves; those that come meanwhile are late."""
        with self._reading:
            slots, standing = self._slots, self._shelves
        try:
            shelves = standing.extended(slots.rows, self._encoder) or self._shelves_of(slots)
            with self._writing, self._reading:
                if self._slots is slots:  # else they were renumbered meanwhile
                    self._shelves = shelves
        finally:
            self._arranging = False

    def _renumber(self) -> None:
        """Slots without the dark ones, on shelves; those who change meanwhile get theirs afterwards, and are late."""
        try:
            with self._reading:
                slots = self._slots
                new = self._renumbering = Renumbering(slots, self._filter, self._slot_of, self.as_of)
            new.make()
            shelves = self._shelves_of(new.slots)
            while new.behind > LAST_ROUND:
                with self._reading:
                    changed = new.changed(self._slot_of)
                new.carry_over(changed)
            with self._writing, self._reading:
                if self._slots is slots:  # else another day has come meanwhile
                    new.carry_over(new.changed(self._slot_of))
                    self._slots, self._filter, self._slot_of = new.slots, new.eligibility, new.slot_of
                    self._shelves = shelves
        finally:
            with self._reading:  # whoever changes notes it under the same lock
                self._renumbering = None
            self._arranging = False

    def _note(self, member_ids: Iterable[str]) -> None:
        """Somebody changes while slots are renumbered."""
        if self._renumbering is not None:
            self._renumbering.note(member_ids)

    def _shelves_of(self, slots: Slots) -> Shelves:
        families, domains = slots.coder.catalog.family_of, slots.coder.catalog.domain_of
        served = self.aside is not _at_once
        return Shelves.arrange(slots.rows, self._encoder, families, domains, beside_others=served)

    def _arrange(self, as_of: date) -> None:
        """Under the writing lock: what is built aside replaces the old in one step, under the reading lock."""
        slots, eligibility, slot_of, means = self._slots, self._filter, self._slot_of, self.means
        slots, eligibility = renumbered(slots, eligibility, slot_of, as_of)
        slot_of = {name: slot for slot, name in enumerate(slots.ids)}
        if as_of != self.as_of:
            eligibility.set_pools(slots.rows["birth_year"], as_of)
            if not self.means_given:
                means = estimated_means(slots, eligibility, slot_of)
        shelves = self._shelves_of(slots)
        with self._reading:
            self._slots, self._filter, self._slot_of, self._shelves = slots, eligibility, slot_of, shelves
            self.as_of, self.means = as_of, means
