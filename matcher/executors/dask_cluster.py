"""A Dask cluster by its address, as an executor. ``distributed`` is imported only here, and only when it is wanted."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from matcher.errors import ClusterError
from matcher.executors.engine_version import difference, engine_version
from matcher.executors.held import forget

ANSWER_SECONDS = 6
"""How long a scheduler may take to answer."""
WAIT_SECONDS = 60
"""How long work waits for a worker when all are gone."""
STILL = 3
"""How often all workers are found idle before nothing of ours is on its way to them any more."""
TRIES = 3
"""How often a task that failed is done again before its error counts."""
_SCHEDULER = "the address of a running Dask scheduler, such as tcp://10.0.0.5:8786"
PIECE_BYTES = 1 << 26
"""What is shipped goes in pieces of this size, so that no scheduler holds more of it at once."""


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The cluster of a scheduler, for as long as the block lasts. Afterwards, however it ends, its workers hold no data
    of ours.

    Raises:
        ClusterError: if ``distributed`` is not installed, nobody answers at ``address``, there are no workers, or one
            of them differs from this machine in what results depend on.
    """
    try:
        import distributed
    except ImportError:
        raise ClusterError(
            address, "the package distributed is not installed", "pip install 'peer-matcher[cluster]'"
        ) from None
    dask: Any = distributed
    _expect_scheduler(dask, address)
    try:
        client = dask.Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(address, f"does not answer: {_in_short(error)}", _SCHEDULER) from error
    try:
        _expect_same_engine(client, address)
        executor = client.get_executor(pure=False, retries=TRIES)
        try:
            yield executor
        except BaseException:
            _stop(client, executor)
            raise
        finally:
            _forget(client)
    finally:
        client.close(timeout=ANSWER_SECONDS)


def _forget(client: Any) -> None:
    with suppress(Exception):  # a cluster that is gone holds nothing any more
        client.run(forget)


def _stop(client: Any, executor: Executor) -> None:
    """Wait until nobody is doing or about to do what was still to be done: for that it would be read again.

    A worker hears of it a little later, so all have to be found idle several times. Where others keep them busy, the
    wait ends all the same.
    """
    with suppress(Exception):
        executor.shutdown(wait=False)
        idle, until = 0, time.monotonic() + ANSWER_SECONDS
        while idle < STILL and time.monotonic() < until:
            time.sleep(0.1)
            idle = 0 if any(client.run(_at_work).values()) else idle + 1


def _at_work(dask_worker: Any) -> bool:
    """Whether a worker is doing anything or about to, for whomever."""
    state = dask_worker.state
    return bool(state.executing_count or state.ready or state.waiting)


def _expect_scheduler(dask: Any, address: str) -> None:
    """Ask who is there, before a client is made that would not give up on whoever answers something else."""

    async def identity() -> Any:
        security = dask.Security().get_connection_args("client")
        async with dask.rpc(address, timeout=ANSWER_SECONDS, connection_args=security) as there:
            return await there.identity()

    try:
        found = asyncio.run(asyncio.wait_for(identity(), ANSWER_SECONDS))
    except (OSError, ValueError) as error:
        raise ClusterError(address, f"does not answer: {_in_short(error)}", _SCHEDULER) from error
    except Exception as error:  # whatever a stranger's bytes lead to
        raise ClusterError(address, "answers, but not as a Dask scheduler does", _SCHEDULER) from error
    if found.get("type") != "Scheduler":
        raise ClusterError(address, f"is a {found.get('type', 'stranger')}", _SCHEDULER)


def _expect_same_engine(client: Any, address: str) -> None:
    same = "workers that run the same versions as this machine"
    if not client.scheduler_info(n_workers=-1)["workers"]:
        raise ClusterError(address, "the cluster has no workers", same)
    try:
        found: dict[str, dict[str, str]] = client.run(engine_version)
    except Exception as error:
        raise ClusterError(address, f"its workers cannot run the engine: {_in_short(error)}", same) from error
    ours = engine_version()
    for worker, theirs in sorted(found.items()):
        if differs := difference(ours, theirs):
            raise ClusterError(address, f"worker {worker}: {differs}", same)


def _in_short(error: BaseException) -> str:
    return (str(error).splitlines() or [f"no word in {ANSWER_SECONDS} s ({type(error).__name__})"])[0]


def client_of(executor: Executor) -> Any | None:
    """The client behind an executor of Dask's; ``None`` for any other executor."""
    dask = sys.modules.get("distributed")
    if dask is None or not isinstance(executor, dask.cfexecutor.ClientExecutor):
        return None
    return executor._client  # there is no public way to hand out data by an executor


def ship_pieces(client: Any, path: Path) -> list[Any]:
    """Have every worker hold the bytes of a file, in pieces.

    Raises:
        ClusterError: if no worker takes them.
    """
    pieces = []
    try:
        client.wait_for_workers(1, timeout=WAIT_SECONDS)
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                pieces.append(client.scatter(piece, broadcast=True, hash=False, timeout=WAIT_SECONDS))
    except (OSError, TimeoutError) as error:
        address = getattr(client.scheduler, "address", "the cluster")
        raise ClusterError(address, f"no worker takes data: {_in_short(error)}", "a running worker") from error
    return pieces


def are_gone(pieces: Any) -> bool:
    """Whether what was shipped was lost with all workers who held it; never so for a file."""
    return isinstance(pieces, list) and any(piece.status in {"cancelled", "error", "lost"} for piece in pieces)


def losses() -> tuple[type[BaseException], ...]:
    """Errors that say that workers died, not that their work was wrong."""
    dask = sys.modules.get("distributed")
    return () if dask is None else (dask.KilledWorker,)
