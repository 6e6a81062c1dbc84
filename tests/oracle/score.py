"""The score of one pair, written from its definition, one plain number at a time.

Nothing here is fast and nothing is shared with the code under test but the profile type and the catalogue, which places
procedures and groups tags.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from matcher.catalog import Vocabulary, default_catalog
from matcher.members.profile import MemberProfile

Kind = Literal["buddy", "mentor"]

SOON_DAYS = 90
PARTS = ("procedure", "stage", "topics", "support", "channel", "cadence", "interests", "age")
"""What is known or unknown on its own; contact is two of them."""
WEIGHTED = ("procedure", "stage", "topics", "support", "contact", "interests", "age")
MEANS = ("procedure", "stage", "mentor_stage", "topics", "support", "channel", "cadence", "interests", "age")

_CADENCES = {"daily": 0, "weekly": 1, "monthly": 2}
_BANDS = (("first_days", 0.1), ("early", 0.35), ("middle", 1.0), ("late", 2.0))
_EDGE_AFTER = {
    "preparing": 0.0,
    "first_days": math.asinh(1.0),
    "early": math.asinh(3.5),
    "middle": math.asinh(10.0),
    "late": math.asinh(20.0),
    "settled": math.asinh(20.0),
}


@dataclass(frozen=True, slots=True)
class Primary:
    """The procedure that a member is matched on; ``days`` since then, negative ahead, None without a date."""

    leaf: int
    family: int
    domain: int
    recovery_days: int
    days: int | None


def _placed(procedure: str, days: int | None) -> Primary:
    catalog = default_catalog()
    leaf = catalog.place(procedure)
    return Primary(
        leaf, int(catalog.family_of[leaf]), int(catalog.domain_of[leaf]), int(catalog.recovery_days[leaf]), days
    )


def primary(profile: MemberProfile, as_of: datetime.date) -> Primary | None:
    """Nearest upcoming within 90 days, else most recent, else first undated, else nearest upcoming."""
    undated = [event.procedure for event in profile.procedures if event.date is None]
    dated = [(event.procedure, (as_of - event.date).days) for event in profile.procedures if event.date is not None]
    soon = [(name, t) for name, t in dated if -SOON_DAYS <= t < 0]
    past = [(name, t) for name, t in dated if t >= 0]
    far = [(name, t) for name, t in dated if t < -SOON_DAYS]
    # `min` keeps the first of equals, which is the first listed.
    if soon:
        return _placed(*min(soon, key=lambda pair: -pair[1]))
    if past:
        return _placed(*min(past, key=lambda pair: pair[1]))
    if undated:
        return _placed(undated[0], None)
    if far:
        return _placed(*min(far, key=lambda pair: -pair[1]))
    return None


def stage(profile: MemberProfile, as_of: datetime.date) -> float | None:
    """Stage value ``u`` in [-10, 12]; None without a dated primary procedure."""
    chosen = primary(profile, as_of)
    if chosen is None or chosen.days is None:
        return None
    return min(12.0, max(-10.0, math.asinh(10 * chosen.days / chosen.recovery_days)))


def band(profile: MemberProfile, as_of: datetime.date) -> str | None:
    """The stage band, for people; None without a dated primary procedure."""
    chosen = primary(profile, as_of)
    if chosen is None or chosen.days is None:
        return None
    if chosen.days < 0:
        return "preparing"
    for name, upper in _BANDS:
        if chosen.days / chosen.recovery_days < upper:
            return name
    return "settled"


def procedure_kernel(a: MemberProfile, b: MemberProfile, as_of: datetime.date) -> float | None:
    one, other = primary(a, as_of), primary(b, as_of)
    if one is None or other is None:
        return None
    if one.leaf == other.leaf:
        return 1.0
    if one.family == other.family:
        return 0.7
    if one.domain == other.domain:
        return 0.35
    return 0.0


def buddy_stage_kernel(a: MemberProfile, b: MemberProfile, as_of: datetime.date) -> float | None:
    one, other = stage(a, as_of), stage(b, as_of)
    if one is None or other is None:
        return None
    return math.exp(-((other - one) ** 2) / (2 * 0.6**2))


def mentor_stage_kernel(seeker: MemberProfile, mentor: MemberProfile, as_of: datetime.date) -> float | None:
    """1 once the mentor has reached the band after the seeker's, falling off before that."""
    own_band, ahead = band(seeker, as_of), stage(mentor, as_of)
    if own_band is None or ahead is None:
        return None
    edge = _EDGE_AFTER[own_band]
    return 1.0 if ahead >= edge else math.exp(-((edge - ahead) ** 2) / (2 * 0.36))


