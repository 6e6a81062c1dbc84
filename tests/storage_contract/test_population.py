"""The facet means in force."""

from __future__ import annotations

from datetime import date

from service.storage import changes, population
from service.storage.database import Database
from tests.storage_contract.writers import AT, store


def test_new_means_are_announced_in_the_log(database: Database) -> None:
    store(database, {"a": "{}"})
    with database.writing() as connection:
        assert population.in_force(connection) is None
        population.put_in_force(connection, '{"age":1}', date(2026, 1, 2), 1, AT)
        population.put_in_force(connection, '{"age":2}', date(2026, 1, 3), 2, AT)
    with database.reading() as connection:
        assert population.in_force(connection) == population.PopulationRow('{"age":2}', date(2026, 1, 3), 2, 3)
        assert changes.news_since(connection, 1) == changes.News(3, (), True)
