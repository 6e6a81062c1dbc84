"""Who was erased is found nowhere: not in rows, files, snapshots, logs, nor in what a database has not overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO

import pytest
from sqlalchemy import Text, cast, select

from matcher import MemberProfile
from service.logs import configure_logs
from service.storage.tables import metadata
from service.use_cases.erase_member import finish_erasures
from tests.database_places import POSTGRESQL, Place
from tests.postgresql_server import PostgresqlServer
from tests.service.conftest import Serve, Served, bearer, do_all_jobs
from tests.service.matches.conftest import person

NAME, ALIAS = "zq-Unmistakable-7c1", "Wobbling Quagga 9"
"""Of whom nothing is to be left."""


def crowd() -> list[MemberProfile]:
    return [person(f"member-{number:02}", time_zone="Europe/Lisbon") for number in range(11)]


class Life:
    """A service in whose every corner a member has left something."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.platform, self.staff = served.client.headers["authorization"], bearer(served.community, "coordinator")

    def ask(self, method: str, path: str, wanted: int, *, staff: bool = False, **more: Any) -> Any:
        headers = (self.staff if staff else {}) | more.pop("headers", {})
        reply = self.served.client.request(method, path, headers=headers, **more)
        assert reply.status_code == wanted, (path, reply.text)
        return reply.json() if reply.content and "json" in reply.headers["content-type"] else reply

    def work(self) -> None:
        do_all_jobs(self.served.community)

    def lived(self) -> tuple[str, str]:
        """Everything that members do; returns a match and a published plan."""
        self.served.load(crowd())
        wide = person(NAME, time_zone="Europe/Lisbon", blocked=["member-02"], alias=ALIAS)
        for profile in (wide.model_copy(update={"alias": None}), wide):
            self.served.put(profile)
        self.ask("PUT", f"/v1/members/{NAME}", 422, json={"alias": ALIAS, "birth_year": "x"})
        self.ask("GET", f"/v1/members/{NAME}/buddies", 200)
        self.ask("GET", "/v1/members/member-05/buddies", 200)
        self.ask("POST", "/v1/buddies:search", 200, json={"member_id": NAME})
        asked = {"kind": "buddy", "member_id": NAME, "peer_id": "member-00"}
        made = self.ask("POST", "/v1/matches", 201, json=asked, headers={"idempotency-key": "one-1"})
        self.ask("POST", f"/v1/matches/{made['match_id']}:accept", 200, json={"member_id": "member-00"})
        said = {"match_id": made["match_id"], "fit": 4, "keep": True}
        for member in (NAME, "member-00"):
            self.ask("POST", "/v1/feedback", 201, json=said | {"member_id": member})
            self.ask("GET", f"/v1/members/{member}/matches", 200)
        other = self.ask("POST", "/v1/matches", 201, json=asked | {"member_id": "member-01", "peer_id": NAME})
        self.ask("POST", f"/v1/matches/{other['match_id']}:decline", 200, json={"member_id": NAME, "reason": "no_time"})
        self.ask("POST", "/v1/matches", 409, json=asked)
        self.ask("POST", "/v1/blocks", 201, json={"member_id": "member-03", "blocked": NAME})
        return made["match_id"], self._grouped()

    def _grouped(self) -> str:
        spec = {"name": "Circles", "size": {"min": 3, "target": 4, "max": 5}, "together": [[NAME, "member-04"]]}
        address = ""
        for number in range(2):
            asked = {"spec": spec | {"who": {"exclude": [f"member-0{number + 8}"]}}, "iterations": 2}
            address = f"/v1/group-plans/{self.ask('POST', '/v1/group-plans', 202, staff=True, json=asked)['plan_id']}"
            self.work()
        assert NAME in str(self.ask("GET", address, 200, staff=True)["plan"]["groups"])
        tag = {"if-match": '"1"'}
        self.ask("POST", f"{address}:edit", 200, staff=True, headers=tag, json={"edit": "lock", "members": [NAME]})
        self.work()
        self.ask("GET", f"{address}/files/report.html", 200, staff=True)
        plan = {"plan_id": address.rpartition("/")[2]}
        self.ask("GET", f"/v1/members/{NAME}/why-not/member-03", 200, staff=True, params=plan)
        self.ask("GET", "/v1/members/member-09/placements", 200, staff=True, params=plan)
        self.ask("POST", f"{address}:publish", 200, staff=True, headers={"if-match": '"2"'})
        self.work()
        self.ask("POST", f"{address}:resolve", 202, staff=True, json={"keep_members": [NAME], "iterations": 2})
        return address


def rows_with(served: Served, *words: str) -> list[str]:
    """Which columns of which tables hold one of some words."""
    found = []
    with served.community.database.reading() as connection:
        for table in metadata.sorted_tables:
            for column in table.columns:
                texts = connection.execute(select(cast(column, Text))).scalars()
                found += [str(column) for text in texts if text and any(word in text for word in words)]
    return found


def files_with(*folders: Path) -> list[str]:
    """Files that hold the id or the alias, in any of the ways in which texts are written."""
    words = [word.encode(code) for word in (NAME, ALIAS) for code in CODES]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in paths if any(word in path.read_bytes() for word in words)]


CODES = ("utf-8", "utf-16-le")


