"""``peer-matcher catalog``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from matcher.catalog import Vocabulary, default_catalog
from service.commands.console import out


class Part(StrEnum):
    """What the catalogue holds."""

    PROCEDURES = "procedures"
    TOPICS = "topics"
    INTERESTS = "interests"


def catalog(
    part: Annotated[Part, typer.Argument(help="Which part.")] = Part.PROCEDURES,
    find: Annotated[str, typer.Option("--find", "-f", help="Only lines with this text.", show_default=False)] = "",
) -> None:
    """List the words that profiles are written in: procedures, topics, interests.

    A procedure may also be given as an ICD-10-PCS code, an interest as a tag of one's own.
    """
    rows = _procedures() if part is Part.PROCEDURES else _tags(part)
    table = Table(*rows[0])
    for row in rows[1:]:
        if find.casefold() in " ".join(row).casefold():
            table.add_row(*row)
    out().print(table)


def _procedures() -> list[tuple[str, ...]]:
    known = default_catalog()
    rows: list[tuple[str, ...]] = [("write", "name", "family", "typical recovery in days")]
    for code, procedure in enumerate(known.procedures):
        rows.append(
            (procedure.slug, procedure.name, known.family_names[known.family_of[code]], str(procedure.recovery_days))
        )
    return rows


def _tags(part: Part) -> list[tuple[str, ...]]:
    known = default_catalog()
    vocabulary: Vocabulary = known.topics if part is Part.TOPICS else known.interests
    rows: list[tuple[str, ...]] = [("write", "name", "group")]
    rows += (
        (tag, vocabulary.names[code], vocabulary.group_names[vocabulary.group_of[code]])
        for code, tag in enumerate(vocabulary.tags)
    )
    return rows
