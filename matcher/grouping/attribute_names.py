"""Names of the attributes that mix rules may speak of, and of their values."""

from __future__ import annotations

from typing import Literal, get_args

from matcher.catalog import as_slug, default_catalog
from matcher.members.stage import StageBand
from matcher.members.vocabulary import CADENCES, ROLES

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
UNKNOWN_VALUE = "unknown"
"""What stands for an unknown value in tables; no rule may name it."""
YES_NO = ("yes", "no")
STAGE_BANDS: tuple[str, ...] = tuple(band.name.lower() for band in StageBand)
AGE_BANDS = ("under-18", "18-29", "30-44", "45-59", "60-74", "75+")


def split_tag(attribute: str) -> tuple[str, str]:
    """The prefix of a tag attribute, and the tag as profiles spell it.

    Raises:
        ValueError: if it is a topic that the vocabulary does not have, or no tag at all.
    """
    prefix = next(prefix for prefix in TAG_PREFIXES if attribute.startswith(prefix))
    tag = attribute.removeprefix(prefix)
    if prefix == "interest:":
        tag = "-".join(tag.lower().split())
        if not tag:
            raise ValueError("names no interest; interest:TAG")
        return prefix, tag
    code = default_catalog().topics.code(tag)
    if code is None:
        raise ValueError("not in the topic vocabulary; `peer-matcher catalog topics` lists it")
    return prefix, default_catalog().topics.tags[code]


def known_attribute(name: str) -> str:
    """The name as the engine spells it.

    Raises:
        ValueError: if there is no such attribute.
    """
    if name in PLAIN_ATTRIBUTES:
        return name
    if name.startswith(TAG_PREFIXES):
        return "".join(split_tag(name))
    raise ValueError(f"no such attribute; {', '.join(PLAIN_ATTRIBUTES)}, topic:TAG or interest:TAG")


def closed_values(attribute: str) -> tuple[str, ...] | None:
    """All values that an attribute can have; ``None`` where members use their own words."""
    catalog = default_catalog()
    if attribute.startswith(TAG_PREFIXES):
        return YES_NO
    return {
        "stage_band": STAGE_BANDS,
        "newcomer": YES_NO,
        "procedure": tuple(procedure.slug for procedure in catalog.procedures),
        "procedure_family": catalog.families,
        "procedure_domain": catalog.domains,
        "role": ROLES,
        "age_band": AGE_BANDS,
        "cadence": CADENCES,
        "mentor_approved": YES_NO,
    }.get(attribute)


def known_value(attribute: str, text: str) -> str:
    """A value as members' profiles spell it, so that a capital or a blank does not switch a rule off.

    Raises:
        ValueError: if no member can have it.
    """
    values = closed_values(attribute)
    folded = " ".join(text.casefold().split()) if attribute == "region" else text.strip().casefold()
    if values is None:
        value = folded.split("-", 1)[0] if attribute == "language" else folded
        if not value or value == UNKNOWN_VALUE:
            raise ValueError(f"{value or 'blank'} is no value of {attribute}; one that members have")
        return value
    for value in (folded, as_slug(text), as_slug(text).replace("-", "_")):
        if value in values:
            return value
    raise ValueError(f"a value that {attribute} cannot have; {', '.join(values) if len(values) < 20 else 'its slugs'}")
