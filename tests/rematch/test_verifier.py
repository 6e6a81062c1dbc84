"""What checks a plan finds whatever is wrong with it, and reads members, history and config by itself."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from matcher import RematchConfig, RematchPlan, rematch, verify_rematch
from matcher.errors import VerificationError
from matcher.grouping.existing import ExistingGroup
from matcher.members.fingerprints import members_hash
from matcher.members.sample import SAMPLE_DAY
from matcher.rematch.history import History, Tie
from matcher.rematch.plan import PlannedTie
from tests.rematch.communities import community, past

MEMBERS = community(110, 1)
CONFIG = RematchConfig.parse(
    {
        "ties": ["buddy", "mentor", "group"],
        "groups": {"iterations": 1},
        "churn": {"share": 0.5, "sweep": [0.29]},
        "bonus": {"kept": 0.1},
        "audit": [],
        "baselines": [],
    }
)
Change = Callable[[RematchPlan], dict[str, Any]]


@pytest.fixture(scope="module")
def history() -> History:
    group = ExistingGroup(name="A", members=(*(one.member_id for one in MEMBERS[:4]), "gone"))
    return dataclasses.replace(past(MEMBERS, 3), groups=(group,))


@pytest.fixture(scope="module")
def plan(history: History) -> RematchPlan:
    plan = rematch(MEMBERS, history, CONFIG, SAMPLE_DAY)
    assert plan.broken
    assert plan.void
    assert any(tie.standing == "kept" for tie in plan.ties)
    return plan


def _turned(tie: PlannedTie) -> PlannedTie:
    return dataclasses.replace(tie, standing="new" if tie.standing == "kept" else "kept")


def first_tie(**other: Any) -> Change:
    return lambda plan: {"pairs": (dataclasses.replace(plan.pairs[0], **other), *plan.pairs[1:])}


def certificate(**by: int) -> Change:
    def change(plan: RematchPlan) -> dict[str, Any]:
        first, *rest = plan.certificates
        other = {name: getattr(first, name) + more for name, more in by.items()}
        return {"certificates": (dataclasses.replace(first, **other), *rest)}

    return change


def curve(point: dict[str, int] | None = None, **by: int) -> Change:
    def change(plan: RematchPlan) -> dict[str, Any]:
        other = {name: getattr(plan.churn, name) + more for name, more in by.items()}
        if point is not None:
            told = {name: getattr(plan.churn.plan, name) + more for name, more in point.items()}
            other["plan"] = dataclasses.replace(plan.churn.plan, **told)
            other["points"] = tuple(other["plan"] if one == plan.churn.plan else one for one in plan.churn.points)
        return {"churn": dataclasses.replace(plan.churn, **other)}

    return change


def kind_diff(at: int, **other: Any) -> Change:
    def change(plan: RematchPlan) -> dict[str, Any]:
        kinds = list(plan.diff.kinds)
        kinds[at] = dataclasses.replace(kinds[at], **other)
        return {"diff": dataclasses.replace(plan.diff, kinds=tuple(kinds))}

    return change


TAMPERED: dict[str, tuple[Change, str]] = {
    "a tie twice": (lambda p: {"pairs": (p.pairs[0], *p.pairs)}, "twice|two|order"),
    "a new score": (first_tie(score=0.999), "score"),
    "a tie left out": (lambda p: {"pairs": p.pairs[1:]}, "broken|unmatched"),
    "another standing": (lambda p: {"pairs": (_turned(p.pairs[0]), *p.pairs[1:])}, "standing"),
    "a void tie hidden": (lambda p: {"void": p.void[1:]}, "void"),
    "a broken tie hidden": (lambda p: {"broken": p.broken[1:]}, "broken"),
    "somebody forgotten": (lambda p: {"unmatched": p.unmatched[1:]}, "unmatched"),
    "another limit": (curve({"limit": 10**6}), "limit"),
    "another config": (lambda _: {"config_hash": "0" * 16}, "config_hash"),
    "other members": (lambda _: {"members_hash": "0" * 16}, "members_hash"),
    "more members": (lambda p: {"members": p.members + 1}, "members"),
    "who left a group hidden": (lambda _: {"left_groups": ()}, "left_groups"),
    "a time limit hidden": (lambda p: {"reproducible": not p.reproducible}, "reproducible"),
    "more pairs in a certificate": (certificate(pairs=1), "certificate: .* number of pairs"),
    "more score in a certificate": (certificate(score=10**6), "certificate: .* score"),
    "more worth in a certificate": (certificate(worth=1), "certificate: .* bonus"),
    "another prize": (certificate(prize=1), "certificate: .* objective"),
    "a lower bound": (certificate(upper_bound_all_pairs=-(10**9)), "certificate: .* below the plan"),
    "a higher bound": (certificate(upper_bound=10**6), "certificate: .* (gap|status)"),
    "a certificate missing": (lambda p: {"certificates": p.certificates[1:]}, "certificates"),
    "more protected": (curve(protected=1), "churn"),
    "more score on the curve": (curve({"score": 1}), "curve: the plan's point"),
    "fewer broken on the curve": (curve({"broken": -1}), "curve: the plan's point"),
    "a bound below the plan": (curve({"bound": -(10**9)}), "curve: a point exceeds"),
    "a point missing": (lambda p: {"churn": dataclasses.replace(p.churn, points=p.churn.points[:-1])}, "curve"),
    "nobody gains": (kind_diff(0, gain=()), "diff: of buddy not so"),
    "more kept": (kind_diff(1, kept=10**6), "diff: of mentor the counts"),
    "nobody moves group": (kind_diff(2, change=(), gain=()), "diff: of group not so"),
    "fewer affected": (
        lambda p: {"diff": dataclasses.replace(p.diff, affected=p.diff.affected[1:])}, "diff: not everybody",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_the_verifier_finds_what_is_wrong(name: str, plan: RematchPlan, history: History) -> None:
    change, message = TAMPERED[name]
    with pytest.raises(VerificationError, match=message):
        verify_rematch(MEMBERS, history, CONFIG, dataclasses.replace(plan, **change(plan)))


def test_the_verifier_asks_the_rules_itself(plan: RematchPlan, history: History) -> None:
    new = next(tie for tie in plan.ties if tie.standing == "new")
    blocking = [
        member.model_copy(update={"blocked": (*member.blocked, new.peer_id)})
        if member.member_id == new.member_id
        else member
        for member in MEMBERS
    ]
    with pytest.raises(VerificationError, match="block"):
        verify_rematch(blocking, history, CONFIG, dataclasses.replace(plan, members_hash=members_hash(blocking)))


BUDDIES = RematchConfig.parse(
    {"ties": ["buddy"], "audit": [], "baselines": [], "protect": {"days": 30}, "churn": {"share": 0.0}}
)


@pytest.mark.parametrize(
    ("module", "name", "instead", "message"),
    [
        ("standing", "banned_pairs", lambda *_: set(), "not to be paired again"),
        ("kind_problem", "is_protected", lambda *_: False, "protected"),
        ("solved", "limit_of", lambda *_: None, "limit"),
        ("made", "is_protected", lambda *_: False, "protected: of"),
        ("churn_curve", "share_of", lambda *_: 3, "curve: not a point a limit"),
    ],
)
def test_it_believes_nothing_of_what_made_the_plan(
    module: str, name: str, instead: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = community(12)
    pairs = rematch(members, History(), BUDDIES, SAMPLE_DAY).pairs
    over = Tie("buddy", pairs[0].member_id, pairs[0].peer_id, "ended", SAMPLE_DAY - timedelta(days=900))
    young = Tie("buddy", pairs[1].member_id, pairs[1].peer_id, since=SAMPLE_DAY - timedelta(days=1))
    history = History((over, young))
    config = RematchConfig.parse(BUDDIES.model_dump() | {"churn": {"share": 0.0, "sweep": [0.5]}})
    rematch(members, history, config, SAMPLE_DAY)
    monkeypatch.setattr(importlib.import_module(f"matcher.rematch.{module}"), name, instead)
    with pytest.raises(VerificationError, match=message):
        rematch(members, history, config, SAMPLE_DAY)


def test_every_point_of_the_curve_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("matcher.rematch.churn_curve")
    honest = module._point

    def boasting(found: Any, prizes: Any) -> Any:
        point = honest(found, prizes)
        return dataclasses.replace(point, score=point.score + 1) if point.limit == 0 else point

    monkeypatch.setattr(module, "_point", boasting)
    with pytest.raises(VerificationError, match="curve: at 0 pairs or scores differ"):
        rematch(community(12), History(), RematchConfig.parse({"ties": ["buddy"], "audit": []}), SAMPLE_DAY)
