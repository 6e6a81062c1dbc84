"""The page about a group plan: all of it there, nothing of it from elsewhere, what people wrote shown as text."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from matcher import MemberProfile, sample_members
from matcher.grouping.attribute_names import PLAIN_ATTRIBUTES
from matcher.grouping.mix import MixRule
from matcher.grouping.plan import (
    Blamed,
    Diagnosis,
    GroupPlan,
    LocalTime,
    MeetingSlot,
    MemberPlace,
    MixRow,
    PlannedGroup,
    Relief,
    Status,
    Terms,
    Unplaced,
)
from matcher.grouping.spec import GroupSpec
from service.reports import group_report, group_words
from service.reports.drawing import INK, Drawing
from service.reports.group_plots import LIGHT_FROM, STAGE_COLOURS, fit_drawing, size_drawing, stage_drawing
from service.reports.group_report import groups_to_show, report_page, stage_counts
from tests.service.conftest import AS_OF

SPEC = GroupSpec.parse({
    "name": "Evening circles",
    "size": {"attendance": 0.75},
    "meeting": {"time_zone": "Europe/Lisbon", "start_date": "2026-03-02", "weeks": 6},
    "facilitation": {"per_group": 1, "staff": [{"name": "Rita"}]},
    "mix": [
        {"attribute": "procedure_domain", "rule": "alike"},
        {"attribute": "gender", "rule": "no_lone", "values": ["man"]},
    ],
})  # fmt: skip
EVIL = "</style></script><script>alert('x')</script><img src=x onerror=\"alert(1)\">{{ 7*7 }}&amp;"
TIMES = (LocalTime(datetime.date(2026, 3, 2), "mon", "14:00"), LocalTime(datetime.date(2026, 3, 9), "mon", "15:00"))
SLOT = MeetingSlot(
    "mon", "23:30", "Europe/Lisbon", 60,
    tuple(datetime.datetime(2026, 3, 2, 23, 30, tzinfo=datetime.UTC) + datetime.timedelta(days=7 * week)
          - datetime.timedelta(hours=week >= 4) for week in range(6)),
)  # fmt: skip


def a_group(number: int, ids: Iterable[str], **changed: Any) -> PlannedGroup:
    places = tuple(
        MemberPlace(one, 0.3 + 0.05 * place, ("Is where all 4 others are: settled",), TIMES)
        for place, one in enumerate(ids)
    )
    mix = (
        MixRow("procedure_domain", "alike", (("weight-loss", 3), ("unknown", 2)), 0.0),
        MixRow("gender", "no_lone", (("woman", 5),), 0.0),
    )
    group = PlannedGroup(
        f"group-{number:03}", places, ("staff:Rita",), "pt", SLOT, 0.4, 0.3, mix, warnings=("one member is far off",)
    )
    return dataclasses.replace(group, **changed)


def a_plan(groups: Iterable[PlannedGroup], **changed: Any) -> GroupPlan:
    found = tuple(groups)
    placed = sum(len(group.members) for group in found)
    plan = GroupPlan(
        found,
        (Unplaced("u1", "no_time", "shares no time with any facilitator", "ask for more times"),),
        Terms(placed, 12.0, 5.0, 0.5, 0.0, (0.25, 0.0)), 18.0, (18 - 16.25) / 18, "feasible", AS_OF, 3, 10,
        "5bec", "3e3b", (("numpy", "2"),), ("m0000001",), ("m0000002",),
        Diagnosis(1, (Blamed("meeting", "1 member shares no time", 1),), (Relief("a time on Sundays", 1, 1),)),
    )  # fmt: skip
    return dataclasses.replace(plan, **changed)


@pytest.fixture(scope="module")
def members() -> dict[str, MemberProfile]:
    return {member.member_id: member for member in sample_members(60, seed=5, as_of=AS_OF)}


@pytest.fixture(scope="module")
def plan(members: dict[str, MemberProfile]) -> GroupPlan:
    ids = sorted(members)
    return a_plan(a_group(number + 1, ids[5 * number : 5 * number + 5]) for number in range(4))


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes, ids, and the text outside style and title."""

    EMPTY = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_everything_is_on_the_page(plan: GroupPlan, members: dict[str, MemberProfile]) -> None:
    text = report_page(plan, SPEC, members, "peer-matcher 1.2.3")
    page = Page(text)
    for words in (
        "Evening circles",
        "4 groups with 20 of 21 members; 1 has no place yet.",
        "meeting weekly, 6 times from 2 March 2026, 60 minutes each",
        "Mondays 23:30\N{EN DASH}00:30 Europe/Lisbon",
        "UTC 23:30, from 30 March 22:30",
        "Language Portuguese",
        "Led by Rita (staff)",
        "5, about 4 expected to come",
        "Is where all 4 others are: settled",
        "Mon 14:00, from 9 Mar 15:00",
        "Field of medicine weight loss\xa03 unknown\xa02 alike 0.0".replace("\xa0", " "),
        "nobody alone",
        "one member is far off",
        "shares no time with any facilitator",
        "ask for more times",
        "1 member shares no time",
        "a time on Sundays: 1 more placed",
        "At most 9.7% below the best possible score",
        "seed 3",
        "peer-matcher 1.2.3",
        "Moved out of the group they were in",
        "Had to leave by a rule",
    ):
        assert words in page.text, words
    for group in plan.groups:
        assert group.name in page.text
        for place in group.members:
            assert place.member_id in page.text
            assert (members[place.member_id].alias or "") in page.text


