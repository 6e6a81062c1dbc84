"""What a drawn population looks like: the shares and tables that samples are drawn by.

There is no open data set of real recovery communities. Where a study, a registry or a programme says something, the
table follows it and says so; the rest are round numbers chosen so that every rule and every kind of sparse profile
occurs often enough to matter. Weights are whole numbers and mean nothing but their ratio.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.members.draws import Ints

SHARES = {
    # Who is in the pool at all.
    "consent": 0.97,  # nearly all who join agree; the few who do not must never show up
    "status_not_active": 0.06,  # paused (own wish) most, then withdrawn, then held
    "caregiver": 0.08,  # communities are mostly patients; caregivers prefer their own role
    "open_to_both_roles": 0.10,  # meeting the other role is opt-in
    "minor": 0.02,  # bariatric and orthopaedic care of adolescents
    "birth_year_unknown": 0.01,  # such members match nobody
    # Who says what: soft fields are left empty often.
    "alias": 0.60,
    "gender_known": 0.70,  # self-described and optional
    "gender_wish": 0.05,  # an opt-in wish
    "no_procedure": 0.03,
    "undated": 0.10,
    "upcoming": 0.12,  # people look for peers before an operation, too
    "second_procedure": 0.15,  # skin removal after weight loss, revisions, the other knee
    "given_as_icd": 0.06,  # imported from a hospital's system
    "rare_procedure": 0.02,  # somewhere in the long tail of CCSR categories
    "language_unknown": 0.01,
    "zone_unknown": 0.15,
    "availability_known": 0.45,
    "channels_unknown": 0.12,
    "cadence_unknown": 0.25,
    "needs_known": 0.70,
    "offers_known": 0.60,  # 80% want to learn, far fewer offer (Levonian, CSCW 2025)
    "no_topics": 0.35,
    "avoid_topics": 0.12,  # triggering content is the commonest perceived risk (PMC8811789)
    "no_interests": 0.50,
    "free_interest": 0.06,  # of all tags, those that no catalogue has
    "region_without_in_person": 0.15,
    "region_with_in_person": 0.92,
    "clinic_known": 0.30,
    "avoid_same_clinic": 0.05,  # of those with a clinic
    "own_capacity": 0.35,  # the rest keep the default
    "own_seeks": 0.20,
    "own_shares": 0.08,
    "would_mentor": 0.28,  # of those a year or more on: 29% would mentor (Levonian), fewer do
    "mentor_approved": 0.55,  # of those; mentors come out near 3% of all, as scarce as programmes find them
    "blocks": 0.01,
}

STATUS_WEIGHTS = (("paused", 60), ("withdrawn", 25), ("held", 15))

AGE_WEIGHTS = tuple(  # 18 to 89, a broad hump: elective surgery peaks between 35 and 60
    (age, min(10 * (age - 17), 160, 4 * max(90 - age, 1))) for age in range(18, 90)
)
MINOR_AGES = (14, 15, 16, 17)

GENDERS = (("woman", 700), ("man", 255), ("nonbinary", 30), ("agender", 10))
"""Four in five bariatric and plastic patients are women; others balance that a little."""

DOMAIN_WEIGHTS = {
    "weight-loss": 270,
    "plastic-and-cosmetic": 260,
    "bones-and-joints": 90,
    "cancer": 70,
    "pelvic-and-birth": 60,
    "digestive": 50,
    "heart-and-lungs": 40,
    "gender-affirming": 25,
    "brain-and-spine": 25,
    "mind-and-substance-use": 25,
    "head-and-neck": 20,
    "illness-and-rehabilitation": 20,
    "limb-loss-and-burns": 15,
    "transplant": 15,
}
"""Bariatric and plastic procedures are the communities' core. Inside a domain the catalogue lists the commonest first
and weights fall with the rank."""

ICD_CODES = (
    "0DB64Z3",
    "0D164ZA",
    "0DV64CZ",
    "0SRC0J9",
    "0SRD0J9",
    "0FT44ZZ",
    "0H0V0JZ",
    "0UT94ZZ",
    "0DTJ4ZZ",
    "0HTV0ZZ",
    "02100Z9",
    "0TY00Z0",
)
"""Real ICD-10-PCS codes: sleeve, bypass, band, knees, gallbladder, breasts, uterus, appendix, heart, kidney."""


def _exponential_days(mean: int) -> list[int]:
    """1,025 quantiles of an exponential with ``mean`` days, by repeated multiplication in whole numbers."""
    survivors = [2**62]
    while survivors[-1] > 2**62 // 2048:
        survivors.append(survivors[-1] - survivors[-1] // mean)
    quantiles, day = [], 0
    for step in range(1025):
        left = 2**62 - step * (2**62 - 2**62 // 2048) // 1024
        while day + 1 < len(survivors) and survivors[day] > left:
            day += 1
        quantiles.append(day)
    return quantiles


def past_day_tables() -> list[Ints]:
    """Quantiles of the days since a procedure, for each of ``PAST_WEIGHTS``: weeks, a year, several years."""
    return [np.array(_exponential_days(mean), dtype=np.int64) for mean in (45, 300, 1300)]


PAST_WEIGHTS = (50, 33, 17)
"""Most members are in their first weeks; some stay for years."""
AHEAD_MEAN_DAYS = 40


def ahead_day_table() -> Ints:
    """Quantiles of the days until a planned procedure."""
    return np.array(_exponential_days(AHEAD_MEAN_DAYS), dtype=np.int64)


LANGUAGES: tuple[tuple[tuple[str, ...], str, int], ...] = (
    # languages, best first; which zones; weight
    (("en",), "us", 480),
    (("en-US",), "us", 60),
    (("en-GB",), "uk", 60),
    (("en-AU",), "au", 20),
    (("en", "es"), "us", 45),
    (("en", "fr"), "ca", 15),
    (("en", "hi"), "in", 20),
    (("es", "en"), "us", 50),
    (("es",), "es", 45),
    (("es-MX",), "mx", 30),
    (("pt-BR",), "br", 40),
    (("pt", "en"), "pt", 20),
    (("de",), "de", 25),
    (("de", "en"), "de", 25),
    (("fr",), "fr", 20),
    (("fr-CA", "en"), "ca", 12),
    (("it",), "it", 12),
    (("tr",), "tr", 8),
    (("zh-Hans", "en"), "cn", 7),
    (("ar",), "ae", 6),
)
ZONES: dict[str, tuple[str, ...]] = {
    # commonest first; each next one half as likely
    "us": (
        "America/New_York",
        "America/Chicago",
        "America/Los_Angeles",
        "America/Denver",
        "America/Phoenix",
        "Pacific/Honolulu",
    ),
    "uk": ("Europe/London",),
    "au": ("Australia/Sydney", "Australia/Brisbane", "Australia/Perth"),
    "ca": ("America/Toronto", "America/Vancouver", "America/Halifax"),
    "in": ("Asia/Kolkata",),
    "es": ("Europe/Madrid", "America/Bogota", "America/Argentina/Buenos_Aires"),
    "mx": ("America/Mexico_City", "America/Tijuana"),
    "br": ("America/Sao_Paulo", "America/Manaus"),
    "pt": ("Europe/Lisbon", "Atlantic/Azores"),
    "de": ("Europe/Berlin", "Europe/Zurich", "Europe/Vienna"),
    "fr": ("Europe/Paris", "Europe/Brussels"),
    "it": ("Europe/Rome",),
    "tr": ("Europe/Istanbul",),
    "cn": ("Asia/Shanghai", "Asia/Singapore"),
    "ae": ("Asia/Dubai", "Africa/Cairo"),
}
REGIONS_PER_COUNTRY = 6

CHANNEL_SETS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("text",), 40),
    (("text", "voice"), 15),
    (("text", "voice", "video"), 17),
    (("text", "video"), 11),
    (("video",), 3),
    (("voice",), 3),
    (("text", "in_person"), 3),
    (("text", "voice", "video", "in_person"), 6),
    (("in_person",), 2),
)
CADENCES = (("weekly", 50), ("monthly", 28), ("daily", 22))


def _slots(days: str, start: str, end: str) -> list[dict[str, str]]:
    return [{"day": day, "start": start, "end": end} for day in days.split()]


AVAILABILITIES: tuple[tuple[list[dict[str, Any]], int], ...] = (
    (_slots("mon tue wed thu fri", "18:00", "21:00"), 20),
    (_slots("sat sun", "10:00", "16:00"), 16),
    (_slots("mon wed fri", "09:00", "12:00"), 10),
    (_slots("tue thu", "19:00", "21:30"), 14),
    (_slots("sun", "15:00", "18:00"), 8),
    (_slots("wed", "18:30", "20:00"), 8),
    (_slots("mon tue wed thu fri", "12:00", "13:00"), 6),
    (_slots("tue", "18:00", "20:00") + _slots("sat", "09:00", "12:00"), 10),
    (_slots("thu", "20:00", "22:00") + _slots("sun", "10:00", "12:00"), 6),
    (_slots("mon tue wed thu fri sat sun", "08:00", "20:00"), 2),
)

NEED_PERCENT = ((72, 78, 30, 42), (58, 52, 15, 44), (40, 28, 6, 46))
"""Percent who need emotional, informational, instrumental support and companionship: up to a third of the recovery
length (and before the operation), up to twice of it, later."""
OFFER_PERCENT = ((38, 14, 6, 45), (52, 40, 12, 48), (68, 74, 16, 50))
"""The same for what they offer: experience is given back later."""

TAG_COUNT_WEIGHTS = (0, 24, 28, 22, 14, 8, 4)
"""How many tags those who give any give: 1 to 6."""
AVOID_COUNT_WEIGHTS = (0, 70, 22, 8)
BLOCK_COUNT_WEIGHTS = (0, 70, 20, 10)

FREE_INTERESTS = (
    "sourdough-starters", "rescue-greyhounds", "urban-foraging", "retro-consoles", "miniature-painting", "cold-plunges",
    "k-dramas", "van-life", "bullet-journals", "tide-pooling", "metal-detecting", "model-railways", "lock-picking",
    "ghost-stories", "night-trains", "bonsai-trees", "street-murals", "kombucha-labs", "mushroom-logs", "paper-maps",
)  # fmt: skip

BUDDY_CAPACITIES = ((1, 30), (2, 35), (4, 12), (5, 12), (8, 4), (0, 7))
MENTOR_CAPACITIES = ((1, 35), (2, 35), (3, 20), (5, 10))
SEEKS = ((("buddy",), 30), (("buddy", "mentor"), 30), (("buddy", "group"), 22), (("group",), 12), (("mentor",), 6))
OWN_SHARES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("procedure_family", "stage_band", "interests", "contact"), 30),
    (("procedure_family", "procedure", "stage_band", "topics", "interests", "contact", "support", "age"), 30),
    (("interests",), 25),
    ((), 15),
)
CLINICS = 400

ALIAS_FIRST = (
    "quiet", "brave", "sunny", "mellow", "steady", "gentle", "bright", "kind", "merry", "patient", "lively", "calm",
    "nimble", "hopeful", "curious", "plucky",
)  # fmt: skip
ALIAS_SECOND = (
    "heron", "maple", "otter", "willow", "comet", "harbor", "finch", "juniper", "lantern", "meadow", "pebble", "robin",
    "summit", "tulip", "walnut", "zephyr",
)  # fmt: skip
