"""Somebody is erased, comes back and is erased again: the second time is as sure as the first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from service.community import Community
from service.settings import Settings
from service.storage import pseudonyms
from service.storage.tables import audit_members
from service.use_cases.audit import Event, note_read
from service.use_cases.erase_member import erase_member
from service.use_cases.store_members import store_members
from tests.database_places import Place
from tests.service.matches.conftest import person

NAME = "zq-unmistakable"


@pytest.fixture
def community(place: Place) -> Iterator[Community]:
    opened = Community.open(Settings(place.target, index_folder=place.index_folder))
    yield opened
    opened.database.close()


def test_where_the_trail_names_them_by_both_names(community: Community) -> None:
    store_members(community.database, [person(NAME), person("a")])
    erase_member(community, NAME)
    store_members(community.database, [person(NAME)])
    with community.database.reading() as connection:
        known = pseudonyms.known(connection)
    assert known is not None
    pseudonym = known.of(NAME)
    note_read(community, Event("list", "match", None, ("a", pseudonym, NAME)))
    note_read(community, Event("list", "match", None, ("a", NAME)))
    erase_member(community, NAME)
    with community.database.reading() as connection:
        rows = connection.execute(select(audit_members.c.number, audit_members.c.member_id)).all()
    assert NAME not in {member_id for _, member_id in rows}
    both, one = (
        {name for at, name in rows if at == number} for number in sorted({number for number, _ in rows})[-3:-1]
    )
    assert both == {"a", pseudonym, f"{pseudonym}-2"}
    assert one == {"a", pseudonym}
