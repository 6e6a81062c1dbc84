"""What groups are worth, worked out again from the members: fits, make-up and prices, one group after the other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.grouping.community import Community
from matcher.grouping.mix import MixRule
from matcher.grouping.plan import MixRow, Terms
from matcher.grouping.traits import UNKNOWN_WORD, trait

Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class GroupWorth:
    """One group's part of the score.

    Attributes:
        fits: (k,) float64, each member's mean score with the others.
        mix: a row for each mix rule of the spec.
    """

    fits: npt.NDArray[np.float64]
    mix: tuple[MixRow, ...]


def target_shares(community: Community) -> tuple[Shares, ...]:
    """For each mix rule the share that every value is to have: as given, or as in the cohort; empty for other rules."""
    cohort = [member for name, member in community.members.items() if community.in_cohort(name)]
    found: list[Shares] = []
    for rule in community.spec.mix:
        if rule.rule != "mixed":
            found.append(rule.shares)
            continue
        values = (trait(member, rule.attribute, community.as_of) for member in cohort)
        counts = Counter(value for value in values if value is not None)
        found.append({value: count / counts.total() for value, count in counts.items()})
    return tuple(found)


def group_worth(member_ids: Sequence[str], community: Community, targets: Sequence[Shares]) -> GroupWorth:
    """Work out one group. Cost: the square of its size, a tenth of a microsecond a pair and some 50 a group."""
    scores = community.scores(member_ids)
    rows = [
        _mix_row(rule, member_ids, community, target) for rule, target in zip(community.spec.mix, targets, strict=True)
    ]
    return GroupWorth(scores.sum(axis=1) / max(1, len(member_ids) - 1), tuple(rows))


def _mix_row(rule: MixRule, member_ids: Sequence[str], community: Community, target: Shares) -> MixRow:
    values = [trait(community.members[name], rule.attribute, community.as_of) for name in member_ids]
    counts = Counter(value for value in values if value is not None)
    known, penalty = counts.total(), 0.0
    if rule.rule == "alike":
        penalty = float(known - max(counts.values(), default=0))
    elif rule.rule != "no_lone":
        wanted = {value: known * target.get(value, 0.0) for value in {*counts, *target}}
        penalty = math.fsum(abs(counts[value] - wanted[value]) for value in wanted) / 2
    shown = Counter(UNKNOWN_WORD if value is None else value for value in values)
    return MixRow(rule.attribute, rule.rule, tuple(sorted(shown.items(), key=lambda one: (-one[1], one[0]))), penalty)


def terms_of(groups: Sequence[GroupWorth], moved: int, community: Community) -> Terms:
    """The terms of a plan, from those of its groups and how many members are moved."""
    spec = community.spec
    prices, (_, target, _) = spec.preferences, spec.enrolled_sizes()
    return Terms(
        placed=sum(len(group.fits) for group in groups),
        fit=math.fsum(fit for group in groups for fit in group.fits.tolist()),
        worst=prices.worst * math.fsum(len(group.fits) * float(group.fits.min()) for group in groups),
        size=prices.size * sum(abs(len(group.fits) - target) for group in groups),
        churn=prices.churn * moved,
        mix=tuple(
            0.0 if rule.rule == "no_lone" else rule.weight * math.fsum(group.mix[place].penalty for group in groups)
            for place, rule in enumerate(spec.mix)
        ),
    )
