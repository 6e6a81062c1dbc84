"""Plans to compare with: by lot, by procedure alone, by stage alone. Same rules, same places, same community.

Each is made along orders of the members: whoever comes next takes the first of those behind them whom the hard rules
allow. The order says what the baseline looks at.

* ``random``: by lot.
* ``procedure``: among those with the same procedure by lot, then the same family, the same domain, then anybody: the
  levels of the procedure kernel from the best down, so that a pair of one level is only made where none of a better one
  is left.
* ``stage``: along the stage. Neighbours in that order are the pairs with the highest stage kernel; members of one stage
  come by lot. A mentor takes a seeker whose next band they have reached.

To find people who may be tied without looking at everybody, first passes sort by one language of each member, drawn
anew a pass, and look a limited stretch ahead. The last pass looks at all who are left, so every baseline is maximal: no
two of those it leaves with a place free may be tied.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_in_place
from matcher.embedding.facets import mentor_edge
from matcher.members.vocabulary import KINDS, Kind
from matcher.rematch.config import Baseline
from matcher.rematch.everyone import Everyone
from matcher.rematch.tie_rules import Ints, may_tie

BASELINES: tuple[Baseline, ...] = ("random", "procedure", "stage")
PASSES = 3
"""Passes with a language drawn anew, before the one that looks at everybody."""
LOOK_AHEAD = 256
"""People with a place free whom a member is held against in those passes."""
Places = npt.NDArray[np.int32]


def baseline_pairs(
    everyone: Everyone, kind: Kind, baseline: Baseline, room: Ints, seed: int, never: npt.ArrayLike = ()
) -> Places:
    """The pairs of a baseline.

    Args:
        everyone: the community.
        kind: ``buddy`` or ``mentor``.
        baseline: which.
        room: (n, 2) partners each member may have: as a buddy, or as a seeker, and as a mentor; the second is not read
            for buddies.
        seed: of the lots.
        never: (k, 2) positions of pairs that are not to be made, whoever would be the mentor.

    Returns:
        (m, 2) int32 positions, buddies with the smaller first, seekers first; ascending. A few seconds for 1,000,000.
    """
    work = _Work.start(everyone, kind, room, never)
    rng = np.random.default_rng((seed, BASELINES.index(baseline), KINDS.index(kind)))
    for keys, look_ahead in _orders(everyone, kind, baseline, work.nodes, rng):
        work.pair_along(keys, look_ahead, rng)
    pairs = work.pairs()
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _orders(
    everyone: Everyone, kind: Kind, baseline: Baseline, nodes: Ints, rng: np.random.Generator
) -> list[tuple[tuple[Ints | npt.NDArray[np.float64], ...], int]]:
    """The passes: for each the sort keys of ``nodes``, the block within which pairs are made first, and how far a
    member looks ahead."""
    rows = everyone.rows[nodes % len(everyone)]
    pool = everyone.rules.small[nodes % len(everyone), 0].astype(np.int64)
    stage = [_stage(rows, nodes >= len(everyone), kind)] if baseline == "stage" else []
    blocks: list[Ints | None] = [None]
    if baseline == "procedure":
        alone = -1 - np.arange(nodes.size)  # whoever names no procedure shares none
        levels = (rows[level].astype(np.int64) for level in ("procedure", "family", "domain"))
        blocks = [*(np.where(codes < 0, alone, codes * 4 + pool) for codes in levels), None]
    found: list[tuple[tuple[Any, ...], int]] = []
    for block in blocks:
        for _ in range(PASSES):
            language = _drawn_language(everyone, nodes % len(everyone), rng) * 4 + pool
            found.append(((language, *stage) if block is None else (block, language), LOOK_AHEAD))
    # Behind a mentor stand only those whose next band they have reached; the rest are looked at last.
    return [*found, *([((pool, *stage), nodes.size)] if stage else []), ((pool,), nodes.size)]


def _stage(rows: npt.NDArray[Any], as_mentor: npt.NDArray[np.bool_], kind: Kind) -> npt.NDArray[np.float64]:
    """Where everybody stands in the order of stages; unknown ones last."""
    if kind == "buddy":
        return np.where(rows["band"] < 0, np.inf, rows["u"])
    edges = np.array([mentor_edge(band) for band in range(6)])
    # Falling, so that behind each mentor come the seekers whose next band they have reached, the furthest on first.
    return np.where(rows["band"] < 0, np.inf, -np.where(as_mentor, rows["u"], edges[rows["band"]]))


def _drawn_language(everyone: Everyone, places: Ints, rng: np.random.Generator) -> Ints:
    starts, lists = everyone.rules.starts, everyone.rules.lists
    first, count = starts[3 * places], starts[3 * places + 1] - starts[3 * places]
    drawn = first + np.floor(rng.random(places.size) * count).astype(np.int64)
    return lists[drawn].astype(np.int64)


class _Work:
    """A plan in the making. For mentoring a member is node i as a seeker and n + i as a mentor."""

    def __init__(self, everyone: Everyone, kind: Kind, room: Ints, never: Ints) -> None:
        self.rules = tuple(everyone.rules)
        self.n = len(everyone)
        self.mentoring = kind == "mentor"
        self.room = room
        self.never = never
        stands = (everyone.rules.small[:, 0] > 0) & (np.diff(everyone.rules.starts)[::3] > 0)
        seeks = everyone.rules.small[:, 8] & (2 if self.mentoring else 1) > 0
        takes_part = np.concatenate([stands & seeks, stands]) if self.mentoring else stands & seeks
        self.nodes = np.flatnonzero(takes_part & (room > 0))
        most = int(room[self.nodes].sum())
        self.made, self.count = np.empty((most // 2 + 1 if not self.mentoring else most, 2), np.int64), 0
        # A linked list of partners a node, so that nobody is tied to one person twice.
        self.newest = np.full(room.size, -1, np.int64)
        self.older = np.empty(2 * len(self.made), np.int64)

    @classmethod
    def start(cls, everyone: Everyone, kind: Kind, room: Ints, never: npt.ArrayLike) -> _Work:
        """Everybody with all their places, and nobody paired."""
        n = len(everyone)
        rows = np.sort(np.asarray(never, dtype=np.int64).reshape(-1, 2), axis=1)
        places = np.array(room, dtype=np.int64).reshape(n, 2)
        left = places.T.ravel().copy() if kind == "mentor" else places[:, 0].copy()
        return cls(everyone, kind, left, np.unique(rows[:, 0] * n + rows[:, 1]))

    def pair_along(self, keys: tuple[Any, ...], look_ahead: int, rng: np.random.Generator) -> None:
        """One pass over all who have a place left; pairs are made within one value of the first key."""
        lot = rng.random(self.nodes.size)
        open_ = np.flatnonzero(self.room[self.nodes] > 0)
        side = -(self.nodes >= self.n).astype(np.int64)  # mentors first, for it is they who look ahead
        by_weight = [lot, side, *reversed(keys)]
        order = open_[np.lexsort([key[open_] for key in by_weight])]
        self.count = _pair_along(
            self.rules, self.nodes[order], keys[0][order], look_ahead, self.room, self.n, self.mentoring, self.never,
            self.made, self.count, self.newest, self.older,
        )  # fmt: skip

    def pairs(self) -> Places:
        """What has been paired so far."""
        made = self.made[: self.count]
        return (made if self.mentoring else np.sort(made, axis=1)).astype(np.int32)


@compiled
def _pair_along(
    rules: Any,
    order: Any,
    block: Any,
    look_ahead: int,
    room: Any,
    n: int,
    mentoring: bool,
    never: Any,
    made: Any,
    count: int,
    newest: Any,
    older: Any,
) -> int:
    behind = np.arange(1, order.size + 1)
    for at in range(order.size):
        one = order[at]
        if mentoring and one < n:
            continue
        before, seen = at, 0
        while room[one] > 0 and seen < look_ahead:
            next_ = behind[before]
            if next_ >= order.size or block[next_] != block[at]:
                break
            other = order[next_]
            if room[other] == 0:
                behind[before] = behind[next_]
                continue
            before = next_
            if mentoring:
                if other >= n:
                    continue
                fits = may_tie(rules, other, one - n, True)
            else:
                fits = may_tie(rules, one, other, False)
            seen += 1
            if not fits or _is_never(never, one % n, other % n, n) or _has(made, newest, older, other, one % n):
                continue
            made[count, 0], made[count, 1] = other, one % n
            older[2 * count], older[2 * count + 1] = newest[other], newest[one]
            newest[other], newest[one] = 2 * count, 2 * count + 1
            count += 1
            room[one] -= 1
            room[other] -= 1
    return count


@compiled_in_place
def _is_never(never: Any, one: int, other: int, n: int) -> bool:
    if never.size == 0:
        return False
    key = min(one, other) * n + max(one, other)
    place = np.searchsorted(never, key)
    return bool(place < never.size and never[place] == key)


@compiled_in_place
def _has(made: Any, newest: Any, older: Any, node: int, partner: int) -> bool:
    """Whether the node has that partner already; even links lead to the second of a row of ``made``, odd to the
    first."""
    link = newest[node]
    while link >= 0:
        if made[link // 2, 1 - link % 2] == partner:
            return True
        link = older[link]
    return False
