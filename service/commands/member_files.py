"""Reading a community from a file that a command names."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from matcher import MemberProfile
from matcher.errors import ReadingError
from matcher.members.reading import read_members
from service.commands.console import counting, err

SHOWN_REJECTS = 5


def read_community(path: Path, today: date) -> list[MemberProfile]:
    """All valid members of a file; rows that are invalid are told on standard error and left out.

    Raises:
        ReadingError: if the file cannot be read to its end, or no row of it is a member.
    """
    everybody: list[MemberProfile] = []
    rejected = 0
    with counting(f"Reading {path.name}") as say:
        for row in read_members(path, today, progress=say):
            if row.member is not None:
                everybody.append(row.member)
                continue
            rejected += 1
            if rejected <= SHOWN_REJECTS:
                err().print(f"line {row.line}: {'; '.join(map(str, row.problems))}", markup=False, soft_wrap=True)
    if rejected:
        err().print(f"{rejected:,} rows were left out", soft_wrap=True)
    if not everybody:
        raise ReadingError(str(path), "no row of it is a member", "a file with at least one valid member")
    return everybody
