"""What mix rules look at: one value of an attribute for each member, or unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.embedding.rows import FACET_ROW, RowCoder, Rows
from matcher.grouping.attribute_names import AGE_BANDS, STAGE_BANDS, TAG_PREFIXES, UNKNOWN_VALUE, YES_NO, split_tag
from matcher.members.profile import MemberProfile
from matcher.members.stage import StageBand
from matcher.members.vocabulary import CADENCES, ROLES

Codes = npt.NDArray[np.int32]
Coded = tuple[Codes, tuple[str, ...]]
"""(n,) int32 codes, -1 where unknown, and the values that the codes stand for."""
UNKNOWN_CODE = -1
_NEWCOMERS = (StageBand.PREPARING, StageBand.FIRST_DAYS)
_OF_ROWS = {"stage_band": "band", "newcomer": "band", "procedure": "procedure", "procedure_family": "family",
            "procedure_domain": "domain"}  # fmt: skip


def attribute_values(members: Sequence[MemberProfile], attribute: str, as_of: date, rows: Rows | None = None) -> Coded:
    """The value of ``attribute`` for each member.

    Args:
        members: n of them.
        attribute: a name that :class:`~matcher.grouping.mix.MixRule` takes.
        as_of: the day for stages and ages.
        rows: (n,) of FACET_ROW for these members and that day, if they are at hand.

    Returns:
        (n,) int32 codes, -1 where unknown, and the values they stand for: all that there are where the list is closed,
        else those that occur, sorted. O(n).
    """
    if attribute in _OF_ROWS:
        return _of_stage(attribute, rows if rows is not None else _stages(members, as_of))
    if attribute.startswith(TAG_PREFIXES):
        prefix, tag = split_tag(attribute)
        listed = [member.topics if prefix == "topic:" else member.interests for member in members]
        return _coded([YES_NO[tag not in tags] if tags else None for tags in listed], YES_NO)
    if attribute == "mentor_approved":
        return _coded([YES_NO[not member.mentor_approved] for member in members], YES_NO)
    if attribute == "age_band":
        return _coded([_age_band(member.birth_year, as_of) for member in members], AGE_BANDS)
    if attribute == "role":
        return _coded([member.role for member in members], ROLES)
    if attribute == "cadence":
        return _coded([member.cadence for member in members], CADENCES)
    read: dict[str, Callable[[MemberProfile], str | None]] = {
        "gender": lambda member: member.gender,
        "region": lambda member: member.region,
        "language": lambda member: member.languages[0].split("-", 1)[0].lower() if member.languages else None,
    }
    return _coded([read[attribute](member) for member in members])


def _age_band(birth_year: int | None, as_of: date) -> str | None:
    if birth_year is None:
        return None
    years = as_of.year - birth_year
    return AGE_BANDS[sum(years >= start for start in (18, 30, 45, 60, 75))]


def _stages(members: Sequence[MemberProfile], as_of: date) -> Rows:
    coder = RowCoder(default_catalog())
    rows = np.zeros(len(members), dtype=FACET_ROW)
    coder.set_stages(rows, coder.events(members), as_of)
    return rows


def _of_stage(attribute: str, rows: Rows) -> Coded:
    catalog = default_catalog()
    codes = rows[_OF_ROWS[attribute]].astype(np.int32)
    if attribute == "stage_band":
        return codes, STAGE_BANDS
    if attribute == "newcomer":
        return np.where(codes < 0, UNKNOWN_CODE, np.where(np.isin(codes, _NEWCOMERS), 0, 1)).astype(np.int32), YES_NO
    if attribute == "procedure":
        return codes, tuple(procedure.slug for procedure in catalog.procedures)
    return codes, catalog.families if attribute == "procedure_family" else catalog.domains


def _coded(texts: Sequence[str | None], values: tuple[str, ...] | None = None) -> Coded:
    if values is None:
        values = tuple(sorted({text for text in texts if text is not None and text != UNKNOWN_VALUE}))
    code_of: dict[str | None, int] = {value: code for code, value in enumerate(values)}
    codes = np.fromiter((code_of.get(text, UNKNOWN_CODE) for text in texts), dtype=np.int32, count=len(texts))
    return codes, values
