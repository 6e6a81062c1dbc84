"""A client that holds one connection open, and says so when an answer is cut off."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

TIMEOUT_S = 60.0
TRIES = 10
"""Of a request that an overloaded service refuses."""
IDLE_S = 2.0
"""A connection that nobody has used for so long is opened anew, before the service hangs up of itself."""
UNTOLD = {"database-unavailable", "timeout"}
"""Problems that do not say whether anything was done."""


class CutOffError(Exception):
    """No answer came, or one that tells no more than that: what was asked may have been done or not.

    ``told`` is the name of the problem, ``timeout`` say; None if the connection was cut.
    """

    def __init__(self, asked: str, told: str | None = None) -> None:
        self.told = told
        super().__init__(f"{asked}: {told or 'cut off'}")


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
        self._used_at = time.monotonic()

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
        for _ in range(TRIES):
            answer = self._asked(method, path, sent, headers)
            if answer.status != 503 or answer.told != "overloaded":
                break
            time.sleep(int(answer.headers["retry-after"]))  # nothing was done, it says, and the comparison will tell
        if not self._away_is_answer and answer.status == 503 and answer.told in UNTOLD:
            assert int(answer.headers["retry-after"]) > 0
            raise CutOffError(f"{method} {path}", answer.told)
        return answer

    def _asked(self, method: str, path: str, sent: bytes | None, headers: dict[str, str]) -> Reply:
        if time.monotonic() - self._used_at > IDLE_S:
            self._connection.close()
        try:
            self._connection.request(method, path, sent, headers)
            reply = self._connection.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise CutOffError(f"{method} {path}", "no-answer" if isinstance(error, TimeoutError) else None) from error
        self._used_at = time.monotonic()
        if reply.headers.get_content_type() == "application/x-ndjson":
            return Reply(reply.status, [json.loads(line) for line in text.splitlines()], reply.headers)
        return Reply(reply.status, json.loads(text) if text else None, reply.headers)
