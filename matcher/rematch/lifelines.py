"""Pairs put into a candidate graph beside everybody's best: a way out for those who are on few lists.

A candidate graph holds the best candidates of each member. Where many compete for the same few, a plan on it may leave
over somebody who could have had a lesser partner, and a mentor whom nobody ranks among their best gets no mentee. With
the pairs of a maximal plan over all eligible pairs as further edges, the best coverage on the graph is at least that
plan's.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from matcher.embedding.weights import FacetWeights
from matcher.graph.candidate_graph import WEIGHT_SCALE, CandidateGraph
from matcher.members.vocabulary import Kind
from matcher.rematch.everyone import Everyone
from matcher.rematch.metrics import Places


def with_pairs(
    graph: CandidateGraph, everyone: Everyone, kind: Kind, weights: FacetWeights, pairs: Places
) -> CandidateGraph:
    """The graph with further edges, scored as its own; pairs that the rules forbid, or that are edges, add nothing.

    Args:
        graph: of the same members, kind and weights.
        everyone: its members; node i is position i.
        kind: ``buddy`` or ``mentor``.
        weights: of the facets.
        pairs: (k, 2) positions; for mentoring the seeker first.

    Returns:
        A graph whose bounds on what is outside hold as before: less is left out.
    """
    n = len(graph)
    pairs = pairs.astype(np.int64)
    pairs = pairs if kind == "mentor" else np.sort(pairs, axis=1)
    pairs = np.unique(pairs[everyone.allowed(pairs[:, 0], pairs[:, 1], kind)], axis=0)
    weight = np.rint(everyone.scores(pairs[:, 0], pairs[:, 1], kind, weights) * WEIGHT_SCALE).astype(np.int64)
    u = np.concatenate([graph.u, pairs[:, 0].astype(np.int32)])
    v = np.concatenate([graph.v, pairs[:, 1].astype(np.int32)])
    _, first = np.unique(u.astype(np.int64) * n + v, return_index=True)
    return dataclasses.replace(graph, u=u[first], v=v[first], weight=np.concatenate([graph.weight, weight])[first])
