"""Workers of this machine end with whom they work for, however that ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASKS = """
import os, time
from matcher.executors.local_processes import LocalProcesses

def work():
    time.sleep(0.2)
    return os.getpid()

if __name__ == "__main__":
    processes = LocalProcesses(2)
    asked = [processes.submit(work) for _ in range(4)]
    print(*{one.result() for one in asked}, flush=True)
    input()
"""


def runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_workers_of_a_killed_process_end(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(ASKS)
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as asking:
        assert asking.stdout is not None
        workers = [int(process) for process in asking.stdout.readline().split()]
        assert workers
        assert all(map(runs, workers))
        asking.kill()
        asking.wait()
        until = time.monotonic() + 20
        while any(map(runs, workers)):
            assert time.monotonic() < until, "a worker waits for somebody who is gone"
            time.sleep(0.02)
