"""A paired community as files: tables for programs and spreadsheets, and a manifest that says how they came about."""

from __future__ import annotations

import csv
import dataclasses
import functools
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.graph.candidate_graph import WEIGHT_SCALE
from service.use_cases.pair_members import PairingRun
from service.use_cases.pairing_wish import PairingWish

MANIFEST = "manifest.json"
_TYPES: dict[str, pa.DataType] = {
    "score": pa.float64(),
    "score_rise": pa.float64(),
    "gain": pa.float64(),
    "eligible": pa.int32(),
}


def tables_of(run: PairingRun, mentoring: bool) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table by its name; ids only, no health data."""
    ids, graph, blocking = run.graph.member_ids, run.graph, run.solution.blocking_pairs
    first, second = ("seeker_id", "mentor_id") if mentoring else ("member_id", "peer_id")
    triads = [[ids[int(node)] for node in triad] for triad in run.solution.triads]
    return {
        "pairs": [{first: pair.member_id, second: pair.peer_id, "score": pair.score} for pair in run.made],
        "triads": [dict(zip(("one_id", "other_id", "third_id"), triad, strict=True)) for triad in triads],
        "unmatched": [dataclasses.asdict(left) for left in run.left_over],
        "blocking_pairs": [
            {first: ids[int(graph.u[edge])], second: ids[int(graph.v[edge])], "gain": float(size) / WEIGHT_SCALE}
            for edge, size in zip(blocking.edges, blocking.sizes, strict=True)
        ],
    }


_COLUMNS = {
    "pairs": ("score",),
    "triads": ("one_id", "other_id", "third_id"),
    "unmatched": ("member_id", "why", "score_rise", "eligible"),
    "blocking_pairs": ("gain",),
}


def write_run(folder: Path, run: PairingRun, wish: PairingWish, as_of: date, source: str) -> dict[str, Any]:
    """Write every table as Parquet and CSV, the manifest last: a folder with a manifest is whole.

    Returns:
        The manifest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    mentoring = wish.kind == "mentor"
    ends = ("seeker_id", "mentor_id") if mentoring else ("member_id", "peer_id")
    files: dict[str, dict[str, Any]] = {}
    for name, rows in tables_of(run, mentoring).items():
        columns = (*ends, *_COLUMNS[name]) if name in {"pairs", "blocking_pairs"} else _COLUMNS[name]
        for ending, write in (("parquet", _parquet), ("csv", _csv)):
            path = folder / f"{name}.{ending}"
            _whole(path, functools.partial(write, columns=columns, rows=rows))
            files[path.name] = {"rows": len(rows), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    manifest = _manifest(run, wish, as_of, source, files)
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    _whole(folder / MANIFEST, lambda file: file.write_bytes(text + b"\n"))
    return manifest


def _manifest(run: PairingRun, wish: PairingWish, as_of: date, source: str, files: Mapping[str, Any]) -> dict[str, Any]:
    solution = run.solution
    scores = np.array([pair.score for pair in run.made])
    bound = solution.upper_bound_all_pairs
    return {
        "made_by": f"peer-matcher {version('peer-matcher')}",
        "as_of": as_of,
        "source": source,
        "wish": dataclasses.asdict(wish),
        "members": len(run.graph),
        "candidate_pairs": int(run.graph.u.size),
        "pairs": len(run.made),
        "with_a_partner": run.shares[0],
        "could_have_one": run.shares[1],
        "score": {
            "total": solution.total_weight / WEIGHT_SCALE,
            "mean": float(scores.mean()) if scores.size else None,
            "worst_tenth": float(np.quantile(scores, 0.1)) if scores.size else None,
        },
        "status": solution.status,
        "objective": solution.objective_weight / WEIGHT_SCALE,
        "upper_bound": solution.upper_bound / WEIGHT_SCALE,
        "gap": solution.gap,
        "upper_bound_all_pairs": None if bound is None else bound / WEIGHT_SCALE,
        "blocking_pairs": len(solution.blocking_pairs),
        "files": files,
    }


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file aside and put it in its place in one step."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    try:
        write(Path(name))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _parquet(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    schema = pa.schema([pa.field(column, _TYPES.get(column, pa.string())) for column in columns])
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema=schema), path)


def _csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
