"""Pair everybody of a community at once: candidates, the plan, its independent check, and the plan in terms of
members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from matcher import (
    CandidateGraph,
    MemberProfile,
    PairingProblem,
    PairingSolution,
    build_candidate_graph,
    solve_pairing,
    verify_pairing,
)
from matcher.graph.candidate_graph import NOTHING_OUTSIDE, WEIGHT_SCALE
from matcher.members.vocabulary import Kind
from service.use_cases.pairing_wish import Pair, PairingWish, check_wish, partners_most

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Made:
    """One pair of the plan; for mentoring the seeker first."""

    member_id: str
    peer_id: str
    score: float


@dataclass(frozen=True, slots=True)
class LeftOver:
    """One member without a partner: why, and by how much their scores would have to rise, where that is known."""

    member_id: str
    why: str
    score_rise: float | None
    eligible: int


@dataclass(frozen=True, slots=True)
class PairingRun:
    """A checked plan.

    Attributes:
        made: its pairs, by member ids.
        left_over: everybody without a partner who could have had one; whoever joins a pair has two.
        graph: the candidates.
        solution: the plan as solved, with its certificate.
        shares: members who got a partner, and members who could have had one.
    """

    made: tuple[Made, ...]
    left_over: tuple[LeftOver, ...]
    graph: CandidateGraph
    solution: PairingSolution
    shares: tuple[int, int]


def pair_members(
    members: Sequence[MemberProfile],
    as_of: date,
    wish: PairingWish,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> PairingRun:
    """Find the best plan, check it with code that shares nothing with the solver, and say why anybody is left over.

    Raises:
        InvalidRequest: if the wish cannot be met: a locked pair that a hard rule forbids, a member who is not there,
            locks that contradict bans or room.
    """
    by_id = {member.member_id: member for member in members}
    check_wish(wish, by_id, as_of)

    def searched(done: int, total: int) -> None:
        if progress is not None:
            progress("candidates", done / max(1, total))

    graph = build_candidate_graph(
        by_id.values(), as_of, wish.neighbours, wish.kind, executor=executor, keep=wish.locked, progress=searched
    )
    nodes = _Nodes.of(graph, by_id, wish)

    def solved(phase: str, fraction: float, _plan: int, _bound: int) -> bool:
        if progress is not None:
            progress(phase, fraction)
        return True

    problem = PairingProblem(
        nodes.u,
        nodes.v,
        graph.weight,
        nodes.capacity,
        locked=nodes.pairs(wish.locked),
        banned=nodes.banned(wish.banned),
        incumbent=nodes.pairs(wish.incumbent),
        incumbent_bonus=round(wish.bonus * WEIGHT_SCALE),
        outside=nodes.outside,
        objective=wish.objective,
        threshold=round(wish.threshold * WEIGHT_SCALE),
        triads=wish.triads and wish.kind == "buddy",
        n=nodes.capacity.size,
    )
    solution = solve_pairing(problem, wish.time_limit_s, progress=solved, gap=wish.gap)
    verify_pairing(problem, solution)
    return _run(graph, nodes, solution, by_id, wish)


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """The graph as the solver takes it: for mentoring a member stands once as a seeker and once as a mentor."""

    u: npt.NDArray[np.int32]
    v: npt.NDArray[np.int32]
    capacity: npt.NDArray[np.int64]
    outside: npt.NDArray[np.int64]
    node_of: dict[str, int]
    mentors_from: int

    @classmethod
    def of(cls, graph: CandidateGraph, by_id: dict[str, MemberProfile], wish: PairingWish) -> _Nodes:
        ids = graph.member_ids
        node_of = {name: node for node, name in enumerate(ids)}
        room = np.array([partners_most(by_id[name], wish) for name in ids], dtype=np.int64).reshape(-1, 2)
        if wish.kind == "buddy":
            return cls(graph.u, graph.v, room[:, 0], graph.outside, node_of, 0)
        # A pair left out is on no list but its seeker's, so the seeker's dual alone has to cover it: twice, in halves.
        left_out = np.where(graph.outside >= 0, 2 * graph.outside, NOTHING_OUTSIDE)
        return cls(
            graph.u,
            (graph.v + len(ids)).astype(np.int32),
            room.T.ravel(),
            np.concatenate([left_out, np.zeros(len(ids), dtype=np.int64)]),
            node_of,
            len(ids),
        )

    def pairs(self, wished: Sequence[Pair]) -> npt.NDArray[np.int64]:
        """Wishes in terms of nodes; those about members who are not there are void."""
        known = [
            (self.node_of[one], self.node_of[other] + self.mentors_from)
            for one, other in wished
            if one in self.node_of and other in self.node_of
        ]
        return np.array(known, dtype=np.int64).reshape(-1, 2)

    def banned(self, wished: Sequence[Pair]) -> npt.NDArray[np.int64]:
        """Bans hold whoever of the two would be the mentor."""
        both_ways = [*wished, *((other, one) for one, other in wished)] if self.mentors_from else wished
        return self.pairs(both_ways)


def _run(
    graph: CandidateGraph,
    nodes: _Nodes,
    solution: PairingSolution,
    by_id: dict[str, MemberProfile],
    wish: PairingWish,
) -> PairingRun:
    ids, count = graph.member_ids, len(graph)
    made = tuple(
        Made(ids[nodes.u[edge]], ids[nodes.v[edge] - nodes.mentors_from], float(graph.weight[edge]) / WEIGHT_SCALE)
        for edge in solution.edges.tolist()
    )
    joined = {ids[node] for node in solution.triads[:, 0].tolist()}
    left_over = tuple(
        LeftOver(
            ids[found.member],
            found.why,
            None if found.score_rise is None else found.score_rise / WEIGHT_SCALE,
            int(graph.eligible[found.member]),
        )
        for found in solution.unmatched
        if found.member < count and ids[found.member] not in joined and _takes_part(by_id[ids[found.member]], wish.kind)
    )
    matched = joined | {pair.member_id for pair in made}
    if wish.kind == "buddy":
        matched |= {pair.peer_id for pair in made}
    return PairingRun(made, left_over, graph, solution, (len(matched), len(matched) + len(left_over)))


def _takes_part(member: MemberProfile, kind: Kind) -> bool:
    return member.consent and member.status == "active" and kind in member.seeks
