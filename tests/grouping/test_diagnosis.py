"""Why somebody has no group: what is to blame, and what would help.

The solvers here are made up: each places people as a condition on the spec says, so that what is to blame is known.
What the diagnosis makes of the real solver's answers is in ``test_diagnosed_plans.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from matcher.errors import InvalidProblem, Problem
from matcher.grouping.diagnosis import diagnose
from matcher.grouping.neighbourhood import case_around
from matcher.grouping.plan import Diagnosis, GroupPlan, MemberPlace, PlannedGroup, Terms
from matcher.grouping.relaxation import relaxations, without
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from tests.grouping.people import DAY, MEANS, draft, people, person, plan_of, spec_of, weekly

TIMES = {"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2}


@dataclass
class MadeUpSolver:
    """Places whom ``places`` says for a spec, and remembers what it was asked."""

    places: Callable[[GroupSpec], str]
    pause: float = 0.0
    asked: list[tuple[Sequence[MemberProfile], GroupSpec]] = field(default_factory=list)

    def __call__(self, members: Sequence[MemberProfile], spec: GroupSpec, as_of: Any, **_: Any) -> GroupPlan:
        self.asked.append((members, spec))
        time.sleep(self.pause)
        names = tuple(sorted(self.places(spec)))
        places = tuple(MemberPlace(name, 0.3) for name in names)
        return GroupPlan(
            groups=(PlannedGroup("group-001", places, (), "en", None, 0.3, 0.3),) if names else (),
            unplaced=(),
            terms=Terms(len(names), 0.0, 0.0, 0.0, 0.0),
            upper_bound=0.0,
            gap=0.0,
            status="feasible",
            as_of=as_of,
            seed=0,
            iterations=0,
            spec_hash="",
            members_hash="",
            versions=(),
        )


def ask(members: list[MemberProfile], spec: GroupSpec, solve: MadeUpSolver, **limits: Any) -> Diagnosis:
    """The diagnosis of a plan with one group of a, b and c."""
    plan = plan_of(members, spec, [draft("one", "abc")])
    found = diagnose(members, spec, plan, DAY, solve=solve, means=MEANS, **limits)
    assert found is not None
    return found


def blamed(diagnosis: Diagnosis) -> list[str]:
    return sorted(rule.code for rule in diagnosis.blamed)


def test_there_is_nothing_to_say_where_everybody_has_a_group() -> None:
    members, spec = people("abc"), spec_of()
    plan = plan_of(members, spec, [draft("one", "abc")])
    assert diagnose(members, spec, plan, DAY, solve=MadeUpSolver(lambda _: ""), means=MEANS) is None


def test_a_rule_that_keeps_people_out_by_itself_is_to_blame_and_the_others_are_not() -> None:
    spec = spec_of(most_groups=1, thresholds={"member_fit": 0.4})
    found = ask(people("abcdef"), spec, MadeUpSolver(lambda spec: "abc" if spec.most_groups == 1 else "abcdef"))
    assert blamed(found) == ["most_groups"]
    assert found.unplaced == 3
    assert found.blamed[0].members == 3
    assert found.blamed[0].text == "At most 1 group: without it 3 more members could be placed"
    assert [(relief.text, relief.places) for relief in found.reliefs] == [("form 1 more group", 3)]
    assert found.finished


def test_of_rules_that_only_matter_together_all_are_to_blame() -> None:
    spec = spec_of(most_groups=1, thresholds={"member_fit": 0.4, "pair_score": 0.2})

    def places(spec: GroupSpec) -> str:
        return "abc" if spec.most_groups == 1 and spec.thresholds.member_fit > 0.3 else "abcde"

    found = ask(people("abcde"), spec, MadeUpSolver(places))
    assert blamed(found) == ["member_fit", "most_groups"]
    texts = [relief.text for relief in found.reliefs]
    assert "a fit of 0.30 instead of 0.40 at least" in texts
    assert "form 1 more group" in texts


def test_of_rules_each_of_which_is_enough_one_is_to_blame_and_the_relief_names_them_all() -> None:
    spec = spec_of(most_groups=1, thresholds={"member_fit": 0.4, "pair_score": 0.2})

    def places(spec: GroupSpec) -> str:
        return "abc" if spec.most_groups == 1 or spec.thresholds.member_fit > 0.3 else "abcde"

    found = ask(people("abcde"), spec, MadeUpSolver(places))
    assert len(found.blamed) == 1
    assert found.blamed[0].code in {"most_groups", "member_fit"}
    (relief,) = found.reliefs
    assert relief.text.startswith("only all of this together")
    assert "at most 1 group" in relief.text
    assert "a fit of at least 0.40" in relief.text
    assert "a score of" not in relief.text
    assert relief.places == 2


@pytest.mark.parametrize("needed", range(1, 64))
def test_the_set_to_blame_explains_and_none_of_its_parts_does(needed: int) -> None:
    """For every family of up to six ways out, each a set of rules that must all go."""
    spec = spec_of(
        most_groups=1, thresholds={"member_fit": 0.4, "pair_score": 0.2}, channel="text", together=[["a", "b"]]
    )
    gone: dict[str, Callable[[GroupSpec], bool]] = {
        "most_groups": lambda spec: spec.most_groups != 1,
        "member_fit": lambda spec: spec.thresholds.member_fit < 0.4,
        "pair_score": lambda spec: spec.thresholds.pair_score < 0.2,
        "channel": lambda spec: spec.channel is None,
        "together": lambda spec: not spec.together,
    }
    ways = [{"most_groups"}, {"member_fit", "channel"}, {"pair_score"}, {"together", "channel"},
            {"member_fit", "together"}, {"pair_score", "most_groups"}]  # fmt: skip
    ways = [way for place, way in enumerate(ways) if needed >> place & 1]

    def places(spec: GroupSpec) -> str:
        return "abcde" if any(all(gone[code](spec) for code in way) for way in ways) else "abc"

    found = set(blamed(ask(people("abcde"), spec, MadeUpSolver(places))))

    def explains(kept: set[str]) -> bool:
        return not any(way.isdisjoint(kept) for way in ways)

    assert explains(found)
    assert not any(explains(found - {code}) for code in found)


def test_where_no_rule_of_the_spec_is_to_blame_none_is_named() -> None:
    found = ask(people("abcde"), spec_of(most_groups=1), MadeUpSolver(lambda _: "abc"))
    assert found.blamed == ()
    assert found.reliefs == ()


def test_what_protects_members_is_named_and_never_relaxed() -> None:
    members = [
        *people("abc"),
        person("d", blocked=["a", "b", "c"]),
        person("e", only_genders=["woman"], gender="woman"),
        person("f", role="caregiver"),
        person("g", birth_year=2011),
        person("h", status="held"),
        person("i", consent=False),
    ]
    solver = MadeUpSolver(lambda _: "abc")
    spec = spec_of(size={"min": 3, "target": 3, "max": 4}, apart=[["a", "f"]])
    found = ask(members, spec, solver)
    words = {rule.code: rule for rule in found.blamed}
    assert set(words) == {"block", "gender_wish", "role", "age_pool", "status", "consent"}
    assert words["status"].text == "Paused, held or withdrawn: 1 member"
    assert words["gender_wish"].members == 1
    assert "no spec changes that" in words["gender_wish"].text
    assert not found.reliefs
    known = {member.member_id: member for member in members}
    for asked, _ in solver.asked:
        for member in asked:
            own = known[member.member_id]
            assert member.model_copy(update={"languages": own.languages}) == own


def test_wishes_of_staff_to_keep_people_apart_are_named_and_not_offered() -> None:
    spec = spec_of(apart=[["a", "d"]])
    found = ask(people("abcd"), spec, MadeUpSolver(lambda spec: "abc" if spec.apart else "abcd"))
    assert blamed(found) == ["apart"]
    assert found.reliefs == ()


def test_a_search_that_finds_more_under_the_same_spec_says_so() -> None:
    found = ask(people("abcd"), spec_of(), MadeUpSolver(lambda _: "abcd"))
    assert [(relief.text, relief.places) for relief in found.reliefs] == [("search for longer", 1)]
    assert found.blamed == ()


def test_a_spec_that_nobody_can_meet_counts_as_placing_nobody() -> None:
    class Refusing(MadeUpSolver):
        def __call__(self, members: Sequence[MemberProfile], spec: GroupSpec, as_of: Any, **limits: Any) -> GroupPlan:
            if spec.size.min > 2:
                raise InvalidProblem([Problem("who", "too few", "more")])
            return super().__call__(members, spec, as_of, **limits)

    members, spec = people("abc"), spec_of(size={"min": 3, "target": 3, "max": 4})
    plan = plan_of(members, spec, [])
    found = diagnose(members, spec, plan, DAY, solve=Refusing(lambda _: "abc"), means=MEANS)
    assert found is not None
    assert blamed(found) == ["size_min"]
    assert [relief.text for relief in found.reliefs] == ["2 instead of 3 in the room at least"]


def test_it_ends_when_its_time_is_over() -> None:
    solver = MadeUpSolver(lambda spec: "abcd" if spec.most_groups is None else "abc", pause=0.05)
    start = time.perf_counter()
    found = ask(people("abcd"), spec_of(most_groups=1), solver, time_limit_s=0.2)
    assert time.perf_counter() - start < 2.0
    assert not found.finished


def test_it_ends_when_it_is_stopped() -> None:
    solver = MadeUpSolver(lambda _: "abc")
    found = ask(people("abcd"), spec_of(most_groups=1), solver, stopped=lambda: True)
    assert not found.finished
    assert solver.asked == []


def test_dropping_everything_leaves_a_spec_that_asks_for_nothing() -> None:
    fresh = [{"procedure": "knee-replacement", "date": "2026-03-01"}]
    members = [
        *people("abc"),
        person("d", languages=["es"]),
        person("e", availability=[]),
        person("f", procedures=fresh),
    ]
    spec = spec_of(
        meeting=TIMES,
        facilitation={
            "per_group": 1,
            "staff": [{"name": "Kim", "time_zone": "UTC", "availability": weekly("tue 18:00-20:00")}],
        },
        channel="video",
        most_groups=3,
        churn=1,
        apart=[["a", "b"]],
        together=[["c", "d"]],
        thresholds={"member_fit": 0.3, "pair_score": 0.1},
        mix=[{"attribute": "gender", "rule": "no_lone", "values": ["man"]}],
        groups=[
            {"name": "g", "members": ["a"], "locked": True},
            {"name": "h", "members": ["c"], "slot": {"day": "tue", "start": "18:00"}, "locked_members": ["c"]},
        ],
        who={"roles": ["patient"]},
        size={"min": 3, "target": 4, "max": 5},
    )
    plan = plan_of(members, spec_of(), [])
    case = case_around([*members, person("o", role="caregiver")], spec, plan, DAY)
    rules = relaxations(case)
    assert sorted(rule.code for rule in rules) == [
        "apart", "channel", "churn", "facilitation", "kept", "language", "locked", "lone_newcomer", "meeting",
        "member_fit", "most_groups", "no_availability", "no_lone", "pair_score", "size_max", "size_min", "together",
        "who", "window",
    ]  # fmt: skip
    bare = without(case, rules)
    assert relaxations(bare) == ()
    for rule in rules:  # each by itself is a spec that is valid, and another
        assert rule.drop(case) != case
