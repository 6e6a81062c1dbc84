"""The funnel as it may be shown: only rules that may be named, and no count that could point at somebody.

A rule that removed fewer than 11 members is left out whole, so that 0 and 3 look the same; every other count is rounded
down to tens. What is hidden cannot be worked out from what is shown: each figure leaves room for ten others, and rules
that are never named (a block, a hold, consent) take their part of the difference.
"""

from __future__ import annotations

from typing import Any

from matcher.eligibility.funnel import Funnel
from matcher.eligibility.rules import RULES

FEWEST = 11
_SHOWN = frozenset(rule.code for rule in RULES if rule.shown)


def coarse_count(count: int) -> int | None:
    """``count`` rounded down to tens; None below 11."""
    return None if count < FEWEST else count - count % 10


def coarse_funnel(funnel: Funnel) -> dict[str, Any]:
    """The funnel for an answer."""
    relaxation = funnel.relaxation if funnel.relaxation and funnel.relaxation.code in _SHOWN else None
    return {
        "population": coarse_count(funnel.population),
        "eligible": coarse_count(funnel.eligible),
        "removed": [
            {"code": removal.code, "text": removal.text, "at_least": coarse_count(removal.count)}
            for removal in funnel.removed
            if removal.shown and removal.count >= FEWEST
        ],
        "barriers": list(funnel.seeker_barriers),
        "relaxation": relaxation
        and {"code": relaxation.code, "text": relaxation.text, "at_least": coarse_count(relaxation.admits)},
    }
