"""Who saw or changed which match or group: noted with the change itself, or before what was read is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy import Connection

from service.caller import acting
from service.community import Community
from service.problems import RequestError
from service.storage import audit
from service.storage.audit import DONE, AuditRow, Wanted
from service.storage.companion import alone
from service.use_cases.pseudonyms import erased_among

MOST_ON_A_PAGE = 500


@dataclass(frozen=True, slots=True)
class Event:
    """What is done to which match or group, and whom that is about."""

    action: str
    kind: str
    object_id: str | None = None
    member_ids: tuple[str, ...] = ()


def note(connection: Connection, at: str, event: Event, outcome: str = DONE) -> None:
    """Note an event within the writing transaction that brings it about: both are kept, or neither is.

    Whoever was erased is noted by their pseudonym.
    """
    who = acting()
    erased = erased_among(connection, event.member_ids)
    audit.add(
        connection,
        at,
        key_id=who.key_id,
        role=who.role,
        action=event.action,
        kind=event.kind,
        object_id=event.object_id,
        request_id=who.request_id,
        outcome=outcome,
        member_ids=[erased.get(member_id, member_id) for member_id in event.member_ids],
    )


def note_read(community: Community, event: Event, outcome: str = DONE) -> None:
    """Note that something is read, in a transaction of its own. Whoever calls this tells nothing before it returns."""
    with alone():
        community.database.write(lambda connection: note(connection, community.settings.now(), event, outcome))


@contextmanager
def refusals_noted(community: Community, event: Event) -> Iterator[None]:
    """Note it if the block is refused, under the name of the problem. What is not there has no place in the trail."""
    try:
        yield
    except RequestError as error:
        if error.details.status == HTTPStatus.NOT_FOUND:
            raise
        note_read(community, event, error.details.name)
        raise


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some rows, newest first, and the number below which the next page goes on, if there is one."""

    rows: list[AuditRow]
    rest: int | None


def wanted_rows(
    member_id: str | None, object_id: str | None, key_id: str | None, since: str | None, before: int | None = None
) -> Wanted:
    """Which rows are looked for; None lets all through."""
    return Wanted(member_id, object_id, key_id, since, before)


def read_audit(community: Community, wanted: Wanted, most: int) -> AuditPage:
    """A page of the audit trail."""
    with community.database.reading() as connection:
        rows = audit.page(connection, wanted, most + 1)
    return AuditPage(rows[:most], rows[most - 1].number if len(rows) > most else None)


def everything(community: Community, wanted: Wanted) -> Iterator[AuditRow]:
    """All rows that are looked for, newest first, a page at a time."""
    while True:
        found = read_audit(community, wanted, MOST_ON_A_PAGE)
        yield from found.rows
        if found.rest is None:
            return
        wanted = Wanted(wanted.member_id, wanted.object_id, wanted.key_id, wanted.since, found.rest)


def concerned(member_ids: Iterable[str]) -> tuple[str, ...]:
    """Ids of an event, each once."""
    return tuple(dict.fromkeys(member_ids))
