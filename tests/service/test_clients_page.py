"""The requests of docs/clients.md are answered as the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.service.conftest import Serve

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
EXCHANGE = re.compile(
    r"^(GET|POST|PUT|DELETE) (\S+)(?: (\{.*\}))?\n((?:[A-Z][\w-]+: .*\n)*)-> (\d{3})(?: (\{.*\}))?$", re.MULTILINE
)


def told(shown: Any, found: Any) -> bool:
    """Whether everything that the page shows stands in the answer."""
    if isinstance(shown, dict):
        return all(key in found and told(value, found[key]) for key, value in shown.items())
    if isinstance(shown, list):
        return len(shown) == len(found) and all(map(told, shown, found))
    return bool(shown == found)


def test_requests_of_the_page(serve: Serve) -> None:
    blocks = "\n".join(re.findall(r"```http\n(.*?)```", PAGE.read_text(), re.DOTALL))
    exchanges = EXCHANGE.findall(blocks)
    assert len(exchanges) == blocks.count("-> ") >= 19
    known = {"id": "", "etag": "", "cursor": ""}

    def filled(text: str) -> str:
        for name, value in known.items():
            text = text.replace("{" + name + "}", value)
        return text

    with serve() as served:
        for method, path, body, headers, status, shown in exchanges:
            sent = dict(line.split(": ", 1) for line in filled(headers).splitlines())
            reply = served.client.request(method, filled(path), json=json.loads(body) if body else None, headers=sent)
            assert reply.status_code == int(status), (path, reply.text)
            found: Any = reply.json() if reply.content else {}
            assert told(json.loads(shown or "{}"), found), (path, reply.text)
            if path == "/v1/matches" and reply.status_code == 201:
                known["id"] = found["match_id"]
            if method == "GET":
                known["etag"] = reply.headers.get("etag", known["etag"])
                known["cursor"] = found.get("next_cursor") or known["cursor"]