def test_nothing_comes_from_elsewhere_and_nothing_runs(plan: GroupPlan, members: dict[str, MemberProfile]) -> None:
    text = report_page(plan, SPEC, members, "peer-matcher")
    page = Page(text)
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert "://" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert "@import" not in text
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert (attributes.get(name) or "#").startswith("#")
    assert set(re.findall(r"url\(([^)]{2})", text)) <= {"#p", "#h"}


def test_it_can_be_read_in_other_ways(plan: GroupPlan, members: dict[str, MemberProfile]) -> None:
    """Headers of tables say what they are for, drawings have words, links lead somewhere, ids are there once."""
    page = Page(report_page(plan, SPEC, members, "peer-matcher"))
    assert page.of("html")[0]["lang"] == "en"
    assert all(header.get("scope") in {"col", "row"} for header in page.of("th"))
    assert len(page.of("h1")) == 1
    ids = [str(attributes["id"]) for _, attributes in page.elements if "id" in attributes]
    named = {str(attributes["aria-labelledby"]) for _, attributes in page.elements if "aria-labelledby" in attributes}
    linked = {str(link["href"]).removeprefix("#") for link in page.of("a")}
    assert named | linked <= set(ids)
    assert len(ids) == len(set(ids))
    assert len(page.of("figure")) == 3
    assert "mean 0.40, a tenth of them below 0.30" in page.text


def test_what_people_wrote_is_text(plan: GroupPlan, members: dict[str, MemberProfile]) -> None:
    spec = GroupSpec.parse({**SPEC.model_dump(mode="json"), "name": EVIL[:64]})
    renamed = {name: one.model_copy(update={"alias": EVIL[:64]}) for name, one in members.items()}
    slot = dataclasses.replace(SLOT, time_zone=EVIL)
    groups = tuple(
        dataclasses.replace(
            group,
            name=f"$x$ {EVIL}{number}", facilitators=("staff:" + EVIL, "m0000050"), warnings=(EVIL,), slot=slot,
            members=tuple(dataclasses.replace(place, reasons=(EVIL, EVIL)) for place in group.members),
            mix=(MixRow("gender", "alike", ((EVIL, 5),), 0.0),), language=EVIL,
        )
        for number, group in enumerate(plan.groups)
    )  # fmt: skip
    evil = dataclasses.replace(
        plan, groups=groups, unplaced=(Unplaced("u1", EVIL, EVIL, EVIL),), moved=(EVIL,), must_leave=(EVIL,),
        diagnosis=Diagnosis(1, (Blamed(EVIL, EVIL, 1),), (Relief(EVIL, 1, 1),)), spec_hash=EVIL, members_hash=EVIL,
    )  # fmt: skip
    shown, usual = Page(report_page(evil, spec, renamed, EVIL)), Page(report_page(plan, SPEC, members, "x"))
    assert EVIL in shown.text
    assert {tag for tag, _ in shown.elements} <= {tag for tag, _ in usual.elements}
    assert not any(name.startswith("on") for _, attributes in shown.elements for name in attributes)


def test_a_line_cannot_be_turned_round(plan: GroupPlan) -> None:
    text = report_page(plan, GroupSpec.parse({**SPEC.model_dump(mode="json"), "name": "a\u202eb\x1b[31m"}), {}, "x")
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert group_words.printable("Zoë 👩‍⚕️ 日本") == "Zoë 👩‍⚕️ 日本".replace("\ufe0f", "\ufe0f")


