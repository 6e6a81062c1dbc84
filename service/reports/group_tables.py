"""A group plan as tables for programs and spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from matcher.grouping.plan import GroupPlan, LocalTime
from service.reports import table_files

_COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "groups": {
        "group": pa.string(), "members": pa.int32(), "language": pa.string(), "day": pa.string(), "start": pa.string(),
        "time_zone": pa.string(), "length_minutes": pa.int32(), "first_meeting_utc": pa.string(),
        "facilitators": pa.string(), "fit": pa.float64(), "worst_fit": pa.float64(), "locked": pa.bool_(),
        "open": pa.bool_(), "warnings": pa.string(),
    },
    "members": {
        "group": pa.string(), "member_id": pa.string(), "fit": pa.float64(), "reason_1": pa.string(),
        "reason_2": pa.string(), "local_day": pa.string(), "local_start": pa.string(), "local_changes": pa.string(),
        "locked": pa.bool_(),
    },
    "unplaced": {"member_id": pa.string(), "code": pa.string(), "text": pa.string(), "remedy": pa.string()},
    "mix": {
        "group": pa.string(), "attribute": pa.string(), "rule": pa.string(), "value": pa.string(),
        "members": pa.int32(), "penalty": pa.float64(),
    },
}  # fmt: skip
TABLES = tuple(_COLUMNS)


def tables_of(plan: GroupPlan) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table by its name."""
    groups: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    mix: list[dict[str, Any]] = []
    for group in plan.groups:
        slot = group.slot
        groups.append({
            "group": group.name, "members": len(group.members), "language": group.language,
            "day": slot and slot.day, "start": slot and slot.start, "time_zone": slot and slot.time_zone,
            "length_minutes": slot and slot.length_minutes,
            "first_meeting_utc": slot.utc[0].strftime("%Y-%m-%dT%H:%MZ") if slot and slot.utc else None,
            "facilitators": "; ".join(group.facilitators), "fit": group.fit, "worst_fit": group.worst_fit,
            "locked": group.locked, "open": group.open, "warnings": "; ".join(group.warnings),
        })  # fmt: skip
        for place in group.members:
            first, *others = place.local_times or (None,)
            reasons = (*place.reasons, None, None)
            members.append({
                "group": group.name, "member_id": place.member_id, "fit": place.fit, "reason_1": reasons[0],
                "reason_2": reasons[1], "local_day": first and first.day, "local_start": first and first.start,
                "local_changes": "; ".join(map(_change, filter(None, others))), "locked": place.locked or group.locked,
            })  # fmt: skip
        mix += [
            {"group": group.name, "attribute": row.attribute, "rule": row.rule, "value": value, "members": count,
             "penalty": row.penalty}
            for row in group.mix
            for value, count in row.counts
        ]  # fmt: skip
    return {"groups": groups, "members": members, "unplaced": [asdict(one) for one in plan.unplaced], "mix": mix}


def _change(time: LocalTime) -> str:
    return f"from {time.first.isoformat()} {time.day} {time.start}"


def write_parquet(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of the table of that name; columns are typed whatever the rows hold."""
    table_files.write_parquet(path, _COLUMNS[table], rows)


def write_csv(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the same rows as text in UTF-8; nothing stands for what is unknown."""
    table_files.write_csv(path, _COLUMNS[table], rows)
