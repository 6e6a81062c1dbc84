"""A service that is asked by several clients at once, dies again and again, and has to have kept its word each time."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from service.storage.database import Database
from tests.faults.arena import Arena
from tests.faults.crash_points import SERVING
from tests.faults.http_client import Client, CutOffError
from tests.faults.island import Island, all_feedback
from tests.faults.launcher import Crashing
from tests.faults.running import Running, Site

CLIENTS = 4
SHARED = 0.15
"""Part of the steps that concern members of all clients."""
OFTEN = {"before-commit": 0.5, "after-commit": 0.5, "after-apply": 0.15, "in-import-chunk": 0.03}
"""How many times an operation each point is reached, about; the others once a snapshot or for each of its parts."""
PARTS = 25
"""Of a snapshot, about."""
LATE = 3
"""So many answers of 10,000 may come too late, where the machine has other things to do."""


@dataclass
class Tally:
    """What happened."""

    operations: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    cut_off: Counter[str] = field(default_factory=Counter)
    """Operations whose outcome nobody was told, by why."""
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.operations} operations, {dict(self.deaths)}, {dict(self.cut_off)}, {self.seconds:.1f} s"


class Lives:
    """The life of one database through many lives of its service."""

    def __init__(self, site: Site, headers: dict[str, str], seed: int, database: Database) -> None:
        self._site = site
        self._headers = headers
        self._seed = seed
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.tally = Tally()
        self.arena = Arena()
        self.islands = [Island(f"isle{number}", seed, lambda: all_feedback(database)) for number in range(CLIENTS)]

    def live(self, operations: int, budget: int) -> Tally:
        """Do ``operations`` with a death after ``budget`` of them at the latest; at the end compare everything."""
        began = time.monotonic()
        for how in self._ways_to_die():
            if self.tally.operations >= operations and self.tally.deaths.keys() >= {"anywhere", *SERVING}:
                break
            self._one_life(how, budget)
        self._last_look()
        self.tally.seconds = time.monotonic() - began
        assert self.tally.cut_off.keys() <= {"killed", "timeout"}, self.tally
        assert self.tally.cut_off["timeout"] <= LATE * max(1, self.tally.operations // 10_000), self.tally
        return self.tally

    def _ways_to_die(self) -> Iterator[str]:
        while True:
            ways = ["anywhere", *SERVING]
            self._random.shuffle(ways)
            yield from ways

    def _one_life(self, how: str, budget: int) -> None:
        crashing = None
        if how != "anywhere":
            latest = PARTS if how == "in-snapshot" else int(OFTEN.get(how, 0) * budget)
            number = self._random.randint(1, max(1, latest))
            crashing = Crashing(how, number, self._site.folder / "evidence")
            crashing.evidence.unlink(missing_ok=True)
        running = self._site.serve(crashing)
        if running is not None:
            left = iter(range(self._random.randint(budget // 2, budget)))
            self._everybody(running, lambda client, number: self._work(running, client, number, left))
            running.process.kill()
            assert running.process.wait() == -9
        died = how if crashing is not None and crashing.evidence.exists() else "anywhere"
        self.tally.deaths[died] += 1

    def _everybody(self, running: Running, work: Callable[[Client, int], None]) -> None:
        def one(number: int) -> None:
            with Client(running.url, self._headers) as client:
                try:
                    work(client, number)
                except CutOffError as error:
                    self._cut_off(running, error)

        with ThreadPoolExecutor(CLIENTS) as pool:
            for _ in pool.map(one, range(CLIENTS)):
                pass

    def _cut_off(self, running: Running, error: CutOffError) -> None:
        """Nobody hangs up but who dies, and whoever is dead answers nothing."""
        if error.told is None:
            with Client(running.url, {}) as client, pytest.raises(CutOffError):
                raise AssertionError(client.ask("GET", "/livez")) from error
        with self._lock:
            self.tally.cut_off[error.told or "killed"] += 1

    def _work(self, running: Running, client: Client, number: int, left: Iterator[int]) -> None:
        island = self.islands[number]
        rng = random.Random(f"{self._seed} {number} {self.tally.operations}")
        island.settle(client)
        while self._may_go_on(left):
            if rng.random() < SHARED:
                self.arena.step(client, rng)
            else:
                island.step(client)
        running.process.kill()  # while others are in the middle of theirs

    def _may_go_on(self, left: Iterator[int]) -> bool:
        with self._lock:
            if next(left, None) is None:
                return False
            self.tally.operations += 1
            return True

    def _last_look(self) -> None:
        running = self._site.serve()
        assert running is not None
        seen: list[int] = []

        def look(client: Client, number: int) -> None:
            self.islands[number].settle(client)
            self.islands[number].look_back(client)
            if number == 0:
                self.arena.check_all(client)
            seen.append(number)

        self._everybody(running, look)
        assert sorted(seen) == list(range(CLIENTS))
        assert running.stop() in {0, -signal.SIGTERM}  # in good order, and then by the signal that asked for it
