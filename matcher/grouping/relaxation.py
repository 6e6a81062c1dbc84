"""What a coordinator could drop from a spec, one thing at a time, to see what keeps people out.

Nothing here touches what protects a member: blocks, consent, status, age pools, topics to avoid and wishes about
gender, role or clinic are no part of a spec, and no relaxation changes them.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from matcher.grouping.candidacy import is_of_unknown_availability
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.mix import MixRule
from matcher.grouping.spec import LARGEST_GROUP, SMALLEST_GROUP, GroupSpec, Size, Who
from matcher.grouping.traits import trait
from matcher.members.availability import DAYS, WeeklySlot
from matcher.members.profile import MemberProfile

WHOLE_WEEK = tuple(WeeklySlot(day=day, start="00:00", end="24:00") for day in DAYS)


@dataclass(frozen=True, slots=True)
class Case:
    """A grouping question, small enough to be asked many times.

    Attributes:
        members: who is in the community.
        spec: what is asked.
        as_of: the day for ages and stages.
        watched: ids of those whose places count; somebody who leads in one answer and is placed in another is not.
        outside: ids of members whom the spec does not ask for, but who could be grouped, too.
    """

    members: tuple[MemberProfile, ...]
    spec: GroupSpec
    as_of: datetime.date
    watched: frozenset[str]
    outside: frozenset[str] = frozenset()

    def changed(self, **fields: Any) -> Case:
        """The same question with other fields of its spec, which are validated."""
        return dataclasses.replace(self, spec=GroupSpec.model_validate({**dict(self.spec), **fields}))


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One thing that a spec asks for and a coordinator could go without.

    Attributes:
        code: the rule, as in :class:`~matcher.grouping.plan.Blamed`.
        name: in the words of a coordinator, to follow "because of".
        drop: from a question to the same one without the rule.
    """

    code: str
    name: str
    drop: Callable[[Case], Case]


