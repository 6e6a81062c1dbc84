"""Storing rows, in this process or in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from service.storage import members
from service.storage.database import Database
from tests.database_places import Place

AT = "2026-01-02T03:04:05.000006+00:00"
_PROGRAM = """
import os, sys
from service.database_url import database_target
from service.storage.database import Database
from tests.storage_contract.writers import store
database = Database.open(database_target(os.environ["PEER_MATCHER_DATABASE"]))
print("ready", flush=True)
sys.stdin.readline()
for turn in range(int(sys.argv[2])):
    store(database, {f"{sys.argv[1]}-{turn}-{part}": "{}" for part in range(3)})
database.close()
"""


def store(database: Database, profiles: dict[str, str]) -> dict[str, members.MemberRow]:
    """Store profiles in one transaction."""
    with database.writing() as connection:
        present = members.some(connection, list(profiles))
        return members.write(connection, profiles, present, AT)


@contextmanager
def writing_processes(place: Place, count: int, turns: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that open the database at once, and then each store three members in each of ``turns`` transactions."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, f"process{number}", str(turns)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PEER_MATCHER_DATABASE": place.text, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for number in range(count)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
        yield processes
        assert [process.wait(60) for process in processes] == [0] * count
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
