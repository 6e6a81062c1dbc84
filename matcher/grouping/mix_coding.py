"""The mix rules of a spec as a solver reads them: values as codes, wishes as target shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.grouping.block import Floats, Ids, Words
from matcher.grouping.cohort import Cohort


@dataclass(frozen=True, slots=True, eq=False)
class Mixes:
    """The mix rules, coded; r of them with a price.

    Attributes:
        codes: (n, r) value of each member, -1 unknown.
        kind: (r,) 0 alike, 1 shares.
        weight: (r,) prices.
        share: (r, v + 1) target share of each value; the last column holds their sum.
        lone: (n,) a bit for each rule about lone members, and for newcomers, that the member's value is listed in.
    """

    codes: Ids
    kind: Ids
    weight: Floats
    share: Floats
    lone: Words


def coded_mixes(cohort: Cohort) -> Mixes:
    """Code the mix rules of a cohort's spec; O(n) for each."""
    spec, n = cohort.spec, len(cohort.members)
    priced = [rule for rule in spec.mix if rule.rule != "no_lone" and rule.weight > 0]
    coded = [cohort.attribute(rule.attribute) for rule in priced]
    width = max((len(values) for _, values in coded), default=0) + 1
    codes, share = np.full((n, len(priced)), -1, np.int64), np.zeros((len(priced), width))
    for at, (rule, (column, values)) in enumerate(zip(priced, coded, strict=True)):
        codes[:, at] = column
        if rule.rule == "shares":
            share[at, : len(values)] = [rule.shares.get(value, 0.0) for value in values]
            share[at, -1] = sum(rule.shares.values())
        elif rule.rule == "mixed" and (column >= 0).any():
            counts = np.bincount(column[column >= 0], minlength=len(values))
            share[at, : len(values)] = counts / counts.sum()
            share[at, -1] = 1.0
    wishes = [(rule.attribute, rule.values) for rule in spec.mix if rule.rule == "no_lone"]
    if not spec.lone_newcomers:
        wishes.append(("newcomer", ("yes",)))
    lone = np.zeros(n, np.uint64)
    for bit, (attribute, listed) in enumerate(wishes):
        column, values = cohort.attribute(attribute)
        bearers = np.isin(column, [code for code, value in enumerate(values) if value in listed])
        lone[bearers] |= np.uint64(1 << bit)
    kind = np.array([0 if rule.rule == "alike" else 1 for rule in priced], np.int64)
    return Mixes(codes, kind, np.array([rule.weight for rule in priced], np.float64), share, lone)
