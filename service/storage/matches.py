"""Rows of matches: added, changed, found by member or by time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, or_, select, tuple_, update

from service.storage.changes import append
from service.storage.match_row import PROPOSED_ANEW, UNDECIDED, MatchRow
from service.storage.prepared import Prepared
from service.storage.tables import MATCH, matches

_IN_ONE_STATEMENT = 5_000
"""Ids bound in one half of a statement; SQLite takes 32,766, PostgreSQL 65,535."""
_AT_A_TIME = 2_000
_COLUMNS = [matches.c[name] for name in MatchRow.__dataclass_fields__]
_ALL = select(*_COLUMNS)
_NEXT_EXPIRY = Prepared(
    select(func.min(matches.c.expires_at)).where(
        matches.c.expires_at > bindparam("after"), matches.c.accepted_at.is_(None)
    )
)
_EXPIRING = Prepared(
    select(matches.c.asker, matches.c.peer).where(
        matches.c.expires_at > bindparam("after"),
        matches.c.expires_at <= bindparam("until"),
        matches.c.accepted_at.is_(None),
    )
)


def add(connection: Connection, rows: Sequence[MatchRow]) -> None:
    """Store new matches."""
    names = MatchRow.__dataclass_fields__
    connection.execute(insert(matches), [{name: getattr(row, name) for name in names} for row in rows])


def change(connection: Connection, match_id: str, **values: Any) -> None:
    """Set columns of one match."""
    connection.execute(update(matches).where(matches.c.match_id == match_id).values(**values))


def let_be_over(connection: Connection, rows: Iterable[MatchRow], pairs: Collection[tuple[str, str]]) -> None:
    """Of ``rows``, let those be over for good that were never accepted and are of pairs that are proposed anew."""
    again = {frozenset(pair) for pair in pairs}
    for row in rows:
        if row.accepted_at is None and frozenset((row.asker, row.peer)) in again:
            change(connection, row.match_id, system_reason=PROPOSED_ANEW)


def announce(connection: Connection, member_ids: Collection[str], at: str) -> None:
    """Say in the change log that places or ties of these members are others now."""
    append(connection, MATCH, sorted(member_ids), at)


def one(connection: Connection, match_id: str) -> MatchRow | None:
    """The match of this id, if there is one."""
    found = connection.execute(_ALL.where(matches.c.match_id == match_id)).one_or_none()
    return None if found is None else MatchRow(*found)


def everyone(connection: Connection) -> Iterator[MatchRow]:
    """All matches, without holding them all."""
    for found in connection.execute(_ALL, execution_options={"yield_per": _AT_A_TIME}):
        yield MatchRow(*found)


def of_members(connection: Connection, ids: Collection[str], states: Sequence[str] = ()) -> list[MatchRow]:
    """Every match with one of ``ids`` on either side, each once; only those in ``states`` if any are given."""
    wanted, found = sorted(ids), dict[str, MatchRow]()
    for first in range(0, len(wanted), _IN_ONE_STATEMENT):
        portion = wanted[first : first + _IN_ONE_STATEMENT]
        for side in (matches.c.asker, matches.c.peer):
            statement = _ALL.where(side.in_(portion))
            if states:
                statement = statement.where(matches.c.state.in_(states))
            for values in connection.execute(statement):
                found[values[0]] = MatchRow(*values)
    return list(found.values())


def ended_because(connection: Connection, reason: str, ids: Collection[str] | None = None) -> list[MatchRow]:
    """Every match that one of its two has ended for ``reason``; only those with one of ``ids`` if they are given."""
    if ids is not None:
        return [row for row in of_members(connection, ids, ("ended",)) if reason in {row.asker_reason, row.peer_reason}]
    why = or_(matches.c.asker_reason == reason, matches.c.peer_reason == reason)
    return [MatchRow(*found) for found in connection.execute(_ALL.where(matches.c.state == "ended", why))]


def page(connection: Connection, member_id: str, after: tuple[str, str] | None, most: int) -> list[MatchRow]:
    """A member's matches, newest first, from the one that follows ``after`` (its moment and id) on."""
    statement = _ALL.where(or_(matches.c.asker == member_id, matches.c.peer == member_id))
    if after is not None:
        statement = statement.where(tuple_(matches.c.proposed_at, matches.c.match_id) < tuple_(*after))
    ordered = statement.order_by(matches.c.proposed_at.desc(), matches.c.match_id.desc()).limit(most)
    return [MatchRow(*found) for found in connection.execute(ordered)]


def expiring(connection: Connection, stretches: Sequence[tuple[str, str]]) -> set[str]:
    """Members of matches that nobody's agreement kept from expiring, in stretches of time: (after, up to and with)."""
    return {
        member_id
        for after, until in stretches
        for pair in _EXPIRING.run(connection, after=after, until=until)
        for member_id in pair
    }


def next_expiry(connection: Connection, after: str) -> str | None:
    """The earliest moment after ``after`` at which a match expires that was never accepted."""
    found: str | None = _NEXT_EXPIRY.run(connection, after=after).scalar_one()
    return found


def mark_expired(connection: Connection, now: str) -> int:
    """Write down what the time has done already; nothing that is shown or kept depends on it. Returns how many."""
    over = update(matches).where(matches.c.expires_at <= now, matches.c.state == UNDECIDED[0])
    return connection.execute(over.values(state="expired")).rowcount


def accepted(connection: Connection) -> list[MatchRow]:
    """Every match that both sides have accepted and nobody has ended."""
    return [MatchRow(*found) for found in connection.execute(_ALL.where(matches.c.state == "accepted"))]


def of_swap(connection: Connection, rematch_id: str, swap: int) -> list[MatchRow]:
    """All proposals of a rematch that come about together, by id."""
    mine = _ALL.where(matches.c.rematch_id == rematch_id, matches.c.swap == swap).order_by(matches.c.match_id)
    return [MatchRow(*found) for found in connection.execute(mine)]


def to_be_replaced(connection: Connection, now: str) -> set[str]:
    """Ids of matches that end if a proposal comes about that has not expired."""
    sides = select(matches.c.asker_replaces, matches.c.peer_replaces)
    waiting = matches.c.accepted_at.is_(None), matches.c.system_reason.is_(None), matches.c.expires_at > now
    open_ = sides.where(matches.c.swap.is_not(None), *waiting)
    return {match_id for both in connection.execute(open_) for match_id in both if match_id is not None}


def count_as_known(connection: Connection, now: str) -> dict[str, int]:
    """How many matches are ``proposed``, ``accepted``, ``expired`` and ``ended`` as far as both sides may know.

    A no counts as nobody's answer, so the numbers do not move when one is given.
    """
    never = matches.c.accepted_at.is_(None)
    outcome = case(
        (never & (matches.c.expires_at > now), "proposed"),
        (never, "expired"),
        (matches.c.state == "accepted", "accepted"),
        else_="ended",
    ).label("outcome")
    each = select(outcome).subquery()
    counted = {
        row[0]: row[1] for row in connection.execute(select(each.c.outcome, func.count()).group_by(each.c.outcome))
    }
    return {name: counted.get(name, 0) for name in ("proposed", "accepted", "expired", "ended")}
