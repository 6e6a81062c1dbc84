"""Mix rules: in which attributes the members of a group are to be alike, mixed, or not alone."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from matcher.grouping.attribute_names import known_attribute, known_value
from matcher.grouping.spec_part import SpecPart

MixKind = Literal["alike", "mixed", "shares", "no_lone"]


class MixRule(SpecPart):
    """One wish or rule about the make-up of every group.

    With ``c_v`` of the members of a group having value ``v``, and ``k`` of them a known one, the penalty is in members:

    * ``alike``: ``k - max c_v``, those who differ from the commonest value;
    * ``shares``: ``sum |c_v - k p_v| / 2`` for target shares ``p``, those who would have to be others;
    * ``mixed``: the same, with the shares of all who are to be placed;
    * ``no_lone``: hard and never priced: no group has exactly one member with any of ``values``.
    """

    attribute: Annotated[str, Field(max_length=64), AfterValidator(known_attribute)]
    rule: MixKind
    weight: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0.1
    shares: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    values: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = ()

    @field_validator("shares")
    @classmethod
    def _shares_of_known_values(cls, shares: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        if "attribute" not in info.data:  # which is a problem of its own
            return shares
        known = {known_value(info.data["attribute"], value): share for value, share in shares.items()}
        if len(known) < len(shares):
            raise ValueError("two spellings of one value; give each value one share")
        return known

    @field_validator("values")
    @classmethod
    def _known_values(cls, values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "attribute" not in info.data:
            return values
        return tuple(dict.fromkeys(known_value(info.data["attribute"], value) for value in values))

    @model_validator(mode="after")
    def _has_what_its_rule_needs(self) -> Self:
        if (self.rule == "shares") != bool(self.shares):
            raise ValueError("a table of shares belongs to the rule shares; give it there and nowhere else")
        if self.shares and not math.isclose(sum(self.shares.values()), 1.0, abs_tol=0.01):
            raise ValueError("the shares do not sum to 1; give every value its part of 1")
        if (self.rule == "no_lone") != bool(self.values):
            raise ValueError("a list of values belongs to the rule no_lone; give it there and nowhere else")
        return self
