"""What all drawings of pages have in common: SVG text that needs no font, file or script beside it, and is the same
bytes whenever it shows the same."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, FAINT, ACCENT = "#1d2b2a", "#56635f", "#d9dfdb", "#1f6f63"
_RC: Any = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "hatch.color": SOFT,
    "hatch.linewidth": 0.5,
    "text.parse_math": False,
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing with the words for those who do not see it.

    Attributes:
        title: what it shows.
        alt: what can be read off it.
        svg: an ``<svg>`` element.
    """

    title: str
    alt: str
    svg: str


@contextmanager
def own_rules(salt: str) -> Iterator[None]:
    """Draw by our rules and not by those the user has set for drawings of their own; ``salt`` keeps the names of parts
    apart from those of the page's other drawings."""
    import matplotlib as mpl  # takes most of a second, which nobody should wait for who draws nothing

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update({**_RC, "svg.hashsalt": salt})
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        yield


def axes_of(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of so many inches with one set of axes, open at the top and the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=3, labelsize=8.5)
    return figure, axes


def svg_of(figure: Figure) -> str:
    """The figure as an ``<svg>`` element for a page that says in words what it shows; letters are those of the page."""
    written = io.BytesIO()
    options: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(written, format="svg", metadata=options, transparent=True)
    text = written.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text).replace("xlink:href=", "href=")
    text = re.sub(r"font-family: [^;\"]*; ", "", text)  # the page's own letters
    text = re.sub(r"<style .*?</style>", "", text, flags=re.DOTALL)
    return re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 class="drawing" aria-hidden="true">', text, count=1)
