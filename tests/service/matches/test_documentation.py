"""The requests of docs/service.md, section Matches, are answered as the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.database_places import SQLITE
from tests.service.conftest import Serve
from tests.service.matches.conftest import person

PAGE = Path(__file__).parents[3] / "docs" / "service.md"
EXCHANGE = re.compile(r"^(GET|POST) (\S+)(?: (\{.*\}))?\n-> (\d{3}) (\{.*\})$", re.MULTILINE)


@pytest.fixture(scope="session")
def stored_in() -> str:
    return SQLITE


def told(expected: Any, found: Any) -> bool:
    """Whether everything that the page shows stands in the answer."""
    if isinstance(expected, dict):
        return all(key in found and told(value, found[key]) for key, value in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(told, expected, found))
    return bool(expected == found)


def test_requests_of_the_page(serve: Serve) -> None:
    section = PAGE.read_text().partition("\n## Matches\n")[2].partition("\n## ")[0]
    blocks = "\n".join(re.findall(r"```http\n(.*?)```", section, re.DOTALL))
    exchanges = EXCHANGE.findall(blocks)
    assert len(exchanges) == blocks.count("-> ") >= 13
    match_id = ""
    with serve() as served:
        for name in ("ana", "bo", "cy", "dee"):
            served.put(person(name))
        for method, path, body, status, answer in exchanges:
            sent = json.loads(body.replace("{id}", match_id)) if body else None
            reply = served.client.request(method, path.replace("{id}", match_id), json=sent)
            found = reply.json()
            assert reply.status_code == int(status), (path, reply.text)
            assert told(json.loads(answer), found), (path, reply.text)
            if reply.status_code == 201 and path == "/v1/matches":
                match_id = found["match_id"]
                again = served.client.get(reply.headers["location"])
                assert again.json() == found, "Location is the asker's view"
