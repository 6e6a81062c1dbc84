"""A solved problem in terms of members: the ties, who is left over and why, and how good it surely is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.pairing.problem import PairingProblem
from matcher.pairing.residual import worth_of
from matcher.pairing.solution import PairingSolution
from matcher.rematch.config import RematchConfig
from matcher.rematch.everyone import Everyone
from matcher.rematch.kind_problem import Candidates, Places
from matcher.rematch.plan import Certificate, PlannedTie, Triad, Unmatched
from matcher.rematch.standing import is_protected


def planned(
    part: Candidates, solution: PairingSolution, config: RematchConfig, as_of: date, everyone: Everyone
) -> tuple[PlannedTie, ...]:
    """The ties of a kind, in the order of their keys; scores are exact."""
    u, v, _ = part.edges
    one, other = u[solution.edges], v[solution.edges]
    scores = everyone.scores(one, other, part.kind, part.weights)
    stood = {tie.key: is_protected(tie, config, as_of) for tie in part.ties}
    ids = everyone.member_ids
    found = []
    for a, b, score in zip(one.tolist(), other.tolist(), scores.tolist(), strict=True):
        key = (part.kind, ids[a], ids[b])
        found.append(PlannedTie(*key, score, "kept" if key in stood else "new", stood.get(key, False)))
    return tuple(sorted(found, key=lambda tie: tie.key))


def triads_of(part: Candidates, solution: PairingSolution, everyone: Everyone) -> tuple[Triad, ...]:
    """Who joins which pair of buddies, in the order of the joiners' ids."""
    ids, rows = everyone.member_ids, _joining(part, solution)
    rows = rows[np.argsort(rows[:, 0])]
    scores = [everyone.scores(rows[:, 0], rows[:, side], part.kind, part.weights).tolist() for side in (1, 2)]
    return tuple(
        Triad(ids[joiner], ids[a], ids[b], pair)
        for (joiner, a, b), pair in zip(rows.tolist(), zip(*scores, strict=True), strict=True)
    )


def _joining(part: Candidates, solution: PairingSolution) -> Places:
    """(k, 3) who joins which pair. A pair that is not to be made may stand as a tie, but is put into no triad."""
    rows, n = solution.triads, len(part.graph)
    banned = np.sort(part.banned, axis=1)
    shut = banned[:, 0] * n + banned[:, 1]
    lawful = np.ones(len(rows), np.bool_)
    for side in (1, 2):
        edges = np.sort(rows[:, [0, side]].astype(np.int64), axis=1)
        lawful &= ~np.isin(edges[:, 0] * n + edges[:, 1], shut)
    return rows[lawful]


def unmatched_of(
    part: Candidates, solution: PairingSolution, everyone: Everyone, members: Mapping[str, MemberProfile]
) -> tuple[Unmatched, ...]:
    """Everybody who looks for a tie of this kind, has room and got none, in the order of ids."""
    ids = everyone.member_ids
    banned = part.banned[everyone.allowed(part.banned[:, 0], part.banned[:, 1], part.kind)]
    ruled_out = np.bincount(banned[:, 0], minlength=len(ids))
    if part.kind == "buddy":
        ruled_out += np.bincount(banned[:, 1], minlength=len(ids))
    else:
        turned = part.banned[everyone.allowed(part.banned[:, 1], part.banned[:, 0], part.kind)]
        ruled_out += np.bincount(turned[:, 1], minlength=len(ids))
    too_weak = np.zeros(len(ids), np.bool_)
    too_weak[part.graph.u[part.weak]] = True
    if part.kind == "buddy":
        too_weak[part.graph.v[part.weak]] = True
    joined = set(_joining(part, solution)[:, 0].tolist())
    found = []
    for left in solution.unmatched:
        if left.member >= len(ids) or left.member in joined:
            continue
        member = members[ids[left.member]]
        if not (member.consent and member.status == "active" and part.kind in member.seeks):
            continue
        why = "below_threshold" if left.why == "no_candidates" and too_weak[left.member] else left.why
        rise = None if left.score_rise is None else left.score_rise / WEIGHT_SCALE
        eligible = max(0, int(part.graph.eligible[left.member] - ruled_out[left.member]))
        found.append(Unmatched(part.kind, ids[left.member], why, rise, eligible))
    return tuple(found)


def certificate_of(
    kind: Kind,
    config: RematchConfig,
    prize: int,
    problem: PairingProblem,
    solution: PairingSolution,
    free: PairingSolution,
) -> Certificate:
    """How good the ties of a kind surely are.

    Args:
        kind: of the ties.
        config: what was asked for.
        prize: what a pair counts beside its score.
        problem: without a churn limit.
        solution: the plan.
        free: the best plan without a churn limit.
    """
    objective = int(worth_of(problem)[solution.edges].sum())
    pairs = len(solution.edges)
    assert free.upper_bound_all_pairs is not None
    upper = free.upper_bound
    return Certificate(
        kind=kind,
        objective=config.of_kind(kind).objective,
        pairs=pairs,
        score=solution.total_weight - prize * pairs,
        worth=objective - prize * pairs,
        prize=prize,
        upper_bound=upper,
        upper_bound_all_pairs=free.upper_bound_all_pairs,
        gap=(upper - objective) / upper if upper else 0.0,
        status="optimal" if objective == upper else "feasible",
    )
