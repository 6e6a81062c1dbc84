"""The same question gets the same answer, whatever the threads and however often."""

from __future__ import annotations

import threading

import faiss
import pytest

from matcher import FacetWeights, Recommendations, recommend_buddies
from tests.buddies.conftest import Community

WEIGHTS = (None, FacetWeights.parse({"age": 1, "interests": 2}), FacetWeights.parse({"topics": 1}))


def ask(community: Community) -> list[Recommendations]:
    return [
        recommend_buddies(community.index, seeker.member_id, 10, weights=weights)
        for seeker in community.seekers[:40]
        for weights in WEIGHTS
    ]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_faiss_threads_does_not_matter(community: Community, threads: int) -> None:
    before, usual = ask(community), faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        assert ask(community) == before
    finally:
        faiss.omp_set_num_threads(usual)


def test_many_askers_at_once_get_what_one_gets(community: Community) -> None:
    alone = ask(community)
    together: list[list[Recommendations]] = []
    askers = [threading.Thread(target=lambda: together.append(ask(community))) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert together == [alone] * 4
