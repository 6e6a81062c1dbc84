"""Single fields of a profile: what passes, in which form it is kept, and what is refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from matcher.errors import InvalidMember
from matcher.members.age import AgePool, age_pool, surely_under_13
from matcher.members.profile import MemberProfile


def parse(**fields: Any) -> MemberProfile:
    return MemberProfile.parse({"member_id": "x", **fields})


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("gender", " Woman ", "woman"),
        ("only_genders", ["Woman", "woman"], ("woman",)),
        ("languages", ["EN_us", "eng"], ("en-US", "en")),
        ("interests", ["Board  Games", "k-dramas"], ("board-games", "k-dramas")),
        ("topics", ["Body Image"], ("body-image",)),
        ("blocked", ["a", "b", "a"], ("a", "b")),
        ("birth_year", "1980", 1980),
        ("seeks", [], ()),
    ],
)
def test_kept_forms(field: str, given: object, kept: object) -> None:
    assert getattr(parse(**{field: given}), field) == kept


@pytest.mark.parametrize("code", ["0db64z3", "0DB64Z3"])
def test_procedures_keep_one_spelling(code: str) -> None:
    assert parse(procedures=[{"procedure": code}]).procedures[0].procedure == "0DB64Z3"
    assert parse(procedures=[{"procedure": "Sleeve Gastrectomy"}]).procedures[0].procedure == "sleeve-gastrectomy"


def test_roles_wish_their_own_unless_said() -> None:
    assert parse(role="caregiver").open_to_roles == ("caregiver",)
    assert parse(role="caregiver", open_to_roles=["patient"]).open_to_roles == ("patient",)


@pytest.mark.parametrize(
    ("where", "fields"),
    [
        ("member_id", {"member_id": "a\n"}),
        ("member_id", {"member_id": "x" * 65}),
        ("consent", {"consent": "true"}),
        ("gender", {"gender": "  "}),
        ("gender", {"gender": "ß" * 30}),
        ("birth_year", {"birth_year": 1899}),
        ("birth_year", {"birth_year": True}),
        ("buddy_capacity", {"buddy_capacity": float("nan")}),
        ("buddy_capacity", {"buddy_capacity": 51}),
        ("languages[0]", {"languages": ["klingonish"]}),
        ("languages", {"languages": "en"}),
        ("time_zone", {"time_zone": "GMT+25"}),
        ("procedures[0].procedure", {"procedures": [{"procedure": "wingectomy"}]}),
        ("procedures[0].date", {"procedures": [{"procedure": "rhinoplasty", "date": "1700006400"}]}),
        ("procedures[0].date", {"procedures": [{"procedure": "rhinoplasty", "date": 1700006400}]}),
        ("procedures[0].date", {"procedures": [{"procedure": "rhinoplasty", "date": "2024-02-30"}]}),
        ("procedures[0].date", {"procedures": [{"procedure": "rhinoplasty", "date": datetime(2024, 1, 1)}]}),
        ("procedures", {"procedures": [{"procedure": "rhinoplasty"}] * 17}),
        ("availability[0]", {"availability": [{"day": "mon", "start": "20:00", "end": "18:00"}]}),
        ("availability[0].start", {"availability": [{"day": "mon", "start": "25:00", "end": "26:00"}]}),
        ("topics[0]", {"topics": ["dragons"]}),
        ("interests[0]", {"interests": ["?"]}),
        ("open_to_roles", {"open_to_roles": []}),
        ("blocked[1]", {"blocked": ["a", "b c"]}),
        ("shoe_size", {"shoe_size": 42}),
    ],
)
def test_refused(where: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidMember) as caught:
        parse(**fields)
    assert where in [problem.where for problem in caught.value.problems]
    assert all(problem.what and problem.accepted for problem in caught.value.problems)


def test_dates_are_dates() -> None:
    assert parse(procedures=[{"procedure": "rhinoplasty", "date": "2024-02-29"}]).procedures[0].date == date(
        2024, 2, 29
    )


@pytest.mark.parametrize(
    ("birth_year", "pool"),
    [
        (None, AgePool.NONE),
        (2020, AgePool.NONE),
        (2013, AgePool.NONE),
        (2012, AgePool.MINOR),
        (2009, AgePool.MINOR),
        (2008, AgePool.TURNING_ADULT),
        (2007, AgePool.ADULT),
    ],
)
def test_age_pools_take_the_safe_reading(birth_year: int | None, pool: AgePool) -> None:
    assert age_pool(birth_year, date(2026, 1, 1)) is pool
    assert surely_under_13(birth_year, date(2026, 1, 1)) == (birth_year == 2020)
