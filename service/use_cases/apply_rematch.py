"""Apply the plan of a rematch: propose what it makes, in one transaction that checks every rule again.

Nobody's consent is skipped, and nobody's tie is broken for a mere hope. A new tie becomes a proposal on behalf of the
community, to which both have yet to say yes. Where it takes the place of a tie, both are parts of a swap, which comes
about as a whole or not at all (:mod:`service.use_cases.swap_ties`); until then the tie stays.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus

import msgspec
from sqlalchemy import Connection

from matcher.eligibility.relations import Relations
from matcher.rematch.config import RematchConfig
from matcher.rematch.standing import is_protected
from service.caller import Caller
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.profile_text import RuledRow, ruled_row
from service.settings import Settings, moved
from service.standing import Moment, standing_of
from service.storage import feedback, matches, members, rematches
from service.storage.feedback import FeedbackRow
from service.storage.match_row import MatchRow
from service.storage.rematches import RematchRow, StepRow
from service.storage.tables import MATCH_ID_LENGTH
from service.use_cases.audit import Event, note, refusals_noted
from service.use_cases.rematch_history import tie_of_row, unanswered
from service.use_cases.rematch_store import Changes, PlannedTie, own_rematch, read_changes, read_planned
from service.use_cases.rematches import SeenRematch, seen_rematch
from service.use_cases.swap_ties import Company, Pairing, Swap, company_of, obstacle, take_place
from service.use_cases.swap_units import MOST_TOGETHER, Unit, units_of

_CHANGED = ProblemDetails(
    HTTPStatus.PRECONDITION_FAILED, "changed-since", "The plan is in another revision than the one that If-Match names."
)
_APPLIED = ProblemDetails(
    HTTPStatus.CONFLICT, "applied", "The plan is applied already; a new rematch starts from here."
)


def apply_rematch(community: Community, caller: Caller, rematch_id: str, revision: int) -> SeenRematch:
    """Propose the new ties of a plan, all in one transaction. What no longer holds is skipped, and listed.

    A plan of earlier days may be applied: everything is checked with the rows as they are now. No tie is ended here.
    O(changes), during which nobody else writes.

    Raises:
        RequestError: 404; 409 ``not-planned`` or ``applied``; 412 if it is in another revision.
    """
    event = Event("apply", "rematch", rematch_id)
    with refusals_noted(community, event):
        seen, changes = read_planned(community, caller, rematch_id, lambda row, folder: (row, read_changes(folder)))

        def apply(connection: Connection) -> SeenRematch:
            row = own_rematch(connection, caller, rematch_id)
            if row.applied_at is not None:
                raise RequestError(_APPLIED)
            if not row.revision == revision == seen.revision:  # after an erasure its files are others
                raise RequestError(_CHANGED)
            applying = _Applying.of(connection, community.settings, row, changes)
            applying.propose()
            applying.store(connection)
            note(connection, applying.at.now, event)
            return seen_rematch(connection, community, caller, rematch_id)

        applied = community.database.write(apply)
    if community.index.ready:
        community.index.catch_up()
    return applied


@dataclass
class _Applying:
    """One application of a plan, while it is worked out."""

    row: RematchRow
    at: Moment
    expires_at: str
    today: date
    config: RematchConfig
    changes: Changes
    rules: Mapping[str, RuledRow]
    relations: Relations
    company: Company
    standing: Mapping[PlannedTie, MatchRow]
    """Ties to break that may be broken still."""
    proposals: list[MatchRow] = field(default_factory=list)
    steps: list[StepRow] = field(default_factory=list)
    swaps: int = 0
    ended: int = 0

    @classmethod
    def of(cls, connection: Connection, settings: Settings, row: RematchRow, changes: Changes) -> _Applying:
        """Read what is stored now of everybody whom the changes concern."""
        at = Moment.of(settings)
        matches.mark_expired(connection, at.now)
        concerned = {one for tie in (*changes.new, *changes.broken) for one in (tie.member_id, tie.peer_id)}
        rows = [unanswered(row) for row in matches.of_members(connection, concerned)]
        stored = members.some(connection, sorted(concerned))
        config, today = RematchConfig.parse(changes.config), settings.today()
        return cls(
            row,
            at,
            moved(at.now, settings.proposal_days),
            today,
            config,
            changes,
            {member_id: ruled_row(one.profile) for member_id, one in stored.items()},
            standing_of(rows, at).relations(),
            company_of(rows),
            _breakable(connection, rows, changes, config, at.now),
        )

    def propose(self) -> None:
        """Go through all changes, unit by unit."""
        new = [tie.pairing for tie in self.changes.new]
        broken = [tie for tie in self.changes.broken if tie in self.standing]
        for tie in self.changes.broken:
            if tie not in self.standing:
                self._step("broken", tie, "kept", "tie_changed")
        for unit in units_of(new, [tie.pairing for tie in broken], self.company, self._free_places(new)):
            why = self._why_not(unit, broken)
            if why is None:
                self._put(unit, broken)
                continue
            for number in unit.new:
                self._step("new", self.changes.new[number], "skipped", why)
            for number in unit.broken:
                self._step("broken", broken[number], "kept", why)
        for joiner, one, _ in self.changes.triads:
            self._step("triad", PlannedTie("buddy", joiner, one), "skipped", "left_to_people")

    def store(self, connection: Connection) -> None:
        """Write proposals, steps and the trail."""
        if self.proposals:
            pairs = [(row.asker, row.peer) for row in self.proposals]
            concerned = {one for pair in pairs for one in pair}
            matches.let_be_over(connection, matches.of_members(connection, concerned), pairs)
            matches.add(connection, self.proposals)
            matches.announce(connection, concerned, self.at.now)
        for row in self.proposals:
            note(connection, self.at.now, Event("propose", "match", row.match_id, (row.asker, row.peer)))
        told = Counter((step.change, step.outcome) for step in self.steps)
        applied = {
            "proposed": told["new", "proposed"],
            "skipped": told["new", "skipped"] + told["triad", "skipped"],
            "to_end": told["broken", "to_end"],
            "kept": told["broken", "kept"],
            "swaps": self.swaps,
            "why": dict(sorted(Counter(step.why for step in self.steps if step.why is not None).items())),
        }
        text = msgspec.json.encode(applied).decode()
        rematches.put_applied(connection, self.row, text, self.at.now, self.steps)

    def _why_not(self, unit: Unit, broken: Sequence[PlannedTie]) -> str | None:
        if not unit.new:
            return "would_leave_alone" if unit.lonely else "not_needed"
        if unit.lonely:
            return "would_leave_alone"
        if len(unit.new) > MOST_TOGETHER:
            return "too_many_together"
        limit = self.changes.limit
        if limit is not None and self.ended + len(unit.broken) > limit:
            return "churn_limit"
        return obstacle(self._swap(unit, broken), self.rules, self.relations, self.company, self.today)

    def _swap(self, unit: Unit, broken: Sequence[PlannedTie]) -> Swap:
        ended = tuple(self.standing[broken[number]] for number in unit.broken)
        return Swap(tuple(self.changes.new[number].pairing for number in unit.new), ended)

    def _put(self, unit: Unit, broken: Sequence[PlannedTie]) -> None:
        number = self.swaps if unit.broken else None
        self.swaps += bool(unit.broken)
        self.ended += len(unit.broken)
        for place in unit.new:
            tie = self.changes.new[place]
            row = self._proposal(unit, place, broken, number)
            self.proposals.append(row)
            self._step("new", tie, "proposed", None, number, row.match_id)
            self._reserve(tie.pairing, row)
        for place in unit.broken:
            self._step("broken", broken[place], "to_end", None, number, self.standing[broken[place]].match_id)

    def _proposal(self, unit: Unit, place: int, broken: Sequence[PlannedTie], swap: int | None) -> MatchRow:
        tie = self.changes.new[place]
        replaced = [unit.replaces.get((place, side)) for side in (0, 1)]
        ids = [None if one is None else self.standing[broken[one]].match_id for one in replaced]
        return MatchRow(
            secrets.token_hex(MATCH_ID_LENGTH // 2),
            tie.kind,
            tie.member_id,
            tie.peer_id,
            "proposed",
            self.at.now,
            self.expires_at,
            rematch_id=self.row.rematch_id,
            swap=swap,
            asker_replaces=ids[0],
            peer_replaces=ids[1],
        )

    def _reserve(self, tie: Pairing, row: MatchRow) -> None:
        """Take places for those who come later in the plan. Where a tie makes room there is its own."""
        before = {one: self.relations.load(one) for one in (tie.member_id, tie.peer_id)}
        take_place(self.relations, tie)
        for side, one in (("asker", tie.member_id), ("peer", tie.peer_id)):
            if (row.asker_replaces if side == "asker" else row.peer_replaces) is not None:
                self.relations.set_load(one, before[one])
        self.relations.set_tie(tie.member_id, tie.peer_id, "matched")

    def _free_places(self, new: Sequence[Pairing]) -> dict[str, int]:
        mentors = {tie.peer_id for tie in new if tie.kind == "mentor"} & self.rules.keys()
        return {one: self.rules[one].mentor_capacity - self.relations.load(one).mentees for one in mentors}

    def _step(self, change: str, tie: PlannedTie, outcome: str, why: str | None, *more: object) -> None:
        number = len(self.steps)
        ids = tie.kind, tie.member_id, tie.peer_id
        self.steps.append(StepRow(self.row.rematch_id, number, change, *ids, outcome, why, *more))  # type: ignore[arg-type]


def _breakable(
    connection: Connection,
    rows: Sequence[MatchRow],
    changes: Changes,
    config: RematchConfig,
    now: str,
) -> dict[PlannedTie, MatchRow]:
    """Those ties to break that both still have, that nothing protects by now, and that no other swap is to end."""
    wanted, taken = set(changes.broken), matches.to_be_replaced(connection, now)
    accepted = [row for row in rows if row.state == "accepted" and row.match_id not in taken]
    said: dict[str, list[FeedbackRow]] = defaultdict(list)
    for word in feedback.on(connection, [row.match_id for row in accepted]):
        said[word.match_id].append(word)
    found = {}
    for row in accepted:
        tie = tie_of_row(row, said)
        planned = PlannedTie(tie.kind, tie.member_id, tie.peer_id)
        if planned in wanted and not is_protected(tie, config, date.fromisoformat(now[:10])):
            found[planned] = row
    return found
