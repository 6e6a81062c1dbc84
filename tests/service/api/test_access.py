"""Nothing is answered without a key that is in force, however the request is bent."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from starlette.types import Message

from matcher import MemberProfile
from service.api.access import CHALLENGES
from service.api.wire import ProblemShape
from service.app import create_app
from service.community import Community
from service.key_text import KeyText
from service.logs import configure_logs
from service.use_cases.keys import NewKey, create_key, revoke_key
from tests.service.conftest import Serve, Served, bearer

SECRET = "the-alias-that-nobody-sees"
MEMBER = "member-of-the-gate"
HERE = "127.0.0.1"


@dataclass
class Door:
    """A service with one member in it, a valid key, and the bare wire."""

    served: Served
    key: NewKey

    def say(self, raw: bytes) -> bytes:
        """Everything that is answered to ``raw``, until the other end hangs up."""
        url = self.served.client.base_url
        with socket.create_connection((url.host, url.port or 0), timeout=5) as wire:
            wire.sendall(raw)
            return wire.makefile("rb").read()

    def ask(self, line: str, *headers: str | bytes, body: bytes = b"") -> bytes:
        """The answer to one request; ``line`` is method and target."""
        told = [f"{line} HTTP/1.1", f"Host: {HERE}", "Connection: close", *headers, "", ""]
        return self.say(b"\r\n".join(part if isinstance(part, bytes) else part.encode() for part in told) + body)

    def bare(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.served.client.base_url, headers=headers)


@pytest.fixture(scope="module")
def door(shared: Served, people: list[MemberProfile]) -> Iterator[Door]:
    shared.put(people[0].model_copy(update={"member_id": MEMBER}), alias=SECRET, status="paused")
    yield Door(shared, create_key(shared.community, "platform", requests_a_minute=0))
    shared.client.delete(f"/v1/members/{MEMBER}")


def status_of(told: bytes) -> int:
    assert told.startswith(b"HTTP/1.1 "), told[:200]
    return int(told[9:12])


def refused(told: bytes) -> int:
    """The status of an answer that holds a problem and nothing else."""
    status = status_of(told)
    assert 400 <= status < 500, told[:300]
    assert SECRET.encode() not in told
    body = told.partition(b"\r\n\r\n")[2]
    if body:
        assert ProblemShape.model_validate_json(body).status == status
    return status


def wrong_keys(door: Door) -> Mapping[str, str]:
    """Values of the header that hold no key in force."""
    community = door.served.community
    revoked = create_key(community, "admin")
    revoke_key(community, revoked.row.key_id)
    two_days_back = replace(community.settings, clock=lambda: datetime.now(UTC) - timedelta(days=2))
    expired = create_key(replace(community, settings=two_days_back), "admin", expires_in_days=1)
    other = create_key(community, "admin")
    key, text = door.key.row.key_id, door.key.text
    secret = text.rpartition(key + "_")[2]
    return {
        "nothing": "",
        "no key": "Bearer",
        "no scheme": text,
        "another scheme": f"Digest {text}",
        "scheme and key as one": f"Bearer{text}",
        "revoked": f"Bearer {revoked.text}",
        "expired": f"Bearer {expired.text}",
        "unknown": f"Bearer {KeyText.new().full()}",
        "another's secret": f"Bearer pm_{key}_{other.text[-43:]}",
        "another's id": f"Bearer pm_{other.row.key_id}_{secret}",
        "secret alone": f"Bearer {secret}",
        "digest for the secret": f"Bearer pm_{key}_{door.key.row.secret_sha256}",
        "upper case": f"Bearer {text.upper()}",
        "cut": f"Bearer {text[:-1]}",
        "longer": f"Bearer {text}a",
        "quoted": f'Bearer "{text}"',
        "two keys": f"Bearer {text}, Bearer {text}",
        "SQL": f"Bearer pm_' or 1=1 --_{secret}",
        "a tab": f"Bearer\t{text}",
        "Basic, the key as user": "Basic " + base64.b64encode(f"{text}:".encode()).decode(),
        "Basic, no colon": "Basic " + base64.b64encode(text.encode()).decode(),
        "Basic, more behind": "Basic " + base64.b64encode(f"a:{text}:b".encode()).decode(),
        "Basic, not base64": f"Basic {text}",
        "Basic, other characters": "Basic " + base64.b64encode(f"a:{text}é".encode()).decode(),
        "huge": "Bearer " + "a" * 60_000,
        "huge around the key": f"Bearer {' ' * 60_000}{text}",
    }


def test_wrong_keys_cannot_be_told_apart(door: Door) -> None:
    answers = set()
    for name, value in wrong_keys(door).items():
        told = door.ask(f"GET /v1/members/{MEMBER}", f"Authorization: {value}")
        assert refused(told) == 401, name
        head, _, body = told.partition(b"\r\n\r\n")
        lines = frozenset(line for line in head.split(b"\r\n") if not line.startswith((b"date", b"x-request-id")))
        answers.add((lines, body))
    told = door.ask(f"GET /v1/members/{MEMBER}")
    assert refused(told) == 401, "no header at all"
    assert len(answers) == 1, "one answer for all"
    ((lines, _),) = answers
    assert [line for line in sorted(lines) if line.startswith(b"www-authenticate")] == sorted(
        f"www-authenticate: {challenge}".encode() for challenge in CHALLENGES
    )


def test_a_valid_key(door: Door) -> None:
    text = door.key.text
    by_password = base64.b64encode(f"anybody:{text}".encode()).decode()
    for value in (
        f"Bearer {text}",
        f"bearer {text}",
        f"BEARER  {text}",
        f"Basic {by_password}",
        f"basic {by_password}",
    ):
        told = door.ask(f"GET /v1/members/{MEMBER}", f"Authorization: {value}")
        assert status_of(told) == 200, value
        assert SECRET.encode() in told


def test_two_headers_are_none(door: Door) -> None:
    right, wrong = f"Authorization: Bearer {door.key.text}", "Authorization: Bearer x"
    for headers in ((right, right), (right, wrong), (wrong, right), (right, right.lower().replace(":", ":\t"))):
        assert refused(door.ask(f"GET /v1/members/{MEMBER}", *headers)) == 401


def test_bytes_that_are_no_text(door: Door) -> None:
    text = door.key.text.encode()
    for value in (b"Bearer \xff\xfe", b"Bearer " + text + b"\xe4", "Bearer ключ".encode(), b"Bearer " + text + b"\x00"):
        assert refused(door.ask(f"GET /v1/members/{MEMBER}", b"Authorization: " + value)) in {400, 401}


def test_a_key_in_another_place(door: Door) -> None:
    text = door.key.text
    for name in ("key", "api_key", "access_token", "authorization", "Authorization"):
        assert refused(door.ask(f"GET /v1/members/{MEMBER}?{name}={text}")) == 401
        assert refused(door.ask(f"GET /v1/members/{MEMBER}", f"Cookie: {name}={text}")) == 401
    for header in ("X-Api-Key", "Proxy-Authorization", "X-Authorization", "Authorisation", "Authorization_"):
        assert refused(door.ask(f"GET /v1/members/{MEMBER}", f"{header}: Bearer {text}")) == 401
    assert refused(door.ask(f"GET http://key:{text}@{HERE}/v1/members/{MEMBER}")) in {400, 401}


TARGETS = (
    f"//v1/members/{MEMBER}",
    f"/v1//members/{MEMBER}",
    f"/v1/members//{MEMBER}",
    f"/v1/members/{MEMBER}/",
    f"/v1/members/{MEMBER}/.",
    f"/v1/members/{MEMBER}/..",
    f"/./v1/members/{MEMBER}",
    f"/v1/./members/{MEMBER}",
    f"/v1%2fmembers%2f{MEMBER}",
    f"/v1/members%2F{MEMBER}",
    f"/%76%31/members/{MEMBER}",
    f"/v1/members/{MEMBER}%00",
    f"/v1/members/{MEMBER};livez",
    f"/V1/MEMBERS/{MEMBER}",
    f"/livez/../v1/members/{MEMBER}",
    f"/livez/..;/v1/members/{MEMBER}",
    f"/livez%2f..%2fv1%2fmembers%2f{MEMBER}",
    f"/livez/%2e%2e/v1/members/{MEMBER}",
    f"/livez\\..\\v1\\members\\{MEMBER}",
    "/livez/",
    "//livez",
    "/livez/.",
    "/livez%2f",
    "/livez%00",
    "/livez%20",
    "/LIVEZ",
    "/livez;",
    "/docs/files/livez",
    "/openapi.json",
    "/docs",
    "/metrics",
    "/",
    "*",
    f"http://{HERE}/v1/members/{MEMBER}",
    f"http://localhost:1/v1/members/{MEMBER}",
    f"https://livez/v1/members/{MEMBER}",
    f"//livez/v1/members/{MEMBER}",
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH", "TRACE", "PROPFIND"])
def test_bent_targets(door: Door, method: str) -> None:
    for target in (f"/v1/members/{MEMBER}", f"/v1/members/{MEMBER}/buddies", *TARGETS):
        assert refused(door.ask(f"{method} {target}")) in {400, 401}, target
    assert refused(door.ask(f"CONNECT {HERE}:80")) in {400, 401}
    assert door.served.client.get(f"/v1/members/{MEMBER}").status_code == 200, "still there"


def test_headers_that_some_proxies_follow(door: Door) -> None:
    for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Prefix"):
        assert refused(door.ask(f"GET /v1/members/{MEMBER}", f"{name}: /livez")) == 401
        assert refused(door.ask(f"GET /v1/members/{MEMBER}/livez", f"{name}: /livez")) == 401
        told = door.ask("GET /livez", f"{name}: /v1/members/{MEMBER}")
        assert told.endswith(b'{"status":"ok"}')
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        assert refused(door.ask("POST /livez", f"{name}: GET")) == 405, "no method but the request's own"
        assert refused(door.ask(f"OPTIONS /v1/members/{MEMBER}", f"{name}: GET")) == 401
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-User", "Remote-User"):
        assert refused(door.ask(f"GET /v1/members/{MEMBER}", f"{name}: 127.0.0.1")) == 401
    for protocol in ("websocket", "h2c"):
        upgrade = ("Upgrade: " + protocol, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
        told = door.ask(f"GET /v1/members/{MEMBER}", *upgrade)
        assert refused(told) in {400, 401}


def test_what_answers_without_a_key(door: Door) -> None:
    with door.bare() as client:
        for path in ("/livez", "/readyz"):
            assert client.get(path).status_code == 200
            assert client.get(path, headers={"authorization": "Bearer x"}).status_code == 200
            assert client.post(path).status_code == 405
            assert client.get(path, params={"a": "b"}).status_code == 422


def test_a_request_hidden_in_another(door: Door) -> None:
    hidden = f"GET /v1/members/{MEMBER} HTTP/1.1\r\nHost: {HERE}\r\nConnection: close\r\n\r\n".encode()
    both = f"POST /livez HTTP/1.1\r\nHost: {HERE}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    for raw in (
        both.encode() + hidden,
        f"GET /livez HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode() + hidden,
        f"GET /livez HTTP/1.1\r\nHost: {HERE}\r\nAuthorization: Bearer {door.key.text}\r\n\r\n".encode() + hidden,
        f"GET /livez HTTP/1.1\nHost: {HERE}\n\n".encode() + hidden,
    ):
        told = door.say(raw)
        assert SECRET.encode() not in told
        assert not told.rpartition(b"HTTP/1.1 ")[2].startswith(b"200")


def test_refusals_do_not_wait_for_the_body(door: Door) -> None:
    unsent = ("Content-Type: application/json", "Content-Length: 1000000")
    assert refused(door.ask(f"PUT /v1/members/{MEMBER}", *unsent)) == 401
    analyst = create_key(door.served.community, "analyst")
    told = door.ask("PUT /v1/members/a%20b?x=1", *unsent, f"Authorization: Bearer {analyst.text}")
    assert refused(told) == 403, "and look at neither id nor parameters"


def test_revoked_at_once_from_elsewhere(serve: Serve) -> None:
    with serve() as served:
        made = create_key(served.community, "platform")
        headers = {"authorization": f"Bearer {made.text}"}
        assert served.client.get("/v1/members/a", headers=headers).status_code == 404
        other = Community.open(served.community.settings)
        revoke_key(other, made.row.key_id)
        assert served.client.get("/v1/members/a", headers=headers).status_code == 401
        revoke_key(other, made.row.key_id)  # once more is no mistake
        other.close()


def test_a_key_ends_with_its_last_moment(serve: Serve) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)

    with serve(clock=lambda: moment) as served:
        made = create_key(served.community, "platform", expires_in_days=30)
        headers = {"authorization": f"Bearer {made.text}"}
        for ahead, status in ((timedelta(days=30, microseconds=-1), 404), (timedelta(days=30), 401)):
            moment = datetime(2026, 1, 1, tzinfo=UTC) + ahead
            assert served.client.get("/v1/members/a", headers=headers).status_code == status


def test_other_sites_cannot_use_a_browsers_password(door: Door) -> None:
    own = str(door.served.client.base_url)
    path = f"/v1/members/{MEMBER}/none"
    with door.bare() as client:
        client.auth = ("anybody", door.key.text)
        for headers, status in (
            ({"sec-fetch-site": "cross-site"}, 403),
            ({"sec-fetch-site": "same-site"}, 403),
            ({"origin": "http://evil.example"}, 403),
            ({"origin": "null"}, 403),
            ({"origin": "http://127.0.0.1:1"}, 403),
            ({"sec-fetch-site": "same-origin", "origin": own}, 404),
            ({"sec-fetch-site": "none"}, 404),
            ({}, 404),
        ):
            for method in ("POST", "DELETE", "PUT"):
                assert client.request(method, path, headers=headers).status_code == status, headers
        assert client.get("/docs", headers={"sec-fetch-site": "cross-site"}).status_code == 200, "a link to the page"
    with door.bare(authorization=f"Bearer {door.key.text}") as client:
        assert client.post(path, headers={"origin": "http://evil.example"}).status_code == 404


def test_the_log_says_whose_key_and_never_which(serve: Serve) -> None:
    log = io.StringIO()
    configure_logs(stream=log)
    with serve() as served:
        made = create_key(served.community, "analyst", "label")
        for key in (made.text, KeyText.new().full()):
            served.client.get("/v1/members/a", headers={"authorization": f"Bearer {key}"})
        served.client.get(f"/v1/members/a?key={made.text}")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    refusals = {line["status"]: line for line in lines if line["event"] == "request" and line["status"] >= 400}
    assert (refusals[403]["key_id"], refusals[403]["role"]) == (made.row.key_id, "analyst")
    assert (refusals[401]["key_id"], refusals[401]["role"]) == (None, None)
    assert made.text[-43:] not in log.getvalue()
    assert "label" not in log.getvalue()


def test_a_database_that_fails(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("select", {"key_id": "SECRET"}, OSError("SECRET"))

    with serve() as served:
        monkeypatch.setattr("service.api.access.authenticate", gone)
        reply = served.client.get("/v1/members/a")
        assert (reply.status_code, "retry-after" in reply.headers) == (503, True)
        assert "SECRET" not in reply.text
        assert served.client.get("/livez").status_code == 200


def test_nothing_but_http(shared: Served) -> None:
    said: list[Message] = []

    async def hear() -> Message:
        return {"type": "websocket.connect"}

    async def say(message: Message) -> None:
        said.append(message)

    headers = [(b"authorization", bearer(shared.community, "admin")["authorization"].encode())]
    scope = {"type": "websocket", "path": "/v1/members/a", "headers": headers}
    asyncio.run(create_app(shared.community)(scope, hear, say))
    assert [message["type"] for message in said] == ["websocket.close"]
