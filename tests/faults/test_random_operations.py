"""Whatever was acknowledged holds, and nothing else has happened, however often the service dies in between."""

from __future__ import annotations

import pytest

from service.storage.database import Database
from tests.faults.lives import Lives
from tests.faults.running import Site
from tests.service.conftest import bearer_of

SIZES = [(5_000, 1_500), pytest.param((100_000, 2_000), marks=pytest.mark.long)]
"""Operations on each kind of database, and how many a service lives through at most."""


@pytest.mark.parametrize("size", SIZES)
def test_what_was_acknowledged_holds(site: Site, size: tuple[int, int]) -> None:
    operations, budget = size
    headers = bearer_of(site.place.target)
    database = Database.open(site.place.target)
    try:
        lives = Lives(site, headers, 5, database)
        tally = lives.live(operations, budget)
    finally:
        database.close()
    print(tally)
    assert tally.operations >= operations
    done = lives.islands[0].outcomes
    for island in lives.islands[1:]:
        done += island.outcomes
    assert done.keys() >= {"done", "unknown-member", "already-matched", "not-eligible", "no-place-left"}
    assert done["done"] > operations / 10
    assert lives.arena.outcomes["no-place-left"] > 0
    print(done, lives.arena.outcomes)
