"""A rematch as one page for an analyst and whoever decides: what changes, is it better, for whom, how sure.

It names nobody. Every count of people by what they have in common is hidden under 11, and where it would give such a
count away. Nothing outside the file is needed, and nothing on it runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NamedTuple

from markupsafe import Markup

from matcher.embedding.weights import FacetWeights
from matcher.members.vocabulary import Kind
from matcher.rematch.config import RematchConfig
from matcher.rematch.measuring import Metrics
from matcher.rematch.plan import RematchPlan
from service.reports.drawing import Drawing
from service.reports.group_report import Line, environment
from service.reports.group_words import certainty_words, count_words, day_words, printable
from service.reports.rematch_certainty import certificate_lines, curve_lines
from service.reports.rematch_gap_plot import gap_drawing
from service.reports.rematch_gap_table import gap_tables
from service.reports.rematch_plots import churn_drawing, comparison_drawing, distribution_drawing, facet_drawing
from service.reports.rematch_tables import shown_counts
from service.reports.rematch_verdict import verdict
from service.reports.rematch_words import (
    DASH,
    FACET_WORDS,
    HIDDEN,
    KIND_WORDS,
    OBJECTIVE_WORDS,
    RULE_WORDS,
    WHY_WORDS,
    headline,
    kind_metrics,
    plan_words,
    score,
    share,
    small_share,
)


class Counted(NamedTuple):
    """Something and how often it is so, in words."""

    what: str
    number: str


def rematch_page(plan: RematchPlan, config: RematchConfig, made_by: str) -> str:
    """The page as HTML; the same text for the same plan.

    Args:
        plan: what to show.
        config: what was asked for.
        made_by: name and version of the program.
    """
    figures = kind_metrics(plan)
    kinds: list[str] = [kind for kind in ("buddy", "mentor", "all") if kind in figures.get("plan", {})]
    if len(kinds) == 2:  # one kind, and the same again as all of them
        kinds = kinds[:1]
    by_kind = {kind: {name: of[kind] for name, of in figures.items() if kind in of} for kind in kinds}
    first, *rest = headline(plan)
    return (
        environment()
        .get_template("rematch_report.html")
        .render(
            as_of=day_words(plan.as_of),
            day=plan.as_of.isoformat(),
            members=count_words(plan.members, "member"),
            asked=_asked(config),
            headline=first,
            more=rest,
            figures=_figures(plan, by_kind),
            reproducible=plan.reproducible,
            changes=_changes(plan),
            protected=plan.churn.protected,
            reasons=_reasons(plan, config),
            triads=len(plan.triads),
            groups=_groups(plan),
            verdict=verdict(by_kind.get("all") or next(iter(by_kind.values()), {})),
            comparisons=[_comparison(kind, of_plans) for kind, of_plans in by_kind.items()],
            gaps=[_gap(kind, plan) for kind in config.kinds if plan.subgroups.get(kind)],
            audit=bool(config.audit),
            certificates=certificate_lines(plan),
            curve=curve_lines(plan),
            churn=_drawn([churn_drawing(plan.churn)]),
            weights=[_weights(kind, config) for kind in config.kinds],
            facets=list(FACET_WORDS.values()),
            made_by=made_by,
            plan=plan,
            hidden=HIDDEN,
        )
    )


def _asked(config: RematchConfig) -> str:
    told = [
        f"{KIND_WORDS[kind].lower()}: {OBJECTIVE_WORDS[config.of_kind(kind).objective]}"
        + (f", no new tie under a score of {config.of_kind(kind).threshold:g}" * (config.of_kind(kind).threshold > 0))
        for kind in config.kinds
    ]
    if config.groups is not None:
        told.append(f"groups: {printable(config.groups.spec.name)}")
    return "; ".join(told)


def _figures(plan: RematchPlan, by_kind: dict[str, dict[str, Metrics]]) -> list[Line]:
    of_all = by_kind.get("all") or next(iter(by_kind.values()), {})
    after, before = of_all.get("plan"), of_all.get("incumbent")
    found = []
    if after is not None:
        today = f"; today {share(before.matched_share)}" if before is not None and before.ties else ""
        found += [Line(f"with somebody{today}", share(after.matched_share))]
        today = f"; today {score(before.mean)}" if before is not None and before.mean is not None else ""
        found += [Line(f"mean score{today}", score(after.mean))]
        found += [Line(f"of {count_words(plan.churn.could_stand, 'tie')} in force ended", f"{len(plan.broken):,}")]
        point = plan.churn.plan
        gap = (point.bound - point.objective) / point.bound if point.bound > 0 else 0.0
        found += [Line("at most below the best possible", small_share(max(0.0, gap)))]
    if plan.groups is not None:
        found.append(Line(f"in {count_words(len(plan.groups.groups), 'group')}", f"{plan.groups.terms.placed:,}"))
    return found


def _changes(plan: RematchPlan) -> list[dict[str, str]]:
    return [
        {"kind": KIND_WORDS[one.kind], "unit": "members" if one.kind == "group" else "ties"}
        | {name: f"{getattr(one, name):,}" for name in ("kept", "new", "broken", "void")}
        | {name: f"{len(getattr(one, name)):,}" for name in ("gain", "lose", "change")}
        for one in plan.diff.kinds
    ]


def _reasons(plan: RematchPlan, config: RematchConfig) -> list[tuple[str, list[Counted]]]:
    """Who has no tie, and what cannot stand, by reason; no reasons where there are under 11 altogether."""
    found = {
        f"{KIND_WORDS[kind]}: members who look for one and have none": [
            WHY_WORDS[one.why] for one in plan.unmatched if one.kind == kind
        ]
        for kind in config.kinds
    }
    found["Ties in force that cannot stand"] = [
        RULE_WORDS.get(rule, rule) for one in plan.void for rule in one.rules[:1]
    ]
    return [(caption, _counted(words)) for caption, words in found.items() if words]


def _counted(words: Iterable[str]) -> list[Counted]:
    counts = shown_counts(words, apart=WHY_WORDS["no_candidates"])
    return [Counted(what, HIDDEN if number is None else f"{number:,}") for what, number in counts.items()]


def _groups(plan: RematchPlan) -> dict[str, Any] | None:
    if plan.groups is None:
        return None
    fits = [place.fit for group in plan.groups.groups for place in group.members]
    return {
        "groups": count_words(len(plan.groups.groups), "group"),
        "placed": f"{plan.groups.terms.placed:,}",
        "unplaced": f"{len(plan.groups.unplaced):,}",
        "moved": f"{len(plan.groups.moved):,}",
        "leave": f"{len(plan.groups.must_leave) + len(plan.left_groups):,}",
        "fit": score(sum(fits) / len(fits)) if fits else DASH,
        "certainty": certainty_words(plan.groups),
    }


def _comparison(kind: str, of_plans: dict[str, Metrics]) -> dict[str, Any]:
    rows = [
        {
            "plan": plan_words(name), "own": name == "plan", "ties": f"{row.ties:,}", "share": share(row.matched_share),
            "mean": _of_ties(row, row.mean), "median": _of_ties(row, row.median), "tenth": _of_ties(row, row.tenth),
            "worst": _of_ties(row, row.worst_tenth), "gini": score(row.gini), "most": f"{row.most:,}",
            "blocking": DASH if row.blocking is None else f"{row.blocking:,}",
            "broken": DASH if row.broken is None else f"{row.broken:,}",
        }
        for name, row in of_plans.items()
    ]  # fmt: skip
    drawn = [distribution_drawing(of_plans, kind) if kind != "all" else None, facet_drawing(of_plans, kind)]
    return {
        "id": kind,
        "kind": KIND_WORDS[kind],
        "who": {"mentor": "seekers"}.get(kind, "members"),
        "could": f"{of_plans['plan'].could:,}",
        "blocking": kind != "all",
        "mixed": [one for one in verdict(of_plans) if one.same or one.worse] if kind != "all" else [],
        "rows": rows,
        "wide": _drawn([comparison_drawing(of_plans, kind)]),
        "drawings": _drawn(drawn) if kind != "all" else [],
    }


def _of_ties(row: Metrics, value: float | None) -> str:
    return HIDDEN if value is None and row.ties else score(value)


def _gap(kind: Kind, plan: RematchPlan) -> dict[str, Any]:
    rows = plan.subgroups[kind]
    return {
        "id": kind,
        "kind": KIND_WORDS[kind],
        "tables": gap_tables(rows),
        "drawings": _drawn([gap_drawing([row for row in rows if row.plan == "plan"], kind)]),
    }


def _drawn(drawings: Iterable[Drawing | None]) -> list[dict[str, Any]]:
    return [{"title": one.title, "alt": one.alt, "svg": Markup(one.svg)} for one in drawings if one is not None]


def _weights(kind: Kind, config: RematchConfig) -> dict[str, Any]:
    wish = config.of_kind(kind)
    used = asdict(wish.facet_weights(kind))
    preset = asdict(FacetWeights.mentor() if kind == "mentor" else FacetWeights.buddy())
    return {
        "kind": KIND_WORDS[kind],
        "preset": wish.weights is None,
        "note": printable(wish.weights_note or ""),
        "used": [f"{used[facet]:.0%}" for facet in FACET_WORDS],
        "usual": [f"{preset[facet]:.0%}" for facet in FACET_WORDS],
    }
