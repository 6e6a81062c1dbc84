"""The candidate graph against an oracle that looks at every pair."""

from __future__ import annotations

import numpy as np

from matcher import MemberProfile
from matcher.graph.candidate_graph import NOTHING_OUTSIDE
from tests.graph.conftest import NEIGHBOURS, Looked

ROUNDING = 0.5 + 1e-3
"""A weight is a rounded score; sums made in another order add next to nothing, in millionths."""


def test_members_stand_in_the_order_of_their_ids(looked: Looked, members: list[MemberProfile]) -> None:
    assert looked.graph.member_ids == tuple(sorted(member.member_id for member in members))
    assert len(looked.graph) == len(members)


def test_the_community_tells_something(looked: Looked) -> None:
    """There are members with nobody, with few, and with more than fit on a list."""
    counts = looked.truth.eligible.sum(axis=1)
    assert (counts == 0).any()
    assert ((counts > 0) & (counts <= NEIGHBOURS)).any()
    assert (counts > NEIGHBOURS).sum() > 100


def test_every_edge_is_eligible_and_stands_once(looked: Looked) -> None:
    graph = looked.graph
    assert looked.truth.eligible[graph.u, graph.v].all()
    keys = graph.u.astype(np.int64) * len(graph) + graph.v
    assert (np.diff(keys) > 0).all()
    if looked.kind == "buddy":
        assert (graph.u < graph.v).all()
        assert looked.truth.eligible[graph.v, graph.u].all()


def test_weights_are_rounded_scores(looked: Looked) -> None:
    graph = looked.graph
    assert np.abs(looked.truth.scores[graph.u, graph.v] - graph.weight).max() <= ROUNDING
    assert [str(part.dtype) for part in (graph.u, graph.v, graph.weight)] == ["int32", "int32", "int64"]


def test_the_best_of_every_member_are_edges(looked: Looked) -> None:
    """Recall is 1: whoever is clearly above the last place is there, and so many as are due are as good as that."""
    edges, truth = looked.edges(), looked.truth
    for node in range(len(looked.graph)):
        scores = np.where(truth.eligible[node], truth.scores[node], -1.0)
        due = min(NEIGHBOURS, int(truth.eligible[node].sum()))
        if not due:
            continue
        last = np.sort(scores)[-due]
        assert edges[node][scores > last + 1e-3].all()
        assert (edges[node] & (scores >= last - 1e-3)).sum() >= due


def test_no_pair_outside_scores_more_than_its_members_say(looked: Looked) -> None:
    left_out = looked.truth.eligible & ~looked.edges()
    seekers, peers = np.nonzero(left_out)
    assert seekers.size > 300
    outside, scores = looked.graph.outside, looked.truth.scores[seekers, peers]
    assert (scores <= outside[seekers] + ROUNDING).all()
    if looked.kind == "buddy":
        assert (scores <= outside[peers] + ROUNDING).all()


def test_outside_is_the_worst_kept_or_nothing(looked: Looked) -> None:
    truth, graph = looked.truth, looked.graph
    for node in range(len(graph)):
        ranked = np.sort(truth.scores[node][truth.eligible[node]])[::-1]
        if ranked.size <= NEIGHBOURS:
            assert graph.outside[node] == NOTHING_OUTSIDE
        else:
            assert abs(graph.outside[node] - ranked[NEIGHBOURS - 1]) <= ROUNDING


def test_eligible_counts_and_funnels(looked: Looked) -> None:
    counts = looked.truth.eligible.sum(axis=1)
    assert np.array_equal(looked.graph.eligible, counts)
    for node in [*np.flatnonzero(counts == 0)[:20].tolist(), *range(0, len(looked.graph), 60)]:
        funnel = looked.graph.funnel(node)
        assert funnel.eligible == counts[node]
        assert funnel.population - sum(removal.count for removal in funnel.removed) == counts[node]
