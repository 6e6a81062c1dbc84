"""Groups from bare affinities: what the time limits of the literature buy, and the gap to the bound.

    python -m benchmarks.run diversity --sizes 120 240       instances drawn like RanReal and Geo of MDGPLIB
    python -m benchmarks.diversity --folder mdgplib          MDGPLIB's own; with its published.csv beside the published
    python -m benchmarks.diversity --seeds 5 --quick         a tenth of the time

MDGPLIB (https://grafo.etsii.urjc.es/optsicom/mdgp.html) states no licence, so its instances do not come along. A file,
gzip or plain text, holds ``n m ss|ds l1 u1 ... lm um`` and then ``i j d`` a pair from 0 on; ``published.csv`` holds
``inst,n,m,best,avg,worst``. Time limits a run are those of Yang et al. (EJOR 302, 2022): 3, 20 and 120 seconds for 120,
240 and 480 members. Compiled code is loaded before the clock starts. Every answer is verified.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.tables import Table
from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.affinity_solver import solve_grouping
from matcher.grouping.diversity_run import Annealer
from matcher.grouping.diversity_search import first_grouping
from matcher.verification.affinity_grouping import verify_grouping

GROUPS = {120: 10, 240: 12, 480: 20}
LIMITS = {120: 3.0, 240: 20.0, 480: 120.0}
COLUMNS = ("instance", "published avg", "mean", "worst", "best", "mean - avg", "gap", "wall s", "CPU s")


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """A problem with its name and, if it is known, what others reached on average."""

    name: str
    problem: GroupingProblem
    published: float | None


def drawn(kind: str, n: int, groups: int, open_sizes: bool, seed: int) -> Instance:
    """One like MDGPLIB's: uniform numbers up to 100, or distances of points in 2 to 21 dimensions."""
    rng = np.random.default_rng([n, seed])
    if kind == "RanReal":
        half = np.triu(np.round(rng.uniform(0, 100, (n, n)), 3), 1)
        affinity: Any = half + half.T
    else:
        points = rng.uniform(0, 10, (n, int(rng.integers(2, 22))))
        affinity = np.round(np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1)), 3)
    size = n // groups
    least, most = np.full(groups, size), np.full(groups, size)
    if open_sizes:
        least, most = least - rng.integers(0, size // 4 + 1, groups), most + rng.integers(0, size // 4 + 1, groups)
    name = f"{kind} n{n} {'ds' if open_sizes else 'ss'} {seed:02}"
    return Instance(name, GroupingProblem(affinity, least, most), None)


def read(path: Path, published: dict[str, float]) -> Instance:
    """One of MDGPLIB's files."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        head = file.readline().split()
        n, groups = int(head[0]), int(head[1])
        sizes = np.array(head[3 : 3 + 2 * groups], int).reshape(groups, 2)
        rows = np.loadtxt(file, ndmin=2)
    affinity = np.zeros((n, n))
    i, j = rows[:, 0].astype(int), rows[:, 1].astype(int)
    affinity[i, j] = affinity[j, i] = rows[:, 2]
    name = path.name.removesuffix(".gz").removesuffix(".txt")
    return Instance(name, GroupingProblem(affinity, sizes[:, 0], sizes[:, 1]), published.get(name))


def read_all(folder: Path) -> list[Instance]:
    """The instances of a folder, by name, and what is published about them."""
    listed = folder / "published.csv"
    published = {}
    if listed.exists():
        with listed.open(newline="") as file:
            published = {row["inst"]: float(row["avg"]) for row in csv.DictReader(file)}
    return [read(path, published) for path in sorted(folder.glob("*.txt*"))]


def limit_for(n: int) -> float:
    """The time limit of the nearest size of the literature that is not smaller, else of the largest."""
    return next((LIMITS[size] for size in sorted(LIMITS) if n <= size), LIMITS[max(LIMITS)])


def climbing(problem: GroupingProblem, seconds: float) -> float:
    """What climbing by swaps and moves from random groupings reaches in the same time: the naive way."""
    began, best = perf_counter(), -np.inf
    for start in count():
        draw = np.random.default_rng(start)
        climber = Annealer(problem, first_grouping(problem, draw), np.random.SeedSequence(start))
        while climber.at(-1e-9, problem.n) and perf_counter() - began < seconds:
            pass
        best = max(best, climber.result().objective)
        if perf_counter() - began >= seconds:
            break
    return best


def compare(title: str, instances: Sequence[Instance], seeds: int, share: float) -> Table:
    """A row an instance: the mean over seeds, beside the published average or else the naive way."""
    table = Table(title, COLUMNS)
    margins = []
    for instance in instances:
        seconds = share * limit_for(instance.problem.n)
        compared = instance.published
        name = instance.name
        if compared is None:
            compared, name = climbing(instance.problem, seconds), f"{name} (naive climbing for published)"
        wall, cpu = perf_counter(), process_time()
        solutions = [solve_grouping(instance.problem, seconds, seed) for seed in range(seeds)]
        wall, cpu = (perf_counter() - wall) / seeds, (process_time() - cpu) / seeds
        for solution in solutions:
            verify_grouping(instance.problem, solution)
        reached = [solution.objective for solution in solutions]
        mean, gap = float(np.mean(reached)), float(np.mean([solution.gap for solution in solutions]))
        margins.append(mean - compared)
        numbers = [f"{value:,.1f}" for value in (compared, mean, min(reached), max(reached))]
        table.add(name, *numbers, f"{mean - compared:+.1f}", f"{gap:.2%}", f"{wall:.1f}", f"{cpu:.1f}")
    table.notes = (
        f"{seeds} seeds, {share:g} of the literature's time; mean of mean - avg: {np.mean(margins):+.1f}.",
        "Two threads; CPU below twice the wall clock says that others used the machine.",
    )
    return table


def families(instances: Sequence[Instance]) -> Iterator[tuple[str, list[Instance]]]:
    """Instances that only their number tells apart."""
    names = sorted({instance.name.rpartition("_")[0] for instance in instances})
    for name in names:
        yield name, [instance for instance in instances if instance.name.rpartition("_")[0] == name]


def warm_up() -> None:
    """Load compiled code, or compile it on a machine's first run."""
    solve_grouping(drawn("RanReal", 24, 4, True, 0).problem, 0.1)


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """A table a size, of instances drawn like the literature's."""
    warm_up()
    for n in sizes or ((120,) if quick else (120, 240)):
        groups = GROUPS.get(n, max(2, n // 20))
        kinds = [("RanReal", False), ("RanReal", True), ("Geo", False), ("Geo", True)]
        instances = [drawn(kind, n, groups, open_sizes, 1) for kind, open_sizes in kinds]
        yield compare(f"Grouping {n} members by affinity", instances, 1 if quick else 3, 0.1 if quick else 1.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Print one table a family or size."""
    parser = argparse.ArgumentParser(prog="benchmarks.diversity", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--only", default="", help="only files whose name contains this")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    console = Console(width=150)
    if options.folder is None:
        for table in measure(options.sizes or None, options.quick):
            table.show(console)
        return 0
    warm_up()
    instances = [instance for instance in read_all(options.folder) if options.only in instance.name]
    for name, members in families(instances):
        compare(name, members, options.seeds, 0.1 if options.quick else 1.0).show(console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
