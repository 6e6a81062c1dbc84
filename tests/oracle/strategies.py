"""Members, weights and days for property tests.

The vocabularies are small on purpose: ties, blocks, shared languages, equal stages and unknowns should meet in almost
every population, not once in a thousand.
"""

from __future__ import annotations

import datetime
import functools
import itertools
from collections.abc import Sequence
from typing import Any, Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from matcher.catalog import default_catalog
from matcher.members.profile import MemberProfile
from tests.oracle.rules import Load
from tests.oracle.score import MEANS, WEIGHTED

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For tests whose first example reads the catalogue, or that share a busy machine."""

SUPPORT = ("emotional", "informational", "instrumental", "companionship")
CHANNELS = ("text", "voice", "video", "in_person")
LANGUAGES = ("en", "en-GB", "pt-BR", "es")
GENDERS = ("woman", "man", "non-binary")
FREE_TAGS = ("sourdough-club", "dragon-boat")
ADULTS = (1960, 1985, 1985, 1986)
MINORS = (2009, 2010, 2010, 2011)
TURNING = (2007, 2008, 2008)
DAY = datetime.date(2026, 1, 2)
"""Close to a new year, so that age pools change within the days that are drawn."""


@functools.cache
def procedure_names() -> tuple[str, ...]:
    """Two places of one family, one elsewhere in its domain, one of another domain, and an ICD-10-PCS code."""
    catalog = default_catalog()
    places = range(len(catalog.procedures))
    family, domain = catalog.family_of, catalog.domain_of
    for first, second in itertools.combinations(places, 2):
        if family[first] != family[second]:
            continue
        cousins = [place for place in places if domain[place] == domain[first] and family[place] != family[first]]
        if cousins:
            stranger = next(place for place in places if domain[place] != domain[first])
            chosen = (first, second, cousins[0], stranger)
            return (*(catalog.procedures[place].slug for place in chosen), "0DB64Z3")
    raise AssertionError("the catalogue has no domain of two families, one of them of two procedures")


@functools.cache
def topic_names() -> tuple[str, ...]:
    """Two topics of one group and two of another."""
    return _two_and_two(default_catalog().topics.tags, [int(group) for group in default_catalog().topics.group_of])


@functools.cache
def interest_names() -> tuple[str, ...]:
    """Two catalogue interests of one group, two of another, and two free tags."""
    interests = default_catalog().interests
    return (*_two_and_two(interests.tags, [int(group) for group in interests.group_of]), *FREE_TAGS)


def _two_and_two(tags: Sequence[str], groups: Sequence[int]) -> tuple[str, ...]:
    first, second, *_ = [group for group in dict.fromkeys(groups) if groups.count(group) >= 2]
    return tuple(
        itertools.chain.from_iterable(
            itertools.islice((tag for tag, own in zip(tags, groups, strict=True) if own == group), 2)
            for group in (first, second)
        )
    )


def some(values: Sequence[str], least: int = 0, most: int = 99) -> st.SearchStrategy[list[str]]:
    """Distinct values of a short list, in any order."""
    return st.lists(st.sampled_from(values), unique=True, min_size=least, max_size=min(most, len(values)))


def days() -> st.SearchStrategy[datetime.date]:
    """A day for matching, on either side of a new year."""
    return st.one_of(st.just(0), st.integers(-4, 4)).map(lambda shift: DAY + datetime.timedelta(shift))


@functools.cache
def turning_days() -> tuple[int, ...]:
    """Ages in days at which one of the procedures passes from band to band, as far as they are whole."""
    catalog = default_catalog()
    lengths = {int(catalog.recovery_days[catalog.place(name)]) for name in procedure_names()}
    return tuple(
        sorted(length * part // 20 for length in lengths for part in (2, 7, 20, 40) if length * part % 20 == 0)
    )


def event_dates() -> st.SearchStrategy[datetime.date | None]:
    """Days around the turns that the definitions take: today, 90 days ahead, a new band, far ahead, unknown."""
    near = st.sampled_from((None, None, None, -400, -91, -90, -89, 7, 60, 180, 3000))
    turns = st.sampled_from(turning_days())
    return st.one_of(near, st.integers(-4, 4), turns, st.integers(-120, 800)).map(
        lambda ago: None if ago is None else DAY - datetime.timedelta(ago)
    )


def member_ids() -> st.SearchStrategy[str]:
    """Ids whose order by characters is not their order by length or number."""
    return st.sampled_from([f"{prefix}{number}" for prefix in ("m", "M", "_", "9-") for number in range(8)])


def _procedures() -> st.SearchStrategy[list[dict[str, Any]]]:
    event = st.fixed_dictionaries({"procedure": st.sampled_from(procedure_names()), "date": event_dates()})
    return st.one_of(st.lists(event, min_size=1, max_size=3), st.lists(event, max_size=1))


def _rough_fields(peers: Sequence[str]) -> dict[str, st.SearchStrategy[Any]]:
    """What can keep a member from somebody, field by field."""
    return {
        "consent": st.just(False),
        "status": st.sampled_from(("paused", "held", "withdrawn")),
        "birth_year": st.sampled_from((None, *range(2006, 2015))),
        "languages": some(LANGUAGES, most=1),
        "role": st.just("caregiver"),
        "open_to_roles": some(("patient", "caregiver"), least=1),
        "only_genders": some(GENDERS, least=1),
        "avoid_topics": some(topic_names(), least=1, most=2),
        "avoid_same_clinic": st.just(True),
        "buddy_capacity": st.integers(0, 2),
        "seeks": some(("buddy", "mentor", "group")),
        "blocked": some(peers, least=1, most=3) if peers else st.just([]),
    }


@st.composite
def profiles(
    draw: st.DrawFn,
    member_id: str | None = None,
    peers: Sequence[str] = (),
    easy: bool = False,
    born: Sequence[int] = ADULTS,
) -> MemberProfile:
    """One member, born in one of some years. ``peers`` are ids that may be blocked.

    An ``easy`` one gives no reason to be kept from anybody but what two members may lack in common.
    """
    fields: dict[str, Any] = {
        "member_id": draw(member_ids()) if member_id is None else member_id,
        "consent": True,
        "birth_year": draw(st.sampled_from(born)),
        "languages": draw(some(LANGUAGES, least=1)),
        "procedures": draw(_procedures()),
        "topics": draw(some(topic_names())),
        "interests": draw(some(interest_names())),
        "needs": draw(some(SUPPORT)),
        "offers": draw(some(SUPPORT)),
        "channels": draw(some(CHANNELS)),
        "cadence": draw(st.sampled_from((None, "daily", "weekly", "monthly"))),
        "gender": draw(st.sampled_from((None, *GENDERS))),
        "region": draw(st.sampled_from((None, "north", "south"))),
        "clinic": draw(st.sampled_from((None, "one", "two"))),
        "mentor_approved": draw(st.sampled_from((True, True, False))),
        "mentor_capacity": draw(st.sampled_from((1, 2, 0))),
    }
    if not easy:
        rough = _rough_fields(peers)
        fields |= {name: draw(rough[name]) for name in draw(some(tuple(rough), most=2))}
    return MemberProfile.parse(fields)


@st.composite
def populations(draw: st.DrawFn, least: int = 2, most: int = 12, easy: bool = False) -> list[MemberProfile]:
    """Members with different ids, most of them of one age pool, some of whom block others; easy ones are adults."""
    ids = draw(st.lists(member_ids(), unique=True, min_size=least, max_size=most))
    born = ADULTS if easy else draw(st.sampled_from((ADULTS, ADULTS, MINORS, TURNING)))
    return [draw(profiles(member_id, ids, easy, born)) for member_id in ids]


def pairs(easy: bool = False) -> st.SearchStrategy[list[MemberProfile]]:
    """Two different members."""
    return populations(2, 2, easy)


def ties(members: Sequence[MemberProfile]) -> st.SearchStrategy[dict[frozenset[str], Literal["matched", "closed"]]]:
    """Some of the pairs as matched or closed."""
    couples = [frozenset((a.member_id, b.member_id)) for a, b in itertools.combinations(members, 2)]
    states: st.SearchStrategy[Literal["matched", "closed"]] = st.sampled_from(("matched", "closed"))
    return st.dictionaries(st.sampled_from(couples), states, max_size=4) if couples else st.just({})


def loads(members: Sequence[MemberProfile]) -> st.SearchStrategy[dict[str, Load]]:
    """Some members with ties that take their capacity."""
    each = st.builds(Load, st.integers(0, 3), st.integers(0, 2))
    return st.dictionaries(st.sampled_from([member.member_id for member in members]), each, max_size=4)


def weights() -> st.SearchStrategy[dict[str, float]]:
    """Weights of any sum above 0, often with facets left out."""
    one = st.one_of(st.just(0.0), st.sampled_from((0.25, 0.5, 1.0)), st.floats(0.01, 1.0))
    return st.fixed_dictionaries(dict.fromkeys(WEIGHTED, one)).filter(lambda drawn: sum(drawn.values()) > 0)


def means() -> st.SearchStrategy[dict[str, float]]:
    """A population mean for every part."""
    return st.fixed_dictionaries(dict.fromkeys(MEANS, st.one_of(st.sampled_from((0.0, 0.5, 1.0)), st.floats(0.0, 1.0))))
