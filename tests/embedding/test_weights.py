"""Weights by hand: presets, scaling, and the split of contact."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given

from matcher import FacetWeights
from tests.oracle import strategies
from tests.oracle.score import PARTS, WEIGHTED, part_weight


def by_name(weights: FacetWeights) -> dict[str, float]:
    return dataclasses.asdict(weights)


def test_buddy_weights() -> None:
    expected = {
        "procedure": 0.34,
        "stage": 0.24,
        "topics": 0.14,
        "support": 0.10,
        "contact": 0.08,
        "interests": 0.06,
        "age": 0.04,
    }
    assert by_name(FacetWeights.buddy()) == pytest.approx(expected, abs=1e-15)
    assert by_name(FacetWeights.support_group()) == by_name(FacetWeights.buddy())


def test_mentor_weights() -> None:
    expected = {
        "procedure": 0.34,
        "stage": 0.26,
        "topics": 0.14,
        "support": 0.14,
        "contact": 0.06,
        "interests": 0.04,
        "age": 0.02,
    }
    assert by_name(FacetWeights.mentor()) == pytest.approx(expected, abs=1e-15)


def test_activity_weights() -> None:
    expected = {"interests": 0.5, "contact": 0.2, "age": 0.1} | dict.fromkeys(
        ("procedure", "stage", "topics", "support"), 0.05
    )
    assert by_name(FacetWeights.activity_group()) == pytest.approx(expected, abs=1e-15)


def test_weights_are_scaled_to_the_sum_1() -> None:
    weights = FacetWeights.parse({"stage": 3, "age": 1})
    assert by_name(weights) == {**dict.fromkeys(WEIGHTED, 0.0), "stage": 0.75, "age": 0.25}


@pytest.mark.parametrize("largest", [1e-320, 1.0, 1e308])
def test_neither_tiny_nor_huge_weights_lose_the_proportion(largest: float) -> None:
    weights = FacetWeights.parse(dict.fromkeys(WEIGHTED, largest))
    assert by_name(weights) == pytest.approx(dict.fromkeys(WEIGHTED, 1 / 7), abs=1e-12)


@given(strategies.weights())
def test_parts_split_contact_evenly_and_sum_to_1(drawn: dict[str, float]) -> None:
    parts = FacetWeights.parse(drawn).parts()
    assert math.fsum(parts) == pytest.approx(1.0, abs=1e-12)
    for place, part in enumerate(PARTS):
        assert parts[place] == pytest.approx(part_weight(part, drawn), abs=1e-12)


@given(strategies.weights())
def test_weights_of_weights_are_the_same(drawn: dict[str, float]) -> None:
    once = FacetWeights.parse(drawn)
    assert by_name(FacetWeights.parse(by_name(once))) == pytest.approx(by_name(once), abs=1e-15)
