"""What a killed process left on the disk is cleared away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.http_client import Client, CutOffError
from tests.faults.launcher import SNAPSHOT_AFTER, Crashing
from tests.faults.running import Site
from tests.service.conftest import bearer_of
from tests.service.matches.conftest import person

PEOPLE = [person(f"m{number}").model_dump(mode="json", exclude_defaults=True) for number in range(SNAPSHOT_AFTER + 8)]


def test_a_snapshot_that_was_broken_off(site: Site, tmp_path: Path) -> None:
    headers = bearer_of(site.place.target)
    running = site.serve(Crashing("in-snapshot", 3, tmp_path / "evidence"))
    assert running is not None
    with Client(running.url, headers) as client, pytest.raises(CutOffError):
        client.ask("POST", "/v1/members:import", PEOPLE)
    assert running.process.wait() == -9
    assert (tmp_path / "evidence").exists()
    assert [path for path in site.place.index_folder.iterdir() if path.name.startswith(".")]
    running = site.serve()
    assert running is not None
    with Client(running.url, headers) as client:
        assert client.ask("POST", "/v1/members:import", PEOPLE).status == 200
        assert len(client.ask("GET", "/v1/members/m0/buddies?k=200").body["peers"]) == len(PEOPLE) - 1
    running.stop()
    (snapshot,) = site.place.index_folder.iterdir()
    assert snapshot.name.endswith(".index")
