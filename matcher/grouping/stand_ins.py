"""Who could lead a group if its facilitator is ill."""

from __future__ import annotations

from matcher.eligibility.rules import spoken
from matcher.grouping.cohort import Cohort
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.plan import STAFF
from matcher.grouping.staffing import Staff
from matcher.members.profile import MemberProfile


class StandIns:
    """Everybody who may lead, by language and time; whether they get on with each member is left to people."""

    def __init__(self, cohort: Cohort, times: MeetingTimes | None) -> None:
        people: tuple[MemberProfile | Staff, ...] = (*cohort.leaders, *cohort.spec.facilitation.staff)
        self._names = [
            *(leader.member_id for leader in cohort.leaders),
            *(STAFF + one.name for one in cohort.spec.facilitation.staff),
        ]
        self._spoken = [spoken(person.languages) for person in people]
        self._times = times
        self._masks = None if times is None else times.masks(people)
        self._known: dict[tuple[str, SlotChoice | None], frozenset[str]] = {}

    def able(self, language: str, slot: SlotChoice | None) -> frozenset[str]:
        """Ids of those who speak ``language`` and can come to every meeting at ``slot``. Kept."""
        known = self._known.get((language, slot))
        if known is None:
            comes = self._coming(slot)
            known = frozenset(
                name
                for name, tongues, can in zip(self._names, self._spoken, comes, strict=True)
                if can and language in tongues
            )
            self._known[language, slot] = known
        return known

    def _coming(self, slot: SlotChoice | None) -> list[bool]:
        if slot is None or self._times is None or self._masks is None:
            return [True] * len(self._names)
        word, bit = divmod(self._times.index(slot), 64)
        return [bool(int(mask) >> bit & 1) for mask in self._masks[:, word].tolist()]
