"""The index in memory, held level with the database by its change log."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import structlog
from sqlalchemy import Connection

from matcher import MemberIndex, recommend_buddies
from matcher.embedding.population import FacetMeans
from matcher.errors import MatcherError
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import KINDS
from service import snapshots
from service.aside import in_a_thread
from service.own_writes import OwnWrites
from service.precedence import stand_back
from service.readable_members import all_members, readable
from service.settings import Settings
from service.standing import Moment
from service.storage import changes, members, population, pseudonyms
from service.storage.database import Database
from service.tie_keeping import all_relations, keep_ties, next_turn, replace_ties

Progress = Callable[[int], None]

PUT_AT_ONCE = 64
"""Members that a search waits for at most when the index takes them in."""
REBUILD_FROM = 2_000
"""From this many changed members on, and as many as the index holds, a rebuild is cheaper than so many upserts."""
_log = structlog.get_logger(__name__)


class NotReadyError(MatcherError):
    """The index is not there yet; try again in a moment."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"the index {what}")


@dataclass(frozen=True, slots=True)
class View:
    """An index and the change up to which it stands. Its members may already be newer, never older."""

    index: MemberIndex
    seq: int
    at: Moment
    """The moment for which its places and ties stand."""
    until: str | None = None
    """When the next of them changes by itself, if one does."""

    def holds_at(self, now: str) -> bool:
        """Whether its places and ties stand at a moment; not at one before its own, should a clock be set back."""
        return self.at.now <= now and (self.until is None or now < self.until)


def means_in_force(connection: Connection) -> FacetMeans:
    """The facet means that the database prescribes."""
    row = population.in_force(connection)
    return FacetMeans.default() if row is None else FacetMeans.parse(msgspec.json.decode(row.means))


