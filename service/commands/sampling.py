"""``peer-matcher sample``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from matcher.members.profile import MemberProfile
from matcher.members.sample import iter_sample
from matcher.members.writing import write_members
from service.commands.console import counting, out
from service.commands.options import AsOfOption
from service.settings import Settings


def sample(
    count: Annotated[int, typer.Argument(metavar="N", min=1, max=10_000_000, help="How many.", show_default=False)],
    file: Annotated[
        Path, typer.Option("--out", "-o", help="CSV or NDJSON (also .gz), or Parquet.", show_default=False)
    ],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Other seeds draw other members.")] = 0,
    as_of: AsOfOption = None,
) -> None:  # fmt: skip
    """Draw simulated members, who look like the published evidence and are nobody, into a file.

    Example: peer-matcher sample 5000 --out members.csv
    """
    day = as_of.date() if as_of else Settings().today()
    with counting("Drawing members", count) as advance:
        written = write_members(counted(iter_sample(count, seed, day), advance), file)
    out().print(f"{written:,} members in {file}", soft_wrap=True)


def counted(members: Iterable[MemberProfile], advance: Callable[[int], None]) -> Iterator[MemberProfile]:
    """``members``, telling ``advance`` about every hundredth."""
    done = 0
    for done, member in enumerate(members, 1):
        yield member
        if done % 100 == 0:
            advance(done)
    advance(done)
