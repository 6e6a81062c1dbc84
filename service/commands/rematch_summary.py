"""A rematch for the person at the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from matcher.rematch.plan import RematchPlan
from service.reports.group_words import count_words
from service.reports.rematch_verdict import verdict
from service.reports.rematch_words import KIND_WORDS, certainty_of, headline, kind_metrics, plan_words, score, share

FIGURES = ("ties", "with somebody", "mean score", "worst tenth", "unevenness")


def print_summary(console: Console, plan: RematchPlan, folder: Path) -> None:
    """Print what came out: the result in words, the plans side by side, how sure it is, where to look."""
    for sentence in headline(plan):
        console.print(sentence, markup=False, soft_wrap=True)
    of_plans = {name: kinds["all"] for name, kinds in kind_metrics(plan).items() if "all" in kinds}
    if of_plans:
        table = Table(title="All one-to-one ties", title_justify="left")
        table.add_column("plan")
        for name in FIGURES:
            table.add_column(name, justify="right")
        for name, row in of_plans.items():
            table.add_row(
                plan_words(name), f"{row.ties:,}", share(row.matched_share), score(row.mean), score(row.worst_tenth),
                score(row.gini),
            )  # fmt: skip
        console.print(table)
    for one in verdict(of_plans):
        if one.worse or one.same:
            console.print(f"Than {one.other[:1].lower()}{one.other[1:]}: {one.text}.", markup=False, soft_wrap=True)
    for certificate in plan.certificates:
        told = f"{KIND_WORDS[certificate.kind]}: without a limit on changes, {certainty_of(certificate)}."
        console.print(told, markup=False, soft_wrap=True)
    if plan.void:
        console.print(f"{count_words(len(plan.void), 'tie')} in force cannot stand: see void.csv.", soft_wrap=True)
    console.print(
        f"Rules, limits and sums were checked again by code that the search does not use.\n"
        f"Read {folder / 'report.html'}",
        markup=False, soft_wrap=True,
    )  # fmt: skip