class LiveIndex:
    """Owns the :class:`MemberIndex`. Thread-safe: any number of askers, one at a time brings it up to date."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._writing = threading.Lock()
        self._view: View | None = None
        self._saved_seq = -1
        self.own_writes = OwnWrites()
        """By which an answer is told that is behind the log by nothing that anybody has been told of."""
        self.when_made: Callable[[], None] = lambda: None
        """Called when an index was loaded or built, before anybody asks it."""
        self.state = "not started"
        """``ok`` once there is an index to ask, else what it waits for."""

    def start(self, progress: Progress | None = None) -> None:
        """Load the newest snapshot that fits and replay what followed it; without one, build from the database."""
        self.state = "is being loaded"

        def count(members_in: int) -> None:
            self.state = f"is being built: {members_in:,} members are in"
            if progress is not None:
                progress(members_in)

        with self._writing, self._database.reading() as connection:
            found = snapshots.load_newest(connection, self._settings.snapshots)
            if found is None or found[0].means != means_in_force(connection):
                snapshots.clear_away(self._settings.snapshots)  # what is not followed from does not tell who has gone
                self._view = self._built(connection, count)
            else:
                self._saved_seq = found[1]
                self._view = self._followed(connection, self._with_ties_of_now(connection, *found))
            self.state = "is warming up"
            _warm_up(self._view.index)
            self.when_made()
            self.state = "ok"
            _log.info(
                "index_ready", seq=self._view.seq, members=len(self._view.index), from_snapshot=self._saved_seq >= 0
            )

    @property
    def ready(self) -> bool:
        """Whether there is an index to ask."""
        return self._view is not None

    def view(self) -> View:
        """The index as it stands, without a look at the database.

        Raises:
            NotReadyError: while it is being loaded or built.
        """
        view = self._view
        if view is None:
            raise NotReadyError(self.state)
        return view

    def is_current(self, view: View) -> bool:
        """Whether a view stands for the running day and moment; whether it is level with the log is another question.

        Costs a look at the clock.
        """
        return view.index.as_of == self._settings.today() and view.holds_at(self._settings.now())

    def catch_up(self) -> View:
        """Bring the index level with the database and the day. If it is, this costs one query and returns the same."""
        view = self.view()
        with self._database.reading() as connection:
            if changes.newest_seq(connection) == view.seq and self.is_current(view):
                return view
        with self._writing, self._database.reading() as connection:
            self._view = view = self._followed(connection, self.view())
        return view

    def reach(self, seq: int, within_s: float, known: Mapping[str, MemberProfile] | None = None) -> bool:
        """Follow the log at least up to ``seq``; whether that came about in time, should somebody else be at it.

        Args:
            seq: how far at least.
            within_s: how long to wait for somebody else.
            known: profiles by their texts, which then need not be read again.
        """
        if self.view().seq < seq and self._writing.acquire(timeout=within_s):
            try:
                if self.view().seq < seq:  # whoever had the lock may have been as far
                    with self._database.reading() as connection:
                        self._view = self._followed(connection, self.view(), known)
            finally:
                self._writing.release()
        return self.view().seq >= seq

    def save(self) -> None:
        """Write a snapshot, unless the last one is as new."""
        with self._writing, self._database.reading() as connection:
            view = self.view()
            if view.seq != self._saved_seq:
                saved = snapshots.save(connection, self._settings.snapshots, view.index, view.seq)
                self._saved_seq = view.seq if saved else self._saved_seq

    def save_after_many_changes(self) -> None:
        """Write a snapshot if enough has happened since the last one."""
        if self.ready and self.view().seq - max(self._saved_seq, 0) >= self._settings.snapshot_after_changes:
            self.save()

    def _followed(self, connection: Connection, view: View, known: Mapping[str, MemberProfile] | None = None) -> View:
        today, at, index = self._settings.today(), Moment.of(self._settings), view.index
        news = changes.news_since(connection, view.seq)
        if news.erased:
            snapshots.forget(self._settings.snapshots)
            self._saved_seq = -1
        if news.population or len(news.member_ids) >= max(REBUILD_FROM, len(index)):
            built = self._built(connection, None)
            self.when_made()
            return built
        if index.as_of != today:
            index.advance(today)
        if news.newest == view.seq and view.holds_at(at.now):
            return view
        changed = list(dict.fromkeys([*news.member_ids, *self._forgotten(connection, index, news)]))  # some come back
        came = [member_id for member_id in changed if member_id not in index]
        ties = keep_ties(connection, {*news.matched_ids, *came}, view.at, at)
        stand_back()
        ties.put_into(index)
        rows = members.some(connection, changed)
        there = {member_id: readable(row.profile, known) for member_id, row in rows.items()}
        for first in range(0, len(changed), PUT_AT_ONCE):
            some = changed[first : first + PUT_AT_ONCE]
            stand_back()
            index.upsert_all([member for member_id in some if (member := there.get(member_id)) is not None])
        for member_id in changed:
            if there.get(member_id) is None and member_id in index:
                index.remove(member_id)
        ties.put_loads_of(index, came)
        return View(index, news.newest, at, next_turn(connection, at, self._settings))

    def _forgotten(self, connection: Connection, index: MemberIndex, news: changes.News) -> list[str]:
        """Who of the index stands in the log by a pseudonym. Their places and ties go, too.

        A microsecond for each member of the index, where anybody was erased.
        """
        known = pseudonyms.known(connection) if news.erased else None
        if known is None:
            return []
        found = [member_id for member_id in index.member_ids() if known.of(member_id) in news.erased]
        for member_id in found:
            index.set_load(member_id)
            for other in list(index.relations.ties.get(member_id, ())):
                index.set_tie(member_id, other, None)
        return found

    def _with_ties_of_now(self, connection: Connection, index: MemberIndex, seq: int) -> View:
        """A snapshot's members with the places and ties that the database tells of, which may be newer than they."""
        at = Moment.of(self._settings)
        replace_ties(index, all_relations(connection, at))
        index.aside = in_a_thread
        return View(index, seq, at, next_turn(connection, at, self._settings))

    def _built(self, connection: Connection, progress: Progress | None) -> View:
        at = Moment.of(self._settings)
        index = MemberIndex.build(
            all_members(connection),
            self._settings.today(),
            means=means_in_force(connection),
            relations=all_relations(connection, at),
            progress=progress,
        )
        index.aside = in_a_thread
        return View(index, changes.newest_seq(connection), at, next_turn(connection, at, self._settings))


def _warm_up(index: MemberIndex) -> None:
    """Ask once, so that the first user does not wait for the engine to be compiled."""
    for member_id in itertools.islice(index.member_ids(), 1):
        for kind in KINDS:
            recommend_buddies(index, member_id, 1, kind)
