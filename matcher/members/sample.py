"""A drawn population of members, for tries, demonstrations, tests and measurements.

The shares and tables it follows, and the reasons for them, stand in :mod:`matcher.members.population`. Members are
drawn in blocks of 8,192, every block from a generator of its own seed, so a million of them stream in constant memory
and the first thousand of a large sample are the thousand of a small one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from matcher.catalog import Catalog, default_catalog
from matcher.errors import InvalidRequest, Problem
from matcher.members import population as pop
from matcher.members.collector import collector_paused
from matcher.members.drawn_procedures import DrawnProcedures, ProcedureTables
from matcher.members.drawn_tags import TagTables
from matcher.members.draws import Bools, Draws, Ints, distinct, zipf_weights
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import SUPPORT_TYPES

SAMPLE_DAY = date(2026, 1, 1)
"""The day a sample is drawn for unless another is named. A constant, not a clock: samples stay the same."""
BLOCK = 8192

T = TypeVar("T")


def sample_members(n: int, seed: int = 0, as_of: date = SAMPLE_DAY) -> list[MemberProfile]:
    """Draw ``n`` validated members of a made-up recovery community.

    The same ``n``, ``seed`` and ``as_of`` give the same members on every machine. Ids run from ``m0000000``.

    Args:
        n: how many.
        seed: which population.
        as_of: the day from which ages and days since a procedure are counted back.

    Raises:
        InvalidRequest: if ``n`` or ``seed`` is negative.
    """
    with collector_paused():
        return list(iter_sample(n, seed, as_of))


def iter_sample(n: int, seed: int = 0, as_of: date = SAMPLE_DAY) -> Iterator[MemberProfile]:
    """As :func:`sample_members`, one at a time: memory does not grow with ``n``."""
    for name, value in (("n", n), ("seed", seed)):
        if value < 0:
            raise InvalidRequest(Problem(name, "is negative", "a whole number from 0"))
    return islice(_members(n, seed, as_of), n)


def _members(n: int, seed: int, as_of: date) -> Iterator[MemberProfile]:
    catalog = default_catalog()
    tables = _Tables(catalog, ProcedureTables(catalog), TagTables(catalog))
    for first in range(0, n, BLOCK):
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, first // BLOCK])))
        columns = _Block(Draws(rng, BLOCK), first, as_of, tables).columns()
        names = tuple(columns)
        for row in islice(zip(*columns.values(), strict=True), n - first):
            yield MemberProfile.model_validate(
                {name: value for name, value in zip(names, row, strict=True) if value is not None}
            )


def member_name(position: int) -> str:
    """The id of the sampled member at ``position``."""
    return f"m{position:07d}"


def _table(pairs: Sequence[tuple[T, int]]) -> tuple[list[T], list[int]]:
    return [value for value, _ in pairs], [weight for _, weight in pairs]


def _chosen(values: Sequence[T], codes: Ints, said: Bools) -> list[T | None]:
    return [values[code] if known else None for code, known in zip(codes.tolist(), said.tolist(), strict=True)]


@dataclass(frozen=True, slots=True)
class _Tables:
    """What all blocks of a sample share."""

    catalog: Catalog
    procedures: ProcedureTables
    tags: TagTables


class _Block:
    """The columns of one block, field by field; ``None`` is a field left out."""

    def __init__(self, draws: Draws, first: int, as_of: date, tables: _Tables) -> None:
        self._draws = draws
        self._first = first
        self._as_of = as_of
        self._catalog = tables.catalog
        self._procedure_tables = tables.procedures
        self._tags = tables.tags

    def columns(self) -> dict[str, list[Any]]:
        """Every field of the block. The order of the draws is part of what a seed means."""
        draws = self._draws
        columns: dict[str, list[Any]] = {"member_id": [member_name(self._first + i) for i in range(draws.n)]}
        columns |= self._standing()
        ages = self._ages()
        unknown = draws.chance(pop.SHARES["birth_year_unknown"])
        columns["birth_year"] = [
            None if hidden else self._as_of.year - age
            for age, hidden in zip(ages.tolist(), unknown.tolist(), strict=True)
        ]
        columns |= self._gender()
        drawn = self._procedure_tables.draw(draws, ages, self._as_of)
        columns["procedures"] = drawn.events
        columns |= self._places()
        columns |= self._support(drawn)
        columns |= self._tag_columns(drawn)
        columns |= self._ties(drawn)
        columns["blocked"] = self._blocks()
        return columns

    def _pick(self, pairs: Sequence[tuple[T, int]], said: Bools) -> list[T | None]:
        values, weights = _table(pairs)
        return _chosen(values, self._draws.pick(weights), said)

    def _standing(self) -> dict[str, list[Any]]:
        draws = self._draws
        first = draws.pick([1] * len(pop.ALIAS_FIRST)).tolist()
        second = draws.pick([1] * len(pop.ALIAS_SECOND)).tolist()
        number = draws.pick([1] * 900).tolist()
        named = draws.chance(pop.SHARES["alias"]).tolist()
        caregiver = draws.chance(pop.SHARES["caregiver"])
        both = draws.chance(pop.SHARES["open_to_both_roles"])
        return {
            "alias": [
                f"{pop.ALIAS_FIRST[a]}-{pop.ALIAS_SECOND[b]}-{c + 100}" if said else None
                for a, b, c, said in zip(first, second, number, named, strict=True)
            ],
            "status": self._pick(pop.STATUS_WEIGHTS, draws.chance(pop.SHARES["status_not_active"])),
            "consent": [True if agreed else None for agreed in draws.chance(pop.SHARES["consent"]).tolist()],
            "role": _chosen(["caregiver"], np.zeros(draws.n, dtype=np.int64), caregiver),
            "open_to_roles": _chosen([("patient", "caregiver")], np.zeros(draws.n, dtype=np.int64), both),
        }

    def _ages(self) -> Ints:
        ages, weights = _table(pop.AGE_WEIGHTS)
        adults = np.array(ages)[self._draws.pick(weights)]
        minors = np.array(pop.MINOR_AGES)[self._draws.pick([1] * len(pop.MINOR_AGES))]
        return np.where(self._draws.chance(pop.SHARES["minor"]), minors, adults)

    def _gender(self) -> dict[str, list[Any]]:
        genders = self._pick(pop.GENDERS, self._draws.chance(pop.SHARES["gender_known"]))
        wishes = self._draws.chance(pop.SHARES["gender_wish"]).tolist()
        return {
            "gender": genders,
            "only_genders": [(own or "woman",) if wish else None for own, wish in zip(genders, wishes, strict=True)],
        }

    def _places(self) -> dict[str, list[Any]]:
        draws = self._draws
        which = draws.pick([weight for _, _, weight in pop.LANGUAGES])
        country = [pop.LANGUAGES[code][1] for code in which.tolist()]
        depth = draws.pick([32, 16, 8, 4, 2, 1]).tolist()
        zones = [pop.ZONES[land][rank % len(pop.ZONES[land])] for land, rank in zip(country, depth, strict=True)]
        channels = self._pick(pop.CHANNEL_SETS, ~draws.chance(pop.SHARES["channels_unknown"]))
        in_person = np.array([said is not None and "in_person" in said for said in channels])
        share = np.where(in_person, pop.SHARES["region_with_in_person"], pop.SHARES["region_without_in_person"])
        area = draws.pick(zipf_weights(pop.REGIONS_PER_COUNTRY)).tolist()
        return {
            "languages": _chosen(
                [tags for tags, _, _ in pop.LANGUAGES], which, ~draws.chance(pop.SHARES["language_unknown"])
            ),
            "time_zone": _chosen(zones, np.arange(draws.n), ~draws.chance(pop.SHARES["zone_unknown"])),
            "availability": self._pick(pop.AVAILABILITIES, draws.chance(pop.SHARES["availability_known"])),
            "channels": channels,
            "cadence": self._pick(pop.CADENCES, ~draws.chance(pop.SHARES["cadence_unknown"])),
            "region": [
                f"{land}-{number + 1}" if said else None
                for land, number, said in zip(country, area, draws.chance(share).tolist(), strict=True)
            ],
        }

    def _support(self, drawn: DrawnProcedures) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {}
        sets = [tuple(SUPPORT_TYPES[i] for i in range(4) if mask >> i & 1) or None for mask in range(16)]
        for name, percent in (("needs", pop.NEED_PERCENT), ("offers", pop.OFFER_PERCENT)):
            given = self._draws.uniform(4) * 100 < np.array(percent)[drawn.third]
            masks = (given * (1, 2, 4, 8)).sum(axis=1)
            columns[name] = _chosen(sets, masks, self._draws.chance(pop.SHARES[f"{name}_known"]))
        return columns

    def _tag_columns(self, drawn: DrawnProcedures) -> dict[str, list[Any]]:
        draws, tags = self._draws, self._tags
        width = len(pop.TAG_COUNT_WEIGHTS)
        topics = draws.pick_from_rows(tags.topics_by_domain_and_third, drawn.domain * 3 + drawn.third, width)
        counts = np.where(draws.chance(pop.SHARES["no_topics"]), 0, draws.pick(pop.TAG_COUNT_WEIGHTS))
        listed = distinct(topics, counts, self._catalog.topics.tags)
        avoided = draws.pick(tags.avoided, len(pop.AVOID_COUNT_WEIGHTS))
        avoid_counts = np.where(draws.chance(pop.SHARES["avoid_topics"]), draws.pick(pop.AVOID_COUNT_WEIGHTS), 0)
        shunned = distinct(avoided, avoid_counts, self._catalog.topics.tags)
        interests = draws.pick(tags.interests, width)
        interest_counts = np.where(draws.chance(pop.SHARES["no_interests"]), 0, draws.pick(pop.TAG_COUNT_WEIGHTS))
        return {
            "topics": listed,
            "avoid_topics": [
                tuple(tag for tag in shun if own is None or tag not in own) if shun else None
                for own, shun in zip(listed, shunned, strict=True)
            ],
            "interests": distinct(interests, interest_counts, tags.interest_names),
        }

    def _ties(self, drawn: DrawnProcedures) -> dict[str, list[Any]]:
        draws = self._draws
        willing = draws.chance(pop.SHARES["would_mentor"]) & (drawn.days_since >= 365)
        approved = willing & draws.chance(pop.SHARES["mentor_approved"])
        clinic_known = draws.chance(pop.SHARES["clinic_known"])
        avoid = clinic_known & draws.chance(pop.SHARES["avoid_same_clinic"])
        clinics = draws.pick(zipf_weights(pop.CLINICS))
        return {
            "buddy_capacity": self._pick(pop.BUDDY_CAPACITIES, draws.chance(pop.SHARES["own_capacity"])),
            "mentor_capacity": self._pick(pop.MENTOR_CAPACITIES, willing),
            "mentor_approved": [True if yes else None for yes in approved.tolist()],
            "seeks": self._pick(pop.SEEKS, draws.chance(pop.SHARES["own_seeks"])),
            "clinic": _chosen([f"clinic-{i:03d}" for i in range(pop.CLINICS)], clinics, clinic_known),
            "avoid_same_clinic": [True if yes else None for yes in avoid.tolist()],
            "shares": self._pick(pop.OWN_SHARES, draws.chance(pop.SHARES["own_shares"])),
        }

    def _blocks(self) -> list[tuple[str, ...] | None]:
        """Members block earlier ones only, so a block always names somebody who exists, however many are drawn."""
        draws = self._draws
        counts = np.where(draws.chance(pop.SHARES["blocks"]), draws.pick(pop.BLOCK_COUNT_WEIGHTS), 0)
        positions = self._first + np.arange(draws.n)
        targets = np.floor(draws.uniform(len(pop.BLOCK_COUNT_WEIGHTS)) * positions[:, None]).astype(np.int64)
        return [
            tuple(map(member_name, dict.fromkeys(row[:count]))) if count and position else None
            for row, count, position in zip(targets.tolist(), counts.tolist(), positions.tolist(), strict=True)
        ]
