"""Members to Parquet, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from matcher.members.cells import READERS
from matcher.members.profile import MemberProfile
from matcher.members.writing import batches, columns_of

_ROW_GROUP = 16384


def member_schema() -> pa.Schema:
    """Types of the columns that are written; reading accepts more."""
    text, truth, small = pa.string(), pa.bool_(), pa.int16()
    texts = pa.list_(text)
    types: dict[str, pa.DataType] = dict.fromkeys(READERS, texts)
    types |= dict.fromkeys(
        ("member_id", "alias", "status", "role", "gender", "time_zone", "cadence", "region", "clinic"), text
    )
    types |= dict.fromkeys(("consent", "mentor_approved", "avoid_same_clinic"), truth)
    types |= dict.fromkeys(("birth_year", "buddy_capacity", "mentor_capacity"), small)
    types["procedures"] = pa.list_(pa.struct([("procedure", text), ("date", pa.date32())]))
    types["availability"] = pa.list_(pa.struct([("day", text), ("start", text), ("end", text)]))
    return pa.schema(types)


def write_parquet(members: Iterable[MemberProfile], file: Any) -> int:
    """Write ``members`` to ``file`` and return how many there were."""
    schema, count = member_schema(), 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches(members, _ROW_GROUP):
            columns = columns_of(batch)
            writer.write_table(pa.table(columns, schema))
            count += len(batch)
    return count
