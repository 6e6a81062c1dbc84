"""``peer-matcher buddies``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import httpx
import msgspec
import typer

from matcher.errors import InvalidRequest, MatcherError, Problem
from service.api.answers import answer_fields
from service.api.replies import json_reply
from service.commands.console import counting, out
from service.commands.options import (
    DATABASE,
    AsOfOption,
    DatabaseOption,
    IndexFolderOption,
    existing,
    settings_of,
)
from service.commands.rendering import print_answer
from service.community import Community
from service.use_cases.find_buddies import Wish, find_buddies

TIMEOUT_S = 60.0
KeyOption = Annotated[
    str,
    typer.Option(
        "--key",
        envvar="PEER_MATCHER_KEY",
        help="With --url: an access key. Better in the variable, where no list of processes shows it.",
        show_default=False,
    ),
]


class RefusedError(MatcherError):
    """The service answered with a problem."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        errors = "; ".join(f"{e['where']}: {e['what']} (accepted: {e['accepted']})" for e in problem.get("errors", []))
        super().__init__(f"{status} {problem.get('detail', '')}" + (f" {errors}" if errors else ""))


class KindChoice(StrEnum):
    """The two kinds, as the command line lists them."""

    BUDDY = "buddy"
    MENTOR = "mentor"


def buddies(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.", show_default=False)],
    *,
    kind: Annotated[KindChoice, typer.Option(help="Somebody alike, or somebody further on.")] = KindChoice.BUDDY,
    k: Annotated[int, typer.Option("-k", help="How many, 1 to 1000.")] = 10,
    url: Annotated[str | None, typer.Option("--url", help="Ask a running service instead of the database.")] = None,
    key: KeyOption = "",
    database: DatabaseOption = DATABASE,
    index_folder: IndexFolderOption = None,
    as_of: AsOfOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as the service would send it.")] = False,
) -> None:  # fmt: skip
    """Print the best buddies or mentors for one member, with reasons.

    Example: peer-matcher buddies m0000003 --kind mentor -k 3
    """
    if url is not None:
        body = ask(url, key, member, kind.value, k)
    else:
        community = Community.open(settings_of(existing(database), as_of, index_folder))
        try:
            with counting("Making the index") as advance:
                community.index.start(advance)
            answer = find_buddies(community, member, Wish(k, kind.value))
            body = bytes(json_reply(answer_fields(answer)).body)
        finally:
            community.close()
    if as_json:
        typer.echo(body.decode())
    else:
        print_answer(out(), msgspec.json.decode(body))


def ask(url: str, key: str, member: str, kind: str, k: int) -> bytes:
    """Ask a running service, with a key of the role platform.

    Raises:
        RefusedError: with the problem it answers.
        InvalidRequest: if it cannot be reached.
    """
    try:
        address = httpx.URL(url.rstrip("/") + "/v1/members/").join(f"{httpx.URL(path=member).path}/buddies")
        asked: dict[str, str | int] = {"kind": kind, "k": k}
        # As a password it may hold any character; what is no key is for the service to refuse.
        reply = httpx.get(address, params=asked, auth=("key", key), timeout=TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        problem = Problem(
            "--url", f"{url} cannot be reached ({type(error).__name__})", "the address of a running service"
        )
        raise InvalidRequest(problem) from error
    if reply.status_code != httpx.codes.OK:
        is_json = "json" in reply.headers.get("content-type", "")
        raise RefusedError(reply.status_code, reply.json() if is_json else {"detail": "and no problem details"})
    return reply.content
