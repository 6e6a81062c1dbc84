"""For whom a plan is good: matched share and score by subgroup, against the whole, and how sure that is.

With each subgroup stand members n, matched m and unmatched u = n - m; totals over everybody are public, as the headline
figures are. What is shown is settled by :mod:`matcher.rematch.suppression`, first of n from all n alone, then of m and
u under each plan, from n, m and u alone; where n is hidden, so are m and u. Hence

* the same n are hidden in all tables of the same members, and the same m and u in all that hold the same plan: two
  tables, of one run or of two, tell of n no more than one of them does;
* every n that fits one table fits all, with m and u of each plan between 0 and n.

* The share is shown where n, m and u are; the mean score where m is. So no figure is shown that holds a hidden count.
* Nor do means give one away: each hidden mean may be anything from 0 to 1, and with the mean of all hidden ones in the
  place of each, whatever counts the shown figures leave open give the same total score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np

from matcher.grouping.attributes import attribute_values
from matcher.members.age import AgePool, age_pool
from matcher.members.profile import MemberProfile
from matcher.rematch.config import Attribute
from matcher.rematch.everyone import Everyone, Floats
from matcher.rematch.measuring import KindPlan, loads_of, tie_scores
from matcher.rematch.suppression import SMALLEST_SHOWN, Bools, hidden_rows
from matcher.rematch.tie_rules import Ints

UNKNOWN = "(not said)"
FEW = "(fewer than 11 each)"
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Gap:
    """A figure of a subgroup, and how it differs from that of everybody.

    Attributes:
        value: the figure.
        difference: less the figure of everybody, who include the subgroup.
        low, high: normal interval of the difference at 95%; the two ends of a tie are not taken for independent.
        sure: whether the difference is not 0 at 95% for all subgroups of the table together (Bonferroni): where it is
            not, chance explains it.
    """

    value: float
    difference: float
    low: float
    high: float
    sure: bool


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """One subgroup under one plan; ``None`` where a figure must not be shown, or there is nothing to take it of.

    Attributes:
        attribute: what tells the subgroups apart.
        value: which this is; ``(not said)`` and ``(fewer than 11 each)``, the small ones together, come last.
        plan: the name of the plan.
        members: who could have a tie.
        matched: of them with a tie.
        share: matched of members.
        score: mean over the matched of their mean mutual score.
    """

    attribute: str
    value: str
    plan: str
    members: int | None
    matched: int | None
    share: Gap | None
    score: Gap | None


def subgroup_gaps(
    everyone: Everyone,
    members: Sequence[MemberProfile],
    as_of: date,
    attributes: Sequence[Attribute],
    plans: Mapping[str, KindPlan],
) -> tuple[SubgroupRow, ...]:
    """Every subgroup of every attribute under each of several plans for one kind of tie.

    Args:
        everyone: the community.
        members: its members, in any order.
        as_of: the day for stages and ages.
        attributes: what to tell subgroups apart by.
        plans: by name; all of one kind and with the same ``could``. For mentoring the seekers are looked at.
    """
    ordered = sorted(members, key=lambda member: member.member_id)
    outcomes = {name: _Outcome.of(everyone, plan) for name, plan in plans.items()}
    rows: list[SubgroupRow] = []
    for attribute in attributes:
        codes, values = _coded(ordered, attribute, as_of, everyone)
        rows += _table(attribute, codes, values, outcomes)
    return tuple(rows)


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """What a plan gives each member who could have a tie."""

    who: Ints
    matched: Floats
    score: Floats
    ties: Ints

    @classmethod
    def of(cls, everyone: Everyone, plan: KindPlan) -> _Outcome:
        n = len(everyone)
        scores, loads = tie_scores(everyone, plan), loads_of(plan)[:, 0]
        ends = (plan.pairs[:, 0], plan.pairs[:, 1]) if plan.kind == "buddy" else (plan.pairs[:, 0],)
        total = np.zeros(n)
        for end in ends:
            total += np.bincount(end, scores, minlength=n)
        ties = plan.pairs.astype(np.int64) if plan.kind == "buddy" else np.empty((0, 2), np.int64)
        return cls(np.flatnonzero(plan.could[:, 0]), (loads > 0).astype(np.float64), total / np.maximum(loads, 1), ties)

    def gap(self, inside: Floats, counted: Floats, figure: Floats, tests: int, *, yes_no: bool) -> Gap:
        """The mean of ``figure`` over those of ``inside`` who are ``counted``, against all who are counted.

        The influence of member i on the difference of a and b is ``inside_i (x_i - a) / m - (x_i - b) / M`` (Hampel
        1974, Journal of the American Statistical Association 69); its variance is the sum of squares, and of cross
        products of the two ends of each tie where that is more. Of shares a is replaced by b, as in a score test: a
        share of 1 would have no variance.
        """
        few, all_ = float((inside * counted).sum()), float(counted.sum())
        own, whole = float((inside * counted * figure).sum()) / few, float((counted * figure).sum()) / all_
        centre = whole if yes_no else own
        influence = inside * counted * (figure - centre) / few - counted * (figure - whole) / all_
        alone = float((influence**2).sum())
        crossed = 2 * float((influence[self.ties[:, 0]] * influence[self.ties[:, 1]]).sum())
        error = (alone + max(0.0, crossed)) ** 0.5
        reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * error
        sure = abs(own - whole) > NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / tests) * error
        return Gap(own, own - whole, own - whole - reach, own - whole + reach, sure)


def _coded(
    members: Sequence[MemberProfile], attribute: Attribute, as_of: date, everyone: Everyone
) -> tuple[Ints, tuple[str, ...]]:
    if attribute == "age_pool":
        names = {AgePool.MINOR: "minor", AgePool.TURNING_ADULT: "turning adult", AgePool.ADULT: "adult"}
        pools = [age_pool(member.birth_year, as_of) for member in members]
        known = list(names)
        codes = [known.index(pool) if pool in names else -1 for pool in pools]
        return np.array(codes, dtype=np.int64), tuple(names.values())
    coded, values = attribute_values(members, attribute, as_of, everyone.rows)
    return coded.astype(np.int64), values


def _table(attribute: str, codes: Ints, values: Sequence[str], outcomes: Mapping[str, _Outcome]) -> list[SubgroupRow]:
    who = next(iter(outcomes.values())).who
    if not who.size:
        return []
    sizes = np.bincount(codes[who] + 1, minlength=len(values) + 1)
    # The small ones are told together and without their names: a word that one member has found for themself is theirs.
    few = (sizes > 0) & (sizes < SMALLEST_SHOWN)
    few[0] = False
    named = [(value, np.array([code])) for code, value in enumerate(values) if sizes[code + 1] and not few[code + 1]]
    if few.any():
        named.append((FEW, np.flatnonzero(few) - 1))
    if sizes[0]:
        named.append((UNKNOWN, np.array([-1])))
    inside = [np.isin(codes, group).astype(np.float64) for _, group in named]
    counts = np.array(
        [[[part[who].sum(), (part * outcome.matched)[who].sum()] for outcome in outcomes.values()] for part in inside]
    ).astype(np.int64).reshape(len(named), len(outcomes), 2)  # fmt: skip
    hidden = _hidden(counts)
    rows = []
    for at, (value, _) in enumerate(named):
        for number, (name, outcome) in enumerate(outcomes.items()):
            size, matched = counts[at, number].tolist()
            no_size, no_matched = hidden[at, number].tolist()
            could = np.zeros(codes.size)
            could[outcome.who] = 1.0
            share = score = None
            if not no_matched:
                share = outcome.gap(inside[at], could, outcome.matched, len(named), yes_no=True)
            if not no_matched and matched:
                score = outcome.gap(inside[at], could * outcome.matched, outcome.score, len(named), yes_no=False)
            shown = (None if no_size else size, None if no_matched else matched)
            rows.append(SubgroupRow(attribute, value, name, *shown, share, score))
    return rows


def _hidden(counts: Ints, least: int = SMALLEST_SHOWN) -> Bools:
    """(values, plans, 2) whether members, and whether matched and unmatched, must be hidden; members alike under all
    plans.

    Args:
        counts: (values, plans, 2) members and matched.
        least: the smallest count but 0 that may be shown.
    """
    sizes = hidden_rows(counts[:, 0, 0], least=least)
    hidden: Bools = np.zeros(counts.shape, np.bool_)
    for plan in range(counts.shape[1]):
        matched = counts[:, plan, 1]
        hidden[:, plan, 0] = sizes
        hidden[:, plan, 1] = hidden_rows(np.stack([matched, counts[:, plan, 0] - matched], axis=1), sizes, least)
    return hidden
