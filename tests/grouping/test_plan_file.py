"""Plans as files: what is written reads back equal; anything else is refused with a reason."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import ReadingError
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
    Terms,
    Unplaced,
)
from matcher.grouping.plan_file import parse_plan, plan_bytes, read_plan

TEXT = st.text(max_size=12)
DAYS = st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
DATES = st.dates(datetime.date(2000, 1, 1), datetime.date(2200, 1, 1))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 10**6)
MOMENTS = st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2200, 1, 1), timezones=st.just(datetime.UTC))


def some(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=3).map(tuple)


PLACES = st.builds(MemberPlace, TEXT, NUMBERS, some(TEXT), some(st.builds(LocalTime, DATES, DAYS, st.just("18:00"))))
SLOTS = st.builds(MeetingSlot, DAYS, st.just("24:00"), TEXT, COUNTS, some(MOMENTS))
MIX = st.builds(MixRow, TEXT, TEXT, some(st.tuples(TEXT, COUNTS)), NUMBERS)
GROUPS = st.builds(
    PlannedGroup, TEXT, some(PLACES), some(TEXT), TEXT, st.none() | SLOTS, NUMBERS, NUMBERS, some(MIX),
    st.booleans(), st.booleans(), some(TEXT),
)  # fmt: skip
DIAGNOSES = st.builds(
    Diagnosis, COUNTS, some(st.builds(Blamed, TEXT, TEXT, COUNTS)), some(st.builds(Relief, TEXT, COUNTS, COUNTS))
)
PLANS = st.builds(
    GroupPlan, some(GROUPS), some(st.builds(Unplaced, TEXT, TEXT, TEXT, TEXT)),
    st.builds(Terms, COUNTS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, some(NUMBERS)), NUMBERS, NUMBERS,
    st.sampled_from(("optimal", "feasible", "cancelled")), DATES, COUNTS, COUNTS, TEXT, TEXT,
    some(st.tuples(TEXT, TEXT)), some(TEXT), some(TEXT), st.none() | DIAGNOSES,
)  # fmt: skip


@given(PLANS)
def test_what_is_written_reads_back_equal(plan: GroupPlan) -> None:
    text = plan_bytes(plan)
    again = parse_plan(text)
    assert again == plan
    assert plan_bytes(again) == text


PLAN = GroupPlan(
    (PlannedGroup("group-001", (MemberPlace("a", 0.5), MemberPlace("b", 0.5)), (), "en", None, 0.5, 0.5),),
    (), Terms(2, 1.0, 0.5, 0.0, 0.0), 1.5, 0.0, "optimal", datetime.date(2026, 1, 1), 0, 1, "s", "m", (),
)  # fmt: skip


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(plan_bytes(PLAN))
    assert read_plan(tmp_path / "plan.json") == PLAN
    with pytest.raises(ReadingError, match=r"nowhere\.json: no such file"):
        read_plan(tmp_path / "nowhere.json")
    with pytest.raises(ReadingError, match="directory"):
        read_plan(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no group plan"),
        (b'{"format": "something else"}', "is no group plan"),
        (plan_bytes(PLAN)[:-20], "is no JSON"),
        (plan_bytes(PLAN).replace(b'"version": 1', b'"version": 2'), "another version"),
        (plan_bytes(PLAN).replace(b'"fit": 0.5', b'"fit": "high"'), "is damaged: .*fit"),
        (json.dumps({**json.loads(plan_bytes(PLAN)), "plan": None}).encode(), "is damaged"),
        (plan_bytes(PLAN).replace(b'"placed": 2,', b""), "is damaged: .*placed"),
    ],
)
def test_anything_else_is_refused(text: bytes, words: str) -> None:
    with pytest.raises(ReadingError, match=words):
        parse_plan(text)
