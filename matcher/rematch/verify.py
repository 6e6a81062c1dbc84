"""Checks a rematch from members, history and config alone: every tie allowed, every wish kept, every sum added up anew.

Of what makes a plan nothing is imported and nothing believed: what history and config say of today is read by
:mod:`matcher.rematch.verify_history`, and rules are asked one by one of the profiles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from matcher.embedding.population import FacetMeans
from matcher.errors import VerificationError
from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.members.fingerprints import members_hash
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.rematch.config import RematchConfig
from matcher.rematch.everyone import Everyone
from matcher.rematch.group_spec import group_spec
from matcher.rematch.history import History
from matcher.rematch.plan import PlannedTie, RematchPlan
from matcher.rematch.verify_history import Past, ends, places
from matcher.rematch.verify_sums import check_certificates, check_curve, check_diff
from matcher.verification.eligibility import check_pair
from matcher.verification.grouping import verify_groups

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

    * what it was made from: the hashes of members, history and config, and who has left the groups in force;
    * every tie: two members whom every hard rule allows, not banned, one tie a pair, its score and standing;
    * everybody: no more ties than they have room for, and whoever looks for a tie has one or is listed without;
    * ties in force: each is kept, broken or void, void ones for the reasons given; protected ones are kept, and no
      more are broken than the limit allows;
    * triads: the joiner may be tied to both of a pair of the plan;
    * groups, by :func:`~matcher.verification.grouping.verify_groups`, and that nobody is in one with whom they are
      never to meet, or after a tie in which one of the two felt unsafe;
    * sums: pairs, scores and worth of the certificates and of the plan's point on the curve; and the diff.

    Not looked at: why somebody has no tie, the figures of ``metrics`` and ``subgroups``, and whether the bounds hold.
    Bounds are shown by the pairing problems, which a plan does not hold: a run checks them, and every point of the
    curve, by :func:`~matcher.rematch.verify_limited.verify_curve`.

    Args:
        members, history, config: what was given to :func:`~matcher.rematch.rematch.rematch`.
        plan: its answer.
        means: what unknown facets score; estimated from ``members`` by default.

    Raises:
        VerificationError: naming the first promise that is broken.

    Cost: some 100 microseconds a member.
    """
    by_id = {member.member_id: member for member in members}
    past = Past.of(by_id, history, config, plan.as_of)
    _check_origin(by_id, history, config, plan)
    _check_standing(past, plan)
    _check_ties(by_id, past, config, plan)
    _check_rooms(by_id, past, config, plan)
    _check_triads(by_id, past, config, plan)
    if plan.ties:
        _check_scores(Everyone.of(list(by_id.values()), plan.as_of, means), config, plan)
    _check_groups(by_id, history, past, config, plan, means)
    check_certificates(past, config, plan)
    check_curve(past, config, plan)
    check_diff(by_id, history, past, config, plan)


def _require(holds: bool, broken: str) -> None:
    if not holds:
        raise VerificationError(broken)


def _check_origin(
    by_id: Mapping[str, MemberProfile], history: History, config: RematchConfig, plan: RematchPlan
) -> None:
    _require(plan.config_hash == config.fingerprint(), "config_hash: the plan is of another config")
    _require(plan.history_hash == history.fingerprint(), "history_hash: the plan is of another history")
    _require(plan.members_hash == members_hash(by_id.values()), "members_hash: the plan is of other members")
    _require(plan.members == len(by_id), "members: there is another number of them")
    _require(config.seed is None or plan.seed == config.seed, "seed: not that of the config")
    _require(plan.reproducible == (config.time_limit_s is None), "reproducible: only without a time limit")
    left = [(group.name, name) for group in history.groups for name in group.members if name not in by_id]
    _require(list(plan.left_groups) == left, "left_groups: not the members of groups who are no more")


def _check_standing(past: Past, plan: RematchPlan) -> None:
    _require(plan.void == past.void, "void: not the ties in force that cannot stand")
    made = {tie.key: tie for tie in plan.ties}
    _require(len(made) == len(plan.ties), "ties: one stands there twice")
    gone = tuple(tie for key, tie in past.stand.items() if key not in made)
    _require(plan.broken == gone, "broken: not the ties in force that are missing from the plan")
    for tie in gone:
        _require(tie.key not in past.protected, f"broken: {tie.key} is protected")
    _require(past.limit is None or len(gone) <= past.limit, "churn: more ties are broken than the limit allows")
    for key, one in made.items():
        _require(one.standing == ("kept" if key in past.stand else "new"), f"standing: of {key} it is not so")
        _require(one.protected == (key in past.protected), f"protected: of {key} it is not so")


def _check_ties(by_id: Mapping[str, MemberProfile], past: Past, config: RematchConfig, plan: RematchPlan) -> None:
    seen: set[frozenset[str]] = set()
    for name, ties, kind in (("pairs", plan.pairs, "buddy"), ("mentors", plan.mentors, "mentor")):
        _require(
            [tie.key for tie in ties] == sorted(tie.key for tie in ties), f"{name}: not in the order of their keys"
        )
        _require(all(tie.kind == kind for tie in ties), f"{name}: holds another kind of tie")
        _require(not ties or kind in config.ties, f"{name}: nobody asked for them")
    for tie in plan.ties:
        ids, pair = (tie.member_id, tie.peer_id), frozenset((tie.member_id, tie.peer_id))
        _require(tie.kind == "mentor" or tie.member_id < tie.peer_id, f"pairs: {ids} the other way round")
        _require(pair not in seen, f"ties: {ids} have two")
        seen.add(pair)
        _refuse(by_id, plan, tie.kind, tie.member_id, tie.peer_id)
        if tie.standing == "new":
            _require(pair not in past.over, f"ties: {ids} are not to be paired again")
            _require(pair not in past.tied, f"ties: {ids} have a tie already")
            strong = tie.score >= config.of_kind(tie.kind).threshold - _ROUNDING
            _require(strong, f"ties: {ids} score below the threshold")