def _coordinates(tags: Collection[str], vocabulary: Vocabulary) -> dict[str, float]:
    point: dict[str, float] = {}
    for tag in tags:
        code = vocabulary.code(tag)
        if code is None:
            point[f"free {tag}"] = 1.0
            continue
        group = f"group {int(vocabulary.group_of[code])}"
        point[f"tag {tag}"] = math.sqrt(0.7)
        point[group] = point.get(group, 0.0) + math.sqrt(0.3)
    return point


def tag_kernel(one: Collection[str], other: Collection[str], vocabulary: Vocabulary) -> float | None:
    """Cosine of two tag sets in a two-level vocabulary; a free tag is a coordinate of its own."""
    if not one or not other:
        return None
    p, q = _coordinates(one, vocabulary), _coordinates(other, vocabulary)
    inner = math.fsum(p[axis] * q[axis] for axis in p if axis in q)
    lengths = math.fsum(x * x for x in p.values()) * math.fsum(x * x for x in q.values())
    return min(1.0, inner / math.sqrt(lengths))


def support_kernel(a: MemberProfile, b: MemberProfile) -> float | None:
    """Share of what a needs that b offers."""
    if not a.needs or not b.offers:
        return None
    return len(set(a.needs) & set(b.offers)) / len(a.needs)


def channel_kernel(a: MemberProfile, b: MemberProfile) -> float | None:
    if not a.channels or not b.channels:
        return None
    return min(1.0, len(set(a.channels) & set(b.channels)) / math.sqrt(len(a.channels) * len(b.channels)))


def cadence_kernel(a: MemberProfile, b: MemberProfile) -> float | None:
    if a.cadence is None or b.cadence is None:
        return None
    return (1.0, 0.5, 0.0)[abs(_CADENCES[a.cadence] - _CADENCES[b.cadence])]


def age_kernel(a: MemberProfile, b: MemberProfile) -> float | None:
    if a.birth_year is None or b.birth_year is None:
        return None
    return math.exp(-abs(a.birth_year - b.birth_year) / 20)


def facet_scores(
    a: MemberProfile, b: MemberProfile, as_of: datetime.date, kind: Kind = "buddy"
) -> dict[str, float | None]:
    """Every part of the fit of b for a, by the names in ``PARTS``; None where either side is unknown."""
    catalog = default_catalog()
    return {
        "procedure": procedure_kernel(a, b, as_of),
        "stage": buddy_stage_kernel(a, b, as_of) if kind == "buddy" else mentor_stage_kernel(a, b, as_of),
        "topics": tag_kernel(a.topics, b.topics, catalog.topics),
        "support": support_kernel(a, b),
        "channel": channel_kernel(a, b),
        "cadence": cadence_kernel(a, b),
        "interests": tag_kernel(a.interests, b.interests, catalog.interests),
        "age": age_kernel(a, b),
    }


def part_weight(part: str, weights: Mapping[str, float]) -> float:
    """Weight of one of ``PARTS``, all weights scaled to the sum 1; each half of contact has half of its weight."""
    total = math.fsum(weights[name] for name in WEIGHTED)
    if part in ("channel", "cadence"):
        return weights["contact"] / total / 2
    return weights[part] / total


def part_mean(part: str, means: Mapping[str, float], kind: Kind) -> float:
    """What an unknown part scores."""
    return means["mentor_stage" if part == "stage" and kind == "mentor" else part]


def fit(
    a: MemberProfile,
    b: MemberProfile,
    as_of: datetime.date,
    weights: Mapping[str, float],
    means: Mapping[str, float],
    kind: Kind = "buddy",
) -> float:
    """Fit of b for a, in [0, 1]."""
    terms = []
    for part, known in facet_scores(a, b, as_of, kind).items():
        value = part_mean(part, means, kind) if known is None else known
        terms.append(part_weight(part, weights) * value)
    return math.fsum(terms)


def score(
    a: MemberProfile,
    b: MemberProfile,
    as_of: datetime.date,
    weights: Mapping[str, float],
    means: Mapping[str, float],
    kind: Kind = "buddy",
) -> float:
    """Mutual score of two buddies, or how well a mentor b suits a seeker a."""
    there = fit(a, b, as_of, weights, means, kind)
    if kind == "mentor":
        return there
    back = fit(b, a, as_of, weights, means, kind)
    return 0.0 if there + back == 0 else 2 * there * back / (there + back)
