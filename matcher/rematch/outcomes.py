"""How ties went, as yes or no: what weights are fitted to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.embedding.population import FacetMeans
from matcher.embedding.rows import RowCoder
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.rematch.everyone import Floats, facet_fits
from matcher.rematch.history import Tie, works

KEPT_DAYS = 30
"""A tie that lasted so long, and about which nobody said otherwise, went well."""
BAD_ENDS = ("no_fit", "no_contact", "unsafe")
"""Ends that say that the two did not suit each other; any other end is neutral."""
BAD_FIT = 2
"""A fit check of so little, of 1 to 5, says the same."""


def went_well(tie: Tie, as_of: date, kept_days: int = KEPT_DAYS) -> bool | None:
    """Whether a tie went well for both; ``None`` where nothing is known.

    Yes: fit checks say that it works; or nobody complained and it stands, or stood, for ``kept_days`` and did not end
    badly. No: one of the two declined, wants out, gave a fit of 1 or 2, or it ended because they did not suit, never
    met or felt unsafe. Unknown: a proposal that expired, a tie too young or over too soon for neutral reasons, a fit
    of 3.
    """
    if tie.state == "declined":
        return False
    if tie.state == "expired":
        return None
    answers = [check.fit for check in tie.fits if check.fit is not None]
    bad_answer = any(fit <= BAD_FIT for fit in answers) or any(check.keep is False for check in tie.fits)
    if bad_answer or (tie.state == "ended" and tie.why in BAD_ENDS):
        return False
    if works(tie):
        return True
    last = as_of if tie.state == "current" else tie.until
    if answers or tie.since is None or last is None:
        return None
    return True if (last - tie.since).days >= kept_days else None


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """n ties of one kind whose outcome is known, and how their two members fitted when they came about.

    Attributes:
        kind: ``buddy`` or ``mentor``.
        members: (n, 2) numbers of the two, to keep them together.
        there: (n, 7) fit by facet of the second for the first; for mentoring the first is the seeker.
        back: (n, 7) the way back.
        well: (n,) whether it went well for both.
    """

    kind: Kind
    members: npt.NDArray[np.int64]
    there: Floats
    back: Floats
    well: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return self.well.size

    def of(self, chosen: npt.NDArray[np.bool_]) -> Outcomes:
        """Only some of them."""
        return Outcomes(self.kind, self.members[chosen], self.there[chosen], self.back[chosen], self.well[chosen])


def outcomes_of(
    ties: tuple[Tie, ...],
    members: Mapping[str, MemberProfile],
    kind: Kind,
    as_of: date,
    kept_days: int = KEPT_DAYS,
    means: FacetMeans | None = None,
) -> Outcomes:
    """The outcomes that are known among ``ties``; those with somebody who is no member any more are left out.

    Stages are those of the day on which a tie came about; of everything else only what profiles say today is known.

    Args:
        ties: of any kind and state.
        members: the profiles by id.
        kind: of the ties to look at.
        as_of: the day up to which ties that stand have lasted.
        kept_days: see :func:`went_well`.
        means: what unknown facets score; estimated from ``members`` by default.
    """
    by_day: dict[date, list[tuple[Tie, bool]]] = defaultdict(list)
    for tie in ties:
        if tie.kind == kind and tie.member_id in members and tie.peer_id in members:
            well = went_well(tie, as_of, kept_days)
            if well is not None:
                by_day[tie.since or tie.until or as_of].append((tie, well))
    means = means or FacetMeans.estimate(list(members.values()), as_of)
    number = {name: place for place, name in enumerate(sorted(members))}
    ends, wells, fits = [np.empty((0, 2), np.int64)], [], [(np.empty((0, 7)), np.empty((0, 7)))]
    for day, seen in sorted(by_day.items()):
        known = sorted(seen, key=lambda entry: (entry[0].key, entry[1]))
        names = [tie.key[1:] for tie, _ in known]
        people = sorted({name for pair in names for name in pair})
        place = {name: at for at, name in enumerate(people)}
        coder = RowCoder(default_catalog())
        profiles = [members[name] for name in people]
        rows = coder.rows(profiles, coder.events(profiles), day)
        places = np.array([[place[name] for name in pair] for pair in names])
        fits.append(facet_fits(rows, coder.groups(), means, places[:, 0], places[:, 1], kind))
        ends.append(np.array([[number[name] for name in pair] for pair in names], dtype=np.int64))
        wells += [well for _, well in known]
    there, back = (np.concatenate(parts) for parts in zip(*fits, strict=True))
    return Outcomes(kind, np.concatenate(ends), there, back, np.array(wells, dtype=np.bool_))
