"""Taking a member out of rematches: each is put into a new revision without them, the earlier files go."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.grouping.spec import GroupSpec
from service.community import Community
from service.reports.whole_folder import MANIFEST, digest, write_json
from service.storage import rematches
from service.storage.rematches import RematchRow
from service.use_cases.rematch_store import CHANGES_FILE, changes_without, read_changes, write_changes
from service.use_cases.replaced_folder import Folders, erase_from_folders
from service.use_cases.without_member import names, spec_without


def erase_from_rematches(community: Community, member_id: str) -> int:
    """Take a member out of all rematches, applied ones, too. Returns how many.

    Rows of tables that name them go, and so do pages and other files that do; figures of everybody stay as they were
    measured. May be done again. O(files of rematches).
    """
    with community.database.reading() as connection:
        rows = rematches.planned(connection)
    return erase_from_folders(community, rows, _REMATCHES, member_id)


def _named_in(folder: Path, member_id: str) -> bool:
    """Whether any file names a member; a Parquet table says what the CSV beside it does."""
    texts = (path for path in sorted(folder.iterdir()) if path.suffix != ".parquet")
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


def _without(_: RematchRow, before: Path, after: Path, member_id: str) -> None:
    write_without(before, after, member_id)


_REMATCHES = Folders(
    "rematch", lambda row: row.rematch_id, rematches.one, _named_in, _without, rematches.replace_folder
)
