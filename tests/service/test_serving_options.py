"""What an operator sets on the command line or in the environment is what the service goes by."""

from __future__ import annotations

from pathlib import Path
from socket import socket

import pytest

from service import server
from service.community import Community
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


OPTIONS = {"proposal_days": 3, "repeat_after_days": 90, "open_proposals": 2, "keep_jobs_days": 7}


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
