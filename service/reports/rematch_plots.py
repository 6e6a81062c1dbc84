"""Drawings of a rematch: plans side by side, scores of ties, fit by facet, and score against ties ended.

The plan is dark and filled, what is in force is drawn by lines, baselines are pale, so that all hold in black and
white. No spread of scores and no fit by facet is drawn of under 11 ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.rematch.measuring import Metrics
from matcher.rematch.plan import ChurnCurve, ChurnPoint
from service.reports.drawing import ACCENT, FAINT, INK, SOFT, Drawing, axes_of, own_rules, svg_of
from service.reports.rematch_tables import pooled
from service.reports.rematch_words import FACET_WORDS, plan_words, score, share

PALE = "#a9c8c1"
_FILL = {"plan": ACCENT, "incumbent": "#ffffff"}
_LINES: dict[str, dict[str, Any]] = {
    "incumbent": {"color": INK, "linewidth": 1.3, "linestyle": (0, (3, 1.5))},
    "random": {"color": SOFT, "linewidth": 0.9, "linestyle": (0, (1, 1))},
}


def comparison_drawing(of_plans: Mapping[str, Metrics], kind: str) -> Drawing:
    """How many have somebody, how good their ties are, and how evenly they are spread, plan by plan."""
    names = list(of_plans)
    rows = [of_plans[name] for name in names]
    places = range(len(names))
    with own_rules(f"comparison-{kind}"):
        figure, first = axes_of(9.4, 0.75 + 0.34 * len(names))
        first.remove()
        shares, scores, ginis = figure.subplots(1, 3, sharey=True, width_ratios=(1, 1.6, 1))
        colours = [_FILL.get(name, PALE) for name in names]
        bars = {"height": 0.6, "color": colours, "edgecolor": INK, "linewidth": 0.7}
        drawn = shares.barh(places, [100 * (row.matched_share or 0) for row in rows], **bars)
        shares.bar_label(drawn, [share(row.matched_share) for row in rows], padding=3, fontsize=8.5)
        shares.set_xlim(0, 128)
        shares.set_xlabel("with somebody, % of who could")
        drawn = ginis.barh(places, [row.gini or 0 for row in rows], **bars)
        ginis.bar_label(drawn, [score(row.gini) for row in rows], padding=3, fontsize=8.5)
        ginis.set_xlim(0, 1.28 * max([0.01, *(row.gini or 0 for row in rows)]))
        ginis.set_xlabel("unevenness of spread, 0 is best")
        for place, name, row in zip(places, names, rows, strict=True):
            if row.mean is None or row.median is None or row.worst_tenth is None or row.tenth is None:
                continue
            fill = _FILL.get(name, PALE)
            scores.plot([row.worst_tenth, row.mean], [place, place], color=INK, linewidth=1.2, zorder=1)
            scores.plot([row.worst_tenth], [place], marker="|", color=INK, markersize=10)
            scores.plot([row.tenth], [place], marker="d", color=fill, markeredgecolor=INK, markersize=5.5)
            scores.plot([row.median], [place], marker="s", color=fill, markeredgecolor=INK, markersize=5)
            scores.plot([row.mean], [place], marker="o", color=fill, markeredgecolor=INK, markersize=7)
        scores.set_xlabel("score: | mean of the worst tenth   ◆ a tenth are below   ■ median   ● mean")
        for axes in (shares, scores, ginis):
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.tick_params(axis="y", length=0, labelcolor=INK)
        scores.grid(axis="x", color=FAINT, linewidth=0.7)
        scores.set_axisbelow(True)
        for axes in (shares, ginis):
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
        shares.set_yticks(list(places), [plan_words(name) for name in names])
        shares.set_ylim(len(names) - 0.45, -0.55)
        svg = svg_of(figure)
    told = "; ".join(
        f"{plan_words(name)}: {share(row.matched_share)} have somebody, mean score {score(row.mean)}, worst tenth "
        f"{score(row.worst_tenth)}, unevenness {score(row.gini)}"
        for name, row in zip(names, rows, strict=True)
    )
    return Drawing("Plans side by side", f"{told}.", svg)


def distribution_drawing(of_plans: Mapping[str, Metrics], kind: str) -> Drawing | None:
    """How the scores of ties are spread in the plan, in force, and by lot; ``None`` for under 11 ties."""
    drawn = {
        name: bins
        for name in ("plan", "incumbent", "random")
        if name in of_plans and (bins := pooled(of_plans[name].histogram))
    }
    if "plan" not in drawn:
        return None
    with own_rules(f"distribution-{kind}"):
        figure, axes = axes_of(4.6, 2.6)
        for name, bins in drawn.items():
            edges, heights = _density(bins)
            if name == "plan":
                axes.stairs(heights, edges, fill=True, color=PALE, label=plan_words(name))
                axes.stairs(heights, edges, color=ACCENT, linewidth=1.2)
            else:
                axes.stairs(heights, edges, label=plan_words(name), **_LINES[name])
        low = min(bins[0][0] for bins in drawn.values())
        axes.set_xlim(max(0.0, low - 0.05), 1)
        axes.set_xlabel("score of a tie")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.legend(frameon=False, fontsize=8.5, loc="upper left", handlelength=1.6)
        svg = svg_of(figure)
    told = "; ".join(
        f"{plan_words(name)}: median {score(of_plans[name].median)}, a tenth below {score(of_plans[name].tenth)}"
        for name in drawn
    )
    return Drawing("Scores of the ties", f"{told}.", svg)


def _density(bins: Sequence[tuple[float, float, int]]) -> tuple[list[float], list[float]]:
    """Edges and heights of bins with nothing between them, of area 1."""
    total = sum(count for _, _, count in bins)
    edges, heights = [bins[0][0]], []
    for low, high, count in bins:
        if low > edges[-1]:
            edges.append(low)
            heights.append(0.0)
        edges.append(high)
        heights.append(count / total / (high - low))
    return edges, heights


def facet_drawing(of_plans: Mapping[str, Metrics], kind: str) -> Drawing | None:
    """How well ties fit by each facet; ``None`` if the plan has none."""
    drawn = {name: row.facets for name, row in of_plans.items() if row.facets and name in {"plan", *_LINES}}
    if "plan" not in drawn:
        return None
    facets = [facet for facet in FACET_WORDS if facet in drawn["plan"]]
    with own_rules(f"facets-{kind}"):
        figure, axes = axes_of(4.6, 2.6)
        for name, marker in (("random", "x"), ("incumbent", "o"), ("plan", "o")):
            if name in drawn:
                fits = [drawn[name].get(facet, 0.0) for facet in facets]
                style: dict[str, Any] = {
                    "markerfacecolor": _FILL.get(name, INK),
                    "markeredgecolor": INK,
                    "markersize": 6,
                }
                axes.plot(fits, range(len(facets)), marker, label=plan_words(name), **style)
        axes.set_yticks(range(len(facets)), [FACET_WORDS[facet] for facet in facets])
        axes.set_ylim(len(facets) - 0.5, -0.5)
        axes.set_xlim(0, 1.02)
        axes.grid(axis="y", color=FAINT, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("mean fit, 1 is perfect")
        axes.legend(frameon=False, fontsize=8.5, ncols=3, loc="lower left", bbox_to_anchor=(-0.05, 1.0), handlelength=1)
        svg = svg_of(figure)
    told = ", ".join(
        f"{FACET_WORDS[facet].lower()} {drawn['plan'][facet]:.2f}"
        + (f" (in force {drawn['incumbent'][facet]:.2f})" if facet in drawn.get("incumbent", {}) else "")
        for facet in facets
    )
    return Drawing("Fit by facet", f"Mean fit of the ties by {told}.", svg)


def churn_drawing(curve: ChurnCurve) -> Drawing | None:
    """Ties and their score against ties that are ended; ``None`` if there is one point only."""
    points = sorted(curve.points, key=lambda point: (point.broken, point.score))
    if len({point.broken for point in points}) < 2:
        return None
    with own_rules("churn"):
        figure, first = axes_of(9.4, 2.7)
        first.remove()
        panels = figure.subplots(1, 2)
        ended = [point.broken for point in points]
        values = ([point.score / WEIGHT_SCALE for point in points], [point.pairs for point in points])
        own = curve.plan
        for axes, heights, here, label in zip(
            panels, values, (own.score / WEIGHT_SCALE, own.pairs), ("sum of scores", "ties"), strict=True
        ):
            axes.plot(ended, heights, color=SOFT, linewidth=1.1, marker="o", markersize=4, markerfacecolor="#ffffff")
            axes.plot([own.broken], [here], "o", color=ACCENT, markeredgecolor=INK, markersize=8)
            axes.annotate(
                "this plan", (own.broken, here), xytext=(0, -14), textcoords="offset points", ha="center", fontsize=8.5
            )
            axes.set_xlabel("ties in force that are ended")
            axes.set_title(label, fontsize=9, loc="left")
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="y", color=FAINT, linewidth=0.7)
            axes.margins(x=0.06, y=0.2)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.ticklabel_format(style="plain", useOffset=False)
        panels[1].yaxis.get_major_locator().set_params(integer=True)
        svg = svg_of(figure)
    told = "; ".join(_told(point) for point in points)
    return Drawing("What changing more would bring", f"{told}. This plan ends {own.broken:,}.", svg)


def _told(point: ChurnPoint) -> str:
    return f"{point.broken:,} ended: {point.pairs:,} ties, scores adding up to {point.score / WEIGHT_SCALE:,.1f}"
