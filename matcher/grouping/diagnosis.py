"""Why not everybody has a group: which rules of the spec are to blame, and which small changes would help.

A set of rules is to blame if nobody more can be placed as long as these rules hold, whatever the others say, and if
that is true of none of its proper subsets. It is found with a deletion filter (Chinneck and Dravnieks, ORSA Journal on
Computing 3(2), 1991, on irreducible infeasible sets of linear programmes): rules are dropped one by one, and what makes
no difference stays dropped. Each question is answered by a short search on the part of the plan around the unplaced,
so *more can be placed* is always shown by a plan, while *no more can be placed* says that this search found none.

What protects members is no part of a spec and is never dropped; it is named where it keeps somebody out.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matcher.embedding.population import FacetMeans
from matcher.grouping.convenient_times import TimeTrouble, time_trouble
from matcher.grouping.neighbourhood import MOST_MEMBERS, case_around, curable
from matcher.grouping.own_wishes import closed_to_all, short_of_peers
from matcher.grouping.plan import Blamed, Diagnosis, GroupPlan, Relief
from matcher.grouping.relaxation import Case, Relaxation, counted, relaxations, without
from matcher.grouping.relief import Ladder, ladders
from matcher.grouping.spec import GroupSpec
from matcher.grouping.trials import Solve, Trials
from matcher.members.profile import MemberProfile

MOST_RELIEFS = 12
MOST_ASKED = 5000
SEARCHES = 25
"""That a diagnosis has to have time for."""
FEWEST_MEMBERS = 60


@dataclass(frozen=True, slots=True)
class _Trial:
    """What it brought to drop a rule."""

    gain: int
    plan: GroupPlan


def diagnose(
    members: Sequence[MemberProfile],
    spec: GroupSpec,
    plan: GroupPlan,
    as_of: datetime.date,
    *,
    solve: Solve,
    means: FacetMeans | None = None,
    seed: int = 0,
    time_limit_s: float = 6.0,
    iterations: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
    most: int = MOST_MEMBERS,
) -> Diagnosis | None:
    """Find out why somebody has no group; ``None`` if everybody has.

    Args:
        members: the community, as it was given to the solver.
        spec: what was asked.
        plan: the answer.
        as_of: the day for ages and stages.
        solve: the solver.
        means: what unknown facets score; as the community has it if not given.
        seed: of the searches.
        time_limit_s: wall time for all of it. At most some fifty searches are made, fewer as a rule.
        iterations: of each search; by the number of members if not given.
        stopped: asked before each search; True ends the diagnosis with what is known by then.
        most: about so many members, the unplaced and the groups around them, are looked at.
    """
    if not plan.unplaced:
        return None
    start = time.perf_counter()
    means = FacetMeans.estimate(members, as_of) if means is None else means
    trials = Trials(solve, as_of, means, seed, iterations, start + 0.6 * time_limit_s, stopped)
    closed = closed_to_all(plan.unplaced)
    case, again = _manageable(lambda size: case_around(members, spec, plan, as_of, size), most, trials, time_limit_s)
    placed = case.watched.intersection(plan.group_of())
    unplaced = [one for one in case.members if one.member_id in case.watched and one.member_id not in placed]
    if not unplaced:
        return Diagnosis(len(plan.unplaced), closed, ())
    trials.base = len(placed)
    more = trials.gain(case, again)
    reliefs = [Relief("search for longer", more, 1)] if more > 0 else []
    trials.base += max(0, more)

    waiting = curable(members, spec, plan, as_of)
    trouble = time_trouble(
        Case(tuple(members), spec, as_of, frozenset()), waiting[:: max(1, -(-len(waiting) // MOST_ASKED))]
    )
    rules = relaxations(case)
    alone = _alone(case, rules, trials)
    blamed = _deletion_filter(case, rules, alone, trials)
    trials.deadline = start + time_limit_s
    found = [_blame(rule, alone.get(rule), unplaced, trouble) for rule in blamed]
    found.sort(key=lambda one: -one.members)
    for rule, trial in alone.items():
        for ladder in ladders(case, unplaced, rule, trial.plan, trouble):
            reliefs += _climbed(ladder, trials)
    if not alone and blamed:
        reliefs += _only_together(case, rules, trials)
    reliefs = sorted(set(reliefs), key=lambda relief: (relief.cost, -relief.places, relief.text))[:MOST_RELIEFS]
    wishes = short_of_peers(case, unplaced, as_of)
    return Diagnosis(len(plan.unplaced), (*found, *wishes, *closed), tuple(reliefs), trials.finished)


def _manageable(
    case_of: Callable[[int], Case], most: int, trials: Trials, time_limit_s: float
) -> tuple[Case, GroupPlan | None]:
    """A question small enough that some thirty like it are answered in time, and its answer."""
    while True:
        case = case_of(most)
        begun = time.perf_counter()
        answer = trials.plan(case)
        share = SEARCHES * (time.perf_counter() - begun) / max(time_limit_s, 1e-3)
        if share <= 1.0 or len(case.watched) <= FEWEST_MEMBERS or not trials.finished or most <= FEWEST_MEMBERS:
            return case, answer
        most = max(FEWEST_MEMBERS, int(len(case.watched) * max(0.3, share**-0.5)))


def _alone(case: Case, rules: Sequence[Relaxation], trials: Trials) -> dict[Relaxation, _Trial]:
    """Rules that keep somebody out by themselves: they are part of every set that is to blame."""
    found = {}
    for rule in reversed(rules):  # those that are most likely felt first, as time may run out
        plan = trials.plan(rule.drop(case))
        if plan is not None and (gain := trials.gain(case, plan)) > 0:
            found[rule] = _Trial(gain, plan)
    return found


def _deletion_filter(
    case: Case, rules: Sequence[Relaxation], alone: dict[Relaxation, _Trial], trials: Trials
) -> list[Relaxation]:
    """A smallest set of rules that keeps everybody out who is; empty if it is none of them.

    If time runs out, those of it that are known: the ones that keep somebody out by themselves.
    """

    def places_more(kept: Sequence[Relaxation]) -> bool:
        relaxed = without(case, [rule for rule in rules if rule not in kept])
        return trials.gain(relaxed, trials.plan(relaxed)) > 0

    if not alone and not places_more(()):
        return []
    if alone and not places_more(list(alone)):
        return list(alone)
    kept = list(rules)
    for rule in rules:
        if rule not in alone:
            rest = [other for other in kept if other is not rule]
            if not places_more(rest):
                kept = rest
    return kept if trials.finished else list(alone)


def _only_together(case: Case, rules: Sequence[Relaxation], trials: Trials) -> list[Relief]:
    """A smallest set of rules that must all go before anybody is placed, if no rule by itself makes a difference."""
    dropped, gain = list(rules), 0
    for rule in rules:
        rest = [other for other in dropped if other is not rule]
        relaxed = without(case, rest)
        now = trials.gain(relaxed, trials.plan(relaxed))
        if now > 0:
            dropped, gain = rest, now
    if not gain:
        return []
    return [Relief("only all of this together: do without " + "; ".join(rule.name for rule in dropped), gain, 5)]


def _climbed(ladder: Ladder, trials: Trials) -> list[Relief]:
    for proposal in ladder:
        gain = trials.gain(proposal.case, trials.plan(proposal.case))
        if gain > 0:
            reason = f"{proposal.why}; " if proposal.why else ""
            return [Relief(f"{reason}{proposal.text}", gain, proposal.cost)]
        if not trials.finished:
            break
    return []


def _blame(rule: Relaxation, trial: _Trial | None, unplaced: Sequence[MemberProfile], trouble: TimeTrouble) -> Blamed:
    what = rule.name[0].upper() + rule.name[1:]
    if trial is None:
        return Blamed(rule.code, f"{what}: one of several things that would each keep people out", 0)
    helped = sum(member.member_id in trial.plan.group_of() for member in unplaced)
    several = "at least " if len(unplaced) < trouble.looked_at else ""
    text = f"{what}: without it {several}{counted(trial.gain, 'more member')} could be placed"
    all_of_them = f"of the {trouble.looked_at} without a group"
    if rule.code == "window" and trouble.never:
        text += f"; {trouble.never} {all_of_them} can come at no time that is offered"
    if rule.code == "facilitation" and trouble.unled:
        text += f"; {trouble.unled} {all_of_them} share no time with anybody who may lead"
    return Blamed(rule.code, text, helped)
