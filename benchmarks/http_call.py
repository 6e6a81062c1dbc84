"""What does HTTP add to a request?

A real service (``peer-matcher serve`` over an embedded database that ``peer-matcher import`` filled) is asked over
loopback, in turns with a bare FastAPI route that holds the same JSON ready, and with the same request in process. One
client, one connection kept alive to each; the client's own time is in both.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.community import DAY, drawn
from benchmarks.measuring import WARM_UP, in_turns
from benchmarks.request import who_may_ask
from benchmarks.tables import Table, ms, percent, ratio, verdict
from matcher.buddies.recommend import recommend_buddies
from matcher.index.member_index import MemberIndex
from matcher.members.writing import write_members

SIZES = (100_000,)
SEEKERS, QUICK_SEEKERS = 500, 100
K = 10
BAR = 2.0
"""Bare routes that a call may take on top of the time in process."""
READY_WITHIN_S = 600.0
PROJECT = Path(__file__).resolve().parent.parent


class Client:
    """One kept-alive connection."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port)
        self._headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        self._connection.request("GET", path, headers=self._headers)
        reply = self._connection.getresponse()
        return reply.status, reply.read()

    def buddies(self, member_id: str) -> bytes:
        """The call that is measured."""
        status, body = self.get(f"/v1/members/{member_id}/buddies?k={K}")
        if status != http.client.OK:
            raise ConnectionError(f"status {status}: {body.decode()}")
        return body


@dataclass(frozen=True, slots=True)
class Server:
    """A server in a process of its own."""

    url: str
    process: int

    def processor(self) -> float:
        """Seconds that it has spent on processors."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """One table a size."""
    for size in sizes or ((20_000,) if quick else SIZES):
        with tempfile.TemporaryDirectory(prefix="peer-matcher-bench-") as folder:
            yield _table(size, QUICK_SEEKERS if quick else SEEKERS, Path(folder))


def _table(size: int, seekers: int, folder: Path) -> Table:
    members, database = folder / "members.parquet", folder / "members.db"
    write_members(drawn(size), members)
    _command("import", str(members), "--database", str(database), "--as-of", DAY.isoformat())
    making = ("keys", "create", "--role", "platform", "--requests-per-minute", "0", "--database", str(database))
    key = _command(*making).strip()
    serve = ("service.cli", "serve", "--database", str(database), "--port", "0", "--as-of", DAY.isoformat(), "--quiet")
    index = MemberIndex.build(drawn(size), DAY)
    names = who_may_ask(index, "buddy", seekers)
    with _running(*serve) as service:
        asking = Client(service.url, key)
        _wait_until_ready(asking)
        answers = folder / "answers.json"
        answers.write_text(json.dumps({name: json.loads(asking.buddies(name)) for name in names}), encoding="utf-8")
        with _running("benchmarks.bare_route", str(answers)) as bare:
            before = {"bare route": bare.processor(), "service": service.processor()}
            turns = in_turns(
                {
                    "in process": lambda name: recommend_buddies(index, name, K),
                    "bare route": Client(bare.url, key).buddies,
                    "service": Client(service.url, key).buddies,
                },
                names,
            )
            asked = len(names) + WARM_UP
            worked = {
                "in process": float(turns.times["in process"].processor.mean()),
                "bare route": (bare.processor() - before["bare route"]) / asked,
                "service": (service.processor() - before["service"]) / asked,
            }
    certified = [json.loads(body)["certified"] for body in turns.answers["service"]]
    same = [
        json.loads(a) == json.loads(b)
        for a, b in zip(turns.answers["bare route"], turns.answers["service"], strict=True)
    ]
    table = Table(
        f"HTTP over loopback, {size:,} members in an embedded database, k={K}, {seekers} seekers",
        ("what", "p50 ms", "p95 ms", "cpu ms, mean", "p50 against the bare route", "cpu", "bar on p50"),
        notes=(
            f"Answers certified: {percent(sum(certified) / seekers)}; the same JSON as the bare route's: "
            f"{percent(sum(same) / seekers)}.",
            "cpu: of the server's process alone, without the client's and the kernel's share of a round trip.",
        ),
    )
    inside, route, whole = (turns.times[name] for name in worked)
    table.add("in process", ms(inside.p50), ms(inside.p95), ms(worked["in process"]), "", "", "")
    table.add("bare FastAPI route", ms(route.p50), ms(route.p95), ms(worked["bare route"]), "", "", "")
    times_cpu = ratio(worked["service"] / worked["bare route"])
    table.add("service", ms(whole.p50), ms(whole.p95), ms(worked["service"]), ratio(whole.over(route)), times_cpu, "")
    added, added_cpu = whole.p50 - inside.p50, worked["service"] - worked["in process"]
    table.add(
        "service less in process",
        ms(added),
        "",
        ms(added_cpu),
        ratio(added / route.p50),
        ratio(added_cpu / worked["bare route"]),
        verdict(added / route.p50, BAR),
    )
    return table


def _command(*arguments: str) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=PROJECT).stdout


@contextmanager
def _running(module: str, *arguments: str) -> Iterator[Server]:
    """A process that prints its address on its first line; told to stop at the end."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            yield Server(next(word for word in said.split() if word.startswith("http://")), process.pid)
        finally:
            process.terminate()


def _wait_until_ready(client: Client) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while client.get("/readyz")[0] != http.client.OK:
        if time.monotonic() > until:
            raise TimeoutError(f"the service was not ready within {READY_WITHIN_S:.0f} s")
        time.sleep(0.2)
