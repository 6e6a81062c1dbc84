"""Tables of a rematch: the same in both forms, and no small count to be worked out of the figures."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.rematch.suppression import SMALLEST_SHOWN
from service.reports.rematch_tables import COLUMNS, pooled, shown_counts, tables_of
from service.reports.table_files import write_csv, write_parquet
from tests.service.rematch.plans import a_plan, metrics


@given(st.lists(st.integers(0, 40), min_size=1, max_size=40))
def test_pooled_bins_hold_everybody_and_never_a_few(histogram: list[int]) -> None:
    bins = pooled(histogram)
    total = sum(histogram)
    assert sum(count for _, _, count in bins) == (total if total >= SMALLEST_SHOWN else 0)
    assert all(count >= SMALLEST_SHOWN for _, _, count in bins)
    edges = [edge for low, high, _ in bins for edge in (low, high)]
    assert edges == sorted(edges)
    width = 1 / len(histogram)
    for low, high, count in bins:
        first, last = round(low / width), round(high / width)
        assert sum(histogram[first:last]) == count


def test_bins_that_are_full_stay_as_they_are() -> None:
    assert pooled([0, 11, 0, 20]) == [(0.25, 0.5, 11), (0.75, 1.0, 20)]
    assert pooled([0, 11, 3, 20]) == [(0.25, 0.5, 11), (0.5, 1.0, 23)]
    assert pooled([20, 0, 3, 0]) == [(0.0, 0.75, 23)]
    assert pooled([5, 5]) == []


def test_shown_counts() -> None:
    assert shown_counts(["many"] * 30 + ["more"] * 40) == {"more": 40, "many": 30}
    hidden = shown_counts(["many"] * 30 + ["more"] * 40 + ["few"] * 3)
    assert list(hidden.items()) == [("more", 40), ("few", None), ("many", None)]
    assert shown_counts(["few"] * 3) == {}
    assert shown_counts([]) == {}


def test_a_number_that_follows_from_the_headline_figures_hides_no_other() -> None:
    """Who could have somebody and has nobody: 64, says another table. So 4 of them must not be what 60 leave."""
    words = ["few"] * 4 + ["many"] * 60 + ["apart"] * 40
    assert shown_counts(words, apart="apart") == {"apart": 40, "few": None, "many": None}
    assert shown_counts(words) == {"many": 60, "apart": None, "few": None}
    assert shown_counts(["apart"] * 40, apart="apart") == {"apart": 40}
    words = ["apart"] * 4 + ["many"] * 60 + ["more"] * 80
    assert shown_counts(words, apart="apart") == {"more": 80, "apart": None, "many": None}


def test_both_forms_hold_the_same(tmp_path: Path) -> None:
    for name, rows in tables_of(a_plan()):
        write_parquet(tmp_path / f"{name}.parquet", COLUMNS[name], rows)
        write_csv(tmp_path / f"{name}.csv", COLUMNS[name], rows)
        typed = pq.read_table(tmp_path / f"{name}.parquet").to_pylist()
        with (tmp_path / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            told = list(csv.DictReader(file))
        assert len(typed) == len(told) == len(rows)
        for one, other in zip(typed, told, strict=True):
            words = {key: str(value).lower() if isinstance(value, bool) else value for key, value in one.items()}
            assert {key: "" if value is None else str(value) for key, value in words.items()} == other


def test_what_the_tables_say() -> None:
    tables = dict(tables_of(a_plan()))
    assert tables.keys() == COLUMNS.keys()
    assert [row["standing"] for row in tables["ties"]].count("kept") == 20
    assert tables["ties"][-1] | {"score": 0.9} == {
        "kind": "mentor", "member_id": "c003", "peer_id": "a007", "score": 0.9, "standing": "new", "protected": False,
    }  # fmt: skip
    assert [row["rules"] for row in tables["void"]] == ["gone", "block"]
    assert [row["limit"] for row in tables["churn_curve"] if row["is_plan"]] == [5]
    assert tables["churn_curve"][0]["score"] == 24.0
    assert [row["plan"] for row in tables["metrics"]][::3] == ["plan", "incumbent", "random", "procedure", "stage"]
    assert {row["kind"] for row in tables["distribution"]} == {"buddy", "mentor"}
    assert [(row["kind"], row["member_id"], row["change"]) for row in tables["changes"]] == [
        ("buddy", "a000", "gains"), ("buddy", "a002", "changes"), ("mentor", "c002", "loses"),
    ]  # fmt: skip


def test_scores_are_not_told_of_a_few_ties() -> None:
    """Nor is their fit by facet what all kinds have beyond the others."""
    plan = a_plan(metrics={
        "plan": (metrics("buddy", 0.7, 80), metrics("mentor", 0.7, 20), metrics("all", 0.7, 80)),
        "random": (metrics("buddy", 0.7, 80), metrics("mentor", 0.7, 22), metrics("all", 0.7, 80)),
    })  # fmt: skip
    told = {
        (row["plan"], row["kind"]): (row["score_mean"], row["fit_stage"]) for row in dict(tables_of(plan))["metrics"]
    }
    assert told == {
        ("plan", "buddy"): (0.7, 0.7), ("plan", "mentor"): (None, None), ("plan", "all"): (0.7, None),
        ("random", "buddy"): (0.7, 0.7), ("random", "mentor"): (0.7, 0.7), ("random", "all"): (0.7, 0.7),
    }  # fmt: skip


@pytest.mark.parametrize("figure", ["share", "score"])
def test_hidden_figures_are_in_no_table(figure: str) -> None:
    rows = dict(tables_of(a_plan()))["subgroups"]
    assert [row[f"{figure}_difference"] for row in rows] == [0.06, None, 0.01, None]
    assert rows[1]["matched"] is None
