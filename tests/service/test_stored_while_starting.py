"""Who was stored while the index was being made is known to the next answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.community import Community
from service.settings import Settings
from service.storage.changes import newest_seq
from service.tie_keeping import all_relations
from service.use_cases.find_buddies import Wish, find_at_once, find_buddies
from service.use_cases.put_member import put_member
from service.use_cases.store_members import store_members
from tests.database_places import Place
from tests.service.matches.conftest import person


@pytest.fixture
def community(place: Place) -> Iterator[Community]:
    opened = Community.open(Settings(place.target, index_folder=place.index_folder))
    store_members(opened.database, [person("asks"), person("there")])
    yield opened
    opened.database.close()


def start_while_somebody_comes(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index reads a moment of the database; then somebody is stored, and told so."""

    def meanwhile(*arguments: Any) -> object:
        fields = person("came").model_dump(mode="json", exclude_defaults=True)
        assert put_member(community, "came", fields)[1]
        return all_relations(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr("service.live_index.all_relations", meanwhile)
        community.index.start()
    assert "came" not in community.index.view().index, "it was made from what was there before"


def test_an_answer_knows_them(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    start_while_somebody_comes(community, monkeypatch)
    assert find_at_once(community, "asks", Wish(5)) is None, "it cannot be answered without a look at what is new"
    answer = find_buddies(community, "asks", Wish(5))
    assert {peer.member_id for peer in answer.found.peers} == {"there", "came"}
    with community.database.reading() as connection:
        assert answer.as_of_seq == newest_seq(connection)
