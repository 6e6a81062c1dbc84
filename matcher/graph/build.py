"""Builds the candidate graph from exact searches: every list is the certified best of all eligible, so recall is 1.

Shards of members who seek alike are searched apart, on any executor, and put together by their ids: the graph depends
on neither the number of workers nor the size of shards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.eligibility.funnel import Funnel
from matcher.eligibility.rules import Circumstances, broken_rules
from matcher.embedding.population import FacetMeans
from matcher.embedding.weights import FacetWeights
from matcher.errors import InvalidRequest, Problem
from matcher.executors.crew import Crew, hired
from matcher.graph.candidate_graph import NOTHING_OUTSIDE, WEIGHT_SCALE, CandidateGraph
from matcher.graph.searching import Lists, Searcher, search_shard
from matcher.index.member_index import MemberIndex
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import KINDS, Kind

SHARD_MEMBERS = 2048
MOST_NEIGHBOURS = 1000


class _Kept(NamedTuple):
    """Pairs that are edges by wish: their nodes and weights."""

    ends: npt.NDArray[np.int32]
    weights: npt.NDArray[np.int32]


class CandidateSearch:
    """An indexed community whose candidate graphs of either kind can be built; made by :func:`candidate_search`."""

    def __init__(self, searcher: Searcher, crew: Crew[Searcher]) -> None:
        self._searcher, self._crew = searcher, crew

    def graph(
        self,
        neighbours: int = 32,
        kind: Kind = "buddy",
        *,
        weights: FacetWeights | None = None,
        keep: Iterable[tuple[str, str]] = (),
        shard_members: int = SHARD_MEMBERS,
        progress: Callable[[int, int], None] | None = None,
    ) -> CandidateGraph:
        """As :func:`build_candidate_graph`, of the members that are indexed."""
        _check(neighbours, kind, shard_members)
        if weights is None:
            weights = FacetWeights.mentor() if kind == "mentor" else FacetWeights.buddy()
        searcher = self._searcher
        total = len(searcher.ids)
        shards = [
            (first, min(first + shard_members, total), neighbours, kind, weights)
            for first in range(0, total, shard_members)
        ]
        lists: list[Lists] = []
        for table in self._crew.each(search_shard, shards):
            lists.append(Lists.of(table))
            if progress is not None:
                progress(min(total, len(lists) * shard_members), total)
        kept = _kept_pairs(searcher, keep, searcher.index.as_of, kind, weights)
        return _graph(searcher, lists, kept, neighbours, kind)


@contextmanager
def candidate_search(
    members: Iterable[MemberProfile],
    as_of: date,
    executor: Executor | None = None,
    *,
    means: FacetMeans | None = None,
) -> Iterator[CandidateSearch]:
    """Index a community once for several graphs. The index travels to each worker of ``executor`` once a graph at most.

    Args:
        members: the community; of one id the last profile counts.
        as_of: the day for which to match.
        executor: where shards are searched.
        means: what unknown facets score; estimated from ``members`` by default.
    """
    searcher = Searcher(MemberIndex.build(members, as_of, means=means))
    with hired(searcher, executor, Searcher.save, Searcher.load) as crew:
        yield CandidateSearch(searcher, crew)


def build_candidate_graph(
    members: Iterable[MemberProfile],
    as_of: date,
    neighbours: int = 32,
    kind: Kind = "buddy",
    seed: int = 0,
    executor: Executor | None = None,
    *,
    weights: FacetWeights | None = None,
    means: FacetMeans | None = None,
    keep: Iterable[tuple[str, str]] = (),
    shard_members: int = SHARD_MEMBERS,
    progress: Callable[[int, int], None] | None = None,
) -> CandidateGraph:
    """The best ``neighbours`` eligible peers of every member, as one graph.

    Args:
        members: the community; of one id the last profile counts.
        as_of: the day for which to match.
        neighbours: candidates a member, 1 to 1,000. An edge stands when it is on the list of either of its members.
        kind: ``buddy``, or ``mentor`` for edges from seekers to mentors.
        seed: no part of this is drawn by lot; taken so that all batch calls are called alike.
        executor: where shards are searched: any ``concurrent.futures`` executor whose workers see this machine's
            temporary files, or that of a Dask cluster (``Client.get_executor(pure=False)``), whose workers need share
            nothing with it; :func:`~matcher.executors.opening.open_executor` opens either. By default this process.
        weights: of the facets; the preset of ``kind`` by default.
        means: what unknown facets score; estimated from ``members`` by default.
        keep: pairs that are to be edges, however they rank, if the hard rules allow them: those that staff lock.
        shard_members: members a shard; memory a worker needs besides the index grows with it.
        progress: called with members done and members in all.

    Returns:
        The graph; the same whatever the executor and the shards.

    Raises:
        InvalidRequest: if ``neighbours``, ``kind`` or ``shard_members`` is out of range.
        UnknownMember: if a pair to keep names nobody.

    Cost: an exact search a member, with 32 neighbours 0.26 ms each at 20,000 members, 0.5 at 200,000, 1.1 at 1,000,000.
    """
    del seed
    _check(neighbours, kind, shard_members)
    with candidate_search(members, as_of, executor, means=means) as search:
        return search.graph(
            neighbours, kind, weights=weights, keep=keep, shard_members=shard_members, progress=progress
        )


def _kept_pairs(
    searcher: Searcher, keep: Iterable[tuple[str, str]], as_of: date, kind: Kind, weights: FacetWeights
) -> _Kept:
    index = searcher.index
    at = Circumstances(as_of, kind, index.relations)
    ends, scores = [], []
    for one, other in keep:
        if not broken_rules(index.seeker(one).record, index.seeker(other).record, at):
            ends.append((searcher.node(one), searcher.node(other)))
            scores.append(index.score(one, other, kind, weights))
    return _Kept(
        np.array(ends, dtype=np.int32).reshape(-1, 2), np.rint(np.array(scores) * WEIGHT_SCALE).astype(np.int32)
    )


def _check(neighbours: int, kind: str, shard_members: int) -> None:
    if isinstance(neighbours, bool) or not isinstance(neighbours, int) or not 1 <= neighbours <= MOST_NEIGHBOURS:
        raise InvalidRequest(Problem("neighbours", "out of range", f"a whole number from 1 to {MOST_NEIGHBOURS}"))
    if kind not in KINDS:
        raise InvalidRequest(Problem("kind", "no such kind", " or ".join(KINDS)))
    if shard_members < 1:
        raise InvalidRequest(Problem("shard_members", "out of range", "a whole number from 1 on"))


def _graph(searcher: Searcher, lists: list[Lists], kept: _Kept, neighbours: int, kind: Kind) -> CandidateGraph:
    """One graph of all lists, which are let go: of a million members each of their arrays is some hundred megabytes."""
    total = len(searcher.ids)
    counts = np.concatenate([*(part.counts for part in lists), np.empty(0, np.int64)])
    peers = np.concatenate([*(part.peers for part in lists), kept.ends[:, 1]])
    weight = np.concatenate([*(part.weights for part in lists), kept.weights])
    eligible = np.concatenate([*(part.eligible for part in lists), np.empty(0, np.int32)])
    lists.clear()
    ends = np.cumsum(counts)
    outside = np.full(total, NOTHING_OUTSIDE, dtype=np.int64)
    cut = np.flatnonzero(eligible > counts)
    outside[searcher.order[cut]] = weight[ends[cut] - 1]  # lists fall, so the last is the worst kept
    eligible_of = np.empty_like(eligible)
    eligible_of[searcher.order] = eligible
    one = np.concatenate([np.repeat(searcher.order.astype(np.int32), counts), kept.ends[:, 0]])
    low, high = (one, peers) if kind == "mentor" else (np.minimum(one, peers), np.maximum(one, peers))
    del one, peers
    key = low.astype(np.int64)
    key *= total
    key += high
    del low, high
    key, first = np.unique(key, return_index=True)

    def funnel(name: str) -> Funnel:
        index = searcher.index
        return index.search(index.seeker(name), neighbours, kind, index.weights).funnel

    u, v = (key // total).astype(np.int32), (key % total).astype(np.int32)
    return CandidateGraph(tuple(searcher.ids), u, v, weight[first].astype(np.int64), outside, eligible_of, funnel)