def counted(number: int, thing: str = "member") -> str:
    """``1 member``, ``2 members``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def without(case: Case, relaxations: Iterable[Relaxation]) -> Case:
    """The question with all of them dropped."""
    for relaxation in relaxations:
        case = relaxation.drop(case)
    return case


def relaxations(case: Case) -> tuple[Relaxation, ...]:
    """Everything that the spec of this question asks for, that could be dropped, and that these members may feel.

    What is most likely to be felt comes last, so that a filter that tries to do without comes to it last.
    """
    spec, meeting, facilitation = case.spec, case.spec.meeting, case.spec.facilitation
    least, _, most = spec.size.min, spec.size.target, spec.size.max
    anywhere = "meeting in person, within one region" if spec.channel == "in_person" else f"a group on {spec.channel}"
    offers: tuple[tuple[bool, str, str, Callable[[Case], Case]], ...] = (
        (bool(spec.apart), "apart", "the members to be kept apart", lambda case: case.changed(apart=())),
        (bool(spec.together), "together", "the members to be kept together", lambda case: case.changed(together=())),
        (_has_locks(case), "locked", "the locks", _without_locks),
        (_keeps_facts(case), "kept", "the times, facilitators and languages that existing groups keep", _without_facts),
        (bool(case.outside) and spec.who != Who(), "who", "the choice of who is to be grouped", _with_everybody),
        (spec.churn is not None, "churn", f"at most {spec.churn} moved", lambda case: case.changed(churn=None)),
        (spec.channel is not None, "channel", anywhere, lambda case: case.changed(channel=None)),
        (
            spec.thresholds.pair_score > 0,
            "pair_score",
            f"a score of at least {spec.thresholds.pair_score:.2f} for every two in a group",
            lambda case: case.changed(thresholds=changed_part(case.spec.thresholds, pair_score=0.0)),
        ),
        (
            spec.thresholds.member_fit > 0,
            "member_fit",
            f"a fit of at least {spec.thresholds.member_fit:.2f} for everybody",
            lambda case: case.changed(thresholds=changed_part(case.spec.thresholds, member_fit=0.0)),
        ),
        (
            not spec.lone_newcomers and _has_newcomers(case),
            "lone_newcomer",
            "no newcomer alone among others",
            lambda case: case.changed(lone_newcomers=True),
        ),
        (most < roomiest(spec.size), "size_max", f"at most {most} in the room", _as_large_as_can_be),
        (
            spec.most_groups is not None,
            "most_groups",
            f"at most {counted(spec.most_groups or 0, 'group')}",
            lambda case: case.changed(most_groups=None),
        ),
        (least > SMALLEST_GROUP, "size_min", f"at least {least} in the room", _as_small_as_can_be),
        (_languages_differ(case), "language", "one language that everybody in a group speaks", _in_one_language),
        (
            meeting is not None and meeting.unknown_availability == "left_out" and _has_silent_members(case),
            "no_availability",
            "leaving out members who gave no times",
            _with_assumed_availability,
        ),
        (
            meeting is not None and meeting.window != WHOLE_WEEK,
            "window",
            "the window for meeting times",
            _at_any_time_of_the_week,
        ),
        (
            facilitation.per_group > 0,
            "facilitation",
            f"{facilitation.per_group} to lead every group",
            _without_facilitators,
        ),
        (meeting is not None, "meeting", "one time at which everybody in a group can meet", _without_meeting),
    )
    found = [Relaxation(code, name, drop) for applies, code, name, drop in offers if applies]
    for rule in spec.mix:
        if rule.rule == "no_lone":
            name = f"nobody alone in a group with {rule.attribute} {', '.join(rule.values)}"
            found.insert(0, Relaxation("no_lone", name, _without_rule(rule)))
    return tuple(found)


def enlarged(size: Size, *, smallest: int | None = None, largest: int | None = None) -> Size:
    """A size with another minimum or maximum in the room, and the target kept between them."""
    least = size.min if smallest is None else smallest
    most = size.max if largest is None else largest
    return Size(min=least, max=most, target=min(max(size.target, least), most), attendance=size.attendance)


def roomiest(size: Size) -> int:
    """The largest ``max`` with which a group still enrols no more than any group may."""
    most = LARGEST_GROUP
    while size.enrolled(most) > LARGEST_GROUP:
        most -= 1
    return most


def existing(case: Case, **fields: Any) -> tuple[ExistingGroup, ...]:
    """The existing groups of a question, with these fields changed."""
    return tuple(group.model_copy(update=fields) for group in case.spec.groups)


def changed_part(part: Any, **fields: Any) -> Any:
    """A part of a spec with these fields changed, validated again."""
    return type(part).model_validate({**dict(part), **fields})


def _with_everybody(case: Case) -> Case:
    return case.changed(who=Who())


def _without_meeting(case: Case) -> Case:
    return case.changed(meeting=None, groups=existing(case, slot=None))


def _at_any_time_of_the_week(case: Case) -> Case:
    return case.changed(meeting=changed_part(case.spec.meeting, window=WHOLE_WEEK)) if case.spec.meeting else case


def _with_assumed_availability(case: Case) -> Case:
    if case.spec.meeting is None:
        return case
    return case.changed(meeting=changed_part(case.spec.meeting, unknown_availability="assumed"))


def _without_facilitators(case: Case) -> Case:
    facilitation = changed_part(case.spec.facilitation, per_group=0, approved_mentors=False)
    return case.changed(facilitation=facilitation, groups=existing(case, facilitators=()))


def _in_one_language(case: Case) -> Case:
    """Everybody speaks English, whatever they speak: what could be if language were no barrier."""
    everybody = tuple(member.model_copy(update={"languages": ("en",)}) for member in case.members if member.languages)
    silent = tuple(member for member in case.members if not member.languages)
    staff = tuple(changed_part(one, languages=("en",)) for one in case.spec.facilitation.staff)
    spoken = dataclasses.replace(case, members=everybody + silent)
    mix = tuple(rule for rule in case.spec.mix if rule.attribute != "language")
    return spoken.changed(
        facilitation=changed_part(case.spec.facilitation, staff=staff), groups=existing(case, language=None), mix=mix
    )


def _as_small_as_can_be(case: Case) -> Case:
    return case.changed(size=enlarged(case.spec.size, smallest=SMALLEST_GROUP))


def _as_large_as_can_be(case: Case) -> Case:
    return case.changed(size=enlarged(case.spec.size, largest=roomiest(case.spec.size)))


def _without_locks(case: Case) -> Case:
    groups = tuple(group.model_copy(update={"locked": False, "locked_members": ()}) for group in case.spec.groups)
    return case.changed(groups=groups)


def _without_facts(case: Case) -> Case:
    groups = tuple(
        group if group.locked else group.model_copy(update={"slot": None, "facilitators": (), "language": None})
        for group in case.spec.groups
    )
    return case.changed(groups=groups)


def _without_rule(rule: MixRule) -> Callable[[Case], Case]:
    return lambda case: case.changed(mix=tuple(other for other in case.spec.mix if other != rule))


def _has_locks(case: Case) -> bool:
    return any((group.locked or group.locked_members) for group in case.spec.groups)


def _keeps_facts(case: Case) -> bool:
    return any(not group.locked and (group.slot or group.facilitators or group.language) for group in case.spec.groups)


def _has_newcomers(case: Case) -> bool:
    return any(trait(member, "newcomer", case.as_of) == "yes" for member in case.members)


def _has_silent_members(case: Case) -> bool:
    return any(member.member_id in case.watched and is_of_unknown_availability(member) for member in case.members)


def _languages_differ(case: Case) -> bool:
    facilitation = case.spec.facilitation
    spoken = {tag for member in case.members for tag in member.languages[:1]}
    return len(spoken.union(tag for one in facilitation.staff for tag in one.languages[:1])) > 1
