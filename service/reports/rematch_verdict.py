"""Is a plan better than the others? Said in words, also where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from matcher.rematch.measuring import Metrics
from service.reports.rematch_words import plan_words

_FIGURES: tuple[tuple[str, Callable[[Metrics], float | None], bool], ...] = (
    ("share with somebody", lambda row: row.matched_share, True),
    ("mean score", lambda row: row.mean, True),
    ("median score", lambda row: row.median, True),
    ("score of the worst tenth", lambda row: row.worst_tenth, True),
    ("evenness of spread", lambda row: row.gini, False),
)
_SAME = 1e-12


class Verdict(NamedTuple):
    """How the plan stands to another one.

    Attributes:
        other: what that is called.
        better, same, worse: names of figures.
    """

    other: str
    better: tuple[str, ...]
    same: tuple[str, ...]
    worse: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole in a sentence."""
        if not self.worse and not self.same:
            return f"better in all {len(self.better)} figures"
        parts = [f"better in {', '.join(self.better)}"] if self.better else []
        parts += [f"the same in {', '.join(self.same)}"] if self.same else []
        parts += [f"worse in {', '.join(self.worse)}"] if self.worse else []
        return "; ".join(parts)


def verdict(of_plans: Mapping[str, Metrics]) -> list[Verdict]:
    """How the plan stands to each other one that has ties, by share, score and evenness."""
    own = of_plans.get("plan")
    if own is None or not own.ties:
        return []
    found = []
    for name, other in of_plans.items():
        if name == "plan" or not other.ties:
            continue
        better: list[str] = []
        same: list[str] = []
        worse: list[str] = []
        for words, figure, more_is_better in _FIGURES:
            ours, theirs = figure(own), figure(other)
            if ours is None or theirs is None:
                continue
            lead = ours - theirs if more_is_better else theirs - ours
            (same if abs(lead) <= _SAME else better if lead > 0 else worse).append(words)
        found.append(Verdict(plan_words(name), tuple(better), tuple(same), tuple(worse)))
    return found
