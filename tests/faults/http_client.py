"""A client that holds one connection open, and says so when an answer is cut off."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

TIMEOUT_S = 60.0


class CutOffError(Exception):
    """No answer came, or that the database has gone away: what was asked may have been done or not."""


@dataclass(frozen=True)
class Reply:
    """An answer and what it holds."""

    status: int
    body: Any
    headers: http.client.HTTPMessage

    @property
    def told(self) -> str:
        """``done``, or the name of the problem."""
        if self.status < 300:
            return "done"
        assert self.headers["content-type"] == "application/problem+json", self
        return str(self.body["type"]).rpartition(":")[2]


class Client:
    """One connection to one service. With ``away_is_answer`` that the database is away is an answer like any other."""

    def __init__(self, url: str, headers: dict[str, str], *, away_is_answer: bool = False) -> None:
        self._away_is_answer = away_is_answer
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=TIMEOUT_S)
        self._headers = headers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: Any = None) -> Reply:
        """Send a request; a list goes as NDJSON, and so comes its answer.

        Raises:
            CutOffError: if the answer did not come whole.
        """
        headers = dict(self._headers)
        sent: bytes | None = None
        if isinstance(body, list):
            headers["content-type"] = "application/x-ndjson"
            sent = b"".join(json.dumps(line).encode() + b"\n" for line in body)
        elif body is not None:
            headers["content-type"] = "application/json"
            sent = json.dumps(body).encode()
        try:
            self._connection.request(method, path, sent, headers)
            reply = self._connection.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise CutOffError(f"{method} {path}") from error
        if reply.headers.get_content_type() == "application/x-ndjson":
            return Reply(reply.status, [json.loads(line) for line in text.splitlines()], reply.headers)
        answer = Reply(reply.status, json.loads(text) if text else None, reply.headers)
        if not self._away_is_answer and answer.status == 503 and answer.told in {"database-unavailable", "timeout"}:
            assert int(answer.headers["retry-after"]) > 0
            raise CutOffError(answer.told)
        return answer
