"""A small community in which everybody may meet everybody, on both kinds of databases, with a clock to be moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from matcher import MemberProfile
from service.community import Community
from service.settings import Settings
from service.use_cases.store_members import store_members
from tests.database_places import POSTGRESQL, SQLITE, Place

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session", params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.long)])
def stored_in(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass
class Clock:
    """The moment, as long as nobody moves it. It moves on a little with every look, as moments do."""

    moment: datetime = START
    looks: int = field(default=0)

    def __call__(self) -> datetime:
        self.looks += 1
        return self.moment + timedelta(microseconds=self.looks)

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


def person(member_id: str, **fields: object) -> MemberProfile:
    """Somebody who may meet everybody else like this; a mentor, too."""
    wide: dict[str, object] = {
        "member_id": member_id,
        "consent": True,
        "birth_year": 1985,
        "languages": ["en"],
        "buddy_capacity": 2,
        "mentor_capacity": 2,
        "mentor_approved": True,
    }
    return MemberProfile.parse(wide | fields)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(place: Place, clock: Clock) -> Settings:
    return Settings(database=place.target, index_folder=place.index_folder, clock=clock)


@pytest.fixture
def community(settings: Settings) -> Iterator[Community]:
    """Five members, a to e."""
    opened = Community.open(settings)
    store_members(opened.database, [person(member_id) for member_id in "abcde"])
    opened.index.start()
    yield opened
    opened.database.close()
