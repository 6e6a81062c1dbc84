"""Taking a member out of rematches: each is put into a new revision without them, the earlier files go."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from matcher.grouping.spec import GroupSpec
from service import job_folders
from service.community import Community
from service.reports.whole_folder import MANIFEST, digest, write_json
from service.storage import rematches
from service.storage.rematches import RematchRow
from service.use_cases.audit import Event, note
from service.use_cases.group_plan_store import new_folder_name
from service.use_cases.rematch_store import CHANGES_FILE, changes_without, folder_of, read_changes, write_changes
from service.use_cases.without_member import names, spec_without


def erase_from_rematches(community: Community, member_id: str) -> int:
    """Take a member out of all rematches, applied ones, too. Returns how many.

    Rows of tables that name them go, and so do pages and other files that do; figures of everybody stay as they were
    measured. May be done again. O(files of rematches).
    """
    with community.database.reading() as connection:
        rows = rematches.planned(connection)
    return sum(_erased(community, row, member_id) for row in rows)


def _erased(community: Community, seen: RematchRow, member_id: str) -> bool:
    if not _named_in(folder_of(community, seen), member_id):
        return False
    jobs, made, old = community.settings.jobs, list[str](), list[str]()

    def erase(connection: Connection) -> None:
        row = rematches.one(connection, seen.rematch_id)  # nobody else changes it until this is committed
        if row is None or not _named_in(folder_of(community, row), member_id):
            return
        made.append(new_folder_name(row.rematch_id, row.revision))
        with job_folders.filling(jobs, made[-1]) as folder:
            write_without(folder_of(community, row), folder, member_id)
        at = community.settings.now()
        rematches.replace_folder(connection, row, made[-1], at)
        note(connection, at, Event("erase", "rematch", row.rematch_id))
        old.append(row.folder or row.rematch_id)

    community.database.write(erase)
    for name in (*old, *made[:-1]):
        job_folders.remove(jobs, name)
    return bool(old)


def _named_in(folder: Path, member_id: str) -> bool:
    """Whether any file names a member; a Parquet table says what the CSV beside it does."""
    texts = (path for path in sorted(folder.iterdir()) if path.suffix != ".parquet") if folder.is_dir() else ()
    return any(names(path.read_bytes(), member_id) for path in texts)


def write_without(before: Path, after: Path, member_id: str) -> None:
    """Write the files of one folder into another, without a member."""
    about: dict[str, Any] = {}
    for path in sorted(before.iterdir()):
        if path.name == CHANGES_FILE:
            changes = changes_without(read_changes(before), member_id)
            _config_without(changes.config, member_id)
            write_changes(after, changes)
        elif path.suffix == ".csv":
            content, rows = _csv_without(path.read_text(encoding="utf-8"), member_id)
            (after / path.name).write_text(content, encoding="utf-8", newline="")
            about[path.name] = {"rows": rows}
        elif path.suffix == ".parquet":
            table = _table_without(pq.read_table(path), member_id)
            pq.write_table(table, after / path.name)
            about[path.name] = {"rows": table.num_rows}
        elif path.name != MANIFEST and not names(path.read_bytes(), member_id):
            (after / path.name).write_bytes(path.read_bytes())
            about[path.name] = {}
    if (before / MANIFEST).exists():
        for name, fields in about.items():
            fields["sha256"] = digest(after / name)
        manifest = msgspec.json.decode((before / MANIFEST).read_bytes())
        _config_without(manifest.get("config", {}).get("says", {}), member_id)
        write_json(after / MANIFEST, manifest | {"files": about, "members_erased": True})


def _config_without(says: dict[str, Any], member_id: str) -> None:
    groups = says.get("groups")
    if groups:
        groups["spec"] = spec_without(GroupSpec.parse(groups["spec"]), member_id).model_dump(mode="json")


def _csv_without(text: str, member_id: str) -> tuple[str, int]:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    kept = [row for number, row in enumerate(rows) if number == 0 or not _names_any(row, member_id)]
    if len(kept) == len(rows):
        return text, max(0, len(rows) - 1)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(kept)
    return out.getvalue(), max(0, len(kept) - 1)


def _table_without(table: pa.Table, member_id: str) -> pa.Table:
    keep = [not _names_any(row.values(), member_id) for row in table.to_pylist()]
    return table if all(keep) else table.filter(pa.array(keep, pa.bool_()))


def _names_any(cells: Any, member_id: str) -> bool:
    return any(names(str(cell).encode(), member_id) for cell in cells if cell is not None)
