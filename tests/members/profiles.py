"""Valid profiles of every shape, for properties."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from matcher.catalog import default_catalog
from matcher.members.availability import DAYS
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import CADENCES, CHANNELS, ROLES, SHARES, STATUSES, SUPPORT_TYPES, TIES

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=64)
TOKEN = TEXT.filter(lambda text: 1 <= len(" ".join(text.casefold().split())) <= 64)
WORDS = st.text("abcxyz;\\,\"'\n\rßé ", min_size=1, max_size=18).filter(str.strip)


def subsets(values: tuple[str, ...], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True, min_size=least, max_size=min(len(values), 6))


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    slugs = [procedure.slug for procedure in default_catalog().procedures]
    name = draw(st.sampled_from([*slugs, "0DB64Z3", "0sr90ja"]))
    return {"procedure": name, "date": draw(st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1)))}


@st.composite
def slots(draw: st.DrawFn) -> dict[str, str]:
    start, end = sorted(draw(st.lists(st.integers(0, 1440), min_size=2, max_size=2, unique=True)))
    return {
        "day": draw(st.sampled_from(DAYS)),
        "start": f"{start // 60:02d}:{start % 60:02d}",
        "end": f"{end // 60:02d}:{end % 60:02d}",
    }


def fields() -> st.SearchStrategy[dict[str, Any]]:
    """Input rows that every reader must accept."""
    catalog = default_catalog()
    optional: dict[str, st.SearchStrategy[Any]] = {
        "alias": TEXT,
        "status": st.sampled_from(STATUSES),
        "consent": st.booleans(),
        "role": st.sampled_from(ROLES),
        "open_to_roles": subsets(ROLES, 1),
        "birth_year": st.integers(1900, 2000),
        "gender": WORDS,
        "only_genders": st.lists(WORDS, max_size=3),
        "procedures": st.lists(events(), max_size=4),
        "languages": subsets(("en", "pt-BR", "zh-Hant", "es-419", "de")),
        "time_zone": st.sampled_from(("Europe/Lisbon", "America/Chicago", "UTC")),
        "availability": st.lists(slots(), max_size=4),
        "channels": subsets(CHANNELS),
        "cadence": st.sampled_from(CADENCES),
        "region": TOKEN,
        "needs": subsets(SUPPORT_TYPES),
        "offers": subsets(SUPPORT_TYPES),
        "topics": subsets(catalog.topics.tags),
        "avoid_topics": subsets(catalog.topics.tags),
        "interests": subsets((*catalog.interests.tags[:40], "k-dramas", "r+b", "ünder-water")),
        "buddy_capacity": st.integers(0, 50),
        "mentor_capacity": st.integers(0, 50),
        "mentor_approved": st.booleans(),
        "seeks": subsets(TIES),
        "clinic": TOKEN,
        "avoid_same_clinic": st.booleans(),
        "shares": subsets(SHARES),
        "blocked": st.lists(IDS, max_size=4),
    }
    return st.fixed_dictionaries({"member_id": IDS}, optional=optional)


def profiles() -> st.SearchStrategy[MemberProfile]:
    return fields().map(MemberProfile.parse)
