"""A copy that is made while the service writes is whole, and can be served."""

from __future__ import annotations

import shutil
import stat
import threading
from pathlib import Path

from matcher import MemberProfile
from service.settings import Settings
from tests.service.conftest import AS_OF, Run, serving


def test_a_copy_from_under_a_running_service(tmp_path: Path, people: list[MemberProfile], run: Run) -> None:
    place, copy, key = tmp_path / "members.db", tmp_path / "copy.db", tmp_path / "elsewhere.key"
    acknowledged: list[str] = []
    stop = threading.Event()
    with serving(Settings(place, AS_OF)) as served:
        served.load(people[:200])
        served.client.delete(f"/v1/members/{people[0].member_id}").raise_for_status()  # makes the key of pseudonyms

        def write() -> None:
            for member in people[200:]:
                if stop.is_set():
                    break
                served.put(member)
                acknowledged.append(member.member_id)

        writer = threading.Thread(target=write)
        writer.start()
        before = len(acknowledged)
        said = run("backup", copy, "--key-out", key, "-d", place)
        stop.set()
        writer.join()
        assert said.code == 0, said.err
        wanted = {member.member_id for member in people[1:200]} | set(acknowledged[:before])
    assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IMODE(key.stat().st_mode) == 0o600
    home = tmp_path / "restored"
    home.mkdir()
    shutil.copy(copy, home / "members.db")
    shutil.copy(key, home / "members.db.key")
    with serving(Settings(home / "members.db", AS_OF)) as served:
        index = served.community.index.view().index
        assert wanted <= set(index.member_ids())
        assert people[0].member_id not in index
        assert served.client.get(f"/v1/members/{people[1].member_id}/buddies").status_code == 200


def test_nothing_is_overwritten(tmp_path: Path, people: list[MemberProfile], run: Run) -> None:
    place, copy = tmp_path / "members.db", tmp_path / "copy.db"
    with serving(Settings(place, AS_OF)) as served:
        served.load(people[:3])
    copy.write_text("precious")
    said = run("backup", copy, "-d", place)
    assert (said.code, copy.read_text()) == (2, "precious")
    assert "is there already" in said.err
    assert run("backup", tmp_path / "no" / "folder.db", "-d", place).code == 2
    assert run("backup", tmp_path / "other.db", "-d", tmp_path / "missing.db").code == 2
    assert run("backup", tmp_path / "other.db", "-d", "postgresql://nobody@localhost:1/none").code == 2
    assert not (tmp_path / "other.db").exists()
