"""Specs of every kind of wrong are refused, with the place, the problem and what is accepted; good ones say what they
mean."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from matcher.errors import InvalidProblem
from matcher.grouping.spec import GroupSpec

MEETING: dict[str, Any] = {"time_zone": "Europe/Lisbon", "start_date": "2026-03-01"}
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"sise": {}}, "sise", "keys of a group spec"),
    ({"name": "  "}, "name", "1 to 64 characters"),
    ({"purpose": "fun"}, "purpose", "support_group"),
    ({"open": "yes"}, "open", "true or false"),
    ({"lone_newcomers": 1}, "lone_newcomers", "true or false"),
    ({"size": {"min": 1}}, "size.min", "at least 2"),
    ({"size": {"max": 51}}, "size.max", "at most 50"),
    ({"size": {"min": 6, "target": 5}}, "size", "min <= target <= max"),
    ({"size": {"target": 9}}, "size", "min <= target <= max"),
    ({"size": {"attendance": 0.1}}, "size.attendance", "at least 0.3"),
    ({"size": {"max": 40, "attendance": 0.5}}, "size", "at most 50 = max / attendance"),
    ({"size": {"target": 5.5}}, "size.target", "a whole number"),
    ({"most_groups": 0}, "most_groups", "at least 1"),
    ({"churn": -1}, "churn", "at least 0"),
    ({"channel": "fax"}, "channel", "'text'"),
    ({"weights": {"stage": -1}}, "(spec)", "0 or more"),
    ({"weights": {"height": 1}}, "(spec)", "procedure stage topics"),
    ({"weights": {"stage": 0}}, "(spec)", "at least one above 0"),
    ({"preferences": {"worst": -0.1}}, "preferences.worst", "at least 0"),
    ({"preferences": {"size": float("nan")}}, "preferences.size", ""),
    ({"preferences": {"churn": float("inf")}}, "preferences.churn", ""),
    ({"thresholds": {"member_fit": 1.5}}, "thresholds.member_fit", "at most 1"),
    ({"thresholds": {"pair_score": -1}}, "thresholds.pair_score", "at least 0"),
    ({"who": {"stage_bands": ["FIRST_DAYS"]}}, "who.stage_bands[0]", "'first_days'"),
    ({"who": {"roles": ["doctor"]}}, "who.roles[0]", "'caregiver'"),
    ({"who": {"member_ids": ["Ann Smith"]}}, "who.member_ids[0]", "text that matches"),
    ({"who": {"topics": [""]}}, "who.topics[0]", "at least 1"),
    ({"meeting": {}}, "meeting.time_zone", "required"),
    ({"meeting": {**MEETING, "time_zone": "Lisbon"}}, "meeting.time_zone", "Europe/Lisbon"),
    ({"meeting": {**MEETING, "start_date": 1772323200}}, "meeting.start_date", "YYYY-MM-DD"),
    ({"meeting": {**MEETING, "start_date": "1772323200"}}, "meeting.start_date", "YYYY-MM-DD"),
    ({"meeting": {**MEETING, "start_date": "2026-02-30"}}, "meeting.start_date", "YYYY-MM-DD"),
    ({"meeting": {**MEETING, "start_date": datetime.datetime(2026, 3, 1)}}, "meeting.start_date", "YYYY-MM-DD"),
    ({"meeting": {**MEETING, "start_date": "1999-12-31"}}, "meeting", "from 2000-01-01"),
    ({"meeting": {**MEETING, "start_date": "2200-01-02"}}, "meeting", "to 2200-01-01"),
    ({"meeting": {**MEETING, "weeks": 0}}, "meeting.weeks", "at least 1"),
    ({"meeting": {**MEETING, "weeks": 105}}, "meeting.weeks", "at most 104"),
    ({"meeting": {**MEETING, "length_minutes": 10}}, "meeting.length_minutes", "at least 15"),
    ({"meeting": {**MEETING, "step_minutes": 45}}, "meeting.step_minutes", "30"),
    ({"meeting": {**MEETING, "window": []}}, "meeting.window", "at least 1"),
    ({"meeting": {**MEETING, "window": [{"day": "mon", "start": "18:00", "end": "18:30"}]}}, "meeting", "shorten"),
    (
        {"meeting": {**MEETING, "window": [{"day": "mon", "start": "20:00", "end": "02:00"}]}},
        "meeting.window[0]",
        "two",
    ),
    ({"facilitation": {"per_group": 1}}, "facilitation", "approved_mentors = true"),
    ({"facilitation": {"per_group": 5}}, "facilitation.per_group", "at most 4"),
    ({"facilitation": {"members": ["a", "a"]}}, "facilitation", "each facilitator once"),
    ({"facilitation": {"staff": [{"name": "Jo"}, {"name": " Jo "}]}}, "facilitation", "each facilitator once"),
    ({"facilitation": {"staff": [{"name": "Jo", "languages": []}]}}, "facilitation.staff[0].languages", "at least 1"),
    ({"facilitation": {"staff": [{"name": "Jo", "languages": ["und"]}]}}, "facilitation.staff[0].languages[0]", "ase"),
    ({"mix": [{"attribute": "height", "rule": "alike"}]}, "mix[0].attribute", "stage_band"),
    ({"mix": [{"attribute": "topic:", "rule": "alike"}]}, "mix[0].attribute", "catalog topics"),
    ({"mix": [{"attribute": "topic:zzz", "rule": "alike"}]}, "mix[0].attribute", "catalog topics"),
    ({"mix": [{"attribute": "interest: ", "rule": "alike"}]}, "mix[0].attribute", "interest:TAG"),
    ({"mix": [{"attribute": "gender", "rule": "similar"}]}, "mix[0].rule", "'alike'"),
    ({"mix": [{"attribute": "gender", "rule": "alike", "weight": -1}]}, "mix[0].weight", "at least 0"),
    ({"mix": [{"attribute": "gender", "rule": "shares"}]}, "mix[0]", "give it there and nowhere else"),
    ({"mix": [{"attribute": "gender", "rule": "alike", "shares": {"man": 1}}]}, "mix[0]", "nowhere else"),
    ({"mix": [{"attribute": "gender", "rule": "shares", "shares": {"man": 0.7}}]}, "mix[0]", "part of 1"),
    ({"mix": [{"attribute": "gender", "rule": "shares", "shares": {"man": 0.5, " MAN": 0.5}}]}, "mix[0].shares", "one"),
    ({"mix": [{"attribute": "gender", "rule": "no_lone"}]}, "mix[0]", "give it there and nowhere else"),
    ({"mix": [{"attribute": "gender", "rule": "alike", "values": ["man"]}]}, "mix[0]", "nowhere else"),
    ({"mix": [{"attribute": "role", "rule": "no_lone", "values": ["carer"]}]}, "mix[0].values", "patient, caregiver"),
    ({"mix": [{"attribute": "gender", "rule": "no_lone", "values": ["unknown"]}]}, "mix[0].values", "members have"),
    ({"mix": [{"attribute": "newcomer", "rule": "no_lone", "values": ["true"]}]}, "mix[0].values", "yes, no"),
    ({"mix": [{"attribute": "procedure", "rule": "no_lone", "values": ["nose"]}]}, "mix[0].values", "its slugs"),
    ({"together": [["a"]]}, "together[0]", "at least two"),
    ({"together": [["a", "a"]]}, "together[0]", "each once"),
    ({"apart": [["a"]]}, "apart[0]", "at least two"),
    ({"together": [["a", "b"]], "apart": [["c", "b", "a"]]}, "(spec)", "drop one of the two wishes"),
    ({"together": [["a", "b"], ["b", "c"]], "apart": [["a", "c"]]}, "(spec)", "drop one of the two wishes"),
    ({"together": [list("abcdefghi")]}, "(spec)", "raise size.max"),
    ({"groups": [{"name": "one"}, {"name": "one "}]}, "(spec)", "name each differently"),
    ({"groups": [{"name": "1", "members": ["a"]}, {"name": "2", "members": ["a"]}]}, "(spec)", "list each in one"),
    ({"groups": [{"name": "1", "members": ["a", "a"]}]}, "groups[0]", "list each once"),
    ({"groups": [{"name": "1", "members": ["a"], "locked_members": ["b"]}]}, "groups[0]", "list them under members"),
    ({"groups": [{"name": "1", "locked": True}]}, "groups[0]", "list them"),
    ({"groups": [{"name": "1", "language": "en-GB"}]}, "groups[0].language", "text that matches"),
    ({"groups": [{"name": "1", "slot": {"day": "mon", "start": "24:00"}}]}, "groups[0].slot", "00:00 of the next day"),
    ({"groups": [{"name": "1", "slot": {"day": "monday", "start": "18:00"}}]}, "groups[0].slot.day", "'mon'"),
]


@pytest.mark.parametrize(("fields", "where", "accepted"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_a_bad_spec_is_refused_in_its_place(fields: dict[str, Any], where: str, accepted: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        GroupSpec.parse(fields)
    problems = caught.value.problems
    assert where in [problem.where for problem in problems], problems
    assert any(accepted in f"{problem.what} {problem.accepted}" for problem in problems), problems
    assert all(problem.what and problem.accepted for problem in problems)


def test_everything_wrong_is_listed_at_once() -> None:
    with pytest.raises(InvalidProblem) as caught:
        GroupSpec.parse({"size": {"min": 0}, "open": 3, "who": {"roles": ["x"]}, "nonsense": 1})
    assert {problem.where for problem in caught.value.problems} == {"size.min", "open", "who.roles[0]", "nonsense"}


def test_what_is_wrong_is_not_repeated_in_the_message() -> None:
    with pytest.raises(InvalidProblem) as caught:
        GroupSpec.parse({"who": {"member_ids": ["Ann Smith"]}, "purpose": "hysterectomy"})
    assert "Ann" not in str(caught.value)
    assert "hysterectomy" not in str(caught.value)


def test_an_empty_spec_is_a_spec() -> None:
    spec = GroupSpec.parse({})
    assert spec.enrolled_sizes() == (4, 6, 8)
    assert spec.facet_weights().procedure == pytest.approx(0.34)
    assert GroupSpec.parse({"purpose": "activity_group"}).facet_weights().interests == pytest.approx(0.5)
    assert GroupSpec.parse({"weights": {"age": 3}}).facet_weights().age == 1.0


@pytest.mark.parametrize(
    ("attendance", "sizes"), [(0.75, (6, 8, 11)), (1.0, (4, 6, 8)), (0.8, (5, 8, 10)), (0.4, (10, 15, 20))]
)
def test_more_are_enrolled_than_come(attendance: float, sizes: tuple[int, int, int]) -> None:
    assert GroupSpec.parse({"size": {"attendance": attendance}}).enrolled_sizes() == sizes


def test_wishes_that_overlap_are_one_bundle() -> None:
    spec = GroupSpec.parse({"together": [["d", "c"], ["a", "b"], ["x", "y"], ["b", "c"]]})
    assert spec.bundles() == (("a", "b", "c", "d"), ("x", "y"))


def test_values_are_read_as_profiles_spell_them() -> None:
    rules = [
        {"attribute": "gender", "rule": "no_lone", "values": [" Non-Binary", "non-binary"]},
        {"attribute": "region", "rule": "no_lone", "values": ["Greater   LONDON"]},
        {"attribute": "stage_band", "rule": "shares", "shares": {"First days": 0.5, "settled": 0.5}},
        {"attribute": "language", "rule": "no_lone", "values": ["pt-BR"]},
        {"attribute": "topic: Low_Mood", "rule": "no_lone", "values": ["YES"]},
        {"attribute": "interest:K Dramas", "rule": "alike"},
    ]
    mix = GroupSpec.parse({"mix": rules}).mix
    assert mix[0].values == ("non-binary",)
    assert mix[1].values == ("greater london",)
    assert set(mix[2].shares) == {"first_days", "settled"}
    assert mix[3].values == ("pt",)
    assert (mix[4].attribute, mix[4].values) == ("topic:low-mood", ("yes",))
    assert mix[5].attribute == "interest:k-dramas"


def test_the_fingerprint_follows_what_is_said() -> None:
    one = GroupSpec.parse({"size": {"min": 4}, "name": "a"})
    assert one.fingerprint() == GroupSpec.parse({"name": "a"}).fingerprint()
    assert one.fingerprint() != GroupSpec.parse({"name": "b"}).fingerprint()
