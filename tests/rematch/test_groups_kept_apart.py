"""Who is never to meet is in no group together, whatever the groups in force and the config say."""

from __future__ import annotations

import dataclasses
import importlib
from datetime import date
from typing import Any

import pytest

from matcher import MemberProfile, RematchConfig, RematchPlan, rematch, verify_rematch
from matcher.errors import InvalidProblem, VerificationError
from matcher.grouping.existing import ExistingGroup
from matcher.members.sample import SAMPLE_DAY
from matcher.rematch.group_spec import group_spec, kept_apart
from matcher.rematch.history import History, Tie
from tests.rematch.communities import community

FIELDS: dict[str, Any] = {"ties": ["group"], "groups": {"iterations": 1}, "audit": [], "baselines": []}
CONFIG = RematchConfig.parse(FIELDS)
IDS = ("a", "b", "c", "d")


def planned(history: History, **fields: Any) -> RematchPlan:
    return rematch(community(60), history, RematchConfig.parse(FIELDS | fields), SAMPLE_DAY)


@pytest.fixture(scope="module")
def together() -> tuple[ExistingGroup, str, str]:
    """A group that a plan makes, and two of it."""
    found = planned(History()).groups
    assert found is not None
    group = max(found.groups, key=lambda group: len(group.member_ids))
    return ExistingGroup(name=group.name, members=group.member_ids), group.member_ids[0], group.member_ids[-1]


def test_who_is_never_to_meet_or_felt_unsafe_is_kept_apart_and_nobody_else() -> None:
    over = date(2001, 1, 1)
    history = History(
        (
            Tie("buddy", "a", "c", "ended", None, over, "unsafe"),
            Tie("mentor", "c", "b", "ended", None, over, "no_fit"),
            Tie("buddy", "b", "d", "declined", None, over),
            Tie("buddy", "c", "d", "expired"),
            Tie("buddy", "a", "d"),
        ),
        never=(("b", "a"), ("a", "b"), ("a", "gone"), ("c", "c")),
    )
    assert kept_apart(history, IDS) == (("a", "b"), ("a", "c"))
    assert group_spec(history, CONFIG, IDS).apart == (("a", "b"), ("a", "c"))
    wished = RematchConfig.parse(FIELDS | {"groups": {"spec": {"apart": [["b", "d"]]}, "incumbents": False}})
    assert group_spec(history, wished, IDS).apart == (("b", "d"), ("a", "b"), ("a", "c"))


@pytest.mark.parametrize("incumbents", [True, False])
@pytest.mark.parametrize("unsafe", [True, False])
def test_no_plan_has_them_in_one_group(
    together: tuple[ExistingGroup, str, str], incumbents: bool, unsafe: bool
) -> None:
    group, one, other = together
    tie = Tie("buddy", one, other, "ended", None, date(2001, 1, 1), "unsafe")
    history = History((tie,) if unsafe else (), groups=(group,), never=() if unsafe else ((other, one),))
    plan = planned(history, groups={"iterations": 1, "incumbents": incumbents})
    assert plan.groups is not None
    placed = plan.groups.group_of()
    assert placed.get(one, "none") != placed.get(other, "nowhere")


def test_the_verifier_looks_at_the_pairs_themselves(
    together: tuple[ExistingGroup, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, one, other = together
    history = History(never=((one, other),))
    before = planned(History())
    forged = dataclasses.replace(before, history_hash=history.fingerprint())
    module = importlib.import_module("matcher.rematch.verify")
    monkeypatch.setattr(module, "group_spec", lambda _, config, __: config.groups.spec)
    with pytest.raises(VerificationError, match="two who are to be kept apart"):
        verify_rematch(community(60), history, CONFIG, forged)


@pytest.mark.parametrize(
    "group",
    [
        ExistingGroup(name="A", members=("a", "b", "c"), locked=True),
        ExistingGroup(name="A", members=("a", "b", "c"), locked_members=("a", "b")),
        ExistingGroup(name="A", members=("a", "c"), locked=True, facilitators=("b",)),
    ],
)
def test_a_lock_that_keeps_them_together_is_refused_and_names_nobody(group: ExistingGroup) -> None:
    with pytest.raises(InvalidProblem, match="A keeps two members together who are never to meet") as caught:
        group_spec(History(groups=(group,), never=(("a", "b"),)), CONFIG, IDS)
    assert [problem.where for problem in caught.value.problems] == ["groups[0]"]


def test_a_wish_to_have_them_together_is_refused() -> None:
    wished = RematchConfig.parse(FIELDS | {"groups": {"spec": {"together": [["a", "b"]]}}})
    with pytest.raises(InvalidProblem, match="together and apart"):
        group_spec(History(never=(("a", "b"),)), wished, IDS)


def test_what_config_and_history_contradict_is_told_before_anything_is_searched() -> None:
    members: tuple[MemberProfile, ...] = community(12)
    first = members[0].member_id
    config = RematchConfig.parse(FIELDS | {"groups": {"spec": {"groups": [{"name": "A", "members": [first]}]}}})
    history = History(groups=(ExistingGroup(name="B", members=(first,)),))
    told: list[str] = []
    with pytest.raises(InvalidProblem, match="a member is in two existing groups"):
        rematch(members, history, config, SAMPLE_DAY, progress=lambda phase, _: told.append(phase))
    assert set(told) == {"reading"}
