"""What does a request wait for when others ask, and what happens when more is asked than can be answered?

A real service over an embedded database is asked for buddies while 200 profiles a second are changed. First as much as
it can answer (closed loop, a few clients), then at 80% of that and at three times that (open loop: requests are sent
when they are due, and timed from then on), and at 80% once more, so that a machine that becomes slower or faster
meanwhile is not taken for the service. The client is a process of its own on the same machine.

Clients who wait for each other's answers ask less whenever the machine is slow; whoever comes by himself does not. So
it is also told at which pace nobody has to be refused, and what 80% of that is like, and what the service would answer
if it kept no reserve of time.
"""

from __future__ import annotations

import asyncio
import functools
import http.client
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import numpy as np

from benchmarks.community import DAY, drawn
from benchmarks.http_call import Client as OneCall
from benchmarks.http_call import _command, _running, _wait_until_ready
from benchmarks.load_client import Client, Tally, at_pace, one_after_the_other, request_bytes, run
from benchmarks.machine_speed import MachineSpeed
from benchmarks.request import who_may_ask
from benchmarks.tables import Table, ms, percent, ratio, verdict
from matcher.index.member_index import MemberIndex
from matcher.members.profile import MemberProfile
from matcher.members.writing import write_members

SIZES = (20_000,)
SECONDS, QUICK_SECONDS, WARM_UP_S, PAUSE_S = 60.0, 5.0, 3.0, 2.0
CHANGES_A_SECOND = 200
AT_ONCE = 8
SHARE, TIMES = 0.8, 3.0
STEPS = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
"""Paces, as shares of what clients who wait can ask for, tried one after the other until nobody is refused."""
STEP_SHARE = 1 / 3
"""Of the time of a phase, for each of them."""
SEEKERS = 2_000
ALL_OF_IT = ("--search-share", "1")
"""How the service is told to keep no reserve."""
BAR = 4.0
"""The 99th percentile against the median at 80%."""
KEPT = 1.25
"""The 99th percentile at three times against that at 80%."""
_REFUSED = (429, 503)
_BEFORE, _TOO_MUCH, _AFTER = f"{percent(SHARE)} of that", f"{TIMES:.0f} times that", f"{percent(SHARE)} of that again"


class Phase(NamedTuple):
    """What came of asking in one way."""

    seconds: float
    asked: Tally
    changed: Tally
    speed: MachineSpeed

    @property
    def answered(self) -> float:
        """Searches a second."""
        return self.asked.count(http.client.OK) / self.seconds


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """One table a size."""
    for size in sizes or SIZES:
        with tempfile.TemporaryDirectory(prefix="peer-matcher-bench-") as folder:
            yield _table(size, QUICK_SECONDS if quick else SECONDS, Path(folder))


def _table(size: int, seconds: float, folder: Path) -> Table:
    members, database = folder / "members.parquet", folder / "members.db"
    everybody = list(drawn(size))
    write_members(iter(everybody), members)
    _command("import", str(members), "--database", str(database), "--as-of", DAY.isoformat())
    making = ("keys", "create", "--role", "platform", "--requests-per-minute", "0", "--database", str(database))
    key = _command(*making).strip()
    names = who_may_ask(MemberIndex.build(everybody, DAY), "buddy", SEEKERS)
    asking = [request_bytes("GET", f"/v1/members/{name}/buddies?k=10", key) for name in names]
    # One after the other through all phases: what was put before in the same words would change nothing.
    changing = _changes(everybody[: round(CHANGES_A_SECOND * seconds)], key)
    told: dict[str, Phase] = {}
    serve = ["service.cli", "serve", "--database", str(database), "--port", "0", "--as-of", DAY.isoformat()]
    serve += ["--quiet", "--workers", "0"]
    with _asking([*serve, *ALL_OF_IT], key, asking, changing, seconds) as asked:
        told["as much as it can, without a reserve"] = asked(None, STEP_SHARE * seconds)
    with _asking(serve, key, asking, changing, seconds) as asked:
        told["as much as it can"] = most = asked(None, seconds)
        capacity = most.answered
        told[_BEFORE] = asked(SHARE * capacity, seconds)
        told[_TOO_MUCH] = asked(TIMES * capacity, seconds)
        told[_AFTER] = asked(SHARE * capacity, seconds)
        for step in STEPS:
            last = asked(step * capacity, STEP_SHARE * seconds)
            if not last.asked.count(*_REFUSED) + last.changed.count(*_REFUSED):
                told["without a refusal"] = last
                told[f"{percent(SHARE)} of the last"] = asked(SHARE * step * capacity, seconds)
                break
    return _printed(size, seconds, told)


