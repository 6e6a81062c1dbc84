"""What an operator sets on the command line or in the environment is what the service goes by."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from socket import socket

import pytest

from service import server
from service.commands import working
from service.commands.worker_process import _variables
from service.community import Community
from service.jobs.runner import Ending
from service.settings import Settings
from tests.service.conftest import Run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of services that were started, which answer nothing."""
    found: list[Settings] = []

    def note(community: Community, _: socket) -> None:
        found.append(community.settings)
        community.database.close()

    monkeypatch.setattr(server, "run", note)
    return found


OPTIONS = {"proposal_days": 3, "repeat_after_days": 90, "open_proposals": 2, "keep_jobs_days": 7, "jobs_per_key": 4}


def chosen(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in OPTIONS}


def test_from_the_command_line(run: Run, served: list[Settings], tmp_path: Path) -> None:
    given = [word for name, value in OPTIONS.items() for word in (f"--{name.replace('_', '-')}", value)]
    said = run("serve", "--port", 0, "--workers", 0, "--jobs-folder", tmp_path / "files", *given)
    assert said.code == 0, said.err
    (settings,) = served
    assert chosen(settings) == OPTIONS
    assert settings.jobs == tmp_path / "files"


def test_from_the_environment(run: Run, served: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OPTIONS.items():
        monkeypatch.setenv(f"PEER_MATCHER_{name.upper()}", str(value))
    assert run("serve", "--port", 0, "--workers", 0).code == 0
    assert chosen(served[0]) == OPTIONS


def test_as_shipped(run: Run, served: list[Settings]) -> None:
    assert run("serve", "--port", 0, "--workers", 0).code == 0
    assert chosen(served[0]) == chosen(Settings())


@pytest.mark.parametrize("name", OPTIONS)
def test_what_makes_no_sense_is_refused(run: Run, served: list[Settings], name: str) -> None:
    said = run("serve", "--port", 0, "--workers", 0, f"--{name.replace('_', '-')}", -1)
    assert said.code == 2
    assert served == []


@pytest.fixture
def working_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Settings]]:
    """The settings of workers that were started, which do nothing."""
    found: list[Settings] = []

    class Idle:
        def __init__(self, community: Community, _: object) -> None:
            found.append(community.settings)

        def run(self, _: threading.Event) -> Ending:
            return Ending.SETTLED

    monkeypatch.setattr(working, "Worker", Idle)
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield found
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("repeat_after_days", [None, 0, 90])
def test_the_workers_of_a_service_go_by_what_it_was_told(
    run: Run,
    working_settings: list[Settings],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    repeat_after_days: int | None,
) -> None:
    told = Settings(
        tmp_path / "members.db", date(2026, 3, 4), jobs_folder=tmp_path / "x", repeat_after_days=repeat_after_days
    )
    for name, value in _variables(told).items():
        monkeypatch.setenv(name, value)
    said = run("work")
    assert said.code == 0, said.err
    assert working_settings == [told]


def test_a_worker_elsewhere_is_told_by_itself(run: Run, working_settings: list[Settings]) -> None:
    assert run("work", "--repeat-after-days", 30).code == 0
    assert working_settings[0].repeat_after_days == 30
