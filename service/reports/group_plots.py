"""Drawings of a group plan: sizes, stages of recovery, fit.

Colours differ in lightness first, so that they hold in black and white and for every kind of colour vision.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.reports.drawing import ACCENT, INK, Drawing, axes_of, own_rules, svg_of
from service.reports.group_words import STAGE_WORDS

STAGE_COLOURS = ("#0b3b46", "#1b6572", "#377c87", "#86b9bb", "#bcdad6", "#e4f0ec", "#ffffff")
"""Dark to light along the way of recovery; white with strokes for unknown."""
LIGHT_FROM = 3
"""Number of the first stage colour that takes dark letters."""
MOST_ROWS = 40
"""Groups up to which each has a bar of its own."""


@own_rules("sizes")
def size_drawing(sizes: Sequence[int], wished: tuple[int, int, int]) -> Drawing:
    """How many groups have how many members, and the sizes that were asked for (smallest, target, largest)."""
    figure, axes = axes_of(4.6, 2.5)
    counts = np.bincount(np.array(sizes, dtype=np.int64), minlength=1)
    low, high = min([wished[0], *sizes]), max([wished[2], *sizes])
    shown = np.arange(low, high + 1)
    heights = np.array([int(counts[size]) if size < counts.size else 0 for size in shown])
    colours = [ACCENT if size == wished[1] else "#a9c8c1" for size in shown]
    bars = axes.bar(shown, heights, width=0.72, color=colours, edgecolor=INK, linewidth=0.7)
    axes.bar_label(bars, labels=[f"{height:,}" if height else "" for height in heights], padding=2, fontsize=8.5)
    axes.set_xticks(shown, [f"{size}\ntarget" if size == wished[1] else str(size) for size in shown])
    axes.set_xlabel("members enrolled in a group")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(0, max(1, int(heights.max(initial=0))) * 1.18)
    told = ", ".join(f"{height:,} of {size}" for size, height in zip(shown, heights, strict=True) if height)
    asked = f"Asked for: {wished[0]} to {wished[2]}, target {wished[1]}."
    alt = f"Groups by number of members: {told or 'no groups'}. {asked}"
    return Drawing("Group sizes", alt, svg_of(figure))


@own_rules("fit")
def fit_drawing(fits: Sequence[float], floor: float) -> Drawing:
    """How well members fit their groups, and the floor that nobody may be under (0 for none)."""
    figure, axes = axes_of(4.6, 2.5)
    values: npt.NDArray[np.float64] = np.clip(np.array(fits, dtype=np.float64), 0.0, 1.0)
    counts, edges = np.histogram(values, bins=20, range=(0.0, 1.0))
    axes.bar(edges[:-1], counts, width=0.05, align="edge", color="#a9c8c1", edgecolor=INK, linewidth=0.6)
    top = max(1, int(counts.max(initial=0))) * 1.28
    axes.set_ylim(0, top)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0], ["0", "0.2", "0.4", "0.6", "0.8", "1"])
    axes.set_xlabel("a member's fit: mean score with the others of the group")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    alt = "Members by fit: nobody is placed."
    if values.size:
        mean, tenth = float(values.mean()), float(np.quantile(values, 0.1))
        axes.axvline(mean, color=INK, linewidth=1.4)
        axes.text(mean + 0.012, top * 0.99, f"mean {mean:.2f}", va="top", ha="left", fontsize=8.5)
        alt = (
            f"Members by fit, from 0 to 1: mean {mean:.2f}, a tenth of them below {tenth:.2f}, "
            f"lowest {values.min():.2f}, highest {values.max():.2f}."
        )
    if floor > 0:
        axes.axvline(floor, color=INK, linewidth=1.2, linestyle=(0, (2, 2)))
        axes.text(floor - 0.012, top * 0.99, f"floor {floor:.2f}", va="top", ha="right", fontsize=8.5)
        alt += f" Nobody may be below {floor:.2f}."
    return Drawing("Fit of members", alt, svg_of(figure))


@own_rules("stages")
def stage_drawing(names: Sequence[str], counts: npt.NDArray[np.int64]) -> Drawing:
    """The stages of recovery in each group, or in all together where there are too many groups to draw.

    Args:
        names: of g groups.
        counts: (g, 7) int64, members of each group by stage, those without one last.
    """
    total = counts.sum(axis=0)
    told = ", ".join(f"{words.lower()} {count:,}" for words, count in zip(STAGE_WORDS, total, strict=True) if count)
    alt = f"Members by stage of recovery, all groups: {told or 'nobody is placed'}."
    apart = 0 < len(names) <= MOST_ROWS
    rows = counts if apart else total[None, :]
    labels = list(names) if apart else ["all groups"]
    figure, axes = axes_of(9.4, 0.62 + 0.25 * len(labels) + (0.1 if apart else 0.25))
    widest = max(1, int(rows.sum(axis=1).max(initial=0)))
    left = np.zeros(len(labels))
    places = np.arange(len(labels))
    for stage, words in enumerate(STAGE_WORDS):
        widths = rows[:, stage]
        if not total[stage]:
            continue
        hatch = "///" if stage == len(STAGE_WORDS) - 1 else None
        axes.barh(
            places, widths, left=left, height=0.74, color=STAGE_COLOURS[stage], edgecolor=INK, linewidth=0.6,
            hatch=hatch, label=words,
        )  # fmt: skip
        for place in np.flatnonzero(widths > 0.018 * widest):
            axes.text(
                left[place] + widths[place] / 2, places[place], f"{widths[place]:,}", ha="center", va="center",
                fontsize=8, color=INK if stage >= LIGHT_FROM else "#ffffff",
                bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.6} if hatch else None,
            )  # fmt: skip
        left += widths
    axes.set_yticks(places, [label if len(label) <= 28 else f"{label[:27]}…" for label in labels])
    axes.invert_yaxis()
    axes.set_ylim(len(labels) - 0.45, -0.55)
    axes.set_xlim(0, widest)
    axes.set_xticks([])
    for side in ("bottom", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    if total.sum():
        axes.legend(
            ncols=len(STAGE_WORDS), loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize=8.5,
            handlelength=1.1, handleheight=1.0, columnspacing=1.4, handletextpad=0.5, borderaxespad=0.2, borderpad=0.1,
        )  # fmt: skip
    return Drawing("Stages of recovery", alt, svg_of(figure))
