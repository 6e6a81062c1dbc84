"""The candidate lists of shards of members: what a worker does, and what it sends back."""

from __future__ import annotations

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
    weights: npt.NDArray[np.int64]
    eligible: npt.NDArray[np.int32]

    def table(self) -> bytes:
        """As an Arrow table of one row a member."""
        return to_arrow(
            {
                "eligible": self.eligible,
                "peers": as_lists(self.counts, self.peers),
                "weights": as_lists(self.counts, self.weights.astype(np.int32)),
            }
        )

    @classmethod
    def of(cls, table: bytes) -> Lists:
        """Back from :meth:`table`."""
        batch = from_arrow(table)
        weights = numbers(batch, "weights").astype(np.int64)
        return cls(list_sizes(batch, "peers"), numbers(batch, "peers"), weights, numbers(batch, "eligible"))


class Searcher:
    """An index and the node of each of its slots."""

    def __init__(self, index: MemberIndex) -> None:
        self.index = index
        self.ids = sorted(index.member_ids())
        self.node_of = {name: node for node, name in enumerate(self.ids)}

    def save(self, path: Path) -> None:
        """Write the index; :meth:`load` makes the same searcher of it."""
        self.index.save(path)

    @classmethod
    def load(cls, path: Path) -> Searcher:
        """Read what :meth:`save` wrote."""
        return cls(MemberIndex.load(path))

    def lists(self, first: int, last: int, neighbours: int, kind: Kind, weights: FacetWeights) -> Lists:
        """Candidates of the members ``ids[first:last]``."""
        counts, eligible = np.zeros(last - first, np.int64), np.zeros(last - first, np.int32)
        peers: list[npt.NDArray[np.int32]] = []
        scores: list[npt.NDArray[np.float64]] = []
        for place, name in enumerate(self.ids[first:last]):
            found = self.index.search(self.index.seeker(name), neighbours, kind, weights)
            names = found.slots.ids
            counts[place], eligible[place] = found.top.slots.size, found.funnel.eligible
            peers.append(np.array([self.node_of[names[slot]] for slot in found.top.slots.tolist()], dtype=np.int32))
            scores.append(found.top.scores)
        flat = np.concatenate([*scores, np.empty(0)])
        return Lists(
            counts,
            np.concatenate([*peers, np.empty(0, np.int32)]),
            np.rint(flat * WEIGHT_SCALE).astype(np.int64),
            eligible,
        )


def search_shard(
    searcher: Searcher, first: int, last: int, neighbours: int, kind: Kind, weights: FacetWeights
) -> bytes:
    """One shard as an Arrow table."""
    return searcher.lists(first, last, neighbours, kind, weights).table()
