"""The facet means in force. New ones are announced in the change log, so every follower switches at the same number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from service.storage.changes import append
from service.storage.tables import POPULATION, population


@dataclass(frozen=True, slots=True)
class PopulationRow:
    """Means as JSON, the day they hold for, and how many members were stored when they were estimated."""

    means: str
    estimated_as_of: date
    members: int
    seq: int


_NEWEST = select(population).order_by(population.c.seq.desc()).limit(1)


def in_force(connection: Connection) -> PopulationRow | None:
    """The newest means, or None while there are only the default ones."""
    found = connection.execute(_NEWEST).mappings().one_or_none()
    if found is None:
        return None
    return PopulationRow(found["means"], date.fromisoformat(found["estimated_as_of"]), found["members"], found["seq"])


def put_in_force(connection: Connection, means: str, estimated_as_of: date, members: int, at: str) -> None:
    """Store new means and announce them."""
    seq = append(connection, POPULATION, [None], at)[0]
    row = {"seq": seq, "means": means, "estimated_as_of": estimated_as_of.isoformat(), "members": members}
    connection.execute(insert(population), [row])
