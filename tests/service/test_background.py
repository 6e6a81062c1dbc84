"""What goes on without requests goes on whatever fails in one turn, and it can be seen that it failed."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from service import exposure, sweeping
from service.community import Community
from service.following import follow_regularly
from service.logs import configure_logs
from service.settings import Settings


class Turns(threading.Event):
    """An event that is set after so many turns."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        if self.left < 0:
            self.set()
        return self.is_set()


@pytest.fixture
def community(tmp_path: Path) -> Iterator[Community]:
    opened = Community.open(Settings(tmp_path / "members.db", exposure_every_s=0.0))
    opened.index.start()
    yield opened
    opened.database.close()


@pytest.fixture
def logged() -> io.StringIO:
    stream = io.StringIO()
    configure_logs(stream=stream)
    return stream


def failures(community: Community, of: str) -> float | None:
    return community.metrics.registry.get_sample_value("peer_matcher_background_failures_total", {"of": of})


def damaged(*_: object, **__: object) -> int:
    raise msgspec.DecodeError("JSON is malformed: what a member wrote")


def test_a_damaged_file_does_not_end_sweeping(
    community: Community, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[str] = []
    monkeypatch.setattr(sweeping, "finish_erasures", damaged)
    monkeypatch.setattr(sweeping, "_sweep_jobs", lambda _: swept.append("jobs"))
    assert failures(community, "erasures") == 0
    sweeping.sweep_regularly(community, Turns(2))
    assert swept == ["jobs"] * 3
    assert failures(community, "erasures") == 3
    assert failures(community, "jobs") == failures(community, "matches") == 0
    told = [line for line in map(msgspec.json.decode, logged.getvalue().splitlines()) if "error" in line]
    assert {(line["event"], line["of"], line["error"]) for line in told} == {
        ("sweep_failed", "erasures", "DecodeError")
    }
    assert told[0]["at"][-1].endswith(" damaged")
    assert "what a member wrote" not in logged.getvalue()


def test_following_goes_on_after_any_failure(
    community: Community, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    community.exposure.note("a", ["b"])
    failing = iter([PermissionError("a snapshot"), PermissionError("again"), ValueError("a defect"), None])
    catch_up = community.index.catch_up

    def follow() -> object:
        error = next(failing)
        if error is not None:
            raise error
        return catch_up()

    monkeypatch.setattr(community.index, "catch_up", follow)
    follow_regularly(community, Turns(4))
    assert failures(community, "following") == 3
    assert community.metrics.registry.get_sample_value("peer_matcher_database_errors_total") == 0
    told = [line["error"] for line in map(msgspec.json.decode, logged.getvalue().splitlines()) if "error" in line]
    assert told == ["PermissionError", "ValueError"], "each kind once"
    assert not community.exposure._noted, "the last turn has counted"


def test_what_is_noted_is_bounded_should_no_turn_come(community: Community) -> None:
    for number in range(exposure.MOST_NOTED + 5):
        community.exposure.note(str(number), ["b"])
    assert len(community.exposure._noted) == exposure.MOST_NOTED
    assert community.exposure._noted[0][0] == "5", "the oldest went"
