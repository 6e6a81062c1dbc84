"""What is seen of a search for groups while it runs, and how it is stopped."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from matcher.grouping.progress import GroupingProgress
from service.commands.console import SAID_EVERY_S
from service.reports.group_words import PHASE_WORDS

Show = Callable[[GroupingProgress], None]
STOPPING = "Stopping: the best plan so far will be written. Ctrl-C again to write nothing."


@contextmanager
def shown(console: Console) -> Iterator[tuple[Show, Callable[[], None]]]:
    """Show how far the search is: a bar on a terminal, lines elsewhere.

    Yields a function to be told, and one that ends the showing before its time.
    """
    if not console.is_terminal:
        yield _lines(console), lambda: None
        return
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=12),
        TextColumn("{task.fields[figures]}"), TextColumn("{task.fields[left]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Preparing", total=1.0, figures="", left="")
        began = time.monotonic()

        def show(far: GroupingProgress) -> None:
            bar.update(
                task,
                description=PHASE_WORDS.get(far.phase, far.phase),
                completed=far.share_done,
                figures=figures(far),
                left=_left(far.share_done, time.monotonic() - began),
            )

        yield show, bar.stop


def _lines(console: Console) -> Show:
    phase, said = "", time.monotonic()

    def show(far: GroupingProgress) -> None:
        nonlocal phase, said
        if far.phase != phase or time.monotonic() - said >= SAID_EVERY_S:
            phase, said = far.phase, time.monotonic()
            what = figures(far)
            words = PHASE_WORDS.get(far.phase, far.phase)
            console.print(f"{words}: {what}" if what else words, markup=False, soft_wrap=True)

    return show


def figures(far: GroupingProgress) -> str:
    """``54 placed, 61.20 of at most 64.00, gap 4.4%``, as far as it is known."""
    if not far.placed:
        return ""
    told = f"{far.placed:,} placed, {far.objective:,.2f}"
    if not math.isfinite(far.upper_bound) or far.upper_bound <= 0:
        return told
    return f"{told} of at most {far.upper_bound:,.2f}, gap {1 - far.objective / far.upper_bound:.1%}"


def _left(share: float, spent: float) -> str:
    if not 0.02 <= share < 1.0:
        return ""
    seconds = round(spent * (1.0 - share) / share)
    return f"{seconds // 60}:{seconds % 60:02} left"


@contextmanager
def stoppable(console: Console, hide: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C end the search in good order; the second ends the program at once.

    The system itself carries out the second one, so that it works whatever is running. Nothing has been written then.

    Args:
        console: where to say so.
        hide: ends the showing of progress.

    Yields:
        Whether to stop.
    """
    before = signal.getsignal(signal.SIGINT)
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        hide()
        console.print(STOPPING, soft_wrap=True)

    if before != signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: stopped
    finally:
        signal.signal(signal.SIGINT, before)
