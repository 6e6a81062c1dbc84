"""One kind of one-to-one ties as a pairing problem: candidates, places, ties in force, and what is not to be made."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.embedding.weights import FacetWeights
from matcher.graph.candidate_graph import NOTHING_OUTSIDE, WEIGHT_SCALE, CandidateGraph
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.pairing.problem import PairingProblem
from matcher.rematch.config import RematchConfig
from matcher.rematch.everyone import Everyone
from matcher.rematch.history import Tie, works
from matcher.rematch.lifelines import with_pairs
from matcher.rematch.standing import Pair, Standing, is_protected, most_places
from matcher.rematch.tie_rules import Ints

Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Candidates of one kind of ties; positions are those of ``Everyone``.

    Attributes:
        kind: of the ties.
        weights: of the facets.
        graph: all candidates, those in force and the lifelines among them.
        ties: in force, that could stand.
        in_force: (k, 2) their positions.
        banned: (b, 2) positions of pairs that are not to be made, or have a tie already that is none of ``ties``.
        room: (n, 2) partners each may have: as a buddy or a seeker, and as a mentor.
        open: (m,) edges of the graph that may be ties of the plan.
        weak: (m,) edges that may not, for no other reason than the threshold.
    """

    kind: Kind
    weights: FacetWeights
    graph: CandidateGraph
    ties: tuple[Tie, ...]
    in_force: Places
    banned: Places
    room: Ints
    open: Bools
    weak: Bools

    @property
    def shift(self) -> int:
        """What is added to a mentor's position to make it another node than the same member as a seeker."""
        return len(self.graph) * (self.kind == "mentor")

    @property
    def edges(self) -> tuple[Places, Places, Places]:
        """Positions and weights of the open edges."""
        graph, open_ = self.graph, self.open
        return graph.u[open_], graph.v[open_], graph.weight[open_]


def places_of_all(
    everyone: Everyone, members: Mapping[str, MemberProfile], kind: Kind, config: RematchConfig, standing: Standing
) -> Ints:
    """(n, 2) partners each may have: as a buddy or a seeker, and as a mentor.

    A buddy gets ``each`` within their capacity, a seeker one mentor; who has more that could stand has room for those.
    """
    each = config.buddies.each if kind == "buddy" else 1
    room = np.zeros((len(everyone), 2), np.int64)
    for place, name in enumerate(everyone.member_ids):
        member, held = members[name], standing.load.get((kind, 0, name), 0)
        room[place, 0] = min(max(each, held), most_places(member, kind, 0))
        if kind == "mentor":
            room[place, 1] = most_places(member, kind, 1)
    return room


def positions(everyone: Everyone, pairs: Collection[Pair]) -> Places:
    """(k, 2) positions of pairs of ids; those of people who are no members are left out."""
    place = {name: at for at, name in enumerate(everyone.member_ids)}
    known = sorted((place[one], place[other]) for one, other in pairs if one in place and other in place)
    return np.array(known, np.int64).reshape(-1, 2)


def candidates(
    everyone: Everyone,
    kind: Kind,
    config: RematchConfig,
    graph: CandidateGraph,
    standing: Standing,
    room: Ints,
    banned: Places,
    lifelines: Sequence[Places],
) -> Candidates:
    """Put together what may be a tie of ``kind``.

    Args:
        everyone: the community.
        kind: of the ties.
        config: what is asked for.
        graph: everybody's best.
        standing: ties in force.
        room: as :func:`places_of_all` says.
        banned: pairs that no plan may make, or that have a tie already that cannot stand or is of another kind.
        lifelines: further pairs that shall be edges.
    """
    wish = config.of_kind(kind)
    weights = wish.facet_weights(kind)
    ties = standing.of(kind)
    in_force = _in_order(everyone, ties)
    graph = with_pairs(graph, everyone, kind, weights, np.concatenate([in_force, *lifelines]))
    n = len(everyone)
    keys = graph.u.astype(np.int64) * n + graph.v
    unordered = np.minimum(graph.u, graph.v).astype(np.int64) * n + np.maximum(graph.u, graph.v)
    shut = np.sort(np.concatenate([banned, in_force]), axis=1)
    kept = np.isin(keys, in_force[:, 0] * n + in_force[:, 1])
    allowed = ~np.isin(unordered, shut[:, 0] * n + shut[:, 1]) & ~_lesser_ways_round(unordered, graph.weight)
    strong = graph.weight >= round(wish.threshold * WEIGHT_SCALE)
    return Candidates(
        kind, weights, graph, ties, in_force, banned, room, kept | (allowed & strong), allowed & ~strong & ~kept
    )


