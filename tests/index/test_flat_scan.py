"""Searches for somebody without a procedure: whom the three bytes of a member rule out, and that it is nobody else."""

from __future__ import annotations

import datetime
from typing import Any

import numba
import numpy as np
from hypothesis import given, settings

from matcher import FacetMeans, FacetWeights, MemberProfile, sample_members
from matcher.catalog import default_catalog
from matcher.embedding.facets import PROCEDURE, STAGE
from matcher.embedding.rows import RowCoder
from matcher.index.brief_codes import code_tables, codes_of
from matcher.index.briefs import briefs_of
from matcher.index.row_bounds import tables_of
from matcher.index.shelves import alike_to
from matcher.members.vocabulary import KINDS
from matcher.scoring.fit import Scoring
from tests.oracle import strategies


@numba.njit
def _given(seeker: Any, weights: Any, means: Any, mentoring: bool, shared: float) -> Any:
    return code_tables(seeker[0], tables_of(seeker[0], weights, means, mentoring), shared)


@settings(strategies.UNHURRIED, max_examples=60)
@given(strategies.populations(2, 6), strategies.days(), strategies.weights(), strategies.means())
def test_nobody_scores_more_than_their_three_bytes_give(
    members: list[MemberProfile], day: datetime.date, weights: dict[str, float], means: dict[str, float]
) -> None:
    silent = [member.model_copy(update={"procedures": ()}) for member in members]
    coder = RowCoder(default_catalog())
    rows = coder.rows([*silent, *members], coder.events([*silent, *members]), day)
    codes = codes_of(briefs_of(rows, np.arange(rows.size, dtype=np.int32)))
    for kind in KINDS:
        scoring = Scoring.of(coder.groups(), FacetWeights.parse(weights), FacetMeans(**means), kind)
        shared = sum(float(scoring.weights[part] * scoring.means[part]) for part in (PROCEDURE, STAGE))
        for place in range(len(silent)):
            seeker = rows[place : place + 1]
            assert alike_to(seeker)
            tables = _given(seeker, scoring.weights, scoring.means, scoring.mentoring, shared)
            bounds = sum(tables[part, codes[part]] for part in range(3))
            assert (bounds >= scoring.slots(seeker, rows, np.arange(rows.size))).all()


def test_most_are_ruled_out_by_them() -> None:
    """Of those who score less than the ten best, among members who differ in what the three bytes tell."""
    people = [
        person.model_copy(update={"procedures": (), "topics": (), "interests": ()})
        for person in sample_members(3000, seed=5, as_of=datetime.date(2026, 1, 1))
    ]
    coder = RowCoder(default_catalog())
    rows = coder.rows(people, coder.events(people), datetime.date(2026, 1, 1))
    codes = codes_of(briefs_of(rows, np.arange(rows.size, dtype=np.int32)))
    scoring = Scoring.of(coder.groups(), FacetWeights.buddy(), FacetMeans.default(), "buddy")
    shared = sum(float(scoring.weights[part] * scoring.means[part]) for part in (PROCEDURE, STAGE))
    looked_at = 0
    for place in range(0, 3000, 100):
        seeker = rows[place : place + 1]
        scores = scoring.slots(seeker, rows, np.arange(rows.size))
        tables = _given(seeker, scoring.weights, scoring.means, scoring.mentoring, shared)
        looked_at += int(np.count_nonzero(sum(tables[part, codes[part]] for part in range(3)) >= np.sort(scores)[-10]))
    assert 10 * 30 <= looked_at <= 0.02 * 3000 * 30
