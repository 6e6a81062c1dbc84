"""Opens what runs work: nothing for this process, processes of this machine, or a Dask cluster by its address."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from matcher.executors.dask_cluster import cluster
from matcher.executors.local_processes import LocalProcesses


@contextmanager
def open_executor(workers: int = 1, address: str | None = None) -> Iterator[Executor | None]:
    """An executor for as long as the block lasts; results are the same bytes whichever it is.

    Args:
        workers: processes of this machine; with one, work is done in this process and there is no executor.
        address: of a Dask scheduler, such as ``tcp://10.0.0.5:8786``; then ``workers`` counts for nothing.

    Raises:
        ClusterError: within 10 seconds if the cluster does not answer, has no workers, or has workers that do not run
            this version of everything that results depend on.
    """
    if address is not None:
        with cluster(address) as executor:
            yield executor
    elif workers == 1:
        yield None
    else:
        processes = LocalProcesses(workers)
        try:
            yield processes
        finally:
            processes.shutdown(cancel_futures=True)


def expect_cluster(address: str | None) -> None:
    """Find out at once whether a cluster can be worked on, before members are read for minutes; of no address nothing.

    Raises:
        ClusterError: as :func:`open_executor`.
    """
    if address is not None:
        with cluster(address):
            pass
