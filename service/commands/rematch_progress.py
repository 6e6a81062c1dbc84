"""How far a rematch is, phase by phase."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from service.commands.console import SAID_EVERY_S
from service.reports.rematch_words import PHASE_WORDS

Tell = Callable[[str, float], None]


@contextmanager
def phases_shown(console: Console) -> Iterator[Tell]:
    """Show how far long work is: a bar for each phase with the time left on a terminal, lines elsewhere.

    Yields a function to be told the phase and how much of it is done, 0 to 1.
    """
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = (
        SpinnerColumn(finished_text="\N{CHECK MARK}"), TextColumn("{task.description}"), BarColumn(bar_width=24),
        TaskProgressColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(compact=True),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(phase: str, share: float) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(PHASE_WORDS.get(phase, phase), total=1.0)
            bars.update(tasks[phase], completed=share)

        yield tell


def _lines(console: Console) -> Tell:
    phase, said = "", time.monotonic()

    def tell(at: str, share: float) -> None:
        nonlocal phase, said
        words = PHASE_WORDS.get(at, at)
        if at != phase:
            phase, said = at, time.monotonic()
            console.print(words, markup=False, soft_wrap=True)
        elif time.monotonic() - said >= SAID_EVERY_S:
            said = time.monotonic()
            console.print(f"{words}: {share:.0%}", markup=False, soft_wrap=True)

    return tell
