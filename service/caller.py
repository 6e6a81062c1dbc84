"""Who calls: the roles that an access key can have, and the key's holder as the service knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["platform", "coordinator", "analyst", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""A program; somebody who forms groups; somebody with a notebook; and who may call everything."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a valid key. The id is no secret: it stands in logs and in the audit trail."""

    key_id: str
    role: Role
