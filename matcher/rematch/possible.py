"""Who could have a tie at all: what shares of members are shares of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled
from matcher.members.vocabulary import Kind
from matcher.rematch.everyone import Everyone
from matcher.rematch.tie_rules import Ints, may_tie


def who_could(
    everyone: Everyone,
    kind: Kind,
    room: Ints,
    never: npt.ArrayLike = (),
    eligible: npt.NDArray[Any] | None = None,
) -> npt.NDArray[np.bool_]:
    """Members for whom hard rules, room and history leave at least one partner.

    Args:
        everyone: the community.
        kind: ``buddy`` or ``mentor``.
        room: (n, 2) partners each may have: as a buddy or a seeker, and as a mentor.
        never: (k, 2) positions of pairs that are not to be made.
        eligible: (n,) as the candidate graph counts them; spares looking at who has more of them than bans.

    Returns:
        (n, 2) bool: who could have a buddy, or a mentor; and who could be somebody's mentor.
    """
    n = len(everyone)
    bans = np.unique(np.sort(np.asarray(never, dtype=np.int64).reshape(-1, 2), axis=1), axis=0)
    keys = bans[:, 0] * n + bans[:, 1]
    banned = np.bincount(bans.ravel(), minlength=n)
    places = np.array(room, dtype=np.int64).reshape(n, 2)
    found = np.zeros((n, 2), np.bool_)
    mentoring = kind == "mentor"
    rules = tuple(everyone.rules)
    stands = (everyone.rules.small[:, 0] > 0) & (np.diff(everyone.rules.starts)[::3] > 0)
    seeks = stands & (everyone.rules.small[:, 8] & (2 if mentoring else 1) > 0)
    if mentoring:
        givers, seekers = np.flatnonzero(stands & (places[:, 1] > 0)), np.flatnonzero(seeks & (places[:, 0] > 0))
        found[:, 1] = _has_partner(rules, givers, seekers, n, True, True, keys)
    else:
        givers = seekers = np.flatnonzero(seeks & (places[:, 0] > 0))
    unsure = seekers
    if eligible is not None:
        sure = eligible[seekers] > banned[seekers]
        found[seekers[sure], 0] = True
        unsure = seekers[~sure & (eligible[seekers] > 0)]
    found[:, 0] |= _has_partner(rules, unsure, givers, n, mentoring, False, keys)
    return found


@compiled
def _has_partner(
    rules: Any, asking: Any, others: Any, n: int, mentoring: bool, turned: bool, never: Any
) -> npt.NDArray[np.bool_]:
    found = np.zeros(n, np.bool_)
    for at in range(asking.size):
        one = asking[at]
        for step in range(others.size):
            other = others[(at + step) % others.size]
            fits = may_tie(rules, other, one, mentoring) if turned else may_tie(rules, one, other, mentoring)
            if fits:
                key = min(one, other) * n + max(one, other)
                place = np.searchsorted(never, key)
                if place == never.size or never[place] != key:
                    found[one] = True
                    break
    return found
