"""What workers are asked to do in tests; of a module, so that they find it by name."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matcher.executors import held


def add(thing: list[int], number: int) -> tuple[int, int]:
    """Whose sum, and by which process."""
    return sum(thing) + number, os.getpid()


def die_once(thing: list[int], number: int, fatal: int, marker: str) -> int:
    """Dies on one number, the first time."""
    if number == fatal:
        try:
            Path(marker).touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return sum(thing) + number


def die(thing: list[int]) -> None:
    """Dies whenever it is asked."""
    os.kill(os.getpid(), signal.SIGKILL)


def complain(thing: list[int], number: int) -> int:
    """Raises on three."""
    if number == 3:
        raise LookupError(f"no {number}")
    return number


def die_on_shard(search: Callable[..., bytes], marker: str, searcher: Any, first: int, *rest: Any) -> bytes:
    """Searches; the process dies at the second shard, the first time."""
    if first > 0:
        die_once([], 1, 1, marker)
    return search(searcher, first, *rest)


def count_reading(path: Path) -> list[int]:
    """Reads a thing and notes that it did, in a folder that the file names."""
    folder, *numbers = path.read_text(encoding="utf-8").split("\n")
    (Path(folder) / f"{os.getpid()}-{len(list(Path(folder).iterdir()))}").touch()
    return [int(number) for number in numbers]


def keys_held() -> list[str]:
    """What this worker holds."""
    return list(held._held)


def other_engine() -> dict[str, str]:
    """Versions of a worker that nobody has kept up to date."""
    from matcher.executors.engine_version import engine_version

    return {**engine_version(), "numpy": "1.0"}


def spend(thing: list[int], number: int) -> int:
    """Takes a while on a processor."""
    return sum(thing) + number + 0 * sum(range(5_000_000))
