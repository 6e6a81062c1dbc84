"""Members change after a plan broke no rule: asking their groups finds what asking everybody finds."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.grouping.plan import GroupPlan
from matcher.grouping.renewal import broken_by_now, broken_near
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from tests.grouping.people import DAY, MEANS, draft, people, person, plan_of, spec_of

EXISTING = [{"name": "one", "members": ["a", "b", "e"]}, {"name": "three", "members": ["g", "h", "i"]}]


@pytest.fixture
def held() -> tuple[list[MemberProfile], GroupSpec, GroupPlan]:
    """Of existing groups ``i`` had to leave, and nobody else may; ``z`` is in no group."""
    members = [*people("abcdefghkz"), person("i", status="withdrawn")]
    spec = spec_of(groups=EXISTING, churn=0, apart=[["a", "d"]])
    groups = [draft("one", "abe"), draft("three", "gh"), draft("two", "cdf")]
    plan = plan_of(members, spec, groups)
    assert broken_by_now(members, spec, plan, DAY, MEANS) == ()
    return members, spec, plan


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"c": {"status": "withdrawn"}}, {"status"}),
        ({"c": {"blocked": ["d"]}}, {"block"}),
        ({"c": {"blocked": ["a"]}}, set()),
        ({"c": {"interests": ["chess"]}}, set()),
        ({"c": {"languages": ["de"]}}, {"language"}),
        ({"c": None}, {"stranger"}),
        ({"c": {"consent": False}, "g": {"blocked": ["h"]}}, {"consent", "block"}),
        ({"i": {"status": "active"}}, {"churn"}),
        ({"z": {"blocked": ["a"]}, "k": None}, set()),
    ],
)
def test_who_has_changed_is_asked_with_their_groups(
    held: tuple[list[MemberProfile], GroupSpec, GroupPlan], changed: dict[str, Any], rules: set[str]
) -> None:
    members, spec, plan = held
    now = [one for one in members if one.member_id not in changed]
    now += [person(name, **fields) for name, fields in changed.items() if fields is not None]
    found = broken_near(frozenset(changed), now, spec, plan, DAY, MEANS)
    assert found == broken_by_now(now, spec, plan, DAY, MEANS)
    assert {violation.rule for _, violation in found} >= rules
    assert bool(found) == bool(rules)
