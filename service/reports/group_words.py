"""What a group plan says, in the words of the people who run groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from matcher import MemberProfile
from matcher.catalog import default_catalog
from matcher.grouping.personal_conditions import CONDITIONS
from matcher.grouping.plan import STAFF, GroupPlan, LocalTime, MeetingSlot, Unplaced
from matcher.members.availability import DAYS
from matcher.members.stage import StageBand

DAY_WORDS = dict(zip(DAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
STAGE_WORDS = ("Preparing", "First days", "Early", "Middle", "Late", "Settled", "Unknown")
"""In the order of :class:`matcher.members.stage.StageBand`, then who has no stage."""
STATUS_WORDS = {
    "optimal": "the best there is: no plan scores more",
    "feasible": "the best plan found in the time given",
    "cancelled": "stopped by hand: the best plan found until then",
}
PHASE_WORDS = {
    "reading": "Reading the spec",
    "bound": "Bounding",
    "construction": "Making a first plan",
    "search": "Improving",
    "description": "Describing",
    "diagnosis": "Diagnosing",
}
REASON_WORDS = {
    "pair_rules": "may be in one group with too few others, as the rules between two members go",
    "no_language": "shares a language with too few others whom they may meet",
    "no_time": "shares a meeting time with too few others whom they may meet",
    "below_fit": "fits nobody as well as the thresholds ask",
    "no_room": "fits, but no group open to them has room, and too few are left for one more",
    "together": "is kept together with others who cannot all be placed in one group",
}
"""For reasons whose texts say another number for each member."""
ATTRIBUTE_WORDS = {
    "stage_band": "Stage of recovery",
    "newcomer": "Newcomer",
    "procedure": "Procedure",
    "procedure_family": "Kind of procedure",
    "procedure_domain": "Field of medicine",
    "role": "Role",
    "gender": "Gender",
    "age_band": "Age",
    "region": "Region",
    "language": "First language",
    "cadence": "How often in touch",
    "mentor_approved": "Approved mentor",
}
RULE_WORDS = {"alike": "alike", "mixed": "mixed", "shares": "in given shares", "no_lone": "nobody alone"}
LANGUAGE_WORDS = {
    "ar": "Arabic", "ase": "American Sign Language", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "nb": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "th": "Thai", "tl": "Tagalog", "tr": "Turkish",
    "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
_JOINERS = "\u200c\u200d"


def printable(text: str) -> str:
    """``text`` with every character that would steer a terminal or turn the direction of a line replaced."""
    return "".join(sign if sign.isprintable() or sign in _JOINERS else "\N{REPLACEMENT CHARACTER}" for sign in text)


def day_words(day: date) -> str:
    """``3 March 2026``."""
    return f"{day.day} {day:%B} {day.year}"


def count_words(count: int, one: str, many: str | None = None) -> str:
    """``1 group``, ``2,000 groups``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def language_words(tag: str) -> str:
    """The name of a language, or its tag where we have no name."""
    return LANGUAGE_WORDS.get(tag, tag)


def attribute_words(attribute: str) -> str:
    """The name of an attribute of mix rules."""
    if attribute in ATTRIBUTE_WORDS:
        return ATTRIBUTE_WORDS[attribute]
    kind, _, tag = attribute.partition(":")
    code = default_catalog().topics.code(tag) if kind == "topic" else None
    return f"{kind.capitalize()}: {tag if code is None else default_catalog().topics.names[code]}"


def value_words(attribute: str, value: str) -> str:
    """The name of one value of an attribute."""
    if attribute == "stage_band" and value.upper() in StageBand.__members__:
        return STAGE_WORDS[StageBand[value.upper()]].lower()
    if attribute == "language":
        return language_words(value)
    if attribute.startswith("procedure"):
        return value.replace("-", " ")
    return value


def facilitator_words(name: str, members: Mapping[str, MemberProfile]) -> str:
    """Who leads: the name of staff, or the alias of a member."""
    return f"{name.removeprefix(STAFF)} (staff)" if name.startswith(STAFF) else f"{alias_or_id(name, members)} (member)"


def alias_or_id(member_id: str, members: Mapping[str, MemberProfile]) -> str:
    """What to call a member."""
    member = members.get(member_id)
    return member.alias if member is not None and member.alias else member_id