def _refuse(by_id: Mapping[str, MemberProfile], plan: RematchPlan, kind: Kind, one: str, other: str) -> None:
    for name in (one, other):
        _require(name in by_id, f"ties: {name!r} is no member")
    rules = check_pair(by_id[one], by_id[other], plan.as_of, kind)
    _require(not rules, f"ties: {one!r} and {other!r} break {', '.join(rules)}")


def _check_rooms(by_id: Mapping[str, MemberProfile], past: Past, config: RematchConfig, plan: RematchPlan) -> None:
    before = Counter(end for tie in past.stand.values() for end in ends(tie))
    load = Counter((tie.kind, False, tie.member_id) for tie in plan.ties)
    load.update((tie.kind, tie.kind == "mentor", tie.peer_id) for tie in plan.ties)
    for (kind, as_mentor, name), count in load.items():
        most = places(by_id[name], kind, as_mentor)
        if not as_mentor:
            each = config.buddies.each if kind == "buddy" else 1
            most = min(most, max(each, before[kind, False, name]))
        _require(count <= most, f"room: {name!r} has {count} ties where there is room for {most}")
    joined = {("buddy", triad.joiner_id) for triad in plan.triads}
    alone = sorted(
        (kind, name)
        for kind in config.kinds
        for name, member in by_id.items()
        if member.consent and member.status == "active" and kind in member.seeks and places(member, kind, False)
        if not load[kind, False, name] and (kind, name) not in joined
    )
    listed = [(left.kind, left.member_id) for left in plan.unmatched]
    _require(listed == alone, "unmatched: not everybody who looks for a tie and has none, in order")


def _check_triads(by_id: Mapping[str, MemberProfile], past: Past, config: RematchConfig, plan: RematchPlan) -> None:
    _require(config.buddies.triads or not plan.triads, "triads: nobody asked for them")
    # Who loses a buddy to the plan may join the pair that takes its place.
    buddies = {frozenset(tie.pair) for tie in past.stand.values() if tie.kind == "buddy"}
    banned = past.over | (past.tied - buddies)
    load = Counter(name for tie in plan.pairs for name in (tie.member_id, tie.peer_id))
    pairs = {(tie.member_id, tie.peer_id) for tie in plan.pairs}
    others = {frozenset((tie.member_id, tie.peer_id)) for tie in plan.mentors}
    everybody = [name for triad in plan.triads for name in (triad.joiner_id, triad.member_id, triad.peer_id)]
    _require(len(set(everybody)) == len(everybody), "triads: somebody is in two")
    for triad in plan.triads:
        pair = triad.member_id, triad.peer_id
        _require(pair in pairs and load[triad.joiner_id] == 0, f"triads: {triad.joiner_id!r} joins no pair of the plan")
        for name in pair:
            _require(load[name] == 1, f"triads: {name!r} has more than one buddy")
            _refuse(by_id, plan, "buddy", triad.joiner_id, name)
            both = frozenset((triad.joiner_id, name))
            _require(both not in banned | others, f"triads: {triad.joiner_id!r} and {name!r} are not to be paired")


def _check_scores(everyone: Everyone, config: RematchConfig, plan: RematchPlan) -> None:
    place = {name: at for at, name in enumerate(everyone.member_ids)}
    both: tuple[tuple[Kind, tuple[PlannedTie, ...]], ...] = (("buddy", plan.pairs), ("mentor", plan.mentors))
    for kind, ties in both:
        told = [(tie.member_id, tie.peer_id, tie.score) for tie in ties]
        if kind == "buddy":
            for triad in plan.triads:
                told += [(triad.joiner_id, triad.member_id, triad.scores[0])]
                told += [(triad.joiner_id, triad.peer_id, triad.scores[1])]
        one = np.array([place[name] for name, _, _ in told], np.int64)
        other = np.array([place[name] for _, name, _ in told], np.int64)
        exact = everyone.scores(one, other, kind, config.of_kind(kind).facet_weights(kind))
        differ = np.abs(np.array([score for _, _, score in told]) - exact)
        _require(bool((differ <= 1 / WEIGHT_SCALE).all()), f"score: of a {kind} it is another")


def _check_groups(
    by_id: Mapping[str, MemberProfile],
    history: History,
    past: Past,
    config: RematchConfig,
    plan: RematchPlan,
    means: FacetMeans | None,
) -> None:
    _require((plan.groups is not None) == ("group" in config.ties), "groups: there if and only if they are asked for")
    if plan.groups is not None:
        groups_of: defaultdict[str, set[str]] = defaultdict(set)
        for group in plan.groups.groups:
            for name in (*group.member_ids, *group.facilitators):
                groups_of[name].add(group.name)
        for one, other in (sorted(pair) for pair in past.apart if len(pair) == 2):
            together = groups_of[one] & groups_of[other]
            _require(not together, f"group {min(together, default='')!r}: has two who are to be kept apart")
        verify_groups(list(by_id.values()), group_spec(history, config, by_id), plan.groups, means=means)
