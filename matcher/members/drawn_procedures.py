"""Which procedures drawn members have had, when, and how far along that puts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.catalog import Catalog
from matcher.members import population as pop
from matcher.members.draws import Bools, Draws, Ints, zipf_weights

UNKNOWN_DAYS = -(10**6)
"""Days since a procedure that has no date."""


@dataclass(frozen=True, slots=True)
class DrawnProcedures:
    """The procedures of a block and what other draws depend on.

    Attributes:
        events: a member's procedures as input rows, or ``None``.
        domain: (n,) catalogue domain of the first one, also for those who keep it to themselves.
        third: (n,) 0 early or ahead, 1 up to twice the recovery length, 2 later.
        days_since: (n,) days since the first one; ``UNKNOWN_DAYS`` without a date.
    """

    events: list[list[dict[str, Any]] | None]
    domain: npt.NDArray[np.int64]
    third: npt.NDArray[np.int64]
    days_since: npt.NDArray[np.int64]


class ProcedureTables:
    """Weights of the catalogue's procedures, computed once a sample."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        slugs = [procedure.slug for procedure in catalog.procedures]
        community = [code for code, slug in enumerate(slugs) if not slug.startswith("ccsr-")]
        rare = [code for code, slug in enumerate(slugs) if slug.startswith("ccsr-")]
        self._names = [*slugs, *pop.ICD_CODES]
        self._code_of = np.array([*range(len(slugs)), *map(catalog.place, pop.ICD_CODES)])
        self._community, self._rare = np.array(community), np.array(rare or community)
        self._weights = self._community_weights()
        self._past = np.stack(pop.past_day_tables())
        self._ahead = pop.ahead_day_table()

    def _community_weights(self) -> Ints:
        catalog = self._catalog
        domains = catalog.domain_of[self._community].astype(np.int64)
        weights = np.zeros(len(domains), dtype=np.int64)
        for code, slug in enumerate(catalog.domains):
            own = np.flatnonzero(domains == code)
            if not own.size:
                continue
            bias = pop.DOMAIN_WEIGHTS.get(slug, 10) * 100
            within = zipf_weights(own.size)
            weights[own] = within * bias // int(within.sum() // 10**4)
        return weights

    def _which(self, draws: Draws) -> Ints:
        """(n,) positions in ``names``: a community slug, now and then an ICD-10-PCS code or a rare category."""
        names = self._community[draws.pick(self._weights)]
        rare = self._rare[draws.pick(np.ones(self._rare.size, dtype=np.int64))]
        names = np.where(draws.chance(pop.SHARES["rare_procedure"]), rare, names)
        codes = len(self._catalog.procedures) + draws.pick([1] * len(pop.ICD_CODES))
        return np.where(draws.chance(pop.SHARES["given_as_icd"]), codes, names)

    def _days_since(self, draws: Draws, ages: Ints) -> Ints:
        spans = np.stack([draws.days(table) for table in self._past])
        past = spans[draws.pick(pop.PAST_WEIGHTS), np.arange(draws.n)]
        return np.minimum(past, (ages - 13) * 365 + 100)

    def _when(self, draws: Draws, ages: Ints) -> Ints:
        """(n,) days since, negative ahead, ``UNKNOWN_DAYS`` for no date."""
        past = self._days_since(draws, ages)
        ahead = -1 - draws.days(self._ahead)
        when = np.where(draws.chance(pop.SHARES["upcoming"]), ahead, past)
        return np.where(draws.chance(pop.SHARES["undated"]), UNKNOWN_DAYS, when)

    def draw(self, draws: Draws, ages: Ints, as_of: date) -> DrawnProcedures:
        """Draw a block's procedures; ``ages`` keeps them within a lifetime."""
        first, second = self._which(draws), self._which(draws)
        days, second_days = self._when(draws, ages), self._when(draws, ages)
        none = draws.chance(pop.SHARES["no_procedure"])
        two = draws.chance(pop.SHARES["second_procedure"]) & (self._code_of[first] != self._code_of[second])
        place = self._code_of[first]
        recovery = self._catalog.recovery_days[place]
        third = np.where(days * 20 < recovery * 7, 0, np.where(days < 2 * recovery, 1, 2))
        third[days == UNKNOWN_DAYS] = 1
        return DrawnProcedures(
            events=self._events(as_of, none, two, (first, days), (second, second_days)),
            domain=self._catalog.domain_of[place].astype(np.int64),
            third=third,
            days_since=days,
        )

    def _events(
        self, as_of: date, none: Bools, two: Bools, one: tuple[Ints, Ints], other: tuple[Ints, Ints]
    ) -> list[list[dict[str, Any]] | None]:
        today, names = as_of.toordinal(), self._names

        def event(name: int, since: int) -> dict[str, Any]:
            if since == UNKNOWN_DAYS:
                return {"procedure": names[name]}
            return {"procedure": names[name], "date": date.fromordinal(today - since)}

        columns = (none, two, *one, *other)
        return [
            None if nothing else [event(a, since_a), event(b, since_b)] if both else [event(a, since_a)]
            for nothing, both, a, since_a, b, since_b in zip(*(column.tolist() for column in columns), strict=True)
        ]
