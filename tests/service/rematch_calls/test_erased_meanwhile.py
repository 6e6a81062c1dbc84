"""Erasing a member from folders that somebody replaces in that moment, or that are gone."""

from __future__ import annotations

import io
import shutil

import pytest

from service.community import Community
from service.logs import configure_logs
from service.storage import erasures
from service.use_cases import rematch_without
from service.use_cases.erase_member import erase_member
from service.use_cases.without_member import names
from tests.service.rematch_calls.conftest import by_hand, store


def named(community: Community, *members: str) -> list[str]:
    """Files that name one of some members."""
    files = [path for path in community.settings.jobs.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(names(path.read_bytes(), one) for one in members)]


def finished(community: Community) -> bool:
    with community.database.reading() as connection:
        return not erasures.under_way(connection)


@pytest.mark.parametrize("before_it_is_gone", [False, True])
def test_a_folder_that_is_replaced_while_it_is_read(
    community: Community, monkeypatch: pytest.MonkeyPatch, before_it_is_gone: bool
) -> None:
    store(community, "abcd")
    by_hand(community, [("buddy", "a", "b"), ("buddy", "c", "d"), ("buddy", "b", "d")])
    assert named(community, "a")

    came: list[str] = []

    def late(text: bytes, member_id: str) -> bool:
        came.append(member_id)
        monkeypatch.undo()
        assert rematch_without.erase_from_rematches(community, "c") == 1
        if before_it_is_gone:
            return False  # a part of the files was cleared away already
        raise FileNotFoundError

    monkeypatch.setattr("service.use_cases.rematch_without.names", late)
    erase_member(community, "a")
    assert came == ["a"]
    assert named(community, "a", "c") == []
    assert named(community, "b")
    assert finished(community)


def test_a_folder_that_is_gone_names_nobody(community: Community) -> None:
    store(community, "abcd")
    for pair in ("ab", "cd"):
        by_hand(community, [("buddy", *pair)])
    shutil.rmtree(community.settings.jobs)
    kept = by_hand(community, [("buddy", "a", "c")])
    log = io.StringIO()
    configure_logs(stream=log)
    erase_member(community, "a")
    assert finished(community)
    assert named(community, "a") == []
    assert log.getvalue().count("folder_missing") == 2
    assert kept not in log.getvalue()
