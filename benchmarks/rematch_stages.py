"""What :mod:`benchmarks.rematch` measures, each in a fresh process of its own.

python -m benchmarks.rematch_stages STAGE SIZE WORKERS    prints what it measured as one line of JSON
"""

from __future__ import annotations

import hashlib
import importlib
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.community import DAY
from benchmarks.growth_stages import memory
from benchmarks.measuring import seconds_of
from matcher import CandidateGraph, History, MemberProfile, RematchConfig, Tie, rematch, sample_members
from matcher.executors.opening import open_executor
from matcher.graph.build import SHARD_MEMBERS, build_candidate_graph
from matcher.graph.searching import Searcher, search_shard
from matcher.index.member_index import MemberIndex
from matcher.rematch.baselines import baseline_pairs
from matcher.rematch.everyone import Everyone
from matcher.rematch.history import State

WARM_UP = 400
GROUPS = {"spec": {"size": {"min": 5, "max": 8}}, "iterations": 24}


def past(members: list[MemberProfile]) -> History:
    """Ties in force of half of the members, by lot and within the rules, and as many that were declined."""
    everyone = Everyone.of(members, DAY)
    room = np.array([(min(1, one.buddy_capacity), 0) for one in sorted(members, key=lambda one: one.member_id)])
    ids, since = everyone.member_ids, DAY - timedelta(days=90)
    ties: list[Tie] = []
    states: tuple[State, ...] = ("current", "declined")
    for seed, state in enumerate(states, 1):
        pairs = baseline_pairs(everyone, "buddy", "random", room, seed)[::2].tolist()
        ties += [Tie("buddy", ids[one], ids[other], state, since) for one, other in pairs]
    unique = {(tie.member_id, tie.peer_id): tie for tie in reversed(ties)}
    return History(tuple(unique.values()))


LOOK_EVERY_S = 0.2
CONTENT_FROM, CONTENT_GAP = 1_000_000, 0.002
"""From so many members on, plans within this certified share of the best are good enough."""


class Watched:
    """Follows a run and notes how much memory each phase took at most, and all processes together at any moment.

    Attributes:
        bytes: by phase, of this process.
        everywhere: of this process and its workers at once, looked at five times a second; what they share counts
            for each of them.
    """

    def __init__(self) -> None:
        self.bytes: dict[str, float] = {}
        self.now = ""
        self.everywhere = 0.0
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            workers = [process.pid for process in multiprocessing.active_children() if process.pid is not None]
            self.everywhere = max(self.everywhere, sum(map(_resident, (os.getpid(), *workers))))

    def __call__(self, phase: str, _: float) -> None:
        """A step of a phase."""
        if self.now:
            self.bytes[self.now] = max(self.bytes.get(self.now, 0.0), memory("VmHWM"))
        if phase != self.now:
            self.now = phase
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the highest mark begins anew


def _resident(process: int) -> float:
    try:
        return float(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:  # it has ended
        return 0.0


def pairs(size: int, workers: int) -> dict[str, Any]:
    """A rematch of buddies."""
    return _rematch(size, workers, {"ties": ["buddy"], "gap": CONTENT_GAP if size >= CONTENT_FROM else 0.0})


def everything(size: int, workers: int) -> dict[str, Any]:
    """Buddies, mentors and groups."""
    return _rematch(size, workers, {"ties": ["buddy", "mentor", "group"], "groups": GROUPS})


def _rematch(size: int, workers: int, fields: dict[str, Any]) -> dict[str, Any]:
    config = RematchConfig.parse(fields)
    few = sample_members(WARM_UP, as_of=DAY)
    rematch(few, past(few), config, DAY)  # compiles, once a machine
    members, load = sample_members(size, as_of=DAY), os.getloadavg()[0]
    history, watched = past(members), Watched()
    with open_executor(workers) as executor, watched:
        took, plan = seconds_of(lambda: rematch(members, history, config, DAY, executor=executor, progress=watched))
        asked = [] if executor is None else [executor.submit(memory, "VmHWM") for _ in range(8 * workers)]
        worker_bytes = max((one.result() for one in asked), default=0.0)
    return {
        "total": took.seconds,
        "seconds": plan.timings,
        "bytes": watched.bytes,
        "processor": took.processor,
        "everywhere": watched.everywhere,
        "asked_gap": config.gap,
        "gap": max(one.gap for one in plan.certificates),
        "worker_bytes": worker_bytes,
        "ties": len(plan.pairs) + len(plan.mentors),
        "load": load,
    }


def cluster(size: int, workers: int) -> dict[str, Any]:
    """Candidates searched by a cluster of so many workers."""
    members, few = sample_members(size, as_of=DAY), sample_members(WARM_UP, as_of=DAY)
    distributed: Any = importlib.import_module("distributed")
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
        ) as made,
        open_executor(address=made.scheduler_address) as executor,
        distributed.Client(made, set_as_default=False) as client,
    ):
        build_candidate_graph(few, DAY, executor=executor, shard_members=10)
        took, graph = seconds_of(lambda: build_candidate_graph(members, DAY, executor=executor))
        highest = max(client.run(memory, "VmHWM").values())
    return {
        "total": took.seconds,
        "worker_bytes": highest,
        "graph": _digest(graph),
        **_traffic(members),
    }


def _digest(graph: CandidateGraph) -> str:
    digest = hashlib.sha256()
    for part in ("u", "v", "weight", "outside", "eligible"):
        digest.update(getattr(graph, part).tobytes())
    return digest.hexdigest()


def _traffic(members: list[MemberProfile]) -> dict[str, float]:
    """The bytes of the index, and of all candidate lists, by one shard."""
    index = MemberIndex.build(members, DAY)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index.save(path)
        sent = path.stat().st_size
        shard = min(len(members), SHARD_MEMBERS)
        searcher = Searcher(index)
        table = search_shard(searcher, 0, shard, 32, "buddy", index.weights)
    return {"sent": float(sent), "back": len(table) / shard * len(members)}


STAGES = {"pairs": pairs, "everything": everything, "cluster": cluster}

if __name__ == "__main__":
    print(json.dumps(STAGES[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))))
