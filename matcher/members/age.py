"""Age pools: who may meet whom at all, by year of birth.

Only the year of birth is kept, so on most days of a year a person's age is one of two numbers. Where the two numbers
lie in different pools the safe reading wins: nobody who could be under 13 is in any pool, and those who turn 18 in
    the running
year meet only each other, because an adult among minors is as wrong as a minor among adults.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum


class AgePool(IntEnum):
    """Disjoint pools. Members of different pools never meet; ``NONE`` meets nobody."""

    NONE = 0
    MINOR = 1
    TURNING_ADULT = 2
    ADULT = 3


TURNING_ADULT_YEARS = 18
TURNING_MINOR_YEARS = 13


def age_pool(birth_year: int | None, as_of: date) -> AgePool:
    """The pool of somebody born in ``birth_year`` on the day ``as_of``."""
    if birth_year is None:
        return AgePool.NONE
    years = as_of.year - birth_year
    if years <= TURNING_MINOR_YEARS:
        return AgePool.NONE
    if years < TURNING_ADULT_YEARS:
        return AgePool.MINOR
    return AgePool.TURNING_ADULT if years == TURNING_ADULT_YEARS else AgePool.ADULT


def surely_under_13(birth_year: int | None, as_of: date) -> bool:
    """Whether somebody born in ``birth_year`` cannot have turned 13 by ``as_of``."""
    return birth_year is not None and as_of.year - birth_year < TURNING_MINOR_YEARS
