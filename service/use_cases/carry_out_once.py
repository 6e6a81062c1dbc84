"""Carry out a request once, however often it is sent: its answer is kept in the transaction that does the work."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Generic, TypeVar

import msgspec
from sqlalchemy import Connection

from matcher.errors import MatcherError, Problem
from service.caller import acting
from service.community import Community
from service.problems import MEDIA_TYPE, ProblemDetails, RequestError, details_of
from service.settings import Settings, moment_text
from service.storage import audit, idempotency
from service.storage.companion import accompanied_by
from service.storage.idempotency import Answer, KeptAnswer
from service.use_cases.audit import Event, note_read, read_audit, wanted_rows
from service.use_cases.pseudonyms import erased_in

__all__ = ["Answer", "OnceKey", "Told", "carry_out_once"]

_WHERE = "Idempotency-Key"
_REUSED = ProblemDetails(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "idempotency-key-reused",
    "Another request has come with this key before; nothing was done.",
    (Problem(_WHERE, "belongs to another request", "a new key for every new request, the same one to repeat it"),),
)
_FORGOTTEN = ProblemDetails(
    HTTPStatus.GONE,
    "answer-forgotten",
    "The request was carried out and is not done again; its answer named a member who was erased since.",
)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class OnceKey:
    """Which request it is, without its words: see :class:`KeptAnswer`."""

    digest: str
    fingerprint: str

    @classmethod
    def of(cls, caller_id: str, key: str, request: Sequence[bytes]) -> OnceKey:
        """For a key of the caller's own choice. ``request`` is all that has to be the same in a repetition.

        The fingerprint is keyed: whoever reads the table cannot try out whether somebody has asked for something.
        """
        digest = hashlib.sha256(f"{caller_id}\0{key}".encode()).hexdigest()
        whole = b"".join(len(part).to_bytes(8, "big") + part for part in request)
        return cls(digest, hmac.new(key.encode(), whole, hashlib.sha256).hexdigest())


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and whether it is that of an earlier request."""

    answer: Answer
    replayed: bool


class _KnownError(MatcherError):
    """The request was carried out already."""

    def __init__(self, kept: KeptAnswer) -> None:
        self.kept = kept
        super().__init__("carried out already")


@dataclass(slots=True)
class _Keeping(Generic[_Result]):
    """Keeps the answer in the transaction that does the work, and lets no work be done a second time.

    Writers wait for each other, so of two processes that get the same request at once the second one sees here what
    the first has committed.
    """

    settings: Settings
    once: OnceKey
    render: Callable[[_Result], Answer]
    answer: Answer | None = None
    newest: int | None = None
    """The newest row of the audit trail before the work."""

    def before(self, connection: Connection) -> None:
        kept = idempotency.one(connection, self.once.digest, self.settings.now())
        if kept is not None:
            raise _KnownError(kept)
        self.newest = audit.newest(connection)

    def after(self, connection: Connection, result: _Result) -> None:
        self.answer = self.render(result)
        _keep(connection, self.settings, self.once, self.answer, self.noted(connection))

    def noted(self, connection: Connection) -> int | None:
        """The row of the audit trail that says what was done, or refused: the last one of the request."""
        return None if self.newest is None else audit.last_of(connection, acting().request_id, self.newest)


def carry_out_once(
    community: Community, once: OnceKey, work: Callable[[], _Result], render: Callable[[_Result], Answer]
) -> Told:
    """Do ``work``, unless it was done for an earlier request with the same key: then tell its answer again.

    The answer and the work are on the disk together, or neither is. A refusal is kept, too: whoever was told no is not
    surprised by a request that comes late. What went wrong on our side is not, nor what changed nothing.

    Args:
        community: whose requests.
        once: which request.
        work: a use case that returns what its first writing transaction returns.
        render: what it returned, as an answer; called within the transaction.

    Raises:
        RequestError: 422 ``idempotency-key-reused``; 410 ``answer-forgotten``; and all that ``work`` raises.
    """
    settings = community.settings
    with community.database.glancing() as connection:
        kept = idempotency.one(connection, once.digest, settings.now())
    if kept is not None:
        return _again(community, once, kept)
    keeping = _Keeping(settings, once, render)
    try:
        with accompanied_by(keeping):
            result = work()
    except _KnownError as known:
        return _again(community, once, known.kept)
    except MatcherError as error:
        refusal = details_of(error)
        if refusal is None or refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        earlier = community.database.write(lambda connection: _keep_refusal(connection, keeping, refusal))
        if earlier is None:
            raise
        return _again(community, once, earlier)
    return Told(keeping.answer or render(result), replayed=False)


def _again(community: Community, once: OnceKey, kept: KeptAnswer) -> Told:
    """The answer that is kept. To tell it is a reading of what it is about, and is noted before."""
    if not hmac.compare_digest(kept.fingerprint, once.fingerprint):
        raise RequestError(_REUSED)
    if kept.answer is None:
        raise RequestError(_FORGOTTEN)
    if kept.noted is not None:
        (row,) = read_audit(community, wanted_rows(None, None, None, None, kept.noted + 1), 1).rows
        note_read(community, Event("read", row.kind, row.object_id, row.member_ids), row.outcome)
    return Told(kept.answer, replayed=True)


def _keep(connection: Connection, settings: Settings, once: OnceKey, answer: Answer, noted: int | None) -> None:
    """Keep an answer; of one that names somebody who was erased only that it was given."""
    now = settings.clock()
    named = erased_in(connection, f"{answer.headers} {answer.body}")
    until = moment_text(now + timedelta(hours=settings.keep_answers_hours))
    idempotency.keep(
        connection, KeptAnswer(once.digest, once.fingerprint, None if named else answer, until, noted), moment_text(now)
    )


def _keep_refusal(connection: Connection, keeping: _Keeping[_Result], refusal: ProblemDetails) -> KeptAnswer | None:
    """Keep a refusal; or, if the same request was answered meanwhile, what it was answered."""
    settings, once = keeping.settings, keeping.once
    earlier = idempotency.one(connection, once.digest, settings.now())
    if earlier is None:
        headers = {"content-type": MEDIA_TYPE, **refusal.headers}
        answer = Answer(refusal.status, msgspec.json.encode(headers).decode(), refusal.body().decode())
        _keep(connection, settings, once, answer, keeping.noted(connection))
    return earlier
