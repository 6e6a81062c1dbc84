"""Tables for the terminal, and the same ones as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(slots=True)
class Table:
    """One printed answer.

    Attributes:
        title: what is compared with what.
        columns: headings; the first column is text, the others stand right.
        rows: cells, as long as ``columns`` each.
        notes: what one has to know to read it.
        sections: rows after which a line is drawn.
    """

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: Sequence[str] = ()
    sections: set[int] = field(default_factory=set)

    def divide(self) -> None:
        """End a section: a line after the last row."""
        self.sections.add(len(self.rows) - 1)

    def add(self, *cells: object) -> None:
        """Append a row."""
        self.rows.append([str(cell) for cell in cells])

    def show(self, console: Console) -> None:
        """Print for people."""
        printed = RichTable(
            title=self.title, title_justify="left", caption="\n".join(self.notes), caption_justify="left"
        )
        for place, heading in enumerate(self.columns):
            printed.add_column(heading, justify="left" if place == 0 else "right")
        for place, row in enumerate(self.rows):
            printed.add_row(*row, end_section=place in self.sections)
        console.print(printed)

    def markdown(self) -> str:
        """The same for a page."""
        lines = [f"**{self.title}**", "", "| " + " | ".join(self.columns) + " |"]
        lines.append("|" + "|".join("---" if place == 0 else "---:" for place in range(len(self.columns))) + "|")
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join([*lines, "", *self.notes, ""])


def three(value: float) -> str:
    """Three figures that count."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def ms(seconds: float) -> str:
    """Milliseconds."""
    return three(seconds * 1e3)


def ratio(value: float) -> str:
    """A ratio against a peer."""
    return f"{value:.2f}x"


def percent(share: float) -> str:
    """A share of one."""
    return f"{share:.1%}"


def verdict(value: float, bar: float | None, form: Callable[[float], str] = "{:g}".format) -> str:
    """Whether ``value`` is at or below its bar; ``form`` writes the bar."""
    if bar is None:
        return "no bar"
    return f"{'met' if value <= bar else 'MISSED'} (<= {form(bar)})"
