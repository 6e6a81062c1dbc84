"""Store many members, chunk by chunk, with a result for every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matcher.errors import Problem, ReadingError
from matcher.members.reading import RowResult
from service.community import Community
from service.use_cases.estimate_population import estimate_population
from service.use_cases.store_members import store_members


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of one row: stored, or rejected for its problems."""

    line: int
    member_id: str | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()

    @property
    def stored(self) -> bool:
        """Whether the row is in the database."""
        return not self.problems


def import_members(community: Community, rows: Iterator[RowResult]) -> Iterator[ImportedRow]:
    """Store ``rows``; yields a result for each, in order, once it is committed.

    Rows go into the database in chunks, each in one transaction, and are seen by the next request. At the end the
    population's means are looked at and, after much change, the index is saved. An import that is repeated changes
    nothing.

    Raises:
        ReadingError: if the source breaks off; the rows before the break are stored and yielded.
    """
    size = community.settings.import_chunk_lines
    while True:
        chunk, broken = _next_chunk(rows, size)
        yield from _stored(community, chunk)
        if broken or len(chunk) < size:
            break
    estimate_population(community)
    if community.index.ready:
        community.index.catch_up()
        community.index.save_after_many_changes()
    if broken:
        raise broken


def _next_chunk(rows: Iterator[RowResult], size: int) -> tuple[list[RowResult], ReadingError | None]:
    chunk: list[RowResult] = []
    try:
        for row in rows:
            chunk.append(row)
            if len(chunk) == size:
                break
    except ReadingError as error:
        return chunk, error
    return chunk, None


def _stored(community: Community, chunk: list[RowResult]) -> Iterator[ImportedRow]:
    profiles = [row.member for row in chunk if row.member is not None]
    outcomes = iter(store_members(community.database, profiles, community.settings.now) if profiles else ())
    if profiles and community.index.ready:
        community.index.catch_up()
    for row in chunk:
        problems = row.problems
        if row.member is not None:
            problem = next(outcomes).problem
            problems = () if problem is None else (problem,)
        yield ImportedRow(row.line, row.member_id, problems, row.notes)