class SlotWords(NamedTuple):
    """A meeting time: its weekday and clock time, its zone, and the same in UTC with the days from which it holds."""

    time: str
    zone: str
    utc: str


def slot_words(slot: MeetingSlot) -> SlotWords:
    """``Tuesdays 18:00-19:00``, ``Europe/Lisbon``, ``18:00, from 31 March 17:00``."""
    hour, minute = (int(part) for part in slot.start.split(":"))
    ends = (60 * hour + minute + slot.length_minutes) % 1440
    utc: list[str] = []
    day, shown = DAYS.index(slot.day), ""
    for moment in slot.utc:
        if (moment.weekday(), f"{moment:%H:%M}") != (day, shown):
            since = f"from {moment.day} {moment:%B} " if utc else ""
            weekday = "" if moment.weekday() == day else f"{DAY_WORDS[DAYS[moment.weekday()]][:3]} "
            day, shown = moment.weekday(), f"{moment:%H:%M}"
            utc.append(f"{since}{weekday}{shown}")
    return SlotWords(
        f"{DAY_WORDS[slot.day]}s {slot.start}\N{EN DASH}{ends // 60:02}:{ends % 60:02}",
        slot.time_zone.replace("_", " "),
        ", ".join(utc),
    )


def local_words(times: Sequence[LocalTime]) -> str:
    """``Tue 13:00, from 31 Mar 14:00``: a weekday is named where it changes."""
    words: list[str] = []
    for place, time in enumerate(times):
        since = f"from {time.first.day} {time.first:%b} " if place else ""
        weekday = "" if place and times[place - 1].day == time.day else f"{DAY_WORDS[time.day][:3]} "
        words.append(f"{since}{weekday}{time.start}")
    return ", ".join(words)


class Reason(NamedTuple):
    """Why some have no place.

    Attributes:
        code: of the reason.
        text: what holds for each of them.
        remedy: what would place them.
        members: their ids.
        texts: what is said of each in particular, if that differs; else empty.
    """

    code: str
    text: str
    remedy: str
    members: tuple[str, ...]
    texts: tuple[str, ...]


def unplaced_by_reason(unplaced: Sequence[Unplaced]) -> tuple[Reason, ...]:
    """Everybody unplaced, by code and remedy, the commonest first. O(n log n)."""
    found: dict[tuple[str, str], list[Unplaced]] = {}
    for one in unplaced:
        found.setdefault((one.code, one.remedy), []).append(one)
    reasons = []
    for (code, remedy), those in found.items():
        texts = tuple(one.text for one in those)
        same = len(set(texts)) == 1
        text = texts[0] if same else REASON_WORDS.get(code, texts[0])
        reasons.append(Reason(code, text, remedy, tuple(one.member_id for one in those), () if same else texts))
    return tuple(sorted(reasons, key=lambda reason: (-len(reason.members), reason.code, reason.remedy)))


class Head(NamedTuple):
    """How many have a place, how many could have one and have not, and how many can be in no group by themselves."""

    placed: int
    waiting: int
    closed: int

    @property
    def ready(self) -> int:
        """How many could have a place."""
        return self.placed + self.waiting


def head_count(plan: GroupPlan) -> Head:
    """Count everybody whom a plan is about; O(n)."""
    closed = sum(one.code in CONDITIONS for one in plan.unplaced)
    return Head(plan.terms.placed, len(plan.unplaced) - closed, closed)


def result_words(plan: GroupPlan) -> str:
    """The whole result in a line or two."""
    heads = head_count(plan)
    groups = count_words(len(plan.groups), "group")
    if not heads.waiting:
        told = f"{groups} with all {heads.ready:,} members who can be in one: everybody has a place."
    else:
        have = "has" if heads.waiting == 1 else "have"
        told = f"{groups} with {heads.placed:,} of {heads.ready:,} members; {heads.waiting:,} {have} no place yet."
    if not heads.closed:
        return told
    return f"{told} {heads.closed:,} more {'is' if heads.closed == 1 else 'are'} not ready for any group."


def certainty_words(plan: GroupPlan) -> str:
    """How good the plan is for certain."""
    if plan.gap <= 0.0:
        return "proved: no plan scores more"
    return f"at most {plan.gap:.1%} below the best possible score"
