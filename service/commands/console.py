"""Talking to the person at the terminal: answers on standard output, everything else on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

SAID_EVERY_S = 5.0


def out() -> Console:
    """Where answers go."""
    return Console(highlight=False)


def err() -> Console:
    """Where progress and errors go."""
    return Console(stderr=True, highlight=False)


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show how far long work is: a bar on a terminal, a line every few seconds elsewhere.

    Yields a function to be told how many are done so far.
    """
    console = err()
    if console.is_terminal:
        columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}")]
        if total is not None:
            columns.append(TaskProgressColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)
        return
    said, last = time.monotonic(), 0

    def say(done: int) -> None:
        nonlocal said, last
        last = done
        if time.monotonic() - said >= SAID_EVERY_S:
            said = time.monotonic()
            console.print(f"{what}: {done:,}" + (f" of {total:,}" if total else ""), soft_wrap=True)

    yield say
    if last:
        console.print(f"{what}: {last:,}, done", soft_wrap=True)
