"""Keys as an operator meets them: made, shown once, listed without their secret, revoked."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from matcher.errors import InvalidRequest
from service.caller import ROLES, Caller
from service.community import Community
from service.key_text import KEY_TEXT_LENGTH, KeyText
from service.settings import Settings
from service.storage.tables import LABEL_LENGTH
from service.use_cases.keys import (
    MOST_DAYS,
    MOST_REQUESTS_A_MINUTE,
    Holder,
    UnknownKeyError,
    authenticate,
    create_first_key,
    create_key,
    list_keys,
    revoke_key,
)
from tests.service.conftest import Run

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SHAPE = r"pm_[0-9a-f]{12}_[A-Za-z0-9_-]{43}"


@pytest.fixture
def community(tmp_path: Path) -> Iterator[Community]:
    opened = Community.open(Settings(database=tmp_path / "members.db", clock=lambda: NOW, requests_a_minute=77))
    yield opened
    opened.close()


def test_the_secret_is_nowhere(community: Community, tmp_path: Path) -> None:
    made = create_key(community, "platform", "the app")
    assert re.fullmatch(SHAPE, made.text)
    assert len(made.text) == KEY_TEXT_LENGTH
    secret = made.text[-43:]
    assert made.row.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    community.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert made.row.key_id.encode() in kept
    assert secret.encode() not in kept
    assert secret not in repr(KeyText.read(made.text))


def test_who_holds_a_key(community: Community) -> None:
    for role in ROLES:
        made = create_key(community, role)
        assert authenticate(community, made.text) == Holder(Caller(made.row.key_id, role), 77)
    limited = create_key(community, "admin", requests_a_minute=0)
    assert authenticate(community, limited.text) == Holder(Caller(limited.row.key_id, "admin"), 0)
    for text in ("", "pm_", "pm__", limited.text + "\n", "\n" + limited.text, limited.text.replace("pm_", "PM_")):
        assert authenticate(community, text) is None
    assert authenticate(community, limited.text.replace(limited.row.key_id, "０" * 12)) is None, "digits of ASCII only"


def test_expired_and_revoked(community: Community) -> None:
    brief = create_key(community, "platform", expires_in_days=1)
    later = replace(community, settings=replace(community.settings, clock=lambda: NOW + timedelta(days=1)))
    assert authenticate(community, brief.text)
    assert authenticate(later, brief.text) is None
    lasting = create_key(community, "platform")
    assert authenticate(later, lasting.text)
    revoke_key(community, lasting.row.key_id)
    assert authenticate(later, lasting.text) is None
    with pytest.raises(UnknownKeyError, match="keys list"):
        revoke_key(community, "none")


def test_the_first_key_is_made_once(tmp_path: Path) -> None:
    opened = [Community.open(Settings(database=tmp_path / "members.db")) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = [key for key in pool.map(create_first_key, opened) if key]
    assert [key.row.role for key in made] == ["admin"]
    revoke_key(opened[0], made[0].row.key_id)
    assert create_first_key(opened[0]) is None, "whoever revoked the last key wants none"
    for community in opened:
        community.close()


def test_values_out_of_range(community: Community) -> None:
    for label in ("x" * (LABEL_LENGTH + 1), "a\nb", "\x1b[31m"):
        with pytest.raises(InvalidRequest, match="printable"):
            create_key(community, "admin", label)
    for days in (0, -1, MOST_DAYS + 1):
        with pytest.raises(InvalidRequest, match="expires-in-days"):
            create_key(community, "admin", expires_in_days=days)
    for limit in (-1, MOST_REQUESTS_A_MINUTE + 1):
        with pytest.raises(InvalidRequest, match="requests-per-minute"):
            create_key(community, "admin", requests_a_minute=limit)
    with pytest.raises(InvalidRequest, match="platform or coordinator or analyst or admin"):
        create_key(community, "owner")  # type: ignore[arg-type]
    assert list_keys(community) == []


def test_made_listed_and_revoked_on_the_command_line(run: Run) -> None:
    options = ("--label", "[the] app", "--expires-in-days", 30, "--requests-per-minute", 60)
    said = run("keys", "create", "--role", "platform", *options)
    assert said.code == 0
    assert re.fullmatch(SHAPE + "\n", said.out), "the key alone, to be piped"
    key_id, secret = said.out[3:15], said.out.strip()[-43:]
    assert key_id in said.err
    assert secret not in said.err
    other = run("keys", "create", "--role", "analyst").out
    listed = run("keys", "list").out
    assert all(word in listed for word in (key_id, "platform", "[the] app", "in force", "60", "analyst", "never"))
    assert secret not in listed
    assert other.strip()[-43:] not in listed
    assert run("keys", "revoke", key_id).code == 0
    assert "revoked" in run("keys", "list").out
    assert "keys list" in run("keys", "revoke", "none").err
    assert run("keys", "create").code == 2
    assert "Usage" in run("keys", "create", "--role", "owner").err
    assert run("keys", "create", "--role", "admin", "--expires-in-days", 0).code == 2
    for command in ("create", "list", "revoke"):
        assert run("keys", command, "--help").code == 0


def test_listing_makes_no_database(run: Run, tmp_path: Path) -> None:
    assert "no file" in run("keys", "list").err
    assert "no file" in run("keys", "revoke", "a").err
    assert not (tmp_path / "peer-matcher.db").exists()


def test_the_first_start_shows_an_admins_key(tmp_path: Path) -> None:
    said = [first_words(tmp_path) for _ in range(2)]
    (key,) = re.findall(SHAPE, said[0])
    assert "will not be shown again" in said[0]
    assert re.findall(SHAPE, said[1]) == [], "made once"
    for line in said[0].splitlines():
        assert not (line.startswith("{") and key[-43:] in line), "no line of the log holds it"


def first_words(folder: Path) -> str:
    """What a service says on standard error that serves once and is stopped; its key is tried on it."""
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", "--database", str(folder / "members.db")]
    with (
        (folder / "said").open("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as running,
    ):
        assert running.stdout
        (url,) = re.findall(r"http://\S+", running.stdout.readline())
        for key in re.findall(SHAPE, (folder / "said").read_text()):
            assert httpx.get(f"{url}/docs", auth=("", key)).status_code == 200
        assert httpx.get(f"{url}/docs").status_code == 401
        running.terminate()
        assert running.wait(30) in {0, -15}
        return (folder / "said").read_text()
