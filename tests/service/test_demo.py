"""The demo as a user starts it: a tour, a service that stays, and an honest word when nobody can be matched."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from matcher import MemberProfile
from service import demo
from tests.service.conftest import ndjson

# A shell lets what it runs in the background ignore Ctrl-C, and so would all that the tests start.
HEARS_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("service.demo", run_name="__main__", alter_sys=True)
"""


def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "160", "PYTHONUNBUFFERED": "1"}


def test_the_tour_leaves_a_service_that_ctrl_c_stops(tmp_path: Path, people: list[MemberProfile]) -> None:
    source = tmp_path / "mine.ndjson"
    source.write_bytes(ndjson(people))
    command = [sys.executable, "-c", HEARS_CTRL_C, "--members", str(source), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(tmp_path)
    ) as running:
        take_the_tour(running, tmp_path)


def take_the_tour(running: subprocess.Popen[str], tmp_path: Path) -> None:
    assert running.stdout
    said = ""
    for line in running.stdout:
        said += line
        if "the next answer" in line:
            break
    assert "600 stored, 0 rejected" in said, said
    assert "Buddies for" in said
    assert "Mentors for" in said
    assert "Certified" in said
    request = re.search(r"curl -H '([^:]+): ([^']+)' '([^']+)'", said)
    assert request
    header, url = {request[1]: request[2]}, request[3]
    assert len(httpx.get(url, headers=header).json()["peers"]) == 3
    assert httpx.get(url).status_code == 401
    page = re.search(r"(http://\S+/docs) \(.*password: (\S+)\)", said)
    assert page
    assert httpx.get(page[1], auth=("anybody", page[2])).status_code == 200
    assert len(list(tmp_path.glob("peer-matcher-demo-*"))) == 1
    running.send_signal(signal.SIGINT)
    rest = running.stdout.read()
    assert running.wait(30) == 0
    assert "Traceback" not in rest
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert list(tmp_path.glob("peer-matcher-demo-*")) == [], "nobody's data stays behind"


def test_nobody_can_be_matched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text("member_id,languages,birth_year\na,en,1980\nb,de,1990\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["demo", "--no-serve", "--members", str(tmp_path / "mine.csv")])
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            demo.run()
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert "none of the 2 members can be matched: 2 have not agreed" in told
    assert "--consent" in told
