"""The peer of the HTTP call: a bare FastAPI route that hands out answers it holds already.

    python -m benchmarks.bare_route ANSWERS.json    prints its address, then serves until it is told to stop

It has the path, the parameters and the JSON of ours and the same server settings, and nothing else: no database, no
index, no checks, no error handling of its own.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from service import server


def main(answers: Path) -> None:
    """Serve the answers of a file: JSON objects by member id."""
    held = json.loads(answers.read_text(encoding="utf-8"))
    app = FastAPI()

    @app.get("/v1/members/{member_id}/buddies")
    async def buddies(member_id: str, kind: str = "buddy", k: int = 10) -> JSONResponse:  # noqa: ARG001
        return JSONResponse(held[member_id])

    listener = server.listen("127.0.0.1", 0)
    print(server.url_of(listener), flush=True)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, proxy_headers=False)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
