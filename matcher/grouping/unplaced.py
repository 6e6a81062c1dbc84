"""Why somebody has no group: the first thing that leaves them too few to be with, or that nothing does."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place
from matcher.grouping.block import Words
from matcher.grouping.instance import Instance
from matcher.grouping.masks import shared
from matcher.grouping.pair_rules import PairCodes, may_meet
from matcher.grouping.plan import Unplaced


@compiled_in_place
def _count_peers(
    codes: PairCodes,
    masks: Words,
    slot_words: int,
    one: int,
    apart: npt.NDArray[np.bool_],
    counts: npt.NDArray[np.int64],
) -> None:
    """Count who may meet one member; who of them shares a language; who of those a time; and mark the last."""
    for other in range(masks.shape[0]):
        apart[other] = False
        region = codes.small[one, 6]
        if other == one or region < 0 or region != codes.small[other, 6] or not may_meet(codes, one, other):
            continue
        counts[0] += 1
        common = shared(masks[one], masks[other], slot_words)
        counts[1] += common >= 2
        counts[2] += common == 3
        apart[other] = common == 3


def reasons(instance: Instance, places: Iterable[int]) -> tuple[Unplaced, ...]:
    """A reason for each of some members without a group; O(n) each, some ten nanoseconds a pair."""
    return tuple(_reason(instance, place) for place in places)


def _reason(instance: Instance, place: int) -> Unplaced:
    spec = instance.cohort.spec
    name, least = instance.cohort.members[place].member_id, spec.enrolled_sizes()[0]
    if place in instance.shut_out:
        return Unplaced(
            name, "together", "is kept together with somebody who can be in no group with them",
            "place them apart, or see why the other cannot be placed",
        )  # fmt: skip
    counts, peers = np.zeros(3, np.int64), np.zeros(instance.n, np.bool_)
    _count_peers(instance.codes, instance.masks, instance.slot_words, place, peers, counts)
    met, spoken, timed = counts.tolist()
    needs = f"a group needs {least}"
    if met < least - 1:
        return Unplaced(
            name, "pair_rules", f"may be in one group with {met} others, as the rules between two members go; {needs}",
            "nothing here; a larger cohort, or a smaller smallest group",
        )  # fmt: skip
    if spoken < least - 1:
        return Unplaced(
            name, "no_language", f"shares a language with {spoken} others who may meet them; {needs}",
            "more members who speak it, or a smaller smallest group",
        )  # fmt: skip
    if timed < least - 1:
        return Unplaced(
            name, "no_time", f"shares a meeting time with {timed} others who may meet them; {needs}",
            "ask them for more times, or widen the window",
        )  # fmt: skip
    if spec.facilitation.per_group and not _is_led(instance, place):
        return Unplaced(
            name, "no_facilitator", "can come to no time at which somebody could lead who speaks their language",
            "a facilitator at one of their times",
        )  # fmt: skip
    others = np.flatnonzero(peers)
    rows, scoring = instance.cohort.rows, instance.cohort.scoring
    scores = np.sort(scoring.slots(rows[place : place + 1], rows, others))[::-1][: least - 1]
    limits = spec.thresholds
    if scores.mean() < limits.member_fit - 1e-9 or scores[-1] < limits.pair_score - 1e-9:
        return Unplaced(
            name, "below_fit", f"fits the {least - 1} who fit best by {scores.mean():.2f}, less than is asked for",
            "lower the thresholds, or more members like them",
        )  # fmt: skip
    if instance.bundle[place] >= 0:
        return Unplaced(
            name, "together", f"could be with {timed} others; no group has room for all who are kept together",
            "place them apart, or allow larger groups",
        )  # fmt: skip
    return Unplaced(
        name, "no_room", f"could be with {timed} others, but no group open to them has room, and too few are left "
        "for one more",
        "larger or more groups, more facilitators, or wait for more members",
    )  # fmt: skip


def _is_led(instance: Instance, place: int) -> bool:
    """Whether anybody could lead them."""
    leaders, words = instance.leaders, instance.slot_words
    common = leaders.masks & instance.masks[place]
    able = common[:, :words].any(axis=1) & common[:, words:].any(axis=1) & (leaders.room > 0)
    return any(
        leaders.person[at] < 0 or (leaders.person[at] != place and may_meet(instance.codes, leaders.person[at], place))
        for at in np.flatnonzero(able).tolist()
    )
