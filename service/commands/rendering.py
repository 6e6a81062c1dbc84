"""An answer for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

NAMES = {"buddy": "Buddies", "mentor": "Mentors"}


def print_answer(console: Console, answer: dict[str, Any]) -> None:
    """Print an answer as the wire has it: peers with their reasons, then what stood in the way of more."""
    title = f"{NAMES[answer['kind']]} for {answer['member_id']} on {answer['as_of']}"
    if answer["peers"]:
        table = Table("", "member", "fit", "why", title=title, title_justify="left", show_lines=True)
        for place, peer in enumerate(answer["peers"], 1):
            name = f"{peer['member_id']}\n{escape(peer['alias'])}" if peer["alias"] else peer["member_id"]
            why = "\n".join(escape(reason["text"]) for reason in peer["reasons"]) or "(shares no reason)"
            table.add_row(str(place), name, f"{peer['score']:.3f}", why)
        console.print(table)
    else:
        console.print(f"{title}: nobody", style="bold")
    if answer["certified"]:
        console.print("Certified: nobody eligible who is left out fits better than the last one listed.", style="green")
    if answer["funnel"] is not None:
        _print_funnel(console, answer["funnel"])


def _print_funnel(console: Console, funnel: dict[str, Any]) -> None:
    if funnel["barriers"]:
        barred = ", ".join(funnel["barriers"])
        console.print(f"The member's own profile keeps everybody out: {barred}.", style="yellow")
    for removed in funnel["removed"]:
        console.print(f"  {removed['at_least']:,} or more left out: each {escape(removed['text'])}")
    relaxation = funnel["relaxation"]
    if relaxation:
        many = "a few" if relaxation["at_least"] is None else f"{relaxation['at_least']:,} or more"
        console.print(f"  What would help most: {many} are out only because each {escape(relaxation['text'])}")
