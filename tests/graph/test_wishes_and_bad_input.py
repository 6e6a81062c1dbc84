"""Pairs to keep, small communities, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from matcher import MemberProfile, build_candidate_graph
from matcher.errors import InvalidRequest, UnknownMember
from matcher.graph.candidate_graph import NOTHING_OUTSIDE
from matcher.members.sample import SAMPLE_DAY
from tests.graph.conftest import NEIGHBOURS, Looked


def test_kept_pairs_become_edges_with_their_scores(looked: Looked, members: list[MemberProfile]) -> None:
    ids, truth = looked.graph.member_ids, looked.truth
    far = np.argwhere(looked.truth.eligible & ~looked.edges())[::997][:8]
    keep = [(ids[one], ids[other]) for one, other in far.tolist()]
    graph = build_candidate_graph(members, SAMPLE_DAY, NEIGHBOURS, looked.kind, keep=keep)
    with_them = Looked(looked.kind, graph, truth)
    assert np.array_equal(
        np.argwhere(with_them.edges() & ~looked.edges()),
        np.unique(far if looked.kind == "mentor" else np.concatenate((far, far[:, ::-1])), axis=0),
    )
    assert np.abs(truth.scores[graph.u, graph.v] - graph.weight).max() <= 0.501
    assert np.array_equal(graph.outside, looked.graph.outside)


def test_keeping_adds_no_pair_that_a_rule_forbids_and_none_twice(looked: Looked, members: list[MemberProfile]) -> None:
    ids, graph = looked.graph.member_ids, looked.graph
    forbidden = np.argwhere(~looked.truth.eligible)[::7919]
    keep = [(ids[one], ids[other]) for one, other in forbidden.tolist() if one != other]
    keep += [(ids[one], ids[other]) for one, other in zip(graph.u[:5].tolist(), graph.v[:5].tolist(), strict=True)]
    assert len(keep) > 30
    same = build_candidate_graph(members, SAMPLE_DAY, NEIGHBOURS, looked.kind, keep=keep)
    for part in ("u", "v", "weight", "outside"):
        assert np.array_equal(getattr(same, part), getattr(graph, part))


def test_a_pair_to_keep_of_nobody(members: list[MemberProfile]) -> None:
    with pytest.raises(UnknownMember, match="'nobody'"):
        build_candidate_graph(members[:5], SAMPLE_DAY, keep=[(members[0].member_id, "nobody")])


@pytest.mark.parametrize("neighbours", [0, -1, 1001, True, 3.0, "8", None])
def test_neighbours_out_of_range(neighbours: Any, members: list[MemberProfile]) -> None:
    with pytest.raises(InvalidRequest, match="1 to 1000"):
        build_candidate_graph(members[:5], SAMPLE_DAY, neighbours)


def test_other_bad_input(members: list[MemberProfile]) -> None:
    kind: Any = "group"
    with pytest.raises(InvalidRequest, match="buddy or mentor"):
        build_candidate_graph(members[:5], SAMPLE_DAY, kind=kind)
    with pytest.raises(InvalidRequest, match="shard_members"):
        build_candidate_graph(members[:5], SAMPLE_DAY, shard_members=0)


def test_nobody() -> None:
    graph = build_candidate_graph([], SAMPLE_DAY)
    assert (len(graph), graph.u.size, graph.v.size, graph.weight.size, graph.outside.size) == (0, 0, 0, 0, 0)


def test_one_member(members: list[MemberProfile]) -> None:
    graph = build_candidate_graph(members[:1], SAMPLE_DAY)
    assert (len(graph), graph.u.size, graph.eligible.tolist()) == (1, 0, [0])
    assert graph.outside.tolist() == [NOTHING_OUTSIDE]
    assert graph.funnel(0).population == 0


def test_all_neighbours_of_all(looked: Looked, members: list[MemberProfile]) -> None:
    """With room for everybody nothing is left out."""
    graph = build_candidate_graph(members, SAMPLE_DAY, 1000, looked.kind)
    assert (graph.outside == NOTHING_OUTSIDE).all()
    assert np.array_equal(Looked(looked.kind, graph, looked.truth).edges(), looked.truth.eligible)


def test_everybody_held(members: list[MemberProfile]) -> None:
    held = [member.model_copy(update={"status": "held"}) for member in members[:20]]
    graph = build_candidate_graph(held, date(2026, 1, 1))
    assert graph.u.size == 0
    assert not graph.eligible.any()
    assert "status" in graph.funnel(3).seeker_barriers
