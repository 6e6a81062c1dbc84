"""A group plan as one page for people: read on a screen, printed, or kept; nothing outside the file is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jinja2
import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from matcher import MemberProfile
from matcher.grouping.attributes import attribute_values
from matcher.grouping.plan import GroupPlan, PlannedGroup
from matcher.grouping.spec import GroupSpec
from service.reports.drawing import Drawing
from service.reports.group_cards import card_of, naming, percent
from service.reports.group_plots import fit_drawing, size_drawing, stage_drawing
from service.reports.group_words import (
    RULE_WORDS,
    STAGE_WORDS,
    Reason,
    attribute_words,
    certainty_words,
    count_words,
    day_words,
    head_count,
    printable,
    result_words,
    unplaced_by_reason,
)

MOST_CARDS = 200
"""Groups up to which each is on the page."""
SHOWN_OF_MORE = 60
"""Groups on the page if there are more."""
MOST_NAMED = 60
"""Members named for one reason."""
MOST_TOLD = 12
"""The same where each has a sentence."""


class Line(NamedTuple):
    """A figure with its label."""

    label: str
    value: str


class Named(NamedTuple):
    """Some members, and how many more there are."""

    text: str
    members: tuple[str, ...]
    more: int


def report_page(plan: GroupPlan, spec: GroupSpec, members: Mapping[str, MemberProfile], made_by: str) -> str:
    """The page as HTML. What members and staff wrote is shown as text, whatever it contains.

    Args:
        plan: what to show.
        spec: what it was solved for.
        members: profiles by id, for aliases and stages; ids stand for who is missing.
        made_by: name and version of the program.
    """
    fits = [place.fit for group in plan.groups for place in group.members]
    mean = sum(fits) / len(fits) if fits else 0.0
    shown = groups_to_show(plan)
    reasons = unplaced_by_reason(plan.unplaced)
    name = naming(members)
    return (
        environment()
        .get_template("group_report.html")
        .render(
            title=printable(spec.name),
            title_in_css=_css_text(printable(spec.name)),
            as_of=day_words(plan.as_of),
            day=plan.as_of.isoformat(),
            meetings=_meetings(spec),
            result=result_words(plan),
            cancelled=plan.status == "cancelled",
            figures=_figures(plan, fits),
            diagnosis=_diagnosis(plan),
            drawings=[
                {"title": drawing.title, "alt": drawing.alt, "svg": Markup(drawing.svg)}
                for drawing in _drawings(plan, spec, members, fits)
            ],
            groups_title="The groups" if len(shown) == len(plan.groups) else "Groups to look at first",
            group_count=f"{len(plan.groups):,}",
            not_shown=len(plan.groups) - len(shown),
            led=any(group.facilitators for group in plan.groups),
            cards=[card_of(number, group, spec, members) for number, group in enumerate(shown, 1)],
            mean_fit=f"{mean:.2f}",
            mean_share=percent(mean),
            unplaced=[_reason(reason, name) for reason in reasons],
            unplaced_count=count_words(len(plan.unplaced), "member"),
            changes=_changes(plan, name),
            parts=_parts(plan, spec),
            certainty=certainty_words(plan).capitalize(),
            made_by=made_by,
            seed=plan.seed,
            spec_hash=plan.spec_hash,
            members_hash=plan.members_hash,
        )
    )


def _reason(reason: Reason, name: Callable[[str], str]) -> dict[str, Any]:
    most = MOST_TOLD if reason.texts else MOST_NAMED
    texts = reason.texts or ("",) * len(reason.members)
    return {
        "number": f"{len(reason.members):,}",
        "text": printable(reason.text),
        "remedy": printable(reason.remedy),
        "members": [
            (name(member), printable(text)) for member, text in zip(reason.members[:most], texts[:most], strict=True)
        ],
        "more": max(0, len(reason.members) - most),
    }


def groups_to_show(plan: GroupPlan) -> tuple[PlannedGroup, ...]:
    """All groups, or of many those to look at first: with warnings, then with the least fit; by name."""
    if len(plan.groups) <= MOST_CARDS:
        return plan.groups
    ranked = sorted(plan.groups, key=lambda group: (not group.warnings, group.worst_fit, group.name))
    chosen = {group.name for group in ranked[:SHOWN_OF_MORE]}
    return tuple(group for group in plan.groups if group.name in chosen)


def environment() -> jinja2.Environment:
    """What fills templates of pages: everything that is put in is text unless it says otherwise."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("service.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _css_text(text: str) -> Markup:
    """``text`` inside quotes of a style sheet: all but plain letters, digits and blanks as code points, so that nothing
    is left that could end the string or the sheet."""
    plain = (sign if sign.isascii() and (sign.isalnum() or sign == " ") else f"\\{ord(sign):06x} " for sign in text)
    return Markup("".join(plain))


