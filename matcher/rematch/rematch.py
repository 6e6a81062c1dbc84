"""Everybody's ties worked out anew: from members and history to a checked plan."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from datetime import date
from functools import partial

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidRequest, Problem
from matcher.graph.build import candidate_search
from matcher.grouping.form import MOST_MINUTES, form_groups
from matcher.grouping.plan import GroupPlan
from matcher.grouping.progress import GroupingProgress
from matcher.grouping.spec import GroupSpec
from matcher.members.fingerprints import members_hash
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import PairingSolution
from matcher.pairing.solver import solve_pairing
from matcher.provenance import versions
from matcher.rematch.baseline_work import all_baselines
from matcher.rematch.config import Baseline, RematchConfig
from matcher.rematch.diff import diff_of, group_diff, left_groups
from matcher.rematch.everyone import Everyone
from matcher.rematch.group_spec import group_spec
from matcher.rematch.history import History
from matcher.rematch.kind_problem import Candidates, Places, candidates, one_tie_a_pair, places_of_all, positions
from matcher.rematch.phases import PHASES, Phases, Progress
from matcher.rematch.plan import RematchPlan
from matcher.rematch.rating import rate
from matcher.rematch.solved import Solved
from matcher.rematch.standing import Standing, shut_pairs, sort_out
from matcher.rematch.subgroups import subgroup_gaps
from matcher.rematch.verify import verify_rematch

__all__ = ["PHASES", "rematch"]


def rematch(
    members: Iterable[MemberProfile],
    history: History,
    config: RematchConfig,
    as_of: date,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> RematchPlan:
    """Work out everybody's ties anew, within what may change, and check the plan with code that shares no solver.

    Args:
        members: the community, in any order; of one id the last profile counts.
        history: ties that stand, and ties that are over.
        config: what is asked for.
        as_of: the day for ages, stages and windows.
        seed: of baselines and groups, unless the config has one.
        executor: where candidates are searched, baselines made and parts of large cohorts grouped: any of
            ``concurrent.futures`` or of a Dask cluster, see :func:`~matcher.executors.opening.open_executor`; by
            default this process. The plan is the same.
        progress: told the phase, one of :data:`PHASES`, and how much of it is done, 0 to 1. What it raises ends the run
            and reaches the caller.

    Returns:
        The same plan for the same input, whatever the order of members and ties, unless the config limits the time.

    Raises:
        InvalidRequest: if the seed is out of range.
        InvalidProblem: if protected ties cannot all be kept, or groups cannot be formed as the config says.

    Cost: at 20,000 members with 32 neighbours some 20 seconds of searching candidates for each kind, a second for each
    solve (a churn limit takes about ten), and what ``form_groups`` takes.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidRequest(Problem("seed", "not a whole number from 0", "0, 1, 2 ..."))
    return _Run(
        members, history, config, as_of, seed if config.seed is None else config.seed, executor, progress
    ).plan()


