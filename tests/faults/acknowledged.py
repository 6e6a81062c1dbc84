"""Whatever was acknowledged holds, and nothing else has happened, however often the service dies in between."""

from __future__ import annotations

from service.storage.database import Database
from tests.faults.lives import Lives
from tests.faults.running import Site
from tests.service.conftest import bearer_of


def holds_what_was_acknowledged(site: Site, operations: int, budget: int) -> None:
    """Live through so many operations; a service lives through ``budget`` of them at most."""
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
