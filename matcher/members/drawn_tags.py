"""How likely each topic and interest is in a drawn population."""

from __future__ import annotations

import numpy as np

from matcher.catalog import Catalog, Vocabulary
from matcher.members import population as pop
from matcher.members import population_topics as about
from matcher.members.draws import Ints, zipf_weights


def _topics(catalog: Catalog) -> Ints:
    """(domains * 3, topics) weights."""
    rows = [
        [
            about.COMMON.get(tag, 1)
            * (about.DOMAIN_FACTOR if tag in about.BY_DOMAIN.get(domain, ()) else 1)
            * (about.STAGE_FACTOR if tag in third else 1)
            for tag in catalog.topics.tags
        ]
        for domain in catalog.domains
        for third in about.BY_THIRD
    ]
    return np.array(rows, dtype=np.int64)


def _skewed(vocabulary: Vocabulary) -> Ints:
    """(tags,) weights: the catalogue lists groups, and tags in a group, with the commonest first."""
    groups = vocabulary.group_of.tolist()
    rank_within = [groups[:position].count(group) for position, group in enumerate(groups)]
    falling = zipf_weights(len(groups)) // 10**3
    weights: Ints = falling[groups] * falling[rank_within] // 10**6
    return weights


class TagTables:
    """Weights of the catalogue's tags, computed once a sample.

    Attributes:
        topics_by_domain_and_third: (domains * 3, topics).
        avoided: (topics,).
        interests: weights of ``interest_names``: the catalogue's tags, then free ones.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.topics_by_domain_and_third = _topics(catalog)
        self.avoided = np.array([about.AVOIDED.get(tag, 0) for tag in catalog.topics.tags], dtype=np.int64)
        known, free = _skewed(catalog.interests), zipf_weights(len(pop.FREE_INTERESTS))
        share = pop.SHARES["free_interest"]
        wanted = int(known.sum()) * round(1000 * share) // round(1000 * (1 - share))
        self.interests = np.concatenate([known, free * wanted // int(free.sum())])
        self.interest_names = [*catalog.interests.tags, *pop.FREE_INTERESTS]
