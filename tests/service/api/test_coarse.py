"""What a funnel may say."""

from __future__ import annotations

import itertools

import pytest

from matcher.eligibility.funnel import Funnel, Relaxation, Removal
from service.api.coarse import coarse_count, coarse_funnel


@pytest.mark.parametrize(
    ("count", "told"), [(0, None), (1, None), (10, None), (11, 10), (19, 10), (20, 20), (987, 980)]
)
def test_counts(count: int, told: int | None) -> None:
    assert coarse_count(count) == told


def funnel(hidden: int, shown: int, population: int = 500, region: int = 40) -> Funnel:
    counts = (("block", hidden, False), ("role", shown, True), ("region", region, True))
    removed = tuple(Removal(code, "", count, may_be_shown) for code, count, may_be_shown in counts)
    return Funnel(population, population - hidden - shown - region, removed, (), Relaxation("role", "r", min(shown, 9)))


@pytest.mark.parametrize("few", range(11))
def test_few_look_like_none_and_hidden_rules_like_nothing(few: int) -> None:
    told = coarse_funnel(funnel(0, few))
    assert [removed["code"] for removed in told["removed"]] == ["region"]
    assert told["relaxation"]["at_least"] is None
    assert "block" not in str(coarse_funnel(funnel(few, 0)))


def test_every_hidden_count_fits_what_is_shown() -> None:
    """For 0 to 10 blocked members some shown answer is the same, so the answer cannot tell them apart."""
    told: dict[str, set[int]] = {}
    ranges = (range(500, 510, 3), range(40, 50, 3), range(11, 40), range(11))
    for population, region, shown, hidden in itertools.product(*ranges):
        found = funnel(hidden, shown, population, region)
        told.setdefault(str(coarse_funnel(found)), set()).add(hidden)
    assert all(len(fits) > 1 for fits in told.values())


def test_a_rule_that_is_never_named_is_no_advice() -> None:
    told = coarse_funnel(Funnel(50, 0, (), (), Relaxation("status", "is held", 3)))
    assert told["relaxation"] is None
