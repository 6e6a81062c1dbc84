"""What unknown facets score, estimated from the members once there are enough and twice as many as the last time."""

from __future__ import annotations

import dataclasses
import random

import msgspec
import structlog

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidMember
from matcher.members.profile import MemberProfile
from service.community import Community
from service.profile_text import profile_of
from service.storage import members, population
from service.storage.changes import now_text

FEWEST = 200
"""Matchable members below which the default means are the better guess."""
GROWTH = 2
SAMPLE = 20_000
_SEED = 0
_log = structlog.get_logger(__name__)


def estimate_population(community: Community) -> bool:
    """Estimate new facet means if the population has outgrown the last ones; returns whether it did.

    They are stored and announced in the change log, so a restart and every other process use the same ones. Cost: a
    count when there is nothing to do, else a few seconds at most, however many members there are.
    """
    with community.database.reading() as connection:
        if not _outgrown(members.count(connection), population.in_force(connection)):
            return False
        ids = members.all_ids(connection)
        sample = ids if len(ids) <= SAMPLE else random.Random(_SEED).sample(ids, SAMPLE)
        profiles = [profile for row in members.some(connection, sample).values() if (profile := _readable(row.profile))]
    if sum(profile.consent and profile.status == "active" for profile in profiles) < FEWEST:
        return False
    today = community.settings.today()
    means = msgspec.json.encode(dataclasses.asdict(FacetMeans.estimate(profiles, today))).decode()
    with community.database.writing() as connection:
        if not _outgrown(len(ids), population.in_force(connection)):  # another process was faster
            return False
        population.put_in_force(connection, means, today, len(ids), now_text())
    _log.info("population_estimated", members=len(ids), as_of=today.isoformat())
    return True


def _outgrown(count: int, last: population.PopulationRow | None) -> bool:
    return count >= (FEWEST if last is None else GROWTH * last.members)


def _readable(text: str) -> MemberProfile | None:
    try:
        return profile_of(text)
    except InvalidMember:  # the index reports it
        return None
