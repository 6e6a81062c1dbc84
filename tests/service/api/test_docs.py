"""The page at /docs works without the internet, and the health pages say what they know."""

from __future__ import annotations

import re

from tests.service.conftest import Served


def test_docs_need_nothing_from_elsewhere(shared: Served) -> None:
    page = shared.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    addresses = re.findall(r'(?:src|href|url)[=:]\s*"([^"]+)"', page.text + shared.client.get("/docs/start.js").text)
    assert len(addresses) == 5
    for address in addresses:
        assert address.startswith("/")
        assert not address.startswith("//")
        assert shared.client.get(address).status_code == 200, address
    assert "://" not in page.text
    assert "connect-src 'self'" in page.headers["content-security-policy"]


def test_the_schema_is_what_the_page_can_show(shared: Served) -> None:
    schema = shared.client.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.0.")
    text = str(schema)
    assert "'null'" not in text
    for reference in set(re.findall(r"'#/components/schemas/([^']+)'", text)):
        assert reference in schema["components"]["schemas"], reference
    parameters = schema["paths"]["/v1/members/{member_id}/buddies"]["get"]["parameters"]
    k = next(parameter for parameter in parameters if parameter["name"] == "k")
    assert (k["schema"]["minimum"], k["schema"]["maximum"]) == (1, 1000)


def test_health(shared: Served) -> None:
    assert shared.client.get("/livez").json() == {"status": "ok"}
    ready = shared.client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert ready["checks"] == {"database": "ok", "migrations": "ok", "index": "ok", "lag": "ok"}
    assert ready["lag"] == 0
    assert ready["as_of_seq"] >= 600


def test_every_answer_names_its_request(shared: Served) -> None:
    ids = {shared.client.get("/livez").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
