"""The page about a rematch: all of it there, nobody named, nothing small told, nothing from elsewhere."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, get_args
from xml.etree import ElementTree as ET

import pytest

from matcher.eligibility.rules import RULES
from matcher.pairing.problem import Objective
from matcher.pairing.solution import Why
from matcher.rematch.baselines import BASELINES
from matcher.rematch.config import Attribute, RematchConfig
from matcher.rematch.diff import Diff
from matcher.rematch.everyone import FACETS
from matcher.rematch.plan import ChurnCurve, RematchPlan
from matcher.rematch.rematch import PHASES
from matcher.rematch.subgroups import FEW, UNKNOWN
from service.reports import rematch_words
from service.reports.rematch_gap_plot import gap_drawing
from service.reports.rematch_plots import churn_drawing, comparison_drawing, distribution_drawing, facet_drawing
from service.reports.rematch_report import rematch_page
from service.reports.rematch_verdict import verdict
from tests.service.rematch.plans import a_plan, metrics, point
from tests.service.test_group_report import EVIL, Page

CONFIG = RematchConfig.parse({
    "buddies": {"weights": {"procedure": 1, "stage": 1}, "weights_note": "Fitted on 1 December 2025 to 812 outcomes."},
    "mentors": {"objective": "total", "threshold": 0.2},
})  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(rematch_page(a_plan(), CONFIG, "peer-matcher 1.2.3"))


@pytest.mark.parametrize(
    "words",
    [
        "80 of 100 members who could have a buddy or a mentor tie get somebody: 80.0%, against 50.0% today.",
        "The mean score of the ties rises from 0.600 to 0.700, of 1.",
        "3 of 23 ties in force are ended to get there, and 21 new made; at most 5 were allowed to end.",
        "1 member who had a tie is left without one of its kind.",
        "No plan of these candidates that ends no more ties is more than 1.00% better: that is proved.",
        "mentors: most score, no new tie under a score of 0.2",
        "Others fit better 20",
        "No hard rule, or the history, leaves them anybody 13",
        "Ties in force that cannot stand: fewer than 11",
        "Than in force today : better in all 5 figures.",
        "Patient 60 76.0%",
        "+6.0 (+1.0 to +11.0)",
        "Caregiver 40 hidden",
        "at most 2.00% below the best possible",
        "proved: nothing better can be made of these candidates",
        "no limit 9 41 27.00",
        "Fitted on 1 December 2025 to 812 outcomes.",
        "the preset, which rests on published studies",
        "Buddies 50% 50% 0%",
        "peer-matcher 1.2.3; day 2026-01-01, seed 3, config c0ffee , members 3e3b , history 5bec .",
        "every new tie still takes a yes from both",
        "1 member joins a buddy pair",
    ],
)
def test_everything_is_on_the_page(page: Page, words: str) -> None:
    assert words in page.text


def test_nobody_is_named() -> None:
    plan = a_plan()
    text = rematch_page(plan, CONFIG, "peer-matcher")
    ids = {tie.member_id for tie in plan.ties} | {tie.peer_id for tie in plan.ties} | {"gone1", "u001", "c002", "c004"}
    assert not [one for one in ids if re.search(rf"\b{one}\b", text)]


def test_nothing_comes_from_elsewhere_and_nothing_runs(page: Page) -> None:
    text = rematch_page(a_plan(), CONFIG, "peer-matcher")
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert "://" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert "@import" not in text
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert (attributes.get(name) or "#").startswith("#")
    assert text.startswith("<!DOCTYPE html>")


def test_it_can_be_read_in_other_ways(page: Page) -> None:
    """Headers of tables say what they are for, drawings have words, links lead somewhere, ids are there once."""
    assert page.of("html")[0]["lang"] == "en"
    assert all(header.get("scope") in {"col", "row", "rowgroup"} for header in page.of("th"))
    assert len(page.of("h1")) == 1
    ids = [str(attributes["id"]) for _, attributes in page.elements if "id" in attributes]
    named = {str(attributes["aria-labelledby"]) for _, attributes in page.elements if "aria-labelledby" in attributes}
    linked = {str(link["href"]).removeprefix("#") for link in page.of("a")}
    assert named | linked <= set(ids)
    assert len(ids) == len(set(ids))
    assert len(page.of("figure")) == 9


def test_what_people_wrote_is_text() -> None:
    noted = CONFIG.buddies.model_copy(update={"weights_note": EVIL})
    shown = Page(rematch_page(a_plan(config_hash=EVIL), CONFIG.model_copy(update={"buddies": noted}), EVIL))
    usual = Page(rematch_page(a_plan(), CONFIG, "x"))
    assert shown.text.count(EVIL) == 3
    assert {tag for tag, _ in shown.elements} <= {tag for tag, _ in usual.elements}
    assert not any(name.startswith("on") for _, attributes in shown.elements for name in attributes)


def test_two_pages_are_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    first = rematch_page(a_plan(), CONFIG, "x")
    monkeypatch.setitem(mpl.rcParams, "font.size", 30.0)  # whatever somebody has set for themself
    assert rematch_page(a_plan(timings={"pairing": 99.0}), CONFIG, "x") == first


def test_where_the_plan_is_not_better_it_says_so() -> None:
    worse = (metrics("buddy", 0.7, 80, worst_tenth=0.99, gini=0.1), metrics("all", 0.7, 80, worst_tenth=0.99, gini=0.1))
    plan = a_plan(metrics={**a_plan().metrics, "procedure": worse})
    page = Page(rematch_page(plan, CONFIG, "x"))
    told = "the same in share with somebody, mean score, median score; worse in score of the worst tenth, evenness"
    assert f"Than by procedure alone : {told} of spread." in page.text
    assert f"Than by procedure alone: {told} of spread." in page.text


def test_a_time_limit_is_told() -> None:
    page = Page(rematch_page(a_plan(reproducible=False), CONFIG, "x"))
    assert "may come out otherwise another time" in page.text
    assert "were it not for the time limit" in page.text


def empty(**changed: Any) -> RematchPlan:
    nothing = dataclasses.replace(
        metrics("buddy", 0.0, 0), mean=None, median=None, tenth=None, worst_tenth=None, facets={}, gini=None, could=0,
        matched_share=None, broken=0, churn=None, blocking=0, most=0,
    )  # fmt: skip
    own = point(None, 0, 0, 0)
    return a_plan(
        pairs=(), mentors=(), triads=(), unmatched=(), void=(), broken=(), certificates=(), subgroups={},
        metrics={name: (nothing, dataclasses.replace(nothing, kind="all")) for name in ("plan", "incumbent", "random")},
        churn=ChurnCurve(0, 0, own, (own,)), diff=Diff((), ()), **changed,
    )  # fmt: skip


def test_a_plan_without_anybody() -> None:
    page = Page(rematch_page(empty(members=0), CONFIG, "x"))
    assert "Nobody of 0 members could have a buddy." in page.text
    assert "no ties of which subgroups could be compared" in page.text
    assert "nan" not in page.text


def test_a_first_plan() -> None:
    """Nothing is in force yet."""
    rows = {name: kinds for name, kinds in a_plan().metrics.items() if name != "incumbent"}
    kinds = [metrics(kind, 0.0, 0) for kind in ("buddy", "mentor", "all")]
    none = [dataclasses.replace(row, mean=None, median=None, worst_tenth=None, facets={}) for row in kinds]
    curve = dataclasses.replace(a_plan().churn, could_stand=0)
    page = Page(rematch_page(a_plan(metrics={**rows, "incumbent": tuple(none)}, churn=curve), CONFIG, "x"))
    assert "get somebody (80.0%); today nobody has one that could stand." in page.text
    assert "All 21 ties are new." in page.text
    assert "Than in force today" not in page.text


def test_scores_of_a_few_ties_in_force_are_hidden() -> None:
    few = tuple(metrics(kind, 0.6123, 6) for kind in ("buddy", "mentor", "all"))
    page = Page(rematch_page(a_plan(metrics={**a_plan().metrics, "incumbent": few}), CONFIG, "x"))
    assert "The ties score 0.700 on average, of 1." in page.text
    assert "In force today 3 6.0% hidden hidden hidden hidden" in page.text
    assert "0.612" not in page.text


def test_drawings_are_whole_and_have_words() -> None:
    plan = a_plan()
    rows = {name: kinds[0] for name, kinds in plan.metrics.items()}
    drawings = [
        comparison_drawing(rows, "buddy"), distribution_drawing(rows, "buddy"), facet_drawing(rows, "buddy"),
        churn_drawing(plan.churn), gap_drawing(plan.subgroups["buddy"][:2], "buddy"),
    ]  # fmt: skip
    for drawing in drawings:
        assert drawing is not None
        assert ET.fromstring(drawing.svg).tag.endswith("svg")
        assert drawing.alt.endswith(".")
    assert drawings[4] is not None
    assert "Caregiver" not in drawings[4].svg


def test_nothing_is_drawn_of_a_few() -> None:
    rows = {"plan": metrics("buddy", 0.5, 20), "incumbent": metrics("buddy", 0.5, 80)}
    assert distribution_drawing(rows, "buddy") is None
    assert gap_drawing(a_plan().subgroups["buddy"][1:2], "buddy") is None


def test_verdicts() -> None:
    rows = {"plan": metrics("all", 0.7, 80), "random": metrics("all", 0.4, 79), "stage": metrics("all", 0.7, 80)}
    better, same = verdict(rows)
    assert better.text == "better in all 5 figures"
    assert (same.better, same.worse, len(same.same)) == ((), (), 5)
    assert verdict({}) == []


def test_everything_has_words() -> None:
    assert set(rematch_words.WHY_WORDS) == set(get_args(Why))
    assert set(rematch_words.OBJECTIVE_WORDS) == set(get_args(Objective))
    assert set(rematch_words.FACET_WORDS) == set(FACETS)
    assert set(rematch_words.PLAN_WORDS) == {"plan", "incumbent", *BASELINES}
    assert {*PHASES, "writing"} == set(rematch_words.PHASE_WORDS)
    assert {rule.code for rule in RULES} <= set(rematch_words.RULE_WORDS)
    for attribute in get_args(Attribute):
        assert rematch_words.attribute_title(attribute)[0].isupper()
    assert rematch_words.subgroup_words("role", UNKNOWN) == "Not said"
    assert rematch_words.subgroup_words("region", "us-1") == "us-1"
    assert rematch_words.subgroup_words("region", FEW) == "Several small groups together"


def test_figures_for_people() -> None:
    assert [rematch_words.small_share(value) for value in (0.0, -1e-9, 1e-6, 0.0123)] == [
        "0%", "0%", "under 0.01%", "1.23%",
    ]  # fmt: skip
    assert rematch_words.signed_points(-0.0001) == "0.0"
    assert rematch_words.signed_points(-0.031) == "\N{MINUS SIGN}3.1"
    assert rematch_words.signed_score(0.0315) == "+0.032"
    assert rematch_words.share(None) == rematch_words.score(None) == "\N{EN DASH}"
