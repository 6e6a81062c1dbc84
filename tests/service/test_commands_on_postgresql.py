"""The command line on a PostgreSQL database: named by a variable, silent about the password, saved where it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from matcher import MemberProfile
from service import cli
from service.storage import members
from service.storage.database import Database
from tests.database_places import POSTGRESQL, Place
from tests.service.conftest import AS_OF, ndjson

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def stored_in() -> str:
    return POSTGRESQL


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PEER_MATCHER_AS_OF", AS_OF.isoformat())

    def with_arguments(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["peer-matcher", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.app()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return with_arguments


def test_import_and_buddies(
    ask: Ask, place: Place, monkeypatch: pytest.MonkeyPatch, people: list[MemberProfile], tmp_path: Path
) -> None:
    (tmp_path / "members.ndjson").write_bytes(ndjson(people[:300]))
    monkeypatch.setenv("PEER_MATCHER_DATABASE", place.text)
    assert ask("import", "members.ndjson")[:2] == (0, "300 stored, 0 rejected\n")
    code, said, _ = ask("buddies", people[3].member_id, "-k", 2, "--json")
    assert (code, json.loads(said)["as_of_seq"]) == (0, 301)
    assert {path.name for path in tmp_path.iterdir()} == {"members.ndjson", "peer-matcher.index"}
    (snapshot,) = (tmp_path / "peer-matcher.index").iterdir()
    assert ask("buddies", people[3].member_id, "-k", 2, "--json", "--index-folder", "elsewhere")[1] == said
    assert (tmp_path / "elsewhere" / snapshot.name).read_bytes()
    database = Database.open(place.target)
    with database.reading() as connection:
        assert members.count(connection) == 300
    database.close()


def test_what_goes_wrong_is_one_line_without_the_password(ask: Ask, tmp_path: Path) -> None:
    for url in (
        f"postgresql://u:s3cret@/d?host={tmp_path}",
        "postgresql://u:s3@cret@h/d",
        "mysql://u:s3cret@h/d",
    ):
        code, said, complaint = ask("buddies", "m1", "--database", url)
        assert (code, said, complaint.count("\n")) == (2, "", 1)
        assert "s3" not in complaint
        assert "accepted: " in complaint
    assert list(tmp_path.iterdir()) == []
