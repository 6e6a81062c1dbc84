"""The one gate of reasons: what a member has agreed to show, facet by facet.

Whatever puts a reason into words asks here first, for everybody of whom the sentence tells something to others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

PROCEDURE = "same_procedure"
"""That it is the very same procedure; ``procedure`` stands for its family."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    "procedure": ("procedure_family", "procedure"),
    "stage": ("stage_band",),
    "topics": ("topics",),
    "support": ("support",),
    "channel": ("contact",),
    "cadence": ("contact",),
    "interests": ("interests",),
    "age": ("age",),
    PROCEDURE: ("procedure",),
}
"""By thing that a reason may speak of, in the order of the parts of a fit: what a member must share, any of these."""


def may_tell(thing: str, shares: Collection[str]) -> bool:
    """Whether a member who shares ``shares`` has agreed that a reason speaks of a thing."""
    for share in NEEDED[thing]:  # noqa: SIM110 -- asked for every part of every peer: any() takes three times as long
        if share in shares:
            return True
    return False
