"""The same scores for one member against everybody at once, from arrays of its own.

Written from the definitions a second time, so that a slip in either oracle shows up where the two are compared.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.catalog import Vocabulary, default_catalog
from matcher.members.profile import MemberProfile
from tests.oracle.rules import NO_LOADS, NO_TIES, Loads, Ties
from tests.oracle.score import Kind
from tests.oracle.vectorised_rules import RuleTable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NOWHERE = -1
_SUPPORT = ("emotional", "informational", "instrumental", "companionship")
_CHANNELS = ("text", "voice", "video", "in_person")
_CADENCE = {None: np.nan, "daily": 0.0, "weekly": 1.0, "monthly": 2.0}
_EDGES = np.arcsinh(np.array([0.0, 1.0, 3.5, 10.0, 20.0, 20.0]))


@dataclass(frozen=True, slots=True)
class Moment:
    """Where and when a member is: places in the tree (``NOWHERE`` without a procedure), ``t / L`` and ``u`` (NaN)."""

    leaf: int = NOWHERE
    family: int = NOWHERE
    domain: int = NOWHERE
    ratio: float = np.nan
    u: float = np.nan

    @property
    def band(self) -> int:
        """Place of the band, from preparing at 0; who stands on an edge is in the band above it."""
        return int(np.searchsorted([0.0, 0.1, 0.35, 1.0, 2.0], self.ratio, side="right"))


def moment(profile: MemberProfile, as_of: datetime.date) -> Moment:
    """The primary procedure as the least of all under one order: class, distance in days, place in the list."""
    ranked = []
    for position, event in enumerate(profile.procedures):
        if event.date is None:
            ranked.append((2, 0, position))
            continue
        ahead = (event.date - as_of).days
        kind = 1 if ahead <= 0 else 0 if ahead <= 90 else 3
        ranked.append((kind, abs(ahead), position))
    if not ranked:
        return Moment()
    catalog = default_catalog()
    chosen = profile.procedures[min(ranked)[2]]
    leaf = catalog.place(chosen.procedure)
    ratio = u = float("nan")
    if chosen.date is not None:
        recovery = int(catalog.recovery_days[leaf])
        t = (as_of - chosen.date).days
        ratio, u = t / recovery, float(np.clip(np.arcsinh(10 * t / recovery), -10, 12))
    return Moment(leaf, int(catalog.family_of[leaf]), int(catalog.domain_of[leaf]), ratio, u)


class TagTable:
    """Who lists which tag, who has how many tags of which group, and how long each tag vector is."""

    def __init__(self, sets: Sequence[Collection[str]], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._count = len(sets)
        self._group_counts = np.zeros((len(sets), len(vocabulary.groups)))
        self._rows: dict[str, Ints] = {}
        rows: dict[str, list[int]] = {}
        squares = np.zeros(len(sets))
        for row, tags in enumerate(sets):
            for tag in tags:
                rows.setdefault(tag, []).append(row)
            counts, squares[row] = self._measure(tags)
            self._group_counts[row] = counts
        self._lengths = np.sqrt(squares)
        self._rows = {tag: np.array(listing, dtype=np.int64) for tag, listing in rows.items()}

    def _measure(self, tags: Collection[str]) -> tuple[Floats, float]:
        counts = np.zeros(len(self._vocabulary.groups))
        free = 0
        for tag in tags:
            code = self._vocabulary.code(tag)
            if code is None:
                free += 1
            else:
                counts[self._vocabulary.group_of[code]] += 1
        return counts, float(free + 0.7 * counts.sum() + 0.3 * (counts**2).sum())

    def cosines(self, tags: Collection[str]) -> Floats:
        """Cosine of every row with one set; NaN where either is empty."""
        if not tags:
            return np.full(self._count, np.nan)
        counts, square = self._measure(tags)
        inner = 0.3 * (self._group_counts @ counts)
        for tag in tags:
            if tag in self._rows:
                inner[self._rows[tag]] += 1.0 if self._vocabulary.code(tag) is None else 0.7
        known = self._lengths > 0
        cosines = np.full(self._count, np.nan)
        cosines[known] = np.minimum(1.0, inner[known] / (self._lengths[known] * np.sqrt(square)))
        return cosines


def _indicator(sets: Sequence[Collection[str]], names: Sequence[str]) -> Floats:
    return np.array([[name in chosen for name in names] for chosen in sets], dtype=np.float64).reshape(-1, len(names))


class VectorisedOracle:
    """Everybody on one day."""

    def __init__(
        self,
        members: Sequence[MemberProfile],
        as_of: datetime.date,
        *,
        ties: Ties = NO_TIES,
        loads: Loads = NO_LOADS,
    ) -> None:
        catalog = default_catalog()
        self.as_of = as_of
        self.member_ids = [member.member_id for member in members]
        self.rules = RuleTable(members, as_of, ties=ties, loads=loads)
        self._members = {member.member_id: member for member in members}
        moments = [moment(member, as_of) for member in members]
        self._leaf = np.array([one.leaf for one in moments], dtype=np.int64)
        self._family = np.array([one.family for one in moments], dtype=np.int64)
        self._domain = np.array([one.domain for one in moments], dtype=np.int64)
        self._u = np.array([one.u for one in moments], dtype=np.float64)
        self._topics = TagTable([member.topics for member in members], catalog.topics)
        self._interests = TagTable([member.interests for member in members], catalog.interests)
        self._needs = _indicator([member.needs for member in members], _SUPPORT)
        self._offers = _indicator([member.offers for member in members], _SUPPORT)
        self._channels = _indicator([member.channels for member in members], _CHANNELS)
        self._cadence = np.array([_CADENCE[member.cadence] for member in members], dtype=np.float64)
        self._born = np.array([member.birth_year or np.nan for member in members], dtype=np.float64)
        by_id = sorted(range(len(members)), key=self.member_ids.__getitem__)
        self._id_rank = np.empty(len(members), dtype=np.int64)
        self._id_rank[by_id] = np.arange(len(members))

    def _procedure(self, here: Moment) -> Floats:
        if here.leaf == NOWHERE:
            return np.full(len(self._leaf), np.nan)
        credit = np.where(self._domain == here.domain, 0.35, 0.0)
        credit[self._family == here.family] = 0.7
        credit[self._leaf == here.leaf] = 1.0
        credit[self._leaf == NOWHERE] = np.nan
        return credit

    def _stage(self, here: Moment, kind: Kind) -> Floats:
        if kind == "buddy":
            return np.asarray(np.exp(-np.square(self._u - here.u) / 0.72))
        if np.isnan(here.u):
            return np.full(len(self._u), np.nan)
        short = np.maximum(0.0, _EDGES[here.band] - self._u)
        return np.asarray(np.exp(-np.square(short) / 0.72))

    def _support(self, needs: Floats, offers: Floats) -> Floats:
        """Each row one direction of one pair; either side may be a single row."""
        wanted = needs.sum(axis=-1)
        met = (needs * offers).sum(axis=-1)
        share = np.full(met.shape, np.nan)
        np.divide(met, wanted, out=share, where=(wanted > 0) & (offers.sum(axis=-1) > 0))
        return share

    def parts(self, seeker: MemberProfile, kind: Kind = "buddy") -> dict[str, Floats]:
        """Every part of the fit of everybody for the seeker, NaN where unknown; (n,) each."""
        here = moment(seeker, self.as_of)
        channels = _indicator([seeker.channels], _CHANNELS)
        sizes = self._channels.sum(axis=1) * channels.sum()
        overlap = np.full(len(sizes), np.nan)
        np.divide(self._channels @ channels[0], np.sqrt(sizes), out=overlap, where=sizes > 0)
        return {
            "procedure": self._procedure(here),
            "stage": self._stage(here, kind),
            "topics": self._topics.cosines(seeker.topics),
            "support": self._support(_indicator([seeker.needs], _SUPPORT), self._offers),
            "channel": np.minimum(1.0, overlap),
            "cadence": 1 - np.abs(self._cadence - _CADENCE[seeker.cadence]) / 2,
            "interests": self._interests.cosines(seeker.interests),
            "age": np.asarray(np.exp(-np.abs(self._born - (seeker.birth_year or np.nan)) / 20)),
        }

    def scores(
        self, seeker: MemberProfile, kind: Kind, weights: Mapping[str, float], means: Mapping[str, float]
    ) -> Floats:
        """Score of everybody with the seeker, eligible or not; (n,) in the order of ``member_ids``."""
        total = sum(weights[name] for name in weights)
        shares = {name: weight / total for name, weight in weights.items()}
        shares["channel"] = shares["cadence"] = shares.pop("contact") / 2
        fillers = {**means, "stage": means["mentor_stage"]} if kind == "mentor" else means

        def total_fit(parts: Mapping[str, Floats]) -> Floats:
            filled = (shares[name] * np.where(np.isnan(part), fillers[name], part) for name, part in parts.items())
            return np.asarray(np.add.reduce(list(filled)))

        parts = self.parts(seeker, kind)
        there = total_fit(parts)
        if kind == "mentor":
            return there
        # Between buddies all else is the same from both sides.
        back = total_fit({**parts, "support": self._support(self._needs, _indicator([seeker.offers], _SUPPORT))})
        mutual = np.zeros_like(there)
        np.divide(2 * there * back, there + back, out=mutual, where=there + back > 0)
        return mutual

    def recommend(
        self, member_id: str, k: int | None, kind: Kind, weights: Mapping[str, float], means: Mapping[str, float]
    ) -> list[tuple[str, float]]:
        """The k best eligible peers of a stored member, by falling score, then by id; all of them if k is None."""
        return self.recommend_for(self._members[member_id], k, kind, weights, means)

    def recommend_for(
        self, seeker: MemberProfile, k: int | None, kind: Kind, weights: Mapping[str, float], means: Mapping[str, float]
    ) -> list[tuple[str, float]]:
        """As :meth:`recommend`, for a profile that need not be stored."""
        scores = self.scores(seeker, kind, weights, means)
        rows = np.flatnonzero(self.rules.eligible(seeker, kind))
        best = rows[np.lexsort((self._id_rank[rows], -scores[rows]))][:k]
        return [(self.member_ids[row], float(scores[row])) for row in best]
