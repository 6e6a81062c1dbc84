"""A thread that stores stands back while searches are answered."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from service import precedence
from service.precedence import Precedence, stand_back, standing_back
from service.storage.database import Database


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each wait was, without the waiting: the clock is moved instead."""
    taken: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: 100.0 + sum(taken), sleep=taken.append)
    monkeypatch.setattr(precedence, "time", clock)
    return taken


def test_only_within_the_block_and_only_while_others_are_at_work(rests: list[float]) -> None:
    others = Precedence()
    with standing_back(others, 5.0):
        stand_back()
    assert not rests, "nobody else is at work"
    others.taken = lambda: len(rests) < 3
    stand_back()
    assert not rests, "outside"
    with standing_back(others, 5.0):
        stand_back()
        stand_back()
    assert len(rests) == 3


def test_no_longer_in_all_than_was_said(rests: list[float]) -> None:
    others = Precedence()
    others.taken = lambda: True
    with standing_back(others, 0.01):
        stand_back()
        waited = len(rests)
        assert 0.01 <= sum(rests) < 0.01 + 2 * precedence.LOOK_AGAIN_S
        stand_back()
        assert len(rests) == waited


def test_at_each_statement_of_a_file(tmp_path: Path) -> None:
    others, looks = Precedence(), list[None]()

    def taken() -> bool:
        looks.append(None)
        return False

    others.taken = taken
    database = Database.open(tmp_path / "members.db")
    try:
        with standing_back(others, 60.0), database.writing() as connection:
            for _ in range(3):
                before = len(looks)
                connection.execute(text("select 1"))
                assert len(looks) == before + 1
        with database.reading() as connection:
            before = len(looks)
            connection.execute(text("select 1"))
            assert len(looks) == before
    finally:
        database.close()
