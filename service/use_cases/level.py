"""Answers that hold at least from a change on, for clients that speak to several replicas."""

from __future__ import annotations

from http import HTTPStatus

from matcher.errors import Problem
from service.community import Community
from service.problems import ProblemDetails, RequestError, unprocessable
from service.storage.changes import newest_seq


def index_level(community: Community, min_seq: int | None) -> None:
    """Let the index follow up to ``min_seq``, for as long as the setting allows.

    Raises:
        RequestError: 503 ``behind`` if it does not come so far; 422 if there is no such change.
        NotReadyError: while it is being loaded.
    """
    if min_seq is None or community.index.view().seq >= min_seq:
        return
    rows_level(community, min_seq)
    if not community.index.reach(min_seq, community.settings.min_seq_wait_s):
        raise _behind(community.index.view().seq)


def rows_level(community: Community, min_seq: int | None) -> None:
    """For answers that come from the rows alone: these are never behind.

    Raises:
        RequestError: 422 if the database does not hold the change: it is of another history, or nobody's.
    """
    if min_seq is None:
        return
    with community.database.reading() as connection:
        newest = newest_seq(connection)
    if newest < min_seq:
        accepted = f"the number of a change, {newest} at most"
        problem = Problem("min_seq", "is a change that has not happened here", accepted)
        raise RequestError(unprocessable([problem]))


def _behind(seq: int) -> RequestError:
    problem = Problem("min_seq", "is a change that this replica does not know yet", f"up to {seq} at this moment")
    return RequestError(
        ProblemDetails(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "behind",
            "This replica has not followed that far; try again in a moment.",
            (problem,),
            {"Retry-After": "1"},
            {"as_of_seq": seq},
        )
    )
