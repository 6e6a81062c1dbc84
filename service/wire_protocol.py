"""HTTP as uvicorn reads it, with one difference: what is not HTTP at all gets a problem for an answer, too."""

from __future__ import annotations

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.problems import MEDIA_TYPE, ProblemDetails

_NOT_HTTP = ProblemDetails(HTTPStatus.BAD_REQUEST, "not-http", "This is no HTTP request that can be read.").body()


class ProblemProtocol(HttpToolsProtocol):
    """One connection."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's words, in plain text)
        """Answer what cannot be parsed, and hang up."""
        head = (
            "HTTP/1.1 400 Bad Request",
            f"content-type: {MEDIA_TYPE}",
            f"content-length: {len(_NOT_HTTP)}",
            "connection: close",
        )
        self.transport.write("\r\n".join((*head, "", "")).encode() + _NOT_HTTP)
        self.transport.close()