@contextmanager
def _asking(
    serve: Sequence[str], key: str, asking: Sequence[bytes], changing: Iterator[bytes], seconds: float
) -> Iterator[Callable[[float | None, float], Phase]]:
    """A service that is ready and warm, to be asked at a pace for so many seconds."""
    with _running(*serve) as service:
        _wait_until_ready(OneCall(service.url, key))
        parts = urlsplit(service.url)
        address = parts.hostname or "127.0.0.1", parts.port or http.client.HTTP_PORT
        asked = functools.partial(_phase, address, asking, changing)
        asked(None, min(seconds, WARM_UP_S))
        yield asked


def _phase(
    address: tuple[str, int], asking: Sequence[bytes], changing: Iterator[bytes], a_second: float | None, length: float
) -> Phase:
    """Ask at a pace, or with a few clients who wait, while members are changed, and then nothing for a moment."""
    phase = Phase(length, Tally(), Tally(), MachineSpeed())

    async def work() -> None:
        readers, writers = Client(*address), Client(*address)
        reading = (
            one_after_the_other(readers, asking, AT_ONCE, length, phase.asked)
            if a_second is None
            else at_pace(readers, itertools.cycle(asking), a_second, length, phase.asked)
        )
        writing = at_pace(writers, changing, CHANGES_A_SECOND, length, phase.changed)
        await asyncio.gather(reading, writing, phase.speed.watch(length))
        readers.close()
        writers.close()
        await asyncio.sleep(PAUSE_S)

    run(work())
    return phase


def _changes(members: Sequence[MemberProfile], key: str) -> Iterator[bytes]:
    """A change for each of the members, and then another one, and so on."""
    made = [
        [
            request_bytes(
                "PUT",
                f"/v1/members/{member.member_id}",
                key,
                msgspec.json.encode(member.model_dump(mode="json", exclude_defaults=True) | {"buddy_capacity": room}),
            )
            for member in members
        ]
        for room in (2, 3)
    ]
    return itertools.cycle(itertools.chain.from_iterable(made))


def _printed(size: int, seconds: float, told: dict[str, Phase]) -> Table:
    columns = (
        "asked",
        "a second",
        "answered",
        "refused",
        "errors",
        "p50 ms",
        "p99 ms",
        "max ms",
        "p99/p50",
        "bar",
        "machine",
    )
    table = Table(
        f"Buddies of {size:,} members beside {CHANGES_A_SECOND} changed profiles a second",
        columns,
        notes=(
            f"Each line: {seconds:.0f} s, so that what comes every few seconds is in all of them alike; a third for",
            f"the highest pace of {', '.join(map(percent, STEPS))} at which nobody was refused.",
            "Times of those that were answered, from the moment at which they were due. Refused: 503 or 429.",
            "Machine: how many times as long as at its best it took for the same work, at the median and the 90th",
            "percentile of all moments: others share its processors.",
            f"Without a reserve ({' '.join(ALL_OF_IT)}): a third of the time.",
            f"Bar: p99 of at most {BAR:.0f} medians and no refusal at {percent(SHARE)}; at three times a p99 of",
            f"at most {KEPT:.2f} times that of the {percent(SHARE)} before and after it together.",
        ),
    )
    fastest = min(phase.speed.fastest() for phase in told.values())
    usual = np.percentile(np.concatenate([told[name].asked.times(http.client.OK) for name in (_BEFORE, _AFTER)]), 99)
    for name, (length, asked, changed, speed) in told.items():
        for what, tally in ((name, asked), ("  beside it, changes", changed)):
            times = tally.times(http.client.OK, http.client.CREATED)
            if not len(times):
                times = np.array([np.nan])
            p50, p99 = (float(np.percentile(times, share)) for share in (50, 99))
            refused = tally.count(*_REFUSED)
            answered = tally.count(http.client.OK, http.client.CREATED)
            errors = tally.asked - answered - refused
            bar = ""
            if what.startswith(percent(SHARE)):
                bar = verdict(p99 / p50 if not refused + errors else np.inf, BAR)
            elif what == _TOO_MUCH:
                kept = p99 / float(usual)
                bar = f"{ratio(kept)} {verdict(kept if not errors else np.inf, KEPT)}"
            pace = f"{tally.asked / length:,.0f}"
            share = percent(refused / max(tally.asked, 1))
            cells = (pace, f"{answered / length:,.0f}", share, errors, ms(p50), ms(p99), ms(float(times.max())))
            table.add(what, *cells, ratio(p99 / p50), bar, speed.slowness(fastest))
        table.divide()
    return table
