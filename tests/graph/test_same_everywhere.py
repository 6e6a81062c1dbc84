"""Shards, executors and the order of members change nothing."""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from matcher import CandidateGraph, MemberProfile, build_candidate_graph
from matcher.members.sample import SAMPLE_DAY
from tests.graph.conftest import NEIGHBOURS, Looked


def expect_same(one: CandidateGraph, other: CandidateGraph) -> None:
    assert one.member_ids == other.member_ids
    for part in ("u", "v", "weight", "outside", "eligible"):
        assert np.array_equal(getattr(one, part), getattr(other, part)), part


@pytest.mark.parametrize("shard", [1, 7, 600])
def test_any_size_of_shards(looked: Looked, members: list[MemberProfile], shard: int) -> None:
    said: list[tuple[int, int]] = []
    graph = build_candidate_graph(
        members,
        SAMPLE_DAY,
        NEIGHBOURS,
        looked.kind,
        shard_members=shard,
        progress=lambda done, total: said.append((done, total)),
    )
    expect_same(graph, looked.graph)
    assert said[-1] == (600, 600)
    assert len(said) == -(-600 // shard)


def test_threads(looked: Looked, members: list[MemberProfile]) -> None:
    with ThreadPoolExecutor(2) as executor:
        graph = build_candidate_graph(
            members, SAMPLE_DAY, NEIGHBOURS, looked.kind, executor=executor, shard_members=101
        )
    expect_same(graph, looked.graph)


def test_processes(members: list[MemberProfile]) -> None:
    few = members[:120]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        for kind in ("buddy", "mentor"):
            graph = build_candidate_graph(few, SAMPLE_DAY, 5, kind, executor=executor, shard_members=50)
            expect_same(graph, build_candidate_graph(few, SAMPLE_DAY, 5, kind))


def test_any_order_of_members(looked: Looked, members: list[MemberProfile]) -> None:
    shuffled = random.Random(5).sample(members, len(members))
    expect_same(build_candidate_graph(iter(shuffled), SAMPLE_DAY, NEIGHBOURS, looked.kind, seed=9), looked.graph)


def test_of_one_id_the_last_profile_counts(members: list[MemberProfile]) -> None:
    few = members[:80]
    outdated = few[0].model_copy(update={"status": "paused"})
    expect_same(build_candidate_graph([outdated, *few], SAMPLE_DAY, 5), build_candidate_graph(few, SAMPLE_DAY, 5))