@pytest.fixture
def searched(place: Place, tmp_path: Path, stored_in: str, request: pytest.FixtureRequest) -> list[Path]:
    """The folders in which everything is that is kept. The server does not recycle its log."""
    server: list[PostgresqlServer] = [request.getfixturevalue("postgresql")] if stored_in == POSTGRESQL else []
    return [tmp_path, *(one._folder for one in server)]


def test_nothing_is_left(serve: Serve, tmp_path: Path, searched: list[Path], silent_log: TextIO) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as log:
        configure_logs(stream=log)
        with serve(jobs_folder=tmp_path / "jobs") as served:
            match, address = Life(served).lived()
            assert len({place.split(".")[0] for place in rows_with(served, NAME)}) > 8, "there is much to be erased"
        assert files_with(*searched), "the search finds what there is"
        with serve(jobs_folder=tmp_path / "jobs") as served:
            life = Life(served)
            life.ask("DELETE", f"/v1/members/{NAME}", 204)
            assert rows_with(served, NAME, ALIAS) == []
            life.work()
            assert finish_erasures(served.community) in {0, 1}
            assert files_with(*searched) == [], "while the service runs"
            assert NAME not in served.community.index.view().index

            seen = life.ask("GET", f"/v1/members/member-00/matches/{match}", 200)
            assert (seen["state"], seen["peer_id"][:7]) == ("ended", "erased:")
            plan = served.client.get(address, headers=bearer(served.community, "admin")).json()
            assert plan["published_at"]
            assert sum("has left" in text for group in plan["plan"]["groups"] for text in group["warnings"]) == 1
            page = served.client.get(f"{address}/files/report.html", headers=bearer(served.community, "admin"))
            assert page.status_code == 200
            life.ask("DELETE", f"/v1/members/{NAME}", 404)
        log.flush()
        assert files_with(*searched) == [], "after the service has stopped"


def test_blocks_count_again_when_the_id_comes_back(serve: Serve, tmp_path: Path) -> None:
    with serve(jobs_folder=tmp_path / "jobs") as served:
        served.load(crowd())
        served.put(person(NAME, blocked=["member-02"]))
        life = Life(served)
        life.ask("POST", "/v1/blocks", 201, json={"member_id": "member-03", "blocked": NAME})
        life.ask("DELETE", f"/v1/members/{NAME}", 204)
        assert life.ask("GET", "/v1/members/member-03", 200)["blocked"] == []

        stored = served.put(person("member-04", blocked=[NAME])).json()
        assert stored["blocked"] == [], "a block of somebody who was erased brings the id not back"
        assert rows_with(served, NAME) == []
        unsaved = person(NAME).model_dump(mode="json", exclude_defaults=True)
        found = life.ask("POST", "/v1/buddies:search", 200, json={"profile": unsaved, "k": 50})
        assert {"member-02", "member-03", "member-04"}.isdisjoint(peer["member_id"] for peer in found["peers"])

        back = served.put(person(NAME)).json()
        assert back["blocked"] == ["member-02"]
        for other in ("member-03", "member-04"):
            assert life.ask("GET", f"/v1/members/{other}", 200)["blocked"] == [NAME]
        for other in ("member-02", "member-03", "member-04"):
            for pair in ((NAME, other), (other, NAME)):
                asked = dict(zip(("member_id", "peer_id"), pair, strict=True))
                assert life.ask("POST", "/v1/matches", 409, json={"kind": "buddy"} | asked)["type"].endswith("eligible")
        assert {"member-02", "member-03", "member-04"}.isdisjoint(served.peers(NAME, k=50))
        assert NAME in served.peers("member-05", k=50)


def test_a_block_of_somebody_who_was_erased_ends_what_is_open_with_them(serve: Serve) -> None:
    """As a block of anybody does: so what the blocker sees does not tell whether the other is there still."""
    with serve() as served:
        served.load([*crowd(), person(NAME)])
        life = Life(served)
        seen = {}
        for gone, other in ((False, "member-02"), (True, NAME)):
            asked = {"kind": "buddy", "member_id": other, "peer_id": "member-01"}
            address = f"/v1/matches/{life.ask('POST', '/v1/matches', 201, json=asked)['match_id']}"
            life.ask("POST", f"{address}:accept", 200, json={"member_id": other})
            if gone:
                life.ask("DELETE", f"/v1/members/{other}", 204)
            own = f"/v1/members/member-01/matches/{address.rpartition('/')[2]}"
            assert life.ask("GET", own, 200)["state"] == "proposed", "it stays open until it expires, whoever has gone"
            life.ask("POST", "/v1/blocks", 201, json={"member_id": "member-01", "blocked": other})
            found = life.ask("GET", own, 200)
            seen[gone] = (found["state"], found["your_answer"])
        assert seen == {False: ("expired", None), True: ("expired", None)}


def test_another_process_forgets_too_by_following_the_log(serve: Serve, tmp_path: Path) -> None:
    with serve() as one:
        one.load(crowd())
        one.put(person(NAME))
        with serve(index_folder=tmp_path / "elsewhere") as other:
            assert NAME in other.peers("member-05", k=50)
            other.community.index.save()
            assert list((tmp_path / "elsewhere").glob("*.index"))
            assert one.client.delete(f"/v1/members/{NAME}").status_code == 204
            assert NAME not in other.peers("member-05", k=50)
            assert NAME not in other.community.index.view().index
            assert not list((tmp_path / "elsewhere").glob("*.index")), "it held the member"
        with serve(index_folder=tmp_path / "elsewhere") as other:
            assert NAME not in other.peers("member-05", k=50)
