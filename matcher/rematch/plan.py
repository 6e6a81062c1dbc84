"""A rematch as it is handed over: the ties, what becomes of those in force, how good it all is, and how it came
about."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from matcher.grouping.plan import GroupPlan
from matcher.members.vocabulary import Kind
from matcher.pairing.problem import Objective
from matcher.pairing.solution import Why
from matcher.rematch.diff import Diff
from matcher.rematch.history import Tie
from matcher.rematch.measuring import Metrics
from matcher.rematch.subgroups import SubgroupRow

Standing = Literal["kept", "new"]


@dataclass(frozen=True, slots=True)
class PlannedTie:
    """One tie of the plan.

    Attributes:
        kind: ``buddy`` or ``mentor``.
        member_id, peer_id: buddies with the smaller id first; for mentoring the seeker first.
        score: their mutual score, 0 to 1.
        standing: ``kept`` if it is in force today.
        protected: whether the plan had no choice but to keep it.
    """

    kind: Kind
    member_id: str
    peer_id: str
    score: float
    standing: Standing
    protected: bool = False

    @property
    def key(self) -> tuple[Kind, str, str]:
        """As :attr:`matcher.rematch.history.Tie.key`."""
        return self.kind, self.member_id, self.peer_id


@dataclass(frozen=True, slots=True)
class Triad:
    """An odd one out who joins a buddy pair of the plan; the pair stays in ``pairs``.

    Attributes:
        joiner_id: who joins.
        member_id, peer_id: the pair.
        scores: of the joiner with each of the two.
    """

    joiner_id: str
    member_id: str
    peer_id: str
    scores: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A member without a tie of a kind that they look for.

    Attributes:
        kind: of the tie.
        member_id: who.
        why: as :class:`matcher.pairing.solution.Unmatched` says.
        score_rise: by how much all their scores would have to rise, where that is known.
        eligible: how many peers the hard rules and the history leave them.
    """

    kind: Kind
    member_id: str
    why: Why
    score_rise: float | None
    eligible: int


@dataclass(frozen=True, slots=True)
class VoidTie:
    """A tie in force that cannot stand: a hard rule forbids it by now, or one of the two is gone.

    No choice of the plan, so no churn; it is listed for staff, and nothing is said of it to members.

    Attributes:
        tie: the tie.
        rules: codes of the rules it breaks; ``gone`` if one is no member any more, ``never`` if they are never to meet,
            ``no_room`` if one of the two has more ties than places.
    """

    tie: Tie
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """How good the ties of a kind surely are, in units of ``WEIGHT_SCALE`` to one score.

    The objective counts scores, the bonus of kept ties and, under ``coverage``, ``prize`` a pair.

    Attributes:
        kind: of the ties.
        objective: what was asked for.
        pairs: ties made.
        score: sum of their mutual scores.
        worth: the same with the bonus of kept ties.
        prize: what a pair counts beside that.
        upper_bound: no plan on the candidate graph that keeps every protected tie counts more.
        upper_bound_all_pairs: the same over all eligible pairs.
        gap: ``(upper_bound - (worth + prize * pairs)) / upper_bound``; what the churn limit costs is part of it.
        status: ``optimal`` if it is shown to be best without a churn limit.
    """

    kind: Kind
    objective: Objective
    pairs: int
    score: int
    worth: int
    prize: int
    upper_bound: int
    upper_bound_all_pairs: int
    gap: float
    status: Literal["optimal", "feasible"]


@dataclass(frozen=True, slots=True)
class ChurnPoint:
    """The best plan found under one limit, in units of ``WEIGHT_SCALE`` to one score; all kinds together.

    Attributes:
        limit: ties that may be broken; ``None`` for no limit.
        broken: ties that are.
        pairs: ties of the plan.
        score: sum of their mutual scores.
        worth: the same with the bonus of kept ties.
        objective: worth, and under ``coverage`` the prize of every pair; never falls with a higher limit.
        bound: no plan that breaks at most ``limit`` ties has a higher objective.
        multiplier: what keeping a tie was counted for when the bound was found; 0 where the limit does not bind.
    """

    limit: int | None
    broken: int
    pairs: int
    score: int
    worth: int
    objective: int
    bound: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class ChurnCurve:
    """Score against ties broken.

    Attributes:
        could_stand: ties in force that could stand.
        protected: of them, ties that are never broken.
        plan: the point of the plan itself.
        points: the limits of the sweep with 0, the plan's own and no limit, rising.
    """

    could_stand: int
    protected: int
    plan: ChurnPoint
    points: tuple[ChurnPoint, ...]


@dataclass(frozen=True, slots=True)
class RematchPlan:
    """A whole plan. Two runs on equal inputs give equal plans, but for ``timings``.

    Attributes:
        as_of, seed, config_hash, members_hash, history_hash, versions: what it takes to get the same plan again.
        members: how many members there are.
        reproducible: ``False`` if a time limit may have cut a search short.
        pairs, mentors: the ties, in the order of their keys.
        triads: odd ones out who join a pair.
        groups: the groups, if they were asked for.
        left_groups: members of the groups in force who are no members any more: (group, member).
        unmatched: everybody without a tie of a kind that they look for, by kind and id.
        void: ties in force that cannot stand.
        broken: ties in force that could stand and are not in the plan, in the order of their keys.
        certificates: one a kind.
        churn: score against ties broken.
        metrics: of the ``plan``, the ``incumbent`` one and each baseline: figures of each kind, then of all together.
        subgroups: by kind: how the subgroups of the audit fare under each of these plans, small counts hidden.
        diff: what changes for whom.
        timings: seconds by phase; never part of a file.
    """

    as_of: datetime.date
    seed: int
    config_hash: str
    members_hash: str
    history_hash: str
    versions: tuple[tuple[str, str], ...]
    members: int
    reproducible: bool
    pairs: tuple[PlannedTie, ...]
    mentors: tuple[PlannedTie, ...]
    triads: tuple[Triad, ...]
    groups: GroupPlan | None
    left_groups: tuple[tuple[str, str], ...]
    unmatched: tuple[Unmatched, ...]
    void: tuple[VoidTie, ...]
    broken: tuple[Tie, ...]
    certificates: tuple[Certificate, ...]
    churn: ChurnCurve
    metrics: Mapping[str, tuple[Metrics, ...]]
    subgroups: Mapping[Kind, tuple[SubgroupRow, ...]]
    diff: Diff
    timings: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def ties(self) -> tuple[PlannedTie, ...]:
        """Pairs, then mentors."""
        return self.pairs + self.mentors