def _lesser_ways_round(unordered: Ints, weight: Ints) -> Bools:
    """Of two who could each mentor the other, the edge that scores less; of equals the later one."""
    order = np.lexsort((np.arange(len(weight)), -weight, unordered))
    lesser = np.zeros(len(weight), np.bool_)
    lesser[order[1:]] = np.diff(unordered[order]) == 0
    return lesser


def _in_order(everyone: Everyone, ties: Sequence[Tie]) -> Places:
    place = {name: at for at, name in enumerate(everyone.member_ids)}
    found = [(place[tie.key[1]], place[tie.key[2]]) for tie in ties]
    return np.array(found, np.int64).reshape(-1, 2)


def one_tie_a_pair(buddies: Candidates, mentors: Candidates) -> tuple[Candidates, Candidates]:
    """Of pairs that could be buddies or mentor and seeker, each stays a candidate of the kind in which it scores more.

    So no plan gives two members both ties, and the two kinds can be solved apart. Equal scores go to mentoring.
    """
    n = len(buddies.graph)

    def keys(part: Candidates) -> Ints:
        u, v = part.graph.u.astype(np.int64), part.graph.v.astype(np.int64)
        return np.minimum(u, v) * n + np.maximum(u, v)

    own, other = keys(buddies), keys(mentors)
    found, inverse = np.unique(np.concatenate((own, other)), return_inverse=True)
    best = np.full((2, len(found)), -1, np.int64)
    places = inverse[: len(own)], inverse[len(own) :]
    for side, part in enumerate((buddies, mentors)):
        np.maximum.at(best[side], places[side][part.open], part.graph.weight[part.open])
    both = (best >= 0).all(axis=0)
    as_mentor = both & (best[1] >= best[0])
    return (
        dataclasses.replace(buddies, open=buddies.open & ~as_mentor[places[0]]),
        dataclasses.replace(mentors, open=mentors.open & ~(both & ~as_mentor)[places[1]]),
    )


def problem_of(part: Candidates, config: RematchConfig, as_of: date) -> PairingProblem:
    """The pairing problem, every tie in force with its bonus, protected ones locked."""
    wish, (u, v, weight) = config.of_kind(part.kind), part.edges
    prize = prize_of(config, part.kind)
    beyond = np.where(part.graph.outside >= 0, part.graph.outside + prize, NOTHING_OUTSIDE)
    room = part.room[:, 0]
    if part.kind == "mentor":
        # A pair left out is on no list but its seeker's, so the seeker's dual alone has to cover it: twice, in halves.
        beyond = np.concatenate([np.where(beyond >= 0, 2 * beyond, NOTHING_OUTSIDE), np.zeros(len(beyond), np.int64)])
        room = part.room.T.ravel()
    nodes = part.in_force + np.array([0, part.shift])
    locked = np.array([is_protected(tie, config, as_of) for tie in part.ties], np.bool_)
    return PairingProblem(
        u,
        v.astype(np.int64) + part.shift,
        weight + prize,
        room,
        locked=nodes[locked],
        incumbent=nodes,
        incumbent_bonus=bonus_of(part.ties, config),
        outside=beyond,
        objective="stable" if wish.objective == "stable" else "total",
        triads=part.kind == "buddy" and config.buddies.triads,
        n=len(room),
    )


def prize_of(config: RematchConfig, kind: Kind) -> int:
    """What a pair counts beside its score, in units of WEIGHT_SCALE."""
    wish = config.of_kind(kind)
    return round(wish.prize * WEIGHT_SCALE) if wish.objective == "coverage" else 0


def bonus_of(ties: Sequence[Tie], config: RematchConfig) -> Ints:
    """(k,) what keeping each tie is worth, in units of WEIGHT_SCALE."""
    kept, more = config.bonus.kept, config.bonus.works
    return np.array([round((kept + more * works(tie)) * WEIGHT_SCALE) for tie in ties], np.int64)
