"""One-to-one ties of all kinds, solved under the churn limit, in terms of members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import PairingSolution
from matcher.rematch.churn import ChurnSolver, Solve
from matcher.rematch.churn_curve import churn_curve
from matcher.rematch.config import RematchConfig
from matcher.rematch.diff import KindDiff, tie_diff
from matcher.rematch.everyone import Everyone
from matcher.rematch.kind_problem import Candidates, prize_of, problem_of
from matcher.rematch.limited import Limited
from matcher.rematch.made import certificate_of, planned, triads_of, unmatched_of
from matcher.rematch.plan import Certificate, ChurnCurve, PlannedTie, Triad, Unmatched
from matcher.rematch.standing import Standing, limit_of
from matcher.rematch.verify_limited import verify_curve


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """What was solved, and how; sequences have an entry a kind.

    Attributes:
        parts: candidates.
        problems: without a churn limit.
        prizes: what a pair counts beside its score.
        found: the plan.
        free: the best plan without a churn limit.
        curve: score against ties broken.
        ties: of the plan, by kind.
    """

    parts: Sequence[Candidates]
    problems: Sequence[PairingProblem]
    prizes: Sequence[int]
    found: Limited
    free: Sequence[PairingSolution]
    curve: ChurnCurve
    ties: Mapping[Kind, tuple[PlannedTie, ...]]

    @classmethod
    def of(
        cls,
        parts: Sequence[Candidates],
        config: RematchConfig,
        as_of: date,
        standing: Standing,
        everyone: Everyone,
        solve: Solve,
        tell: Callable[[float], None],
    ) -> Solved:
        """Solve all kinds together, and check every point of the curve.

        Args:
            parts: candidates of each kind.
            config: what is asked for.
            as_of: the day.
            standing: ties in force.
            everyone: the community.
            solve: solves problems apart from each other.
            tell: told how much is done.
        """
        problems = [problem_of(part, config, as_of) for part in parts]
        prizes = [prize_of(config, part.kind) for part in parts]
        solver, could_stand = ChurnSolver(problems, solve), len(standing.stand)
        limit = limit_of(config, could_stand)
        curve, points = churn_curve(solver, limit, config.churn.sweep, could_stand, prizes, tell)
        verify_curve(problems, prizes, curve, points)
        ties = {
            part.kind: planned(part, solution, config, as_of, everyone)
            for part, solution in zip(parts, points[limit].solutions, strict=True)
        }
        return cls(parts, problems, prizes, points[limit], solver.best().solutions, curve, ties)

    def certificates(self, config: RematchConfig) -> tuple[Certificate, ...]:
        """How good the ties of each kind surely are."""
        each = zip(self.parts, self.prizes, self.problems, self.found.solutions, self.free, strict=True)
        return tuple(
            certificate_of(part.kind, config, prize, problem, solution, best)
            for part, prize, problem, solution, best in each
        )

    def triads(self, everyone: Everyone) -> tuple[Triad, ...]:
        """Who joins which pair of buddies."""
        each = zip(self.parts, self.found.solutions, strict=True)
        return next((triads_of(part, solution, everyone) for part, solution in each if part.kind == "buddy"), ())

    def unmatched(self, everyone: Everyone, members: Mapping[str, MemberProfile]) -> tuple[Unmatched, ...]:
        """Everybody without a tie of a kind that they look for."""
        each = zip(self.parts, self.found.solutions, strict=True)
        return tuple(left for part, solution in each for left in unmatched_of(part, solution, everyone, members))

    def changes(self, standing: Standing) -> list[KindDiff]:
        """What changes from the ties in force, a kind."""
        return [
            tie_diff(
                part.kind,
                (tie.key for tie in part.ties),
                (tie.key for tie in self.ties[part.kind]),
                sum(one.tie.kind == part.kind for one in standing.void),
            )
            for part in self.parts
        ]
