"""Why a step of a match is not taken, as far as whoever asks may know.

A block, a hold, an earlier no and every other rule that may not be named are all ``not-eligible``, in the same words.
"""

from __future__ import annotations

from http import HTTPStatus

from matcher.errors import Problem
from service.problems import ProblemDetails, RequestError
from service.storage.match_row import State

_WORDS: dict[str, str] = {
    "proposed": "is still open",
    "accepted": "is accepted",
    "declined": "was declined by this member",
    "expired": "has expired",
    "ended": "has ended",
}


def unknown_match() -> RequestError:
    """There is no such match, or the member has no part in it: nobody learns which."""
    return RequestError(ProblemDetails(HTTPStatus.NOT_FOUND, "unknown-match", "This member has no match with this id."))


def already_matched() -> RequestError:
    """A proposal between the two is open, or accepted."""
    problem = Problem("peer_id", "has an open or accepted match with this member already", "another peer")
    return _conflict("already-matched", "The two have each other already, or a proposal between them is open.", problem)


def no_place_left(full: tuple[str, ...]) -> RequestError:
    """Somebody has no place left. ``full`` names the fields of the request that hold their ids."""
    found = [Problem(where, "has no place left", "a member with a free place") for where in full]
    return _conflict("no-place-left", "No place is left for this match.", *found)


def too_many_open(most: int) -> RequestError:
    """The member has asked as many others as may be asked at once, and waits for their answers."""
    problem = Problem("member_id", f"has {most} open proposals", "a member with fewer; each closes when it expires")
    return _conflict("too-many-open-proposals", "This member waits for as many answers as they may.", problem)


def not_eligible() -> RequestError:
    """A hard rule forbids the pair."""
    problem = Problem("peer_id", "may not be matched with this member now", "a peer whom buddies would list now")
    return _conflict("not-eligible", "A hard rule forbids this match now.", problem)


def wrong_state(state: State, wanted: State) -> RequestError:
    """The match is not, as the member sees it, in the state that the step starts from."""
    name = "match-not-accepted" if wanted == "accepted" else "match-not-open"
    problem = Problem("match_id", _WORDS[state], "a match that " + _WORDS[wanted])
    return _conflict(name, f"The match {_WORDS[state]}.", problem)


def _conflict(name: str, detail: str, *found: Problem) -> RequestError:
    return RequestError(ProblemDetails(HTTPStatus.CONFLICT, name, detail, tuple(found)))
