"""For whom a plan is good, drawn: each subgroup against everybody, with how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.rematch.subgroups import Gap, SubgroupRow
from service.reports.drawing import ACCENT, FAINT, INK, Drawing, axes_of, own_rules, svg_of
from service.reports.rematch_words import attribute_title, subgroup_words


def gap_drawing(rows: Sequence[SubgroupRow], kind: str) -> Drawing | None:
    """Differences between subgroups of one plan and everybody; ``None`` if none may be shown.

    A subgroup of which neither figure may be shown has no line at all.
    """
    shown = [row for row in rows if row.share is not None or row.score is not None]
    if not shown:
        return None
    labels = [f"{attribute_title(row.attribute)}: {subgroup_words(row.attribute, row.value)}" for row in shown]
    with own_rules(f"gaps-{kind}"):
        figure, first = axes_of(9.4, 0.8 + 0.19 * len(shown))
        first.remove()
        shares, scores = figure.subplots(1, 2, sharey=True)
        for place, row in enumerate(shown):
            for axes, gap, scale in ((shares, row.share, 100), (scores, row.score, 1)):
                if gap is None:
                    continue
                axes.plot([scale * gap.low, scale * gap.high], [place, place], color=INK, linewidth=1.1)
                fill = ACCENT if gap.sure else "#ffffff"
                axes.plot([scale * gap.difference], [place], "o", color=fill, markeredgecolor=INK, markersize=5.5)
        for axes, label in (
            (shares, "with somebody: percentage points from everybody"),
            (scores, "score of their ties: difference from everybody"),
        ):
            axes.axvline(0, color=INK, linewidth=0.8)
            axes.set_xlabel(label)
            axes.grid(axis="y", color=FAINT, linewidth=0.6)
            axes.set_axisbelow(True)
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=8)
            reach = max(abs(edge) for edge in axes.get_xlim())
            axes.set_xlim(-reach, reach)
        shares.set_yticks(range(len(shown)), [label if len(label) <= 44 else f"{label[:43]}…" for label in labels])
        shares.set_ylim(len(shown) - 0.4, -0.6)
        svg = svg_of(figure)
    sure = [
        label
        for label, row in zip(labels, shown, strict=True)
        if any(isinstance(gap, Gap) and gap.sure for gap in (row.share, row.score))
    ]
    more = "Chance would explain every difference." if not sure else f"Surely different: {'; '.join(sure)}."
    return Drawing("Subgroups against everybody", f"Lines are 95% intervals. {more}", svg)
