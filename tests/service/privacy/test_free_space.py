"""On SQLite the file is written anew after an erasure where something was left in it, and only there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from service.community import Community
from service.profile_text import alias_text, profile_text
from service.settings import Settings
from service.use_cases.erase_member import erase_member
from service.use_cases.store_members import store_members
from tests.service.matches.conftest import person

ID = "zq-unmistakable"


@pytest.fixture
def community(tmp_path: Path) -> Iterator[Community]:
    opened = Community.open(Settings(tmp_path / "members.db"))
    yield opened
    opened.database.close()


@pytest.fixture
def statements(community: Community) -> list[str]:
    """What the database is told from now on."""
    told: list[str] = []
    engine = community.database._engines.reading
    event.listen(engine, "before_cursor_execute", lambda *arguments: told.append(arguments[2]))
    return told


def leave(path: Path, text: str) -> None:
    """Have a text in the file that is in no row, as a program without our care would."""
    with sqlite3.connect(path) as connection:
        connection.executescript("PRAGMA secure_delete = OFF; CREATE TABLE scrap (text TEXT);")
        connection.execute("INSERT INTO scrap VALUES (?)", (f"... {text} ...",))
        connection.commit()
        connection.execute("DELETE FROM scrap")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert text.encode() in path.read_bytes()


@pytest.mark.parametrize(
    "other",
    [
        {"member_id": "Anna-Lena"},
        {"alias": "Annabel"},
        {"alias": "Anna"},
        {"region": "Santa Anna"},
        {"alias": 'x","alias":"Anna'},
    ],
)
def test_a_name_that_others_bear_is_no_trace(
    community: Community, statements: list[str], other: dict[str, str]
) -> None:
    fields = {"member_id": "other", **other}
    store_members(community.database, [person(ID, alias="Anna"), person(fields.pop("member_id"), **fields)])
    erase_member(community, ID)
    assert "VACUUM" not in statements
    assert any("wal_checkpoint" in statement for statement in statements)


@pytest.mark.parametrize("alias", ["Anna", 'Zoë "the" quick\\', "50%_off", "\N{GRINNING FACE}"])
@pytest.mark.parametrize("what", ["id", "alias"])
def test_what_is_left_of_them_goes(
    community: Community, statements: list[str], tmp_path: Path, alias: str, what: str
) -> None:
    path = tmp_path / "members.db"
    store_members(community.database, [person(ID, alias=alias), person("other", alias=alias.upper() + "!")])
    text = ID if what == "id" else alias_text(alias)
    leave(path, text)
    erase_member(community, ID)
    assert "VACUUM" in statements
    assert text.encode() not in path.read_bytes()


def test_an_alias_in_other_letters_is_another_one(community: Community, statements: list[str], tmp_path: Path) -> None:
    store_members(community.database, [person(ID, alias="Anna"), person("other", alias="ANNA")])
    leave(tmp_path / "members.db", alias_text("Anna"))
    erase_member(community, ID)
    assert "VACUUM" in statements


@pytest.mark.parametrize("alias", ["Anna", 'Zoë "the" quick\\', "\N{GRINNING FACE}", "a/b\t"])
def test_the_text_of_an_alias_is_that_of_the_profile(alias: str) -> None:
    text = profile_text(person(ID, alias=alias))
    assert alias_text(alias) in text
    assert text.index(ID) < text.index(alias_text(alias)), "what is left of a row from its beginning on holds the id"
