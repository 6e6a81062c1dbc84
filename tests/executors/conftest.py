"""Executors of every kind, and work for them."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

import pytest

from matcher import MemberProfile, sample_members
from matcher.executors.opening import open_executor

LEFT_OPEN = pytest.mark.filterwarnings("ignore:.*unclosed <socket|Exception ignored in. <socket")


def local_cluster(workers: int) -> Any:
    """Worker processes that share nothing with this one but the machine."""
    distributed: Any = importlib.import_module("distributed")
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
    )


@pytest.fixture(scope="session")
def dask() -> Iterator[Any]:
    """A Dask cluster of two workers."""
    with local_cluster(2) as made:
        yield made


@pytest.fixture(scope="session")
def processes() -> Iterator[Executor | None]:
    """Two processes of this machine."""
    with open_executor(2) as made:
        yield made


@pytest.fixture(autouse=True)
def no_sockets_left() -> Iterator[None]:
    """When a worker dies, distributed lets go of sockets without closing them. They are collected here, where that is
    known (``LEFT_OPEN``), and not under another test."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def members() -> list[MemberProfile]:
    return sample_members(400, seed=4)
