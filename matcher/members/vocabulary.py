"""The closed word lists of a profile, in the order in which they are coded."""

from __future__ import annotations

from typing import Literal, get_args

Status = Literal["active", "paused", "held", "withdrawn"]
Role = Literal["patient", "caregiver"]
Channel = Literal["text", "voice", "video", "in_person"]
Cadence = Literal["daily", "weekly", "monthly"]
Support = Literal["emotional", "informational", "instrumental", "companionship"]
Tie = Literal["buddy", "mentor", "group"]
Kind = Literal["buddy", "mentor"]
"""The one-to-one ties a request may ask for."""
Share = Literal["procedure_family", "procedure", "stage_band", "topics", "interests", "contact", "support", "age"]

STATUSES: tuple[Status, ...] = get_args(Status)
ROLES: tuple[Role, ...] = get_args(Role)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
CADENCES: tuple[Cadence, ...] = get_args(Cadence)
SUPPORT_TYPES: tuple[Support, ...] = get_args(Support)
KINDS: tuple[Kind, ...] = get_args(Kind)
TIES: tuple[Tie, ...] = get_args(Tie)
SHARES: tuple[Share, ...] = get_args(Share)
DEFAULT_SHARES: tuple[Share, ...] = ("procedure_family", "stage_band", "topics", "interests", "contact")
