"""The candidate lists of shards of members: what a worker does, and what it sends back."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.embedding.weights import FacetWeights
from matcher.executors.arrow import as_lists, from_arrow, list_sizes, numbers, to_arrow
from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.index.member_index import MemberIndex
from matcher.members.vocabulary import Kind


class Lists(NamedTuple):
    """The candidate lists of one shard, flat; peers as positions in the sorted ids.

    Attributes:
        counts: (n,) candidates of each member of the shard.
        peers: (m,) one list after the other, each from the best down.
        weights: (m,) scores in millionths.
        eligible: (n,) peers that the hard rules leave each member.
    """

    counts: npt.NDArray[np.int64]
    peers: npt.NDArray[np.int32]
    weights: npt.NDArray[np.int32]
    eligible: npt.NDArray[np.int32]

    def table(self) -> bytes:
        """As an Arrow table of one row a member."""
        return to_arrow(
            {
                "eligible": self.eligible,
                "peers": as_lists(self.counts, self.peers),
                "weights": as_lists(self.counts, self.weights),
            }
        )

    @classmethod
    def of(cls, table: bytes) -> Lists:
        """Back from :meth:`table`."""
        batch = from_arrow(table)
        return cls(
            list_sizes(batch, "peers"), numbers(batch, "peers"), numbers(batch, "weights"), numbers(batch, "eligible")
        )


class Searcher:
    """An index and the node of each of its slots.

    Attributes:
        index: of everybody.
        ids: member ids, ascending: node i is ``ids[i]``.
        order: (n,) nodes in the order in which shards take them, those who seek alike beside each other.
    """

    def __init__(self, index: MemberIndex) -> None:
        self.index = index
        everybody = index.everybody()
        self.ids, self.order = everybody.ids, everybody.alike
        self._node_at = np.full(everybody.slots.max(initial=-1) + 1, -1, dtype=np.int32)
        self._node_at[everybody.slots] = np.arange(len(self.ids), dtype=np.int32)

    def node(self, member_id: str) -> int:
        """The node of a member who is there."""
        return bisect_left(self.ids, member_id)

    def save(self, path: Path) -> None:
        """Write the index; :meth:`load` makes the same searcher of it."""
        self.index.save(path)

    @classmethod
    def load(cls, path: Path) -> Searcher:
        """Read what :meth:`save` wrote."""
        return cls(MemberIndex.load(path))

    def lists(self, first: int, last: int, neighbours: int, kind: Kind, weights: FacetWeights) -> Lists:
        """Candidates of the members at ``order[first:last]``."""
        seekers = [self.index.seeker(self.ids[node]) for node in self.order[first:last].tolist()]
        found = self.index.search_together(seekers, neighbours, kind, weights)
        slots = np.concatenate([*(one.top.slots for one in found), np.empty(0, np.int64)])
        scores = np.concatenate([*(one.top.scores for one in found), np.empty(0)])
        return Lists(
            np.array([one.top.slots.size for one in found], dtype=np.int64),
            self._node_at[slots],
            np.rint(scores * WEIGHT_SCALE).astype(np.int32),
            np.array([one.eligible for one in found], dtype=np.int32),
        )


def search_shard(
    searcher: Searcher, first: int, last: int, neighbours: int, kind: Kind, weights: FacetWeights
) -> bytes:
    """One shard as an Arrow table."""
    return searcher.lists(first, last, neighbours, kind, weights).table()
