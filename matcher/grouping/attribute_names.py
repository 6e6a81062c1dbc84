"""Names of the attributes that mix rules may speak of."""

from __future__ import annotations

from typing import Literal, get_args

PlainAttribute = Literal[
    "stage_band",
    "newcomer",
    "procedure",
    "procedure_family",
    "procedure_domain",
    "role",
    "gender",
    "age_band",
    "region",
    "language",
    "cadence",
    "mentor_approved",
]
"""Attributes with one value a member, or unknown."""
PLAIN_ATTRIBUTES: tuple[str, ...] = get_args(PlainAttribute)
TAG_PREFIXES = ("topic:", "interest:")
"""``topic:anxiety`` is an attribute with the values ``yes`` and ``no``; it is unknown for who lists no topic at all."""
