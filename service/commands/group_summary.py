"""A group plan for the person at the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matcher.grouping.plan import GroupPlan, Unplaced
from matcher.grouping.spec import GroupSpec
from service.reports.group_words import (
    RULE_WORDS,
    STATUS_WORDS,
    attribute_words,
    certainty_words,
    count_words,
    head_count,
    printable,
    unplaced_by_reason,
)

MOST_REASONS = 8
MOST_RELIEFS = 5


def print_summary(console: Console, plan: GroupPlan, spec: GroupSpec, folder: Path) -> None:
    """Print what came out: who is placed, what it is worth, why not everybody is, what would help, where to look."""
    table = Table(title=escape(printable(spec.name)), title_justify="left", show_header=False)
    heads = head_count(plan)
    table.add_row("groups", f"{len(plan.groups):,}")
    table.add_row("placed", f"{heads.placed:,} of {heads.ready:,} ({heads.placed / max(1, heads.ready):.1%})")
    if heads.closed:
        table.add_row("not ready for any group", f"{heads.closed:,}")
    fits = [place.fit for group in plan.groups for place in group.members]
    if fits:
        table.add_row("mean fit, lowest", f"{sum(fits) / len(fits):.3f}, {min(fits):.3f}")
    warned = sum(bool(group.warnings) for group in plan.groups)
    if warned:
        table.add_row("groups with warnings", f"{warned:,}")
    if plan.moved or plan.must_leave:
        table.add_row("moved, had to leave", f"{len(plan.moved):,}, {len(plan.must_leave):,}")
    _print_score(table, plan, spec)
    console.print(table)
    _print_unplaced(console, plan.unplaced)
    _print_diagnosis(console, plan)
    console.print(
        "Checked by code that shares nothing with the search.\n"
        f"Read {folder / 'report.html'}; to change and solve again, edit {folder / 'spec.next.toml'}",
        markup=False, soft_wrap=True,
    )  # fmt: skip


def _print_score(table: Table, plan: GroupPlan, spec: GroupSpec) -> None:
    terms = plan.terms
    table.add_section()
    table.add_row("members' fit", f"{terms.fit:,.2f}")
    table.add_row("worst fit in each group", f"{terms.worst:+,.2f}")
    table.add_row("sizes", f"{-terms.size or 0.0:+,.2f}")
    if plan.moved:
        table.add_row("moves", f"{-terms.churn or 0.0:+,.2f}")
    for rule, price in zip(spec.mix, terms.mix, strict=True):
        if rule.rule != "no_lone":
            table.add_row(
                escape(f"{attribute_words(rule.attribute)} {RULE_WORDS[rule.rule]}"), f"{-price or 0.0:+,.2f}"
            )
    table.add_row("score, upper bound", f"{terms.total:,.2f}, {plan.upper_bound:,.2f}")
    table.add_row("certain", certainty_words(plan))
    table.add_row("status", STATUS_WORDS[plan.status])


def _print_unplaced(console: Console, unplaced: tuple[Unplaced, ...]) -> None:
    if not unplaced:
        return
    console.print("\nWithout a place", style="bold")
    reasons = unplaced_by_reason(unplaced)
    for reason in reasons[:MOST_REASONS]:
        console.print(
            f"  {len(reason.members):,}, each {printable(reason.text)}. To place them: {printable(reason.remedy)}",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    if len(reasons) > MOST_REASONS:
        more = sum(len(reason.members) for reason in reasons[MOST_REASONS:])
        console.print(f"  {count_words(more, 'member')} for other reasons, in unplaced.csv")


def _print_diagnosis(console: Console, plan: GroupPlan) -> None:
    diagnosis = plan.diagnosis
    if diagnosis is None:
        return
    if diagnosis.blamed:
        console.print("\nWhat stands in the way", style="bold")
        for blamed in diagnosis.blamed:
            console.print(f"  {printable(blamed.text)}", markup=False, soft_wrap=True)
    if diagnosis.reliefs:
        console.print("\nWhat would help; each was tried and solved", style="bold")
        for relief in diagnosis.reliefs[:MOST_RELIEFS]:
            console.print(f"  {printable(relief.text)}: places {relief.places:,} more", markup=False, soft_wrap=True)
    if not diagnosis.finished:
        console.print("  (There was no time to try everything.)")
    console.print()
