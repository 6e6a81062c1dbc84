"""What differs between two rematches, read from their files: ties, members, figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.errors import ReadingError
from service.reports.rematch_files import FORMAT, VERSION, made_by
from service.reports.table_files import Columns, write_csv, write_parquet
from service.reports.whole_folder import MANIFEST, aside_of, digest, write_json

Where = Literal["both", "first", "second"]
_ACCEPTED = f"a folder that `peer-matcher rematch` has written, version {VERSION}"
_KEY = ("kind", "member_id", "peer_id")
COLUMNS: dict[str, Columns] = {
    "ties": {**dict.fromkeys((*_KEY, "in"), pa.string()), "score_first": pa.float64(), "score_second": pa.float64()},
    "members": dict.fromkeys(("kind", "member_id", "with_first", "with_second"), pa.string()),
    "metrics": {
        **dict.fromkeys(("plan", "kind", "metric"), pa.string()),
        **dict.fromkeys(("first", "second", "difference"), pa.float64()),
    },
}
DIFF_FILES = (*(f"{table}.{ending}" for table in COLUMNS for ending in ("parquet", "csv")), MANIFEST)
"""Everything that is written of a diff."""


class KindCounts(NamedTuple):
    """How two runs differ in one kind of tie; of groups, members in them.

    Attributes:
        kind: of the ties.
        both, first, second: ties in both runs, and in one only.
        members: whose ties of that kind are not the same.
    """

    kind: str
    both: int
    first: int
    second: int
    members: int


@dataclass(frozen=True, slots=True)
class RunDiff:
    """What differs between two runs.

    Attributes:
        first, second: their manifests.
        kinds: counts a kind.
        ties: a row for every tie of either.
        members: a row for everybody whose ties of a kind are not the same, with whom they are tied in each.
        metrics: a row for every figure of either.
        notes: what else is not the same, in words: the members, the history, the config, the day.
    """

    first: dict[str, Any]
    second: dict[str, Any]
    kinds: tuple[KindCounts, ...]
    ties: tuple[dict[str, Any], ...]
    members: tuple[dict[str, Any], ...]
    metrics: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


def diff_runs(first: Path, second: Path) -> RunDiff:
    """Compare two folders of rematches. O(ties).

    Raises:
        ReadingError: if one is no such folder, is not whole, or a file in it is not what its manifest says.
    """
    one, other = _read(first), _read(second)
    ties: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    counts = []
    for kind in [kind for kind in ("buddy", "mentor", "group") if kind in {*one.ties, *other.ties}]:
        before, after = one.ties.get(kind, {}), other.ties.get(kind, {})
        for key in sorted(before.keys() | after.keys()):
            where: Where = "both" if key in before and key in after else "first" if key in before else "second"
            scores = {"score_first": before.get(key), "score_second": after.get(key)}
            ties.append({"kind": kind, "member_id": key[0], "peer_id": key[1], "in": where, **scores})
        changed = _changed(kind, before, after)
        members += changed
        both = len(before.keys() & after.keys())
        counts.append(KindCounts(kind, both, len(before) - both, len(after) - both, len(changed)))
    notes = tuple(
        words
        for key, words in (
            ("members", "the members are not the same"),
            ("history", "the history is not the same"),
            ("config", "the config is not the same"),
        )
        if one.manifest[key]["hash"] != other.manifest[key]["hash"]
    )
    notes += tuple(
        f"the {words} is not the same"
        for key, words in (("as_of", "day"), ("seed", "seed"), ("made_by", "program's version"))
        if one.manifest[key] != other.manifest[key]
    )
    return RunDiff(
        one.manifest, other.manifest, tuple(counts), tuple(ties), tuple(members), tuple(_metrics(one, other)), notes
    )


def write_diff(folder: Path, diff: RunDiff) -> dict[str, Any]:
    """Write the tables of a diff as Parquet and CSV, the manifest last.

    Returns:
        The manifest.
    """
    with aside_of(folder, DIFF_FILES) as aside:
        files: dict[str, dict[str, Any]] = {}
        for name, rows in (("ties", diff.ties), ("members", diff.members), ("metrics", diff.metrics)):
            for ending, write in (("parquet", write_parquet), ("csv", write_csv)):
                path = aside / f"{name}.{ending}"
                write(path, COLUMNS[name], rows)
                files[path.name] = {"rows": len(rows), "sha256": digest(path)}
        keys = ("as_of", "seed", "members", "history", "config", "counts")
        manifest = {
            "format": f"{FORMAT} diff",
            "version": VERSION,
            "made_by": made_by(),
            "first": {key: diff.first[key] for key in keys},
            "second": {key: diff.second[key] for key in keys},
            "kinds": [one._asdict() for one in diff.kinds],
            "notes": diff.notes,
            "files": files,
        }
        write_json(aside / MANIFEST, manifest)
    return manifest


@dataclass(frozen=True, slots=True)
class _Run:
    """One run: its manifest, scores of its ties by kind and ids, and its figures by plan, kind and name."""

    manifest: dict[str, Any]
    ties: dict[str, dict[tuple[str, str], float | None]]
    metrics: dict[tuple[str, str, str], float | None]


def _read(folder: Path) -> _Run:
    manifest = _manifest(folder)
    ties: dict[str, dict[tuple[str, str], float | None]] = {}
    for row in _rows(folder, manifest, "ties"):
        ties.setdefault(row["kind"], {})[row["member_id"], row["peer_id"]] = row["score"]
    if "groups_members.parquet" in manifest["files"]:
        places = _rows(folder, manifest, "groups_members")
        ties["group"] = {(row["member_id"], row["group"]): row["fit"] for row in places}
    metrics = {
        (row["plan"], row["kind"], name): value
        for row in _rows(folder, manifest, "metrics")
        for name, value in row.items()
        if name not in {"plan", "kind"}
    }
    return _Run(manifest, ties, metrics)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found: Any = msgspec.json.decode((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ReadingError(str(folder), f"holds no {MANIFEST}, so it is no whole run", _ACCEPTED) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReadingError(str(folder / MANIFEST), "is no JSON", _ACCEPTED) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ReadingError(str(folder), "is not of a rematch", _ACCEPTED)
    if found.get("version") != VERSION:
        raise ReadingError(str(folder), "is of another version", _ACCEPTED)
    return found


def _rows(folder: Path, manifest: dict[str, Any], table: str) -> list[dict[str, Any]]:
    path = folder / f"{table}.parquet"
    if not path.is_file() or digest(path) != manifest["files"].get(path.name, {}).get("sha256"):
        raise ReadingError(str(path), "is not the file that the manifest tells of", _ACCEPTED)
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _changed(
    kind: str, before: dict[tuple[str, str], float | None], after: dict[tuple[str, str], float | None]
) -> list[dict[str, Any]]:
    sides = [_partners(kind, before), _partners(kind, after)]
    return [
        {"kind": kind, "member_id": member, "with_first": "; ".join(old), "with_second": "; ".join(new)}
        for member in sorted(sides[0].keys() | sides[1].keys())
        for old, new in [(sorted(sides[0].get(member, ())), sorted(sides[1].get(member, ())))]
        if old != new
    ]


def _partners(kind: str, ties: dict[tuple[str, str], float | None]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one, other in ties:
        found.setdefault(one, []).append(other)
        if kind != "group":
            found.setdefault(other, []).append(one)
    return found


def _metrics(one: _Run, other: _Run) -> list[dict[str, Any]]:
    keys = dict.fromkeys((*one.metrics, *other.metrics))
    rows = []
    for plan, kind, metric in keys:
        first, second = one.metrics.get((plan, kind, metric)), other.metrics.get((plan, kind, metric))
        difference = None if first is None or second is None else second - first
        if first is not None or second is not None:
            told = {"first": first, "second": second, "difference": difference}
            rows.append({"plan": plan, "kind": kind, "metric": metric, **told})
    return rows
