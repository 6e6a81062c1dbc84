"""A Dask cluster: the same bytes with one worker, with two, and when one dies; clear errors; nothing stays there."""

from __future__ import annotations

import socket
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcher import CandidateGraph, MemberProfile, build_candidate_graph
from matcher.errors import ClusterError
from matcher.executors.crew import hired
from matcher.executors.engine_version import difference, engine_version
from matcher.executors.opening import open_executor
from matcher.graph import build
from matcher.graph.searching import search_shard
from matcher.members.sample import SAMPLE_DAY
from tests.executors import tasks
from tests.executors.conftest import LEFT_OPEN, local_cluster

pytestmark = LEFT_OPEN


def graph_of(members: list[MemberProfile], executor: Any = None) -> CandidateGraph:
    return build_candidate_graph(members, SAMPLE_DAY, 6, executor=executor, shard_members=50)


def expect_same(one: CandidateGraph, other: CandidateGraph) -> None:
    assert one.member_ids == other.member_ids
    for part in ("u", "v", "weight", "outside", "eligible"):
        assert getattr(one, part).tobytes() == getattr(other, part).tobytes(), part


def test_same_bytes_on_one_worker_and_on_two(dask: Any, members: list[MemberProfile]) -> None:
    import distributed

    expected = graph_of(members)
    with open_executor(address=dask.scheduler_address) as executor:
        expect_same(graph_of(members, executor), expected)
    with (
        distributed.Client(dask, set_as_default=False) as client,  # type: ignore[no-untyped-call]
        client.get_executor(pure=False, workers=[min(client.scheduler_info()["workers"])]) as alone,
    ):
        expect_same(graph_of(members, alone), expected)


def test_same_bytes_when_a_worker_dies_midway(
    dask: Any, members: list[MemberProfile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "died"
    expected = graph_of(members)
    monkeypatch.setattr(build, "search_shard", partial(tasks.die_on_shard, search_shard, str(marker)))
    with open_executor(address=dask.scheduler_address) as executor:
        graph = graph_of(members, executor)
    assert marker.exists()
    expect_same(graph, expected)


def test_data_come_again_when_the_only_worker_dies(tmp_path: Path) -> None:
    made = local_cluster(1)
    work = [(number, 5, str(tmp_path / "died")) for number in range(12)]
    with made, open_executor(address=made.scheduler_address) as executor, hired([1, 2, 3], executor) as crew:
        assert list(crew.each(tasks.die_once, work)) == list(range(6, 18))
    assert (tmp_path / "died").exists()


def test_workers_hold_nothing_afterwards(dask: Any) -> None:
    import distributed

    with distributed.Client(dask, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        with open_executor(address=dask.scheduler_address) as executor, hired([7], executor) as crew:
            assert [total for total, _ in crew.each(tasks.add, [(0,), (1,)])] == [7, 8]
            assert any(client.run(tasks.keys_held).values())
        assert not any(client.run(tasks.keys_held).values())


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt])
def test_nor_after_a_run_that_ended_midway(dask: Any, error: type[BaseException]) -> None:
    import distributed

    def ended_midway(client: Any) -> None:
        with open_executor(address=dask.scheduler_address) as executor, hired([7], executor) as crew:
            next(iter(crew.each(tasks.add, [(number,) for number in range(50)])))
            assert any(client.run(tasks.keys_held).values())
            raise error

    with distributed.Client(dask, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        with pytest.raises(error):
            ended_midway(client)
        assert not any(client.run(tasks.keys_held).values())


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://", "unknown://127.0.0.1:8786"])
def test_no_address(address: str) -> None:
    with pytest.raises(ClusterError, match="does not answer"), open_executor(address=address):
        pytest.fail("there is no cluster")


def test_an_address_that_does_not_answer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(ClusterError, match="does not answer") as caught, open_executor(address=address):
            pytest.fail("there is no cluster")
        assert time.monotonic() - began < 10
    assert caught.value.address == address


def test_a_worker_is_no_scheduler(dask: Any) -> None:
    worker = min(dask.scheduler_info["workers"])
    with pytest.raises(ClusterError, match="is a Worker"), open_executor(address=worker):
        pytest.fail("that is no scheduler")


def test_a_cluster_without_workers() -> None:
    with (
        local_cluster(0) as made,
        pytest.raises(ClusterError, match="has no workers"),
        open_executor(address=made.scheduler_address),
    ):
        pytest.fail("nobody can work")


def test_workers_of_another_version(dask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {**engine_version(), "numpy": "1.0"}
    monkeypatch.setattr("matcher.executors.dask_cluster.engine_version", tasks.other_engine)
    with open_executor(address=dask.scheduler_address):
        pass  # all are alike
    monkeypatch.setattr("matcher.executors.dask_cluster.difference", lambda _, theirs: difference(ours, theirs))
    monkeypatch.setattr("matcher.executors.dask_cluster.engine_version", engine_version)
    with (
        pytest.raises(ClusterError, match=rf"numpy is {np.__version__} there and 1\.0 here"),
        open_executor(address=dask.scheduler_address),
    ):
        pytest.fail("one differs")


def test_differences_are_named() -> None:
    ours = engine_version()
    assert difference(ours, dict(ours)) is None
    assert difference(ours, {**ours, "numba": "0.1"}) == f"numba is 0.1 there and {ours['numba']} here"
    assert difference(ours, {}) == f"peer-matcher is absent there and {ours['peer-matcher']} here"
