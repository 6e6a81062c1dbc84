"""Checks a rematch from members, history and config alone: every tie allowed, every wish kept, every number recomputed.

Of a solver nothing is imported and nothing believed. Rules are asked one by one of the profiles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from matcher.embedding.population import FacetMeans
from matcher.errors import VerificationError
from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.pairing.problem import PairingProblem
from matcher.rematch.config import RematchConfig
from matcher.rematch.everyone import Everyone
from matcher.rematch.group_spec import group_spec
from matcher.rematch.history import History
from matcher.rematch.limited import Limited, open_ties, with_multiplier
from matcher.rematch.plan import PlannedTie, RematchPlan
from matcher.rematch.standing import Standing, banned_pairs, is_protected, limit_of, most_places, sort_out, tied_pairs
from matcher.verification.eligibility import check_pair
from matcher.verification.grouping import verify_groups
from matcher.verification.pairing import verify_pairing

_ROUNDING = 1e-9


def verify_rematch(
    members: Iterable[MemberProfile],
    history: History,
    config: RematchConfig,
    plan: RematchPlan,
    *,
    means: FacetMeans | None = None,
) -> None:
    """Check a plan.

    * every tie: two members whom every hard rule allows, not banned, one tie a pair, its score and standing;
    * everybody: no more ties than they have room for, and whoever looks for a tie has one or is listed without;
    * ties in force: each is kept, broken or void, void ones for the reasons given; protected ones are kept, and no
      more are broken than the limit allows;
    * triads: the joiner may be tied to both of a pair of the plan;
    * groups, by :func:`~matcher.verification.grouping.verify_groups`, and that nobody is in one with whom they are
      never to meet, or after a tie in which one of the two felt unsafe.

    Args:
        members, history, config: what was given to :func:`~matcher.rematch.rematch.rematch`.
        plan: its answer.
        means: what unknown facets score; estimated from ``members`` by default.

    Raises:
        VerificationError: naming the first promise that is broken.

    Cost: some 100 microseconds a member.
    """
    by_id = {member.member_id: member for member in members}
    _require(plan.config_hash == config.fingerprint(), "config_hash: the plan is of another config")
    _require(plan.history_hash == history.fingerprint(), "history_hash: the plan is of another history")
    standing = sort_out(by_id, history, config, plan.as_of)
    _check_standing(standing, config, plan)
    _check_ties(by_id, history, config, plan)
    _check_rooms(by_id, config, standing, plan)
    _check_triads(by_id, history, config, standing, plan)
    if plan.ties:
        _check_scores(Everyone.of(list(by_id.values()), plan.as_of, means), config, plan)
    _check_groups(by_id, history, config, plan, means)


def verify_limited(problems: Sequence[PairingProblem], found: Limited) -> None:
    """Check a plan under a churn limit, its sums and its bound, by the problems alone.

    Raises:
        VerificationError: naming the first promise that is broken.
    """
    broken = objective = shown = 0
    parts = zip(problems, found.problems, found.solutions, found.shown_by, strict=True)
    for problem, last, solution, by in parts:
        verify_pairing(last, solution)
        if by is not solution:
            verify_pairing(with_multiplier(problem, found.multiplier), by)
        worth = problem.weight.copy()
        worth[problem.incumbent_edges] += problem.edge_bonus
        objective += int(worth[solution.edges].sum())
        broken += int(np.count_nonzero(~np.isin(open_ties(problem), solution.edges)))
        shown += by.upper_bound - found.multiplier * len(problem.incumbent_edges)
        kept = np.isin(problem.locked_edges, solution.edges).all()
        _require(bool(kept), "limit: a protected tie is not in the plan")
    _require(broken == found.broken, "limit: another number of ties is broken")
    _require(found.limit is None or broken <= found.limit, "limit: more ties are broken than it allows")
    _require(objective == found.objective, "limit: the plan counts otherwise")
    bound = shown + found.multiplier * (found.limit or 0)
    _require(bound == found.bound and objective <= bound, "limit: the certificates show another bound")


def _require(holds: bool, broken: str) -> None:
    if not holds:
        raise VerificationError(broken)


def _check_standing(standing: Standing, config: RematchConfig, plan: RematchPlan) -> None:
    _require(plan.void == standing.void, "void: not the ties in force that cannot stand")
    made = {tie.key: tie for tie in plan.ties}
    _require(len(made) == len(plan.ties), "ties: one stands there twice")
    stood = {tie.key: tie for tie in standing.stand}
    gone = tuple(tie for tie in standing.stand if tie.key not in made)
    _require(plan.broken == gone, "broken: not the ties in force that are missing from the plan")
    for tie in gone:
        _require(not is_protected(tie, config, plan.as_of), f"broken: {tie.key} is protected")
    limit = plan.churn.plan.limit
    wanted = limit_of(config, plan.churn.could_stand)
    _require(plan.churn.could_stand == len(stood), "churn: not the number of ties that could stand")
    _require(limit == wanted, "churn: not the limit of the config")
    _require(limit is None or len(gone) <= limit, "churn: more ties are broken than the limit allows")
    for key, one in made.items():
        kept = key in stood
        _require(one.standing == ("kept" if kept else "new"), f"standing: of {key} it is not so")
        protected = kept and is_protected(stood[key], config, plan.as_of)
        _require(one.protected == protected, f"protected: of {key} it is not so")


def _check_ties(by_id: Mapping[str, MemberProfile], history: History, config: RematchConfig, plan: RematchPlan) -> None:
    banned, tied = banned_pairs(history, config, plan.as_of), tied_pairs(history)
    seen: set[tuple[str, str]] = set()
    for name, ties, kind in (("pairs", plan.pairs, "buddy"), ("mentors", plan.mentors, "mentor")):
        _require(
            [tie.key for tie in ties] == sorted(tie.key for tie in ties), f"{name}: not in the order of their keys"
        )
        _require(all(tie.kind == kind for tie in ties), f"{name}: holds another kind of tie")
        _require(not ties or kind in config.ties, f"{name}: nobody asked for them")
    for tie in plan.ties:
        pair = min(tie.member_id, tie.peer_id), max(tie.member_id, tie.peer_id)
        _require(tie.kind == "mentor" or pair == (tie.member_id, tie.peer_id), f"pairs: {pair} the other way round")
        _require(pair not in seen, f"ties: {pair} have two")
        seen.add(pair)
        _refuse(by_id, plan, tie.kind, tie.member_id, tie.peer_id)
        if tie.standing == "new":
            _require(pair not in banned, f"ties: {pair} are not to be paired again")
            _require(pair not in tied, f"ties: {pair} have a tie already")
            strong = tie.score >= config.of_kind(tie.kind).threshold - _ROUNDING
            _require(strong, f"ties: {pair} score below the threshold")


def _refuse(by_id: Mapping[str, MemberProfile], plan: RematchPlan, kind: Kind, one: str, other: str) -> None:
    for name in (one, other):
        _require(name in by_id, f"ties: {name!r} is no member")
    rules = check_pair(by_id[one], by_id[other], plan.as_of, kind)
    _require(not rules, f"ties: {one!r} and {other!r} break {', '.join(rules)}")


def _check_rooms(
    by_id: Mapping[str, MemberProfile], config: RematchConfig, standing: Standing, plan: RematchPlan
) -> None:
    load = Counter((tie.kind, 0, tie.member_id) for tie in plan.ties)
    load.update((tie.kind, int(tie.kind == "mentor"), tie.peer_id) for tie in plan.ties)
    for (kind, side, name), count in load.items():
        most = most_places(by_id[name], kind, side)
        if side == 0:
            each = config.buddies.each if kind == "buddy" else 1
            most = min(most, max(each, standing.load.get((kind, 0, name), 0)))
        _require(count <= most, f"room: {name!r} has {count} ties where there is room for {most}")
    alone = sorted(
        (kind, name)
        for kind in config.kinds
        for name, member in by_id.items()
        if member.consent and member.status == "active" and kind in member.seeks and not load[kind, 0, name]
    )
    joined = {("buddy", triad.joiner_id) for triad in plan.triads}
    listed = [(left.kind, left.member_id) for left in plan.unmatched]
    places = [one for one in alone if one not in joined and most_places(by_id[one[1]], one[0], 0)]
    _require(listed == places, "unmatched: not everybody who looks for a tie and has none, in order")


def _check_triads(
    by_id: Mapping[str, MemberProfile],
    history: History,
    config: RematchConfig,
    standing: Standing,
    plan: RematchPlan,
) -> None:
    _require(config.buddies.triads or not plan.triads, "triads: nobody asked for them")
    # Who loses a buddy to the plan may join the pair that takes its place.
    elsewhere = tied_pairs(history) - {tie.pair for tie in standing.of("buddy")}
    banned = banned_pairs(history, config, plan.as_of) | elsewhere
    load = Counter(name for tie in plan.pairs for name in (tie.member_id, tie.peer_id))
    pairs = {(tie.member_id, tie.peer_id) for tie in plan.pairs}
    others = {tuple(sorted((tie.member_id, tie.peer_id))) for tie in plan.mentors}
    everybody = [name for triad in plan.triads for name in (triad.joiner_id, triad.member_id, triad.peer_id)]
    _require(len(set(everybody)) == len(everybody), "triads: somebody is in two")
    for triad in plan.triads:
        pair = triad.member_id, triad.peer_id
        _require(pair in pairs and load[triad.joiner_id] == 0, f"triads: {triad.joiner_id!r} joins no pair of the plan")
        for name in pair:
            _require(load[name] == 1, f"triads: {name!r} has more than one buddy")
            _refuse(by_id, plan, "buddy", triad.joiner_id, name)
            key = min(triad.joiner_id, name), max(triad.joiner_id, name)
            _require(key not in banned and key not in others, f"triads: {key} are not to be paired")


def _check_scores(everyone: Everyone, config: RematchConfig, plan: RematchPlan) -> None:
    place = {name: at for at, name in enumerate(everyone.member_ids)}
    both: tuple[tuple[Kind, tuple[PlannedTie, ...]], ...] = (("buddy", plan.pairs), ("mentor", plan.mentors))
    for kind, ties in both:
        one = np.array([place[tie.member_id] for tie in ties], np.int64)
        other = np.array([place[tie.peer_id] for tie in ties], np.int64)
        told = np.array([tie.score for tie in ties])
        exact = everyone.scores(one, other, kind, config.of_kind(kind).facet_weights(kind))
        _require(bool((np.abs(told - exact) <= 1 / WEIGHT_SCALE).all()), f"score: of a {kind} it is another")


def _check_groups(
    by_id: Mapping[str, MemberProfile],
    history: History,
    config: RematchConfig,
    plan: RematchPlan,
    means: FacetMeans | None,
) -> None:
    _require((plan.groups is not None) == ("group" in config.ties), "groups: there if and only if they are asked for")
    if plan.groups is not None:
        felt_unsafe = (
            tie.pair for tie in history.ties if tie.state != "current" and (tie.why or "").strip().lower() == "unsafe"
        )
        apart = [frozenset(pair) for pair in (*history.never, *felt_unsafe)]
        for group in plan.groups.groups:
            people = {*group.member_ids, *group.facilitators}
            together = any(len(pair) == 2 and pair <= people for pair in apart)
            _require(not together, f"group {group.name!r}: has two who are to be kept apart")
        verify_groups(list(by_id.values()), group_spec(history, config, by_id), plan.groups, means=means)