class _Run:
    """One rematch."""

    def __init__(
        self,
        members: Iterable[MemberProfile],
        history: History,
        config: RematchConfig,
        as_of: date,
        seed: int,
        executor: Executor | None,
        progress: Progress | None,
    ) -> None:
        self.members = {member.member_id: member for member in members}
        self.history, self.config, self.as_of, self.seed = history, config, as_of, seed
        self.executor = executor
        self.phases = Phases(progress)
        self.deadline = None if config.time_limit_s is None else time.monotonic() + config.time_limit_s

    def plan(self) -> RematchPlan:
        """All phases, one after the other."""
        config = self.config
        with self.phases.phase("reading"):
            everybody = list(self.members.values())
            means = FacetMeans.estimate(everybody, self.as_of)
            everyone = Everyone.of(everybody, self.as_of, means)
            standing = sort_out(self.members, self.history, config, self.as_of)
            spec = None if config.groups is None else group_spec(self.history, config, self.members)
        parts, baselines = self._candidates(everyone, standing)
        with self.phases.phase("pairing") as tell:
            solved = Solved.of(parts, config, self.as_of, standing, everyone, self._solve, tell)
        with self.phases.phase("measuring"):
            certificates = solved.certificates(config)
            gaps = partial(subgroup_gaps, everyone, everybody, self.as_of, config.audit)
            thresholds = {kind: config.of_kind(kind).threshold for kind in config.kinds}
            rated = rate(everyone, parts, solved.ties, baselines, certificates, gaps, thresholds)
        groups = None if spec is None else self._groups(everybody, spec, means)
        changes = solved.changes(standing)
        if spec is not None and groups is not None:
            going_on = [group.name for group in spec.groups]
            changes.append(group_diff(self.history.groups, groups, self.members, going_on))
        keys = {tie.key for ties in solved.ties.values() for tie in ties}
        plan = RematchPlan(
            as_of=self.as_of,
            seed=self.seed,
            config_hash=config.fingerprint(),
            members_hash=members_hash(everybody),
            history_hash=self.history.fingerprint(),
            versions=versions(),
            members=len(everybody),
            reproducible=config.time_limit_s is None,
            pairs=solved.ties.get("buddy", ()),
            mentors=solved.ties.get("mentor", ()),
            triads=solved.triads(everyone),
            groups=groups,
            left_groups=left_groups(self.history.groups, self.members),
            unmatched=solved.unmatched(everyone, self.members),
            void=standing.void,
            broken=tuple(tie for tie in standing.stand if tie.key not in keys),
            certificates=certificates,
            churn=solved.curve,
            metrics=rated[0],
            subgroups=rated[1],
            diff=diff_of(changes),
            timings=self.phases.seconds,
        )
        with self.phases.phase("checking"):
            verify_rematch(everybody, self.history, config, plan, means=means)
        return plan

    def _candidates(
        self, everyone: Everyone, standing: Standing
    ) -> tuple[list[Candidates], dict[Baseline, dict[Kind, Places]]]:
        config, kinds = self.config, self.config.kinds
        shut = {
            kind: positions(everyone, shut_pairs(self.history, config, self.as_of, standing, kind)) for kind in kinds
        }
        rooms = {kind: places_of_all(everyone, self.members, kind, config, standing) for kind in kinds}
        with self.phases.phase("baselines"):
            asked: set[Baseline] = {"random", *config.baselines}
            baselines = all_baselines(everyone, sorted(asked), rooms, self.seed, shut, self.executor)
        parts = []
        with (
            self.phases.phase("candidates") as tell,
            candidate_search(self.members.values(), self.as_of, self.executor, means=everyone.means) as search,
        ):
            for place, kind in enumerate(kinds):
                wish = config.of_kind(kind)

                def searched(done: int, total: int, place: int = place) -> None:
                    tell((place + done / max(1, total)) / len(kinds))

                graph = search.graph(wish.neighbours, kind, weights=wish.facet_weights(kind), progress=searched)
                lifelines = [pairs[kind] for pairs in baselines.values()]
                parts.append(candidates(everyone, kind, config, graph, standing, rooms[kind], shut[kind], lifelines))
            if len(parts) == 2:
                parts = list(one_tie_a_pair(*parts))
        return parts, {name: pairs for name, pairs in baselines.items() if name in config.baselines}

    def _solve(self, problems: Sequence[PairingProblem]) -> list[PairingSolution]:
        return [solve_pairing(problem, self._time_left(), gap=self.config.gap) for problem in problems]

    def _time_left(self) -> float | None:
        return None if self.deadline is None else max(0.05, self.deadline - time.monotonic())

    def _groups(self, everybody: list[MemberProfile], spec: GroupSpec, means: FacetMeans) -> GroupPlan:
        wish = self.config.groups
        assert wish is not None
        with self.phases.phase("groups") as tell:

            def formed(at: GroupingProgress) -> None:
                tell(at.share_done)

            return form_groups(
                everybody,
                spec,
                self.as_of,
                self.seed,
                self._time_left() or 60.0 * MOST_MINUTES,
                formed,
                iterations=wish.iterations,
                means=means,
                diagnose=False,
                executor=self.executor,
            )
