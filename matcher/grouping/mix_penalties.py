"""What mix rules say of the make-up of a group."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np

from matcher.grouping.attribute_names import UNKNOWN_VALUE
from matcher.grouping.cohort import Cohort
from matcher.grouping.group_measures import Ints
from matcher.grouping.mix import MixRule
from matcher.grouping.plan import MixRow


def target_shares(rule: MixRule, cohort: Cohort) -> dict[str, float]:
    """The shares that a group is to have by a ``shares`` or ``mixed`` rule; empty for the other rules.

    For ``mixed`` those of all who are to be placed, among whom the value is known.
    """
    if rule.rule == "shares":
        return dict(rule.shares)
    if rule.rule != "mixed":
        return {}
    codes, values = cohort.attribute(rule.attribute)
    counts = np.bincount(codes[codes >= 0], minlength=len(values)).tolist()
    known = sum(counts)
    return {value: count / known for value, count in zip(values, counts, strict=True) if count}


def penalty(rule: MixRule, counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """What a rule costs a group before its weight, in members; see :class:`~matcher.grouping.mix.MixRule`.

    Args:
        rule: which.
        counts: members by known value.
        shares: of :func:`target_shares`.
    """
    known = sum(counts.values())
    if rule.rule == "no_lone" or not known:
        return 0.0
    if rule.rule == "alike":
        return float(known - max(counts.values()))
    return math.fsum(abs(counts.get(v, 0) - known * shares.get(v, 0.0)) for v in {*counts, *shares}) / 2


class MixRows:
    """The rows about mix rules for any group of a cohort."""

    def __init__(self, cohort: Cohort) -> None:
        self._rules = [
            (rule, *cohort.attribute(rule.attribute), target_shares(rule, cohort)) for rule in cohort.spec.mix
        ]

    def of(self, members: Ints) -> tuple[MixRow, ...]:
        """A row for each rule of the spec, for the group of these positions among the cohort's members."""
        found = []
        for rule, codes, values, shares in self._rules:
            coded = Counter(codes[members].tolist())
            unknown = coded.pop(-1, 0)
            counts = {values[code]: count for code, count in coded.items()}
            price = penalty(rule, counts, shares)
            if unknown:
                counts[UNKNOWN_VALUE] = unknown
            rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
            found.append(MixRow(rule.attribute, rule.rule, tuple(rows), price))
        return tuple(found)