def test_two_pages_are_the_same_bytes(
    plan: GroupPlan, members: dict[str, MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib as mpl

    first = report_page(plan, SPEC, members, "x")
    monkeypatch.setitem(mpl.rcParams, "font.size", 30.0)  # whatever somebody has set for themself
    assert report_page(plan, SPEC, members, "x") == first


@pytest.mark.parametrize("status", ["optimal", "feasible", "cancelled"])
def test_few_and_none(members: dict[str, MemberProfile], status: Status) -> None:
    """A plan without groups, times, facilitators or rules, and one in which everybody has a place."""
    spec = GroupSpec.parse({})
    nobody = a_plan((), terms=Terms(0, 0.0, 0.0, 0.0, 0.0), status=status, diagnosis=None, moved=(), must_leave=())
    page = Page(report_page(nobody, spec, members, "x"))
    assert "0 groups with 0 of 1 members" in page.text
    assert "No group could be formed." in page.text
    assert ("stopped by hand" in page.text) == (status == "cancelled")
    plain = a_group(1, ["a", "b"], slot=None, facilitators=(), mix=(), warnings=(), members=(MemberPlace("a", 0.5),))
    everybody = a_plan((plain,), terms=Terms(1, 0.5, 0.0, 0.0, 0.0), unplaced=(), gap=0.0, diagnosis=None)
    page = Page(report_page(everybody, spec, {}, "x"))
    assert "1 group with all 1 members who can be in one: everybody has a place." in page.text
    assert "Proved: no plan scores more" in page.text
    assert "no reason that the others share" in page.text
    assert "On their clock" not in page.text


def test_of_many_groups_those_to_look_at_are_shown(members: dict[str, MemberProfile]) -> None:
    calm = [a_group(number, [f"m{number}"], warnings=(), worst_fit=number / 1000) for number in range(1, 240)]
    look = [a_group(number, [f"m{number}"], worst_fit=0.9) for number in range(240, 251)]
    plan = a_plan([*calm, *look])
    shown = groups_to_show(plan)
    assert len(shown) == group_report.SHOWN_OF_MORE
    assert set(look) <= set(shown)
    assert {group.name for group in shown} >= {"group-001", "group-049"}
    assert [group.name for group in shown] == sorted(group.name for group in shown)
    page = Page(report_page(plan, SPEC, members, "x"))
    assert "Of 250 groups, the 60 to look at first are on this page" in page.text
    assert len(page.of("article")) == 60
    assert groups_to_show(a_plan(calm[:200])) == tuple(calm[:200])


def test_stage_counts(plan: GroupPlan, members: dict[str, MemberProfile]) -> None:
    counts = stage_counts(plan, members)
    assert counts.shape == (4, 7)
    assert counts.sum(axis=1).tolist() == [5, 5, 5, 5]
    nobody_known = stage_counts(plan, {})
    assert not nobody_known.any()


def drawings() -> list[Drawing]:
    rows = np.arange(7 * 45).reshape(45, 7) % 4
    return [
        size_drawing([4, 6, 6, 12], (4, 6, 8)), size_drawing([], (4, 6, 8)),
        fit_drawing([0.2, 0.5, 1.0, 1.1], 0.3), fit_drawing([], 0.0),
        stage_drawing(["a $x$ <b>", "日本"], rows[:2]), stage_drawing([f"g{n}" for n in range(45)], rows),
        stage_drawing([], rows[:0]),
    ]  # fmt: skip


def test_drawings_are_whole_and_have_words() -> None:
    for drawing in drawings():
        root = ET.fromstring(drawing.svg)
        assert root.tag.endswith("svg")
        assert drawing.alt.endswith(".")
        assert "font-family" not in drawing.svg
        assert "<style" not in drawing.svg
    assert "1 of 4, 2 of 6, 1 of 12. Asked for: 4 to 8, target 6." in drawings()[0].alt
    assert ">a $x$ &lt;b&gt;</text>" in drawings()[4].svg
    assert ">all groups</text>" in drawings()[5].svg


def test_contrast_of_letters_on_bars() -> None:
    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    shades = [light(colour) for colour in STAGE_COLOURS]
    assert shades == sorted(shades)
    for stage, shade in enumerate(shades):
        letters = light(INK if stage >= LIGHT_FROM else "#ffffff")
        low, high = sorted((shade, letters))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_every_word_of_the_spec_has_words() -> None:
    assert set(group_words.ATTRIBUTE_WORDS) == set(PLAIN_ATTRIBUTES)
    assert set(group_words.RULE_WORDS) == set(MixRule.model_fields["rule"].annotation.__args__)  # type: ignore[union-attr]
    assert set(group_words.STATUS_WORDS) == set(Status.__args__)  # type: ignore[attr-defined]
    assert group_words.attribute_words("topic:anxiety") == "Topic: Anxiety"
    assert group_words.attribute_words("interest:chess") == "Interest: chess"
    assert group_words.value_words("stage_band", "first_days") == "first days"
    assert group_words.value_words("stage_band", "unknown") == "unknown"


def test_times_in_words() -> None:
    early = dataclasses.replace(
        SLOT, day="tue", start="00:30", utc=(datetime.datetime(2026, 3, 2, 23, 30, tzinfo=datetime.UTC),)
    )
    assert group_words.slot_words(early) == ("Tuesdays 00:30\N{EN DASH}01:30", "Europe/Lisbon", "Mon 23:30")
    shift = (*TIMES, LocalTime(datetime.date(2026, 3, 30), "tue", "00:00"))
    assert group_words.local_words(shift) == "Mon 14:00, from 9 Mar 15:00, from 30 Mar Tue 00:00"
    assert group_words.local_words(()) == ""