def _meetings(spec: GroupSpec) -> str:
    if spec.meeting is None:
        return ""
    times = "once" if spec.meeting.weeks == 1 else f"weekly, {spec.meeting.weeks} times"
    return f"meeting {times} from {day_words(spec.meeting.start_date)}, {spec.meeting.length_minutes} minutes each"


def _figures(plan: GroupPlan, fits: Sequence[float]) -> list[Line]:
    heads = head_count(plan)
    found = [
        Line("groups", f"{len(plan.groups):,}"),
        Line(f"of {count_words(heads.ready, 'member')} placed", f"{heads.placed:,}"),
        Line(f"without a place; {heads.closed:,} not ready", f"{heads.waiting:,}"),
    ]
    if fits:
        found.append(Line(f"mean fit; lowest {min(fits):.2f}", f"{sum(fits) / len(fits):.2f}"))
    found.append(Line("at most below the best possible score", f"{plan.gap:.1%}"))
    return found


def _diagnosis(plan: GroupPlan) -> dict[str, Any] | None:
    if plan.diagnosis is None:
        return None
    return {
        "finished": plan.diagnosis.finished,
        "blamed": [printable(blamed.text) for blamed in plan.diagnosis.blamed],
        "reliefs": [
            {"text": printable(relief.text), "places": f"{relief.places:,} more placed"}
            for relief in plan.diagnosis.reliefs
        ],
    }


def _drawings(
    plan: GroupPlan, spec: GroupSpec, members: Mapping[str, MemberProfile], fits: Sequence[float]
) -> list[Drawing]:
    return [
        size_drawing([len(group.members) for group in plan.groups], spec.enrolled_sizes()),
        fit_drawing(fits, spec.thresholds.member_fit),
        stage_drawing([printable(group.name) for group in plan.groups], stage_counts(plan, members)),
    ]


def stage_counts(plan: GroupPlan, members: Mapping[str, MemberProfile]) -> npt.NDArray[np.int64]:
    """(groups, 7) int64: the members of each group by stage of recovery, those without one last. O(members)."""
    known = [
        (row, members[place.member_id])
        for row, group in enumerate(plan.groups)
        for place in group.members
        if place.member_id in members
    ]
    counts = np.zeros((len(plan.groups), len(STAGE_WORDS)), dtype=np.int64)
    if known:
        codes, _ = attribute_values([member for _, member in known], "stage_band", plan.as_of)
        np.add.at(counts, (np.array([row for row, _ in known]), np.where(codes < 0, len(STAGE_WORDS) - 1, codes)), 1)
    return counts


def _changes(plan: GroupPlan, name: Callable[[str], str]) -> list[Named]:
    told = (("Moved out of the group they were in", plan.moved), ("Had to leave by a rule", plan.must_leave))
    return [Named(text, tuple(map(name, ids[:MOST_NAMED])), max(0, len(ids) - MOST_NAMED)) for text, ids in told if ids]


def _parts(plan: GroupPlan, spec: GroupSpec) -> list[Line]:
    terms = plan.terms
    mix = zip(spec.mix, terms.mix, strict=True)
    return [
        Line("Members' fit", f"{terms.fit:,.2f}"),
        Line("Worst fit in each group", f"{terms.worst:,.2f}"),
        Line("Sizes away from target", f"{-terms.size or 0.0:,.2f}"),
        Line("Members moved", f"{-terms.churn or 0.0:,.2f}"),
        *(
            Line(f"{attribute_words(rule.attribute)} ({RULE_WORDS[rule.rule]})", f"{-price or 0.0:,.2f}")
            for rule, price in mix
            if rule.rule != "no_lone"
        ),
        Line("Score", f"{terms.total:,.2f}"),
        Line("No plan of this spec scores more than", f"{plan.upper_bound:,.2f}"),
    ]
