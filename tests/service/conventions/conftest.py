"""What the tests of the conventions share: a few members who may meet each other, served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from matcher import MemberProfile
from tests.database_places import POSTGRESQL, SQLITE
from tests.service.conftest import Serve, Served


@pytest.fixture(scope="session", params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.long)])
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn; the rows themselves are tested on both in the contract suite."""
    return str(request.param)


def person(member_id: str, **fields: object) -> MemberProfile:
    """Somebody who may meet everybody else like this."""
    wide: dict[str, object] = {
        "member_id": member_id,
        "consent": True,
        "birth_year": 1985,
        "languages": ["en"],
        "buddy_capacity": 4,
        "mentor_capacity": 2,
        "mentor_approved": True,
    }
    return MemberProfile.parse(wide | fields)


@pytest.fixture
def five(serve: Serve) -> Iterator[Served]:
    """Members a to e."""
    with serve() as served:
        served.load([person(member_id) for member_id in "abcde"])
        yield served


def problem_of(reply: object) -> str:
    """The last part of a problem's type."""
    return str(reply.json()["type"]).rpartition(":")[2]  # type: ignore[attr-defined]
