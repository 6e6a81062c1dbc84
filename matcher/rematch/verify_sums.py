"""Adds up anew what a plan says of itself: certificates, its point on the curve, and what changes for whom."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from fractions import Fraction

from matcher.errors import VerificationError
from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.members.vocabulary import Kind
from matcher.rematch.config import RematchConfig
from matcher.rematch.diff import KindDiff
from matcher.rematch.history import History
from matcher.rematch.plan import Certificate, PlannedTie, RematchPlan
from matcher.rematch.verify_history import Key, Past, works

_ROUNDING = 1e-9
_Changes = tuple[Mapping[str, object], Mapping[str, object], tuple[int, int, int, int]]
"""What members have before and after; how many are kept, new, broken and void."""


def check_certificates(past: Past, config: RematchConfig, plan: RematchPlan) -> None:
    """Check pairs, scores and worth of each kind, and that no bound is below them."""
    _require([one.kind for one in plan.certificates] == list(config.kinds), "certificates: not one a kind")
    for one in plan.certificates:
        ties, wish = plan.pairs if one.kind == "buddy" else plan.mentors, config.of_kind(one.kind)
        told = f"certificate: of a {one.kind}"
        prize = round(wish.prize * WEIGHT_SCALE) if wish.objective == "coverage" else 0
        _require((one.objective, one.prize) == (wish.objective, prize), f"{told} the objective is another")
        _require(one.pairs == len(ties), f"{told} there is another number of pairs")
        # Each score of the search is rounded to a millionth.
        _require(
            abs(one.score - WEIGHT_SCALE * sum(tie.score for tie in ties)) <= len(ties), f"{told} the score is another"
        )
        _require(one.worth - one.score == _bonus(ties, past, config), f"{told} the bonus of what is kept is another")
        _check_bounds(one, told)


def _bonus(ties: Iterable[PlannedTie], past: Past, config: RematchConfig) -> int:
    kept = [past.stand[tie.key] for tie in ties if tie.key in past.stand]
    return sum(round((config.bonus.kept + config.bonus.works * works(tie)) * WEIGHT_SCALE) for tie in kept)


def _check_bounds(one: Certificate, told: str) -> None:
    objective = one.worth + one.prize * one.pairs
    _require(objective <= min(one.upper_bound, one.upper_bound_all_pairs), f"{told} a bound is below the plan")
    gap = (one.upper_bound - objective) / one.upper_bound if one.upper_bound else 0.0
    _require(abs(one.gap - gap) <= _ROUNDING, f"{told} the gap is another")
    _require((one.status == "optimal") == (objective == one.upper_bound), f"{told} the status is another")


def check_curve(past: Past, config: RematchConfig, plan: RematchPlan) -> None:
    """Check the limits of the curve, the sums of the plan's own point, and that no point falls or exceeds its bound."""
    curve, point = plan.churn, plan.churn.plan
    _require(curve.could_stand == len(past.stand), "churn: not the number of ties that could stand")
    _require(curve.protected == len(past.protected), "churn: not the number of ties that are protected")
    _require(point.limit == past.limit, "churn: not the limit of the config")
    shares = [Fraction(one) * len(past.stand) if isinstance(one, float) else one for one in config.churn.sweep]
    limits = {0, *(int(one + Fraction(1, 10**9)) for one in shares), *([] if past.limit is None else [past.limit])}
    _require([one.limit for one in curve.points] == [*sorted(limits), None], "curve: not a point a limit, in order")
    _require(point in curve.points, "curve: the plan is none of its points")
    sums = [sum(getattr(one, name) for one in plan.certificates) for name in ("pairs", "score", "worth")]
    prizes = sum(one.prize * one.pairs for one in plan.certificates)
    _require([point.pairs, point.score, point.worth] == sums, "curve: the plan's point has other pairs or scores")
    _require(point.broken == len(plan.broken), "curve: the plan's point breaks another number of ties")
    _require(point.objective == point.worth + prizes, "curve: the plan's point counts otherwise")
    for one in curve.points:
        _require(one.objective <= one.bound, "curve: a point exceeds its bound")
        _require(one.limit is None or one.broken <= one.limit, "curve: a point breaks more than its limit allows")
    rising = all(one.objective <= other.objective for one, other in itertools.pairwise(curve.points))
    _require(rising, "curve: a higher limit has a lower objective")


def check_diff(members: Iterable[str], history: History, past: Past, config: RematchConfig, plan: RematchPlan) -> None:
    """Check who gains, loses and changes ties and groups, and how many there are of each."""
    asked = [*config.kinds, *(["group"] if plan.groups is not None else [])]
    _require([one.kind for one in plan.diff.kinds] == asked, "diff: not one of each kind")
    affected: set[str] = set()
    for one in plan.diff.kinds:
        if one.kind == "group":
            changes = _of_groups(frozenset(members), history, config, plan)
        else:
            changes = _of_ties("mentor" if one.kind == "mentor" else "buddy", past, plan)
        _check_changes(one, *changes)
        affected.update(one.gain, one.lose, one.change)
    _require(list(plan.diff.affected) == sorted(affected), "diff: not everybody for whom something changes")


def _check_changes(
    one: KindDiff, before: Mapping[str, object], after: Mapping[str, object], counts: tuple[int, int, int, int]
) -> None:
    _require((one.kept, one.new, one.broken, one.void) == counts, f"diff: of {one.kind} the counts are others")
    gain = sorted(name for name in after if name not in before)
    lose = sorted(name for name in before if name not in after)
    change = sorted(name for name in after if name in before and after[name] != before[name])
    _require([list(one.gain), list(one.lose), list(one.change)] == [gain, lose, change], f"diff: of {one.kind} not so")


def _of_ties(kind: Kind, past: Past, plan: RematchPlan) -> _Changes:
    old = {key for key in past.stand if key[0] == kind}
    new = {tie.key for tie in plan.ties if tie.kind == kind}
    void = sum(one.tie.kind == kind for one in plan.void)
    return _partners(old), _partners(new), (len(old & new), len(new - old), len(old - new), void)


def _partners(keys: Iterable[Key]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for _, one, other in keys:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found


def _of_groups(members: frozenset[str], history: History, config: RematchConfig, plan: RematchPlan) -> _Changes:
    assert plan.groups is not None
    assert config.groups is not None
    old = {name: group.name for group in history.groups for name in group.members}
    here = {name: group for name, group in old.items() if name in members}
    new = {name: group.name for group in plan.groups.groups for name in group.member_ids}
    # A group that nobody asked to go on with is over, whatever a new one is called.
    goes_on = {group.name for group in config.groups.spec.groups}
    if config.groups.incumbents:
        goes_on.update(old.values())
    stay = {name for name, group in here.items() if new.get(name) == group and group in goes_on}
    must_leave = sum(name in here for name in plan.groups.must_leave)
    counts = len(stay), len(new) - len(stay), len(here) - len(stay) - must_leave, must_leave + len(old) - len(here)
    before = {name: group if group in goes_on else f"old {group}" for name, group in here.items()}
    return before, {name: group if name in stay else f"new {group}" for name, group in new.items()}, counts


def _require(holds: bool, broken: str) -> None:
    if not holds:
        raise VerificationError(broken)
